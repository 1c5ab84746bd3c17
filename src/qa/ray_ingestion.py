"""Files → the index on many machines: a Ray Data job reads, splits and embeds, and this process writes.

What a dead worker was doing is done again by another, and a document is written whole or not at all,
so nothing is lost. Every machine must see the files under the same paths and have `qa` installed.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qa.changes import Change, Files, Look, compare
from qa.embedder import MiniLM, Vectors
from qa.errors import EmbeddingError, SettingsError
from qa.ingestion import BATCH_PASSAGES, IngestReport, Progress, Report
from qa.passages import split_passages
from qa.types import Passage, Record
from qa.writer import Entry, Writer

LOCAL = "local"  # the address that starts a cluster of this machine alone
FILES_AT_A_TIME = 8  # that a worker embeds together, and embeds again when another has died over them
MOST_TASKS = 4_000  # each costs the driver some memory
READER_CPUS = 0.1  # a reader and an embedder share a core, as the embedder is what takes the time
EMBEDDER_CPUS = 0.9

CONNECT_S = 10

Columns = dict[str, Any]  # how Ray Data passes rows: arrays of objects by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A change, and for a document that is to be written its passages with a vector for each."""

    change: Change
    passages: tuple[Passage, ...] = ()
    vectors: Vectors | None = None


def ingest_on_ray(files: Files, *, writer: Writer, address: str, progress: Report) -> IngestReport:
    """What `ingestion.ingest` does, on the Ray cluster at `address`, or on one of this machine when that is `local`.

    Raises: SettingsError without Ray or a cluster, EmbeddingError when the job fails; what was written stays.
    """
    known = {record.id: record for record in writer.documents()}
    changes: list[Change] = []
    with _cluster(address):
        batch = _Batch(writer, known=known)
        for prepared in _prepare(list(files.looks(known))):
            batch.add(prepared)
            changes.append(prepared.change)
            progress(Progress(done=len(changes), total=len(files), passages=batch.passages))
        batch.store()
    changes.sort(key=lambda change: change.id)
    changes += files.gone(known)
    writer.delete([change.id for change in changes if change.kind == "removed"])
    return IngestReport.of(changes, passages=batch.passages)


class _Batch:
    """What waits to be written until enough has come together."""

    def __init__(self, writer: Writer, *, known: dict[str, Record]) -> None:
        self._writer, self._known = writer, known
        self._entries: list[Entry] = []
        self._seen_again: list[Record] = []
        self.passages = 0

    def add(self, prepared: Prepared) -> None:
        """Take a change in, and write all that waits when it is enough."""
        record = prepared.change.record
        if record and prepared.vectors is not None:
            record = replace(record, passages=len(prepared.passages))
            self._entries.append(Entry(record=record, passages=prepared.passages, vectors=prepared.vectors))
            self.passages += len(prepared.passages)
        elif record and record != self._known[record.id]:
            self._seen_again.append(record)
        if sum(len(entry.passages) for entry in self._entries) >= BATCH_PASSAGES:
            self.store()

    def store(self) -> None:
        """Write what waits."""
        if self._seen_again:
            self._writer.note(self._seen_again)
        if self._entries:
            self._writer.put(self._entries)
        self._seen_again.clear()
        self._entries.clear()


def _prepare(looks: Sequence[Look]) -> Iterator[Prepared]:
    """The job: each file read, split and embedded somewhere, in the order in which they are done."""
    import ray
    import ray.data

    if not looks:
        return
    tasks = min(-(-len(looks) // FILES_AT_A_TIME), MOST_TASKS)
    embedders = ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, int(ray.cluster_resources().get("CPU", 1))))
    job = (
        ray.data.from_items([{"look": _absolute(look)} for look in looks], override_num_blocks=tasks)
        .map(_read, num_cpus=READER_CPUS)
        .map_batches(_Embedding, batch_size=FILES_AT_A_TIME, num_cpus=EMBEDDER_CPUS, compute=embedders)
    )
    for row in job.iter_rows():
        yield row["prepared"]


def _read(row: dict[str, Look]) -> dict[str, Change]:
    return {"change": compare(row["look"])}


class _Embedding:
    """The splitter and the embedder of one worker."""

    def __init__(self) -> None:
        self._embedder = MiniLM(workers=1)

    def __call__(self, batch: Columns) -> Columns:
        split = [self._split(change) for change in batch["change"]]
        vectors = self._embedder.embed([passage.headed for passages in split for passage in passages])
        parts = np.split(vectors, np.cumsum([len(passages) for passages in split])[:-1])
        prepared = np.empty(len(split), dtype=object)
        for position, (change, passages, part) in enumerate(zip(batch["change"], split, parts, strict=True)):
            done = part if change.document else None
            prepared[position] = Prepared(change=replace(change, document=None), passages=passages, vectors=done)
        return {"prepared": prepared}

    def _split(self, change: Change) -> tuple[Passage, ...]:
        return split_passages(change.document, count_pieces=self._embedder.count_pieces) if change.document else ()


def _absolute(look: Look) -> Look:
    """The same file for a process that works in another folder."""
    file = replace(look.file, path=look.file.path.absolute(), folder=look.file.folder.absolute())
    return replace(look, file=file)


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read on import; else Ray reports to its maker
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as error:
        raise SettingsError(
            f"ray = {address!r} needs Ray. Run: pip install 'ray[data]', or in a checkout: make ray"
        ) from error
    own: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    try:
        if ":" in address:  # Ray itself would try for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
        ray.init(address, log_to_driver=False, logging_level="error", **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingsError(
            f"no Ray cluster answers at {address!r} ({error}). Start one with: ray start --head"
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    except ray.exceptions.RayError as error:
        raise EmbeddingError(
            f"the Ray job failed ({error}). Run the command again: it goes on where it stopped"
        ) from error
    finally:
        ray.shutdown()
