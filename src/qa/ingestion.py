"""Files → the index: what is new or changed goes in, what is gone goes out, the rest is not touched.

A folder is mirrored; a single file is added or replaced. One bad file never stops the good ones.
What differs is found in `changes.py`; how files are read, split, embedded and stored, in their own rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from qa.changes import Change, Files
from qa.index import Index
from qa.passages import CountPieces, split_passages
from qa.sentence_vectors import SentenceVectors, Vectors, readings
from qa.types import Passage, Record
from qa.writer import Entry, Writer

BATCH_PASSAGES = 512  # passages embedded and stored at a time: what bounds the memory


class Embedder(Protocol):
    """What turns passages into vectors and knows how long they may be."""

    def embed_spans(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Vectors, list[Vectors]]:
        """A unit vector for each text, and for each span of each text; `progress` is told how many texts are done."""

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces each text has."""


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
    def of(cls, changes: Iterable[Change], *, passages: int = 0) -> IngestReport:
        """What these changes come to."""
        named: dict[str, list[str]] = {"added": [], "replaced": [], "removed": [], "unchanged": []}
        failed = []
        for change in changes:
            if change.kind == "failed":
                failed.append((change.id, change.reason))
            else:
                named[change.kind].append(change.id)
        return cls(
            added=tuple(named["added"]),
            replaced=tuple(named["replaced"]),
            removed=tuple(named["removed"]),
            unchanged=tuple(named["unchanged"]),
            failed=tuple(failed),
            passages=passages,
        )


OnProgress = Callable[[Progress], None]
Embed = Callable[[list[Passage], Callable[[int], None]], tuple[Iterable[Vectors], Sequence[Vectors]]]
"""A vector for each passage, and those of its sentences; the second argument is told how many passages are done."""


def ingest(
    files: Files,
    *,
    index: Index,
    writer: Writer,
    embedder: Embedder,
    sentences: SentenceVectors,
    progress: OnProgress = lambda _: None,
) -> IngestReport:
    """Make the index hold these files as they are now, and no others of their folders."""

    def embed(passages: list[Passage], done: Callable[[int], None]) -> tuple[Vectors, list[Vectors]]:
        return embedder.embed_spans(*readings(passages), progress=done)

    batch = Batch(index=index, writer=writer, embed=embed, sentences=sentences, total=len(files), progress=progress)
    for change in files.changes(batch.known):
        batch.add(change, split(change, count_pieces=embedder.count_pieces))
    return batch.finish()


def split(change: Change, *, count_pieces: CountPieces) -> tuple[Passage, ...]:
    """The passages that a change brings: those of a document that is added or replaced, else none."""
    return split_passages(change.document, count_pieces=count_pieces) if change.document else ()


class Batch:
    """The changes of an ingest; the passages that they bring wait until enough has come together to embed and write.

    `known` holds what was indexed before, by document id; `changes` those that were added, without their texts.
    """

    def __init__(
        self,
        *,
        index: Index,
        writer: Writer,
        embed: Embed,
        sentences: SentenceVectors,
        total: int,
        progress: OnProgress,
    ) -> None:
        self._index, self._writer, self._embed, self._sentences = index, writer, embed, sentences
        self._total, self._progress = total, progress
        self.known = {record.id: record for record in writer.documents()}
        self.changes: list[Change] = []
        self._versions = {record.version: record for record in self.known.values()}
        self._waiting: list[tuple[Record, tuple[Passage, ...]]] = []
        self._seen_again: list[Record] = []
        self._passages = 0

    def add(self, change: Change, passages: tuple[Passage, ...]) -> None:
        """Take in a change with the passages that it brings; all that waits is stored when it is enough."""
        if change.record and passages:
            self._waiting.append((replace(change.record, passages=len(passages)), passages))
        elif change.record and change.record != self.known[change.id]:
            self._seen_again.append(change.record)
        if sum(len(waiting) for _, waiting in self._waiting) >= BATCH_PASSAGES:
            self._store()
        self.changes.append(replace(change, document=None))
        self._report()

    def finish(self) -> IngestReport:
        """Store what still waits and delete what is gone; all that was done."""
        self._store()
        self._writer.delete([change.id for change in self.changes if change.kind == "removed"])
        self._report()
        return IngestReport.of(self.changes, passages=self._passages)

    def _report(self, embedded: int = 0, waiting: int = 0) -> None:
        done = min(len(self.changes), self._total)
        self._progress(Progress(done=done, total=self._total, passages=self._passages + embedded, waiting=waiting))

    def _store(self) -> None:
        if self._seen_again:
            self._writer.note(self._seen_again)
        if self._waiting:
            self._put()
        self._seen_again.clear()
        self._waiting.clear()

    def _put(self) -> None:
        known = self._known_vectors()
        waiting = [passage for _, passages in self._waiting for passage in passages]
        fresh = list({passage.headed: passage for passage in waiting if passage.headed not in known}.values())
        vectors, parts = self._embed(fresh, lambda done: self._report(done, len(fresh) - done))
        known.update(zip((each.headed for each in fresh), vectors, strict=True))
        self._sentences.put(fresh, parts)
        self._writer.put(
            [
                Entry(record=record, passages=passages, vectors=np.stack([known[each.headed] for each in passages]))
                for record, passages in self._waiting
            ]
        )
        self._passages += len(fresh)

    def _known_vectors(self) -> dict[str, Vectors]:
        """The vectors of passages that an edit or a move left as they were, by text and header."""
        before = {
            known.id: known
            for record, _ in self._waiting
            for known in (self.known.get(record.id), self._versions.get(record.version))
            if known
        }
        if not before:
            return {}
        passages = self._index.passages([key for record in before.values() for key in record.passage_ids])
        vectors = self._index.vectors([passage.id for passage in passages])
        return dict(zip((passage.headed for passage in passages), vectors, strict=True))
