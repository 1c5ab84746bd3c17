"""Which units of a passage may answer, and as what each is quoted: the one rule of ranking, choosing and confidence.

A heading, a table's header and front matter never answer; a lead-in is quoted with what it leads to.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa.types import SILENT, Passage, Span, Unit, hanging_on

QUOTED_CHARS = 500  # of a lead-in with what it leads to, where more than the first of it is scored
WHOLE_CHARS = 2_000  # of the same, where more than the first of it is shown


def quoted(passage: Passage) -> tuple[Span | None, ...]:
    """For each unit the span as which it is quoted, of the unit or a longer one; None for a unit that never answers."""
    return tuple(_quoted(passage.units, place) for place in range(len(passage.units)))


def _quoted(units: Sequence[Unit], place: int) -> Span | None:
    unit = units[place]
    if not unit.leads:
        return None if unit.kind in SILENT else unit
    end = led_to(units[place:], within=QUOTED_CHARS)
    return None if end is None else Span(start=unit.start, end=end)


def whole(passage: Passage, quote: Span) -> Span:
    """The quote with all that its lead-in leads to in its passage, within `WHOLE_CHARS`, of which the first was scored.

    A quote without a lead-in as it is.
    """
    place = next(place for place, unit in enumerate(passage.units) if unit.start == quote.start)
    end = led_to(passage.units[place:], within=WHOLE_CHARS) if passage.units[place].leads else None
    return Span(start=quote.start, end=end or quote.end)


def led_to(units: Sequence[Unit], *, within: int) -> int | None:
    """Where that ends which hangs on the first of these units and is so many characters at most, or the first of it.

    None where nothing that may answer does.
    """
    end: int | None = None
    for below in hanging_on(units, 0):
        if end is not None and below.end - units[0].start > within:
            break
        if not below.leads and below.kind not in SILENT:
            end = below.end
    return end


def left_out(passage: Passage, quote: Span) -> int:
    """How many of the units that the first unit of a quote leads to are not in it, here or further on."""
    first = passage.unit_at(quote.start)
    shown = sum(quote.start < unit.start < quote.end and unit.kind not in SILENT for unit in passage.units)
    return max(0, first.leads - shown)
