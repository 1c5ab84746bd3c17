"""Markdown is marked as its parser understands it."""

from __future__ import annotations

from pathlib import Path

import pytest
from marks_read import Found, found, hanging

from qa.documents.commonmark import markdown_marks
from qa.documents.files import read_document

MARKDOWN: dict[str, Found] = {
    # Headings
    "# Bread\n\n### Rye ###\n": [("heading", 1, "# Bread"), ("heading", 3, "### Rye ###")],
    "Bread\n=====\nRye\n---\n": [("heading", 1, "Bread\n====="), ("heading", 2, "Rye\n---")],
    "**Before you bake**\n\nWash it.\n\n**Do not eat it raw.**\n": [
        ("heading", 6, "**Before you bake**"),
        ("sentence", 0, "Wash it."),
        ("sentence", 0, "**Do not eat it raw.**"),
    ],
    # Lists, tight and loose, and what goes on with an item
    "Bring:\n- flour\n- a tin\n  of oil\n": [
        ("sentence", 0, "Bring:"),
        ("item", 1, "- flour"),
        ("item", 1, "- a tin\n  of oil"),
    ],
    "1. Knead.\n\n   Ten minutes.\n\n   * by hand\n\n2) Bake.\n": [
        ("step", 1, "1. Knead."),
        ("sentence", 1, "Ten minutes."),
        ("item", 2, "* by hand"),
        ("step", 1, "2) Bake."),
    ],
    "- - deep\n-\n  below\n-\n": [("item", 2, "- - deep"), ("item", 1, "-\n  below"), ("front", 0, "-")],
    "- **Crust:** hard\n- ## Crumb\n- 1. soft\n\n  ```\n  x\n  ```\n": [
        ("item", 1, "- **Crust:** hard"),
        ("item", 1, "- ## Crumb"),
        ("step", 2, "- 1. soft"),
        ("code", 1, "```\n  x\n  ```"),
    ],
    # Quotations
    "> The loaf,\n> he said.\n>\n> - rose\n": [
        ("sentence", 0, "> The loaf,\n> he said."),
        ("front", 0, ">"),
        ("item", 1, "> - rose"),
    ],
    "> # Rye\n> > Wheat.\n": [("heading", 1, "> # Rye"), ("sentence", 0, "> > Wheat.")],
    "> Oven: 230 °C\n> Time: 50 minutes\n": [("pair", 0, "> Oven: 230 °C"), ("pair", 0, "> Time: 50 minutes")],
    # Code
    "Run:\n```sh\n# no heading\n\n- x\n```\nDone.\n": [
        ("sentence", 0, "Run:"),
        ("code", 0, "```sh\n# no heading\n\n- x\n```"),
        ("sentence", 0, "Done."),
    ],
    "So:\n\n    a = 1\n\n    b = 2\n": [("sentence", 0, "So:"), ("code", 0, "a = 1\n\n    b = 2")],
    "~~~\nleft open\n": [("code", 0, "~~~\nleft open")],
    # Front matter, rules, definitions, markup
    "---\ntitle: Rye\n---\nIt rises.\n\n***\n": [
        ("front", 0, "---\ntitle: Rye\n---"),
        ("sentence", 0, "It rises."),
        ("front", 0, "***"),
    ],
    "---\n\nIt rises.\ntitle: x\n\n---\n": [
        ("front", 0, "---"),
        ("sentence", 0, "It rises.\ntitle: x"),
        ("front", 0, "---"),
    ],
    "See [rye][1].\n\n[1]: https://example.org\n  'Rye'\n\nEnd.\n": [
        ("sentence", 0, "See [rye][1]."),
        ("front", 0, "[1]: https://example.org"),
        ("front", 0, "'Rye'"),
        ("sentence", 0, "End."),
    ],
    "<!-- draft -->\n\n<div>\n\n<p>It is baked.</p>\n": [
        ("front", 0, "<!-- draft -->"),
        ("front", 0, "<div>"),
        ("sentence", 0, "<p>It is baked.</p>"),
    ],
    # Pairs
    "Weight: 750 g\n\n**Oven:** 230 °C\n\n- Salt: 2 %\n": [
        ("pair", 0, "Weight: 750 g"),
        ("pair", 0, "**Oven:** 230 °C"),
        ("item", 1, "- Salt: 2 %"),
    ],
    "**Oven**: 230 °C\n__Time__: 50 minutes\n": [("pair", 0, "**Oven**: 230 °C"), ("pair", 0, "__Time__: 50 minutes")],
    "One thing is sure: the loaf that stands is the loaf that rises.\n": [
        ("sentence", 0, "One thing is sure: the loaf that stands is the loaf that rises.")
    ],
}


@pytest.mark.parametrize(("text", "expected"), MARKDOWN.items())
def test_the_blocks_of_markdown_are_those_of_commonmark(text: str, expected: Found) -> None:
    assert found(text, markdown_marks(text)) == expected
    windows = text.replace("\n", "\r\n")
    assert [(kind, level) for kind, level, _ in found(windows, markdown_marks(windows))] == [e[:2] for e in expected]


def test_a_table_in_an_item_hangs_on_it_and_one_below_the_list_does_not() -> None:
    text = "1. Weigh it:\n\n   | Hive | kg |\n   |---|---|\n   | oak | 40 |\n\n| Loaf | g |\n|---|---|\n| rye | 750 |\n"
    hangs = hanging(text, markdown_marks(text))
    assert hangs["| Hive | kg |"] == "1. Weigh it:"
    assert hangs["| oak | 40 |"] == "| Hive | kg |"
    assert hangs["| Loaf | g |"] is None


def test_the_title_of_markdown_is_no_header_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "hives.md"
    path.write_text("| Hive | kg |\n|---|---|\n| oak | 40 |\n\n## Bees\n", encoding="utf-8")
    assert read_document(path, root=tmp_path).title == "Bees"


def test_what_lies_too_deep_for_the_parser_is_prose() -> None:
    text = "> " * 200 + "It hums.\n" + "- " * 200 + "It flies.\n"
    assert "sentence" in {mark.kind for mark in markdown_marks(text)}
