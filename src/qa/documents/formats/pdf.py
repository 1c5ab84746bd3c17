"""PDF → pages of paragraphs, list items, headings and tables, as far as the page's geometry tells them.

Running headers and footers are kept once, before the text of their page. Pictures of text are not read.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it ships no type hints
from pypdfium2 import raw

from qa.documents.formats.content import Content, Writing, one_line
from qa.documents.formats.pdf_blocks import Block, page_blocks, usual_step
from qa.documents.formats.pdf_lines import Line, read_lines
from qa.documents.formats.tables import write_table
from qa.errors import DocumentError
from qa.types import Span
from qa.words import rarity, stem

WRITTEN_BY_WORD = re.compile(r"^Microsoft \w+ - ")
# PDFium marks a hyphen at the end of a line so, and leaves the line's end out.
HYPHENATED = re.compile(r"(?<![^\W\d_])([^\W\d_]++)\ufffe([^\W\d_]++)")
COMPOUND = re.compile(r"[^\W\d_]++(?:-[^\W\d_]++)*+")
CAPTION = re.compile(r"(?:table|tab\.)\s\d", re.IGNORECASE)

NUMBER = re.compile(r"\d{1,5}")

HIGHER = 1.1  # how much higher than the text of most paragraphs a heading is, where it is not bold
ONE_LOOK = 1.05  # heights that differ by less are those of one look
HEADING_CHARS = 150
HEADING_LINES = 3
EDGE_LINES = 2  # how many lines of a page may be its running header, and how many its footer
RUNNING_PAGES = 3  # a line at the edge of this many pages, or of all, is a running one
NUMBERS = 3  # how many numbers of a line may be the page's

Look = tuple[float, bool]  # of a heading: its height in points, and whether it is bold
# What stands before and after a number, and how far that is from the page's place; None for a whole line.
Key = tuple[str, str, int | None]


def read_pdf(path: Path) -> Content:
    """The pages of a PDF, with the title and the date from its properties.

    Raises: DocumentError when it has a password, or pictures of text only.
    """
    document = open_pdf(path)
    pages = [read_lines(document, number) for number in range(len(document))]
    if not any(pages):
        raise DocumentError(f"{path} has no text, as scans do not. Run OCR on it first, for example with: ocrmypdf")
    title = WRITTEN_BY_WORD.sub("", one_line(document.get_metadata_value("Title")))
    # When it was made, out of a finished text; then when it was last changed, as by signing, merging or OCR.
    dates = tuple(document.get_metadata_value(key) for key in ("CreationDate", "ModDate"))
    return write_pages(pages)[0].content(title=title or None, dates=dates)


def open_pdf(path: Path) -> pypdfium2.PdfDocument:
    """The PDF with its form. Raises: DocumentError when it has a password."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise DocumentError(f"{path} is protected by a password. Save it without one") from error
        raise
    document.init_forms()
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed(Span):
    """The part of the text in which a block of a page stands; `page` counts from 0."""

    page: int
    block: Block


def write_pages(pages: Sequence[Sequence[Line]]) -> tuple[Writing, list[Printed]]:
    """The text of all pages, and where each block of them stands in it."""
    usual = usual_step(pages)
    written = [(front, list(page_blocks(body, usual=usual))) for front, body in _set_apart(pages)]
    blocks = [block for _, page in written for block in page]
    mend = _mender(
        [text for block in blocks for text in (block.text, *(cell.text for row in block.rows for cell in row))]
    )
    levels = _heading_levels(blocks)
    writing = Writing()
    printed: list[Printed] = []
    for number, (front, page) in enumerate(written):
        writing.turn_page()
        heads = (Block(text=line.text, kind="front", origins=line.origins) for line in front)
        start = writing.length
        for block in _write_page(writing, [*heads, *page], levels=levels, mend=mend):
            printed.append(Printed(page=number, start=start, end=writing.length, block=block))
            start = writing.length
    return writing, printed


def _write_page(
    writing: Writing, blocks: Sequence[Block], *, levels: Mapping[Look, int], mend: Callable[[str], str]
) -> Iterator[Block]:
    """Write the blocks of a page, and give each when it is written."""
    indents: list[float] = []  # where the items begin that are open
    caption = ""
    for block, after in zip_longest(blocks, blocks[1:]):
        text = mend(block.text)
        if block.rows:
            write_table(
                writing, [[replace(cell, text=mend(cell.text)) for cell in row] for row in block.rows], caption=caption
            )
            caption = ""
        elif after and after.rows and CAPTION.match(text):
            caption = text
            continue
        elif level := levels.get(_look(block), 0) if _may_be_heading(block) else 0:
            writing.add(text, "heading", level=level)
            indents = []
        else:
            while indents and indents[-1] > block.left - block.height / 2:
                indents.pop()
            if block.kind in ("item", "step"):
                indents.append(block.left)
            writing.add(text, block.kind, level=0 if block.kind == "front" else len(indents))
        yield block


def _heading_levels(blocks: Sequence[Block]) -> dict[Look, int]:
    """The levels of the looks that headings have: the higher their letters are, the higher they rank."""
    heights: Counter[float] = Counter()
    bold = 0
    for block in blocks:
        heights[round(block.height, 1)] += len(block.text)
        bold += len(block.text) * block.is_bold
    usual, _ = max(heights.items(), key=lambda each: each[1], default=(0.0, 0))
    bold_counts = bold < heights.total() / 2
    looks = {_look(block) for block in blocks if _may_be_heading(block)}
    levels: dict[Look, int] = {}
    before: Look = (float("inf"), False)
    rank = 0
    for height, is_bold in sorted(looks, reverse=True):
        if height > usual * HIGHER or (is_bold and bold_counts and height >= usual / HIGHER):
            if height < before[0] / ONE_LOOK or is_bold != before[1]:
                rank = min(rank + 1, 6)
                before = height, is_bold
            levels[height, is_bold] = rank
    return levels


def _may_be_heading(block: Block) -> bool:
    short = block.lines <= HEADING_LINES and len(block.text) <= HEADING_CHARS
    worded = any(character.isalpha() for character in block.text)
    return short and worded and block.kind in ("sentence", "step") and not block.text.endswith((".", ";", ",", ":"))


def _look(block: Block) -> Look:
    return round(block.height, 1), block.is_bold


def _mender(texts: Sequence[str]) -> Callable[[str], str]:
    """What makes the words whole that a line end divided; a hyphen of the word's own stays, as these texts have it."""
    known = {word for text in texts for word in COMPOUND.findall(text.casefold())}

    def is_known(word: str) -> bool:
        return word.casefold() in known or rarity(stem(word.casefold())) < 1

    def whole(found: re.Match[str]) -> str:
        joined, compound = found[1] + found[2], f"{found[1]}-{found[2]}"
        if compound.casefold() in known or (not is_known(joined) and is_known(found[1]) and is_known(found[2])):
            return compound
        return joined

    return lambda text: HYPHENATED.sub(whole, text).replace("\ufffe", "-")


def _set_apart(pages: Sequence[Sequence[Line]]) -> Iterator[tuple[list[Line], list[Line]]]:
    """Of each page the running lines that are met for the first time and say more than a number; its other lines.

    A running line is one at the edges of pages that is alike but for a number.
    """
    seen = Counter(
        key
        for number, lines in enumerate(pages)
        for key in {key for place in _edges(lines) for key in _keys(lines[place].text, number)}
    )
    least = max(2, min(RUNNING_PAGES, len(pages)))
    running = {key for key, count in seen.items() if count >= least}
    met: set[Key] = set()
    for number, lines in enumerate(pages):
        front: list[Line] = []
        body: list[Line] = []
        edges = set(_edges(lines))
        for place, line in enumerate(lines):
            keys = running.intersection(_keys(line.text, number)) if place in edges else set()
            if not keys:
                body.append(line)
            elif not keys & met and any(character.isalpha() for key in keys for character in key[0] + key[1]):
                front.append(line)
            met |= keys
        yield front, body


def _edges(lines: Sequence[Line]) -> list[int]:
    """The places of the lines at the top and the bottom of a page."""
    places = {*range(EDGE_LINES), *range(len(lines) - EDGE_LINES, len(lines))}
    return sorted(place for place in places if 0 <= place < len(lines))


def _keys(text: str, page: int) -> Iterator[Key]:
    """By what a line is known on other pages: its text, and what is left of it without a number that rises."""
    yield text, "", None
    for found, _ in zip(NUMBER.finditer(text), range(NUMBERS), strict=False):
        yield text[: found.start()], text[found.end() :], int(found.group()) - page
