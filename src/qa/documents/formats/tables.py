"""Rows of cells → a line of text each, every cell under the name of its column.

A row that names its columns can be found, read and cited alone: `Company: Acme | Founded: 1998`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from pathlib import Path

from qa.documents.formats.content import Content, decode, one_line

NUMBER = re.compile(r"[-+(]?[\d.,:/%\s€$£-]+\)?")
SAMPLE_CHARS = 8_192

Cell = str | float | bool | date | time | timedelta | None


def read_csv(path: Path) -> Content:
    """A comma-, semicolon-, tab- or bar-separated file; its first full row names the columns."""
    text = decode(path.read_bytes())
    csv.field_size_limit(len(text) + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text[:SAMPLE_CHARS]))
    return Content(text=rows_text(reader))


def rows_text(rows: Iterable[Sequence[Cell]]) -> str:
    """A table as text, one paragraph a row; a row with one cell before the header is a line of its own."""
    lines: list[str] = []
    names: list[str] | None = None
    for row in rows:
        cells = [cell_text(cell) for cell in row]
        filled = sum(map(bool, cells))
        if filled:
            lines.append(row_text(cells, names=names or []))
        if names is None and filled > 1:
            names = cells if _is_header(cells) else []
    return "\n\n".join(lines)


def row_text(cells: Sequence[str], *, names: Sequence[str]) -> str:
    """The filled cells of a row, each after its column's name where there is one."""
    named = zip_longest(cells, names[: len(cells)], fillvalue="")
    return " | ".join(f"{name}: {cell}" if name else cell for cell, name in named if cell)


def cell_text(cell: Cell) -> str:
    """A cell on one line: whole numbers without a fraction, dates as ISO 8601 has them."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return one_line(cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell))


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names the columns: its cells differ and none is a number or a date."""
    named = [cell for cell in cells if cell]
    return len(set(named)) == len(named) and not any(NUMBER.fullmatch(cell) or len(cell) > 80 for cell in named)


def _delimiter(sample: str) -> str:
    first = next((line for line in sample.splitlines() if line.strip()), "")
    return max(",;\t|", key=first.count)
