"""Passages → tables as they stand in a document: rows with named columns, as many as there are or none.

What a table is about is known from what stands above it. Nothing is chosen or computed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from qa.answers.reading import column_names, key_and_value
from qa.answers.tables.amounts import read_days
from qa.types import Above, Passage, Span, Unit
from qa.words import MONTHS, WORD, stem, words

Beside = Callable[[Passage, range], Sequence[Passage] | None]
"""The passages of a passage's document at these ordinals, fewer where it ends; None where it has changed since."""

MOST_PASSAGES = 4_000  # that are read for a table: it may have some 20,000 rows
RECORD_PAIRS = 20  # under one key, which are shown together up to this number
STEP = 8  # passages on either side that are read first
_TOTAL = re.compile(r"(?:grand |sub-?)?(?:total|sum|average|mean)s?\b|.*\b(?:sub-?)?totals?$", re.I)
_BETWEEN_WORDS = re.compile(r"[/_.-]")  # of a file's name
_QUARTERS = {stem(word): f"q{number}" for number, word in enumerate(("first", "second", "third", "fourth"), start=1)}
_QUARTERS |= {"1st": "q1", "2nd": "q2", "3rd": "q3", "4th": "q4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a question or a cell, and the stem by which it is compared."""

    text: str
    stem: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """A row of a table, or a key with its value: where each of its cells stands by column, and its text on one line."""

    passage: Passage
    unit: Unit
    spans: Mapping[int, Span]
    texts: Mapping[int, str]

    @property
    def is_total(self) -> bool:
        """Whether it sums up other rows, as the first words in it say."""
        first = next((text for _, text in sorted(self.texts.items()) if text), "")
        return bool(_TOTAL.match(first))

    def holds(self, stems: Iterable[str], *, but: int | None = None) -> frozenset[str]:
        """Those of the stems that stand in its cells, outside of one column."""
        held = frozenset().union(*(cell_stems(text) for column, text in self.texts.items() if column != but))
        return held & frozenset(stems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under one header: the names of their columns, and the stems of all that stands above them.

    `whole` says that no row of the document's table is missing. `start` is where its header begins.
    """

    document: str
    start: int | None
    names: Mapping[int, str]
    rows: tuple[Row, ...]
    about: frozenset[str]
    whole: bool = False

    @property
    def body(self) -> list[Row]:
        """Its rows but those that sum up others."""
        return [row for row in self.rows if not row.is_total]


def read_words(text: str) -> list[Word]:
    """The words of a text in order; "third quarter" is Q3."""
    found = [Word(text=each[0], stem=stem(words(each[0])[0]), start=each.start()) for each in WORD.finditer(text)]
    joined: list[Word] = []
    for word in found:
        if word.stem == "quarter" and joined and joined[-1].stem in _QUARTERS:
            first = joined.pop()
            word = Word(text=f"{first.text} {word.text}", stem=_QUARTERS[first.stem], start=first.start)
        joined.append(word)
    return joined


@lru_cache(maxsize=20_000)
def cell_stems(text: str) -> frozenset[str]:
    """The stems in a cell; of a day its year and the name of its month, so that no other number is found in it."""
    days = read_days([text])
    if days and len(days[0]) > 1:
        month = days[0][1] if days[0][0] > 12 else days[0][0]
        spelt = [word.stem for word in read_words(text)] if any(map(str.isalpha, text)) else []
        return frozenset([str(days[0][0]), stem(MONTHS[month - 1]), *spelt])
    return frozenset(word.stem for word in read_words(text))


def find_tables(passages: Iterable[Passage]) -> list[Table]:
    """The tables of which these passages hold rows, in their order."""
    found: dict[tuple[str, int | None, bool], list[tuple[Row, dict[int, str]]]] = {}
    first: dict[tuple[str, int | None, bool], Unit] = {}
    for passage in passages:
        for unit, header in _rows(passage):
            key = (f"{passage.document}@{passage.version}", _start(unit, header), unit.kind == "pair")
            row, names = _read_row(passage, unit, header)
            found.setdefault(key, []).append((replace(row, unit=_record(passage, unit) or unit), names))
            first.setdefault(key, unit)
    return [
        Table(
            document=rows[0][0].passage.document,
            start=key[1],
            names={column: name for _, names in reversed(rows) for column, name in names.items()},
            rows=tuple(row for row, _ in rows),
            about=_about(rows[0][0].passage, first[key]),
        )
        for key, rows in found.items()
    ]


def whole(table: Table, beside: Beside) -> Table | None:
    """The table with all rows that it has in its document; None where it is too long, or no longer there."""
    ordinals = [row.passage.ordinal for row in table.rows]
    reach, is_open, read = STEP, True, []
    while is_open:
        wanted = range(max(0, min(ordinals) - reach), max(ordinals) + reach + 1)
        found = beside(table.rows[0].passage, wanted) if len(wanted) <= MOST_PASSAGES else None
        if not found:
            return None
        read, reach = list(found), 4 * reach
        begins = wanted.start == 0 or not _has_row_of(read[0], table)
        is_open = not begins or (len(read) == len(wanted) and _has_row_of(read[-1], table))
    kind = table.rows[0].unit.kind
    same = (each for each in find_tables(read) if each.start == table.start and each.rows[0].unit.kind == kind)
    complete = replace(next(same), whole=True)
    return complete if _is_even(complete) and not _goes_on(complete, read) else None


def _goes_on(table: Table, passages: Sequence[Passage]) -> bool:
    """Whether rows right before or after the table belong to it: under the same header once more, or under none."""
    lines: list[tuple[int | None, Mapping[int, str]]] = []  # of each row or other unit the table's start and its names
    for passage in passages:
        headers = {unit.start: header for unit, header in _rows(passage) if unit.kind == "row"}
        for unit in passage.units:
            if unit.start in headers:
                header = headers[unit.start]
                lines.append((_start(unit, header), _read_row(passage, unit, header)[1]))
            elif unit.kind != "front" and not unit.cells:
                lines.append((-1, {}))
    ours = [place for place, (start, _) in enumerate(lines) if start == table.start]
    beside = [lines[place] for place in (ours[0] - 1, ours[-1] + 1) if ours and 0 <= place < len(lines)]
    return any(start != -1 and (not names or names == table.names) for start, names in beside)


def _has_row_of(passage: Passage, table: Table) -> bool:
    return any(_start(unit, header) == table.start for unit, header in _rows(passage))


def _start(unit: Unit, header: Unit | None) -> int | None:
    """Where the table of a row begins: with its header, or what the row hangs on without one."""
    return unit.parent if header is None else header.start


def _is_even(table: Table) -> bool:
    """Whether each row stands whole on its own: none was cut to fit a passage, and each begins as the others do.

    A row without what the others begin with may be a total that does not say so.
    """
    first = min(table.names, default=0)
    if any(_one_line(before, row) for before, row in pairwise(table.rows)):
        return False
    return all(first in row.texts or row.is_total for row in table.rows)


def _one_line(before: Row, row: Row) -> bool:
    """Whether two rows are parts of one, which alone stand on a line together."""
    if before.passage.ordinal == row.passage.ordinal:
        return "\n" not in row.passage.text[before.unit.end - row.passage.start : row.unit.start - row.passage.start]
    rest = before.passage.text[before.unit.end - before.passage.start :]
    return "\n" not in rest and "\r" not in rest and row.unit.start - before.unit.end < len("  ")


def _rows(passage: Passage) -> Iterator[tuple[Unit, Unit | None]]:
    """The rows and pairs of a passage, each with the header that it hangs on."""
    known: dict[int | None, Unit] = {each.start: each for each in (*passage.above, *passage.units)}
    for unit in passage.units:
        if unit.kind not in ("row", "pair"):
            continue
        header = known.get(unit.parent)
        while header is not None and header.kind == "heading" and not header.cells:
            header = known.get(header.parent) if header.parent != header.start else None
        yield unit, header if header is not None and header.cells and header.kind == "heading" else None


def _read_row(passage: Passage, unit: Unit, header: Unit | None) -> tuple[Row, dict[int, str]]:
    """A row, and the names of its columns by the header or as they stand before its values."""
    names = {} if header is None else column_names(passage, header)
    spans: dict[int, Span] = {}
    end = unit.start
    for cell in unit.cells or key_and_value(passage, unit):
        before = passage.text[end - passage.start : cell.start - passage.start].strip(" |\t")
        end = cell.end
        if before.endswith(":") and unit.kind == "row":
            names.setdefault(cell.column, before[:-1])
        if len(cell):
            spans[cell.column] = cell
    texts = {column: " ".join(passage.cut(span).split()) for column, span in spans.items()}
    named = {column: " ".join(name.split()) for column, name in names.items()}
    return Row(passage=passage, unit=unit, spans=spans, texts=texts), named


def _record(passage: Passage, pair: Unit) -> Unit | None:
    """The key that a pair hangs on with all pairs under it, as one: a printer of a list of printers.

    None where it hangs on none, or on one that has further keys under it.
    """
    lead = next((each for each in passage.units if each.start == pair.parent and each.kind == "pair"), None)
    inside = [each for each in passage.units if lead and each.parent == lead.start]
    if lead is None or not all(each.kind == "pair" and not each.leads for each in inside) or len(inside) > RECORD_PAIRS:
        return None
    return replace(lead, end=inside[-1].end)


def _about(passage: Passage, unit: Unit) -> frozenset[str]:
    """The stems of a document's title and file name, and of all that a row hangs on but its header."""
    said = [passage.title, *_BETWEEN_WORDS.split(passage.document)]
    known: dict[int | None, Unit] = {each.start: each for each in (*passage.above, *passage.units)}
    above = known.get(unit.parent)
    if record := _record(passage, unit):
        said.append(passage.cut(record))
    while above is not None:
        if not above.cells:
            said.append(above.text if isinstance(above, Above) else passage.cut(above))
        above = known.get(above.parent)
    return frozenset(word.stem for text in said for word in read_words(text))
