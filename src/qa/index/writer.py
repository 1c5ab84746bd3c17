"""Documents into Chroma, so that no reader ever sees half a document or two versions of one.

Passages first, then the record that makes them visible, then the old passages go. A rebuild goes
to a new build that the manifest turns to at the end. Only one process writes at a time.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from chromadb.api.models.Collection import Collection
from numpy.typing import NDArray

from qa.errors import StoreError, StoreMismatchError, StoreNewerError
from qa.index.chroma import pages
from qa.index.failures import READ_ONLY, store_errors
from qa.index.locations import batch_size, is_cloud, is_folder
from qa.index.locks import exclusively
from qa.index.private import tighten_ours
from qa.index.rows import Manifest, passage_metadata, record_metadata
from qa.index.segments import remove_orphans
from qa.index.store import Index
from qa.types import Passage, Record

# How many neighbours a search looks at. Recall@10 against exact search falls as an index grows, and each millisecond
# buys some back: docs/performance.md has the curve.
EF_SEARCH = 400
MOST_EF_SEARCH = 10_000
PASSAGES_PER_EF = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document on its way into the index; `vectors` has a row for each passage."""

    record: Record
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]


@contextmanager
def writing(index: Index, *, rebuild: bool = False) -> "Iterator[Writer]":
    """A writer for an index that nobody else writes to meanwhile; on leaving, all is searchable.

    With `rebuild`, what is written replaces everything there was; after an error all stays as it was.

    Raises: StoreBusyError at once when somebody else is writing.
    """
    if index.connection.is_read_only:
        raise StoreError(f"index {index.location}: {READ_ONLY}")
    with exclusively(index.connection) as check, index.connection.owned():
        writer = Writer(index, rebuild=rebuild, check=check)
        yield writer
        writer.finish()
        if is_folder(index.location):
            with store_errors(index.location):
                remove_orphans(Path(index.location))
                tighten_ours(Path(index.location))
    index.refresh_lexical()


class Writer:
    """Writes one build of an index; made by `writing`."""

    def __init__(self, index: Index, *, rebuild: bool, check: Callable[[], None]) -> None:
        self._index, self._connection = index, index.connection
        self._check, self._batch = check, batch_size(index.location)
        before = _replaceable(index) if rebuild else index.manifest()
        with store_errors(index.location):
            fresh = Manifest(
                embeddings=index.embeddings, dimension=index.dimension, probe=index.probe, build=_new_name()
            )
            self._manifest = before if before and not rebuild else fresh
            self._shows = before is None or not rebuild
            self._begun = before is None or rebuild or before.unfinished
            if self._begun:
                self._mark(before or fresh)
            self._records = self._connection.open_records()
            self._passages = self._connection.client.get_or_create_collection(
                self._connection.passages_name(self._manifest.build),
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
                metadata={"build_of": index.collection},
            )
            if before and before.unfinished and not rebuild:  # sweep what a killed ingest left
                self._drop_other_builds()
                known = {key for record in self.documents() for key in record.passage_ids}
                self._delete_passages([key for key in self._ids(self._passages) if key not in known])

    def documents(self) -> tuple[Record, ...]:
        """The records of the build that is being written: none yet at the start of a rebuild."""
        return self._index.documents(build=self._manifest.build)

    def put(self, entries: Sequence[Entry]) -> None:
        """Store documents; each becomes visible whole, in place of its earlier version."""
        with store_errors(self._index.location):
            self._begin()
            before = self._index.records([entry.record.id for entry in entries], build=self._manifest.build)
            rows = [row for entry in entries for row in zip(entry.passages, entry.vectors, strict=True)]
            for first in range(0, len(rows), self._batch):
                self._put_passages(rows[first : first + self._batch])
            self._put_records([entry.record for entry in entries])
            kept = {passage.id for passage, _ in rows}
            stale = [key for record in before.values() for key in record.passage_ids if key not in kept]
            self._delete_passages(stale)

    def note(self, records: Sequence[Record]) -> None:
        """Replace the records of documents whose passages stay as they are."""
        with store_errors(self._index.location):
            self._begin()
            self._put_records(records)

    def delete(self, documents: Sequence[str]) -> None:
        """Forget documents; those that are not indexed are passed over."""
        with store_errors(self._index.location):
            gone = self._index.records(documents, build=self._manifest.build)
            if gone:
                self._begin()
                self._records.delete(ids=[self._key(document) for document in gone])
                if self._shows:
                    self._mark(self._manifest)
                self._delete_passages([key for record in gone.values() for key in record.passage_ids])

    def finish(self) -> None:
        """Show this build to readers, and drop what they no longer need; where nothing was written, do nothing."""
        if not self._begun:
            return
        with store_errors(self._index.location):
            self._mark(self._manifest)
            self._drop_other_builds()
            hnsw = self._passages.configuration.get("hnsw")
            wanted = ef_search(self._passages.count())
            if hnsw and hnsw.get("ef_search") != wanted and not is_cloud(self._index.location):  # which chooses itself
                self._passages.modify(configuration={"hnsw": {"ef_search": wanted}})
            self._mark(self._manifest, finished=True)

    def _begin(self) -> None:
        """Say that a change is under way, so that the next ingest sweeps when this one is killed."""
        if not self._begun:
            self._mark(self._manifest)
            self._begun = True

    def _mark(self, manifest: Manifest, *, finished: bool = False) -> None:
        """Write the manifest under a new generation, so that readers look again."""
        self._check()
        generation = _new_name()
        marked = replace(manifest, generation=generation, finished=generation if finished else manifest.finished)
        self._connection.write_manifest(marked)

    def _put_records(self, records: Sequence[Record]) -> None:
        for first in range(0, len(records), self._batch):
            batch = records[first : first + self._batch]
            self._records.upsert(
                ids=[self._key(record.id) for record in batch],
                embeddings=np.zeros((len(batch), 1), dtype=np.float32),
                metadatas=[record_metadata(record) for record in batch],
            )
        if self._shows:
            self._mark(self._manifest)

    def _put_passages(self, rows: Sequence[tuple[Passage, NDArray[np.float32]]]) -> None:
        self._check()
        self._passages.upsert(
            ids=[passage.id for passage, _ in rows],
            embeddings=np.stack([vector for _, vector in rows]),
            documents=[passage.text for passage, _ in rows],
            metadatas=[passage_metadata(passage) for passage, _ in rows],
        )

    def _delete_passages(self, ids: Sequence[str]) -> None:
        self._check()
        for first in range(0, len(ids), self._batch):
            self._passages.delete(ids=list(ids[first : first + self._batch]))

    def _drop_other_builds(self) -> None:
        client, name = self._connection.client, self._connection.collection
        for collection in client.list_collections():
            if (collection.metadata or {}).get("build_of") == name and collection.name != self._passages.name:
                client.delete_collection(collection.name)
        prefix = self._key("")
        orphans = [key for key in self._ids(self._records) if not key.startswith(prefix)]
        for first in range(0, len(orphans), self._batch):
            self._records.delete(ids=orphans[first : first + self._batch])

    def _ids(self, collection: Collection) -> list[str]:
        return [key for got in pages(collection, location=self._index.location, include=[]) for key in got["ids"]]

    def _key(self, document: str) -> str:
        return f"{self._manifest.build}/{document}"


def ef_search(passages: int) -> int:
    """How many neighbours a search among so many passages looks at."""
    return min(max(EF_SEARCH, passages // PASSAGES_PER_EF), MOST_EF_SEARCH)


def _new_name() -> str:
    return uuid.uuid4().hex[:8]


def _replaceable(index: Index) -> Manifest | None:
    """The manifest that a rebuild replaces; None when there is none that this version can read.

    Raises: StoreNewerError when a later version may still read it.
    """
    try:
        return index.connection.manifest()
    except StoreNewerError:
        raise
    except StoreMismatchError:
        return None
