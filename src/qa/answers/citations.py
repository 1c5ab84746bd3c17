"""Markers → spans: the sentence ids that a language model writes, turned into exact quotes.

The model sees `[2.1]` in front of the first sentence of the second passage and writes such ids
back; readers see `[1]`, `[2]`, … in reading order. Works on a stream: no marker is ever shown in
part. Holds no prompts, no HTML and no verdicts; the quote is always cut from the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from qa.answers.markers import OPENING, IdRange, find_marker, ids_between, may_become_marker
from qa.search.quoting import quoted
from qa.types import Citation, Passage, Span

_GAP = re.compile(r"\s{0,64}+")
_GAP_BETWEEN_MARKERS = re.compile(r"\s{0,8}+[,;，、]?\s{0,8}+")
_LINK = re.compile(r"\([^()\s]{0,200}+(\))?")
_RUN = re.compile(r"(?:`+|~+)")
_PLAIN = re.compile(rf"[^\s`~\\{re.escape(OPENING)}]++")
_CODE = re.compile(r"[^\n`~]++|\n|`+|~+")


@dataclass(frozen=True, slots=True)
class _Fence:
    """An open stretch of code: what closes it."""

    run: str
    inline: bool

    def closed_by(self, token: str, *, line_start: bool) -> bool:
        if self.inline:
            return token in (self.run, "\n")
        return line_start and token[0] == self.run[0] and len(token) >= len(self.run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a marker such as `[1]` stands in the readable text."""

    start: int
    end: int
    number: int


class CitationStream:
    """Readable text and citations from the text of a model, however it is cut into pieces.

    `feed` and `close` return text with final markers, each Citation before its first marker.
    `unknown` holds the ids that were cited and do not exist; they never show.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.citations: list[Citation] = []
        self.marks: list[Mark] = []
        self.unknown: list[str] = []
        self._passages = passages
        self._pieces: list[str] = []
        self._length = 0
        self._held = ""
        self._at = 0
        self._out: list[str | Citation] = []
        self._fence: _Fence | None = None
        self._line_start = True
        self._run: set[int] | None = None  # the numbers in the run of markers being read
        self._gap = ""  # white space before a marker that has not shown anything yet

    @property
    def text(self) -> str:
        """All readable text so far."""
        return "".join(self._pieces)

    def feed(self, piece: str) -> list[str | Citation]:
        """What can be shown after one more piece."""
        return self._drain(piece, final=False)

    def close(self) -> list[str | Citation]:
        """What was held back, when the model has finished."""
        return self._drain("", final=True)

    def _drain(self, piece: str, *, final: bool) -> list[str | Citation]:
        self._held, self._at = self._held[self._at :] + piece, 0
        while self._at < len(self._held) and (self._read_code(final) if self._fence else self._read_text(final)):
            pass
        out, self._out = self._out, []
        return _joined(out)

    def _read_text(self, final: bool) -> bool:
        """Takes one step through text; False when what is held could still become a marker."""
        held, start = self._held, self._at
        if self._run is not None and held[start] == "(":
            return self._read_link(final)
        gap = (_GAP if self._run is None else _GAP_BETWEEN_MARKERS).match(held, start)
        assert gap is not None  # it matches nothing, too
        at = gap.end()
        if at == len(held):
            return final and self._show(gap[0], upto=at)
        if held[at] in OPENING or held[at] == "\\":
            return self._read_bracket(gap[0], at, final)
        run = _RUN.match(held, at)
        if run:
            if run.end() == len(held) and not final:
                return False
            return self._open_code(gap[0], run)
        plain = _PLAIN.match(held, at)
        return self._show(gap[0] + (plain[0] if plain else ""), upto=plain.end() if plain else at)

    def _read_bracket(self, gap: str, at: int, final: bool) -> bool:
        marker = find_marker(self._held, at)
        if marker:
            ids, self._at = marker
            self._mark(gap, ids)
            return True
        if not final and may_become_marker(self._held, at):
            return False
        return self._show(gap + self._held[at], upto=at + 1)

    def _read_link(self, final: bool) -> bool:
        """Drops the target in `[2.1](somewhere)`: no document chooses where a citation leads."""
        link = _LINK.match(self._held, self._at)
        assert link is not None
        if link[1]:
            self._at = link.end()
        elif final or link.end() < len(self._held):
            return self._show("(", upto=self._at + 1)
        return bool(link[1])

    def _open_code(self, gap: str, run: re.Match[str]) -> bool:
        line_start = self._line_start or "\n" in gap
        fenced = len(run[0]) >= 3 and line_start
        self._show(gap + run[0], upto=run.end())
        if fenced or run[0][0] == "`":
            self._fence = _Fence(run[0], inline=not fenced)
        return True

    def _read_code(self, final: bool) -> bool:
        token = _CODE.match(self._held, self._at)
        assert token is not None
        assert self._fence is not None
        if token[0][0] in "`~" and token.end() == len(self._held) and not final:
            return False
        if self._fence.closed_by(token[0], line_start=self._line_start):
            self._fence = None
        return self._show(token[0], upto=token.end())

    def _mark(self, gap: str, ids: Sequence[IdRange]) -> None:
        if self._run is None:
            self._run, self._gap = set(), gap
        for span_of in self._spans(ids):
            number = self._number(*span_of)
            if number not in self._run:
                self._run.add(number)
                self._emit(self._gap)
                self.marks.append(Mark(start=self._length, end=self._length + len(f"[{number}]"), number=number))
                self._emit(f"[{number}]")
                self._gap = ""

    def _spans(self, ids: Sequence[IdRange]) -> list[tuple[Passage, Span]]:
        """The spans of the ids that exist; the others are noted as unknown."""
        found: list[tuple[Passage, Span]] = []
        for first, last in ids:
            for end in dict.fromkeys((first, last)):
                if self._span(end) is None and end not in self.unknown:
                    self.unknown.append(end)
            found += filter(None, map(self._span, ids_between(first, last)))
        return found

    def _span(self, sentence_id: str) -> tuple[Passage, Span] | None:
        """The passage of an id and the span as which its unit is quoted, or of all its units; None without one."""
        number, _, sentence = sentence_id.partition(".")
        if int(number) > len(self._passages):
            return None
        passage = self._passages[int(number) - 1]
        spans = list(filter(None, quoted(passage)[int(sentence) - 1 : int(sentence)] if sentence else passage.units))
        return (passage, Span(start=spans[0].start, end=spans[-1].end)) if spans else None

    def _number(self, passage: Passage, span: Span) -> int:
        for number, known in enumerate(self.citations, start=1):
            if (known.document, known.start, known.end) == (passage.document, span.start, span.end):
                return number
        citation = passage.cite(span, number=len(self.citations) + 1)
        self.citations.append(citation)
        self._out.append(citation)
        return len(self.citations)

    def _show(self, text: str, *, upto: int) -> bool:
        """Shows ordinary text, which ends a run of markers."""
        if self._run is not None and not self._run:  # none of the markers before it showed
            if not text.lstrip(" \t").startswith("\n"):
                self._emit(self._gap[: self._gap.rfind("\n") + 1])
            text = text.lstrip(" ") if self._line_start else text
        self._run, self._gap = None, ""
        self._emit(text)
        self._at = upto
        return True

    def _emit(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._pieces.append(text)
            self._length += len(text)
            _, newline, line = text.rpartition("\n")
            self._line_start = (bool(newline) or self._line_start) and not line.strip()


def _joined(out: Sequence[str | Citation]) -> list[str | Citation]:
    joined: list[str | Citation] = []
    for is_text, run in groupby(out, key=lambda each: isinstance(each, str)):
        pieces = list(run)
        joined += ["".join(map(str, pieces))] if is_text else pieces
    return joined
