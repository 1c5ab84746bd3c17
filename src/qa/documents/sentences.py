"""Text → sentences, as exact spans: blocks of lines first, then sentencex inside a paragraph.

A blank line, a heading, a list item, a table row and a code block end a sentence; a line break
inside a paragraph does not. No word pieces are counted here, and no passage is made.
Why sentencex, and which other libraries were tried: docs/sentences.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sentencex import get_sentence_boundaries  # type: ignore[import-untyped]  # it ships no type hints

from qa.documents.markdown import ATX, CODE, FRONT_MATTER
from qa.types import Span

Kind = Literal["paragraph", "item", "heading", "row", "verbatim"]

LEADING_DATE = re.compile(r"\s*date \d{4}-\d{2}-\d{2}(?=\s)")  # may stand before the first sentence of a file
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
UNDERLINE = re.compile(r" {0,3}(?:={2,}|-{2,})\s*$")
UNDERLINED = re.compile(rf"(?!\s*>)[^\r\n]*(?:\r\n|\r|\n){UNDERLINE.pattern}")  # one line that is not quoted
ROW = re.compile(r"\s*\|.*\|\s*$|[^|]*\S\s\|\s[^|]*\s\|\s")
BULLET = re.compile(r"\s*[-*+•‣◦▪]\s+(?=\S)")
NUMBER = re.compile(r"\s*(?:(?:\d{1,3}|[a-z])[.)]|\((?:\d{1,3}|[a-z]{1,4})\))\s+(?=\S)")
FIRST_NUMBER = re.compile(r"\s*\(?[1a][.)]\s")

# Nobody wraps lines as long as this, so a line break beside one ends a paragraph.
WRAPPED_CHARS = 200
# The library sees so much at a time: its time grows with the square, 4.5 s for 100,000 characters of Chinese.
WINDOW_CHARS = 4_000

WHITE = re.compile(r"\s")
# Marks that belong to a sentence though they follow its full stop: [3], [citation needed], :18.2, a closing quote.
TAIL = re.compile(r"(?:\[[^\[\]]{1,40}\]|:\d[\d.,:–-]*(?=\s|$)|[\"'”’»)]+(?=\s|$))+")
# Abbreviations that a number completes, and after which the library ends a sentence.
COUNTED = re.compile(r"\b(?:vols?|ch|chap|eqs?|arts?|paras?)\.\s*$", re.IGNORECASE)
# A number alone is no sentence but the marker of the next one, as in a list that stands in running text.
MARKER = re.compile(r"\s*\(?\d{1,3}[.)]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that belong together, `[start, end)`; its sentences are sought from `body` on, after a list marker."""

    kind: Kind
    start: int
    body: int
    end: int


def split_sentences(text: str) -> tuple[Span, ...]:
    """The sentences of a text in order, none empty; only white space lies outside them."""
    return tuple(span for block in split_blocks(text) for span in block_sentences(text, block))


def split_blocks(text: str) -> list[Block]:
    """The blocks of a text in order; only blank lines lie outside them."""
    blocks: list[Block] = []
    position = 0
    if top := LEADING_DATE.match(text) or FRONT_MATTER.match(text):
        position = top.end()
        blocks.append(Block(kind="verbatim", start=0, body=0, end=position))
    for code in CODE.finditer(text, position):
        blocks += _line_blocks(text, position, code.start())
        position = code.end()
        blocks.append(Block(kind="verbatim", start=code.start(), body=code.start(), end=position))
    return blocks + _line_blocks(text, position, len(text))


def block_sentences(text: str, block: Block) -> list[Span]:
    """The sentences of one block; a heading, a table row and a code block are one each."""
    if block.kind in ("paragraph", "item"):
        ends = [block.body + end for end in _sentence_ends(WHITE.sub(" ", text[block.body : block.end]))]
    else:
        ends = [block.end]
    starts = [block.start, *ends[:-1]]
    spans = (trim(text, start, end) for start, end in zip(starts, ends, strict=True))
    return [span for span in spans if len(span)]


def trim(text: str, start: int, end: int) -> Span:
    """The span without the white space at its two ends; empty when there is nothing else."""
    start = end - len(text[start:end].lstrip())
    return Span(start=start, end=start + len(text[start:end].rstrip()))


def _line_blocks(text: str, start: int, end: int) -> list[Block]:
    blocks: list[Block] = []
    last: Block | None = None  # the block that the next line may go on with
    before = 0  # the length of the line before
    for line in LINE.finditer(text, start, end):
        words = line.group()
        if not words.strip():
            last = None
            continue
        if last and last.kind == "paragraph" and UNDERLINED.match(text, last.start, line.end()):
            blocks[-1] = last = Block(kind="heading", start=last.start, body=last.start, end=line.end())
        elif opened := _opens(words, last=last, before=before):
            kind, marker = opened
            last = Block(kind=kind, start=line.start(), body=line.start() + marker, end=line.end())
            blocks.append(last)
        else:
            assert last is not None
            blocks[-1] = last = Block(kind=last.kind, start=last.start, body=last.body, end=line.end())
        before = len(words)
    return blocks


def _opens(line: str, *, last: Block | None, before: int) -> tuple[Kind, int] | None:
    """The kind of block that a line opens and the length of its marker; None when it goes on with the last block."""
    if ATX.match(line):
        return "heading", 0
    if ROW.match(line) or UNDERLINE.match(line):
        return "row", 0
    if bullet := BULLET.match(line):
        return "item", bullet.end()
    closed = last is None or last.kind in ("heading", "row")
    # As in CommonMark: inside a paragraph only the first number of a list opens an item; "on July\n4. Then" does not.
    in_list = last is not None and last.kind == "item"
    if (closed or in_list or FIRST_NUMBER.match(line)) and (number := NUMBER.match(line)):
        return "item", number.end()
    if closed or max(before, len(line)) > WRAPPED_CHARS:
        return "paragraph", 0
    return None


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
