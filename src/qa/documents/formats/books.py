"""EPUB → its chapters in reading order. Nothing outside the archive is opened, whatever its parts refer to."""

import posixpath
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree
from zipfile import ZipFile

from qa.documents.formats.archives import DATE, TITLE, open_archive
from qa.documents.formats.content import Content, Writing, one_line
from qa.documents.formats.web import decode_html, write_html
from qa.errors import DocumentError

ROOT_FILE = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
ITEM = "{http://www.idpf.org/2007/opf}item"
ITEM_REF = "{http://www.idpf.org/2007/opf}itemref"


def read_epub(path: Path) -> Content:
    """The text of a book, with its title.

    Raises: DocumentError when it is encrypted or lacks its table of parts.
    """
    with open_archive(path) as archive:
        names = set(archive.namelist())
        if "META-INF/encryption.xml" in names and b"xmlenc#aes" in archive.read("META-INF/encryption.xml"):
            raise DocumentError(f"{path} is protected against copying. Use a copy that is not")
        package = _root_file(archive)
        if package is None or package not in names:
            raise DocumentError(f"{path} is no EPUB: it names no package file. Check that it opens")
        table = ElementTree.fromstring(archive.read(package))
        parts = [name for name in _spine(table, folder=posixpath.dirname(package)) if name in names]
        writing = Writing()
        for name in parts:
            write_html(writing, decode_html(archive.read(name)))
    title = next((one_line(each.text or "") for each in table.iter(TITLE)), None)
    dates = tuple(one_line(each.text or "") for each in table.iter(DATE))
    return writing.content(title=title or None, dates=dates)


def _root_file(archive: ZipFile) -> str | None:
    """The name of the package file, the book's table of parts; None where the archive names none."""
    if "META-INF/container.xml" not in archive.namelist():
        return None
    found = ElementTree.fromstring(archive.read("META-INF/container.xml")).find(f".//{ROOT_FILE}")
    return None if found is None else found.get("full-path")


def _spine(table: ElementTree.Element, *, folder: str) -> list[str]:
    """The names of the parts in reading order, as the archive has them."""
    hrefs = {item.get("id"): item.get("href", "") for item in table.iter(ITEM)}
    listed = (hrefs[each.get("idref")] for each in table.iter(ITEM_REF) if each.get("idref") in hrefs)
    return [posixpath.normpath(posixpath.join(folder, unquote(href))) for href in listed]
