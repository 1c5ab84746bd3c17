"""The marks of a text as a test reads them."""

from __future__ import annotations

from collections.abc import Sequence

from qa.documents.units import find_units
from qa.types import Mark

Found = list[tuple[str, int, str]]


def found(text: str, marks: Sequence[Mark]) -> Found:
    return [(mark.kind, mark.level, text[mark.start : mark.end].strip()) for mark in marks]


def hanging(text: str, marks: Sequence[Mark]) -> dict[str, str | None]:
    """Each unit with the one that it hangs on."""
    units = find_units(text, marks)
    at = {unit.start: text[unit.start : unit.end] for unit in units}
    return {at[unit.start]: None if unit.parent is None else at[unit.parent] for unit in units}
