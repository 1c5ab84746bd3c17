"""Findings → an Answer without a language model: the sentences that answer, verbatim, or an abstention.

Deterministic: equal findings give an equal answer. Nothing is searched or embedded here, and no
sentence is written: every one is cut from its passage and cites exactly itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import shorten

from qa.answers.reading import header_above, reading_form
from qa.search.kinds import ExpectedAnswer, asks_for_several, expected_answer, find_candidates
from qa.search.quoting import left_out
from qa.types import ABSTENTION, Answer, Citation, Findings, Hit, Passage, Sentence, Span

NEAREST = 3
CLOSE = 0.35  # odds against the best sentence, from which on another joins it
MOST = 2  # sentences of an answer
CLOSE_OF_SEVERAL = 0.12  # the same, where the question asks for several things
MOST_OF_SEVERAL = 3
OPENING_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A sentence that may answer: its passage, its span of the document, its score and its hit's rank."""

    passage: Passage
    span: Span
    score: float
    rank: int

    @property
    def text(self) -> str:
        return reading_form(self.passage, self.span)

    @property
    def spans(self) -> list[Span]:
        """What it rests on: the quote, and the header of a table whose rows do not name their columns."""
        inside = (unit for unit in self.passage.units if self.span.start <= unit.start < self.span.end)
        headers = filter(None, (header_above(self.passage, unit) for unit in inside))
        return [self.span, *(each for each in dict.fromkeys(headers) if each.start < self.span.start)]


def answer(findings: Findings) -> Answer:
    """The answer in the sentences of the hits that answer best, or the refusal where they are not sure to."""
    if not findings.answerable:
        return refusal(findings)
    candidates = _candidates(findings.read)
    chosen = _choose(candidates, several=asks_for_several(findings.query))
    best = min(chosen, key=candidates.index)
    expected = expected_answer(findings.query)
    citations: dict[tuple[str, int, int], Citation] = {}
    sentences = []
    for each in chosen:
        numbers = []
        for span in each.spans:
            cited = each.passage.cite(span, number=len(citations) + 1)
            numbers.append(citations.setdefault((cited.document, span.start, span.end), cited).number or 0)
        sentences.append(replace(_sentence(each, tuple(numbers), expected=expected), best=each is best))
    return replace(
        refusal(findings),
        text=_joined(["".join([f"{each.text} ", *(f"[{number}]" for number in each.citations)]) for each in sentences]),
        abstained=False,
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        nearest=(),
        notes=tuple(filter(None, (_left_out(each) for each in chosen))),
    )


def _left_out(chosen: _Candidate) -> str:
    """What a lead-in leads to beyond its quote, in words; nothing where it is quoted whole."""
    count = left_out(chosen.passage, chosen.span)
    opening = shorten(chosen.text.partition("\n")[0], OPENING_CHARS, placeholder=" …")
    return f"“{opening}” goes on: {count} more in {chosen.passage.document}" if count else ""


def _joined(statements: Sequence[str]) -> str:
    """The statements as running text, one of several lines by itself."""
    text = ""
    for before, each in pairwise(["", *statements]):
        text += ("\n\n" if "\n" in f"{before}{each}" else " ") + each
    return text.lstrip()


def refusal(findings: Findings) -> Answer:
    """The abstention, with the passages nearest to the question."""
    near = [hit.passage for hit in findings.read[:NEAREST]]
    return Answer(
        question=findings.question,
        query=findings.query,
        text=ABSTENTION,
        abstained=True,
        nearest=tuple(passage.cite(Span(start=passage.start, end=passage.end)) for passage in near),
        confidence=findings.confidence,
        embeddings=findings.embeddings,
        seconds={"retrieve": findings.seconds},
        hits=findings.hits,
    )


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    """Every unit that may answer, as it is quoted, best first."""
    found = [
        _Candidate(passage=hit.passage, span=quote, score=score, rank=hit.rank)
        for hit in hits
        for quote, score in zip(hit.quotes, hit.sentence_scores, strict=True)
        if quote
    ]
    return sorted(found, key=lambda each: (-each.score, each.rank, each.span.start))


def _choose(candidates: Sequence[_Candidate], *, several: bool) -> list[_Candidate]:
    """The best unit and those close to it, in reading order; no wording twice, and no part of what is quoted whole.

    So a lead-in that is close takes the place of the best one in its list.
    """
    least, most = (CLOSE_OF_SEVERAL, MOST_OF_SEVERAL) if several else (CLOSE, MOST)
    close = [each for each in candidates if math.exp(each.score - candidates[0].score) >= least]
    whole = [each for each in close if not any(_holds(other, each) for other in close)]
    distinct: dict[str, _Candidate] = {}
    for each in whole:
        if len(distinct) == most:
            break
        distinct.setdefault(each.text, each)
    ranks = {
        each.passage.document: min(c.rank for c in distinct.values() if c.passage.document == each.passage.document)
        for each in distinct.values()
    }
    return sorted(distinct.values(), key=lambda each: (ranks[each.passage.document], each.span.start))


def _holds(whole: _Candidate, part: _Candidate) -> bool:
    """Whether a quote holds another one."""
    return (
        whole.passage.id == part.passage.id
        and whole.span.start <= part.span.start
        and part.span.end <= whole.span.end
        and len(whole.span) > len(part.span)
    )


def _sentence(chosen: _Candidate, numbers: tuple[int, ...], *, expected: ExpectedAnswer) -> Sentence:
    text = chosen.text
    found = list(find_candidates(text, expected=expected))
    short = found[0] if len(found) == 1 else None  # where it holds exactly one thing of the kind that is asked for
    return Sentence(text=text, citations=numbers, support="supported", highlight=short)
