"""Files → the index: what is new or changed goes in, what is gone goes out, the rest is not touched.

A folder is mirrored; a single file is added or replaced. One bad file never stops the good ones.
What differs is found in `changes.py`; how files are read, split, embedded and stored, in their own rooms.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from qa.documents.files import checked
from qa.errors import DocumentError
from qa.index.sentence_vectors import SentenceVectors, Vectors, texts_to_embed
from qa.index.store import Index
from qa.index.writer import Entry, Writer
from qa.ingestion.changes import Change, Files, given, split
from qa.models.embeddings import RemoteEmbedder
from qa.models.minilm import MiniLM
from qa.types import Document, Passage, Record

BATCH_PASSAGES = 512  # passages embedded and stored at a time, which bounds the memory


class Preparation(Protocol):
    """The reading, splitting and embedding of what has changed: in this process, or on a cluster."""

    def prepare(self, files: Files, known: Mapping[str, Record]) -> Generator[Change]:
        """Each change against what is known, its document split."""

    def embed(
        self, passages: Sequence[Passage], done: Callable[[int], None]
    ) -> tuple[Iterable[Vectors], list[Vectors]]:
        """A unit vector for each prepared passage, and its sentences'; `done` is told how many passages are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingest is: `done` of `total` files, the passages embedded by now, and those read but waiting."""

    done: int
    total: int
    passages: int
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What an ingest did, or would do, by document id; `failed` holds each bad file with what is wrong with it.

    `set_aside` is where a damaged index was moved to be rebuilt.
    """

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    passages: int = 0
    set_aside: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.added or self.replaced or self.removed or self.failed)

    @classmethod
    def of(cls, changes: Iterable[Change], *, passages: int = 0) -> Self:
        """The report of these changes."""
        named = sorted((change.id, change.kind, change.reason) for change in changes)  # their texts are let go

        def ids(kind: str) -> tuple[str, ...]:
            return tuple(id for id, each, _ in named if each == kind)

        return cls(
            added=ids("added"),
            replaced=ids("replaced"),
            removed=ids("removed"),
            unchanged=ids("unchanged"),
            failed=tuple((id, reason) for id, kind, reason in named if kind == "failed"),
            passages=passages,
        )


OnProgress = Callable[[Progress], None]


def ingest(
    files: Files,
    *,
    preparation: Preparation,
    index: Index,
    writer: Writer,
    sentences: SentenceVectors,
    progress: OnProgress,
) -> IngestReport:
    """Make the index hold these files as they are now, and no others of their folders."""
    known = {record.id: record for record in writer.documents()}
    changes: list[Change] = []

    def report(passages: int, waiting: int = 0) -> None:
        progress(Progress(done=min(len(changes), len(files)), total=len(files), passages=passages, waiting=waiting))

    batch = _Batch(known, preparation, index=index, writer=writer, sentences=sentences, report=report)
    with closing(preparation.prepare(files, known)) as prepared:
        for change in prepared:
            batch.add(change)
            changes.append(replace(change, passages=()))
            report(batch.passages)
    batch.store()
    writer.delete([change.id for change in changes if change.kind == "removed"])
    report(batch.passages)
    return IngestReport.of(changes, passages=batch.passages)


class Here:
    """The preparation in this process."""

    def __init__(self, embedder: MiniLM | RemoteEmbedder) -> None:
        self._embedder = embedder

    def prepare(self, files: Files, known: Mapping[str, Record]) -> Generator[Change]:
        """Each change, its document split."""
        return (split(change, count_pieces=self._embedder.count_pieces) for change in files.changes(known))

    def embed(self, passages: Sequence[Passage], done: Callable[[int], None]) -> tuple[Vectors, list[Vectors]]:
        """The vectors of the passages and of their sentences, from one reading."""
        return self._embedder.embed_spans(*texts_to_embed(passages), progress=done)


class Given(Here):
    """The preparation of documents that a program hands over, in place of files."""

    def __init__(self, documents: Sequence[Document], embedder: MiniLM | RemoteEmbedder) -> None:
        """Look at them. Raises: DocumentError for one that no file could hold, or two of the same id."""
        super().__init__(embedder)
        self._documents = [checked(document) for document in documents]
        if twice := [id for id, count in Counter(each.id for each in documents).items() if count > 1]:
            raise DocumentError(f"{twice[0]!r} is given twice. Give each document an id of its own")

    def prepare(self, files: Files, known: Mapping[str, Record]) -> Generator[Change]:
        """Each change, its document split. Raises: DocumentError, before the first, for the id of a file."""
        changes = [given(document, known.get(document.id)) for document in self._documents]
        return (split(change, count_pieces=self._embedder.count_pieces) for change in changes)


class _Batch:
    """The changes that wait until enough has come together to embed and write."""

    def __init__(
        self,
        known: Mapping[str, Record],
        preparation: Preparation,
        *,
        index: Index,
        writer: Writer,
        sentences: SentenceVectors,
        report: Callable[[int, int], None],
    ) -> None:
        self._known, self._preparation, self._report = known, preparation, report
        self._index, self._writer, self._sentences = index, writer, sentences
        self._versions = {record.version: record for record in known.values()}
        self._waiting: list[tuple[Record, tuple[Passage, ...]]] = []
        self._seen_again: list[Record] = []
        self.passages = 0

    def add(self, change: Change) -> None:
        """Take in a change; all that waits is stored when it is enough."""
        if change.record and change.passages:
            self._waiting.append((change.record, change.passages))
        elif change.record and change.record != self._known[change.id]:
            self._seen_again.append(change.record)
        if sum(len(waiting) for _, waiting in self._waiting) >= BATCH_PASSAGES:
            self.store()

    def store(self) -> None:
        """Embed and write what waits."""
        if self._seen_again:
            self._writer.note(self._seen_again)
        if self._waiting:
            known = self._known_vectors()
            waiting = [passage for _, passages in self._waiting for passage in passages]
            fresh = list({passage.headed: passage for passage in waiting if passage.headed not in known}.values())
            vectors, parts = self._preparation.embed(
                fresh, lambda done: self._report(self.passages + done, len(fresh) - done)
            )
            known.update(zip((each.headed for each in fresh), vectors, strict=True))
            self._sentences.put(fresh, parts)
            self._writer.put(
                [
                    Entry(record=record, passages=passages, vectors=np.stack([known[each.headed] for each in passages]))
                    for record, passages in self._waiting
                ]
            )
            self.passages += len(fresh)
        self._seen_again.clear()
        self._waiting.clear()

    def _known_vectors(self) -> dict[str, Vectors]:
        """The vectors of passages that an edit or a move left as they were, by text and header."""
        before = {
            known.id: known
            for record, _ in self._waiting
            for known in (self._known.get(record.id), self._versions.get(record.version))
            if known
        }
        if not before:
            return {}
        passages = self._index.passages([key for record in before.values() for key in record.passage_ids])
        vectors = self._index.vectors([passage.id for passage in passages])
        return dict(zip((passage.headed for passage in passages), vectors, strict=True))
