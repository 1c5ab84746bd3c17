"""Findings → an Answer without a language model: the sentences that answer, verbatim, or an abstention.

Deterministic: equal findings give an equal answer. Nothing is searched or embedded here, and no
sentence is written: every one is cut from its passage and cites exactly itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.search.kinds import ExpectedAnswer, asks_for_several, expected_answer, find_candidates
from qa.types import ABSTENTION, Answer, Findings, Hit, Passage, Sentence, Span

NEAREST = 3
CLOSE = 0.35  # odds against the best sentence, from which on another joins it
MOST = 2  # sentences of an answer
CLOSE_OF_SEVERAL = 0.12  # the same, where the question asks for several things
MOST_OF_SEVERAL = 3

# A document's own reference marks would read as citations of ours, so an answer leaves them out; the quote keeps them.
_REFERENCE = re.compile(r"\s?\[(?:\d+(?:[.,;–-]\s?\d+)*)\](?:\((?:[^)\s\]]|\](?!\())*+\))?")
_END = re.compile(r"[.!?…:;。！？][\"'”’»)\]*_]*$")
_HEADING = re.compile(r"#{1,6} ")
_ROW = re.compile(r"(?>[^|]*?\w: )[^|]++\| [^|]*?\w: ")  # of a table, as `documents/formats/tables.py` writes it
_FRAGMENT_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A sentence that may answer: its passage, its span of the document, its score and its hit's rank."""

    passage: Passage
    span: Span
    score: float
    rank: int

    @property
    def text(self) -> str:
        return " ".join(_REFERENCE.sub("", self.passage.cut(self.span)).split())


def answer(findings: Findings) -> Answer:
    """The answer in the sentences of the hits that answer best, or the refusal where they are not sure to."""
    if not findings.answerable:
        return refusal(findings)
    candidates = _candidates(findings.read)
    chosen = _choose(candidates, several=asks_for_several(findings.query))
    expected = expected_answer(findings.query)
    sentences = tuple(
        replace(_sentence(each, number, expected=expected), best=each is candidates[0])
        for number, each in enumerate(chosen, start=1)
    )
    return replace(
        refusal(findings),
        text=" ".join(f"{sentence.text} [{number}]" for number, sentence in enumerate(sentences, start=1)),
        abstained=False,
        sentences=sentences,
        citations=tuple(each.passage.cite(each.span, number=number) for number, each in enumerate(chosen, start=1)),
        nearest=(),
    )


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
    """Every sentence, best first; headings and other fragments only when there is nothing else."""
    found = [
        _Candidate(passage=hit.passage, span=span, score=score, rank=hit.rank)
        for hit in hits
        for span, score in zip(hit.passage.sentences, hit.sentence_scores, strict=True)
    ]
    found.sort(key=lambda each: (-each.score, each.rank, each.span.start))
    whole = [each for each in found if not is_fragment(each.text)]
    return whole or found


def is_fragment(text: str) -> bool:
    """Whether a text is a heading, a question or a date line, not a sentence or a table's row that could answer."""
    short = len(text.split()) <= _FRAGMENT_WORDS and not (_END.search(text) or _ROW.match(text))
    return short or text.endswith("?") or _HEADING.match(text) is not None


def _choose(candidates: Sequence[_Candidate], *, several: bool) -> list[_Candidate]:
    """The best sentence and those close to it, in reading order, no wording twice."""
    best = candidates[0]
    least, most = (CLOSE_OF_SEVERAL, MOST_OF_SEVERAL) if several else (CLOSE, MOST)
    distinct: dict[str, _Candidate] = {}
    for each in candidates:
        if math.exp(each.score - best.score) < least or len(distinct) == most:
            break
        distinct.setdefault(each.text, each)
    ranks = {
        each.passage.document: min(c.rank for c in distinct.values() if c.passage.document == each.passage.document)
        for each in distinct.values()
    }
    return sorted(distinct.values(), key=lambda each: (ranks[each.passage.document], each.span.start))


def _sentence(chosen: _Candidate, number: int, *, expected: ExpectedAnswer) -> Sentence:
    text = chosen.text
    found = list(find_candidates(text, expected=expected))
    short = found[0] if len(found) == 1 else None  # where it holds exactly one thing of the kind that is asked for
    return Sentence(text=text, citations=(number,), support="supported", highlight=short)
