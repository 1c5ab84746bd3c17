"""Plain text → marks: what its lines show of its structure. A mail is read so, too.

A line that may be either is prose, which can answer; a title that nobody marked must stand alone above what it names.
"""

import re

from qa.documents.columns import table_length, table_marks
from qa.documents.markdown import ATX, FRONT_MATTER
from qa.documents.marks import BULLET, ITEM_NUMBER, WRAPPED_CHARS, lines_of, run_length
from qa.documents.paragraphs import paragraph_marks
from qa.documents.titles import had_room, is_short, next_words, numbering_depth, title_level
from qa.types import Mark, UnitKind

LEADING_DATE = re.compile(r"\s*date \d{4}-\d{2}-\d{2}(?=\s)")  # may stand before the first sentence of a file
# As in CommonMark: the closing marks are of the same kind, at least as many, and alone on their line.
CODE = re.compile(
    r"^[ \t]*(`{3,}+|~{3,}+(?=[ \t]*\w))[^`\r\n]*[\r\n](?s:.*?)(?:^[ \t]*\1[`~]*[ \t]*(?=[\r\n]|\Z)|\Z)",
    re.MULTILINE,
)
EQUALS = re.compile(r"={2,6}\s+\S")  # a heading of a wiki
UNDERLINE = re.compile(r"\s{0,3}([=\-~^])\1{2,}")
# What ends a paragraph: > alone and the line above a signature, in a mail, and * * *.
ENDS = re.compile(r"[\s>]*>|\s*--|\s*(?:([-*_=~])\s*)(?:\1\s*){2,}")
WORDLESS = re.compile(r"[\W_]+")
TITLE = re.compile(r"(?!>|[-*+] )[\W_]*+[^\W_].*(?<!\.)$")  # words that no full stop ends
LEADERS = re.compile(r"(?:[.…][ \t]?){3}[ \t]*+\Z")
LEADER_CHARS = 8  # of the dots before a page's number, so many are looked at
FIRST = re.compile(r"\s*\(?[1a][.)]\s")


def find_marks(text: str) -> list[Mark]:
    """The marks of a text of which only the lines are known, in order; only white space lies outside them."""
    top = LEADING_DATE.match(text) or FRONT_MATTER.match(text)
    finder = _Finder(text, top.end() if top else 0)
    return [*([Mark(kind="front", start=0, end=top.end())] if top else ()), *finder.find()]


class _Finder:
    """What was found above the line that is looked at. Each reader gives how many lines it took, 0 for none."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._lines = list(lines_of(text, start))
        self._codes = {found.start(): found.end() for found in CODE.finditer(text, start)}
        self._marks: list[Mark] = []
        self._lists: list[tuple[int, str]] = []  # the indents and styles of the open lists
        self._after_short = False  # whether a line that might have been a title stands above

    def find(self) -> list[Mark]:
        marked = (self._code, self._table, self._underlined, self._marked_heading)
        readers = (*marked, self._front, self._title, self._item, self._paragraph)
        at = 0
        while at < len(self._lines):
            at += 1 if self._lines[at].is_blank else next(filter(None, (read(at) for read in readers)))
        return self._marks

    def _add(self, kind: UnitKind, at: int, taken: int, *, level: int = 0) -> int:
        if kind == "heading":
            self._lists.clear()
            self._after_short = False
        start, end = self._lines[at].start, self._lines[at + taken - 1].end
        self._marks.append(Mark(kind=kind, start=start, end=end, level=level))
        return taken

    def _code(self, at: int) -> int:
        end = self._codes.get(self._lines[at].start)
        if end is None:
            return 0
        taken = run_length(self._lines, at, lambda line: line.start < end)
        return self._add("code", at, taken, level=self._depth(at))

    def _table(self, at: int) -> int:
        taken = table_length(self._lines, at)
        if taken:
            self._marks += table_marks(self._text, self._lines[at : at + taken], level=self._depth(at))
        return taken

    def _underlined(self, at: int) -> int:
        """A heading with a line below it, of the first level where that is a double one."""
        title = self._lines[at].words.lstrip()
        below = UNDERLINE.fullmatch(self._lines[at + 1].words) if at + 1 < len(self._lines) else None
        if not below or not TITLE.match(title) or self._lines[at + 1].start in self._codes:
            return 0
        return self._add("heading", at, 2, level=1 if below[1] == "=" else 2)

    def _marked_heading(self, at: int) -> int:
        words = self._lines[at].words
        if not (ATX.match(words) or EQUALS.match(words)):
            return 0
        return self._add("heading", at, 1, level=len(words.split(None, 1)[0]))

    def _front(self, at: int) -> int:
        words = self._lines[at].words
        return self._add("front", at, 1) if WORDLESS.fullmatch(words) or is_entry(words) else 0

    def _title(self, at: int) -> int:
        is_first = all(mark.kind == "front" for mark in self._marks)
        level = title_level(self._lines, at, is_first=is_first, after_short=self._after_short)
        if not level:
            return 0
        taken = self._add("heading", at, 1, level=min(level, 6))
        below = next_words(self._lines, at)
        if is_first and below is not None:  # who wrote it, or when, may stand between the title and the text
            self._after_short = is_short(self._lines, below) and not numbering_depth(self._lines[below].words)
        return taken

    def _item(self, at: int) -> int:
        words = self._lines[at].words
        if BULLET.match(words):
            style = "-"
        elif number := ITEM_NUMBER.match(words):
            style = "1" if any(map(str.isdigit, number[0])) else "a"
        else:
            return 0
        level = self._open_list(self._lines[at].indent, style, is_below=at > 0 and not self._lines[at - 1].is_blank)
        taken = self._to_the_end(at, in_list=True)
        self._after_short = style != "-" and taken == 1 and is_short(self._lines, at)
        return self._add("item" if style == "-" else "step", at, taken, level=level)

    def _paragraph(self, at: int) -> int:
        level = self._depth(at)
        taken = self._to_the_end(at, in_list=level > 0)
        self._after_short = taken == 1 and is_short(self._lines, at)
        lines = self._lines[at : at + taken]
        self._marks += paragraph_marks(lines, level=level)
        return taken

    def _to_the_end(self, at: int, *, in_list: bool) -> int:
        """How many lines from this one on are one paragraph or item."""
        end = at + 1
        while end < len(self._lines) and not self._ends(at, end, in_list=in_list):
            end += 1
        return end - at

    def _ends(self, first: int, at: int, *, in_list: bool) -> bool:
        """Whether what began with the first of these two lines ends above the other."""
        line, words = self._lines[at], self._lines[at].words
        if line.is_blank or line.start in self._codes or ATX.match(words) or EQUALS.match(words):
            return True
        if BULLET.match(words) or ENDS.fullmatch(words) or UNDERLINE.fullmatch(words) or is_entry(words):
            return True
        # As in CommonMark: inside a paragraph only the first number of a list opens a step; "July\n4. Then" does not.
        if ITEM_NUMBER.match(words) and (in_list or FIRST.match(words)):
            return True
        before = self._lines[at - 1].words
        if line.indent <= self._lines[first].indent:
            if numbering_depth(words) > 1 and before.endswith((".", ":", ";")):  # a clause, and no "2.5 l of water"
                return True
            if in_list and max(len(words), len(before)) > WRAPPED_CHARS:
                return True
            if in_list and had_room(before, words) and not words.lstrip()[0].isdigit():
                return True
        return table_length(self._lines, at) > 0

    def _open_list(self, indent: int, style: str, *, is_below: bool) -> int:
        """The depth of an item's list, by its indent; directly below an item of another style a list begins inside."""
        while self._lists and self._lists[-1][0] > indent:
            self._lists.pop()
        here = [number for number, each in enumerate(self._lists) if each[0] == indent]
        alike = [number for number in here if self._lists[number][1] == style]
        if alike:
            del self._lists[alike[0] + 1 :]
        else:
            if here and not is_below:
                del self._lists[here[0] :]
            self._lists.append((indent, style))
        return len(self._lists)

    def _depth(self, at: int) -> int:
        """The depth of the list whose item goes on at a line, by its indent; what is not indented ends all lists."""
        while self._lists and self._lists[-1][0] >= self._lines[at].indent:
            self._lists.pop()
        return len(self._lists)


def is_entry(words: str) -> bool:
    """Whether a line is one of a table of contents, as "Storage ........ 12"; a price is no page."""
    title = words.rstrip("0123456789ivxlc")
    return len(title) < len(words) and bool(LEADERS.search(title[-LEADER_CHARS:]))
