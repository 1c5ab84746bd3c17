"""One rule says which units may answer and as what they are quoted."""

from __future__ import annotations

import pytest

from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.search.quoting import QUOTED_CHARS, left_out, quoted
from qa.types import Passage


def passage(text: str) -> Passage:
    return Passage(
        document="d", version="v", title="d", ordinal=0, start=0, end=len(text), text=text,
        units=find_units(text, find_marks(text)),
    )  # fmt: skip


STEPS = "# Use\n\nIt hums. To start:\n\n1. Press.\n2. Wait.\n\nIt is done."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STEPS, [None, "It hums.", "To start:\n\n1. Press.\n2. Wait.", "1. Press.", "2. Wait.", "It is done."]),
        ("# Use\n\n- Press.\n- Wait.", ["# Use\n\n- Press.\n- Wait.", "- Press.", "- Wait."]),
        ("# Use\n\n- Press.\n\nIt is done.", ["# Use\n\n- Press.", "- Press.", "It is done."]),
        ("---\ntitle: Use\n---\n\nIt hums.", [None, "It hums."]),
        ("To run it:\n\n```\ngo\n```", ["To run it:\n\n```\ngo\n```", "```\ngo\n```"]),
        ("How long?\n\nTen days.", ["How long?\n\nTen days.", "Ten days."]),
        ("It ends with:\n\n# Use", [None, None]),
    ],
)
def test_headings_are_silent_and_a_lead_in_brings_what_it_leads_to(text: str, expected: list[str | None]) -> None:
    found = passage(text)
    assert [None if quote is None else found.cut(quote) for quote in quoted(found)] == expected


def test_a_long_list_is_quoted_in_part_and_the_rest_is_counted() -> None:
    text = "To start:\n\n" + "\n".join(
        f"{number}. Press the button with the number {number}." for number in range(1, 31)
    )
    found = passage(text)
    quote = quoted(found)[0]
    assert quote is not None
    assert len(quote) <= QUOTED_CHARS
    shown = found.cut(quote).count("\n") - 1
    assert found.cut(quote).endswith(f"the number {shown}.")
    assert left_out(found, quote) == 30 - shown > 0


def test_the_first_thing_that_a_lead_in_leads_to_comes_however_long() -> None:
    text = "To start:\n\n" + "- " + "Press the button, " * 40 + "twice."
    found = passage(text)
    quote = quoted(found)[0]
    assert quote is not None
    assert found.cut(quote) == text
