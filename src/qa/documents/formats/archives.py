"""Zip archives, as Word, Excel, PowerPoint and EPUB files are, opened only when they are of sane size."""

from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

from qa.documents.formats.content import one_line
from qa.errors import DocumentError

MAX_UNPACKED_BYTES = 500_000_000
MAX_MEMBERS = 20_000

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # a compound file: the older Office formats, and newer ones with a password
TITLE = "{http://purl.org/dc/elements/1.1/}title"
DATE = "{http://purl.org/dc/elements/1.1/}date"
SAVED = "{http://purl.org/dc/terms/}modified"
PROPERTIES = ("docProps/core.xml", "meta.xml")  # of Microsoft's formats, and of OpenDocument


def open_archive(path: Path) -> ZipFile:
    """The archive; `zipfile` never unpacks more of a member than the member declares.

    Raises: DocumentError when it is encrypted, or would unpack to too much.
    """
    with path.open("rb") as file:
        if file.read(len(OLE)) == OLE:
            raise DocumentError(f"{path} is protected by a password, or of an older format. Save it again without")
    archive = ZipFile(path)
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or size > MAX_UNPACKED_BYTES:
        raise DocumentError(
            f"{path} unpacks to {len(members):,} files of {size:,} bytes together: more than {MAX_MEMBERS:,} files or "
            f"{MAX_UNPACKED_BYTES:,} bytes are not read. Divide it"
        )
    if any(member.flag_bits & 1 for member in members):
        raise DocumentError(f"{path} is protected by a password. Save it without one")
    return archive


def office_properties(path: Path) -> tuple[str | None, tuple[str, ...]]:
    """The title in the properties of an Office document, and when it was last saved.

    Not when it was made: a report begun as a copy of last year's keeps last year's date.
    Raises: DocumentError as `open_archive` does, so a reader that asks this first never sees such a file.
    """
    with open_archive(path) as archive:
        held = next((name for name in PROPERTIES if name in archive.namelist()), None)
        if held is None:
            return None, ()
        properties = ElementTree.fromstring(archive.read(held))
    title, *dates = (one_line(properties.findtext(f".//{name}") or "") for name in (TITLE, SAVED, DATE))
    return title or None, tuple(dates)
