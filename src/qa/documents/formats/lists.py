"""Lists of HTML, and the marks of their items as they are shown: a dash, 4, d, D, iv or IV."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase

from selectolax.lexbor import LexborNode

from qa.documents.formats.nodes import whole_number

UNMARKED = re.compile(r"list-style(?:-type)?\s*+:[^;]{0,60}?\bnone\b", re.IGNORECASE)
ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(slots=True)
class OpenList:
    """A list that is open, with the number of its next item."""

    is_ordered: bool
    next: int = 1
    kind: str = ""
    is_marked: bool = True

    @classmethod
    def of(cls, node: LexborNode) -> OpenList:
        given = node.attributes
        return cls(
            is_ordered=node.tag == "ol",
            next=whole_number(given.get("start"), 1),
            kind=given.get("type") or "",
            is_marked=not UNMARKED.search(given.get("style") or ""),
        )

    def mark(self, value: str | None) -> str:
        """What stands before the next item, which is counted; `value` is the number that it was given."""
        number = whole_number(value, self.next)
        self.next = number + 1
        if not self.is_marked:
            return ""
        return f"{numeral(number, self.kind)}. " if self.is_ordered else "- "


def numeral(number: int, kind: str) -> str:
    """The number in letters or Roman numerals where `kind` is `a`, `A`, `i` or `I`, as in HTML; else in digits."""
    if number < 1 or number > 3999 or kind not in ("a", "A", "i", "I"):
        return str(number)
    shown = _letters(number) if kind in "aA" else _roman(number)
    return shown.upper() if kind.isupper() else shown


def _letters(number: int) -> str:
    """a to z, then aa, ab and so on, as the columns of a sheet are named."""
    shown = ""
    while number:
        number, letter = divmod(number - 1, 26)
        shown = ascii_lowercase[letter] + shown
    return shown


def _roman(number: int) -> str:
    shown = ""
    for value, letters in ROMAN:
        times, number = divmod(number, value)
        shown += letters * times
    return shown
