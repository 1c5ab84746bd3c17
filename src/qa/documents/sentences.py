"""Prose → sentences, as exact spans: a mark's own lines first, then sentencex inside them.

A line break inside a paragraph ends no sentence. No word pieces are counted here, and no unit is made.
Why sentencex, and which other libraries were tried: docs/sentences.md.
"""

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries  # type: ignore[import-untyped]  # it ships no type hints

from qa.documents.marks import BULLET, ITEM_NUMBER
from qa.documents.plain import find_marks
from qa.types import Mark, Span

# The library sees so much at a time: its time grows with the square, 4.5 s for 100,000 characters of Chinese.
WINDOW_CHARS = 4_000

WHITE = re.compile(r"\s")
# Marks that belong to a sentence though they follow its full stop: [3], [citation needed], :18.2, a closing quote.
TAIL = re.compile(r"(?:\[[^\[\]]{1,40}\]|:\d[\d.,:–-]*(?=\s|$)|[\"'”’»)]+(?=\s|$))+")
# Abbreviations that a number completes, and after which the library ends a sentence.
COUNTED = re.compile(r"\b(?:vols?|ch|chap|eqs?|arts?|paras?)\.\s*$", re.IGNORECASE)
# A number alone is no sentence but the marker of the next one, as in a list that stands in running text.
MARKER = re.compile(r"\s*\(?\d{1,3}[.)]\s*")


def split_sentences(text: str) -> tuple[Span, ...]:
    """The sentences of a text in order, none empty; only white space lies outside them."""
    return tuple(span for mark in find_marks(text) for span in mark_sentences(text, mark))


def mark_sentences(text: str, mark: Mark) -> list[Span]:
    """The sentences of one mark; a heading, a row, a pair, front matter and code are one each."""
    ends = [mark.end]
    if mark.kind in ("sentence", "item", "step"):
        marker = (
            None if mark.kind == "sentence" else (BULLET.match(text, mark.start) or ITEM_NUMBER.match(text, mark.start))
        )
        body = marker.end() if marker else mark.start
        ends = [body + end for end in _sentence_ends(WHITE.sub(" ", text[body : mark.end]))]
    starts = [mark.start, *ends[:-1]]
    spans = (trim(text, start, end) for start, end in zip(starts, ends, strict=True))
    return [span for span in spans if len(span)]


def trim(text: str, start: int, end: int) -> Span:
    """The span without the white space at its two ends; empty when there is nothing else."""
    start = end - len(text[start:end].lstrip())
    return Span(start=start, end=start + len(text[start:end].rstrip()))


def _sentence_ends(prose: str) -> list[int]:
    """Where the sentences of a paragraph end, the last one at its end; white space in it is plain spaces.

    The library panics on an initial before a white space of several bytes ("B\u00a0."), hence the plain ones.
    """
    ends: list[int] = []
    for end in _library_ends(prose):
        tail = None if prose[end - 1] == " " else TAIL.match(prose, end)
        end = tail.end() if tail else end
        start = ends[-1] if ends else 0
        counted = prose[end : end + 1].isdigit() and COUNTED.search(prose, max(start, end - 12), end)
        if end > start and not counted and not MARKER.fullmatch(prose, start, end):
            ends.append(end)
    if not ends or ends[-1] < len(prose):
        ends.append(len(prose))
    return ends


def _library_ends(prose: str) -> Iterator[int]:
    """Where the library ends a sentence; what it leaves open at the end of a window it sees again."""
    start = 0
    while start < len(prose):
        window = prose[start : start + WINDOW_CHARS]
        ends = [start + boundary["end_index"] for boundary in get_sentence_boundaries("en", window)]
        if start + len(window) < len(prose) and len(ends) > 1:
            ends.pop()
        yield from ends
        start = ends[-1]
