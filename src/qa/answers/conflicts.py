"""An answer → the same beside what other documents give instead: "25 days or 28 days", each from its document.

Two documents disagree where they have one statement with another value in the place of the short answer, or where the
reader answers from both with a number of the same thing. Nothing is searched here; what is added is quoted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from qa.answers.reading import reading_form
from qa.answers.short import highlight, short_answer
from qa.search.mismatch import other_names
from qa.types import Answer, Citation, Findings, Hit, Passage, Sentence, Short, Span, UnitKind
from qa.words import terms

DIFFER = "documents give different values"
MOST = 3  # other values that are shown
ALIKE = 0.8  # of the words of two statements beside their values, from which on they say the same
LONGER = 3  # words by which a value may be longer than another
CLOSE = 0.1  # odds against the sentence that answers, down to which one of another document answers too
_TOKEN = re.compile(r"[^\W_]+(?:[.,:’'/-][^\W_]+)*")
_NUMBER = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A short answer: its passage, the span that is quoted, and its own, both of the document."""

    passage: Passage
    quote: Span
    span: Span

    @property
    def text(self) -> str:
        """Its words."""
        return self.passage.cut(self.span)

    @property
    def tokens(self) -> list[str]:
        """Its words without the marks between them, however they are capitalised."""
        return [each.casefold() for each in _TOKEN.findall(self.text)]

    @property
    def inside(self) -> Span:
        """Where it stands in its quote."""
        return Span(start=self.span.start - self.quote.start, end=self.span.end - self.quote.start)

    @property
    def context(self) -> str:
        """What names the thing that it is a value of: its document, headings and neighbours."""
        return f"{self.passage.document.replace('_', ' ')}\n{self.passage.title}\n{self.passage.headed}"


def beside(answer: Answer, findings: Findings) -> Answer:
    """The answer with what other documents give instead of its short answer, and a note that they disagree."""
    said = _said(answer, findings)
    others = rivals(said, findings) if said else []
    if not (said and answer.short and others):
        return answer
    citations, sentences = list(answer.citations), list(answer.sentences)
    shorts = [replace(answer.short, date=findings.date(said.passage.document))]
    for each in others:
        quoted, place = each.passage.cite(each.quote, number=len(citations) + 1), each.inside
        known = [other for other in citations if replace(other, number=quoted.number) == quoted]
        citation = known[0] if known else quoted
        date = findings.date(citation.document)
        shorts.append(Short(text=each.text, citation=citation.number, start=place.start, end=place.end, date=date))
        if not known:
            text = reading_form(each.passage, each.quote)
            citations.append(citation)
            sentences.append(
                Sentence(
                    text=text,
                    citations=(len(citations),),
                    support="supported",
                    highlight=highlight(text, citation.quote, place),
                )
            )
    added = "".join(f" {each.text} [{each.citations[0]}]" for each in sentences[len(answer.sentences) :])
    return replace(
        answer,
        text=answer.text + added,
        short=Short.either(shorts),
        conflicts=tuple(shorts),
        sentences=tuple(sentences),
        citations=tuple(citations),
        notes=(_disagreement(shorts, citations), *answer.notes),
    )


def _said(answer: Answer, findings: Findings) -> Value | None:
    """The short answer of an answer, where it stands in a passage that was found."""
    short = answer.short
    cited = next((each for each in answer.citations if short and each.number == short.citation), None)
    if cited is None or short is None or short.start is None or short.end is None:
        return None
    for hit in findings.hits:
        passage = hit.passage
        if passage.document == cited.document and passage.start <= cited.start and cited.end <= passage.end:
            span = Span(start=cited.start + short.start, end=cited.start + short.end)
            return Value(passage=passage, quote=Span(start=cited.start, end=cited.end), span=span)
    return None


def _disagreement(values: Sequence[Short], citations: Sequence[Citation]) -> str:
    """The note that documents give several values for the same thing, each with its document and that one's date."""
    documents = {each.number: each.document for each in citations}
    said = (f"“{each.text}” in {documents[each.citation]}{f' ({each.date})' if each.date else ''}" for each in values)
    return f"{DIFFER}: {', '.join(said)}"


def rivals(said: Value, findings: Findings) -> list[Value]:
    """What other documents give instead of a short answer, each value once, by rank."""
    asked = frozenset(terms(findings.query)) & frozenset(terms(said.context))
    statement, kind = _Statement(said.passage.cut(said.quote), value=said.inside), _kind(said.passage, said.quote)
    known = [said.tokens]
    found: list[Value] = []
    for hit in findings.hits:
        if hit.passage.document == said.passage.document:
            continue
        # the cells of a row and the lines of code are named above them
        restated = () if kind in ("row", "code") else _restated(statement, hit, kind=kind, asked=asked)
        for rival in (*restated, *_read(said, hit, findings)):
            if rival.tokens not in known and len(found) < MOST and not other_names(asked, rival.context):
                known.append(rival.tokens)
                found.append(rival)
    return found


def _restated(statement: _Statement, hit: Hit, *, kind: UnitKind, asked: frozenset[str]) -> Iterator[Value]:
    """The values that stand in place of the short answer in statements of a passage that are otherwise the same."""
    passage = hit.passage
    for quote in filter(None, hit.quotes):
        if _kind(passage, quote) != kind:
            continue
        other = _Statement(passage.cut(quote))
        if statement.shares(other) and (place := statement.counterpart(other, asked=asked)):
            span = Span(start=quote.start + place.start, end=quote.start + place.end)
            yield Value(passage=passage, quote=quote, span=span)


def _kind(passage: Passage, quote: Span) -> UnitKind:
    return passage.unit_at(quote.start).kind


def _read(said: Value, hit: Hit, findings: Findings) -> Iterator[Value]:
    """The short answer that the reader found in a passage, where it gives another number of the same thing."""
    quote, found = hit.quotes[hit.best], hit.parts[hit.best]
    least = findings.hits[0].sentence_scores[findings.hits[0].best] + math.log(CLOSE)
    if quote is None or hit.sentence_scores[hit.best] < least:
        return
    span = short_answer(findings.query, hit.passage, quote=quote, found=found)
    if span and _NUMBER.search(said.text):
        value = Value(passage=hit.passage, quote=quote, span=span)
        if terms(_NUMBER.sub("#", value.text)) == terms(_NUMBER.sub("#", said.text)) != []:
            yield value


class _Statement:
    """A statement as its words, which are compared however they are capitalised, and which of them are its value."""

    def __init__(self, text: str, *, value: Span | None = None) -> None:
        self.tokens = list(_TOKEN.finditer(text))
        self.words = [token[0].casefold() for token in self.tokens]
        inside = [
            place
            for place, token in enumerate(self.tokens)
            if value and token.start() < value.end and value.start < token.end()
        ]
        self.value = range(inside[0], inside[-1] + 1) if inside else range(0)

    def shares(self, other: _Statement) -> bool:
        """Whether two statements may be alike, told quickly."""
        common = (Counter(self.words) & Counter(other.words)).total()
        return 2 * common >= max(len(self.words), len(other.words))

    def counterpart(self, other: _Statement, *, asked: frozenset[str]) -> Span | None:
        """Where another statement has words of its own instead of the value, in its text.

        None where it is not the same otherwise, or differs in a word that was asked about, as these stems tell.
        """
        if not self.value:
            return None
        codes = SequenceMatcher(None, self.words, other.words, autojunk=False).get_opcodes()
        theirs = range(_across(codes, self.value[0]), _across(codes, self.value[-1], behind=True))
        if not 0 < len(theirs) <= len(self.value) + LONGER:
            return None
        changed = [code for code in codes if code[0] != "equal"]
        apart = [
            *(self.words[at] for _, begin, end, _, _ in changed for at in range(begin, end) if at not in self.value),
            *(other.words[at] for _, _, _, begin, end in changed for at in range(begin, end) if at not in theirs),
        ]
        beside = max(len(self.words) - len(self.value), len(other.words) - len(theirs))
        if beside < 1 or len(apart) > 2 * (1 - ALIKE) * beside or not asked.isdisjoint(terms(" ".join(apart))):
            return None
        return Span(start=other.tokens[theirs[0]].start(), end=other.tokens[theirs[-1]].end())


def _across(codes: Sequence[tuple[str, int, int, int, int]], place: int, *, behind: bool = False) -> int:
    """The place in the other of two statements where it stands as the one does here, or the one behind that."""
    tag, begin, _, to, until = next(each for each in codes if each[1] <= place < each[2])
    if tag == "equal":
        return to + place - begin + behind
    return until if behind else to
