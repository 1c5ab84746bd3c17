"""Findings → an Answer without a language model: the sentences that answer, verbatim, or an abstention.

Deterministic: equal findings give an equal answer. Nothing is searched or embedded here, and no
sentence is written: every one is cut from its passage and cites exactly itself. A table is asked first (`tabular`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import shorten

from qa.answers.reading import header_above, reading_form
from qa.answers.refusing import refusal, without_answer
from qa.answers.short import (
    asks_for_several,
    asks_how_to,
    highlight,
    may_ask_for_list,
    short_answer,
    wants_yes_or_no,
)
from qa.answers.tables import tabular
from qa.answers.tables.inquiry import FRAME, ask
from qa.answers.tables.ledger import find_tables
from qa.answers.tables.picking import empty_cell, in_range, named_cell
from qa.search.quoting import WHOLE_CHARS, led_to, left_out, whole
from qa.types import SILENT, Answer, Citation, Findings, Hit, Passage, Sentence, Short, ShortAnswer, Span, Unit
from qa.words import stem, terms, words

CLOSE = 0.2  # odds against the best sentence, from which on another joins it
MOST = 2  # sentences of an answer
CLOSE_OF_SEVERAL = 0.03  # the same, where the question asks for several things
MOST_OF_SEVERAL = 4
MOST_OF_LIST = 0.5  # of a list's odds, from which on one item stands for it
OPENING_CHARS = 60
FEWEST_WORDS = 3  # of a sentence that joins another
MOST_PASSAGES = 3  # in which a list stands that is quoted whole

ASKING = frozenset(stem(each) for each in ("step", "procedure", "instructions", "list", "please", "follow", "order"))

Beside = Callable[[Passage, range], Sequence[Passage] | None]
_MAIL_HEADER = re.compile(r"[>\s]*(?:from|to|cc|bcc|date|sent|subject|reply-to)\s*:", re.I)
_ABOUT_MAIL = re.compile(
    r"\b(?:e-?mails?|mails?|mailed|messages?|letters?|wr[io]te|writes|written|sen[dt]s?|sender|subject|recipients?"
    r"|cc|copied|forwarded|repl(?:y|ied)|answered|dated)\b",
    re.I,
)
_POINTS_BACK = re.compile(r"\W*(?:he|she|it|they|his|her|its|their|this|these|those|such|both)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A sentence that may answer: its passage, its span of the document, its score and its hit's rank."""

    passage: Passage
    span: Span
    score: float
    rank: int
    found: ShortAnswer | None = None

    @property
    def text(self) -> str:
        return reading_form(self.passage, self.span)

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table or a key with its value, of which one answers a question for one thing."""
        return self.unit.kind in ("row", "pair")

    @property
    def is_record(self) -> bool:
        """Whether it has several values, each under a name."""
        return bool(self.unit.cells) or (self.unit.kind == "pair" and self.unit.leads > 0)

    @property
    def has_steps(self) -> bool:
        """Whether steps are quoted."""
        return any(each.kind == "step" for each in self.passage.units if self.span.start <= each.start < self.span.end)

    @property
    def unit(self) -> Unit:
        """The first of what is quoted."""
        return self.passage.unit_at(self.span.start)

    @property
    def spans(self) -> list[Span]:
        """What it rests on: the quote, and the header of a table whose rows do not name their columns."""
        inside = (unit for unit in self.passage.units if self.span.start <= unit.start < self.span.end)
        headers = filter(None, (header_above(self.passage, unit) for unit in inside))
        return [self.span, *(each for each in dict.fromkeys(headers) if each.start < self.span.start)]


def answer(findings: Findings) -> Answer:
    """The answer in the sentences of the hits that answer best, or the refusal where they are not sure to."""
    unanswered = without_answer(findings)
    if findings.answering and (tabled := tabular.answer(findings, refused=unanswered)):
        return tabled
    if not findings.answerable:
        return refusal(findings)
    candidates = _within(findings.query, _without_headers(findings.query, _candidates(findings.answering)))
    if not candidates:
        return refusal(findings)
    candidates = _lists(findings.query, _steps_for(findings.query, candidates))
    chosen = _choose(candidates, several=asks_for_several(findings.query))
    best = min(chosen, key=candidates.index)
    if best.unit.kind == "row" and (empty := empty_cell(findings.query, best.passage, best.span)):
        return refusal(findings, empty=empty)
    citations: dict[tuple[str, int, int], Citation] = {}
    sentences = []
    short = None
    quotes = [_whole(each, findings.beside) for each in chosen]
    for each in _readable_alone(_unheld([piece for pieces in quotes for piece in pieces])):
        numbers = []
        for span in each.spans:
            citation = each.passage.cite(span, number=len(citations) + 1)
            numbers.append(citations.setdefault((citation.document, span.start, span.end), citation).number or 0)
        text, quote, said = each.text, each.passage.cut(each.span), _short(findings.query, each)
        place = highlight(text, quote, said) if said else None
        sentences.append(
            Sentence(
                text=text,
                citations=tuple(numbers),
                support="supported",
                highlight=place,
                best=each is best,
            )
        )
        if each is best and said and place:  # words with a reference of the document's own are not shown
            words = quote[said.start : said.end]
            short = Short(text=words, citation=numbers[0], start=said.start, end=said.end)
    return replace(
        unanswered,
        text=joined(["".join([f"{each.text} ", *(f"[{number}]" for number in each.citations)]) for each in sentences]),
        abstained=False,
        short=short,
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        nearest=(),
        notes=(*unanswered.notes, *_not_computed(findings.query, best), *filter(None, map(_left_out, quotes))),
    )


def _short(query: str, chosen: _Candidate) -> Span | None:
    """The short answer, as a span of a chosen quote: of a row or a record of keys what the question names in it."""
    if chosen.is_record:
        is_one = not asks_for_several(query) and not wants_yes_or_no(query) and not _not_computed(query, chosen)
        span = named_cell(query, chosen.passage, chosen.span) if is_one else None
    else:
        span = short_answer(query, chosen.passage, quote=chosen.span, found=chosen.found)
    return span and Span(start=span.start - chosen.span.start, end=span.end - chosen.span.start)


def _not_computed(query: str, chosen: _Candidate) -> list[str]:
    """That a row is no sum or average of several, where one was asked for and is not what the row says itself."""
    operation = ask(query).operation if chosen.unit.cells else "cell"
    is_result = any(word in words(chosen.text) for word in ("total", "sum", "average", "mean", "difference"))
    if is_result or operation not in ("sum", "average", "difference"):
        return []
    return [f"no {operation} was made: it is not sure which rows are meant"]


def _readable_alone(chosen: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """The chosen ones, each that begins by pointing back ("He", "It") with the sentence before it."""
    shown = [(each.passage.id, each.span) for each in chosen]
    for each in chosen:
        units = each.passage.units
        place = next(place for place, unit in enumerate(units) if unit.start == each.span.start)
        before = units[place - 1]
        alike = place > 0 and before.kind == units[place].kind == "sentence" and before.parent == units[place].parent
        there = any(id == each.passage.id and span.start <= before.start < span.end for id, span in shown)
        if alike and not there and _POINTS_BACK.match(each.passage.cut(each.span)):
            shown.append((each.passage.id, before))
            yield _Candidate(passage=each.passage, span=before, score=0.0, rank=each.rank)
        yield each


def _whole(chosen: _Candidate, beside: Beside) -> list[_Candidate]:
    """What is quoted, and of a lead-in what it leads to in the next passages, a piece of each."""
    passage, pieces = chosen.passage, [chosen]
    lead = chosen.unit
    following = range(passage.ordinal + 1, passage.ordinal + MOST_PASSAGES)
    is_open = chosen.span.end == passage.units[-1].end and left_out(passage, chosen.span)
    for further in (beside(passage, following) if is_open else None) or ():
        end = led_to((lead, *further.units), within=WHOLE_CHARS)
        if end is None:
            break
        start = further.units[0].start
        pieces.append(
            _Candidate(passage=further, span=Span(start=start, end=end), score=chosen.score, rank=chosen.rank)
        )
        if end < further.units[-1].end:
            break
    return pieces


def _left_out(pieces: Sequence[_Candidate]) -> str:
    """What a lead-in leads to beyond the pieces that are quoted, in words; nothing where it is quoted whole."""
    chosen, *further = pieces
    count = left_out(chosen.passage, chosen.span) - sum(
        unit.start < each.span.end and unit.kind not in SILENT for each in further for unit in each.passage.units
    )
    opening = shorten(chosen.text.partition("\n")[0], OPENING_CHARS, placeholder=" …")
    return f"“{opening}” goes on: {count} more in {chosen.passage.document}" if count > 0 else ""


def joined(statements: Sequence[str]) -> str:
    """The statements as running text, one of several lines by itself."""
    text = ""
    for before, each in pairwise(["", *statements]):
        text += ("\n\n" if "\n" in f"{before}{each}" else " ") + each
    return text.lstrip()


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    """Every unit that may answer, as it is quoted, best first."""
    found = [
        _Candidate(passage=hit.passage, span=whole(hit.passage, quote), score=score, rank=hit.rank, found=part)
        for hit in hits
        for quote, score, part in zip(hit.quotes, hit.sentence_scores, hit.parts, strict=True)
        if quote
    ]
    return sorted(found, key=lambda each: (-each.score, each.rank, each.span.start))


def _without_headers(query: str, candidates: Sequence[_Candidate]) -> Sequence[_Candidate]:
    """The candidates, without headers of mails where the question is not about one; all where no other is left."""
    if _ABOUT_MAIL.search(query):
        return candidates
    kept = [
        each
        for each in candidates
        if not (each.passage.document.endswith(".eml") and each.unit.kind == "pair" and _MAIL_HEADER.match(each.text))
    ]
    return kept or candidates


def _steps_for(query: str, candidates: Sequence[_Candidate]) -> Sequence[_Candidate]:
    """The candidates, each step among them with all those beside it, where it is asked how to do something.

    Of these nothing but the steps that say all that is asked, where there are such.
    """
    if not asks_how_to(query):
        return candidates
    asked = set(terms(query)) - FRAME - ASKING
    found: dict[tuple[str, int | None], _Candidate] = {}  # by what leads to the steps, which may go on in a passage
    for each in sorted(candidates, key=lambda each: not each.unit.leads):
        steps = _with_steps(each)
        lead = each.unit.parent if steps and not each.unit.leads else each.span.start
        known = found.setdefault((each.passage.document, lead), steps or each)
        found[each.passage.document, lead] = replace(known, score=max(known.score, each.score))
    best = sorted(found.values(), key=lambda each: (-each.score, each.rank, each.span.start))
    telling = [each for each in best if each.has_steps and asked <= {*terms(f"{each.passage.header}\n{each.text}")}]
    return telling or best


def _with_steps(candidate: _Candidate) -> _Candidate | None:
    """A lead-in to steps as it is; a step with all those beside it, from their heading on; None for anything else."""
    passage, unit = candidate.passage, candidate.unit
    if unit.leads or unit.kind != "step":
        return candidate if unit.leads and candidate.has_steps else None
    beside = [each for each in passage.units if unit.parent in (each.start, each.parent)]
    last = max(each.end for each in beside if each.kind == "step")
    return replace(candidate, span=Span(start=beside[0].start, end=last), found=None)


def _lists(query: str, candidates: Sequence[_Candidate]) -> Sequence[_Candidate]:
    """The candidates, where a list may be asked for each as likely to answer as its lead-in and its items together.

    Scores are log odds. A list that has most of its odds in one item is none that is asked for, unless what is asked is
    said by its lead-in and not by the item: "Still missing: …".
    """
    if not may_ask_for_list(query):
        return candidates
    asked = frozenset(terms(query)) - FRAME
    lists: dict[tuple[str, int | None], list[_Candidate]] = {}
    for each in candidates:
        lead = each.span.start if each.unit.leads else each.unit.parent
        lists.setdefault((each.passage.id, lead), []).append(each)
    raised = []
    for each in candidates:
        parts = lists[each.passage.id, each.span.start] if each.unit.leads else []
        odds = [math.exp(part.score) for part in parts]
        is_list = bool(odds) and (
            max(odds) < MOST_OF_LIST * sum(odds) or (_says(each, asked) and not _says(parts[0], asked))
        )
        raised.append(replace(each, score=math.log(sum(odds))) if is_list else each)
    return sorted(raised, key=lambda each: (-each.score, each.rank, each.span.start))


def _says(candidate: _Candidate, asked: frozenset[str]) -> bool:
    """Whether its first unit by itself has one of these stems."""
    return not asked.isdisjoint(terms(candidate.passage.cut(candidate.unit)))


def _within(query: str, candidates: Sequence[_Candidate]) -> Sequence[_Candidate]:
    """The candidates; where a row comes first, without those of its table in whose range what is asked for is not.

    None where it is in the range of no row.
    """
    first, wanted = candidates[0], ask(query).terms
    for table in find_tables([first.passage]) if first.is_row else ():
        starts = {row.unit.start for row in table.rows}
        rows, words = in_range(wanted, table, but=None)
        if words and first.span.start in starts:
            outside = starts - {row.unit.start for row in rows}
            kept = [
                each for each in candidates if each.passage.id != first.passage.id or each.span.start not in outside
            ]
            return kept if rows else []
    return candidates


def _choose(candidates: Sequence[_Candidate], *, several: bool) -> list[_Candidate]:
    """The best unit and those close to it, in reading order; no wording twice, and no part of what is quoted whole.

    Of rows one answers, unless the question asks for several. What is of another kind than the best must be closer, and
    a word or two by themselves join nothing. A lead-in that is close takes the place of the best one in its list.
    """
    least, most = (CLOSE_OF_SEVERAL, MOST_OF_SEVERAL) if several else (CLOSE, MOST)
    first = candidates[0]
    close = [
        each
        for each in candidates
        if math.exp(each.score - first.score) >= (CLOSE if each.unit.leads or each.is_row != first.is_row else least)
        and (several or each is first or not (each.is_row and first.is_row))
        and (each is first or each.unit.kind != "sentence" or len(each.text.split()) >= FEWEST_WORDS)
    ]
    whole = _unheld(close)
    leads = {(each.passage.document, each.span.start) for each in whole if each.unit.leads}
    whole = [each for each in whole if each is first or (each.passage.document, each.unit.parent) not in leads]
    best = next(each for each in whole if each is first or _holds(each, first))
    is_list = "\n" in best.text  # which says all of it: steps are no row of another table
    distinct: dict[str, _Candidate] = {}
    for each in whole:
        if is_list and each.is_row and not best.is_row:
            continue
        if len(distinct) == most:
            break
        distinct.setdefault(each.text, each)
    ranks = {
        each.passage.document: min(c.rank for c in distinct.values() if c.passage.document == each.passage.document)
        for each in distinct.values()
    }
    return sorted(distinct.values(), key=lambda each: (ranks[each.passage.document], each.span.start))


def _unheld(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Those that none of the others holds."""
    return [each for each in candidates if not any(_holds(other, each) for other in candidates)]


def _holds(whole: _Candidate, part: _Candidate) -> bool:
    """Whether a quote holds another one."""
    return (
        whole.passage.id == part.passage.id
        and whole.span.start <= part.span.start
        and part.span.end <= whole.span.end
        and len(whole.span) > len(part.span)
    )
