"""Passages → what says most in them, in their own words: near the middle of all, early, and unlike each other.

Nothing is searched for; a unit speaks where its form says that it can be read alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.answers.reading import column_names, reading_form
from qa.answers.replies.wishes import SORTS
from qa.search.quoting import left_out, quoted
from qa.types import Passage, Span, Unit
from qa.words import stem, terms

Vectors = NDArray[np.float32]

EVERY = 4  # sentences that may be chosen, for each one that is, beyond the first three
FEW, MANY = 5, 60  # words of a sentence that says something
FIRST, FADES = 0.2, 0.7  # what it is worth to be the first sentence, and how that fades
OPENS = 0.05  # … to be the first below a heading
OF_ITSELF = 0.2  # … to say what the document is
PER_WORD, ENOUGH = 0.005, 25  # … each word, up to so many
TORN = 0.1  # what it costs a sentence to begin with a small letter or end without a full stop
LISTY = 0.05  # what an item or a step is worth less than a sentence
ALIKE = 0.4  # what likeness to a chosen sentence costs
AGAIN = 0.1  # what standing below the same heading as a chosen one costs
_POINTS_BACK = re.compile(
    r"\W*(?:(?:his|her|its|their|this|these|those|such|both|there|but|and|or|so|then|also|however|after that)\b"
    r"|(?:\w+\W+){0,2}(?:he|she|it|they|them)\b)",
    re.I,
)
_OF_ITSELF = re.compile(r"\W*(?:this|the present) ([^\W\d_]+)\b", re.I)
_BOLD = "**"
_CLOSING = " )”\"'’»*_"
_LEADING_ON, _ENDING = ("?", ":", "：", "？"), (".", "!", "。", "！")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What may be quoted of a passage: a unit, with the question that it answers or the list that it leads to.

    `row` is where the unit stands among the vectors of all; `opens` says that it is the first below a heading.
    """

    passage: Passage
    unit: Unit
    span: Span
    row: int
    opens: bool

    @property
    def words(self) -> str:
        """It as it is read; a table's header as the names of its columns."""
        if self.is_header:
            return " · ".join(" ".join(each.split()) for each in column_names(self.passage, self.unit).values())
        return reading_form(self.passage, self.span) or " ".join(self.passage.cut(self.span).split())

    @property
    def is_header(self) -> bool:
        """Whether it is the header of a table."""
        return self.unit.kind == "heading" and bool(self.unit.cells)

    @property
    def is_of_itself(self) -> bool:
        """Whether it is about its document: "This report looks at …"."""
        found = _OF_ITSELF.match(self.passage.cut(self.unit))
        return found is not None and stem(found[1].lower()) in SORTS | {*terms(self.passage.title)}

    @property
    def speaks(self) -> bool:
        """Whether it says something by itself, as far as its form tells."""
        text = self.passage.cut(self.span)
        inside = {each.kind for each in self.passage.units if self.span.start <= each.start < self.span.end}
        if not inside & {"sentence", "item", "step"} or inside & {"row", "code", "pair"} or text.count(_BOLD) % 2:
            return False
        is_long_enough = FEW <= len(text.split(None, MANY)) <= MANY
        return (
            is_long_enough
            and not text.rstrip(_CLOSING).endswith(_LEADING_ON)
            and (self.is_of_itself or not _POINTS_BACK.match(text))
        )

    @property
    def merit(self) -> float:
        """What it is worth by its form and its place."""
        text = self.passage.cut(self.span)
        is_torn = self.unit.kind == "sentence" and (text[0].islower() or not text.rstrip(_CLOSING).endswith(_ENDING))
        weakness = LISTY * (self.unit.kind in ("item", "step")) + TORN * is_torn
        return PER_WORD * min(len(text.split()), ENOUGH) + OPENS * self.opens + OF_ITSELF * self.is_of_itself - weakness


def telling(passages: Sequence[Passage], vectors: Sequence[Vectors], *, most: int) -> list[Said]:
    """What says most, in the order of the text: near the middle of all, early, and unlike each other; one at least.

    Sentences and items; where there are none, facts, code and the headers of tables, and one row rather than nothing.
    """
    rows = np.concatenate(vectors)
    middle = rows.mean(axis=0)
    said = list(_sayable(passages))
    able = (
        [each for each in said if each.speaks]
        or [each for each in said if each.unit.kind in ("pair", "code") or each.is_header]
        or [each for each in said if each.unit.kind != "front"][:1]
        or said[:1]
    )
    rows = rows[[each.row for each in able]]
    worth = rows @ (middle / (np.linalg.norm(middle) or 1.0))
    worth += FIRST * FADES ** np.arange(len(able))
    worth += [each.merit for each in able]
    chosen: list[int] = []
    for _ in range(min(most, 3 + len(able) // EVERY, len(able))):
        place = int(np.argmax(worth.round(6)))
        chosen.append(place)
        worth = worth - ALIKE * np.maximum(rows @ rows[place], 0)
        worth -= [AGAIN * (each.unit.parent == able[place].unit.parent) for each in able]
        worth[place] = -np.inf
    return [able[place] for place in sorted(chosen)]


def _sayable(passages: Sequence[Passage]) -> Iterator[Said]:
    """What may be quoted, in order: no answer without its question, no part of a list that is short enough."""
    row = -1
    for passage in passages:
        asking = {each.start for each in passage.units if passage.cut(each).endswith("?")}
        asking |= {each.start for each in passage.above if each.text.endswith("?")}
        before, end = None, passage.start
        for unit, quote in zip(passage.units, quoted(passage), strict=True):
            row += 1
            is_led = quote is not None and not left_out(passage, quote)
            span = quote if quote and is_led else Span(start=unit.start, end=unit.end)
            is_asked = unit.parent in asking
            if is_asked and before and before.start == unit.parent:
                span = Span(start=before.start, end=unit.end)
            opens = before is not None and before.kind == "heading"
            said = Said(passage=passage, unit=unit, span=span, row=row, opens=opens)
            if unit.start >= end and (not is_asked or span.start < unit.start):
                yield said
                end = span.end if said.speaks else end
            before = unit
