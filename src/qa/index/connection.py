"""One index as it stands in Chroma: its client, its manifest and its two collections.

Another process may write at any time. The manifest's generation tells of it, and then all is loaded
anew; what answers one question is read under one manifest. No record and no passage is read here.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.errors import NotFoundError

from qa.errors import StoreBusyError, StoreDamagedError, StoreError, StoreMismatchError
from qa.index.chroma import connect
from qa.index.copies import can_write, copy_index
from qa.index.failures import store_errors
from qa.index.locations import MEMORY, is_folder
from qa.index.private import tighten
from qa.index.rows import Manifest, to_manifest
from qa.index.segments import check_segments

T = TypeVar("T")

ATTEMPTS = 20
MOST_STUCK, PAUSE_S = 4, 0.01  # 0.1 s in all, which a damaged index takes longer to be called so
RETIRED_S = 60  # a question takes far less, so nobody uses a client that was replaced so long ago


class Connection:
    """An open location of Chroma and the collection of that name in it, followed whoever changes it."""

    def __init__(self, location: str, *, collection: str, home: Path, token: str) -> None:
        """Connect, with `token` as `connect` takes it. Raises: StoreError when the location cannot be opened."""
        self.location, self.collection = location, collection
        self.is_read_only = False
        self._token = token
        self._process, self._closed = os.getpid(), False
        self._temporary: TemporaryDirectory[str] | None = None
        with store_errors(location):
            self._place, self.cache = self._settle(home)
        self.client = self._connect()
        tighten(self.cache)
        self._passages: Collection | None = None
        self._retired: list[tuple[float, Client]] = []
        self._seen: str | None = None
        self._is_ours = False
        self._has_failed = False
        self._opening = threading.Lock()
        self._pinned = threading.local()

    def close(self) -> None:
        """Let go of Chroma; whoever uses the connection after this gets a StoreError."""
        self._closed = True
        for client in (self.client, *(client for _, client in self._retired)):
            client.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # -- the manifest ----------------------------------------------------------------------------

    def manifest(self) -> Manifest | None:
        """The manifest as it stands, whatever it says; None before the first ingest has begun."""
        if self._pin is not None:
            return self._pin
        manifest = self.read_manifest()
        if manifest is None or manifest.generation == self._seen:
            return manifest
        with self._opening:  # what another process changed is loaded anew
            manifest = self.read_manifest()  # as it is by now: our own writer may have been here
            if manifest is None or manifest.generation == self._seen:
                return manifest
            if self._seen is None and manifest.unfinished:  # perhaps since the power failed
                self.check_files()
            if self._seen is not None and not self._is_ours and is_folder(self.location):
                self._reconnect()
            self._seen = manifest.generation
            return manifest

    def read_manifest(self) -> Manifest | None:
        """The manifest as Chroma has it at this moment, though a reading began with another."""
        collection = self.records()
        if collection is None:
            if self._seen is not None:
                raise self.lost()
            return None
        return to_manifest(collection.metadata or {}, location=self.location, collection=self.collection)

    def write_manifest(self, manifest: Manifest) -> None:
        """Store the manifest of a change that is this process's own, so nothing it has loaded is out of date."""
        rows = asdict(manifest)
        self.open_records(rows).modify(metadata=rows)
        self._seen = manifest.generation

    def lost(self) -> StoreDamagedError:
        """The error to raise when there was an index and there is none."""
        return StoreDamagedError(
            f"index {self.location} has lost its documents. Bring them back, or run: qa ingest --rebuild PATH"
        )

    def reading(self, work: Callable[[], T]) -> T:
        """The result of `work`, all that it reads under one manifest; done again if another process wrote meanwhile.

        Raises: StoreError when it fails though nothing changed, StoreBusyError when there is a change at every attempt.
        """
        if self._pin is not None:
            return work()
        stuck = 0  # attempts in a row between which nobody has told of a change
        for _ in range(ATTEMPTS):
            pin = self.manifest()
            failure = None
            self._pinned.value, self._pinned.is_doubtful = pin, False
            try:
                result = work()
                if not self._pinned.is_doubtful:
                    return result
            except StoreError as error:
                failure = error
            finally:
                self._pinned.value = None
            now = self.manifest()
            if (now and now.generation) != (pin and pin.generation):
                stuck = 0
                continue
            # A record is replaced just before the change is told of, and passages go just after it.
            is_early = failure is None and now is not None and now.unfinished
            is_stale = isinstance(failure, StoreDamagedError) and is_folder(self.location)
            if stuck == MOST_STUCK or not (is_early or is_stale):
                if failure is not None:
                    raise failure
                return result  # what it misses is left over from a writer that was killed
            stuck += 1
            time.sleep(stuck * PAUSE_S)
            if is_stale:
                with self._opening:
                    self._reconnect()
        raise StoreBusyError(f"index {self.location} is being written to all the time. Ask again when that has ended")

    def doubt(self) -> None:
        """Say that a reading misses something that it has found, as when another process wrote meanwhile."""
        self._pinned.is_doubtful = True

    @contextmanager
    def owned(self) -> Iterator[None]:
        """A time in which every change is our own; only who holds the right to write may enter it."""
        with suppress(StoreMismatchError):  # a rebuild replaces what this version cannot read
            self.manifest()
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

    # -- the collections -------------------------------------------------------------------------

    def records(self) -> Collection | None:
        """The collection of records, as it stands now; None before the first ingest has begun."""
        if self._closed:
            raise StoreError(f"index {self.location} was closed. Open it again: qa.Chatbot.open(…)")
        if self._process != os.getpid():  # Chroma's threads stayed there, and would be waited for (1.5.9)
            raise StoreError(f"index {self.location}: another process opened it. Open it anew in each process")
        with store_errors(self.location):
            try:
                return self.client.get_collection(self.collection, embedding_function=None)
            except NotFoundError:
                return None

    def open_records(self, metadata: dict[str, str | int] | None = None) -> Collection:
        """The collection of records, made with this metadata where it is missing."""
        return self.client.get_or_create_collection(self.collection, embedding_function=None, metadata=metadata)

    def passages_name(self, build: str) -> str:
        """The name of the collection that holds the passages of a build."""
        return f"{self.collection}-{build}"

    def passages(self, build: str) -> Collection:
        """The passages of a build. Raises: StoreDamagedError when they are gone."""
        name = self.passages_name(build)
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

    def check_files(self) -> None:
        """Raises: StoreDamagedError when the files of a folder do not hold together; all of them are read."""
        if is_folder(self.location):
            check_segments(Path(self._place), whole=True)

    # -- the client ------------------------------------------------------------------------------

    def _settle(self, home: Path) -> tuple[str, Path]:
        """The place where Chroma is, or a copy of it that can be written to, and the folder of our caches."""
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

    def _connect(self) -> Client:
        if is_folder(self.location):
            check_segments(Path(self._place))
        return connect(self._place, token=self._token)

    @property
    def _pin(self) -> Manifest | None:
        """The manifest that this thread's reading began with."""
        pinned: Manifest | None = getattr(self._pinned, "value", None)
        return pinned

    def _reconnect(self) -> None:
        """Open a folder anew. The client before is kept for a while, for those who are using it."""
        now = time.monotonic()
        for retired in [each for each in self._retired if now - each[0] > RETIRED_S]:
            self._retired.remove(retired)
            retired[1].close()
        self._retired.append((now, self.client))
        self.client, self._passages = self._connect(), None
