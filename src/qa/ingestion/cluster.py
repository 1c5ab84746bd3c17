"""Files → the index on many machines: a Ray Data job reads, splits and embeds, and this process writes.

What a dead worker was doing is done again by another, and a document is written whole or not at all,
so nothing is lost. Every machine must see the files under the same paths and have `qa` installed.
"""

import logging
import os
import socket
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from qa.errors import EmbeddingError, SettingsError
from qa.index.sentence_vectors import texts_to_embed
from qa.ingestion.changes import Change, Files, Look, compare, split
from qa.models.minilm import MiniLM, Vectors
from qa.types import Passage, Record

LOCAL = "local"  # the address that starts a cluster of this machine alone
FILES_AT_A_TIME = 8  # that a worker embeds together, and embeds again when another has died over them
MOST_TASKS = 4_000  # each costs the driver some memory
READER_CPUS = 0.1  # a reader and an embedder share a core, as the embedder is what takes the time
EMBEDDER_CPUS = 0.9

CONNECT_S = 10  # Ray itself would try for minutes

Columns = dict[str, Any]  # how Ray Data passes rows: arrays of objects by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A change, and for each of its passages a vector and the vectors of its sentences."""

    change: Change
    vectors: tuple[tuple[Vectors, Vectors], ...]


class OnRay:
    """The preparation on the Ray cluster at `address`, or on one of this machine when that is `local`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._ready: dict[str, tuple[Vectors, Vectors]] = {}  # of the passages that wait to be written

    def prepare(self, files: Files, known: Mapping[str, Record]) -> Generator[Change]:
        """Each change, as soon as a worker is done with it.

        Raises: SettingsError without Ray or a cluster, EmbeddingError when the job fails.
        """
        with _cluster(self._address):
            for prepared in _prepare(list(files.looks(known))):
                passages = prepared.change.passages
                self._ready.update(zip((each.headed for each in passages), prepared.vectors, strict=True))
                yield prepared.change
        yield from files.gone(known)

    def embed(self, passages: Sequence[Passage], done: Callable[[int], None]) -> tuple[list[Vectors], list[Vectors]]:
        """The vectors that the workers made."""
        found = [self._ready[passage.headed] for passage in passages]
        self._ready.clear()
        return [vector for vector, _ in found], [sentences for _, sentences in found]


def _prepare(looks: Sequence[Look]) -> Iterator[Prepared]:
    """The job: each file read, split and embedded somewhere, in the order in which they are done."""
    import ray
    import ray.data

    if not looks:
        return
    tasks = min(-(-len(looks) // FILES_AT_A_TIME), MOST_TASKS)
    files = [replace(each, path=each.path.absolute(), folder=each.folder.absolute()) for each in looks]
    embedders = ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, int(ray.cluster_resources().get("CPU", 1))))
    job = (
        ray.data.from_items([{"look": each} for each in files], override_num_blocks=tasks)
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
        brought = [split(change, count_pieces=self._embedder.count_pieces) for change in batch["change"]]
        vectors, parts = self._embedder.embed_spans(
            *texts_to_embed([each for change in brought for each in change.passages])
        )
        ready = zip(vectors, parts, strict=True)
        prepared = np.empty(len(brought), dtype=object)
        for position, change in enumerate(brought):
            prepared[position] = Prepared(change=change, vectors=tuple(islice(ready, len(change.passages))))
        return {"prepared": prepared}


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read on import; else Ray reports to its maker
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as error:
        raise SettingsError(
            f"ray = {address!r} needs Ray. Run: pip install 'qa[ray]', or in a checkout: make ray"
        ) from error
    own: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    try:
        if ":" in address:
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
