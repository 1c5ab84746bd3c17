"""Passages in Chroma: read, search, and the manifest that says how they were made.

The collection NAME holds one small record per document and, as its metadata, the manifest; the
collection NAME-BUILD holds the passages. A record says which version of its document is current,
so passages of any other version are never seen. `writer.py` writes; nothing is ranked here.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qa.errors import StoreDamagedError, StoreError, StoreMismatchError
from qa.index.chroma import MEMORY, connect, explain_folder, is_folder, pages, store_errors
from qa.index.copies import can_write, copy_index
from qa.index.lexical import Lexical
from qa.index.private import tighten
from qa.index.rows import Manifest, to_manifest, to_passage, to_record
from qa.index.segments import check_segments
from qa.types import Document, Passage, Record, owner

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import Include

T = TypeVar("T")

ATTEMPTS = 3
RETIRED_S = 60  # a question takes far less, so nobody uses a client that was replaced so long ago


@dataclass(slots=True)
class _Known:
    """What one generation was asked before: how many passages it has, and the current version of some documents."""

    generation: str = ""
    passage_count: int | None = None
    versions: dict[str, str | None] = field(default_factory=dict)


class Index:
    """The passages of one collection at one location, as `stores.connect` understands it."""

    def __init__(
        self, location: str, *, collection: str, embeddings: str, dimension: int, home: Path, token: str = ""
    ) -> None:
        """Connect, with `token` as `connect` takes it. Raises: StoreError when the location cannot be opened."""
        self.location, self.collection = location, collection
        self.embeddings, self.dimension = embeddings, dimension
        self._token = token
        self._process = os.getpid()
        self._temporary: TemporaryDirectory[str] | None = None
        self.is_read_only = False
        with store_errors(location):
            self._place, self.cache = self._settle(home)
        self.client = self._connect()
        tighten(self.cache)
        self._lexical: Lexical | None = None
        self._passages: Collection | None = None
        self._retired: list[tuple[float, Client]] = []
        self._seen: str | None = None
        self._known = _Known()
        self._is_ours = False
        self._has_failed = False
        self._opening = threading.Lock()
        self._pinned = threading.local()

    def close(self) -> None:
        """Let go of Chroma; the index is not used after this."""
        for client in (self.client, *(client for _, client in self._retired)):
            client.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _settle(self, home: Path) -> tuple[str, Path]:
        """Where Chroma is, or a copy of it that can be written to, and the folder of our caches."""
        if is_folder(self.location):
            self._temporary = copy_index(Path(self.location))
            self.is_read_only = self._temporary is not None
            place = self._temporary.name if self._temporary else self.location
            return place, Path(place, "cache", self.collection)
        digest = hashlib.sha256(f"{self.location} {self.collection}".encode()).hexdigest()[:16]
        cache = home / "cache" / digest
        if self.location == MEMORY or not can_write(cache):
            self._temporary = TemporaryDirectory(prefix="qa-")
            cache = Path(self._temporary.name, self.collection)
        return self.location, cache

    def reading(self, work: Callable[[], T]) -> T:
        """What `work` gives, all of it read under one manifest; done again where another process changed the index.

        Raises: StoreError when it fails though nothing changed, or three times over.
        """
        if self._pin is not None:
            return work()
        for attempt in range(1, ATTEMPTS + 1):
            pin = self.stored_manifest()
            before = self._seen
            try:
                self._pinned.value = pin
                return work()
            except StoreError:
                self._pinned.value = None
                self.stored_manifest()
                if self._seen == before or attempt == ATTEMPTS:
                    raise
            finally:
                self._pinned.value = None
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def owned(self) -> Iterator[None]:
        """While this lasts, every change is our own: whoever holds the right to write says so."""
        with suppress(StoreMismatchError):  # a rebuild replaces what this version cannot read
            self.stored_manifest()
        if self._has_failed:  # a write that Chroma could not roll back keeps this client's next one waiting for ever
            fresh = self._connect()
            self.client.close()
            self.client, self._passages, self._has_failed = fresh, None, False
        self._is_ours = True
        try:
            yield
        except StoreError:
            self._has_failed = is_folder(self.location)
            raise
        finally:
            self._is_ours = False

    # -- the manifest and the records ------------------------------------------------------------

    def stored_manifest(self) -> Manifest | None:
        """The manifest as it stands, whatever it says; None before the first ingest has begun."""
        if self._pin is not None:
            return self._pin
        manifest = self._read_manifest()
        if manifest is not None and manifest.generation != self._seen:
            self._follow()
        return manifest

    @property
    def _pin(self) -> Manifest | None:
        """The manifest that this thread's reading began with."""
        pinned: Manifest | None = getattr(self._pinned, "value", None)
        return pinned

    def _read_manifest(self) -> Manifest | None:
        collection = self.record_collection()
        if collection is None:
            if self._seen is not None:
                raise self.lost()
            return None
        return to_manifest(collection.metadata or {}, location=self.location, collection=self.collection)

    def lost(self) -> StoreDamagedError:
        """What to raise when there was an index and there is none."""
        return StoreDamagedError(
            f"index {self.location} has lost its documents. Bring them back, or run: qa ingest --rebuild PATH"
        )

    def manifest(self) -> Manifest | None:
        """The manifest, once it is sure that the passages were embedded the way queries are.

        Raises: StoreMismatchError.
        """
        manifest = self.stored_manifest()
        if manifest and (manifest.embeddings, manifest.dimension) != (self.embeddings, self.dimension):
            raise StoreMismatchError(
                f"index {self.location} was built with {manifest.embeddings} ({manifest.dimension} dimensions); "
                f"settings say {self.embeddings} ({self.dimension}). Run: qa ingest --rebuild"
            )
        return manifest

    def documents(self, *, build: str | None = None) -> tuple[Record, ...]:
        """What is known of every document, sorted by id; of another build than the current one if it is named."""
        return tuple(sorted(self._records(None, build).values(), key=lambda record: record.id))

    def records(self, documents: Sequence[str], *, build: str | None = None) -> dict[str, Record]:
        """The records of those of `documents` that are indexed, by document id."""
        return self._records(list(dict.fromkeys(documents)), build) if documents else {}

    def document(self, document: str) -> Document:
        """The document as it was read, rebuilt from its passages.

        Raises: StoreError when it is not indexed, or its passages do not make up its text.
        """
        record = self.records([document]).get(document)
        if record is None:
            raise StoreError(f"{document!r} is not in the index {self.location}. List what is with: qa status")
        text = "".join(passage.text for passage in self.passages(record.passage_ids))
        rebuilt = Document(id=record.id, text=text, title=record.title, pages=record.pages, date=record.date)
        if rebuilt.version != record.version:
            raise StoreError(f"{document!r} is incomplete in the index {self.location}. Run: qa ingest --rebuild")
        return rebuilt

    # -- the passages ----------------------------------------------------------------------------

    @property
    def passage_count(self) -> int:
        """How many passages are stored; Chroma counts them one by one, so it is asked once a generation."""
        known = self._known_now()
        if known.passage_count is None:
            with store_errors(self.location):
                passages = self._passage_collection()
                known.passage_count = 0 if passages is None else passages.count()
        return known.passage_count

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages with these ids, in this order; ids that are not stored are left out."""
        found: dict[str, Passage] = {}
        for got in self._get(ids, ["documents", "metadatas"]):
            rows = zip(got["ids"], got["documents"], got["metadatas"], strict=True)
            for key, text, metadata in rows:
                found[key] = to_passage(text, metadata, document=owner(key), location=self.location)
        return [found[key] for key in ids if key in found]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of these passages, a row each, in this order; each must be stored.

        Raises: StoreError when one is not.
        """
        rows: dict[str, NDArray[np.float32]] = {}
        for got in self._get(ids, ["embeddings"]):
            rows.update(zip(got["ids"], np.asarray(got["embeddings"], dtype=np.float32), strict=True))
        if missing := [key for key in ids if key not in rows]:
            raise StoreError(f"index {self.location}: {len(missing)} passages are gone, the first is {missing[0]!r}")
        return np.array([rows[key] for key in ids], dtype=np.float32).reshape(len(ids), self.dimension)

    def search_dense(self, vector: NDArray[np.float32], *, k: int) -> list[tuple[str, float]]:
        """The ids of the nearest `k` passages with their cosine similarity (-1 to 1), best first."""
        with store_errors(self.location):
            passages = self._passage_collection()
            if passages is None:
                return []
            found = passages.query(query_embeddings=vector.reshape(1, -1), n_results=k, include=["distances"])
        pairs = zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True)
        return self._current([(key, 1.0 - float(distance)) for key, distance in pairs])

    def search_lexical(self, query: str, *, k: int, documents: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """The ids of the best `k` passages, of these documents if any are named, with their BM25 scores, best first."""
        return self._current(self._ask_lexical(lambda lexical: lexical.search(query, k=k, documents=documents)) or [])

    def frequencies(self) -> Callable[[str], int]:
        """How many passages hold a term, a stem as `words.terms` makes them: now, and whenever it is asked later."""
        return self._ask_lexical(lambda lexical: lexical.frequencies()) or (lambda term: 0)

    def refresh_lexical(self) -> None:
        """Bring the lexical cache up to the index where it is behind."""
        self._ask_lexical(lambda _: None)

    def _synced_lexical(self) -> Lexical | None:
        manifest = self.manifest()
        if manifest is None:
            return None
        if self._lexical is None:
            self._lexical = Lexical(self.cache / "lexical")
        generation = f"{manifest.build} {manifest.finished}"
        if self._lexical.generation != generation:
            records = {record.id: record for record in self.documents()}
            self._check_count(sum(record.passages for record in records.values()), manifest)
            self._lexical.sync(
                {document: f"{manifest.build} {record.version} {record.title}" for document, record in records.items()},
                generation=generation,
                texts=lambda name: [(each.id, each.headed) for each in self.passages(records[name].passage_ids)],
            )
        return self._lexical

    def check_files(self) -> None:
        """Raises: StoreDamagedError when the files of a folder do not hold together; all of them are read."""
        if is_folder(self.location):
            check_segments(Path(self._place), whole=True)

    def wrote(self, generation: str) -> None:
        """This process made the change to `generation` itself, so nothing it has loaded is out of date."""
        self._seen = generation

    # -- Chroma ----------------------------------------------------------------------------------

    def record_collection(self) -> Collection | None:
        """The collection of records, as it stands now; None before the first ingest has begun."""
        from chromadb.errors import NotFoundError

        if self._process != os.getpid():  # Chroma's threads stayed there, and would be waited for (1.5.9)
            raise StoreError(f"index {self.location}: another process opened it. Open it anew in each process")
        with store_errors(self.location):
            try:
                return self.client.get_collection(self.collection, embedding_function=None)
            except NotFoundError:
                return None

    def _connect(self) -> Client:
        if is_folder(self.location):
            check_segments(Path(self._place))
        return connect(self._place, token=self._token)

    def _ask_lexical(self, ask: Callable[[Lexical], T]) -> T | None:
        """What the lexical cache answers, built again where it is damaged; None without an index."""
        for is_last in (False, True):
            try:
                lexical = self._synced_lexical()
                return None if lexical is None else ask(lexical)
            except (ValueError, OSError) as error:  # tantivy raises a ValueError for whatever it is
                folder = self.cache / "lexical"
                if is_last:
                    raise StoreError(f"cache {folder}: {explain_folder(error, str(folder))}") from error
                if self._lexical is not None:
                    with store_errors(str(folder)):
                        self._lexical.clear()
        raise AssertionError("the last attempt returns or raises")

    def _check_count(self, promised: int, manifest: Manifest) -> None:
        """Raises: StoreDamagedError when fewer passages are stored than the records of this generation promise."""
        if self.passage_count >= promised:
            return
        self._known.passage_count = None  # as it was counted before a writer added what it has recorded since
        if self.passage_count < promised and self._read_manifest() == manifest:
            raise StoreDamagedError(
                f"index {self.location} has lost {promised - self.passage_count:,} of its {promised:,} passages. "
                "Run: qa ingest --rebuild PATH"
            )

    def _follow(self) -> None:
        """Load anew what another process changed. The client before is kept for a while, for those who are using it."""
        with self._opening:
            manifest = self._read_manifest()  # as it is by now: our own writer may have been here
            if manifest is None or manifest.generation == self._seen:
                return
            if self._seen is None and manifest.unfinished:  # perhaps since the power failed
                self.check_files()
            if self._seen is not None and not self._is_ours and is_folder(self.location):
                now = time.monotonic()
                for retired in [each for each in self._retired if now - each[0] > RETIRED_S]:
                    self._retired.remove(retired)
                    retired[1].close()
                self._retired.append((now, self.client))
                self.client, self._passages = self._connect(), None
            self._seen = manifest.generation

    def _passage_collection(self) -> Collection | None:
        from chromadb.errors import NotFoundError

        manifest = self.manifest()
        if manifest is None:
            return None
        name = f"{self.collection}-{manifest.build}"
        with self._opening:
            passages = self._passages
            if passages is None or passages.name != name:
                try:
                    passages = self.client.get_collection(name, embedding_function=None)
                except NotFoundError as error:
                    raise StoreDamagedError(
                        f"index {self.location} has lost its passages. Run: qa ingest --rebuild PATH"
                    ) from error
                passages.get(limit=1, include=["embeddings"])  # fails where the vectors are gone, as a query does not
                self._passages = passages
            return passages

    def passage_ids(self) -> set[str]:
        """The ids of all passages that are stored, whether they are seen or not."""
        with store_errors(self.location):
            passages = self._passage_collection()
            if passages is None:
                return set()
            return {key for got in pages(passages, location=self.location, include=[]) for key in got["ids"]}

    def _records(self, documents: list[str] | None, build: str | None) -> dict[str, Record]:
        manifest, collection = self.stored_manifest(), self.record_collection()
        if manifest is None or collection is None:
            return {}
        prefix = f"{build or manifest.build}/"
        keys = None if documents is None else [prefix + document for document in documents]
        with store_errors(self.location):
            got = list(pages(collection, location=self.location, include=["metadatas"], ids=keys))
        rows = (row for piece in got for row in zip(piece["ids"], piece["metadatas"] or (), strict=True))
        named = ((key.removeprefix(prefix), metadata) for key, metadata in rows if key.startswith(prefix))
        return {document: to_record(document, metadata, location=self.location) for document, metadata in named}

    def _get(self, ids: Sequence[str], include: Include) -> Iterator[Any]:
        with store_errors(self.location):
            passages = self._passage_collection()
            if passages is not None:
                yield from pages(passages, location=self.location, include=include, ids=ids)

    def _current(self, scored: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """Those of the passages whose document still has the version they were cut from."""
        owners = [key.rsplit("#", 1)[0].rsplit("@", 1) for key, _ in scored]
        versions = self._known_now().versions
        if fresh := [document for document, version in owners if versions.get(document) != version]:  # or replaced
            records = self.records(fresh)
            versions.update({each: records[each].version if each in records else None for each in fresh})
        return [pair for pair, (document, version) in zip(scored, owners, strict=True) if versions[document] == version]

    def _known_now(self) -> _Known:
        """What is known of the generation as it stands; another one begins with nothing known."""
        manifest = self.manifest()
        generation = "" if manifest is None else manifest.generation
        known = self._known
        if known.generation != generation:
            known = self._known = _Known(generation)
        return known
