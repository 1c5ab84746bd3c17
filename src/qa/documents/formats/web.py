"""HTML → text: what a reader of the page sees, in the right characters; `markup.py` says what each block of it is.

Scripts, styles and navigation are left out. Nothing that a page refers to is fetched.
"""

import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from qa.documents.formats.content import Content, Writing, decode, one_line
from qa.documents.formats.markup import HEADINGS, write_blocks

UNSEEN = [
    *("script", "style", "template", "noscript", "nav", "iframe", "object", "svg", "audio", "video", "canvas"),
    *("datalist", "annotation", "annotation-xml"),
]
HIDDEN = (
    '[hidden]:not([hidden="until-found"]), [aria-hidden="true"], '
    '[style*="display:none" i], [style*="display: none" i], [style*="visibility:hidden" i], [role="navigation"], '
    '[role="doc-toc"], [id="toc" i], [class~="toc" i]'
)
# Buttons that are a part of the page's text, as the questions of a list of questions are; others only do things.
LABELS = ", ".join(f"{tag} button" for tag in (*HEADINGS, "summary", "dt", "legend"))
ACTIONS = "button:not([aria-expanded]):not([aria-controls])"

CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w.:-]{1,40})", re.IGNORECASE)
XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding=[\"']([\w.:-]{1,40})")
# Where pages name the day they were published, the surest first: Open Graph, schema.org, Dublin Core, Highwire, plain.
DATED = (
    *("article:published_time", "datepublished", "dcterms.issued", "dcterms.created", "dcterms.date", "dc.date.issued"),
    *("dc.date.created", "dc.date", "citation_publication_date", "citation_date", "pubdate", "date"),
)
PRESCAN_BYTES = 4_096


def read_html(path: Path) -> Content:
    """A page, with its title."""
    return html_content(decode_html(path.read_bytes()))


def html_content(html: str) -> Content:
    """The text of a page as a reader sees it, its title, else its first heading, and the dates of its publication."""
    writing = Writing()
    title, dates = write_html(writing, html)
    return writing.content(title=title, dates=dates)


def write_html(writing: Writing, html: str) -> tuple[str | None, tuple[str, ...]]:
    """Write the text of a page; its title, and the dates that its meta elements give, then that of its one `<time>`."""
    tree = LexborHTMLParser(html)
    titles = [one_line(node.text()) for node in tree.css("head > title, h1")]
    tree.strip_tags(UNSEEN)
    _take_away_hidden(tree)
    if tree.body:
        write_blocks(writing, tree.body)
    dates = {}
    for node in tree.css("meta[content]"):
        named = (node.attributes.get(key) for key in ("property", "name", "itemprop"))
        dates.update({name.casefold(): one_line(node.attributes["content"] or "") for name in named if name})
    times = {node.attributes["datetime"] or "" for node in tree.css("time[datetime]")}  # a list of posts has many
    given = (dates[name] for name in DATED if name in dates)
    return next(filter(None, titles), None), (*given, *(times if len(times) == 1 else ()))


def _take_away_hidden(tree: LexborHTMLParser) -> None:
    """Remove what the page itself hides, but for what one of its buttons opens, and buttons that only do things."""
    opened = {node.attributes["aria-controls"] for node in tree.css("[aria-controls]")}
    hidden = {node.mem_id: node for node in tree.css(HIDDEN) if node.attributes.get("id") not in opened}
    for node in reversed(hidden.values()):  # what lies in another first, as that frees all that it holds
        node.decompose()
    for button in tree.css(LABELS):
        button.unwrap()
    for button in tree.css(ACTIONS):
        button.decompose()


def decode_html(read: bytes) -> str:
    """The page's characters, as its byte order mark, its declaration, or else its bytes have it."""
    found = XML_ENCODING.match(read) or CHARSET.search(read, 0, PRESCAN_BYTES)
    return decode(read, found[1].decode("ascii", errors="replace") if found else "utf-8")
