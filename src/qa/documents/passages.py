"""Documents → passages of whole units that tile the text exactly.

A passage holds up to about 200 word pieces and never more than the embedding model reads.
It prefers to end where a paragraph ends. No model is loaded here: the counter is an argument.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qa.documents.headers import HEADER_PIECES, CountPieces, header_above, header_context, make_header
from qa.documents.markdown import heading_words
from qa.documents.plain import find_marks
from qa.documents.sentences import trim
from qa.documents.units import Block, find_blocks
from qa.types import Above, Document, Passage, Span, Unit
from qa.words import words

Sized = tuple[Block, int]  # units that stay together, and their pieces
LISTED = ("item", "step", "row", "pair")

MAX_PIECES = 254 - HEADER_PIECES  # the model reads 256 with [CLS] and [SEP]
TARGET_PIECES = 200
FULL_PIECES = TARGET_PIECES // 2  # a passage this full ends with its paragraph when the next one does not fit
MAX_CHARS = 2_000  # a word of over 100 characters counts as one piece, so pieces alone bound nothing
LINE_CHARS = 300  # of each unit above a passage, in its header
WORD_CHARS = 200  # how far from the middle of a long unit white space is sought

WHITE = re.compile(r"\s+")


def split_passages(document: Document, *, count_pieces: CountPieces) -> tuple[Passage, ...]:
    """The passages of a document; joined in order, their texts are the document's.

    A list or a table is kept together where it fits, and a unit divided only when it alone is too long. A page of the
    document begins a new passage, unless a unit runs over it. `count_pieces` gives the word pieces of each text.
    """
    text, version = document.text, document.version
    if not text:
        return ()
    blocks = find_blocks(text, document.marks or find_marks(text))
    known = {unit.start: unit for block in blocks for unit in block}
    packed = list(_pack(text, blocks, pages=document.pages, count_pieces=count_pieces)) or [((), 0)]  # only white space
    starts = [units[0].start if ordinal else 0 for ordinal, (units, _) in enumerate(packed)]
    ends = [*starts[1:], len(text)]
    title = make_header(document.title, count_pieces=count_pieces)
    passages = []
    for ordinal, ((units, filled), start, end) in enumerate(zip(packed, starts, ends, strict=True)):
        above = _above(units, known, text=text)
        over = _over(above, units, document.title)
        context = header_context(over, room=MAX_PIECES - filled, count_pieces=count_pieces)
        header = header_above(text[start:end], title)
        passages.append(
            Passage(
                document=document.id,
                version=version,
                title=document.title,
                ordinal=ordinal,
                start=start,
                end=end,
                text=text[start:end],
                units=units,
                above=above,
                page=page_of(document.pages, units[0].start if units else start),
                header="\n".join(filter(None, (header, context))),
            )
        )
    return tuple(passages)


def _above(units: Sequence[Unit], known: Mapping[int, Unit], *, text: str) -> tuple[Above, ...]:
    """The units before these that they hang on, at any height, in the order of the text."""
    found: dict[int, Unit] = {}
    for unit in units:
        parent = unit.parent
        while parent is not None and parent < units[0].start and parent not in found:
            found[parent] = known[parent]
            parent = known[parent].parent
    return tuple(_at_most(each, text) for _, each in sorted(found.items()))


def _at_most(unit: Unit, text: str) -> Above:
    """A unit with its text, of which every passage below has a copy: so no more of it than a passage is long."""
    end = min(unit.end, unit.start + MAX_CHARS)
    return Above(
        kind=unit.kind,
        start=unit.start,
        end=end,
        parent=unit.parent,
        leads=unit.leads,
        cells=tuple(cell for cell in unit.cells if cell.end <= end),
        text=text[unit.start : end],
    )


def _over(above: Sequence[Above], units: Sequence[Unit], title: str) -> list[str]:
    """The headings, the lead-in and the table's header over the first of these units, without the title said again."""
    known = {each.start: each for each in above}
    lines: list[str] = []
    parent = units[0].parent if units else None
    while parent in known:
        lines.insert(0, heading_words(known[parent].text)[:LINE_CHARS])
        parent = known[parent].parent
    return [line for line in lines if words(line) != words(title)]


def _pack(text: str, blocks: Sequence[Block], *, pages: Sequence[int], count_pieces: CountPieces) -> Iterator[Sized]:
    """The units of each passage with their pieces, out of paragraphs, lists and tables."""
    # No piece crosses white space, so a passage has as many as its units; one that is too long to count has too many.
    pieces = {unit.start: MAX_PIECES + 1 for block in blocks for unit in block}
    short = [unit for block in blocks for unit in block if len(unit) <= MAX_CHARS]
    counted = count_pieces([text[unit.start : unit.end] for unit in short])
    pieces.update(zip((unit.start for unit in short), counted, strict=True))
    packed: Block = ()
    filled = 0
    for listed, together in _groups(blocks):
        group = [each for units in _glued(together) for each in _divide(text, units, pieces, count_pieces)]
        rest = sum(size for _, size in group)  # of the paragraph, or of the list or table
        for position, (units, size) in enumerate(group):
            if packed and (
                _is_full(filled, size, rest=rest, opens=position == 0, listed=listed)
                or units[-1].end - packed[0].start > MAX_CHARS
                or page_of(pages, units[0].start) != page_of(pages, packed[0].start)
            ):
                yield packed, filled
                packed, filled = (), 0
            packed += units
            filled += size
            rest -= size
    if packed:
        yield packed, filled


def _is_full(filled: int, size: int, *, rest: int, opens: bool, listed: bool) -> bool:
    """Whether a passage of `filled` pieces ends before units of this size, of a group with `rest` pieces from here on.

    `opens` says that they begin the group, `listed` that it is a list or a table.
    """
    if filled + rest <= (TARGET_PIECES if opens else MAX_PIECES):
        return False
    if opens and listed and rest <= MAX_PIECES:
        return True  # it fits into a passage of its own
    return filled + size > TARGET_PIECES or (opens and filled >= FULL_PIECES)


def page_of(pages: Sequence[int], offset: int) -> int | None:
    """The page, from 1, on which an offset lies, by where each page begins; None for a document without pages."""
    return max(1, bisect_right(pages, offset)) if pages else None


def _groups(blocks: Sequence[Block]) -> Iterator[tuple[bool, list[Unit]]]:
    """The paragraphs, lists and tables, each with the headings and the lead-in before it; and whether it is a list."""
    waiting: list[Unit] = []  # headings, and a lead-in at the end of a paragraph
    group: list[Unit] = []  # a list or a table that may go on
    inside: set[int] = set()  # where its units start
    for block in blocks:
        first = block[0]
        goes_on = bool(group) and first.kind != "heading" and (first.kind in LISTED or first.parent in inside)
        if group and not goes_on:
            yield True, group
            group, inside = [], set()
        if first.kind == "heading":
            waiting += block
        elif goes_on or first.kind in LISTED:
            group += [*waiting, *block]
            inside.update(unit.start for unit in (*waiting, *block))
            waiting = []
        else:
            paragraph = [*waiting, *block]
            waiting = [paragraph.pop()] if paragraph[-1].leads else []
            if paragraph:
                yield False, paragraph
    if group:
        yield True, group
    if waiting:
        yield False, waiting


def _glued(units: Sequence[Unit]) -> Iterator[Block]:
    """The units in bundles: headings and lead-ins with the unit that follows them."""
    bundle: list[Unit] = []
    for unit in units:
        bundle.append(unit)
        if unit.kind != "heading" and not unit.leads:
            yield tuple(bundle)
            bundle = []
    if bundle:
        yield tuple(bundle)


def _divide(text: str, bundle: Block, pieces: dict[int, int], count_pieces: CountPieces) -> list[Sized]:
    """A bundle with its pieces where it fits a passage, else its units, cut where one is too long.

    A part of a unit that was cut counts as a full passage, so that it stands alone.
    """
    total = sum(pieces[unit.start] for unit in bundle)
    if total <= MAX_PIECES and bundle[-1].end - bundle[0].start <= MAX_CHARS:
        return [(bundle, total)]
    return [
        ((_part(unit, span),), min(pieces[unit.start], MAX_PIECES))
        for unit in bundle
        for span in _cut(text, unit, count_pieces)
    ]


def _part(unit: Unit, span: Span) -> Unit:
    """The part of a unit at a span of it, with what it has of the cells."""
    cells = tuple(
        replace(cell, start=max(cell.start, span.start), end=min(cell.end, span.end))
        for cell in unit.cells
        if cell.start < span.end and span.start < cell.end
    )
    return replace(unit, start=span.start, end=span.end, cells=cells)


def _cut(text: str, span: Span, count_pieces: CountPieces) -> list[Span]:
    """A unit halved until each part fits a passage."""
    if len(span) <= MAX_CHARS and count_pieces([text[span.start : span.end]])[0] <= MAX_PIECES:
        return [span]
    middle = _middle(text, span)
    halves = trim(text, span.start, middle), trim(text, middle, span.end)
    return [part for half in halves for part in _cut(text, half, count_pieces)]


def _middle(text: str, span: Span) -> int:
    """The line break, else the white space, nearest the middle of a span; the middle itself where there is none."""
    middle = (span.start + span.end) // 2
    near = WHITE.finditer(text, max(span.start + 1, middle - WORD_CHARS), min(span.end - 1, middle + WORD_CHARS))
    return min(
        (white.end() for white in near),
        key=lambda end: ("\n" not in text[end - 1 : end], abs(end - middle)),
        default=middle,
    )
