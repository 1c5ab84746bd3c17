"""Files → documents, one reader per format; a new format is a new line in `READERS`.

The text of a text file is its decoded content, unchanged; every other format is read by
`qa.documents.formats`, in a process of its own. Nothing is split or embedded here, and nothing outside the
folder that was named is read.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from qa.documents.commonmark import markdown_marks
from qa.documents.dates import own_date, written_date
from qa.documents.formats.content import MAX_FILE_BYTES, Content, decode, one_line, refuse_long
from qa.documents.formats.extraction import EXTRACTED, SOURCE_CODE, extract
from qa.documents.markdown import front_matter, heading_words
from qa.documents.marks import CAPTION
from qa.documents.plain import find_marks
from qa.documents.selection import Ignored
from qa.documents.source import code_marks, settings_marks
from qa.errors import DocumentError
from qa.types import Document, Mark

TITLE_CHARS = 200  # every passage carries the title
FORMATS = "text, Markdown, source code, HTML, PDF, Word, PowerPoint, Excel, CSV, JSON, mail (.eml) and EPUB"

# Titles that programs write where nobody gave one.
PLACEHOLDER = re.compile(
    r"\W*+(untitled( document)?|(powerpoint |pdf )?presentation ?\d*|document ?\d*|slide 1)?\W*+", re.I
)


def read_document(path: Path, *, root: Path) -> Document:
    """The document in a file; its id is the path below `root`, or the name when `root` is the file.

    Raises: DocumentError when the file cannot be read, decoded or named.
    """
    name = path.name if path == root else path.relative_to(root).as_posix()
    _check_name(name)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DocumentError(f"{path} is not of a format that can be read: {FORMATS}. Convert it to one of these")
    try:
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise DocumentError(f"{path} has {size:,} bytes; up to {MAX_FILE_BYTES:,} are read. Divide it")
        content = reader(path)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}. Check that it exists and its rights") from error
    _check_text(content.text, path)
    title = one_line(content.title or "")[:TITLE_CHARS]
    if PLACEHOLDER.fullmatch(title):
        title = one_line(path.stem)[:TITLE_CHARS]
    date = own_date(content.text) or next(filter(None, map(written_date, content.dates)), None)
    return Document(id=name, text=content.text, title=title, pages=content.pages, date=date, marks=content.marks)


def checked(document: Document) -> Document:
    """The document that a program hands over, held to what a file is held to. Raises: DocumentError."""
    _check_name(document.id)
    _check_text(document.text, Path(document.id))
    try:
        document.text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(
            f"{document.id!r} holds half of a pair: {error}. Decode it with errors='replace'"
        ) from error
    return replace(document, title=one_line(document.title)[:TITLE_CHARS])


def _check_name(name: str) -> None:
    if not name or any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise DocumentError(f"{name!r} has a name with control or undecodable characters, or none. Rename the file")


def _check_text(text: str, path: Path) -> None:
    refuse_long(text, path)
    if not text.strip():
        raise DocumentError(f"{path} holds no text. Remove it, or fill it")


def find_documents(root: Path) -> list[Path]:
    """The files of a folder that can be read, however deep, in the order of their ids; or the one file.

    Hidden files and folders are left out, and what a `.gitignore` or `.qaignore` names. A link to a
    folder is not followed, and one to a file only when that file lies in `root` too.
    Raises: DocumentError when there is no such file or folder, or nothing in it that can be read.
    """
    if not root.exists():
        raise DocumentError(f"{str(root)!r} does not exist. Give a file or a folder that does")
    if root.is_file():
        if root.suffix.lower() not in READERS:
            raise DocumentError(f"{str(root)!r} is not of a format that can be read: {FORMATS}")
        return [root]
    found = list(_walk(root))
    if not found:
        raise DocumentError(f"{str(root)!r} holds no file of a format that can be read: {FORMATS}")
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def find_part(root: Path, part: Path) -> list[Path]:
    """What `find_documents` finds in a folder of one that lies in it, or of one file; nothing where it passes that by.

    Both paths are absolute. Raises: DocumentError when a folder cannot be listed.
    """
    return list(_walk(root, part))


def _walk(root: Path, part: Path | None = None) -> Iterator[Path]:
    """What can be read below a folder and is neither hidden nor ignored; with `part`, of that folder, or that file."""
    ignored, whole = Ignored(root), root.resolve()

    def is_wanted(path: Path) -> bool:
        leads_there = part is None or path.is_relative_to(part) or part.is_relative_to(path)
        return leads_there and not path.name.startswith(".")

    def is_inside(path: Path) -> bool:
        return path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(whole))

    for folder, folders, names in os.walk(root, onerror=_refuse):
        here = Path(folder)
        ignored.enter(here)
        folders[:] = [name for name in folders if is_wanted(here / name) and not ignored(here / name, folder=True)]
        for path in (here / name for name in names if Path(name).suffix.lower() in READERS):
            if is_wanted(path) and not ignored(path) and is_inside(path):
                yield path


def _refuse(error: OSError) -> None:
    # A folder that is skipped in silence would look emptied, and its documents would leave the index.
    raise DocumentError(f"{error.filename!r} cannot be listed: {error.strerror}. Check its rights") from error


def _read_text(path: Path, *, find: Callable[[str], Sequence[Mark]]) -> Content:
    """A text whose lines are marked so."""
    read = path.read_bytes()
    if b"\0" in read:
        raise DocumentError(
            f"{path} looks binary: byte {read.index(0)} is zero. Save it as UTF-8 text, or leave it out"
        )
    text = decode(read)
    return Content(text=text, marks=tuple(find(text)))


def _read_markdown(path: Path) -> Content:
    content = _read_text(path, find=markdown_marks)
    titles = (each for each in content.marks if each.kind == "heading" and each.level < CAPTION)
    headings = (heading_words(content.text[each.start : each.end]) for each in titles)
    return replace(content, title=front_matter(content.text)[0].get("title") or next(filter(None, headings), None))


READERS: Mapping[str, Callable[[Path], Content]] = {
    **dict.fromkeys(SOURCE_CODE, partial(_read_text, find=code_marks)),
    **dict.fromkeys((".cfg", ".conf", ".ini", ".toml", ".yaml", ".yml"), partial(_read_text, find=settings_marks)),
    **dict.fromkeys(
        (".txt", ".text", ".adoc", ".bib", ".log", ".org", ".rst", ".tex"), partial(_read_text, find=find_marks)
    ),
    **dict.fromkeys((".md", ".markdown"), _read_markdown),
    **dict.fromkeys(EXTRACTED, extract),
}
