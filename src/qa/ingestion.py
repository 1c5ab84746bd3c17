"""Files → the index: what is new or changed goes in, what is gone goes out, the rest is not touched.

A folder is mirrored; a single file is added or replaced. One bad file never stops the good ones.
How files are read, split, embedded and stored is decided in their own rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qa.documents import find_documents, read_document
from qa.errors import DocumentError
from qa.index import Index
from qa.passages import split_passages
from qa.sentence_vectors import SentenceVectors, bounds
from qa.types import Document, Passage, Record
from qa.writer import Entry, Writer

Vectors = NDArray[np.float32]

BATCH_PASSAGES = 512  # passages embedded and stored at a time: what bounds the memory


class Embedder(Protocol):
    """What turns passages into vectors and knows how long they may be."""

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        """A unit vector for each text, and for each span of each text."""

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces each text has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingest is: `done` of `total` files, and the passages stored by now."""

    done: int
    total: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What an ingest did, by document id; `failed` holds each bad file with what is wrong with it."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    passages: int = 0

    def __add__(self, other: IngestReport) -> IngestReport:
        """Both together."""
        return IngestReport(
            added=self.added + other.added,
            replaced=self.replaced + other.replaced,
            removed=self.removed + other.removed,
            unchanged=self.unchanged + other.unchanged,
            failed=self.failed + other.failed,
            passages=self.passages + other.passages,
        )


def ingest(
    root: Path,
    *,
    index: Index,
    writer: Writer,
    embedder: Embedder,
    sentences: SentenceVectors,
    progress: Callable[[Progress], None] = lambda _: None,
) -> IngestReport:
    """Make the index hold exactly the documents of a folder, or this one file.

    Raises: DocumentError when there is nothing at `root` that can be read.
    """
    paths = find_documents(root)
    run = _Run(root, index=index, writer=writer, embedder=embedder, sentences=sentences)
    for done, path in enumerate(paths, start=1):
        run.take(path)
        progress(Progress(done=done, total=len(paths), passages=run.passages))
    run.store()
    run.remove_gone()
    progress(Progress(done=len(paths), total=len(paths), passages=run.passages))
    return run.report()


class _Run:
    """One ingest under way: what was seen, and what waits to be embedded."""

    def __init__(
        self, root: Path, *, index: Index, writer: Writer, embedder: Embedder, sentences: SentenceVectors
    ) -> None:
        self._mirrored = root.is_dir()
        self._folder = root if self._mirrored else root.parent
        self._root = str(self._folder.resolve())
        self._index, self._writer, self._embedder, self._sentences = index, writer, embedder, sentences
        self._known = {record.id: record for record in writer.documents()}
        self._waiting: list[tuple[Record, tuple[Passage, ...]]] = []
        self._seen: set[str] = set()
        self._lists: dict[str, list[str]] = {"added": [], "replaced": [], "removed": [], "unchanged": []}
        self._failed: list[tuple[str, str]] = []
        self.passages = 0

    def take(self, path: Path) -> None:
        """Read one file; what is new in it waits until enough has come together to embed."""
        self._seen.add(path.relative_to(self._folder).as_posix())
        try:
            document = read_document(path, root=self._folder)
            self._refuse_namesake(document)
        except DocumentError as error:
            self._failed.append((str(path), str(error)))
            return
        before = self._known.get(document.id)
        if before and before.version == document.version:
            self._lists["unchanged"].append(document.id)
            return
        self._lists["replaced" if before else "added"].append(document.id)
        passages = split_passages(document, count_pieces=self._embedder.count_pieces)
        self._waiting.append((self._record(document, passages=len(passages)), passages))
        if sum(len(waiting) for _, waiting in self._waiting) >= BATCH_PASSAGES:
            self.store()

    def store(self) -> None:
        """Embed and write what waits."""
        if not self._waiting:
            return
        known = self._known_vectors()
        waiting = [passage for _, passages in self._waiting for passage in passages]
        fresh = list({passage.text: passage for passage in waiting if passage.text not in known}.values())
        vectors, parts = self._embedder.embed_spans([each.text for each in fresh], [bounds(each) for each in fresh])
        known.update(zip((each.text for each in fresh), vectors, strict=True))
        self._sentences.put(fresh, parts)
        self._writer.put(
            [
                Entry(record=record, passages=passages, vectors=np.stack([known[passage.text] for passage in passages]))
                for record, passages in self._waiting
            ]
        )
        self.passages += len(waiting)
        self._waiting.clear()

    def remove_gone(self) -> None:
        """Delete the documents of a mirrored folder whose files are no longer there."""
        if not self._mirrored:
            return
        gone = [
            record.id for record in self._known.values() if record.root == self._root and record.id not in self._seen
        ]
        self._writer.delete(gone)
        self._lists["removed"] = gone

    def report(self) -> IngestReport:
        """What was done so far."""
        lists = {name: tuple(ids) for name, ids in self._lists.items()}
        return IngestReport(**lists, failed=tuple(self._failed), passages=self.passages)

    def _refuse_namesake(self, document: Document) -> None:
        before = self._known.get(document.id)
        if before and before.root != self._root:
            raise DocumentError(
                f"{document.id!r} is already indexed from {before.root}. Rename it, or ingest the folder above both"
            )

    def _known_vectors(self) -> dict[str, Vectors]:
        """The vectors of passages that an edit left as they were, by text."""
        ids = [
            key for record, _ in self._waiting if record.id in self._known for key in self._known[record.id].passage_ids
        ]
        if not ids:
            return {}
        texts = [passage.text for passage in self._index.passages(ids)]
        return dict(zip(texts, self._index.vectors(ids), strict=True))

    def _record(self, document: Document, *, passages: int) -> Record:
        return Record(
            id=document.id,
            version=document.version,
            title=document.title,
            root=self._root,
            mirrored=self._mirrored,
            passages=passages,
            chars=len(document.text),
            pages=document.pages,
        )
