"""Who may write to an index: one process at a time.

On one machine a locked file says so. A server is shared by many machines, so there it is a lease kept
in Chroma itself: a collection of a fixed name, which only one can create. Nothing else is stored here.
"""

import os
import platform
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.errors import ChromaError, NotFoundError
from filelock import FileLock, Timeout

from qa.errors import StoreBusyError, StoreError
from qa.index.connection import Connection
from qa.index.failures import store_errors
from qa.index.locations import is_shared
from qa.index.private import make_private

# The time since the machine was started, its sleep included where that is told: a clock may be set back meanwhile.
_uptime_s = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic

LEASE_S = 30.0  # how long a writer that was killed keeps the others out
RENEW_S = 5.0  # so that a lease outlives a few lost requests


@contextmanager
def exclusively(connection: Connection) -> Iterator[Callable[[], None]]:
    """The right to write to an index, and a check that raises StoreError once the right is lost.

    Raises: StoreBusyError at once when somebody else has it.
    """
    location = connection.location
    if is_shared(location):
        lease = Lease(connection.client, location=location, collection=connection.collection)
        lease.acquire()
        try:
            yield lease.check
        finally:
            lease.release()
        return
    path = connection.cache.with_suffix(".lock")
    lock = FileLock(path, timeout=0)
    with store_errors(location):
        make_private(path.parent)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreBusyError(
                f"index {location}: another process is writing to it. Run the command again when it is done"
            ) from error
    try:
        yield lambda: None
    finally:
        lock.release()


class Lease:
    """The collection COLLECTION-writer: whoever creates it may write until the time that it names.

    All times are the server's, so clocks of machines need not agree. A lease that has run out is renamed
    out of the way by its id, never deleted by its name: by then the name may be somebody else's.
    """

    def __init__(self, client: Client, *, location: str, collection: str) -> None:
        self._client, self._location, self._name = client, location, f"{collection}-writer"
        self._mine: Collection | None = None
        self._until = 0.0
        self._released = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True, name="qa-lease")

    def acquire(self) -> None:
        """Take the lease and keep renewing it. Raises: StoreBusyError when somebody else holds it."""
        with store_errors(self._location):
            holder = self._find()
            if holder is not None:
                if self._left_s(holder) > 0:
                    raise self._busy(holder)
                self._remove(holder)
            asked = _uptime_s()
            try:
                self._mine = self._client.create_collection(
                    self._name, embedding_function=None, metadata=self._metadata()
                )
            except ChromaError as error:
                winner = self._find()
                if winner is None:
                    raise
                raise self._busy(winner) from error
        self._until = asked + LEASE_S
        self._keeper.start()

    def check(self) -> None:
        """Raises: StoreError when the lease has run out, so that others may be writing."""
        if _uptime_s() > self._until:
            raise StoreError(
                f"index {self._location}: the right to write was lost, as the server was not reached for "
                f"{LEASE_S:.0f} s. Run the command again: it goes on where this one stopped"
            )

    def release(self) -> None:
        """Let others write; a server that cannot be reached lets them when the lease has run out."""
        self._released.set()
        self._keeper.join()
        if self._mine is not None and _uptime_s() <= self._until:  # else it is not waited for once more
            with suppress(StoreError), store_errors(self._location):
                self._remove(self._mine)

    def _keep(self) -> None:
        while not self._released.wait(RENEW_S):
            with suppress(StoreError), store_errors(self._location):  # `check` tells when no try came through
                asked, holder = _uptime_s(), self._find()
                if self._mine is None or holder is None or holder.id != self._mine.id:
                    self._until = 0.0
                else:
                    holder.modify(metadata=self._metadata())
                    self._until = asked + LEASE_S

    def _remove(self, lease: Collection) -> None:
        aside = f"{self._name}-{uuid.uuid4().hex}"
        with suppress(ChromaError):  # somebody else has removed it, or is about to
            lease.modify(name=aside)
            self._client.delete_collection(aside)

    def _find(self) -> Collection | None:
        try:
            return self._client.get_collection(self._name, embedding_function=None)
        except NotFoundError:
            return None

    def _metadata(self) -> dict[str, str | float]:
        return {"owner": f"{platform.node()}, process {os.getpid()}", "expires": self._server_s() + LEASE_S}

    def _left_s(self, holder: Collection) -> float:
        return float((holder.metadata or {}).get("expires", 0)) - self._server_s()

    def _server_s(self) -> float:
        return self._client.heartbeat() / 1e9

    def _busy(self, holder: Collection) -> StoreBusyError:
        return StoreBusyError(
            f"index {self._location}: another process ({(holder.metadata or {}).get('owner')}) is writing to it. "
            f"Run the command again when it is done; if it was killed, in {max(self._left_s(holder), 0):.0f} s"
        )
