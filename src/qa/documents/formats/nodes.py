"""HTML nodes one by one: how they are gone through, which tables hold data, what some show for themselves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Self

from selectolax.lexbor import LexborNode

from qa.documents.formats.content import one_line

SHOWN_INPUTS = frozenset(("", "text", "email", "tel", "url", "number", "date", "time", "month", "datetime-local"))
WHOLE_NUMBER = re.compile(r"\s*(-?\d{1,9})\s*")
UNMARKED = re.compile(r"list-style(?:-type)?\s*+:[^;]{0,60}?\bnone\b", re.IGNORECASE)
ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)

LEAST_ALT_WORDS = 3  # shorter alternative texts are names of icons: "logo", "next page"


def walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Each node below the root as it is entered and, but for text, as it is left; no recursion, as pages nest deep."""
    open_nodes = [root]
    node = root.first_child
    while open_nodes:
        if node is None:
            node = open_nodes.pop()
            if open_nodes:
                yield node, False
            node = node.next
        elif node.is_text_node:
            yield node, True
            node = node.next
        else:
            yield node, True
            if node.tag in ("pre", "select") or (node.tag == "table" and is_grid(node)):
                node = node.next
            else:
                open_nodes.append(node)
                node = node.first_child


def is_grid(table: LexborNode) -> bool:
    """Whether a table holds data; one of layout holds other tables, or one cell a row."""
    return len(table.css("table")) == 1 and any(len(cells_of(row)) > 1 for row in table.css("tr"))


def cells_of(row: LexborNode) -> list[LexborNode]:
    """The cells of a row, those of a table inside it not among them."""
    return [cell for cell in row.iter() if cell.tag in ("td", "th")]


def shown(node: LexborNode) -> str:
    """What a picture, a form's field or a choice shows for itself."""
    given = node.attributes
    if node.tag == "img":
        alt = given.get("alt") or ""
        return alt if len(alt.split()) >= LEAST_ALT_WORDS else ""
    if node.tag == "select":
        return ", ".join(one_line(option.text()) for option in node.css("option[selected]"))
    kind = (given.get("type") or "").casefold()
    if kind in ("checkbox", "radio"):
        return "[x]" if "checked" in given else "[ ]"
    return (given.get("value") or "") if kind in SHOWN_INPUTS else ""


def whole_number(value: str | None, otherwise: int) -> int:
    """The number that an attribute gives, if it does."""
    found = WHOLE_NUMBER.fullmatch(value or "")
    return int(found[1]) if found else otherwise


@dataclass(slots=True)
class OpenList:
    """A list that is open, with the number of its next item."""

    is_ordered: bool
    next: int = 1
    kind: str = ""
    is_marked: bool = True

    @classmethod
    def of(cls, node: LexborNode) -> Self:
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
    shown = ""
    if kind in "aA":  # a to z, then aa, ab and so on, as the columns of a sheet are named
        while number:
            number, letter = divmod(number - 1, 26)
            shown = ascii_lowercase[letter] + shown
    else:
        for value, letters in ROMAN:
            times, number = divmod(number, value)
            shown += letters * times
    return shown.upper() if kind.isupper() else shown
