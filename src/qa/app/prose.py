"""The text of an answer → HTML: its paragraphs, lists, tables, code and bold, and nothing else that Markdown knows.

Links, pictures and HTML are text, as are all marks of what is quoted from a document; of that, only lists and
the rows of tables are drawn. What is set into the text, as citations and doubts, is ours and comes as `Inset`s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

NESTED = 20  # lists and quotes inside each other, at most
# An inset is punctuation while the text is read as Markdown, so that a mark of bold beside it is still one.
_LEFT, _RIGHT = "⸨", "⸩"
_INSET = re.compile(r"⸨(\d+)⸩")
_NOT_INSETS = str.maketrans(_LEFT + _RIGHT, "⦅⦆")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_RULE = re.compile(r"[ |:-]+")
_MARKS = re.compile(r"[ \t]*(?:(?:[-*+>|]|\d{1,2}[.)]|#{1,6})[ \t]+)*")
_NOT_ITEM = re.compile(
    r"^(?=\d{3,9}[.)]|\d{1,2}[.)][ \t]*(?:⸨\d+⸩[ \t]*)*$)", re.MULTILINE
)  # a year, or a whole sentence
_SIGNED = re.compile(r"^(?=[ \t]*[-+][ \t]+\d)", re.MULTILINE)  # a document's "- 5 °C" keeps its sign
_NAMED = re.compile(r"((?:[^<&]|&#\d+;){1,400}?)&#58; (.+)", re.DOTALL)
_BETWEEN = " · "  # two cells of a row, as a quote of one has them
_TAGS = {
    "paragraph": "p", "blockquote": "blockquote", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li",
    "table": "table", "thead": "thead", "tbody": "tbody", "tr": "tr", "th": "th", "td": "td", "strong": "b", "em": "em",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Inset:
    """HTML at a place of the text, in place of what stands `until` there; all pieces after it go through `wrap`."""

    at: int
    until: int = 0
    html: str = ""
    wrap: Callable[[str], str] | None = None


def draw(text: str, insets: Sequence[Inset], *, plain: Callable[[str], str], is_markdown: bool) -> str:
    """The HTML of a text with its insets, in the order of their places; `plain` makes a piece of it inert."""
    insets = sorted(insets, key=lambda each: each.at)
    nothing = Inset(at=len(text))
    drawing = _Drawing([*insets, nothing], plain)
    bare, places, cursor = "", [], 0
    for inset in insets:
        bare += text[cursor : inset.at].translate(_NOT_INSETS)
        places.append(len(bare))
        cursor = max(cursor, inset.at, inset.until)
    bare += text[cursor:].translate(_NOT_INSETS)
    source, cursor = "", 0
    for at, number in sorted((_place(bare, at), number) for number, at in enumerate(places)):
        source += f"{bare[cursor:at]}{_LEFT}{number}{_RIGHT}"
        cursor = at
    source = _NOT_ITEM.sub(f"{_LEFT}{len(insets)}{_RIGHT}", source + bare[cursor:])
    if not is_markdown:
        source = _SIGNED.sub(f"{_LEFT}{len(insets)}{_RIGHT}", source)
    html = drawing.blocks(_parser(is_markdown).parse(source), with_rows=not is_markdown)
    return html + "".join(inset.html for number, inset in enumerate(insets) if number not in drawing.drawn)


def _place(text: str, at: int) -> int:
    """Where an inset may stand so that the lines around it stay what they are: not before a mark, nor in a rule."""
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at) % (len(text) + 1)
    line = text[begin:end]
    if _FENCE.match(line) or (_RULE.fullmatch(line) and "-" in line):
        return end + 1 if end < len(text) else begin
    if line.rstrip().endswith("|") and at - begin >= len(line.rstrip()):
        return begin + len(line.rstrip()) - 1
    marks = _MARKS.match(line)
    return max(at, begin + marks.end()) if marks else at


@cache
def _parser(is_markdown: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    rules = ["table", "fence", "blockquote", "heading", "emphasis", "backticks"] if is_markdown else []
    return MarkdownIt("zero", {"maxNesting": NESTED}).enable(["list", *rules])


class _Drawing:
    """One text as it is drawn, and which insets have been."""

    def __init__(self, insets: Sequence[Inset], plain: Callable[[str], str]) -> None:
        self.drawn: set[int] = set()
        self._insets, self._plain = insets, plain
        self._wrap = plain

    def blocks(self, tokens: Sequence[Token], *, with_rows: bool) -> str:
        """The blocks of a text; paragraphs that are rows of one table are drawn as that."""
        html: list[str] = []
        for token in tokens:
            html.append(self._block(token))
        if not with_rows:
            return "".join(html)
        apart = "".join(html).replace("<p>", "\0<p>").replace("</p>", "</p>\0")  # the parser leaves no such character
        return "".join(_tables(filter(None, apart.split("\0"))))

    def _block(self, token: Token) -> str:
        kind, _, side = token.type.rpartition("_")
        if token.type == "inline":
            return "".join(map(self._inline, token.children or ()))
        if token.type == "fence":
            code = self._text(token.content, "&#10;")
            return f'<div class="code"><button class="copy">Copy</button><pre>{code}</pre></div>'
        if kind == "heading":
            return '<p class="heading">' if side == "open" else "</p>"
        if token.hidden or kind not in _TAGS:
            return ""
        start = f' start="{int(token.attrs["start"])}"' if "start" in token.attrs and side == "open" else ""
        return f"<{_TAGS[kind]}{start}>" if side == "open" else f"</{_TAGS[kind]}>"

    def _inline(self, token: Token) -> str:
        kind, _, side = token.type.rpartition("_")
        if kind in ("strong", "em"):
            return f"<{_TAGS[kind]}>" if side == "open" else f"</{_TAGS[kind]}>"
        words = self._text(token.content, "<br>")
        return f"<code>{words}</code>" if token.type == "code_inline" else words

    def _text(self, text: str, line_end: str) -> str:
        """Inert text with the insets in it; a piece of it is never wrapped across lines or cells."""
        html: list[str] = []
        for number, piece in enumerate(_INSET.split(text)):
            if number % 2:
                html.append(self._inset(int(piece)))
            else:
                for row, line in enumerate(piece.split("\n")):
                    html.append(line_end if row else "")
                    html.append(_BETWEEN.join(self._wrap(each) if each else "" for each in line.split(_BETWEEN)))
        return "".join(html)

    def _inset(self, number: int) -> str:
        inset = self._insets[number]
        self.drawn.add(number)
        if inset.wrap is not None:
            self._wrap = inset.wrap
        return inset.html


def _tables(paragraphs: Iterator[str]) -> Iterator[str]:
    """The paragraphs, those that follow each other and are rows under the same names as a table."""
    for names, group in groupby(paragraphs, key=lambda each: tuple(name for name, _ in _cells(each))):
        if len(names) < 2:
            yield from group
            continue
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = ("".join(f"<td>{value}</td>" for _, value in _cells(each)) for each in group)
        yield f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map('<tr>{}</tr>'.format, rows))}</tbody></table>"


def _cells(paragraph: str) -> list[tuple[str, str]]:
    """The names and values of a paragraph that is the row of a table, as `City: Oslo · Year: 1901`."""
    if not (paragraph.startswith("<p>") and paragraph.endswith("</p>") and _BETWEEN in paragraph):
        return []
    found = [_NAMED.fullmatch(each) for each in paragraph[3:-4].split(_BETWEEN)]
    return [(each[1], each[2]) for each in found if each] if all(found) else []
