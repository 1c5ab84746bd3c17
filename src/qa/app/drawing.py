"""Passages → what the panel draws of a document: its units with their words, those that were cited marked.

Only plain values leave here, each word an exact slice of the document; the marks that a format needs (`#`, `|`, `---`)
are left out, and nothing is taken for markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise

from qa.answers.reading import BOLD, column_names, header_above
from qa.documents.markdown import heading_words
from qa.documents.passages import page_of
from qa.types import Passage, Span, Unit, UnitKind

Piece = tuple[str, bool]  # words, and whether they were cited

_BULLET = re.compile(r"\A\s*+(?:[*•‣◦▪]|[-+](?!\s*+\d))\s++")  # "- 5 °C" keeps its sign
_QUOTED = re.compile(r"^[ \t]*+>[> \t]*+", re.MULTILINE)
_FENCE = re.compile(r"\A\s*(?:```|~~~)[^\r\n]*+[\r\n]*+|(?:```|~~~)[`~]*+\s*\Z")
_RULE = re.compile(r"^[^\w\r\n]++(?:\r?\n|\Z)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*+\n")
_HIDDEN: dict[UnitKind, tuple[re.Pattern[str], ...]] = {
    "code": (_FENCE,),
    "front": (_RULE,),
    "heading": (BOLD,),
    "item": (_QUOTED, _BULLET, BOLD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One unit as it is drawn. `depth` counts the headings above one, or the items above an item or what is in it.

    `words` are those of a unit without columns; `cells` hold the column and the words of each value, `names` those of
    the columns where a table begins whose header is not shown. `apart` means that a paragraph begins.
    """

    kind: UnitKind
    depth: int
    apart: bool
    page: int | None
    words: tuple[Piece, ...] = ()
    cells: tuple[tuple[int, tuple[Piece, ...]], ...] = ()
    names: tuple[tuple[int, str], ...] = ()


def draw(passages: Iterable[Passage], *, window: Span, cited: Span, pages: Sequence[int] = ()) -> Iterator[Drawn]:
    """The units of a document that lie in a window of its text, in order, cut at its ends."""
    depths: dict[int | None, tuple[int, int]] = {None: (0, 0)}  # of what hangs on a unit: under headings, in items
    end, before, in_table = 0, "", False
    cut = partial(_cut, window=window, cited=cited)
    for passage in passages:
        for unit in (*passage.above, *passage.units):
            headings, items = depths.get(unit.parent, (0, 0))
            is_heading, is_item = unit.kind == "heading" and not unit.cells, unit.kind in ("item", "step")
            depths.setdefault(unit.start, (headings + is_heading, items + is_item))
        for unit in passage.units:
            gap = passage.cut(Span(start=end, end=unit.start)) if end >= passage.start else ""
            end = unit.end
            if unit.end <= window.start or unit.start >= window.end:
                continue
            headings, items = depths.get(unit.parent, (0, 0))
            apart = unit.kind != before or bool(_BLANK_LINE.search(gap))
            goes_on = bool(gap) and not apart and unit.kind in ("sentence", "pair", "front")
            space = ((_space(unit, gap), cited.start < unit.start < cited.end),) if goes_on else ()
            header = header_above(passage, unit) if unit.cells and not in_table else None
            drawn = Drawn(
                kind=unit.kind,
                depth=headings if unit.kind == "heading" else items,
                apart=apart,
                page=page_of(pages, unit.start),
                words=() if unit.cells else (*space, *cut(passage, _shown(passage, unit, unit.kind))),
                cells=tuple((each.column, tuple(cut(passage, _shown(passage, each, "row")))) for each in unit.cells),
                names=tuple(column_names(passage, header).items()) if header else (),
            )
            if any(words.strip() for words, _ in drawn.words) or drawn.cells:
                yield drawn
                before, in_table = unit.kind, bool(unit.cells)


def _space(unit: Unit, gap: str) -> str:
    """What stands between a unit and the one before it in the same paragraph."""
    return "\n" if unit.kind in ("pair", "front") and "\n" in gap else " "


def _shown(passage: Passage, span: Span, kind: UnitKind) -> Iterator[Span]:
    """What is shown of a unit or a cell: all but the marks around its words, as those of a list or of bold ones."""
    text = passage.cut(span)
    hidden: set[int] = set()
    if kind == "heading":
        words = heading_words(text)
        hidden.update(range(len(text)))
        hidden.difference_update(range(text.find(words), text.find(words) + len(words)))
    for pattern in _HIDDEN.get(kind, (_QUOTED, BOLD)):
        for found in pattern.finditer(text):
            hidden.update(range(*found.span()))
            if pattern.groups:
                hidden.difference_update(range(*found.span(1)))
    for is_shown, places in groupby(range(len(text)), key=lambda at: at not in hidden):
        if is_shown:
            at = list(places)
            yield Span(start=span.start + at[0], end=span.start + at[-1] + 1)


def _cut(passage: Passage, shown: Iterable[Span], *, window: Span, cited: Span) -> Iterator[Piece]:
    """The words of these spans inside the window, cut where what was cited begins and ends."""
    for span in shown:
        start, end = max(span.start, window.start), min(span.end, window.end)
        inside = (each for each in (cited.start, cited.end) if start < each < end)
        for first, last in pairwise((start, *inside, max(start, end))):
            if last > first:
                yield passage.cut(Span(start=first, end=last)), cited.start <= first < cited.end
