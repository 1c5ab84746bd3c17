"""Code is cut into blocks, and settings are pairs that hang on each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from marks_read import Found, found, hanging

from qa.documents.files import read_document
from qa.documents.source import code_marks, settings_marks

SETTINGS: dict[str, Found] = {
    "# Of it\nname: oak\nframes:\n  count: 10\n  wax:\n    grams: 80\nfeed:\n- sugar\n- kind: syrup\n  litres: 2\n": [
        ("sentence", 0, "# Of it"),
        ("pair", 0, "name: oak"),
        ("pair", 0, "frames:"),
        ("pair", 1, "count: 10"),
        ("pair", 1, "wax:"),
        ("pair", 2, "grams: 80"),
        ("pair", 0, "feed:"),
        ("item", 2, "- sugar"),
        ("item", 2, "- kind: syrup"),
        ("pair", 2, "litres: 2"),
    ],
    "---\nabout: |\n  They hum.\n  They fly.\nkeeper: Ada\n": [
        ("front", 0, "---"),
        ("pair", 0, "about: |"),
        ("sentence", 1, "They hum.\n  They fly."),
        ("pair", 0, "keeper: Ada"),
    ],
    '[hive]\nname = "oak"\nframes = [\n  1,\n  2,\n]\n\n[hive.feed]\nkind = syrup\n; sweet\n': [
        ("heading", 1, "[hive]"),
        ("pair", 0, 'name = "oak"'),
        ("pair", 0, "frames = ["),
        ("sentence", 1, "1,\n  2,"),
        ("front", 0, "]"),
        ("heading", 1, "[hive.feed]"),
        ("pair", 0, "kind = syrup"),
        ("sentence", 0, "; sweet"),
    ],
}

CODE: dict[str, list[str]] = {
    "import os\n\n\ndef hum():\n    # Loud.\n\n    return 1\n\n\ndef fly(\n\n):\n    pass\n": [
        "import os",
        "def hum():\n    # Loud.\n\n    return 1",
        "def fly(\n\n):\n    pass",
    ],
    "a {\n  b\n\n}\n\n.c {\n}\n": ["a {\n  b\n\n}", ".c {\n}"],
    "\n\n    x\ny\n": ["x\ny"],
}


@pytest.mark.parametrize(("text", "expected"), SETTINGS.items())
def test_settings_are_pairs_that_stand_under_the_keys_above_them(text: str, expected: Found) -> None:
    assert found(text, settings_marks(text)) == expected


@pytest.mark.parametrize(("text", "expected"), CODE.items())
def test_code_is_cut_below_a_blank_line_where_nothing_is_indented(text: str, expected: list[str]) -> None:
    assert found(text, code_marks(text)) == [("code", 0, block) for block in expected]


def test_a_setting_hangs_on_the_key_above_it_and_an_item_on_its_key() -> None:
    text = "hive:\n  wax:\n    grams: 80\n  oak: 1\nfeed:\n- kind: syrup\n  litres: 2\n"
    assert hanging(text, settings_marks(text)) == {
        "hive:": None,
        "wax:": "hive:",
        "grams: 80": "wax:",
        "oak: 1": "hive:",
        "feed:": None,
        "- kind: syrup": "feed:",
        "litres: 2": "- kind: syrup",
    }


@pytest.mark.parametrize(
    ("name", "kinds"),
    {"a.py": ["code"], "a.toml": ["pair"], "a.md": ["item"], "a.rst": ["item"]}.items(),
)
def test_a_suffix_says_how_a_text_is_read(tmp_path: Path, name: str, kinds: list[str]) -> None:
    path = tmp_path / name
    path.write_text("* a = 1\n" if name != "a.toml" else "a = 1\n", encoding="utf-8")
    assert [mark.kind for mark in read_document(path, root=tmp_path).marks] == kinds
