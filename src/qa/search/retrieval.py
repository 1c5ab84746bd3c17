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
from qa.search.identifiers import Identifier, about, bearing
from qa.search.punctuation import punctuated
from qa.search.quoting import quoted
from qa.search.weights import load_weights
from qa.types import Findings, Hit, Passage, Reading, Span
from qa.words import terms

Vectors = NDArray[np.float32]
Read = Callable[[Sequence[str], Sequence[Sequence[tuple[int, int]]]], Sequence[Reading]]

CANDIDATES = 100  # of each ranking
BEYOND = 8  # passages beyond `top_k` whose sentences are compared too
READ = 3  # passages that the reader reads
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
    gives for each passage how near each of its sentences is to the query, and `read` what the reader finds in each
    text for it and in each of its spans. `named` are the identifiers in it, looked up.
    """

    text: str
    vector: Vectors
    sentence_cosines: Callable[[Sequence[Passage]], Sequence[Vectors]]
    read: Read
    named: tuple[Identifier, ...] = ()


def find(query: Query, *, question: str, index: Searchable, top_k: int, strictness: float) -> Findings:
    """All that the index holds for a question that is searched for with `query`; `top_k` passages are to be read.

    Passages of documents that have the identifiers which it names go first, and no others answer it.
    """
    frequency, count = index.frequencies(), index.passage_count
    parsed = analyse(about(query.text, query.named), frequency=frequency, count=count)
    hits = retrieve(query, question=parsed, index=index, top_k=top_k)
    able = bearing(hits[:top_k], query.named)
    confidence = estimate_confidence(parsed, hits=able or hits[:top_k])
    return Findings(
        question=question,
        query=query.text,
        hits=hits,
        top_k=top_k,
        confidence=confidence,
        able=len(able),
        absent=tuple(each.text for each in query.named if not each.documents),
        indexed=count,
        answerable=bool(able) and confidence >= load_weights().required_confidence(strictness),
        rarity=lambda stem: inverse_frequency(frequency(stem), count=count),
    )


def retrieve(query: Query, *, question: ParsedQuestion, index: Searchable, top_k: int) -> tuple[Hit, ...]:
    """The passages that may hold the answer, best first, each text once: `top_k` to read, and `BEYOND` more."""
    weights = load_weights().sentence_vector(SENTENCE_FEATURES)
    hits = [scored(hit, question=question, weights=weights) for hit in candidates(query, index, top_k + BEYOND)]
    able = {hit.passage.document for hit in bearing(hits, query.named)}
    hits.sort(key=lambda hit: (hit.passage.document not in able, -hit.score, hit.passage.id))
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1))


def candidates(query: Query, index: Searchable, count: int) -> list[Hit]:
    """The first `count` passages by both rankings, compared with the query and the foremost read; not scored yet."""
    relevance = fuse(query.text, query.vector, index=index)
    order = sorted(relevance, key=lambda key: (-relevance[key], key))
    passages = _readable(index.passages(order[: 2 * count]))[:count]
    quotes = [quoted(passage) for passage in passages]
    readings = [*read_passages(query.read, passages[:READ], quotes[:READ]), *[None] * len(passages[READ:])]
    return [
        Hit(
            passage=passage,
            score=relevance[passage.id],
            rank=0,
            relevance=relevance[passage.id],
            sentence_cosines=tuple(round(float(cosine), DECIMALS) for cosine in cosines),
            quotes=spans,
            reading=reading,
        )
        for passage, cosines, spans, reading in zip(
            passages, query.sentence_cosines(passages), quotes, readings, strict=True
        )
    ]


def read_passages(read: Read, passages: Sequence[Passage], quotes: Sequence[Sequence[Span | None]]) -> list[Reading]:
    """What the reader finds in each passage, in characters of its document; its parts run along what is quoted."""
    texts = [punctuated(passage) for passage in passages]
    starts = [passage.start - len(text) + len(passage.text) for passage, text in zip(passages, texts, strict=True)]
    wanted = [
        [
            ((quote or unit).start - start, (quote or unit).end - start)
            for quote, unit in zip(spans, passage.units, strict=True)
        ]
        for passage, spans, start in zip(passages, quotes, starts, strict=True)
    ]
    found = read(texts, wanted) if passages else ()
    return [reading.moved(start) for reading, start in zip(found, starts, strict=True)]


def scored(hit: Hit, *, question: ParsedQuestion, weights: NDArray[np.float64]) -> Hit:
    """The hit with its sentences scored by `weights` along `SENTENCE_FEATURES`, and itself by the best of them."""
    scores = tuple(round(score, DECIMALS) for score in (sentence_features(question, hit) @ weights).tolist())
    hit = replace(hit, sentence_scores=scores)
    return replace(hit, score=round(hit.relevance + READING_SHARE * scores[hit.best], DECIMALS))


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
