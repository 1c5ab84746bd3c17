"""What the lines of a text are, as its reader knows: prose, list items, rows, code, headings, front matter.

A reader marks what it writes: `commonmark.py` for Markdown, `source.py` for code and settings, `plain.py` for a text of
which nobody knows more than its lines. Sentences are not sought here; `units.py` makes units of marks.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qa.types import Span

# The levels of a table's title, of its header row, and of a title of some of its rows, below those of headings.
CAPTION, HEADER, SECTION = 7, 8, 9

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
BULLET = re.compile(r"\s*[-*+•‣◦▪]\s+(?=\S)")
ITEM_NUMBER = re.compile(r"\s*(?:(?:\d{1,3}|[a-z])[.)]|\((?:\d{1,3}|[a-z]{1,4})\))\s+(?=\S)")

# Nobody wraps lines as long as this, so a line break beside one ends a paragraph.
WRAPPED_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Span):
    """One line of a text with its words, which end without white space."""

    words: str

    @property
    def is_blank(self) -> bool:
        return not self.words

    @property
    def indent(self) -> int:
        """The columns before the first word; a tab leads to the next column of four."""
        return len(self.words[: len(self.words) - len(self.words.lstrip())].expandtabs(4))


def lines_of(text: str, start: int = 0) -> Iterator[Line]:
    """The lines of a text from there on, each up to where the next starts; only CR, LF and both together end one."""
    for found in LINE.finditer(text, start):
        yield Line(start=found.start(), end=found.end(), words=found.group().rstrip())


def run_length(lines: Sequence[Line], at: int, test: Callable[[Line], bool]) -> int:
    """How many lines pass a test, from this one on and without a gap."""
    end = at
    while end < len(lines) and test(lines[end]):
        end += 1
    return end - at
