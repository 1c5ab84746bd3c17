"""Hits → an Answer without a language model: the sentences that answer, verbatim, or an abstention.

Deterministic: equal hits give an equal answer. Nothing is searched or embedded here, and no
sentence is written: every one is cut from its passage and cites exactly itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.confidence import estimate_confidence
from qa.features import Question, analyse
from qa.kinds import asks_for_several, find_candidates
from qa.retrieval import Searchable
from qa.types import ABSTENTION, Answer, Hit, Nearest, Passage, Sentence, Span
from qa.weights import load_weights

NEAREST = 3
CLOSE = 0.35  # a second sentence joins when its odds against the best are at least these
CLOSE_OF_SEVERAL = 0.12
MOST = 2
MOST_OF_SEVERAL = 3

# A document's own reference marks would read as citations of ours, so an answer leaves them out; the quote keeps them.
_REFERENCE = re.compile(r"\s?\[(?:\d+(?:[.,;–-]\s?\d+)*)\](?:\((?:[^)\s\]]|\](?!\())*+\))?")
_END = re.compile(r"[.!?…:;。！？][\"'”’»)\]*_]*$")
_HEADING = re.compile(r"#{1,6} ")
_ROW = re.compile(r"(?>[^|]*?\w: )[^|]++\| [^|]*?\w: ")  # of a table, as `readers/tables.py` writes it
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


def answer(query: str, *, question: str, hits: Sequence[Hit], index: Searchable, strictness: float) -> Answer:
    """The answer to `question`, from the sentences of `hits` that answer `query` best.

    Abstains, with the nearest passages, when the confidence is lower than `strictness` asks for.
    """
    analysed = analyse(query, frequency=index.document_frequency, count=index.passage_count)
    confidence = estimate_confidence(analysed, hits=hits)
    if not hits or confidence < load_weights().required_confidence(strictness):
        return refusal(query, question=question, hits=hits, confidence=confidence)
    chosen = _choose(_candidates(hits), several=asks_for_several(query))
    sentences = tuple(_sentence(each, number, question=analysed) for number, each in enumerate(chosen, start=1))
    return Answer(
        question=question,
        query=query,
        text=" ".join(f"{sentence.text} [{number}]" for number, sentence in enumerate(sentences, start=1)),
        abstained=False,
        sentences=sentences,
        citations=tuple(each.passage.cite(each.span, number=number) for number, each in enumerate(chosen, start=1)),
        confidence=confidence,
    )


def refusal(query: str, *, question: str, hits: Sequence[Hit], confidence: float = 0.0) -> Answer:
    """The abstention, with the passages nearest to the query."""
    nearest = tuple(_nearest(hit) for hit in hits[:NEAREST])
    return Answer(
        question=question, query=query, text=ABSTENTION, abstained=True, nearest=nearest, confidence=confidence
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


def _sentence(chosen: _Candidate, number: int, *, question: Question) -> Sentence:
    text = chosen.text
    return Sentence(text=text, citations=(number,), support="supported", highlight=_highlight(text, question=question))


def _highlight(text: str, *, question: Question) -> Span | None:
    """The short answer, where the sentence holds exactly one thing of the kind that is asked for."""
    found = list(find_candidates(text, asked=question.asked))
    return found[0] if len(found) == 1 else None


def _nearest(hit: Hit) -> Nearest:
    passage = hit.passage
    return Nearest(
        document=passage.document,
        title=passage.title,
        start=passage.start,
        end=passage.end,
        page=passage.page,
        quote=passage.text,
        version=passage.version,
    )
