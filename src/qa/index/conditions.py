"""Conditions on the documents that a question is answered from, as `date>=2021-07`, and a search among those alone.

Chroma's own filters on metadata take 50 ms over 100,000 passages and 2 s over 500,000, so documents are chosen by
their records. The passages of a few are compared one by one; those of many are the nearest of all, looked for ever
farther away until there are enough: as good as the unfiltered search, and never fewer.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qa.errors import QuestionError, shown
from qa.types import Passage, Record, owner

if TYPE_CHECKING:
    from qa.index.store import Index

CONDITION = re.compile(r"(document|title|date)\s*+(!=|<=|>=|=|<|>)\s*+(.+)", re.DOTALL)
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EXACT_PASSAGES = 2_000  # as many at most are compared one by one
FARTHER = 4  # each time too few are found among the nearest, so many times as many are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A field of a record, compared with a value: a day, month or year of its date, or a pattern with * and ?.

    Of documents that were chosen one by one, the value holds all their ids.
    """

    field: str
    operator: str
    value: str | frozenset[str]

    def __call__(self, record: Record) -> bool:
        """Whether the record meets it; one without a date meets no condition on dates."""
        if isinstance(self.value, frozenset):
            return record.id in self.value
        if self.field == "date":
            date = record.date or ""
            return bool(date) and COMPARE[self.operator](date[: len(self.value)], self.value)
        held = record.id if self.field == "document" else record.title
        return fnmatchcase(held.casefold(), self.value.casefold()) == (self.operator == "=")


def parse_condition(text: str) -> Condition:
    """The condition that is written so. Raises: QuestionError when it is none."""
    found = CONDITION.fullmatch(text.strip())
    if not found:
        raise QuestionError(
            f"{shown(text)} cannot be read as a condition. Write document=reports/*, title!=Draft* or date>=2021-07"
        )
    field, sign, value = found.groups()
    if field == "date" and not DATE.fullmatch(value):
        raise QuestionError(f"{shown(value)} in {shown(text)} is no date. Write 2021, 2021-07 or 2021-07-08")
    if field != "date" and sign not in ("=", "!="):
        raise QuestionError(f"{shown(text)} puts {field}s in an order. Write {field}=… or {field}!=…")
    return Condition(field=field, operator=sign, value=value)


def among(documents: Iterable[str]) -> Condition:
    """The condition that a document is one of these, by its exact id."""
    return Condition(field="document", operator="=", value=frozenset(documents))


def matching(records: Iterable[Record], conditions: Sequence[Condition]) -> list[Record]:
    """The records that meet every condition."""
    return [record for record in records if all(condition(record) for condition in conditions)]


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
            ids = [key for record in self._records.values() for key in record.passage_ids]
            cosines = (self._index.vectors(ids) @ vector).tolist()
            return sorted(zip(ids, cosines, strict=True), key=lambda pair: (-pair[1], pair[0]))[:k]
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
