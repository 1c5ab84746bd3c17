"""Conditions on the documents that a question is answered from, as `date>=2021-07` or `document=reports/*`.

Records are chosen here; how a search keeps to them is decided in `narrowing.py`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qa.errors import QuestionError, shown
from qa.types import Record

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
