"""Source code and settings files → marks: blocks of code, and keys with their values under the keys above them."""

import re
from dataclasses import replace

from qa.documents.marks import Line, lines_of
from qa.types import Mark, UnitKind

CLOSING = (")", "]", "}")
SECTION = re.compile(r"\[{1,2}[^\[\]]+\]{1,2}\s*(?:[#;].*)?")
# key: value, key = value, key: and - key: value; a value may stand below.
SETTING = re.compile(r"\s*(?:-\s+)*(?:\"[^\"]+\"|'[^']+'|[^\s#;:='\"\-\[{(][^:=#]{0,99}?)\s*(?::(?=\s|$)|=)")
ITEM = re.compile(r"\s*-\s")
WORD = re.compile(r"[^\W_]")


def code_marks(text: str) -> list[Mark]:
    """Blocks of code, each from a line that is not indented up to the next such line below a blank one."""
    marks: list[Mark] = []
    is_below_blank = True
    for line in lines_of(text):
        if line.is_blank:
            is_below_blank = True
        elif marks and not (is_below_blank and not line.indent and not line.words.startswith(CLOSING)):
            marks[-1] = Mark(kind="code", start=marks[-1].start, end=line.end)
            is_below_blank = False
        else:
            marks.append(Mark(kind="code", start=line.start, end=line.end))
            is_below_blank = False
    return marks


def settings_marks(text: str) -> list[Mark]:
    """The lines of YAML, TOML, INI and their like: pairs, items, sections and comments.

    The level of a line counts the keys and items under which it stands; lines without a key go on together.
    """
    marks: list[Mark] = []
    under: list[int] = []  # the places of the keys and items that are open, see `_place`
    for line in lines_of(text):
        if line.is_blank:
            continue
        kind, place = _kind(line.words), _place(line)
        while under and (kind == "heading" or under[-1] >= place):
            under.pop()
        level = 1 if kind == "heading" else len(under) + (kind == "item")
        if marks and marks[-1].kind == kind == "sentence" and marks[-1].level == level:
            marks[-1] = replace(marks[-1], end=line.end)
        else:
            marks.append(Mark(kind=kind, start=line.start, end=line.end, level=level))
        if kind in ("pair", "item"):
            under.append(place)
    return marks


def _kind(words: str) -> UnitKind:
    if SECTION.fullmatch(words):
        return "heading"
    if not WORD.search(words):
        return "front"
    if ITEM.match(words):
        return "item"
    return "pair" if SETTING.match(words) else "sentence"


def _place(line: Line) -> int:
    """How far a line is indented, in half columns: an item of YAML stands under the key above it without an indent."""
    return 2 * line.indent + bool(ITEM.match(line.words))
