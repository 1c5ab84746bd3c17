"""A vector for every sentence of a passage, on disk: a cache of what the embedding model makes of the text.

Keyed by the passage's text and header, so an edit costs only the passages it changed. Anything here can be
deleted; what is missing is read again when it is asked for.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.index.private import make_private
from qa.types import Passage

Vectors = NDArray[np.float32]
BATCH = 500  # sqlite takes 999 parameters at least
DIMENSION = 384
OUT_OF_REACH = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


class SentenceVectors:
    """The sentence vectors of passages; `read` makes those that are not at `path` yet."""

    def __init__(self, path: Path, *, read: Callable[[Sequence[Passage]], Sequence[Vectors]]) -> None:
        self._path, self._read = path, read

    def __call__(self, passages: Sequence[Passage]) -> list[Vectors]:
        """Unit rows, one for each sentence of each passage, the same whether they were stored or not."""
        keys = [_key(passage) for passage in passages]
        stored: dict[bytes, bytes] = {}

        def read(connection: sqlite3.Connection) -> None:
            for first in range(0, len(keys), BATCH):
                batch = keys[first : first + BATCH]
                marks = ",".join("?" * len(batch))
                query = f"SELECT key, CAST(vectors AS BLOB) FROM sentences WHERE key IN ({marks})"
                stored.update((key, row) for key, row in connection.execute(query, batch) if row)

        self._run(read)
        missing = {
            key: passage
            for key, passage in zip(keys, passages, strict=True)
            if len(stored.get(key, b"")) != len(passage.units) * DIMENSION
        }
        if missing:
            stored.update(self.put(list(missing.values()), self._read(list(missing.values()))))
        packed = (np.frombuffer(stored[key], dtype=np.int8).reshape(-1, DIMENSION).astype(np.float32) for key in keys)
        return [each / np.linalg.norm(each, axis=1, keepdims=True) for each in packed]

    def put(self, passages: Sequence[Passage], vectors: Sequence[Vectors]) -> dict[bytes, bytes]:
        """Store the sentence vectors of passages. They come back packed, by key, even if none could be stored.

        A number takes a byte: a row's largest becomes 127. Unpacked rows are unit length again, so no scale is kept.
        """
        rows: dict[bytes, bytes] = {}
        for passage, sentences in zip(passages, vectors, strict=True):
            scale = np.abs(sentences).max(axis=1, initial=0, keepdims=True)
            rows[_key(passage)] = np.rint(sentences / scale * 127).astype(np.int8).tobytes()

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                connection.executemany("REPLACE INTO sentences VALUES (?, ?)", rows.items())

        self._run(write)
        return rows

    def _run(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Let `work` use the database, made anew where it is damaged; it is left alone where it cannot be reached."""
        with suppress(sqlite3.Error, OSError):  # only a cache: what it would have held is read again
            try:
                self._try(work)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in OUT_OF_REACH:
                    raise
                for path in self._path.parent.glob(f"{self._path.name}*"):  # with its log
                    path.unlink(missing_ok=True)
                self._try(work)

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        make_private(self._path.parent)
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS sentences (key BLOB PRIMARY KEY, vectors BLOB) WITHOUT ROWID"
            )
            work(connection)


def bounds(passage: Passage) -> list[tuple[int, int]]:
    """Where each unit starts and ends, counted from the start of the passage."""
    return [(unit.start - passage.start, unit.end - passage.start) for unit in passage.units]


def texts_to_embed(passages: Sequence[Passage]) -> tuple[list[str], list[list[tuple[int, int]]]]:
    """The texts to embed, header first, and where each sentence starts and ends in them."""
    shifts = [len(each.headed) - len(each.text) for each in passages]
    return [each.headed for each in passages], [
        [(start + shift, end + shift) for start, end in bounds(each)]
        for each, shift in zip(passages, shifts, strict=True)
    ]


def _key(passage: Passage) -> bytes:
    return hashlib.sha256(f"{bounds(passage)} {passage.headed}".encode("utf-8", "surrogatepass")).digest()[:16]
