"""Which of the first rows of a table name its columns, and how: by marks, or by the kinds of what stands below them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile, zip_longest
from typing import Literal

SAMPLE_ROWS = 50  # that show of what kind a column is
HEADER_ROWS = 5  # that a header has at most
LONG_CHARS = 80  # a longer cell names a column only when those below it are shorter

YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:[/–-]\d{2,4})?")
DATE = re.compile(r"\d{4}-\d\d-\d\d\b.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}:\d\d\b.*")
VALUE = re.compile(r"[-+(~<>≈±€$£¥₹\s]*+\d[\d.,:/%'’T\s€$£¥₹)*–-]*+(?:[^\W\d]{1,3})?")
ABSENT = re.compile(r"[-–—.:…*?xX]{1,3}|n/?a|n\.a\.", re.IGNORECASE)  # "no figure", as statistics have it


@dataclass(slots=True)
class Row:
    """The cells of a row from the first column on, merged ones filled in; what the file marks as heads in it."""

    cells: list[str]
    marked: Literal["", "first", "all"] = ""

    @property
    def columns(self) -> list[int]:
        """The columns in which something stands."""
        return [column for column, cell in enumerate(self.cells) if cell]

    def at(self, column: int) -> str:
        """The cell of a column; empty where the row is shorter."""
        return self.cells[column] if column < len(self.cells) else ""


def find_header(rows: Sequence[Row]) -> tuple[int, bool]:
    """How many of the first rows name the columns, and whether marks or the kinds of values below say so.

    Otherwise it is only that the first row differs from those below it.
    """
    marked = len(list(takewhile(lambda row: row.marked == "all", rows)))
    if 0 < marked < len(rows):
        return marked, True
    if len(rows) < 2 or rows[0].marked == "first":
        return 0, False
    height = 1
    while height < min(len(rows) - 1, HEADER_ROWS) and _goes_on(rows, height):
        height += 1
    below = [row for row in rows[height:] if row.cells != rows[0].cells]
    kinds = _kinds(below)
    if len(rows[0].columns) == 2:  # keys and values, as in a form, have no header unless it looks like none of them
        last = rows[0].columns[1]
        value = rows[0].at(last)
        if kinds.get(last) == "mixed" or (value[0].isdigit() and not YEAR.fullmatch(value)):
            return 0, False
    is_sure = False
    for row in rows[:height]:
        values = [column for column in row.columns if kind_of(row.at(column)) != "text"]
        counts = _counts_up([row.at(column) for column in values])
        if not counts and any(kind_of(row.at(column)) == kinds.get(column) for column in values):
            return 0, False
        is_sure |= counts or any(
            kinds.get(column, "mixed") not in ("mixed", kind_of(row.at(column))) for column in row.columns
        )
    return (height if is_sure or _differs(rows[0], below) else 0), is_sure


def join_names(rows: Sequence[Row]) -> list[str]:
    """The names of the columns under these rows of heads, "2023 Costs" of two; a name met again is "Phone 2"."""
    names: list[list[str]] = [[] for _ in range(max((len(row.cells) for row in rows), default=0))]
    for row, below in zip_longest(rows, rows[1:]):
        group = ""
        for column, parts in enumerate(names):
            group = row.at(column) or (group if below and below.at(column) and column else "")
            if group and group not in parts:
                parts.append(group)
    seen: Counter[str] = Counter()
    joined = [" ".join(parts).rstrip(":") for parts in names]
    for column, name in enumerate(joined):
        seen[name] += 1
        while name and seen[name] > 1 and f"{name} {seen[name]}" in joined:
            seen[name] += 1
        joined[column] = f"{name} {seen[name]}" if name and seen[name] > 1 else name
    return joined


@lru_cache(maxsize=50_000)
def kind_of(cell: str) -> Literal["", "year", "date", "value", "text"]:
    """Of what kind a cell is; an absent figure is of none."""
    if not cell or ABSENT.fullmatch(cell):
        return ""
    if YEAR.fullmatch(cell):
        return "year"
    if DATE.fullmatch(cell):
        return "date"
    return "value" if VALUE.fullmatch(cell) else "text"


def _goes_on(rows: Sequence[Row], place: int) -> bool:
    """Whether the header goes on with this row: the heads above are those of groups, or this one has units."""
    above, row = rows[place - 1], rows[place]
    kinds = _kinds(rows[place + 1 :])
    heads = [row.at(column) for column in row.columns]
    if any(kind_of(head) in ("value", "date") for head in heads):
        return False
    is_typed = any(
        kinds.get(column) in ("value", "date", "year") and kind_of(row.at(column)) not in ("", kinds[column])
        for column in row.columns
    )
    is_group = any(
        (left and left == right) or (row.at(column) and not right)
        for column, (left, right) in enumerate(pairwise(above.cells), start=1)
    ) or any(column >= len(above.cells) for column in row.columns)
    if is_typed:
        return is_group or not above.at(0) or not row.at(0)
    is_apart = row.at(0) in ("", above.at(0)) or not above.at(0) or len(set(heads)) < len(heads)
    return is_group and is_apart and all(kind_of(head) != "year" or kinds.get(0) for head in heads)


def _kinds(rows: Sequence[Row]) -> dict[int, str]:
    """The kind of each column that has any values: of all, or of half of them when these are three, else mixed."""
    counts: dict[int, Counter[str]] = {}
    for row in rows[:SAMPLE_ROWS]:
        for column in row.columns:
            if kind := kind_of(row.at(column)):
                counts.setdefault(column, Counter())[kind] += 1
    kinds: dict[int, str] = {}
    for column, count in counts.items():
        usual, most = count.most_common(1)[0]
        kinds[column] = usual if most == count.total() or (most > 2 and 2 * most >= count.total()) else "mixed"
    return kinds


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether three or more years, or numbers one apart, follow each other as no data do."""
    numbers = [int(cell[:4]) for cell in cells if YEAR.fullmatch(cell) or (cell.isascii() and cell.isdigit())]
    steps = {after - before for before, after in pairwise(dict.fromkeys(numbers))}
    is_whole = len(numbers) == len(cells) and len(set(numbers)) > 2
    return is_whole and len(steps) == 1 and (steps <= {1, -1} or all(map(YEAR.fullmatch, cells)))


def _differs(head: Row, below: Sequence[Row]) -> bool:
    """Whether no cell of the first row is met again in its column, nor is as long as prose."""
    for column in head.columns:
        cells = [row.at(column) for row in below[:SAMPLE_ROWS]]
        longest = max(map(len, cells), default=0)
        if head.at(column) in cells or (len(head.at(column)) > LONG_CHARS and longest >= len(head.at(column))):
            return False
    return len(head.columns) > 1
