"""Tables in plain text → marks: cells apart by bars, by tabs, or by spaces that stand in columns.

A table is a run of lines. Its first row is its header where a rule below says so, or where no cell of it is a number.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from qa.documents.heads import SAMPLE_ROWS, Row, find_header
from qa.documents.marks import BULLET, HEADER, ITEM_NUMBER, Line, run_length
from qa.types import Cell, Mark, Span, UnitKind

ROW = re.compile(r"\s*\|.*\|\s*$|[^|]*\S\s\|\s[^|]*\s\|\s")
RULE = re.compile(r"[\s>]*[|+:=-][|+:=\s-]*")  # |---|:--|, +---+---+, ---- ----: no words
RULED = re.compile(r"[\s>]*:?-+:?\s*\|[|:\s-]*")
BAR = re.compile(r"(?<!\\)\|")
GAP = re.compile(r"\t|(?<=\S) {2,}(?=\S)")

ALIGNED_LINES = 3  # so many lines in the same columns are a table; fewer may be chance

Placed = tuple[Span, tuple[Cell, ...] | None]  # None: a rule between rows


def table_length(lines: Sequence[Line], at: int) -> int:
    """How many lines from this one on are a table; 0 where none begins."""
    words = lines[at].words
    if BAR.search(words) and at + 1 < len(lines) and RULED.fullmatch(lines[at + 1].words):
        return run_length(lines, at, lambda line: bool(BAR.search(line.words)))
    if ROW.match(words) or words.lstrip().startswith(("+-", "+=")):
        return run_length(lines, at, lambda line: bool(ROW.match(line.words) or RULE.fullmatch(line.words)))
    aligned = _aligner(lines[at])
    length = run_length(lines, at, lambda line: bool(aligned(line)))
    return length if length >= ALIGNED_LINES else 0


def table_marks(text: str, lines: Sequence[Line], *, level: int = 0) -> Iterator[Mark]:
    """The marks of a table's lines: its header, its rows with their cells, and as front matter the rules between."""
    cells_of = _aligner(lines[0])
    rows: list[Placed] = []
    for line in lines:
        if RULE.fullmatch(line.words):
            rows.append((line, None))
        else:
            rows.append((line, tuple(bar_cells(line)) if BAR.search(line.words) else cells_of(line)))
    headed = any(cells for _, cells in rows) and _has_header(text, rows)
    for span, cells in rows:
        if headed and cells:
            yield Mark(kind="heading", start=span.start, end=span.end, level=HEADER, cells=cells)
            headed = False
        else:
            kind: UnitKind = "front" if cells is None else "row"
            yield Mark(kind=kind, start=span.start, end=span.end, level=level, cells=cells or ())


def bar_cells(line: Line) -> Iterator[Cell]:
    """The cells of a line that bars divide; a bar after a backslash is one of the words."""
    ends = [found.start() for found in BAR.finditer(line.words)]
    starts = [0, *(end + 1 for end in ends)]
    parts = list(zip(starts, [*ends, len(line.words)], strict=True))
    outer = len(parts) > 1 and not line.words[: parts[0][1]].strip()
    for column, (start, end) in enumerate(parts[1:] if outer else parts):
        yield from _cell(line, start, end, column)


def _aligner(first: Line) -> Callable[[Line], tuple[Cell, ...]]:
    """What finds the cells of a line in the columns of the first one; none where it has others, or not two of them."""
    pieces = _pieces(first)
    tabbed = "\t" in first.words.strip()
    starts = {start: column for column, (start, _) in enumerate(pieces)}
    ends = {end: column for column, (_, end) in enumerate(pieces)}

    def cells(line: Line) -> tuple[Cell, ...]:
        found = _pieces(line)
        if tabbed:
            columns = list(range(len(found))) if len(found) == len(pieces) else []
        else:
            columns = [starts.get(start, ends.get(end, -1)) for start, end in found]
        if len(columns) < 2 or -1 in columns or sorted(set(columns)) != columns:
            return ()
        placed = zip(found, columns, strict=True)
        return tuple(cell for (start, end), column in placed for cell in _cell(line, start, end, column))

    return cells


def _pieces(line: Line) -> list[tuple[int, int]]:
    """What stands apart by tabs or by more than a space in a line; nothing where it is an item or "Key:   value"."""
    if BULLET.match(line.words) or ITEM_NUMBER.match(line.words):
        return []
    gaps = list(GAP.finditer(line.words, len(line.words) - len(line.words.lstrip())))
    starts = [len(line.words) - len(line.words.lstrip()), *(gap.end() for gap in gaps)]
    pieces = list(zip(starts, [*(gap.start() for gap in gaps), len(line.words)], strict=True))
    return pieces if not line.words[: pieces[0][1]].endswith(":") else []


def _cell(line: Line, start: int, end: int, column: int) -> Iterator[Cell]:
    words = line.words[start:end]
    if words.strip():
        first = line.start + start + len(words) - len(words.lstrip())
        yield Cell(start=first, end=first + len(words.strip()), column=column)


def _has_header(text: str, rows: Sequence[Placed]) -> bool:
    """Whether the first of these rows names the columns: by the rule below it, else by its kind."""
    first = next(number for number, (_, cells) in enumerate(rows) if cells is not None)
    below = [cells for _, cells in rows[first + 1 :] if cells is not None]
    if not below:
        return False
    span, ruled = rows[first + 1]
    rule = text[span.start : span.end].strip()
    if ruled is None and ("=" in rule or not rule.startswith("+")):
        return True
    found = ({cell.column: text[cell.start : cell.end] for cell in cells} for cells in (rows[first][1] or (), *below))
    values = ([row.get(column, "") for column in range(max(row, default=0) + 1)] for row in islice(found, SAMPLE_ROWS))
    count, is_sure = find_header([Row(cells) for cells in values])
    return count > 0 and is_sure  # that words stand above words says nothing
