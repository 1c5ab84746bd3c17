"""The lines of a PDF's page → its blocks: paragraphs, list items, contents, and tables where lines are cut in columns.

A PDF says only where characters stand; what a block is, is told from that and from the marks before it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.documents.formats.pdf_lines import Line, Part
from qa.documents.formats.tables import GridCell
from qa.documents.plain import is_entry
from qa.types import Span, UnitKind

SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*\Z")
ITEM = re.compile(r"[•‣◦▪●*–-]\s")
STEP = re.compile(r"\(?(?:\d{1,3}|[a-z])[.)]\s")
MARKER = re.compile(r"[•‣◦▪●*–-]|\(?(?:\d{1,3}|[a-z])[.)]")

SAME_HEIGHT = 0.15  # two lines of one font differ by no more than this share of the higher one
WIDER_STEP = 1.25  # how many usual steps down at least a new paragraph begins
SHORT_LINE = 0.85  # a line filled less ends its paragraph when its sentence has ended, too
VERY_SHORT_LINE = 0.65  # a line filled less ends it in any case

MOST_COLUMNS = 40
ROW_STEP = 3.5  # how many heights the next row of a table is down at most
CELL_CHARS = 45  # cells are shorter on average; what is longer is prose in two columns
SPANNING = 0.3  # the share of a table's cells that may lie over several of its columns

Row = tuple[GridCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph with its look, or a table with its rows."""

    text: str = ""
    kind: UnitKind = "sentence"
    lines: int = 1
    left: float = 0.0
    height: float = 0.0
    is_bold: bool = False
    rows: tuple[Row, ...] = ()
    origins: tuple[Span, ...] = ()  # as those of its lines' parts


def usual_step(pages: Sequence[Sequence[Line]]) -> float:
    """How far down the next line of a paragraph is, in heights of a line: the lower quartile of all such steps."""
    steps = sorted(_step(*pair) / pair[1].height for lines in pages for pair in pairwise(lines) if pair[1].height > 0)
    steps = [step for step in steps if step > 0]
    return steps[len(steps) // 4] if steps else 0.0


def page_blocks(lines: Sequence[Line], *, usual: float) -> Iterator[Block]:
    """The blocks of a page in order; `usual` is its document's usual step."""
    waiting: list[Line] = []
    place = 0
    while place < len(lines):
        end = _table_end(lines, place)
        if rows := _rows(lines[place:end]):
            yield from _paragraphs(waiting, usual=usual)
            waiting = []
            yield Block(rows=rows)
        else:
            end = max(end, place + 1)
            waiting += lines[place:end]
        place = end
    yield from _paragraphs(waiting, usual=usual)


def _step(before: Line, line: Line) -> float:
    """How far down a line is from the one before it, in points; not above 0 where a new column begins."""
    return before.last_bottom - line.bottom


def _paragraphs(lines: Sequence[Line], *, usual: float) -> Iterator[Block]:
    right = 0.0
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _ends_paragraph(paragraph[-1], line, usual=usual, right=max(right, line.right)):
            yield _block(paragraph)
            paragraph = []
            right = 0.0
        paragraph.append(line)
        right = max(right, line.right)
    if paragraph:
        yield _block(paragraph)


def _block(lines: Sequence[Line]) -> Block:
    return Block(
        text=" ".join(line.text for line in lines),
        kind=_kind(lines[0]),
        lines=len(lines),
        left=lines[0].left,
        height=max(line.height for line in lines),
        is_bold=all(line.is_bold for line in lines),
        origins=tuple(origin for line in lines for origin in line.origins),
    )


def _kind(line: Line) -> UnitKind:
    """What a line begins, by itself."""
    if len(line.parts) > 1 and (line.is_filled_in or (len(line.parts) == 2 and line.parts[0].text.endswith(":"))):
        return "pair"
    if is_entry(line.text):
        return "front"
    return "item" if ITEM.match(line.text) else "step" if STEP.match(line.text) else "sentence"


def _ends_paragraph(before: Line, line: Line, *, usual: float, right: float) -> bool:
    """Whether a paragraph ends between two lines; `right` is the right edge of its longest line."""
    if _kind(line) != "sentence" or _kind(before) in ("pair", "front") or line.is_filled_in or before.is_filled_in:
        return True
    step = _step(before, line)
    ended = bool(SENTENCE_END.search(before.text))
    if step <= 0:  # the next column
        return ended
    left = min(before.left, line.left)
    filled = (before.right - left) / (right - left) if right > left else 1.0
    short = filled < (SHORT_LINE if ended else VERY_SHORT_LINE)
    indented = line.left - before.left > line.height / 2 and _kind(before) == "sentence"
    resized = abs(line.height - before.height) > SAME_HEIGHT * max(line.height, before.height)
    return step > usual * line.height * WIDER_STEP or short or indented or resized or before.is_bold != line.is_bold


def _cells(line: Line) -> tuple[Part, ...]:
    """The parts of a line, the mark of a list item no part of its own; none where they are no cells of a table."""
    parts = line.parts
    if len(parts) > 1 and MARKER.fullmatch(parts[0].text):
        first = replace(
            parts[0],
            text=f"{parts[0].text} {parts[1].text}",
            right=parts[1].right,
            origins=parts[0].origins + parts[1].origins,
        )
        parts = (first, *parts[2:])
    return () if len(parts) > MOST_COLUMNS or _kind(line) in ("pair", "front") else parts


def _table_end(lines: Sequence[Line], start: int) -> int:
    """Where the lines end that may be rows of one table; `start` where there is but one of them."""
    cut = 0.0  # where the second column of the last row begins
    end = start
    for place in range(start, len(lines)):
        line = lines[place]
        cells = _cells(line)
        if place > start and not 0 < _step(lines[place - 1], line) <= ROW_STEP * line.height:
            break
        if len(cells) > 1:
            cut = cells[1].left
        elif not (cells and cut and cells[0].left >= cut - line.height):  # nor the rest of a cell
            break
        end = place + 1
    return end if end > start + 1 else start


def _rows(lines: Sequence[Line]) -> tuple[Row, ...]:
    """The rows of a table, each cell in its column; none where the lines have no columns in common."""
    cut = [_cells(line) for line in lines]
    columns = _columns(cut)
    if not columns:
        return ()
    placed = [[(part, _span(part, columns)) for part in line] for line in cut]
    spans = [span for line in placed for _, span in line]
    counts = [sum(first == column for first, _ in spans) for column in range(len(columns))]
    wide = sum(last > first for first, last in spans)
    chars = sum(len(part.text) for line in cut for part in line)
    if sum(count > 1 for count in counts) < 2 or wide > SPANNING * len(spans) or chars > CELL_CHARS * len(spans):
        return ()
    rows: list[list[list[Part]]] = []  # the parts in each column of each row
    bold: list[bool] = []
    for line, printed in zip(placed, lines, strict=True):
        goes_on = (
            line[0][1][0] > 0
            and len(line) <= len(columns) // 2
            and all(any(map(str.isalpha, part.text)) for part, _ in line)
        )
        if not (rows and goes_on):
            rows.append([[] for _ in columns])
            bold.append(printed.is_bold)
        for part, (first, _) in line:
            rows[-1][first].append(part)
    return tuple(
        tuple(
            GridCell(
                text=" ".join(part.text for part in parts),
                is_header=is_bold and not all(bold),
                origins=tuple(origin for part in parts for origin in part.origins),
            )
            for parts in row
        )
        for row, is_bold in zip(rows, bold, strict=True)
    )


def _columns(lines: Sequence[Sequence[Part]]) -> list[tuple[float, float]]:
    """Where the columns of lines begin and end, from left to right; the fullest lines say it first.

    None where there are too many: a table is no wider than a page.
    """
    columns: list[tuple[float, float]] = []
    for line in sorted(lines, key=len, reverse=True):
        if len(columns) > MOST_COLUMNS:
            return []
        for part in line:
            over = [each for each in columns if part.left < each[1] and part.right > each[0]]
            if not over:
                columns.append((part.left, part.right))
            elif len(over) == 1:
                columns.remove(over[0])
                columns.append((min(part.left, over[0][0]), max(part.right, over[0][1])))
    return sorted(columns)


def _span(part: Part, columns: Sequence[tuple[float, float]]) -> tuple[int, int]:
    """The first and the last column over which a part lies."""
    over = [place for place, (left, right) in enumerate(columns) if part.left < right and part.right > left]
    return over[0], over[-1]
