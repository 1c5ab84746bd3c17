"""A model's cited text → its statements: each sentence without markers, and what it cites.

A marker belongs to the sentence it stands in or follows; at the head of a line, to the sentence
after it. Nothing is judged here.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answers.citations import CitationStream, Mark
from qa.documents.sentences import split_sentences
from qa.types import Span

_LINE_HEAD = re.compile(r"[\s>*+#•–-]*(?:\d+[.)]\s*)?")
_WORDLESS = re.compile(r"[\W_]*+(?:\d++[.)])?[\W_]*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence before it is judged: its words without markers, what it cites, and where it stands.

    `quotes` are those of the citations with these `numbers`. `start` and `end` are offsets into the text with
    markers, which the statements tile.
    """

    text: str
    numbers: tuple[int, ...]
    quotes: tuple[str, ...]
    start: int
    end: int


def read_statements(cited: CitationStream) -> tuple[Statement, ...]:
    """The sentences so far in order, each with the numbers of its markers."""
    text, marks = cited.text, cited.marks
    bare, origins = _without_marks(text, marks)
    spans = [span for span in split_sentences(bare) if not _WORDLESS.fullmatch(bare, span.start, span.end)]
    if not spans:
        return ()
    numbers: list[list[int]] = [[] for _ in spans]
    starts = [_position(span.start, origins) for span in spans]
    for mark in marks:
        owner = _owner(_bare_offset(mark.start, origins), bare, spans)
        if mark.number not in numbers[owner]:
            numbers[owner].append(mark.number)
        starts[owner] = min(starts[owner], mark.start)
    edges = [0, *starts[1:], len(text)]
    return tuple(
        Statement(
            text=bare[span.start : span.end],
            numbers=tuple(own),
            quotes=tuple(cited.citations[number - 1].quote for number in own),
            start=start,
            end=end,
        )
        for span, own, (start, end) in zip(spans, numbers, pairwise(edges), strict=True)
    )


def keep(cited: CitationStream, stay: Sequence[Statement]) -> tuple[str, dict[int, int]]:
    """The text of these statements alone, numbered anew, and the new number of each citation by its old one."""
    text, numbers = cited.text, dict[int, int]()
    pieces: list[str] = []
    for statement in stay:
        at = statement.start
        for mark in cited.marks:
            if statement.start <= mark.start < statement.end:
                number = numbers.setdefault(mark.number, len(numbers) + 1)
                pieces += [text[at : mark.start], f"[{number}]"]
                at = mark.end
        pieces.append(text[at : statement.end])
    return "".join(pieces), numbers


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
