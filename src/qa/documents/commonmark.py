"""Markdown → marks, by what markdown-it-py makes of its lines: CommonMark with tables.

The text stays as it is, and every line of it belongs to the one block that the parser gives it to. Nothing is rendered.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from qa.documents.columns import BAR, bar_cells
from qa.documents.markdown import front_matter
from qa.documents.marks import HEADER, Line, lines_of
from qa.documents.paragraphs import paragraph_marks
from qa.types import Cell, Mark, UnitKind

TAG = re.compile(r"<!--(?s:.*?)(?:-->|\Z)|<[^<>]*>")
WORD = re.compile(r"[^\W_]")
DEFINITION = re.compile(r"[\s>]*\[[^\]\r\n]+\]:")

NESTED = 40  # quotations, lists and items inside each other; time grows with it, and what lies deeper is prose
LISTS: dict[str, UnitKind] = {"bullet_list_open": "item", "ordered_list_open": "step"}
LEAVES: dict[str, UnitKind] = {
    "paragraph_open": "sentence",
    "heading_open": "heading",
    "fence": "code",
    "code_block": "code",
    "html_block": "sentence",
    "hr": "front",
}


def markdown_marks(text: str) -> tuple[Mark, ...]:
    """The marks of a Markdown text, in order; only white space lies outside them."""
    fields, end = front_matter(text)
    above = end if fields else 0
    walk = _Walk(text, above)
    for token in _parser().parse(text[above:]):
        walk.take(token)
    walk.close()
    return (*((Mark(kind="front", start=0, end=above),) if above else ()), *walk.marks)


@cache
def _parser() -> MarkdownIt:
    """The parser, told to find blocks only: what stands inside a line changes no mark."""
    return MarkdownIt("commonmark", {"maxNesting": NESTED}).enable("table").disable(["inline", "text_join"])


class _Walk:
    """The lists that are open where the parser's tokens have got to, and the marks of all lines before."""

    def __init__(self, text: str, start: int) -> None:
        self.marks: list[Mark] = []
        self._text = text
        self._lines = list(lines_of(text, start))
        self._at = 0  # the first line without a mark
        self._lists: list[UnitKind] = []
        self._item: int | None = None  # the line of an item whose words have not come yet
        self._values: list[str] = []  # of a table's row, as the parser has them
        self._in_header = False

    def take(self, token: Token) -> None:
        first, end = token.map or (0, 0)
        if token.type in LISTS:
            self._lists.append(LISTS[token.type])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            self._item = first if self._item is None else self._item
        elif token.type == "list_item_close":
            self._item = None
        elif token.type in LEAVES:
            self._leaf(token, first, end)
        elif token.type in ("thead_open", "thead_close"):
            self._in_header = token.type == "thead_open"
        elif token.type == "tr_open":
            self._at, self._values = self._loose(first), []
        elif token.type == "inline":
            self._values.append(token.content)
        elif token.type == "tr_close":
            self._row()

    def close(self) -> None:
        """Mark what the parser passes by below its last block."""
        self._loose(len(self._lines))

    def _leaf(self, token: Token, first: int, end: int) -> None:
        kind, level = LEAVES[token.type], len(self._lists)
        opens, self._item = self._item, None
        if opens is not None and kind in ("sentence", "heading"):
            self._at = self._loose(opens)
            self._add(self._lists[-1], end, level=level)
            return
        self._at = self._loose(first)
        if token.type == "paragraph_open":
            self.marks += paragraph_marks(self._lines[self._at : end], level=level)
            self._at = end
        elif token.type == "html_block":
            words = self._text[self._lines[first].start : self._lines[end - 1].end]
            self._add("sentence" if WORD.search(TAG.sub("", words)) else "front", end, level=level)
        elif kind == "heading":
            self._add(kind, end, level=int(token.tag[1]))
        else:
            self._add(kind, end, level=level - (opens is not None))

    def _row(self) -> None:
        """Mark a table's row; the parser's values tell its first cell from the marks of a list before it."""
        line = self._lines[self._at]
        lead = BAR.split(line.words, maxsplit=1)[0].rstrip()
        first = self._values[0].replace("|", "\\|") if self._values else ""
        offset = len(lead) - len(first) if first and lead.endswith(first) else len(lead)
        cells = tuple(bar_cells(Line(start=line.start + offset, end=line.end, words=line.words[offset:])))
        if self._in_header and cells:
            self._add("heading", self._at + 1, level=HEADER, cells=cells)
        else:
            self._add("row" if cells else "front", self._at + 1, level=len(self._lists), cells=cells)

    def _loose(self, end: int) -> int:
        """Mark the lines that no block has, up to this one: link definitions, rules of tables, > alone."""
        in_definition = False  # its title may stand on a line of its own
        for line in self._lines[self._at : end]:
            in_definition = not line.is_blank and (in_definition or bool(DEFINITION.match(line.words)))
            if not line.is_blank:
                is_front = in_definition or not WORD.search(line.words)
                self.marks.append(Mark(kind="front" if is_front else "sentence", start=line.start, end=line.end))
        return max(end, self._at)

    def _add(self, kind: UnitKind, end: int, *, level: int, cells: tuple[Cell, ...] = ()) -> None:
        """Mark the lines from the first without a mark up to this one."""
        start, last = self._lines[self._at].start, self._lines[end - 1].end
        self.marks.append(Mark(kind=kind, start=start, end=last, level=level, cells=cells))
        self._at = end
