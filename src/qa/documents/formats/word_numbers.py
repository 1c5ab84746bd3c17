"""The numbers that Word shows before its paragraphs, which are nowhere in their text: 5., (a), 2.1; and what it hides.

Each paragraph names a numbering and a level of it, itself or by its style; Word counts as the document goes on.
Source: ECMA-376, part 1, sections 17.9 and 17.7.4.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Self
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from qa.documents.formats.nodes import numeral

PLACE = re.compile(r"%([1-9])")
KINDS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
BULLET = "-"
OFF = ("0", "false", "off")
DEEPEST_STYLE = 20  # that builds on others; one may build on itself


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How one level of a numbering is shown; `text` has `%1` where the number of its first level stands."""

    start: int
    kind: str
    text: str

    @classmethod
    def of(cls, element: Element) -> Self:
        return cls(
            start=_number(value_of(element, "start"), 1),
            kind=value_of(element, "numFmt") or "decimal",
            text=value_of(element, "lvlText") or "",
        )


class Numbering:
    """The numberings of a document, from the parts that define them and its styles, and how far each has counted."""

    def __init__(self, definitions: bytes | None, styles: bytes | None) -> None:
        self._styles = {_get(each, "styleId"): each for each in _elements(styles, "style")}
        self._levels: dict[str, dict[int, _Level]] = {}  # by the numbering's id
        self._counted_as: dict[str, str] = {}  # numberings of one abstract numbering count together
        self._begins: dict[str, dict[int, int]] = {}  # the numbers with which a numbering begins anew
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        abstract = {_get(each, "abstractNumId"): each for each in _elements(definitions, "abstractNum")}
        for number in _elements(definitions, "num"):
            key, name = _get(number, "numId"), value_of(number, "abstractNumId") or ""
            if name in abstract:
                levels = abstract[name].iterfind("{*}lvl")
                starts = [(each, value_of(each, "startOverride")) for each in number.iterfind("{*}lvlOverride")]
                self._counted_as[key] = name
                self._levels[key] = {_number(_get(each, "ilvl")): _Level.of(each) for each in levels}
                self._begins[key] = {_number(_get(each, "ilvl")): _number(start, 1) for each, start in starts if start}

    def label(self, paragraph: Element) -> str:
        """What Word shows before a paragraph, which is counted; empty where it shows nothing."""
        properties = paragraph.find("{*}pPr")
        if properties is None or is_hidden(properties):
            return ""
        numbering, depth = self._place(properties)
        level = self._levels.get(numbering, {}).get(depth)
        if level is None:
            return ""
        return BULLET if level.kind == "bullet" else self._count(numbering, depth)

    def _place(self, properties: Element) -> tuple[str, int]:
        """The numbering and the level of a paragraph, its own or else those of its style and of what that builds on."""
        number, depth = _numbered(properties.find("{*}numPr"))
        style = self._styles.get(value_of(properties, "pStyle") or "")
        for _ in range(DEEPEST_STYLE):
            if number is not None or style is None:
                break
            number, inherited = _numbered(style.find("{*}pPr/{*}numPr"))
            depth = inherited if depth is None else depth
            style = self._styles.get(value_of(style, "basedOn") or "")
        return number or "", depth or 0

    def _count(self, numbering: str, depth: int) -> str:
        levels = self._levels[numbering]
        counts = self._counts[self._counted_as[numbering]]
        for begun, start in self._begins.pop(numbering, {}).items():
            counts[begun] = start - 1
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            level = levels.get(at, levels[depth])
            return numeral(counts.get(at, level.start), KINDS.get(level.kind, ""))

        return PLACE.sub(shown, levels[depth].text).strip()


def local_name(element: Element) -> str:
    """The name of an element without its namespace: the two dialects of Office Open XML differ in nothing else here."""
    return element.tag.rpartition("}")[2]


def value_of(element: Element, name: str) -> str | None:
    """The value of the child with this name, if there is one."""
    child = element.find(f"{{*}}{name}")
    return None if child is None else _get(child, "val")


def _get(element: Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def is_hidden(element: Element) -> bool:
    """Whether the properties of a run of text, or of a paragraph's end, hide it."""
    marks = element.find("{*}rPr")
    value = None if marks is None else value_of(marks, "vanish")
    return value is not None and value not in OFF


def _elements(part: bytes | None, name: str) -> list[Element]:
    return list(ElementTree.fromstring(part).iterfind(f"{{*}}{name}")) if part else []


def _numbered(element: Element | None) -> tuple[str | None, int | None]:
    """The numbering and the level that a `numPr` names."""
    if element is None:
        return None, None
    depth = value_of(element, "ilvl")
    return value_of(element, "numId"), None if depth is None else _number(depth)


def _number(value: str | None, otherwise: int = 0) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 9 else otherwise
