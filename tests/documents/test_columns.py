"""Tables in texts: which lines are one, which of them is the header, and the cells of each column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from qa.documents.commonmark import markdown_marks
from qa.documents.marks import HEADER
from qa.documents.plain import find_marks
from qa.types import Mark

# text, its header, its rows; each cell with its column
TABLES: list[tuple[str, Sequence[str], list[list[str]]]] = [
    ("| Hive | kg |\n|:--|--:|\n| oak | 40 |\n| ash | |\n", ["0 Hive", "1 kg"], [["0 oak", "1 40"], ["0 ash"]]),
    ("Hive | kg\n---|---\noak \\| elm | 40\n", ["0 Hive", "1 kg"], [["0 oak \\| elm", "1 40"]]),
    ("> | Hive | kg |\n> |---|---|\n> | oak | 40 |\n", ["0 Hive", "1 kg"], [["0 oak", "1 40"]]),
    ("| | kg |\n|---|---|\n| - | 40 |\n", ["1 kg"], [["0 -", "1 40"]]),
]
PLAIN_TABLES: list[tuple[str, Sequence[str], list[list[str]]]] = [
    *TABLES[:2],
    (
        "in kg | 2023 | 2024\nhoney | 40 | 38\nwax | 2 | 3\n",
        ["0 in kg", "1 2023", "2 2024"],
        [["0 honey", "1 40", "2 38"], ["0 wax", "1 2", "2 3"]],
    ),
    ("oak | 40 | dry\nash | 38 | wet\n", [], [["0 oak", "1 40", "2 dry"], ["0 ash", "1 38", "2 wet"]]),
    (
        "Hive     Keeper     kg\noak      Ada        40\nash                  8\nold elm  Ben Hill    3\n",
        ["0 Hive", "1 Keeper", "2 kg"],
        [["0 oak", "1 Ada", "2 40"], ["0 ash", "2 8"], ["0 old elm", "1 Ben Hill", "2 3"]],
    ),
    ("Hive\tkg\noak\t40\nash\t\n", [], []),
    ("Hive\tkg\noak\t12\nash\t9\n", ["0 Hive", "1 kg"], [["0 oak", "1 12"], ["0 ash", "1 9"]]),
    ("oak\tAda\nash\tBen\nelm\tIda\n", [], [["0 oak", "1 Ada"], ["0 ash", "1 Ben"], ["0 elm", "1 Ida"]]),
    (
        "+------+----+\n| Hive | kg |\n+======+====+\n| oak  | 40 |\n+------+----+\n",
        ["0 Hive", "1 kg"],
        [["0 oak", "1 40"]],
    ),
    ("|---+---|\n| Hive | kg |\n|---+---|\n| oak | 40 |\n", ["0 Hive", "1 kg"], [["0 oak", "1 40"]]),
    ("They hum.  He left.\nShe stayed on.  It\nwas dry.  So.\n", [], []),
    ("1.  Lift\n2.  Look\n3.  Leave\n", [], []),
]


@pytest.mark.parametrize(
    ("find", "table"),
    [*((markdown_marks, each) for each in TABLES), *((find_marks, each) for each in PLAIN_TABLES)],
)
def test_a_table_has_its_header_and_the_cells_of_its_rows_by_column(
    find: Callable[[str], Sequence[Mark]], table: tuple[str, Sequence[str], list[list[str]]]
) -> None:
    text, header, rows = table
    for above in ("", "Two hives:\n\n"):
        marks = find(above + text)
        cells = [
            (mark.level == HEADER, [f"{cell.column} {(above + text)[cell.start : cell.end]}" for cell in mark.cells])
            for mark in marks
            if mark.cells
        ]
        assert cells == [*([(True, list(header))] if header else []), *((False, row) for row in rows)]
        assert all(mark.level in (0, HEADER) for mark in marks if mark.cells)
