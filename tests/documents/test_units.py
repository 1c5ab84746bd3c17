"""Every unit hangs on what the author put it under: its lead-in, its table's header, its list, its heading."""

from __future__ import annotations

import pytest

from qa.documents.marks import CAPTION, HEADER
from qa.documents.units import OPENING_CHARS, WHOLE_CHARS, find_units
from qa.types import Cell, Mark, UnitKind

Line = tuple[str, UnitKind, int]  # text, kind and level of a mark


def tree(*lines: Line) -> list[tuple[str, str | None, int]]:
    """Of each unit of a text with these marks: its text, the text that it hangs on, and what it leads to."""
    text, marks = "", []
    for words, kind, level in lines:
        cells = tuple(Cell(start=len(text), end=len(text) + 1, column=0) for _ in range(level == HEADER))
        marks.append(Mark(kind=kind, start=len(text), end=len(text) + len(words), level=level, cells=cells))
        text += f"{words}\n"
    units = find_units(text, marks)
    said = {unit.start: text[unit.start : unit.end] for unit in units}
    return [(said[unit.start], None if unit.parent is None else said[unit.parent], unit.leads) for unit in units]


TREES: dict[str, tuple[list[Line], list[tuple[str, str | None, int]]]] = {
    "headings nest by their level": (
        [("Care", "heading", 1), ("Oil", "heading", 2), ("It drips.", "sentence", 0), ("Use", "heading", 1)],
        [("Care", None, 0), ("Oil", "Care", 0), ("It drips.", "Oil", 0), ("Use", None, 0)],
    ),
    "a lead-in has its list, and prose after it does not": (
        [("Warm up. To start:", "sentence", 0), ("Press.", "step", 1), ("Wait.", "step", 1), ("Done.", "sentence", 0)],
        [
            ("Warm up.", None, 0),
            ("To start:", None, 2),
            ("Press.", "To start:", 0),
            ("Wait.", "To start:", 0),
            ("Done.", None, 0),
        ],
    ),
    "a heading leads to a list right below it": (
        [("Starting", "heading", 2), ("Press.", "step", 1), ("Wait.", "step", 1), ("It hums.", "sentence", 0)],
        [("Starting", None, 2), ("Press.", "Starting", 0), ("Wait.", "Starting", 0), ("It hums.", "Starting", 0)],
    ),
    "a heading does not lead to prose": (
        [("Starting", "heading", 2), ("It hums.", "sentence", 0), ("Press.", "step", 1)],
        [("Starting", None, 0), ("It hums.", "Starting", 0), ("Press.", "Starting", 0)],
    ),
    "an item has the list in it": (
        [("Fruit", "item", 1), ("pears", "item", 2), ("plums", "item", 2), ("Bread", "item", 1)],
        [("Fruit", None, 2), ("pears", "Fruit", 0), ("plums", "Fruit", 0), ("Bread", None, 0)],
    ),
    "prose in an item hangs on it": (
        [("Fruit:", "item", 1), ("It is ripe.", "sentence", 1), ("All sold.", "sentence", 0)],
        [("Fruit:", None, 1), ("It is ripe.", "Fruit:", 0), ("All sold.", None, 0)],
    ),
    "a row has its header, and that its caption": (
        [("Ports", "heading", CAPTION), ("Port", "heading", HEADER), ("Leith", "row", 0), ("So.", "sentence", 0)],
        [("Ports", None, 0), ("Port", "Ports", 0), ("Leith", "Port", 0), ("So.", None, 0)],
    ),
    "a lead-in leads to a table's rows, not to its header": (
        [("The ports are:", "sentence", 0), ("Port", "heading", HEADER), ("Leith", "row", 0), ("Oban", "row", 0)],
        [("The ports are:", None, 2), ("Port", "The ports are:", 0), ("Leith", "Port", 0), ("Oban", "Port", 0)],
    ),
    "a question has the paragraph that answers it": (
        [("How long?", "sentence", 0), ("Ten days. Or more.", "sentence", 0), ("So.", "sentence", 0)],
        [("How long?", None, 2), ("Ten days.", "How long?", 0), ("Or more.", "How long?", 0), ("So.", None, 0)],
    ),
    "a question inside a paragraph has the sentence after it": (
        [("How long? Ten days. So be it.", "sentence", 0)],
        [("How long?", None, 1), ("Ten days.", "How long?", 0), ("So be it.", None, 0)],
    ),
    "a lead-in hangs on no other one, so no chain is endless": (
        [("First:", "sentence", 0), ("Second:", "sentence", 0), ("Third.", "sentence", 0)],
        [("First:", None, 0), ("Second:", None, 1), ("Third.", "Second:", 0)],
    ),
    "code has its lead-in": (
        [("Install it:", "sentence", 0), ("pip install x", "code", 0), ("Then go.", "sentence", 0)],
        [("Install it:", None, 1), ("pip install x", "Install it:", 0), ("Then go.", None, 0)],
    ),
}


@pytest.mark.parametrize(("lines", "expected"), TREES.values(), ids=TREES.keys())
def test_a_unit_hangs_on_what_it_stands_under(lines: list[Line], expected: list[tuple[str, str | None, int]]) -> None:
    assert tree(*lines) == expected


def kinds(*lines: Line) -> list[UnitKind]:
    text, marks = "", []
    for words, kind, level in lines:
        marks.append(Mark(kind=kind, start=len(text), end=len(text) + len(words), level=level))
        text += f"{words}\n"
    return [unit.kind for unit in find_units(text, marks)]


@pytest.mark.parametrize("title", ["References", "Bibliography", "Table of contents", "7 Further reading"])
def test_sections_that_only_point_elsewhere_are_front_matter(title: str) -> None:
    lines: list[Line] = [(title, "heading", 2), ("Lamb, A. Lamps. 1962.", "item", 1), ("Use", "heading", 2)]
    assert kinds(*lines, ("It hums.", "sentence", 0)) == ["heading", "front", "heading", "sentence"]
    assert kinds((title, "heading", 2), ("two cables", "item", 1)) == ["heading", "item"]


def test_a_lead_in_that_leads_to_nothing_says_nothing() -> None:
    assert kinds(("To start:", "sentence", 0), ("Use", "heading", 1)) == ["heading", "heading"]
    assert kinds(("Name:", "pair", 0), ("Town: Odda", "pair", 0)) == ["heading", "pair"]
    cut = "The lake of Skarholm has two islands in it:"  # and the text ends before they come
    assert kinds((cut, "sentence", 0)) == ["sentence"]
    assert kinds(("Who came? Is it far?", "sentence", 0)) == ["heading", "heading"]
    assert kinds(("Did you know that Ada came?", "sentence", 0)) == ["sentence"]
    assert kinds(("It is blue :)", "sentence", 0), ("Use", "heading", 1)) == ["sentence", "heading"]


def test_after_its_list_a_lead_in_leads_to_nothing_more() -> None:
    lines: list[Line] = [
        ("You need:", "sentence", 0),
        ("oil", "item", 1),
        ("Port", "heading", HEADER),
        ("Odda", "row", 0),
    ]
    assert tree(*lines)[0] == ("You need:", None, 1)
    assert tree(*lines)[3] == ("Odda", "Port", 0)
    assert tree(*lines)[2] == ("Port", None, 0)


def test_what_a_lead_in_leads_to_is_counted_at_any_depth_and_without_rules() -> None:
    lines: list[Line] = [
        ("You need:", "sentence", 0),
        ("Port", "heading", HEADER),
        ("|---|", "front", 0),
        ("Odda", "row", 0),
    ]
    assert tree(*lines)[0] == ("You need:", None, 1)
    assert tree(("You need:", "sentence", 0), ("oil", "item", 1), ("thick", "item", 2))[0] == ("You need:", None, 2)


def test_an_item_is_one_unit_unless_it_is_long_and_its_first_words_are_none_of_their_own() -> None:
    short = "Error E17. The lamp is hot. Wait an hour."
    assert tree((short, "item", 1)) == [(short, None, 0)]
    rest = "Wait until it has gone out, and then for an hour more. " * 8
    long = f"- Error E17. The lamp is too hot to be touched. {rest}".strip()
    assert len(long) > WHOLE_CHARS
    first, *others = tree((long, "item", 1))
    assert first == ("- Error E17. The lamp is too hot to be touched.", None, 0)
    assert len("- Error E17.") < OPENING_CHARS
    assert {parent for _, parent, _ in others} == {first[0]}


def test_lists_however_deep_make_no_longer_chain_than_twelve() -> None:
    found = tree(*((f"item {depth}", "item", depth) for depth in range(1, 3_000)))
    above = {text: parent for text, parent, _ in found}
    chain, text = 0, "item 2999"
    while above[text] is not None:
        chain, text = chain + 1, str(above[text])
    assert chain <= 12
