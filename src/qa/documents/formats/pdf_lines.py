"""The lines of a PDF's page as they are printed: cut into parts at wide gaps, with the values of its form's fields."""

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median

import pypdfium2  # type: ignore[import-untyped]  # it ships no type hints
from pypdfium2 import raw

from qa.types import Span

WORD = re.compile(r"\S+")
RAISED = re.compile(r"(?<=[\w)])(\d{1,12}+)[.,;:)\]]{0,9}+\Z")
BOLD_NAME = re.compile(rb"bold|black|heavy|semib|demi", re.IGNORECASE)

WIDE_GAP = 1.0  # in heights of a line: no justified line has spaces as wide
GLUED_GAP = 0.1  # PDFium ends a line after a superscript; what follows as near as this is the same word
LEAST_WIDTH = 0.01  # in points: characters without any width would lie in no column
SAME_LINE = 0.5  # characters of one line stand no further apart in height, in heights of a line
RAISED_CHARS = 12  # a superscript is sought in no more of a word
RAISED_HEIGHT = 0.8  # a superscript is no higher than this share of its line
BOLD_WEIGHT = 600
USUAL_HEIGHT = 12.0
FIELD_BYTES = 20_000

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a line between wide gaps, as the cell of a table is.

    `origins` are where its words stand in the text that PDFium gives of the page, in UTF-16 units; white space aside,
    they hold its characters, and a superscript's `^` is ours. What was filled in stands nowhere there.
    """

    text: str
    left: float
    right: float
    origins: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as printed; one with a divided word at its end holds the next one, too, where its last part ends."""

    parts: tuple[Part, ...]
    bottom: float
    last_bottom: float
    height: float
    is_bold: bool = False
    is_filled_in: bool = False  # whether it ends with the value of a field, or is a text that was written on the page

    @property
    def text(self) -> str:
        """The whole line."""
        return " ".join(part.text for part in self.parts)

    @property
    def origins(self) -> tuple[Span, ...]:
        """Where its words stand, part by part."""
        return tuple(origin for part in self.parts for origin in part.origins)

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.parts[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.parts[-1].right


def read_lines(document: pypdfium2.PdfDocument, number: int) -> list[Line]:
    """The lines of one page, in the order in which the file has them."""
    page = document[number]
    characters = page.get_textpage()
    try:
        lines = list(_Reader(characters).lines())
        for value, box in _filled_in(document, page):
            _fill_in(lines, value, box)
    finally:
        characters.close()
        page.close()
    return lines


@dataclass(slots=True)
class _Open:
    """A line to which words are added."""

    pieces: list[list[str]] = field(default_factory=list)
    edges: list[list[float]] = field(default_factory=list)  # left and right of each piece
    origins: list[Span] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    bottom: float = 0.0
    base: float = 0.0
    is_bold: bool = False

    def add(self, word: str, first: Box, last: Box, *, at: Span, is_glued: bool) -> None:
        """Add a word, in a part of its own after a wide gap, or to the last one where it is glued to that."""
        height = first[3] - first[1]
        if not self.pieces:
            self.bottom = self.base = first[1]
        gap = first[0] - self.edges[-1][1] if self.edges else 0.0
        if not self.pieces or (self.is_beside(first) and gap > WIDE_GAP * max(height, self.heights[-1])):
            self.pieces.append([])
            self.edges.append([first[0], last[2]])
            self.origins.append(at)
        if is_glued and gap < GLUED_GAP * height and self.pieces[-1]:
            word = self.pieces[-1].pop() + word
        self.pieces[-1].append(word)
        self.edges[-1][1] = last[2]
        self.origins[-1] = Span(start=self.origins[-1].start, end=at.end)
        if "\ufffe" in word:
            self.base = last[1]
        elif not self.heights or height >= RAISED_HEIGHT * self.heights[0]:
            self.base = first[1]
        self.heights.append(height)

    def is_beside(self, first: Box) -> bool:
        """Whether what begins here stands on the same line."""
        return abs(first[1] - self.base) < SAME_LINE * max(first[3] - first[1], self.heights[0])

    def close(self) -> Line:
        """The line as it is now."""
        parts = (
            Part(text=" ".join(words), left=min(left, right), right=max(left, right) + LEAST_WIDTH, origins=(at,))
            for words, (left, right), at in zip(self.pieces, self.edges, self.origins, strict=True)
        )
        return Line(
            parts=tuple(parts),
            bottom=self.bottom,
            last_bottom=self.base,
            height=median(self.heights),
            is_bold=self.is_bold,
        )


class _Reader:
    """The characters of one page with their boxes; a box is asked for at both ends of a word only."""

    def __init__(self, characters: pypdfium2.PdfTextPage) -> None:
        self._characters = characters
        self._text: str = characters.get_text_range(errors="replace")
        # Where the text leaves out no character of the page, each stands in both at the same place: half the calls.
        self._is_whole = characters.count_chars() == _units(self._text)
        self._rectangle = raw.FS_RECTF()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()

    def lines(self) -> Iterator[Line]:
        """The lines, those that stand beside each other as one."""
        line = _Open()
        offset = 0  # in UTF-16 units, as PDFium counts
        for text in self._text.split("\r\n"):
            is_new = True
            is_plain = text.isascii()
            for found in WORD.finditer(text):
                start = offset + (found.start() if is_plain else _units(text[: found.start()]))
                end = start + _units(found.group()) - 1
                first, last = self._box(start), self._box(end)
                if is_new and line.pieces and not (line.is_beside(first) and first[0] >= line.edges[-1][1] - 1):
                    yield line.close()
                    line = _Open()
                if not line.pieces:
                    line.is_bold = self._is_bold(start) and self._is_bold(offset + _units(text.rstrip()) - 1)
                word = self._spelled(found.group(), start, first)
                line.add(word, first, last, at=Span(start=start, end=end + 1), is_glued=is_new and found.start() == 0)
                is_new = False
            offset += _units(text) + 2
        if line.pieces:
            yield line.close()

    def _index(self, at: int) -> int:
        """The place of a character of the text among those of the page."""
        return at if self._is_whole else max(0, raw.FPDFText_GetCharIndexFromTextIndex(self._characters, at))

    def _box(self, at: int) -> Box:
        box = self._rectangle
        raw.FPDFText_GetLooseCharBox(self._characters, self._index(at), box)
        return box.left, box.bottom, box.right, box.top

    def _spelled(self, word: str, start: int, first: Box) -> str:
        """The word, with its superscript kept apart: 10^6."""
        digits = RAISED.search(word, max(1, len(word) - RAISED_CHARS)) if word[0].isalnum() else None
        height = first[3] - first[1]
        for at in range(digits.start(), digits.end(1)) if digits else ():
            _, bottom, _, top = self._box(start + _units(word[:at]))
            if top - bottom <= RAISED_HEIGHT * height and bottom >= first[1] + height / 10:
                return f"{word[:at]}^{word[at:]}"
        return word

    def _is_bold(self, at: int) -> bool:
        index = self._index(at)
        if raw.FPDFText_GetFontWeight(self._characters, index) >= BOLD_WEIGHT:
            return True
        size = len(self._name)
        named = raw.FPDFText_GetFontInfo(self._characters, index, self._name, size, self._flags)
        return 0 < named <= size and bool(BOLD_NAME.search(self._name.value))


def _units(text: str) -> int:
    """How long a text is in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _filled_in(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[tuple[str, Box]]:
    """The values of the form's fields on a page, and the texts that were written on it, each with its box."""
    for place in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, place)
        kind = raw.FPDFAnnot_GetSubtype(note)
        text = ""
        if kind == raw.FPDF_ANNOT_FREETEXT:
            text = _string(partial(raw.FPDFAnnot_GetStringValue, note, b"Contents"))
        elif kind == raw.FPDF_ANNOT_WIDGET and document.formenv:
            text = _field(document.formenv, note)
        box = raw.FS_RECTF()
        if text.strip() and raw.FPDFAnnot_GetRect(note, box):
            yield " ".join(text.split()), (box.left, box.bottom, box.right, box.top)
        raw.FPDFPage_CloseAnnot(note)


def _field(form: pypdfium2.PdfFormEnv, note: object) -> str:
    kind = raw.FPDFAnnot_GetFormFieldType(form, note)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        return "[x]" if raw.FPDFAnnot_IsChecked(form, note) else "[ ]"
    if kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        return _string(partial(raw.FPDFAnnot_GetFormFieldValue, form, note))
    return ""


def _string(ask: Callable[[object, int], int]) -> str:
    """What PDFium writes into a buffer as UTF-16 with a zero at its end; a longer text is left out."""
    buffer = ctypes.create_string_buffer(FIELD_BYTES)
    written = ask(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), FIELD_BYTES)
    return buffer.raw[: written - 2].decode("utf-16-le", "replace") if 2 < written <= FIELD_BYTES else ""


def _fill_in(lines: list[Line], value: str, box: Box) -> None:
    """Add a value to the line beside which it stands, or else below the nearest line above it."""
    left, bottom, right, top = box
    part = Part(text=value, left=left, right=right)
    above = len(lines), float("inf")
    for place, line in enumerate(lines):
        if bottom <= line.bottom + line.height / 2 <= top and line.right <= left + 1:
            lines[place] = replace(line, parts=(*line.parts, part), is_filled_in=True)
            return
        distance = line.bottom + line.height / 2 - top
        if 0 <= distance < above[1] and line.left < right and line.right > left:
            above = place + 1, distance
    height = min(top - bottom, USUAL_HEIGHT)
    lines.insert(above[0], Line(parts=(part,), bottom=bottom, last_bottom=bottom, height=height, is_filled_in=True))
