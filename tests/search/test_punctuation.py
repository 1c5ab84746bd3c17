"""What is listed is read like sentences, in the places in which it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Chatbot
from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.search.punctuation import punctuated
from qa.types import Passage

SHEET = """Site sheet: Almery

Address: 3 Quay Street, Almery ZX1 4QT
Water meter: WM-2207
Electricity meter: EL-9041
Key safe: beside the loading bay, code 6152
"""


def passage(text: str, *, header: str = "") -> Passage:
    return Passage(
        document="d", version="v", title="d", ordinal=0, start=0, end=len(text), text=text, header=header,
        units=find_units(text, find_marks(text)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("It hums.\n\nIt is green\nand old.", "It hums.\n\nIt is green\nand old."),
        ("Bay: 4\nLead_time: 3 days\n", "Notes.\nBay: 4.Lead time: 3 days."),
        ("| Part | Name |\n|---|---|\n| 7712 | Seal |\n", "Notes.\n  Part , Name  .|---|---|\n  7712 , Seal  ."),
        ("To start:\n\n- Press it\n- Wait.\n", "Notes.\nTo start:\n\n- Press it.- Wait.\n"),
    ],
)
def test_lines_of_lists_and_tables_end_in_full_stops_under_the_header_and_prose_stays_as_it_is(
    text: str, read: str
) -> None:
    assert punctuated(passage(text, header="Notes")) == read


@given(st.text(alphabet="ab1 .:|_-#\n", max_size=80))
def test_every_character_stays_in_its_place(text: str) -> None:
    read = punctuated(passage(text, header="One\nTwo"))
    assert len(read.removeprefix("One.\nTwo.\n")) == len(text)


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What is the number of the electricity meter in Almery?", "EL-9041"),
        ("Which code opens the key safe in Almery?", "6152"),
    ],
)
def test_a_value_is_found_among_lines_of_keys_and_values(question: str, short: str, tmp_path: Path) -> None:
    (tmp_path / "almery.txt").write_text(SHEET)
    with Chatbot.open(chroma=":memory:", home=tmp_path / "home", seeds=tmp_path, model="extractive") as bot:
        (hit, *_) = bot.search(question)
        best = hit.reading and hit.reading.best
        assert best
        assert hit.passage.cut(best) == short
