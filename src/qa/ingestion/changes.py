"""A folder, or one file, against the records of what is indexed: what an ingest has to do.

An unchanged file costs a look at its size and time of change, and where those differ a hash of its
bytes. Nothing is split, embedded or written here.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qa.documents.files import find_documents, read_document
from qa.documents.formats.content import MAX_FILE_BYTES
from qa.documents.selection import Selection
from qa.errors import DocumentError
from qa.types import Document, Record

SETTLED_NS = 2_000_000_000  # the coarsest clock of a file system: a file changed later may change again unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file, or one document whose file is gone, and what is to be done about it.

    `record` is what the index should say of it; an added or replaced one has a `document` too, whose
    passages are still to be counted. `reason` says why a file failed.
    """

    kind: Literal["added", "replaced", "removed", "unchanged", "failed"]
    id: str
    record: Record | None = None
    document: Document | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, its id, and the folder it is taken from: as named, as it is, and whether all of it is taken."""

    path: Path
    id: str
    folder: Path
    root: str
    mirrored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file and what is known of it; `taken_from` names another folder, still there, that its id belongs to."""

    file: File
    before: Record | None
    taken_from: str | None
    started_ns: int


class Files:
    """The selected files of some folders, and single files, as they are now."""

    def __init__(self, paths: Sequence[Path], *, selection: Selection, all_known: bool = False) -> None:
        """Find them; with `all_known`, they stand for all that was ingested, and what they leave out is gone.

        Raises: DocumentError when at one of the paths there is nothing that can be read.
        """
        self._started_ns = time.time_ns()
        self._selection, self._all_known = selection, all_known
        self._present: dict[str, set[str]] = {}  # all ids of a folder that is mirrored, selected or not
        self._files: dict[tuple[str, str], File] = {}
        for path in paths:
            self._find(path)

    def __len__(self) -> int:
        return len(self._files)

    def looks(self, known: Mapping[str, Record]) -> Iterator[Look]:
        """What to look at for each file."""
        roots = {record.id: record.root for record in known.values()}
        for file in self._files.values():
            taken = roots.setdefault(file.id, file.root)
            if taken != file.root and not Path(taken).is_dir():  # that folder was moved
                taken = roots[file.id] = file.root
            yield Look(
                file=file,
                before=known.get(file.id),
                taken_from=None if taken == file.root else taken,
                started_ns=self._started_ns,
            )

    def gone(self, known: Mapping[str, Record]) -> Iterator[Change]:
        """A change for each document whose file is gone: of the folders, and with `all_known` single ones too."""
        for root, present in self._present.items():
            gone = {record.id for record in known.values() if record.root == root} - present
            yield from self._removed(gone)
        if self._all_known:
            single = (record for record in known.values() if record.root not in self._present)
            yield from self._removed({each.id for each in single if not Path(each.root, each.id).exists()})

    def changes(self, known: Mapping[str, Record]) -> Iterator[Change]:
        """A change for each file, then one for each document whose file is gone."""
        yield from map(compare, self.looks(known))
        yield from self.gone(known)

    def _removed(self, gone: set[str]) -> Iterator[Change]:
        return (Change(kind="removed", id=each) for each in sorted(self._selection.pick(gone)))

    def _find(self, path: Path) -> None:
        mirrored = path.is_dir()
        folder = path if mirrored else path.parent
        root = str(folder.resolve())
        present = {found.relative_to(folder).as_posix(): found for found in find_documents(path)}
        selected = self._selection.pick(present)
        for name, found in present.items():
            if name in selected:
                file = File(path=found, id=name, folder=folder, root=root, mirrored=mirrored)
                self._files.setdefault((root, name), file)
        if mirrored:
            self._present[root] = set(present)


def compare(look: Look) -> Change:
    """What there is to do about one file."""
    try:
        return _compare(look)
    except DocumentError as error:
        return Change(kind="failed", id=str(look.file.path), reason=str(error))


def _compare(look: Look) -> Change:
    file, before = look.file, look.before
    if look.taken_from:
        raise DocumentError(
            f"{file.id!r} is already indexed from {look.taken_from}. Rename it, or ingest the folder above both"
        )
    size, modified_ns = _stat(file.path)
    mirrored = file.mirrored or (before is not None and before.mirrored and before.root == file.root)
    seen: dict[str, Any] = {"root": file.root, "mirrored": mirrored, "size": size}
    if before and (before.size, before.modified_ns) == (size, modified_ns):
        return Change(kind="unchanged", id=file.id, record=replace(before, **seen))
    seen["modified_ns"] = modified_ns if modified_ns < look.started_ns - SETTLED_NS else 0
    seen["digest"] = _digest(file.path)
    if before and before.digest and before.digest == seen["digest"]:
        return Change(kind="unchanged", id=file.id, record=replace(before, **seen))
    document = read_document(file.path, root=file.folder)
    record = Record(
        id=document.id,
        version=document.version,
        title=document.title,
        passages=before.passages if before else 0,
        chars=len(document.text),
        pages=document.pages,
        date=document.date,
        **seen,
    )
    if before and record == replace(before, **seen):
        return Change(kind="unchanged", id=file.id, record=record)
    return Change(kind="replaced" if before else "added", id=file.id, record=record, document=document)


def _stat(path: Path) -> tuple[int, int]:
    """The size in bytes, and when it was last changed or moved in nanoseconds."""
    with _readable(path):
        stat = path.stat()
    return stat.st_size, max(stat.st_mtime_ns, stat.st_ctime_ns)  # another file moved here keeps its own st_mtime


def _digest(path: Path) -> str:
    """16 hexadecimal digits of the SHA-256 of a file's bytes; none of one that is too large to be read."""
    with _readable(path):
        if path.stat().st_size > MAX_FILE_BYTES:
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}. Check that it exists and its rights") from error
