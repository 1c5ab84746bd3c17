"""HTML → text: headings, lists, table rows and preformatted blocks as the lines that `sentences.py` knows.

Scripts, styles and navigation are left out. Nothing that a page refers to is fetched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from qa.documents.formats.content import UTF_16_MARKS, Content, one_line, tidy
from qa.documents.formats.tables import row_text, rows_text

UNSEEN = [
    *("script", "style", "template", "noscript", "nav", "iframe", "object", "svg", "math", "audio", "video", "canvas"),
    *("select", "button", "textarea", "datalist"),
]
BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr html legend li main ol p pre section summary table tbody td tfoot th thead
    tr ul""".split()  # noqa: SIM905  # legible as prose, not as a list
)
HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}

ITEM = re.compile(r"\s*(?:-|\d+\.) ")
SPACES = re.compile(r"[ \t\r\f\v\n\xa0]+")
BLANKS = re.compile(" +")
AROUND_BREAK = re.compile(r"(?<! ) *+\n[ \n]*+")
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w.:-]{1,40})", re.IGNORECASE)
XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding=[\"']([\w.:-]{1,40})")
# Where pages name the day they were published, the surest first: Open Graph, schema.org, Dublin Core, Highwire, plain.
DATED = (
    *("article:published_time", "datepublished", "dcterms.issued", "dcterms.created", "dcterms.date", "dc.date.issued"),
    *("dc.date.created", "dc.date", "citation_publication_date", "citation_date", "pubdate", "date"),
)
PRESCAN_BYTES = 4_096
# The encodings that browsers use under these names. Source: WHATWG Encoding Standard, section 4.2.
BROWSERS_TAKE = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}


def read_html(path: Path) -> Content:
    """A page, with its title."""
    return html_content(decode_html(path.read_bytes()))


def html_content(html: str) -> Content:
    """The text of a page as a reader sees it, its title, else its first heading, and the dates of its publication."""
    tree = LexborHTMLParser(html)
    titles = [one_line(node.text()) for node in tree.css("head > title, h1")]
    tree.strip_tags(UNSEEN)
    before = ""
    parts = []
    for block in _blocks(tree.body) if tree.body else ():
        parts += ["\n" if ITEM.match(before) and ITEM.match(block) else "\n\n", block]
        before = block
    return Content(text=tidy("".join(parts[1:])), title=next(filter(None, titles), None), dates=_dates(tree))


def _dates(tree: LexborHTMLParser) -> tuple[str, ...]:
    """The dates that its meta elements give, then that of its `<time>` where there is one: a list of posts has many."""
    given = {}
    for node in tree.css("meta[content]"):
        named = (node.attributes.get(key) for key in ("property", "name", "itemprop"))
        given.update({name.casefold(): one_line(node.attributes["content"] or "") for name in named if name})
    times = {node.attributes["datetime"] or "" for node in tree.css("time[datetime]")}
    return (*(given[name] for name in DATED if name in given), *(times if len(times) == 1 else ()))


def decode_html(read: bytes) -> str:
    """The page's characters, as its byte order mark, its declaration, or else its bytes have it."""
    if read.startswith(UTF_16_MARKS):
        return read.decode("utf-16", errors="replace")
    declared = _declared_encoding(read)
    for encoding in (declared, "utf-8-sig"):
        try:
            return read.decode(encoding)
        except UnicodeError:
            continue
    return read.decode("cp1252" if declared == "utf-8-sig" else declared, errors="replace")


def _declared_encoding(read: bytes) -> str:
    found = XML_ENCODING.match(read) or CHARSET.search(read, 0, PRESCAN_BYTES)
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else "utf-8"
        "".encode(name)  # codecs such as zlib are found, but are none of text
    except LookupError:
        return "utf-8-sig"
    # A declaration that can be read as ASCII is not in UTF-16, whatever it says.
    return "utf-8-sig" if name.startswith("utf-") else BROWSERS_TAKE.get(name, name)


def _blocks(root: LexborNode) -> Iterator[str]:
    """The blocks of text below a node in order, headings and list items with their marks."""
    words: list[str] = []
    lists: list[int | None] = []  # of each list that is open: the items so far, None where they have no numbers
    mark = ""
    for node, enters in _walk(root):
        if node.is_text_node:
            words.append(SPACES.sub(" ", node.text_content or ""))
        elif node.tag == "br" and enters:
            words.append("\n")
        elif node.tag in BLOCKS:
            if text := _paragraph(words):
                yield mark + text
                mark = ""
            words.clear()
            if enters and _is_whole(node):
                yield from _table_rows(node) if node.tag == "table" else _verbatim(node)
            elif node.tag in ("ol", "ul"):
                lists = [*lists, 0 if node.tag == "ol" else None] if enters else lists[:-1]
            elif node.tag == "li" or node.tag in HEADINGS:
                mark = (HEADINGS.get(node.tag) or _item_mark(lists)) if enters else ""
    if text := _paragraph(words):
        yield mark + text


def _paragraph(words: list[str]) -> str:
    return AROUND_BREAK.sub("\n", BLANKS.sub(" ", "".join(words))).strip()


def _item_mark(lists: list[int | None]) -> str:
    """The mark of the next item of the innermost list, which is counted."""
    indent = "  " * min(len(lists) - 1, 10)
    if not lists or (items := lists[-1]) is None:
        return f"{indent}- "
    lists[-1] = items + 1
    return f"{indent}{items + 1}. "


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
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
            if _is_whole(node):
                node = node.next
            else:
                open_nodes.append(node)
                node = node.first_child


def _is_whole(node: LexborNode) -> bool:
    """Whether a node is read as a whole: preformatted text, or a table of data rather than of layout."""
    if node.tag == "pre":
        return True
    return node.tag == "table" and len(node.css("table")) == 1 and any(len(_cells(row)) > 1 for row in node.css("tr"))


def _verbatim(node: LexborNode) -> Iterator[str]:
    code = node.text().strip("\n")
    if code.strip():
        yield code if "```" in code else f"```\n{code}\n```"


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in ("td", "th")]


def _table_rows(table: LexborNode) -> Iterator[str]:
    """The caption and the rows, each cell after the header of its column, or of its row."""
    for caption in table.css("caption"):
        yield from _blocks(caption)
    rows = [[(cell.tag == "th", one_line(" ".join(_blocks(cell)))) for cell in _cells(row)] for row in table.css("tr")]
    if not any(is_header for row in rows for is_header, _ in row):
        yield rows_text([[text for _, text in row] for row in rows])
        return
    names: list[str] = []
    for row in rows:
        cells = [text for _, text in row]
        if len(row) > 1 and all(is_header for is_header, _ in row):
            names = cells
            yield " | ".join(filter(None, cells))
        elif len(cells) == len(names):
            yield row_text(cells, names=names)
        elif len(cells) > 1 and row[0][0]:
            yield f"{cells[0]}: {' | '.join(filter(None, cells[1:]))}"
        else:  # cells that span columns stand under no one name
            yield " | ".join(filter(None, cells))
