"""HTML nodes one by one: how they are gone through, which tables hold data, and what a picture or a field shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from qa.documents.formats.content import one_line

SHOWN_INPUTS = frozenset(("", "text", "email", "tel", "url", "number", "date", "time", "month", "datetime-local"))
WHOLE_NUMBER = re.compile(r"\s*(-?\d{1,9})\s*")

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
