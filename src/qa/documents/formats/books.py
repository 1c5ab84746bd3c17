"""EPUB → its chapters in reading order. Nothing outside the archive is opened, whatever its parts refer to."""

import posixpath
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from qa.documents.formats.archives import DATE, TITLE, open_archive
from qa.documents.formats.content import Content, Writing, one_line
from qa.documents.formats.web import decode_html, write_html
from qa.errors import DocumentError

CONTAINER = "META-INF/container.xml"  # which names the package file, the book's table of parts
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
        container = ElementTree.fromstring(archive.read(CONTAINER)) if CONTAINER in names else None
        named = None if container is None else container.find(f".//{ROOT_FILE}")
        package = "" if named is None else named.get("full-path", "")
        if package not in names:
            raise DocumentError(f"{path} is no EPUB: it names no package file. Check that it opens")
        table = ElementTree.fromstring(archive.read(package))
        hrefs = {item.get("id"): item.get("href", "") for item in table.iter(ITEM)}
        listed = (hrefs[each.get("idref")] for each in table.iter(ITEM_REF) if each.get("idref") in hrefs)
        writing = Writing()
        for href in listed:
            part = posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(href)))
            if part in names:
                write_html(writing, decode_html(archive.read(part)))
    title = next((one_line(each.text or "") for each in table.iter(TITLE)), None)
    dates = tuple(one_line(each.text or "") for each in table.iter(DATE))
    return writing.content(title=title or None, dates=dates)
