"""Quotes → the words in which they are read: lines for what stands in lines, a row's values under their columns' names.

What is cited stays the exact characters; nothing is chosen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa.documents.markdown import heading_words
from qa.types import Above, Cell, Passage, Span, Unit, UnitKind

BETWEEN_CELLS = " · "
# A document's own reference marks would read as citations of ours, so an answer leaves them out; the quote keeps them.
_REFERENCE = re.compile(r"\s?\[(?:\d+(?:[.,;–-]\s?\d+)*)\](?:\((?:[^)\s\]]|\](?!\())*+\))?")
_OURS = re.compile(r"\[(\d++)\]")  # what would read so in a row or in code, where it may be no reference
BOLD = re.compile(r"(?<![\w*(=`])\*\*(?=[^\s*])([^*\n]+)(?<=\S)\*\*(?![\w*`])")
_FENCES = re.compile(r"\A\s*(?:```|~~~)[^\r\n]*+|(?:```|~~~)[`~]*+\s*\Z")


def reading_form(passage: Passage, quote: Span) -> str:
    """The words of a quote: its sentences as running text, each other unit on a line; keys under one key as a row."""
    first, *others = [unit for unit in passage.units if quote.start <= unit.start < quote.end]
    if first.kind == "pair" and all(each.kind == "pair" and each.parent == first.start for each in others):
        said = BETWEEN_CELLS.join(unit_words(passage, each) for each in others)
        return f"{unit_words(passage, first)} {said}".rstrip()
    lines: list[str] = []
    joins = False  # whether a sentence goes on with the line before it
    for unit in passage.units:
        if not quote.start <= unit.start < quote.end or unit.kind == "front" or (unit.kind == "heading" and unit.cells):
            continue
        line = unit_words(passage, unit)
        if joins and unit.kind == "sentence":
            lines[-1] += f" {line}"
        else:
            lines.append(line)
        joins = unit.kind in ("sentence", "item", "step")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineLine:
    """One unit of a document as a person sees how it was understood.

    `depth` counts what it hangs on; `leads` what it leads to, without which it is not quoted.
    """

    kind: UnitKind
    start: int
    end: int
    depth: int
    leads: int
    text: str


def outline(passages: Iterable[Passage]) -> Iterator[OutlineLine]:
    """A line for each unit of a document's passages, in order."""
    depths: dict[int | None, int] = {}
    for passage in passages:
        for unit in (*(each for each in passage.above if each.start not in depths), *passage.units):
            depths[unit.start] = depth = depths.get(unit.parent, -1) + 1
            text = " ".join((unit.text if isinstance(unit, Above) else unit_words(passage, unit)).split())
            yield OutlineLine(kind=unit.kind, start=unit.start, end=unit.end, depth=depth, leads=unit.leads, text=text)


def unit_words(passage: Passage, unit: Unit) -> str:
    """A unit as it is read: on one line, but for code; without the marks of a heading and references of its own."""
    if unit.kind == "row" and unit.cells:
        return _OURS.sub(r"(\1)", BETWEEN_CELLS.join(_named_cells(passage, unit)))
    if unit.kind == "code":
        return _OURS.sub(r"(\1)", _FENCES.sub("", passage.cut(unit)).strip("\r\n"))
    words = BOLD.sub(r"\1", " ".join(_REFERENCE.sub("", passage.cut(unit)).split()))
    return heading_words(words) if unit.kind == "heading" else words


def _named_cells(passage: Passage, row: Unit) -> Iterator[str]:
    """Each value of a row after the name of its column, which stands before it in the row or in the header above."""
    header = header_above(passage, row)
    names = {} if header is None else column_names(passage, header)
    end = row.start
    for cell in row.cells:
        before = "" if header is not None else passage.cut(Span(start=end, end=cell.start)).lstrip(" |\t")
        end = cell.end
        name = names.get(cell.column)
        if len(cell):
            yield " ".join(f"{f'{name}: ' if name else before}{passage.cut(cell)}".split())


def header_above(passage: Passage, unit: Unit) -> Unit | None:
    """The header of a row that does not name its columns itself; None for any other unit."""
    if unit.kind != "row" or not unit.cells:
        return None
    known: dict[int | None, Unit] = {each.start: each for each in (*passage.above, *passage.units)}
    header = known.get(unit.parent)
    if header is not None and not header.cells:  # a title of some of the table's rows
        header = known.get(header.parent)
    if header is None or not header.cells:
        return None
    name = column_names(passage, header).get(unit.cells[0].column)
    before = passage.cut(Span(start=unit.start, end=unit.cells[0].start))
    return None if name and before.endswith(f"{name}: ") else header


def column_names(passage: Passage, header: Unit) -> dict[int, str]:
    """The names of the columns under a header, by number."""
    text = header.text if isinstance(header, Above) else passage.cut(header)
    return {
        cell.column: text[cell.start - header.start : cell.end - header.start] for cell in header.cells if len(cell)
    }


def key_and_value(passage: Passage, unit: Unit) -> tuple[Cell, ...]:
    """What stands before the colon of a pair, and after it; nothing for any other unit."""
    if unit.kind != "pair":
        return ()
    text = passage.cut(unit)
    key, _, value = text.partition(":")
    start = unit.start + len(text) - len(value.lstrip())
    return Cell(start=unit.start, end=unit.start + len(key), column=0), Cell(start=start, end=unit.end, column=1)
