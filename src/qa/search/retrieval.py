"""Query → Findings: fuse the dense and the lexical ranking, read the best passages' sentences, rank again, be sure.

The index and the encoder arrive as arguments; nothing here knows Chroma or a model. Equal index and
query give equal findings: scores are rounded before they are compared, and ties fall by passage id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qa.search.confidence import estimate_confidence
from qa.search.features import SENTENCE_FEATURES, ParsedQuestion, analyse, inverse_frequency, sentence_features
from qa.search.quoting import quoted
from qa.search.weights import load_weights
from qa.types import Findings, Hit, Passage
from qa.words import terms

Vectors = NDArray[np.float32]

CANDIDATES = 100  # of each ranking
READ = 8  # passages beyond `top_k` whose sentences are read too
BM25_K1 = 1.2
READING_SHARE = 0.03  # of a passage's best sentence in its own score, see docs/answering.md
DECIMALS = 6


class Searchable(Protocol):
    """The part of an index that retrieval uses; `qa.index.store.Index` is one."""

    def search_dense(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]: ...
    def search_lexical(self, query: str, *, k: int) -> list[tuple[str, float]]: ...
    def passages(self, ids: Sequence[str]) -> list[Passage]: ...
    def vectors(self, ids: Sequence[str]) -> Vectors: ...
    def frequencies(self) -> Callable[[str], int]: ...
    @property
    def passage_count(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query in the forms in which an index is searched with it.

    `vector` has unit length, and is made by the embedder that the index was made with; `sentence_cosines`
    gives for each passage how near each of its sentences is to the query.
    """

    text: str
    vector: Vectors
    sentence_cosines: Callable[[Sequence[Passage]], Sequence[Vectors]]


def find(query: Query, *, question: str, index: Searchable, top_k: int, strictness: float) -> Findings:
    """All that the index holds for a question that is searched for with `query`; `top_k` passages are to be read."""
    frequency, count = index.frequencies(), index.passage_count
    parsed = analyse(query.text, frequency=frequency, count=count)
    hits = retrieve(query, question=parsed, index=index, top_k=top_k)
    confidence = estimate_confidence(parsed, hits=hits[:top_k])
    return Findings(
        question=question,
        query=query.text,
        hits=hits,
        top_k=top_k,
        confidence=confidence,
        answerable=bool(hits) and confidence >= load_weights().required_confidence(strictness),
        rarity=lambda stem: inverse_frequency(frequency(stem), count=count),
    )


def retrieve(query: Query, *, question: ParsedQuestion, index: Searchable, top_k: int) -> tuple[Hit, ...]:
    """The passages that may hold the answer, best first, each text once: `top_k` to read, and `READ` more."""
    relevance = fuse(query.text, query.vector, index=index)
    order = sorted(relevance, key=lambda key: (-relevance[key], key))
    passages = _readable(index.passages(order[: 2 * (top_k + READ)]))[: top_k + READ]
    weights = load_weights().sentence_vector(SENTENCE_FEATURES)
    hits = [
        read_passage(question, passage, cosines=cosines, relevance=relevance[passage.id], weights=weights)
        for passage, cosines in zip(passages, query.sentence_cosines(passages), strict=True)
    ]
    hits.sort(key=lambda hit: (-hit.score, hit.passage.id))
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1))


def fuse(query: str, vector: Vectors, *, index: Searchable) -> dict[str, float]:
    """Every candidate's score by passage id: a weighted sum of its cosine and of its share of the best BM25.

    Both parts are absolute, not relative to the other candidates, so scores compare between queries.
    """
    share = load_weights().dense_share
    lexical = dict(index.search_lexical(query, k=CANDIDATES))
    dense = dict(index.search_dense(vector, k=CANDIDATES))
    missing = sorted(set(lexical) - set(dense))
    dense.update(zip(missing, (index.vectors(missing) @ vector).tolist() if missing else (), strict=True))
    highest = highest_bm25(query, frequency=index.frequencies(), count=index.passage_count)
    return {
        key: round(share * cosine + (1 - share) * 2 * lexical.get(key, 0.0) / highest, DECIMALS)
        for key, cosine in dense.items()
    }


def highest_bm25(query: str, *, frequency: Callable[[str], int], count: int) -> float:
    """The BM25 score that no passage can exceed: every term of the query, endlessly often."""
    return sum((BM25_K1 + 1) * inverse_frequency(frequency(term), count=count) for term in set(terms(query))) or 1.0


def _readable(passages: Sequence[Passage]) -> list[Passage]:
    """The passages that hold a unit that may answer, without those whose text an earlier one has."""
    first: dict[str, Passage] = {}
    for passage in passages:
        if any(quoted(passage)):
            first.setdefault(" ".join(passage.text.split()), passage)
    return list(first.values())


def read_passage(
    question: ParsedQuestion, passage: Passage, *, cosines: Vectors, relevance: float, weights: NDArray[np.float64]
) -> Hit:
    """The passage as an unranked hit, its sentences scored by `weights` along `SENTENCE_FEATURES`."""
    quotes = quoted(passage)
    rows = sentence_features(question, passage, quotes=quotes, cosines=cosines.tolist(), relevance=relevance)
    scores = [round(score, DECIMALS) for score in (rows @ weights).tolist()]
    hit = Hit(
        passage=passage,
        score=relevance,
        rank=0,
        relevance=relevance,
        sentence_scores=tuple(scores),
        sentence_cosines=tuple(round(float(cosine), DECIMALS) for cosine in cosines),
        quotes=quotes,
    )
    return replace(hit, score=round(relevance + READING_SHARE * scores[hit.best], DECIMALS))
