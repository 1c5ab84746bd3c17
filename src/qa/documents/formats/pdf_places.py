"""Where the words of a PDF's text are printed, and a picture of a page with boxes around some of them.

The way is the one that the text came: character by character through the blocks as they were written, with no search
for words. A hyphen that was taken out, or a `^` that was put in, has no place of its own.
"""

import base64
import io
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it ships no type hints
from pypdfium2 import raw

from qa.documents.formats.content import INVISIBLE
from qa.documents.formats.extraction import Run
from qa.documents.formats.pdf import Printed, open_pdf, write_pages
from qa.documents.formats.pdf_lines import read_lines
from qa.types import Document, Mark, Span

LONGEST_PX = 2_400  # of a picture's longer side
SHARPNESS = 2.0  # pixels for a point, which is a 72nd of an inch


def find_places(path: Path) -> str:
    """The version of the text of a PDF, and its runs of characters that also follow each other on a page, as JSON."""
    document = open_pdf(path)
    writing, printed = write_pages([read_lines(document, number) for number in range(len(document))])
    text = writing.content().text
    starts = [mark.start for mark in writing.marks]
    runs: list[Run] = []
    for page, blocks in groupby(printed, key=lambda each: each.page):
        characters = document[page].get_textpage()
        units = characters.get_text_range(errors="replace").encode("utf-16-le", "surrogatepass")
        for each in blocks:
            inside = writing.marks[bisect_left(starts, each.start) : bisect_left(starts, each.end)]
            for span, origins in _written(text, each, inside):
                runs += _runs(text, span, list(_printed(characters, units, origins)), page=page)
    return json.dumps([Document(id="", title="", text=text).version, runs])


def draw_page(path: Path, page: int, ranges: Sequence[tuple[int, int]]) -> str:
    """A picture of a page (from 0) as PNG, with the boxes of these runs of its characters in shares of its size."""
    document = open_pdf(path)
    sheet = document[page]
    scale = min(SHARPNESS, LONGEST_PX / max(*sheet.get_size(), 1.0))
    bitmap = sheet.render(scale=scale)
    place = bitmap.get_posconv(sheet)
    corners = [
        (*place.to_bitmap(left, top), *place.to_bitmap(right, bottom))
        for left, bottom, right, top in boxes(sheet, ranges)
    ]
    picture = io.BytesIO()
    bitmap.to_pil().save(picture, "PNG", compress_level=1)
    shown = {
        "pages": len(document),
        "picture": base64.b64encode(picture.getvalue()).decode(),
        "boxes": [
            [min(a, c) / bitmap.width, min(b, d) / bitmap.height, abs(c - a) / bitmap.width, abs(d - b) / bitmap.height]
            for a, b, c, d in corners
        ],
    }
    return json.dumps({"drawn": shown})


def boxes(sheet: pypdfium2.PdfPage, ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[float, float, float, float]]:
    """Left, bottom, right and top of the rectangles in which these runs of a page's characters stand, in points."""
    characters = sheet.get_textpage()
    for first, count in ranges:
        for place in range(characters.count_rects(first, count)):
            yield characters.get_rect(place)
    characters.close()


def _printed(page: pypdfium2.PdfTextPage, units: bytes, origins: Iterable[Span]) -> Iterator[tuple[str, int]]:
    """The characters there, in PDFium's text of a page, that are no white space, each with its number on the page."""
    for origin in origins:
        at = origin.start
        for character in units[2 * origin.start : 2 * origin.end].decode("utf-16-le", "replace"):
            if not character.isspace():
                yield character, max(0, raw.FPDFText_GetCharIndexFromTextIndex(page, at))
            at += 2 if ord(character) > 0xFFFF else 1


def _written(text: str, printed: Printed, marks: Sequence[Mark]) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    """The parts of the text in which a block stands, each with its places: of a table, its cells in their order."""
    if not printed.block.rows:
        yield printed, printed.block.origins
        return
    rows = list(printed.block.rows)
    for mark in marks:
        words = ["".join(text[cell.start : cell.end].split()) for cell in mark.cells]
        for number, row in enumerate(rows):
            cells = [cell for cell in row if cell.text.strip()]
            if [_bare(cell.text) for cell in cells] == list(map(_bare, words)):
                yield from ((span, cell.origins) for span, cell in zip(mark.cells, cells, strict=True))
                rows = rows[number + 1 :]
                break


def _bare(text: str) -> str:
    """A text without white space and hyphens, which may have been taken out."""
    return "".join(INVISIBLE.sub("", text).replace("-", "").split())


def _runs(text: str, span: Span, printed: Sequence[tuple[str, int]], *, page: int) -> Iterator[Run]:
    """The characters of a part of the text that follow each other on the page, from those that are printed there."""
    first = last = index = -1  # of the run that is open
    at = 0
    for place in range(span.start, span.end):
        while at < len(printed) and text[place] != printed[at][0] and INVISIBLE.match(printed[at][0]):
            if text[place] == "-":
                break
            at += 1
        if text[place].isspace() or at == len(printed) or (text[place] == "^" != printed[at][0]):
            continue
        step = place - last
        if first < 0 or step > 2 or printed[at][1] - index != step:
            if first >= 0:
                yield first, page, index - (last - first), last - first + 1
            first = place
        last, index = place, printed[at][1]
        at += 1
    if first >= 0:
        yield first, page, index - (last - first), last - first + 1
