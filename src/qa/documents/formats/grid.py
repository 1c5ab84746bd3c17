"""Rows of cells → the lines of a table: titles, facts above it, its header, rows and notes, each known for what it is.

Which rows are a header is found in `heads.py`; `tables.py` reads and writes.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest

from qa.documents.heads import SAMPLE_ROWS, Row, find_header, join_names, kind_of
from qa.documents.marks import CAPTION, HEADER, SECTION
from qa.types import UnitKind

KEY_CHARS = 60  # of the key in "Prepared by | Jane Doe"
TITLE_CHARS = 150  # a longer line above a table is prose
FACTS = 10  # rows of two cells above a wider table are at most so many facts about it

PAIR = re.compile(r"[^\W\d][^:|\d]{0,60}: \S")  # "Source: Office of Figures", but not "Table 2: Harvest"


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes a line of the text: a heading, a row with the names of its columns, a pair, or prose."""

    kind: UnitKind
    cells: Sequence[str]
    names: Sequence[str] = ()
    level: int = 0


def find_lines(rows: Sequence[Row]) -> Iterator[Line]:
    """The lines of the tables that stand below each other in these rows, apart by blank rows."""
    waiting = deque(_blocks(rows))
    above: list[Row] = []  # what may be the title of the next table, and facts about it
    names: list[str] = []
    extent: tuple[int, int] | None = None  # the first and the last column of the table before
    while waiting:
        block = waiting.popleft()
        following = waiting[0] if waiting else []
        width = _width(block)
        is_above = width == 1 or (width == 2 and _width(following) > 2 and len(block) <= FACTS)
        start = len(block) if is_above else _top(block, width)
        if len(block) - start == 1 and find_header([*block[start:], *following[:SAMPLE_ROWS]])[1]:
            waiting[0] = block + following  # a blank row under the header
            continue
        if extent and start:  # only the lines nearest to a table can be its title
            yield from _notes(above)
            above.clear()
        above += block[:start]
        table = block[start:]
        if not table:
            continue
        height, is_sure = find_header(table[:SAMPLE_ROWS])
        here = _extent(table[:SAMPLE_ROWS])
        if is_sure or here != extent or not names:
            names = join_names(table[:height])
            yield from _introduce(above, names)
            table = table[height:]
        else:
            yield from (Line("heading", [_only(row)], level=SECTION) for row in above)
        extent = here
        above = []
        yield from _body(table, names, column=here[0])
    yield from _notes(above)


def _blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        if any(row.cells):
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _width(rows: Sequence[Row]) -> int:
    """In how many cells of a row something stands, as a rule."""
    widths = Counter(len(row.columns) for row in rows[:SAMPLE_ROWS])
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _extent(rows: Sequence[Row]) -> tuple[int, int]:
    return min(row.columns[0] for row in rows), max(row.columns[-1] for row in rows)


def _top(block: Sequence[Row], width: int) -> int:
    """How many rows stand above the header: titles in one cell, facts in two when the table has more."""
    first = _extent(block[:SAMPLE_ROWS])[0]
    for start, row in enumerate(block):
        next_starts = start + 1 < len(block) and bool(block[start + 1].at(first))
        is_pair = row.columns == [first, first + 1] and width > 2 and next_starts and _is_key(row.at(first))
        if (row.marked == "all" and len(row.columns) > 1) or not (len(row.columns) == 1 or is_pair or _asks(row)):
            break
    else:
        return len(block)
    has_header = bool(find_header(block[start : start + SAMPLE_ROWS])[0])
    return start if has_header else len(list(takewhile(lambda row: len(row.columns) == 1, block[:start])))


def _is_key(cell: str) -> bool:
    return kind_of(cell) == "text" and len(cell) <= KEY_CHARS and ": " not in cell


def _is_form(rows: Sequence[Row]) -> bool:
    """Whether rows without a header are of a key and a value each."""
    return len(rows) > 1 and all(
        len(row.columns) == 2 and _is_key(row.at(row.columns[0])) for row in rows[:SAMPLE_ROWS]
    )


def _asks(row: Row) -> bool:
    """Whether every other cell is a key with its colon, as in a form: "Name: | Jane Doe | Date: | 5 May"."""
    cells = [cell for cell in row.cells if cell]
    return len(cells) > 1 and all(cell.endswith(":") for cell in cells[::2])


def _is_lone(row: Row, column: int) -> bool:
    return row.columns == [column] and kind_of(row.at(column)) == "text"


def _only(row: Row) -> str:
    return " | ".join(cell for cell in row.cells if cell)


def _introduce(above: Sequence[Row], names: Sequence[str]) -> Iterator[Line]:
    """The lines above a table, sentences first, and its header."""
    titles = []
    others = []
    for row in above:
        text = _only(row)
        if len(row.columns) > 1 or PAIR.match(text):
            others.append(row)
        elif len(text) > TITLE_CHARS or (text.endswith((".", "!", "?")) and text.count(" ") > 2):
            yield Line("sentence", [text])
        else:
            titles.append(text)
    if titles:
        yield Line("heading", ["\n".join(titles)], level=CAPTION)
    yield from _notes(others)
    if any(names):
        yield Line("heading", names, level=HEADER)


def _notes(rows: Sequence[Row]) -> Iterator[Line]:
    """Lines that belong to no table: facts as pairs, the rest as it is."""
    for row in rows:
        cells = [cell for cell in row.cells if cell]
        if _asks(row):
            pairs = zip_longest(cells[::2], cells[1::2], fillvalue="")
            yield from (Line("pair", [f"{key} {value}".strip()]) for key, value in pairs)
        elif row.marked == "first" or (len(cells) == 2 and _is_key(cells[0])):
            yield Line("pair", [f"{cells[0].rstrip(':')}: {' | '.join(cells[1:])}"])
        else:
            yield Line("pair" if PAIR.match(cells[0]) and len(cells) == 1 else "sentence", [_only(row)])


def _body(rows: Sequence[Row], names: Sequence[str], *, column: int) -> Iterator[Line]:
    """The rows of a table; one cell alone at the left is the title of those below it, or a note when none follow."""
    last = max((place for place, row in enumerate(rows) if not _is_lone(row, column)), default=-1)
    for place, row in enumerate(rows[: last + 1]):
        if _is_lone(row, column):
            yield Line("heading", [row.at(column)], level=SECTION)
        elif not any(names) and len(row.columns) > 1 and (row.marked == "first" or _is_form(rows)):
            yield from _notes([row])
        elif place == 0 or row.cells != list(names):  # a header is repeated at the top of printed pages
            yield Line("row", row.cells, names)
    yield from _notes(rows[last + 1 :])
