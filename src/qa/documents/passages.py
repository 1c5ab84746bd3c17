"""Documents → passages of whole sentences that tile the text exactly.

A passage holds up to about 200 word pieces and never more than the embedding model reads.
It prefers to end where a paragraph ends. No model is loaded here: the counter is an argument.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qa.documents.headers import HEADER_PIECES, header_above, make_header
from qa.documents.sentences import block_sentences, split_blocks, trim
from qa.types import Document, Passage, Span

CountPieces = Callable[[Sequence[str]], list[int]]
Sized = tuple[tuple[Span, ...], int]  # sentences that stay together, and their pieces

MAX_PIECES = 254 - HEADER_PIECES  # the model reads 256 with [CLS] and [SEP]
TARGET_PIECES = 200
FULL_PIECES = TARGET_PIECES // 2  # a passage this full ends with its paragraph when the next one does not fit
MAX_CHARS = 2_000  # a word of over 100 characters counts as one piece, so pieces alone bound nothing
WORD_CHARS = 200  # how far from the middle of a long sentence white space is sought

WHITE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """Sentences that stay together: one, or headings with the sentence that follows.

    `rest` is the pieces from here to the end of the paragraph; `opens` says that it begins one.
    """

    sentences: tuple[Span, ...]
    pieces: int
    rest: int
    opens: bool

    @property
    def start(self) -> int:
        return self.sentences[0].start

    @property
    def end(self) -> int:
        return self.sentences[-1].end


def split_passages(document: Document, *, count_pieces: CountPieces) -> tuple[Passage, ...]:
    """The passages of a document; joined in order, their texts are the document's.

    A sentence is divided only when it alone is too long. A page of the document begins a new
    passage, unless a sentence runs over it. `count_pieces` gives the word pieces of each text.
    """
    text, version = document.text, document.version
    if not text:
        return ()
    groups = list(_pack(_units(text, count_pieces), pages=document.pages)) or [[]]  # [[]]: there is only white space
    starts = [group[0].start if ordinal else 0 for ordinal, group in enumerate(groups)]
    ends = [*starts[1:], len(text)]
    header = make_header(document.title, count_pieces=count_pieces)
    return tuple(
        Passage(
            document=document.id,
            version=version,
            title=document.title,
            ordinal=ordinal,
            start=start,
            end=end,
            text=text[start:end],
            sentences=tuple(span for unit in group for span in unit.sentences),
            page=page_of(document.pages, group[0].start if group else start),
            header=header_above(text[start:end], header),
        )
        for ordinal, (group, start, end) in enumerate(zip(groups, starts, ends, strict=True))
    )


def _pack(units: list[_Unit], *, pages: Sequence[int]) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    filled = 0
    for unit in units:
        if group and (
            _is_full(filled, unit)
            or unit.end - group[0].start > MAX_CHARS
            or page_of(pages, unit.start) != page_of(pages, group[0].start)
        ):
            yield group
            group, filled = [], 0
        group.append(unit)
        filled += unit.pieces
    if group:
        yield group


def _is_full(filled: int, unit: _Unit) -> bool:
    """Whether a passage of `filled` pieces ends before this unit."""
    if filled + unit.rest <= (TARGET_PIECES if unit.opens else MAX_PIECES):
        return False
    return filled + unit.pieces > TARGET_PIECES or (unit.opens and filled >= FULL_PIECES)


def page_of(pages: Sequence[int], offset: int) -> int | None:
    """The page, from 1, on which an offset lies, by where each page begins; None for a document without pages."""
    return max(1, bisect_right(pages, offset)) if pages else None


def _units(text: str, count_pieces: CountPieces) -> list[_Unit]:
    paragraphs = list(_paragraphs(text))
    pieces = _piece_counts(
        text, [span for bundles in paragraphs for bundle in bundles for span in bundle], count_pieces
    )
    units: list[_Unit] = []
    for bundles in paragraphs:
        sized = [each for bundle in bundles for each in _divide(text, bundle, pieces, count_pieces)]
        rest = sum(size for _, size in sized)
        for position, (sentences, size) in enumerate(sized):
            units.append(_Unit(sentences=sentences, pieces=size, rest=rest, opens=position == 0))
            rest -= size
    return units


def _paragraphs(text: str) -> Iterator[list[tuple[Span, ...]]]:
    """The sentences of each paragraph, those bundled that stay together: headings and the first sentence."""
    headings: list[Span] = []
    for block in split_blocks(text):
        sentences = block_sentences(text, block)
        if block.kind == "heading":
            headings += sentences
        else:
            yield [(*headings, sentences[0]), *((span,) for span in sentences[1:])]
            headings = []
    if headings:
        yield [tuple(headings)]


def _piece_counts(text: str, sentences: list[Span], count_pieces: CountPieces) -> dict[Span, int]:
    """The word pieces of each sentence, more than fit where it is too long to count.

    No piece crosses white space, so a passage has as many as its sentences together.
    """
    counts = dict.fromkeys(sentences, MAX_PIECES + 1)
    short = [span for span in sentences if len(span) <= MAX_CHARS]
    counts.update(zip(short, count_pieces([text[span.start : span.end] for span in short]), strict=True))
    return counts


def _divide(text: str, bundle: tuple[Span, ...], pieces: dict[Span, int], count_pieces: CountPieces) -> list[Sized]:
    """A bundle with its pieces where it fits a passage, else its sentences, cut where one is too long.

    A part of a sentence that was cut counts as a full passage, so that it stands alone.
    """
    total = sum(pieces[span] for span in bundle)
    if total <= MAX_PIECES and bundle[-1].end - bundle[0].start <= MAX_CHARS:
        return [(bundle, total)]
    return [((part,), min(pieces[span], MAX_PIECES)) for span in bundle for part in _cut(text, span, count_pieces)]


def _cut(text: str, span: Span, count_pieces: CountPieces) -> list[Span]:
    """A sentence halved until each part fits a passage."""
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
