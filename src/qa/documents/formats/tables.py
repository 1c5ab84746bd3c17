"""Tables → a line of text for each row, every cell under the name of its column.

A row that names its columns can be found, read and cited alone: `Company: Acme | Founded: 1998`.
What the rows of a table are is found in `grid.py`.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

from qa.documents.formats.content import Content, Writing, decode, one_line
from qa.documents.formats.grid import find_lines
from qa.documents.heads import SAMPLE_ROWS, Row
from qa.documents.marks import CAPTION, HEADER
from qa.types import Cell, Span

DELIMITERS = "\t;|,"  # where two divide a file alike, the rarer in prose is meant
MAX_COLUMNS = 1_000  # that a cell may span. Source: HTML Living Standard, 4.9.11
# A quotation mark inside a cell, as programs write it that know no doubled one; not the end of a path like "C:\".
BACKSLASHED = re.compile(r"\\\"(?=[^,;\t|\r\n])")

Merged = tuple[int, int, int, int]  # the first row, the first column, the last row, the last column of a merged cell


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """One cell as its format has it: how many rows and columns it spans, and whether it is marked as naming others.

    `origins` are where a PDF prints its words.
    """

    text: str
    is_header: bool = False
    rows: int = 1
    columns: int = 1
    origins: tuple[Span, ...] = ()


def read_csv(path: Path) -> Content:
    """A comma-, semicolon-, tab- or bar-separated file."""
    text = decode(path.read_bytes())
    if BACKSLASHED.search(text):
        text = text.replace('\\"', '""')
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))

    def rows_alike(delimiter: str) -> int:
        """How many of the first rows a delimiter divides into equally many cells."""
        widths = Counter(len(row) for row in islice(_parsed(text, delimiter), SAMPLE_ROWS) if any(row))
        return max((count for width, count in widths.items() if width > 1), default=0)

    writing = Writing()
    rows = _parsed(text, max(DELIMITERS, key=rows_alike))
    write_rows(writing, [Row([one_line(cell) for cell in cells]) for cells in rows])
    return writing.content()


def write_table(writing: Writing, rows: Iterable[Sequence[GridCell]], *, caption: str = "", level: int = 0) -> None:
    """Write a table under its caption; `level` is the depth of the list item in which it stands."""
    writing.add(one_line(caption), "heading", level=CAPTION)
    write_rows(writing, _rectangle(rows), level=level)


def write_rows(writing: Writing, rows: Sequence[Row], *, level: int = 0) -> None:
    """Write what `find_lines` finds in rows: the tables of a sheet, with the titles and notes between them."""
    for line in find_lines(rows):
        named = zip_longest(line.cells, line.names[: len(line.cells)], fillvalue="")
        text, cells = row_text((column, name, cell) for column, (cell, name) in enumerate(named))
        has_columns = line.kind == "row" or line.level == HEADER
        writing.add(text, line.kind, level=line.level or level, cells=cells if has_columns else ())


def row_text(parts: Iterable[tuple[int, str, str]]) -> tuple[str, list[Cell]]:
    """Cells with their columns and the names of these, on one line, and where each stands in it; empty ones are not."""
    pieces: list[str] = []
    cells: list[Cell] = []
    length = 0
    for column, name, cell in parts:
        if cell:
            before = (" | " if cells else "") + (f"{name}: " if name else "")
            start = length + len(before)
            length = start + len(cell)
            pieces += (before, cell)
            cells.append(Cell(start=start, end=length, column=column))
    return "".join(pieces), cells


def merge(rows: Sequence[Row], spans: Iterable[Merged]) -> list[Row]:
    """The rows of a table with each merged cell in all places that it covers, without those of nothing else.

    A label at the left edge, or a cell that is alone in its row, is not repeated to its right.
    """
    blank = {number for number, row in enumerate(rows) if not any(row.cells)}
    covered = set()
    for top, left, bottom, right in spans:
        text = rows[top].at(left)
        for number in range(top, min(bottom + 1, len(rows))):
            if number in blank:
                covered.add(number)
                continue
            cells = rows[number].cells
            cells += [""] * (min(right + 1, left + MAX_COLUMNS) - len(cells))
            is_label = left == 0 or (number == top and sum(map(bool, cells)) == 1)
            end = left + 1 if is_label else right + 1
            cells[left:end] = [each or text for each in cells[left:end]]  # on a page, merged cells may overlap
    return [row for number, row in enumerate(rows) if number not in covered]


def _rectangle(rows: Iterable[Sequence[GridCell]]) -> list[Row]:
    """The rows of a page's table, each cell in its column and in all that it spans; none without words.

    No cell is repeated over more columns than a row has cells.
    """
    rows = list(rows)
    widest = max(map(len, rows), default=0)
    placed: list[Row] = []
    spans: list[Merged] = []
    reached: dict[int, int] = {}  # the last row into which a cell from above reaches, by column
    for number, row in enumerate(rows):
        cells: list[str] = []
        for cell in row:
            while number <= reached.get(len(cells), -1):
                cells.append("")
            column, last = len(cells), number + cell.rows - 1
            cells += [one_line(cell.text), *[""] * (min(cell.columns, widest, MAX_COLUMNS - column) - 1)]
            if last > number or len(cells) - column > 1:
                reached |= dict.fromkeys(range(column, len(cells)), last)
                spans.append((number, column, last, len(cells) - 1))
        heads = [cell.is_header for cell in row if cell.text.strip()]
        placed.append(Row(cells, "all" if heads and all(heads) else "first" if heads and heads[0] else ""))
    return [row for row in merge(placed, spans) if row.columns]


def _parsed(text: str, delimiter: str) -> Iterable[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
