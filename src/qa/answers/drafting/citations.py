"""Markers → spans: the sentence ids that a language model writes in a statement, turned into exact quotes.

The model sees `[2.1]` in front of the first sentence of the second passage and writes such ids
back; readers see `[1]`, `[2]`, … in reading order. Holds no prompts, no HTML and no verdicts; the
quote is always cut from the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.answers.drafting.markers import OPENING, IdRange, find_marker, ids_between
from qa.answers.reading import header_above
from qa.search.quoting import quoted
from qa.types import Above, Citation, Passage, Span

_GAP_BETWEEN = re.compile(r"[^\S\n]{0,8}+[,;，、]?[^\S\n]{0,8}+")
_LINK = re.compile(r"\([^()\s]{0,200}+\)")
_POINT = re.compile(rf"`++|\\?[{re.escape(OPENING)}]")
_BEGUN = re.compile(rf"\\?[{re.escape(OPENING)}]{{1,2}}[\d.,; ]{{0,40}}+\Z")  # where a reply was cut
_TICKS = re.compile("`++")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A unit of a passage that was shown to the model, as it is quoted; each is made once, and equals only itself."""

    passage: Passage
    span: Span
    header: Source | None = None  # of the table, for a row that does not name its columns: cited beside it

    @property
    def quote(self) -> str:
        """Its exact text."""
        return self.span.text if isinstance(self.span, Above) else self.passage.cut(self.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One marker, or several in a row, with the ids they name and the white space before them."""

    gap: str
    ids: tuple[IdRange, ...]


def read_markers(text: str) -> list[str | Marker]:
    """A statement's text cut at its markers; brackets in code between backticks are text."""
    found: list[str | Marker] = []
    start = at = 0
    while point := _POINT.search(text, at):
        at = point.end()
        if point[0][0] == "`":
            at = next((run.end() for run in _TICKS.finditer(text, at) if run[0] == point[0]), at)  # behind the code
            continue
        marker = find_marker(text, point.start())
        if marker is None and _BEGUN.match(text, point.start()):
            marker = (), len(text)
        if marker is None:
            continue
        before = text[start : point.start()]
        words = before.rstrip()
        ids, start = _run(text, *marker)
        found += [words, Marker(gap=before[len(words) :], ids=tuple(ids))]
        at = start
    return [*found, text[start:]]


def _run(text: str, first: tuple[IdRange, ...], end: int) -> tuple[list[IdRange], int]:
    """The ids of a marker and of those right behind it, and where the last of them ends.

    The target in `[2.1](somewhere)` is dropped: no document chooses where a citation leads.
    """
    ids = list(first)
    while True:
        link = _LINK.match(text, end)
        end = link.end() if link else end
        gap = _GAP_BETWEEN.match(text, end)
        following = find_marker(text, gap.end()) if gap else None
        if following is None:
            return ids, end
        ids += following[0]
        end = following[1]


def without_markers(text: str) -> str:
    """A statement's words alone."""
    return "".join(piece for piece in read_markers(text) if isinstance(piece, str)).strip()


class Citations:
    """The citations of one answer in the making, numbered as they are first shown.

    `sources` are all units that may be cited; `unknown` holds the ids that the model wrote and that do not exist.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.cited: list[Citation] = []
        self.unknown: list[str] = []
        self.sources: list[Source] = []
        self._ids: dict[str, list[Source]] = {}
        for number, passage in enumerate(passages, start=1):
            headers: dict[int, Source] = {}
            for place, span in enumerate(quoted(passage), start=1):
                if span is not None:
                    above = header_above(passage, passage.units[place - 1])
                    if above is not None:
                        headers.setdefault(above.start, Source(passage=passage, span=above))
                    source = Source(passage=passage, span=span, header=headers[above.start] if above else None)
                    self.sources.append(source)
                    self._ids[f"{number}.{place}"] = [source]
                    self._ids.setdefault(str(number), []).append(source)

    def named(self, ids: Sequence[IdRange]) -> tuple[Source, ...]:
        """The units with these ids, of a passage all its units; ids without one are noted as unknown."""
        found: list[Source] = []
        for first, last in ids:
            for end in dict.fromkeys((first, last)):
                if end not in self._ids and end not in self.unknown:
                    self.unknown.append(end)
            for each in ids_between(first, last):
                found += self._ids.get(each, ())
        return tuple(dict.fromkeys(found))

    def quoted_in(self, citations: Sequence[Citation]) -> list[Source]:
        """The units that these quotes overlap."""
        return [
            each
            for each in self.sources
            for quote in citations
            if each.passage.document == quote.document and each.span.start < quote.end and quote.start < each.span.end
        ]

    def render(self, pieces: Sequence[str | Marker], sources: Sequence[Source]) -> tuple[str, tuple[int, ...]]:
        """A statement with the numbers of these sources for its markers, and the numbers in that order.

        A number stands where the model cited its source, another one in the first place of ids that are not among
        the sources, else behind the last number, or at the end.
        """
        named = [() if isinstance(piece, str) else self.named(piece.ids) for piece in pieces]
        added = [each for each in sources if not any(each in own for own in named)]
        text, last, shown = "", 0, dict[int, None]()
        for piece, own in zip(pieces, named, strict=True):
            if isinstance(piece, str):
                text += piece if text.strip() or piece is pieces[0] else piece.lstrip(" ")
                continue
            here = [each for each in own if each in sources]
            if not here:
                here, added = added, []
            numbers = [self.number(each) for each in here]
            shown.update(dict.fromkeys(numbers))
            text += (piece.gap if numbers else piece.gap[: piece.gap.rfind("\n") + 1]) + _markers(numbers)
            last = len(text) if numbers else last
        if added:
            numbers = [self.number(each) for each in added]
            shown.update(dict.fromkeys(numbers))
            markers = _markers(numbers)
            text = f"{text[:last]}{markers}{text[last:]}" if last else _appended(text, markers)
        return text, tuple(shown)

    def number(self, source: Source) -> int:
        """The number by which a source is cited, a new one where it was not yet."""
        for known in self.cited:
            if (known.document, known.start, known.end) == (
                source.passage.document, source.span.start, source.span.end,
            ):  # fmt: skip
                return known.number or 0
        self.cited.append(source.passage.cite(source.span, number=len(self.cited) + 1))
        return len(self.cited)


def _markers(numbers: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)


def _appended(text: str, markers: str) -> str:
    """The statement with markers behind its words: inside the last cell of a row."""
    words = text.rstrip()
    end = " |" if words.startswith("|") and words.endswith("|") else ""
    return f"{words.removesuffix('|').rstrip() if end else words} {markers}{end}{text[len(words) :]}"
