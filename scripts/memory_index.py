"""Passages in memory that can be searched as `qa.index.store.Index` can, exactly: for corpora made by the thousand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.search.features import inverse_frequency
from qa.search.retrieval import BM25_K1
from qa.types import Passage
from qa.words import terms

Vectors = NDArray[np.float32]
BM25_B = 0.75


class MemoryIndex:
    """A `qa.search.retrieval.Searchable` over numpy arrays; scores are those of the real index."""

    def __init__(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        self._passages = {passage.id: passage for passage in passages}
        self._ids = list(self._passages)
        self._rows = {key: row for row, key in enumerate(self._ids)}
        self._vectors = vectors
        counts = [Counter(terms(passage.headed)) for passage in passages]
        lengths = np.array([counted.total() for counted in counts], dtype=np.float64)
        self._norms = BM25_K1 * (1 - BM25_B + BM25_B * lengths / (lengths.mean() or 1.0))
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row, counted in enumerate(counts):
            for term, count in counted.items():
                self._postings[term].append((row, count))

    @property
    def passage_count(self) -> int:
        return len(self._ids)

    def frequencies(self) -> Callable[[str], int]:
        return lambda term: len(self._postings.get(term, ()))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        return [self._passages[key] for key in ids]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        return self._vectors[[self._rows[key] for key in ids]]

    def search_dense(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        return self._best(self._vectors @ vector, k)

    def search_lexical(self, query: str, *, k: int) -> list[tuple[str, float]]:
        scores = np.zeros(len(self._ids))
        for term in sorted(set(terms(query))):
            weight = inverse_frequency(len(self._postings.get(term, ())), count=self.passage_count)
            for row, count in self._postings.get(term, ()):
                scores[row] += weight * count * (BM25_K1 + 1) / (count + self._norms[row])
        return [pair for pair in self._best(scores, k) if pair[1] > 0]

    def _best(self, scores: NDArray[np.floating], k: int) -> list[tuple[str, float]]:
        order = np.argsort(-scores, kind="stable")[:k]
        return [(self._ids[row], float(scores[row])) for row in order]
