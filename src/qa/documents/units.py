"""Marks → units: the parts of a document that are scored and quoted, and what each of them hangs on.

A lead-in such as "To calibrate:" has what follows it, a row its header, a list item its list, everything its heading.
What lines are is known from their marks; nothing is guessed here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from qa.documents.markdown import heading_words
from qa.documents.marks import CAPTION, HEADER
from qa.documents.sentences import mark_sentences, trim
from qa.types import SILENT, Mark, Span, Unit, UnitKind, hanging_on

# A colon or a question mark at the end, in its brackets and quotation marks; but ":)" after a space is a smile.
LEADS_ON = re.compile(r"(?:(?<=\S)[:?：？][*_\"'”’»)\]]*+|[:?：？][*_\"'”’»]*+)\Z")
FACT = re.compile(r"\d|(?<=[\s“\"'(])[A-Z]\w")  # a number or a name, which a question may tell: "Did you know that …?"
NESTING: frozenset[UnitKind] = frozenset(("item", "step", "row", "code"))
SORTS = {"item": "list", "step": "list", "row": "table", "code": "code"}
LISTING: frozenset[UnitKind] = frozenset(("item", "step", "code"))  # what a heading may lead to without a sentence

DEEPEST = 12  # of a list in lists: so long, at most, is what a unit hangs on
WHOLE_CHARS = 400  # an item as long as this is one unit; a longer one has its sentences
OPENING_CHARS = 40  # the first words of a long item, as "**Error E17.**", are none of their own
# Sections whose entries say nothing of their own.
FRONT_SECTIONS = re.compile(
    r"(?:\d[\d.]*+\s++)?(?:(?:table of )?contents|references|bibliography|works cited|literature|further reading|"
    r"external links|see also|index)",
    re.IGNORECASE,
)
# An entry of such a section: a year, an address, a number of its own, a page. Others may say something after all.
ENTRY = re.compile(r"\b(?:1[5-9]|20)\d\d\b|://|\]\(|\[\^?\d|\bpp?\.\s?\d|\s\d{1,4}\s*\Z")

Block = tuple[Unit, ...]  # the units of one mark


def find_units(text: str, marks: Sequence[Mark]) -> tuple[Unit, ...]:
    """The units of a text in order, none empty; only white space lies outside them."""
    return tuple(unit for block in find_blocks(text, marks) for unit in block)


def find_blocks(text: str, marks: Sequence[Mark]) -> list[Block]:
    """The units of each mark that has any."""
    tree = _Tree()
    pieces = ((mark, depth, list(_pieces(text, mark))) for mark, depth in zip(marks, _depths(marks), strict=True))
    blocks = [list(tree.hang(mark, spans, text=text, depth=depth)) for mark, depth, spans in pieces if spans]
    units = [unit for block in blocks for unit in block]
    led = iter([_led(units, place, text=text) for place in range(len(units))])
    return [tuple(islice(led, len(block))) for block in blocks]


def _depths(marks: Sequence[Mark]) -> list[int]:
    """How deep in lists each mark lies; the header and the caption of a table lie as deep as its rows."""
    depths: list[int] = []
    depth = 0
    for mark in reversed(marks):
        if mark.kind != "front" and (mark.kind != "heading" or mark.level < CAPTION):
            depth = min(mark.level, DEEPEST) if mark.kind != "heading" else 0
        depths.append(depth)
    return depths[::-1]


def _led(units: Sequence[Unit], place: int, *, text: str) -> Unit:
    """The unit, a lead-in with the number of units it leads to; one that leads to nothing says nothing."""
    unit = units[place]
    first = next((each for each in units[place + 1 : place + 4] if each.kind != "front"), None)
    below = first.kind if first is not None and first.parent == unit.start else None
    if unit.kind == "front" or unit.cells:
        return unit
    if unit.kind == "heading":
        return replace(unit, leads=_speaking(units, place)) if below in LISTING else unit
    leads_on = _leads_on(unit, text)
    if below is None and leads_on:
        if leads_on[0][0] in "?？":
            says = bool(FACT.search(text, unit.start + 1, unit.end))
        else:  # a long one at the end of its text may be cut off from what it leads to
            says = place == len(units) - 1 and unit.kind == "sentence" and len(unit) > OPENING_CHARS
        return unit if says else replace(unit, kind="heading")
    return replace(unit, leads=_speaking(units, place)) if leads_on or below in NESTING else unit


def _speaking(units: Sequence[Unit], place: int) -> int:
    """How many of the units that hang on one may answer."""
    return sum(unit.kind not in SILENT for unit in hanging_on(units, place))


def _pieces(text: str, mark: Mark) -> Iterator[Span]:
    """The spans of a mark's units: an item is whole where it is not long, prose has its sentences."""
    whole = trim(text, mark.start, mark.end)
    if mark.kind != "sentence" and (mark.kind not in ("item", "step") or len(whole) <= WHOLE_CHARS):
        if len(whole):
            yield whole
        return
    start: int | None = None
    for span in mark_sentences(text, mark):
        start = span.start if start is None else start
        if mark.kind == "sentence" or span.end == whole.end or span.end - start > OPENING_CHARS:
            yield Span(start=start, end=span.end)
            start = None


@dataclass(slots=True)
class _Tree:
    """What is open while marks are read: headings and items by their levels, and a lead-in just before."""

    headings: list[tuple[int, int]] = field(default_factory=list)  # level and start
    items: list[tuple[int, int]] = field(default_factory=list)  # depth and start
    lead: int | None = None
    listing: str = ""  # what has begun below the lead-in, a list, a table or code: nothing else after it is its own
    label: bool = False  # whether the lead-in is a pair without a value
    front: int = 0  # the level of a heading whose section says nothing of its own; 0 outside of one

    def hang(self, mark: Mark, spans: Sequence[Span], *, text: str, depth: int) -> Iterator[Unit]:
        """The units of a mark, the first of which hangs on what is open, and opens what the next may hang on."""
        first = spans[0].start
        is_lead = mark.kind in ("sentence", "pair") and _leads_on(spans[-1], text)
        leads = bool(is_lead) and (len(spans) == 1 or not _asks(spans[-1], text))  # a colon, or one question
        self._close(mark, depth=depth)
        parent = self._parent(mark, leads=leads)
        if mark.kind == "heading":
            self._open_heading(mark, first, text=text)
        is_entry = self.front and mark.kind != "heading" and ENTRY.search(text, mark.start, mark.end)
        kind: UnitKind = "front" if is_entry else mark.kind
        if mark.kind in ("item", "step", "pair"):
            self.items.append((depth + (mark.kind == "pair"), first))
        before: Span | None = None
        for span in spans:
            if mark.kind in ("item", "step") and before:  # the further sentences of a long item
                yield Unit(kind="sentence", start=span.start, end=span.end, parent=first)
            elif before and _asks(before, text) and not _asks(span, text):
                yield Unit(kind=kind, start=span.start, end=span.end, parent=before.start)
            else:
                yield Unit(kind=kind, start=span.start, end=span.end, parent=parent, cells=mark.cells)
            before = span
        if mark.kind in SORTS:
            self.listing = SORTS[mark.kind]
        elif mark.kind not in ("heading", "front"):
            self.lead, self.listing = (spans[-1].start if leads else None), ""
            self.label = mark.kind == "pair"

    def _close(self, mark: Mark, *, depth: int) -> None:
        """Close what a mark ends: headings and items that are no higher, a table, a lead-in whose list is over."""
        if mark.kind == "front":  # a running line, a rule: what is open above it goes on below
            return
        in_table = mark.kind == "row" or (mark.kind == "heading" and mark.level >= CAPTION)
        if mark.kind == "heading":
            self.headings = [each for each in self.headings if each[0] < mark.level]
        elif not in_table:  # facts about a table stand between its title and its header
            self.headings = [each for each in self.headings if each[0] < (HEADER if mark.kind == "pair" else CAPTION)]
        deepest = depth - 1 if mark.kind in ("item", "step") else depth
        self.items = [each for each in self.items if each[0] <= deepest]
        sort = "table" if in_table else SORTS.get(mark.kind, mark.kind)
        is_outer = depth == (1 if mark.kind in ("item", "step") else 0)
        is_over = self.listing and sort != self.listing and is_outer
        is_next_label = mark.kind == "pair" and self.label  # one without a value before one with it leads nowhere
        if (mark.kind == "heading" and not in_table) or is_over or is_next_label:
            self.lead = None

    def _parent(self, mark: Mark, *, leads: bool) -> int | None:
        """Where the unit starts that a mark hangs on: the nearest above it that is still open."""
        if mark.kind in ("row", "heading") and self.headings and self.headings[-1][0] >= CAPTION:
            return self.headings[-1][1]
        lead = None if leads else self.lead  # a lead-in hangs on no other, or chains had no end
        near = [start for start in (self.items[-1][1] if self.items else None, lead) if start is not None]
        if near:
            return max(near)
        return self.headings[-1][1] if self.headings else None

    def _open_heading(self, mark: Mark, start: int, *, text: str) -> None:
        self.headings.append((mark.level, start))
        if mark.level < CAPTION:
            if self.front and mark.level <= self.front:
                self.front = 0
            if not self.front and FRONT_SECTIONS.fullmatch(heading_words(text[start : mark.end])):
                self.front = mark.level


def _leads_on(span: Span, text: str) -> re.Match[str] | None:
    return LEADS_ON.search(text, max(span.start, span.end - 8), span.end)


def _asks(span: Span, text: str) -> bool:
    return text[span.start : span.end].endswith(("?", "？"))
