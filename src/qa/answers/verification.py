"""Exported answers against the index as it is now: does every sentence deserve the verdict that is written beside it?

Reads the JSON of one answer or of a conversation. The rules judge each sentence again, by the quotes it cites and
the text about them; nothing is asked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from qa.answers.comparison import without_labels
from qa.answers.drafting.statements import StatementStream
from qa.answers.quotes import QuoteCheck, locate_quote
from qa.answers.refusing import is_refusal
from qa.answers.replies.overview import without_frame
from qa.answers.replies.small_talk import is_small_talk
from qa.answers.support import PARTLY, SUPPORTED, Verdict, check
from qa.answers.tables.tabular import is_computed, is_result, recomputed
from qa.errors import DocumentError
from qa.types import Answer, Citation, Document, Passage, Sentence, Short, Support
from qa.words import terms

SURROUNDINGS_CHARS = 2_000  # about a quote: no passage is longer
# How far a wording may fall short of its verdict: how rare a term is changes with the documents that are indexed.
SLACK = 0.1
_RANKS: dict[Support, int] = {support: -rank for rank, support in enumerate(get_args(Support))}
_NEEDED = {"supported": SUPPORTED, "partly": PARTLY}
_MARKER = re.compile(r"\[([1-9]\d{0,3})\]", re.ASCII)
EXPORT_BYTES = 100_000_000
_NUMBERING = re.compile(r"(?<!\d)\d++[.)]")
_WORDLESS = re.compile(r"(?:[\W_]|(?<!\d)\d++[.)](?!\d))*+")
_WORD = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceCheck:
    """Whether a sentence of an answer deserves the verdict that is written beside it; `reason` says why not."""

    question: str
    text: str
    reason: str | None

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the verdict."""
        return self.reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A check for each quote that an answer shows, and one for each of its sentences."""

    quotes: tuple[QuoteCheck, ...]
    sentences: tuple[SentenceCheck, ...]

    @property
    def holds(self) -> bool:
        """Whether all of them hold."""
        return all(each.holds for each in self.quotes) and all(each.holds for each in self.sentences)


def read_answers(path: Path) -> tuple[Answer, ...]:
    """The answers in an exported file: one answer, or the `turns` of a conversation.

    Raises: DocumentError when the file is missing or not such an export.
    """
    try:
        if path.exists() and not (path.is_file() and path.stat().st_size <= EXPORT_BYTES):
            raise DocumentError(f"{path} is no file of up to {EXPORT_BYTES:,} bytes. Give one that qa ask --json wrote")
        plain = json.loads(path.read_text(encoding="utf-8"))
        turns = plain.get("turns", [plain])
        return tuple(_answer(turn) for turn in turns)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}. Give a file that qa ask --json wrote") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DocumentError(
            f"{path} is no exported answer or chat ({type(error).__name__}: {error}). "
            "Give a file that qa ask --json or the chat page's export wrote"
        ) from error


def _answer(turn: Mapping[str, Any]) -> Answer:
    """The answer of one turn, each value of its own type. Raises ValueError, KeyError, TypeError or AttributeError."""
    from pydantic import TypeAdapter, ValidationError

    answer = Answer.from_dict(turn)
    plain = json.dumps(asdict(answer), ensure_ascii=False).encode("utf-8", "replace")  # half a surrogate pair is text
    try:
        TypeAdapter(Answer).validate_json(plain, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from error
    return answer


def verify_sentences(
    answer: Answer,
    *,
    document: Callable[[str], Document],
    passages: Callable[[str], Sequence[Passage]] = lambda _: (),
    idf: Callable[[str], float],
    strict: bool = True,
) -> tuple[SentenceCheck, ...]:
    """A check for each sentence of an answer, and one for each text of it that is no sentence or not in its quote.

    Where `strict` is off, a model may have found wording to be enough that the rules do not. What is said to be
    computed is computed again, from the `passages` of the document that it cites.
    """
    if answer.abstained:
        reason = None if is_refusal(answer) else "an abstention has no words of its own"
        found = [(answer.text, reason)]
    elif answer.talk:
        found = [(answer.text, None if is_small_talk(answer) else "it is no reply to small talk")]
    elif answer.incomplete and not answer.sentences:
        found = []  # it was stopped before anything was judged, and says so
    else:
        text = without_frame(answer, document=document, passages=passages) if answer.overview else answer.text
        answer = replace(answer, text=without_labels(text, answer.query))
        sources = {citation.number: _source(citation, document) for citation in answer.citations}
        stated = _stated(answer.text)
        misplaced, unlisted = _misplaced(answer, stated)
        known = frozenset(terms("\n".join([answer.question, answer.query, *filter(None, sources.values())])))
        found = [
            (
                each.text,
                misplaced.get(number)
                or (
                    _miscomputed(each, answer, sources, passages=passages)
                    if is_computed(each)
                    else _undeserved(each, answer, sources, idf=idf, strict=strict)
                ),
            )
            for number, each in enumerate(answer.sentences)
        ]
        leading = _stated(answer.text, leading_by=known)
        unlisted = [part for part in unlisted if _WORD.search(leading[part.start : part.stop])]
        reason = "it stands in the answer and is no sentence of it"
        found += [(answer.text[part.start : part.stop], reason) for part in unlisted]
    for short in filter(None, (answer.short, *answer.conflicts)):
        if misquoted := _misquoted(short, answer):
            found.append((short.text, misquoted))
    return tuple(SentenceCheck(question=answer.question, text=text, reason=reason) for text, reason in found)


def _misquoted(short: Short, answer: Answer) -> str | None:
    """Why the short answer is neither words of the quote that it cites nor what a sentence computes,
    nor what documents give instead of each other; None if it is one of these."""
    if len(answer.conflicts) > 1 and short == Short.either(answer.conflicts):
        return None  # each of them has its own check
    if short.citation is None:
        computed = any(is_computed(each) and is_result(short.text, each) for each in answer.sentences)
        return None if computed else "it cites nothing, and no sentence computes it"
    quotes = {each.number: each.quote for each in answer.citations}
    is_there = quotes.get(short.citation, "")[short.start : short.end] == short.text
    return None if is_there else "it does not stand at its place in the quote that it cites"


def _source(citation: Citation, document: Callable[[str], Document]) -> str | None:
    """The text around a quote, under the title of the document itself: an exported file may claim any other.

    None when the quote no longer stands, which its own check says.
    """
    standing, found = locate_quote(citation, document)
    if found is None or not standing.places:
        return None
    start = standing.places[0]
    end = start + len(citation.quote) + SURROUNDINGS_CHARS
    return f"{found.title}\n{found.text[max(0, start - SURROUNDINGS_CHARS) : end]}"


def _miscomputed(
    sentence: Sentence,
    answer: Answer,
    sources: Mapping[int | None, str | None],
    *,
    passages: Callable[[str], Sequence[Passage]],
) -> str | None:
    """Why a statement is not what the rows that it cites amount to; None when it is, or these stand there no more."""
    cited = [each for each in answer.citations if each.number in sentence.citations]
    if any(sources[each.number] is None for each in cited):
        return None
    return recomputed(sentence, cited, passages)


def _undeserved(
    sentence: Sentence,
    answer: Answer,
    sources: Mapping[int | None, str | None],
    *,
    idf: Callable[[str], float],
    strict: bool,
) -> str | None:
    """Why the quotes that a sentence cites do not bear out its verdict; None when they do, or cannot tell."""
    if absent := [number for number in sentence.citations if number not in sources]:
        return f"it cites [{absent[0]}], which is not among the citations"
    about = [sources[number] for number in sentence.citations]
    if None in about:
        return None
    quotes = [each.quote for each in answer.citations if each.number in sentence.citations]
    context = "\n".join(filter(None, about))
    weightings: tuple[Callable[[str], float], ...] = (idf, lambda _: 1.0)
    again = max((check(sentence.text, quotes, idf=each, context=context) for each in weightings), key=_rank)
    if _RANKS[sentence.support] <= _RANKS[again.support]:
        return None
    needed = _NEEDED[sentence.support]
    if not again.missing and again.score < needed and (not strict or again.score >= needed - SLACK):
        return None
    return f"it says {sentence.support} and is {again.support}: {again.reason}"


def _stated(text: str, *, leading_by: frozenset[str] | None = None) -> str:
    """The text with blanks for what states nothing, code and headers of tables, and what leads to it by these stems."""
    stream = StatementStream()
    pieces = [*stream.feed(text), *stream.close()]
    return "".join(
        " " * len(each.text)
        if (each.is_form and _WORD.search(each.words))
        or (leading_by is not None and each.may_introduce and each.introduces(leading_by))
        else each.text
        for each in pieces
    )


def _rank(verdict: Verdict) -> tuple[int, float]:
    return _RANKS[verdict.support], verdict.score


def _misplaced(answer: Answer, stated: str) -> tuple[dict[int, str], list[range]]:
    """Why a sentence is not in the answer's text with its citations, by its number; and where text is no sentence.

    A sentence without a word, such as a lone full stop, is not sought: it could stand anywhere.
    """
    ours = frozenset(each.number for each in answer.citations)
    bare, places = _bare(stated, ours)
    found: dict[int, str] = {}
    sought: list[int] = []
    edges = [0]
    for number, sentence in enumerate(answer.sentences):
        words, _ = _bare(sentence.text, ours)
        if not _WORD.search(words):
            continue
        start = _place(words, bare, edges[-1])
        if start < 0:
            found[number] = "it does not stand in the answer"
        sought.append(number)
        edges += [start, start + len(words)] if start >= 0 else [edges[-1]] * 2
    edges.append(len(bare))
    unlisted = [
        range(places[before], places[after - 1] + 1)
        for before, after in zip(edges[::2], edges[1::2], strict=True)
        if _WORD.search(_NUMBERING.sub("", bare[before:after]))
    ]
    for nth, number in enumerate(sought):
        before, after = edges[2 * max(0, nth - 1)], edges[2 * nth + 3]  # a marker in a sentence may be the next's
        first = places[before - 1] + 1 if before else 0
        last = places[after] if after < len(places) else len(answer.text)
        marked = set(map(int, _MARKER.findall(answer.text[first:last])))
        cited = set(answer.sentences[number].citations)
        is_cut = is_computed(answer.sentences[number]) and bool(cited & marked)  # of many rows some are marked
        if number not in found and not (cited <= marked or is_cut):
            found[number] = "its citations are not those in the answer's text"
    return found, unlisted


def _place(words: str, bare: str, cursor: int) -> int:
    """Where a sentence begins at or after the cursor; −1 when nowhere.

    Numbering such as "41." is no sentence, so one that is as short as that stands behind it, not in it.
    """
    wordless = _WORDLESS.match(bare, cursor)
    assert wordless is not None  # it matches nothing, too
    start = bare.rfind(words, cursor, wordless.end() + len(words))
    return start if start >= 0 else bare.find(words, cursor)


def _bare(text: str, ours: Collection[int | None]) -> tuple[str, list[int]]:
    """The text without our markers and white space, and where each of its characters stood.

    `ours` are the numbers of the citations: a year in brackets, as [2021], is no marker.
    """
    markers = (marker for marker in _MARKER.finditer(text) if int(marker[1]) in ours)
    cut = {at for marker in markers for at in range(*marker.span())}
    places = [at for at, character in enumerate(text) if at not in cut and not character.isspace()]
    return "".join(text[at] for at in places), places
