"""Where a PDF's words are printed: the boxes of a quote hold its words, read back through PDFium, and no others."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import pypdfium2
import pytest
from pypdfium2 import raw
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from qa.documents.formats.extraction import draw_page, find_places
from qa.documents.formats.pdf import read_pdf
from qa.documents.formats.pdf_places import boxes
from qa.types import Document

WORDS = """
harbour office waffle finding efficient lighthouse keeper granite tower reef island ﬁlm ﬂag Müller coöperation
well-known ship cargo ledger winter storm ﬁsh market price barley lamp electricity committee agreement Ångström
""".split()  # noqa: SIM905  # a list takes thirty lines
WIDTHS = {1: 450.0, 2: 210.0, 3: 135.0}


def sentences(chance: random.Random) -> list[str]:
    return [
        " ".join([chance.choice(WORDS).capitalize(), *chance.choices(WORDS, k=chance.randint(5, 18))]) + "."
        for _ in range(80)
    ]


def lines(words: list[str], *, width: float, size: float) -> list[str]:
    """The words in lines, a long one divided at a line's end where it does not fit."""
    found = [""]
    for word in words:
        tried = f"{found[-1]} {word}".strip()
        if stringWidth(tried, "Helvetica", size) <= width:
            found[-1] = tried
        elif len(word) > 8 and word.isascii() and stringWidth(f"{found[-1]} {word[:4]}-", "Helvetica", size) <= width:
            found[-1] += f" {word[:4]}-"
            found.append(word[4:])
        else:
            found.append(word)
    return found


def print_pdf(path: Path, seed: int) -> Path:
    """Sentences in one to three columns, on pages that may be turned, under a running header."""
    chance = random.Random(seed)
    columns, turned, size = seed % 3 + 1, (0, 90, 180, 270)[seed % 4], chance.choice((8.0, 9.5, 11.0))
    width = WIDTHS[columns]
    text = lines(" ".join(sentences(chance)).split(), width=width, size=size)
    sheet = Canvas(str(path), pagesize=A4)
    depth = int(650 / (size * 1.3))
    for first in range(0, len(text), columns * depth):
        sheet.setPageRotation(turned)
        sheet.setFont("Helvetica", size)
        sheet.drawString(72, 800, f"The harbour ledger, page {sheet.getPageNumber()}")
        for column in range(columns):
            block = text[first + column * depth : first + (column + 1) * depth]
            for number, line in enumerate(block):
                sheet.drawString(60 + column * (width + 25), 760 - number * size * 1.3, line)
        sheet.showPage()
    sheet.save()
    return path


def words_in(path: Path, page: int, ranges: list[tuple[int, int]]) -> str:
    """The characters whose middle lies in the boxes of these ranges, as PDFium has them."""
    sheet = pypdfium2.PdfDocument(path)[page]
    text = sheet.get_textpage()
    found = list(boxes(sheet, ranges))
    inside = []
    for number in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(number)
        middle = (left + right) / 2, (bottom + top) / 2
        if any(box[0] <= middle[0] <= box[2] and box[1] <= middle[1] <= box[3] for box in found):
            inside.append(chr(raw.FPDFText_GetUnicode(text, number)))
    return "".join(inside)


def bare(text: str) -> str:
    """A text without white space, and without hyphens, which a line's end may have put in."""
    return "".join(each for each in text if not each.isspace() and each not in "-\ufffe\x02")


@pytest.mark.parametrize("seed", range(10))
def test_the_boxes_of_a_sentence_hold_its_words_and_no_others(tmp_path: Path, seed: int) -> None:
    path = print_pdf(tmp_path / "a.pdf", seed)
    text = read_pdf(path).text
    version, runs = find_places(path)
    assert version == Document(id="", title="", text=text).version
    chance = random.Random(seed)
    ends = [at + 1 for at, character in enumerate(text) if character == "."]
    for place in sorted(chance.sample(range(len(ends) - 1), k=20)):
        start, end = ends[place], ends[place + 1]
        quote = text[start:end]
        ranges: dict[int, list[tuple[int, int]]] = {}
        for first, page, index, count in runs:
            cut = max(0, start - first)
            left = min(first + count, end) - first - cut
            if left > 0:
                ranges.setdefault(page, []).append((index + cut, left))
        read = "".join(words_in(path, page, ranges[page]) for page in sorted(ranges))
        assert bare(read) == bare(quote)


def test_the_cells_of_a_row_are_printed_in_their_places(tmp_path: Path) -> None:
    sheet = Canvas(str(tmp_path / "a.pdf"))
    for number, row in enumerate([("Boat", "Tons"), ("Tern", "12"), ("Gull", "7"), ("Skua", "12")]):
        for left, cell in zip((72, 200), row, strict=True):
            sheet.drawString(left, 700 - 18 * number, cell)
    sheet.save()
    path = tmp_path / "a.pdf"
    text = read_pdf(path).text
    start = text.index("Boat: Skua")
    ranges = [(index, count) for first, _, index, count in find_places(path)[1] if first >= start]
    assert words_in(path, 0, ranges) == "Skua12"


def test_a_page_is_drawn_with_its_boxes_in_shares_of_its_size(tmp_path: Path) -> None:
    path = print_pdf(tmp_path / "a.pdf", 0)
    drawn = draw_page(path, 0, [(0, 18)])
    picture = base64.b64decode(str(drawn["picture"]))
    assert picture.startswith(b"\x89PNG")
    [[left, top, width, height]] = json.loads(json.dumps(drawn["boxes"]))
    assert (left, top) == pytest.approx((0.12, 0.04), abs=0.02)
    assert 0.05 < width < 0.25
    assert 0.005 < height < 0.02
