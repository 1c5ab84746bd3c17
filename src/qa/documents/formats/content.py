"""The content that a reader finds in a file: text without control characters, blank lines between its blocks.

The offsets of citations count characters of this text, so the text is made once and never changed again.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from qa.errors import DocumentError

MAX_FILE_BYTES = 200_000_000
MAX_TEXT_CHARS = 20_000_000  # some 60 novels; the sentence vectors of one document are held in memory together

LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls, soft hyphens, zero-width spaces, byte order marks, and code points that are no characters.
INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The text of a file, with what the file says of itself; without a title, the file's name serves.

    `dates` are those of the file's properties as they are written there, the best first; `dates.py` reads them.
    """

    text: str
    title: str | None = None
    pages: tuple[int, ...] = ()
    dates: tuple[str, ...] = ()


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


def joined(pages: list[str], *, title: str | None = None, dates: tuple[str, ...] = ()) -> Content:
    """The pages as one text; a sentence that runs over the end of a page is not cut."""
    text = ""
    offsets = []
    for page in pages:
        if text and page:
            text += "\n" if page[:1].islower() and not text.endswith((".", "!", "?", ":")) else "\n\n"
        offsets.append(len(text))
        text += page
    return Content(text=text, title=title, pages=tuple(offsets), dates=dates)


def decode(read: bytes) -> str:
    """The text of UTF-8, or of UTF-16 that says so by its byte order mark.

    Raises: UnicodeDecodeError when it is neither.
    """
    return read.decode("utf-16" if read.startswith(UTF_16_MARKS) else "utf-8-sig")
