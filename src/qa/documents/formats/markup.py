"""HTML nodes → blocks of text, each marked as what its elements say: heading, list item, pair, code, table row, prose.

Nothing is left out here but what has no text: `web.py` takes away what a reader of the page does not see.
"""

import re
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborNode

from qa.documents.formats.content import Writing, one_line
from qa.documents.formats.nodes import OpenList, cells_of, is_grid, shown, walk, whole_number
from qa.documents.formats.tables import GridCell, write_table
from qa.types import UnitKind

BLOCKS = frozenset(
    """address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu ol p pre section summary table tbody td
    tfoot th thead tr ul""".split()  # noqa: SIM905  # legible as prose, not as a list
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
LISTS = frozenset(("ol", "ul", "menu", "dir"))
SECTIONS = frozenset(("article", "aside", "section", "blockquote", "details", "fieldset", "figure"))
BOLD = frozenset(("b", "strong"))
JOINTS = {"msup": "^", "msub": "_", "mfrac": "/"}  # what stands before the second part of these in a formula

SPACES = re.compile(r"[ \t\r\f\v\n\xa0]+")
BLANKS = re.compile(" +")
AROUND_BREAK = re.compile(r"(?<! ) *+\n[ \n]*+")
EXPONENT = re.compile(r"[-−–+]?\d{1,4}")

BOXES = ("[x]", "[ ]")  # a box without a word is a switch of the page
LABEL_LEVEL = 6  # of what stands as a heading and is none in HTML: a bold line, what opens an accordion
LABEL_CHARS = 80  # a longer bold paragraph is prose that its author stresses


def write_blocks(writing: Writing, root: LexborNode) -> None:
    """Write the blocks of text below a node in order."""
    page = _Page(writing)
    for node, enters in walk(root):
        if node.is_text_node:
            page.say(node.text_content or "")
        elif node.tag in BLOCKS:
            page.end_block()
            (page.open if enters else page.close)(node)
        else:
            page.pass_inline(node, enters=enters)
    page.end_block()
    page.settle_label()


@dataclass(slots=True)
class _Page:
    """A page as far as it was read: the words of the block that is open, and what they are."""

    writing: Writing
    words: list[str] = field(default_factory=list)
    lists: list[OpenList] = field(default_factory=list)
    item: str | None = None  # the mark of a list item of which nothing was written yet
    heading: tuple[str, int] | None = None  # the mark and the level of a heading that is open
    terms: list[str] = field(default_factory=list)  # what the next description describes
    in_term: bool = False
    describes: bool = False  # whether nothing was written of the description that is open
    bold: int = 0  # how many bold elements are open
    is_plain: bool = False  # whether any of the words stands outside of bold elements
    label: int = 0  # how many marks there were when a bold line was written as a heading
    raised: int = 0  # how many words there were when a superscript began
    link: int = -1  # and when a link began that no superscript holds yet
    sections: int = 0
    is_front: bool = False

    def say(self, text: str) -> None:
        """Take the words of a line as they come."""
        self.words.append(SPACES.sub(" ", text))
        self.is_plain |= not self.bold and not text.isspace()

    def open(self, node: LexborNode) -> None:
        """Enter a block, or read it whole."""
        tag = node.tag or ""
        self.sections += tag in SECTIONS
        if tag == "pre":
            code = node.text().strip("\n")
            if code.strip():
                self._write(code if "```" in code else f"```\n{code}\n```", "code")
        elif tag == "table" and is_grid(node):
            caption = " ".join(_text(each) for each in node.css("caption"))
            rows = [[_grid_cell(cell) for cell in cells_of(row)] for row in node.css("tr")]
            write_table(self.writing, rows, caption=caption, level=len(self.lists))
        elif tag in LISTS:
            self.lists.append(OpenList.of(node))
        elif tag in ("footer", "address"):
            self.is_front = tag == "footer" and not self.sections
        elif tag in ("dt", "dd"):
            self.terms = [] if tag == "dt" and not self.in_term else self.terms
            self.in_term = tag == "dt"
            self.describes = tag == "dd"
        elif tag == "li":
            own = self.lists[-1] if self.lists else OpenList(is_ordered=False)
            self.item = "  " * min(len(self.lists) - 1, 10) + own.mark(node.attributes.get("value"))
        elif tag in HEADINGS:
            self.heading = ("#" * HEADINGS[tag] + " ", HEADINGS[tag])
        elif tag in ("summary", "button") and self.heading is None:
            self.heading = ("", LABEL_LEVEL)

    def close(self, node: LexborNode) -> None:
        """Leave a block."""
        tag = node.tag or ""
        self.sections -= tag in SECTIONS
        if tag in LISTS:
            self.lists.pop()
        elif tag == "li":
            self.item = None
        elif tag in HEADINGS or tag == "summary":
            self.heading = None
        elif tag == "dl":
            for term in self.terms if self.in_term else ():
                self._write(term)
            self.terms, self.in_term = [], False
        elif tag == "footer":
            self.is_front = False

    def pass_inline(self, node: LexborNode, *, enters: bool) -> None:
        """Enter or leave an element inside a line."""
        tag = node.tag or ""
        if tag in BOLD:
            self.bold += 1 if enters else -1
        elif tag == "sup":
            if not enters:  # keep it apart from what it stands on: 10^6, and a note as [2]
                text = "".join(self.words[self.raised :]).strip()
                before = "".join(self.words[max(0, self.raised - 1) : self.raised])
                if EXPONENT.fullmatch(text) and before[-1:].isalnum():
                    self.words[self.raised :] = [f"[{text}]" if self.link >= self.raised else f"^{text}"]
                self.link = -1
            self.raised = len(self.words)
        elif enters and tag == "a" and node.attributes.get("href"):
            self.link = len(self.words)
        elif enters and tag == "br":
            self.words.append("\n")
        elif enters and tag in ("img", "input", "select"):
            self.say(f" {shown(node)} ")
        elif enters and (joint := JOINTS.get((node.parent and node.parent.tag) or "")) and node.prev:
            self.words.append(joint)

    def end_block(self) -> None:
        """Write the words so far, if any, as a block."""
        text = AROUND_BREAK.sub("\n", BLANKS.sub(" ", "".join(self.words))).strip()
        is_bold = not self.is_plain
        self.words.clear()
        self.raised, self.link = 0, -1
        self.is_plain = False
        if not text or text in BOXES:
            return
        if self.heading is not None:
            self.settle_label()
            mark, level = self.heading
            self.writing.add(mark + text, "front" if self.is_front else "heading", level=level)
            self.heading = None
        elif self.in_term:
            self.terms.append(text)
        elif self.item is not None:
            kind: UnitKind = "step" if self.lists and self.lists[-1].is_ordered else "item"
            self._write(self.item + text, kind, level=max(1, len(self.lists)))
            self.item = None
        elif self.terms and self.describes:
            term = ", ".join(self.terms)
            self._write(f"{term if term.endswith((*':?：？',)) else f'{term}:'} {text}", "pair")
            self.describes = False
        elif is_bold and not self.lists and not self.is_front and _stands_as_heading(text):
            self.writing.add(text, "heading", level=LABEL_LEVEL)
            self.label = len(self.writing.marks)
        else:
            self._write(text)

    def _write(self, text: str, kind: UnitKind = "sentence", *, level: int | None = None) -> None:
        if self.is_front:
            self.writing.add(text, "front")
        else:
            self.writing.add(text, kind, level=len(self.lists) if level is None else level)

    def settle_label(self) -> None:
        """Take a bold line as prose after all where nothing stands below it."""
        marks = self.writing.marks
        if self.label and self.label == len(marks):
            marks[-1] = replace(marks[-1], kind="sentence", level=0)


def _grid_cell(cell: LexborNode) -> GridCell:
    spans = [max(1, whole_number(cell.attributes.get(name), 1)) for name in ("rowspan", "colspan")]
    row = cell.parent
    in_head = row is not None and row.parent is not None and row.parent.tag == "thead"
    return GridCell(text=_text(cell), is_header=in_head or cell.tag == "th", rows=spans[0], columns=spans[1])


def _text(node: LexborNode) -> str:
    """The text of a node on one line."""
    writing = Writing()
    write_blocks(writing, node)
    return one_line(writing.content().text)


def _stands_as_heading(text: str) -> bool:
    return len(text) <= LABEL_CHARS and "\n" not in text and ": " not in text and not text.endswith((*".,:;!",))
