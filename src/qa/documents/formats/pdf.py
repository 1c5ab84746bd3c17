"""PDF → pages of paragraphs: lines are joined where the page's geometry says that a paragraph goes on.

Running headers and footers are kept once, before the text of their page. Pictures of text are not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it ships no type hints
from pypdfium2 import raw

from qa.documents.formats.content import Content, joined, one_line, tidy
from qa.errors import DocumentError
from qa.words import rarity, stem

WRITTEN_BY_WORD = re.compile(r"^Microsoft \w+ - ")
SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*\Z")
ITEM = re.compile(r"[•‣◦▪●*–-]\s|\(?(?:\d{1,3}|[a-z])[.)]\s")
LEADERS = re.compile(r"(?<!\.)(?<!\. )(?:\. ?){4,}+\s*+\w++\Z")  # a line of a table of contents
PAGE_NUMBER = re.compile(r"\A\d+\b|\b\d+\Z")
# PDFium marks a hyphen at the end of a line so, and leaves the line's end out.
HYPHENATED = re.compile(r"(?<![^\W\d_])([^\W\d_]++)\ufffe([^\W\d_]++)")
COMPOUND = re.compile(r"[^\W\d_]++(?:-[^\W\d_]++)*+")

EDGE_LINES = 2  # how many lines of a page may be its running header, and how many its footer
RUNNING_PAGES = 3  # a line at the edge of this many pages is a running one
SAME_HEIGHT = 0.15  # two lines of one font differ by no more than this share of the higher one
WIDER_STEP = 1.25  # how many usual steps down at least a new paragraph begins
SHORT_LINE = 0.85  # a line filled less ends its paragraph when its sentence has ended, too
VERY_SHORT_LINE = 0.65  # a line filled less ends it in any case

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line as printed, with the boxes of its first and its last character."""

    text: str
    first: Box
    last: Box

    @property
    def height(self) -> float:
        return self.first[3] - self.first[1]


def read_pdf(path: Path) -> Content:
    """The pages of a PDF, with the title and the date from its properties.

    Raises: DocumentError when it has a password, or pictures of text only.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise DocumentError(f"{path} is protected by a password. Save it without one") from error
        raise
    pages = [_lines(document, number) for number in range(len(document))]
    if not any(pages):
        raise DocumentError(f"{path} has no text, as scans do not. Run OCR on it first, for example with: ocrmypdf")
    running = _running_lines(pages)
    usual_step = _usual_step(pages)
    texts = []
    for lines in pages:
        first_seen, body = _set_apart_running(lines, running)
        texts.append("\n\n".join([*first_seen, *_paragraphs(body, usual_step=usual_step)]))
    title = WRITTEN_BY_WORD.sub("", one_line(document.get_metadata_value("Title")))
    return joined([tidy(text) for text in _dehyphenated(texts)], title=title or None, dates=_dates(document))


def _dates(document: pypdfium2.PdfDocument) -> tuple[str, ...]:
    """When it was made, out of a finished text; then when it was last changed, as by signing, merging or OCR."""
    return tuple(document.get_metadata_value(key) for key in ("CreationDate", "ModDate"))


def _lines(document: pypdfium2.PdfDocument, number: int) -> list[_Line]:
    page = document[number]
    characters = page.get_textpage()
    lines = []
    offset = 0  # in UTF-16 units, as PDFium counts
    for text in characters.get_text_range(errors="replace").split("\r\n"):
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        if text.strip():
            ends = offset, offset + length - 1
            first, last = (raw.FPDFText_GetCharIndexFromTextIndex(characters, end) for end in ends)
            boxes = [characters.get_charbox(max(0, index), loose=True) for index in (first, last)]
            lines.append(_Line(text=" ".join(text.split()), first=boxes[0], last=boxes[1]))
        offset += length + 2
    characters.close()
    page.close()
    return lines


def _edges(lines: Sequence[_Line]) -> Iterator[tuple[int, str]]:
    """The lines at the top and the bottom of a page: where each stands, and its text without a page number."""
    places = {*range(EDGE_LINES), *range(len(lines) - EDGE_LINES, len(lines))}
    for place in sorted(place for place in places if 0 <= place < len(lines)):
        yield place, PAGE_NUMBER.sub("", lines[place].text).strip()


def _running_lines(pages: Sequence[Sequence[_Line]]) -> Counter[str]:
    """The lines that run through the pages, each with how often it was seen so far: never, for a start."""
    seen = Counter(text for lines in pages for text in {text for _, text in _edges(lines)})
    return Counter({text: 0 for text, count in seen.items() if count >= RUNNING_PAGES})


def _set_apart_running(lines: Sequence[_Line], running: Counter[str]) -> tuple[list[str], list[_Line]]:
    """The running lines of a page that are seen for the first time, and its other lines."""
    first_seen: list[str] = []
    body: list[_Line] = []
    edges = dict(_edges(lines))
    for place, line in enumerate(lines):
        text = edges.get(place)
        if text is None or text not in running:
            body.append(line)
        else:
            running[text] += 1
            if text and running[text] == 1:
                first_seen.append(line.text)
    return first_seen, body


def _usual_step(pages: Sequence[Sequence[_Line]]) -> float:
    """How far down the next line of a paragraph is, in heights of a line: the lower quartile of all such steps."""
    steps = sorted(_step(*pair) / pair[1].height for lines in pages for pair in pairwise(lines) if pair[1].height > 0)
    steps = [step for step in steps if step > 0]
    return steps[len(steps) // 4] if steps else 0.0


def _step(before: _Line, line: _Line) -> float:
    """How far down a line is from the one before it, in points; not above 0 where a new column begins."""
    return before.last[1] - line.first[1]


def _paragraphs(lines: list[_Line], *, usual_step: float) -> Iterator[str]:
    right = 0.0
    words: list[str] = []
    for before, line in zip([None, *lines], lines):  # noqa: B905 - the last line comes before none
        if before and _ends_paragraph(before, line, usual_step=usual_step, right=max(right, line.last[2])):
            yield " ".join(words)
            words = []
            right = 0.0
        words.append(line.text)
        right = max(right, line.last[2])
    if words:
        yield " ".join(words)


def _ends_paragraph(before: _Line, line: _Line, *, usual_step: float, right: float) -> bool:
    """Whether a paragraph ends between two lines; `right` is the right edge of its longest line."""
    step = _step(before, line)
    ended = bool(SENTENCE_END.search(before.text))
    if step <= 0:  # the next column
        return ended
    left = min(before.first[0], line.first[0])
    filled = (before.last[2] - left) / (right - left) if right > left else 1.0
    short = filled < (SHORT_LINE if ended else VERY_SHORT_LINE)
    indented = line.first[0] - before.first[0] > line.height / 2 and not ITEM.match(before.text)
    # A word in another font may begin a line of the same paragraph, so another height alone ends none.
    resized = abs(line.height - before.height) > SAME_HEIGHT * max(line.height, before.height)
    return (
        step > usual_step * line.height * WIDER_STEP
        or short
        or indented
        or (resized and (ended or filled < SHORT_LINE))
        or bool(ITEM.match(line.text) or LEADERS.search(before.text))
    )


def _dehyphenated(texts: list[str]) -> list[str]:
    """The texts with the words that a line end divided made whole; a hyphen of the word's own stays."""
    known = {word for text in texts for word in COMPOUND.findall(text.casefold())}

    def is_known(word: str) -> bool:
        return word.casefold() in known or rarity(stem(word.casefold())) < 1

    def mend(found: re.Match[str]) -> str:
        whole, compound = found[1] + found[2], f"{found[1]}-{found[2]}"
        if compound.casefold() in known or (not is_known(whole) and is_known(found[1]) and is_known(found[2])):
            return compound
        return whole

    return [HYPHENATED.sub(mend, text).replace("\ufffe", "-") for text in texts]
