"""The text of an answer → its statements: each sentence without markers, and what it cites.

A marker belongs to the sentence it stands in or follows; at the head of a line, to the sentence
after it. Nothing is judged here; the sentence splitter arrives as an argument.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answers.citations import Mark
from qa.types import Span

_LINE_HEAD = re.compile(r"[\s>*+#•–-]*(?:\d+[.)]\s*)?")
_WORDLESS = re.compile(r"[\W_]*+(?:\d++[.)])?[\W_]*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence: its words without markers, the numbers it cites, and where it stands.

    `start` and `end` are offsets into the text with markers, which the statements tile.
    """

    text: str
    numbers: tuple[int, ...]
    start: int
    end: int


def statements(text: str, marks: Sequence[Mark], *, split: Callable[[str], Sequence[Span]]) -> tuple[Statement, ...]:
    """The sentences of an answer in order, each with the numbers of its markers."""
    bare, origins = _without_marks(text, marks)
    spans = [span for span in split(bare) if not _WORDLESS.fullmatch(bare, span.start, span.end)]
    if not spans:
        return ()
    cited: list[list[int]] = [[] for _ in spans]
    starts = [_position(span.start, origins) for span in spans]
    for mark in marks:
        owner = _owner(_bare_offset(mark.start, origins), bare, spans)
        if mark.number not in cited[owner]:
            cited[owner].append(mark.number)
        starts[owner] = min(starts[owner], mark.start)
    edges = [0, *starts[1:], len(text)]
    return tuple(
        Statement(text=bare[span.start : span.end], numbers=tuple(numbers), start=start, end=end)
        for span, numbers, (start, end) in zip(spans, cited, pairwise(edges), strict=True)
    )


def _without_marks(text: str, marks: Sequence[Mark]) -> tuple[str, list[tuple[int, int]]]:
    """The text without markers and the spaces before them; and where each kept piece began, bare and marked."""
    kept: list[str] = []
    origins: list[tuple[int, int]] = []
    at = length = 0
    for start, end in [*((mark.start, mark.end) for mark in marks), (len(text), len(text))]:
        piece = text[at:start].rstrip(" \t") if start < len(text) else text[at:]
        kept.append(piece)
        origins.append((length, at))
        at, length = end, length + len(piece)
    return "".join(kept), origins


def _position(offset: int, origins: Sequence[tuple[int, int]]) -> int:
    """Where a character of the bare text stands in the text with markers."""
    bare, marked = origins[bisect_right(origins, offset, key=lambda origin: origin[0]) - 1]
    return marked + offset - bare


def _bare_offset(position: int, origins: Sequence[tuple[int, int]]) -> int:
    """Where a marker stood, in the bare text: at the beginning of the piece that follows it."""
    return origins[bisect_right(origins, position, key=lambda origin: origin[1])][0]


def _owner(offset: int, bare: str, spans: Sequence[Span]) -> int:
    """The index of the sentence to which a marker at this offset of the bare text belongs."""
    follower = bisect_left(spans, offset, key=lambda span: span.start)
    line_start = bare.rfind("\n", 0, offset) + 1
    line_end = bare.find("\n", offset) % (len(bare) + 1)
    inside = follower > 0 and offset < spans[follower - 1].end
    heads_line = not inside and _LINE_HEAD.fullmatch(bare, line_start, offset) is not None
    if heads_line and follower < len(spans) and spans[follower].start < line_end:
        return follower
    return max(follower - 1, 0)
