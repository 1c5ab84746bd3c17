"""The content that a reader finds in a file: text without control characters, blank lines between its blocks.

The offsets of citations count characters of this text, so the text is made once and never changed again.
"""

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from qa.errors import DocumentError
from qa.types import Cell, Mark, UnitKind

MAX_FILE_BYTES = 200_000_000
MAX_TEXT_CHARS = 20_000_000  # some 60 novels; the sentence vectors of one document are held in memory together

LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls, soft hyphens, zero-width spaces, byte order marks, and code points that are no characters.
INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
# Texts of a script that has some of its letters in a row, and none alone beside a Latin one: nearly every Western file
# can be read as Shift JIS, too, but then has ideographs in the middle of its words.
LETTERS = {"А-яЁё№«»–—": 4, "\u2000-\u33ff\u4e00-\u9fff\uff01-\uff5e\uffe0-\uffe6": 2}
CYRILLIC, EAST_ASIAN = (
    re.compile(
        rf"\A(?=(?s:.*?)[{letters}]{{{least}}})"
        rf"(?:[\x00-\x7e]|[{letters}]{{2,}}+|(?<![A-Za-z])[{letters}](?![A-Za-z]))*+\Z"
    )
    for letters, least in LETTERS.items()
)
# Older encodings in the order in which they are tried, each believed when its text is in a script that it is for.
OLDER = {"cp1251": CYRILLIC, "gb2312": EAST_ASIAN, "cp932": EAST_ASIAN}
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# The encodings that browsers use under these names. Source: WHATWG Encoding Standard, section 4.2.
BROWSERS_TAKE = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The text of a file, with what the file says of itself; without a title, the file's name serves.

    `dates` are those of the file's properties as they are written there, the best first; `dates.py` reads them.
    `marks` say what its lines are, in order, only white space between them.
    """

    text: str
    title: str | None = None
    pages: tuple[int, ...] = ()
    dates: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()

    def to_json(self) -> str:
        """The content as one line of JSON, each mark as one list, the numbers of its cells at its end.

        A list for each cell took 280 MB more for a table of 3 million cells.
        """
        marks = [
            [each.kind, each.start, each.end, each.level]
            + [part for cell in each.cells for part in (cell.start, cell.end, cell.column)]
            for each in self.marks
        ]
        return json.dumps([self.text, self.title, self.pages, self.dates, marks], ensure_ascii=False)

    @classmethod
    def from_json(cls, line: bytes) -> Self:
        """The content that `to_json` wrote."""
        text, title, pages, dates, marks = json.loads(line)
        return cls(
            text=text,
            title=title,
            pages=tuple(pages),
            dates=tuple(dates),
            marks=tuple(_mark(*each) for each in marks),
        )


def _mark(kind: UnitKind, start: int, end: int, level: int, *cells: int) -> Mark:
    parts = zip(cells[::3], cells[1::3], cells[2::3], strict=True)
    found = tuple(Cell(start=first, end=last, column=column) for first, last, column in parts)
    return Mark(kind=kind, start=start, end=end, level=level, cells=found)


def refuse_long(text: str, path: Path) -> None:
    """Raises: DocumentError when the text of a file is longer than the rest of the program can hold."""
    if len(text) > MAX_TEXT_CHARS:
        raise DocumentError(f"{path} holds {len(text):,} characters; {MAX_TEXT_CHARS:,} are read. Divide it")


def tidy(text: str) -> str:
    """The text without what cannot be seen, its lines ended by a line feed."""
    return INVISIBLE.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """The text with each run of white space as one space, and none at its ends."""
    return " ".join(tidy(text).split())


class Writing:
    """A text in the making, with the marks of all that was written: its lines are what its reader says they are.

    A blank line stands between two blocks, and none between two items of a list.
    """

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.pages: list[int] = []
        self._pieces: list[str] = []
        self.length = 0
        self._turned = False  # whether a page begins with the next block

    def add(self, text: str, kind: UnitKind = "sentence", *, level: int = 0, cells: Sequence[Cell] = ()) -> None:
        """Write one block, of which the cells count their characters; nothing where it is empty.

        A sentence that runs over the end of a page is not cut.
        """
        block = tidy(text).rstrip()
        if not block.strip():
            return
        last = self.marks[-1] if self.marks else None
        in_list = last is not None and last.kind in ("item", "step") and kind in ("item", "step")
        is_prose = last is not None and last.kind == kind == "sentence"
        goes_on = is_prose and self._turned and block[0].islower() and not self._pieces[-1].endswith((*".!?:",))
        if last:
            self._put("\n" if in_list or goes_on else "\n\n")
        start = self.length
        self._put(block)
        if self._turned:
            self.pages[-1] = start
            self._turned = False
        if goes_on and last:
            self.marks[-1] = Mark(kind="sentence", start=last.start, end=self.length, level=last.level)
        else:
            mark = Mark(kind=kind, start=0, end=len(block), level=level, cells=tuple(cells))
            self.marks.append(mark.moved(start))

    def add_marked(self, text: str, marks: Sequence[Mark]) -> None:
        """Write a text as it stands, which is tidy and has no white space at its ends, with the marks that it has."""
        if not text:
            return
        if self.marks:
            self._put("\n\n")
        start = self.length
        self._put(text)
        self.marks += (each.moved(start) for each in marks)

    def turn_page(self) -> None:
        """Begin a page with the next block."""
        self.pages.append(self.length)
        self._turned = True

    def content(self, *, title: str | None = None, dates: tuple[str, ...] = ()) -> Content:
        """All that was written."""
        text = "".join(self._pieces)
        return Content(text=text, title=title, pages=tuple(self.pages), dates=dates, marks=tuple(self.marks))

    def _put(self, piece: str) -> None:
        self._pieces.append(piece)
        self.length += len(piece)


def decode(read: bytes, declared: str = "utf-8") -> str:
    """The text in the encoding that its mark, its declaration, or else its bytes show: UTF-8, or an older one."""
    if read.startswith(UTF_16_MARKS):
        return read.decode("utf-16", errors="replace")
    known = _known(declared)
    for encoding, likely in {known: None, "utf-8-sig": None, **OLDER}.items():
        try:
            text = read.decode(encoding)
        except UnicodeError:
            continue
        if likely is None or likely.match(text):
            return text.removeprefix("\ufeff")
    return read.decode("cp1252" if known == "utf-8" else known, errors="replace")


def _known(declared: str) -> str:
    """The encoding that is meant by a declaration; UTF-8 where it means none."""
    try:
        name = codecs.lookup(declared).name
        "".encode(name)  # codecs such as zlib are found, but are none of text
    except LookupError:
        return "utf-8"
    # A declaration that can be read as ASCII is not in UTF-16, whatever it says.
    return "utf-8" if name.startswith(("utf-16", "utf-32")) else BROWSERS_TAKE.get(name, name)
