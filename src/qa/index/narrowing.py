"""An index narrowed to some of its documents, for a question with conditions.

Chroma's own filters on metadata take 50 ms over 100,000 passages and 2 s over 500,000, so documents are
chosen by their records, of which there are few. The passages of a few documents are fetched by id and
compared one by one, which is exact. Those of many are the nearest of all with the others left out,
looked for ever farther away until there are enough: as good as the unfiltered search, and never fewer.
The lexical search keeps to the documents itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.index.store import Index
from qa.types import Passage, Record, owner

EXACT_PASSAGES = 2_000  # as many at most are compared one by one
FARTHER = 4  # each time too few are found among the nearest, so many times as many are looked at


class Narrowed:
    """The part of an index that `retrieval` uses, kept to the documents of `records`.

    How rare a word is stays a matter of the whole index, so that scores compare with those of any other question.
    """

    def __init__(self, index: Index, records: Sequence[Record]) -> None:
        self._index = index
        self._records = {record.id: record for record in records}
        self._found_count = sum(record.passages for record in records)

    def search_dense(self, vector: NDArray[np.float32], *, k: int) -> list[tuple[str, float]]:
        """The ids of the nearest `k` passages with their cosine similarity, best first."""
        if self._found_count <= EXACT_PASSAGES:
            return self._compare_all(vector)[:k]
        total = self._index.passage_count
        farther = k * total // self._found_count
        while True:
            farther *= FARTHER
            nearest = self._index.search_dense(vector, k=min(farther, total))
            found = [pair for pair in nearest if owner(pair[0]) in self._records]
            if len(found) >= k or farther >= total:
                return found[:k]

    def search_lexical(self, query: str, *, k: int) -> list[tuple[str, float]]:
        """The ids of the best `k` passages with their BM25 scores, best first."""
        return self._index.search_lexical(query, k=k, documents=list(self._records)) if self._records else []

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages with these ids, in this order."""
        return self._index.passages(ids)

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of these passages, a row each."""
        return self._index.vectors(ids)

    def frequencies(self) -> Callable[[str], int]:
        """How many passages of the whole index hold a term."""
        return self._index.frequencies()

    def listed(self) -> Sequence[Record]:
        """The records of the documents that it is narrowed to."""
        return tuple(self._records.values())

    @property
    def passage_count(self) -> int:
        """How many passages the whole index has."""
        return self._index.passage_count

    def _compare_all(self, vector: NDArray[np.float32]) -> list[tuple[str, float]]:
        ids = [key for record in self._records.values() for key in record.passage_ids]
        cosines = (self._index.vectors(ids) @ vector).tolist()
        return sorted(zip(ids, cosines, strict=True), key=lambda pair: (-pair[1], pair[0]))
