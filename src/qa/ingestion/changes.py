"""A folder, or one file, against the records of what is indexed: what an ingest has to do.

An unchanged file costs a look at its size and time of change, and where those differ a hash of its
bytes. Nothing is embedded or written here.
"""

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qa.documents.files import find_documents, find_part, read_document
from qa.documents.formats.content import MAX_FILE_BYTES
from qa.documents.headers import CountPieces
from qa.documents.passages import split_passages
from qa.documents.selection import Selection
from qa.errors import DocumentError
from qa.types import Document, Passage, Record

# The step of the coarsest clock of a file system: a file changed less than this ago may change again unseen.
SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file, or one document whose file is gone, and what is to be done about it.

    `record` is what the index should say of it; an added or replaced one has a `document` too, until that is split
    into `passages`. `reason` says why a file failed.
    """

    kind: Literal["added", "replaced", "removed", "unchanged", "failed"]
    id: str
    record: Record | None = None
    document: Document | None = None
    passages: tuple[Passage, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file and the record of it, to be compared.

    `folder` is where it was found, as named, and `root` the same in full; `mirrored` says whether all of it is kept in
    step. `taken_from` names another folder, still there, from which the index has a document of this id.
    """

    path: Path
    id: str
    folder: Path
    root: str
    mirrored: bool
    started_ns: int
    before: Record | None = None
    taken_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All ids of a folder that is kept in step, selected or not: of those that begin with `prefix`."""

    root: str
    prefix: str
    ids: frozenset[str]


class Files:
    """The selected files of some folders, and single files, as they are now."""

    def __init__(
        self, paths: Sequence[Path], *, selection: Selection, folders: Collection[str] = (), all_known: bool = False
    ) -> None:
        """Find them; what lies in one of `folders`, which are kept in step already, is taken as a part of it.

        With `all_known`, these are all paths ever ingested, so a document found at none of them is gone.

        Raises: DocumentError when at one of the paths there is nothing that can be read.
        """
        self._started_ns = time.time_ns()
        self._selection, self._all_known = selection, all_known
        self._folders = [Path(each) for each in sorted(folders)]  # the outermost first
        self._parts: list[Part] = []
        self._looks: dict[tuple[str, str], Look] = {}
        for path in paths:
            self._find(path)

    def __len__(self) -> int:
        return len(self._looks)

    def looks(self, known: Mapping[str, Record]) -> Iterator[Look]:
        """Each file with what is known of it."""
        roots = {record.id: record.root for record in known.values() if not self._is_gone(record)}
        for look in self._looks.values():
            taken = roots.setdefault(look.id, look.root)
            if taken != look.root and not Path(taken).is_dir():  # that folder was moved
                taken = roots[look.id] = look.root
            yield replace(look, before=known.get(look.id), taken_from=None if taken == look.root else taken)

    def gone(self, known: Mapping[str, Record]) -> Iterator[Change]:
        """A change for each document whose file is gone: of the folders, and with `all_known` single ones too."""
        found = {id for _, id in self._looks}  # by now perhaps of another folder
        gone = {record.id for record in known.values() if record.id not in found and self._is_gone(record)}
        return (Change(kind="removed", id=each) for each in sorted(self._selection.pick(gone)))

    def changes(self, known: Mapping[str, Record]) -> Iterator[Change]:
        """A change for each file, then one for each document whose file is gone."""
        yield from map(compare, self.looks(known))
        yield from self.gone(known)

    def _is_gone(self, record: Record) -> bool:
        if not record.root:  # a program gave it
            return False
        for part in self._parts:
            if record.root == part.root and record.id.startswith(part.prefix):
                return record.id not in part.ids
            file = Path(record.root, record.id)
            if file.is_relative_to(part.root) and (part.root, file.relative_to(part.root).as_posix()) in self._looks:
                return True  # it is a part of this folder now
        return self._all_known and not Path(record.root, record.id).exists()

    def _find(self, path: Path) -> None:
        full, folder = path.resolve(), path if path.is_dir() else path.parent
        found, mirrored, prefix = find_documents(path), path.is_dir(), ""
        for above in self._folders:
            if above in full.parents and (part := find_part(above, full)):
                found, mirrored, folder = part, True, above
                prefix = "".join(f"{each}/" for each in full.relative_to(above).parts)
                break
        root = str(folder.resolve())
        present = {each.relative_to(folder).as_posix(): each for each in found}
        for id in sorted(self._selection.pick(present)):
            look = Look(
                path=present[id], id=id, folder=folder, root=root, mirrored=mirrored, started_ns=self._started_ns
            )
            self._looks.setdefault((root, id), look)
        if path.is_dir():
            self._parts.append(Part(root=root, prefix=prefix, ids=frozenset(present)))


def split(change: Change, *, count_pieces: CountPieces) -> Change:
    """The change with its passages in place of its document, where it brings one."""
    if not (change.document and change.record):
        return change
    passages = split_passages(change.document, count_pieces=count_pieces)
    record = replace(change.record, passages=len(passages))
    return replace(change, document=None, passages=passages, record=record)


def compare(look: Look) -> Change:
    """What there is to do about one file."""
    try:
        return _compare(look)
    except DocumentError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{look.path} cannot be read: {error.strerror}. Check that it exists and its rights"
    return Change(kind="failed", id=str(look.path), reason=reason)


def _compare(look: Look) -> Change:
    before = look.before
    if look.taken_from is not None:
        mend = "ingest the folder above both" if look.taken_from else f"run: qa remove {look.id}"
        raise DocumentError(
            f"{look.id!r} is already indexed from {look.taken_from or 'a program'}. Rename it, or {mend}"
        )
    stat = look.path.stat()
    modified_ns = max(stat.st_mtime_ns, stat.st_ctime_ns)  # another file moved here keeps its own st_mtime
    mirrored = look.mirrored or (before is not None and before.mirrored and before.root == look.root)
    seen: dict[str, Any] = {"root": look.root, "mirrored": mirrored, "size": stat.st_size}
    if before and (before.size, before.modified_ns) == (stat.st_size, modified_ns):
        return Change(kind="unchanged", id=look.id, record=replace(before, **seen))
    seen["modified_ns"] = modified_ns if modified_ns < look.started_ns - SETTLED_NS else 0
    seen["digest"] = _digest(look.path) if stat.st_size <= MAX_FILE_BYTES else ""  # a larger one will be refused
    if before and before.digest and before.digest == seen["digest"]:
        return Change(kind="unchanged", id=look.id, record=replace(before, **seen))
    return _change(read_document(look.path, root=look.folder), before, seen)


def given(document: Document, before: Record | None) -> Change:
    """What there is to do about a document that a program hands over. Raises: DocumentError."""
    if before and before.root:
        raise DocumentError(f"{document.id!r} is already indexed from {before.root}. Give it another id")
    return _change(document, before, {"root": "", "mirrored": False})


def _change(document: Document, before: Record | None, seen: dict[str, Any]) -> Change:
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
        return Change(kind="unchanged", id=record.id, record=record)
    return Change(kind="replaced" if before else "added", id=record.id, record=record, document=document)


def _digest(path: Path) -> str:
    """16 hexadecimal digits of the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
