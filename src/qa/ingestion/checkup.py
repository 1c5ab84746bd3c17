"""The check of an index: whether every document is whole, nothing is left over, and all is in step with the files.

Reads everything once; repairs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qa.errors import StoreDamagedError, StoreError
from qa.index.store import Index
from qa.ingestion.ingest import IngestReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """The damage to an index, a line each, and how far it is behind the files.

    `stale` reports what the next ingest would change; `unfinished` says that an ingest was begun and has not ended.
    """

    damage: tuple[str, ...]
    stale: IngestReport
    unfinished: bool

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def findings(self) -> tuple[str, ...]:
        """Everything that was found, a line each, with the next command."""
        stale = self.stale
        files = [
            *(f"{document} is new. Run: qa ingest" for document in stale.added),
            *(f"{document} has changed since it was ingested. Run: qa ingest" for document in stale.replaced),
            *(f"{document} is gone. Run: qa ingest" for document in stale.removed),
            *(reason for _, reason in stale.failed),
        ]
        stopped = ["an ingest is under way or was stopped. If none is running: qa ingest"] if self.unfinished else []
        return (*self.damage, *stopped, *files)


def find_damage(index: Index) -> Iterator[str]:
    """The damage to the documents and passages of an index, a sentence each."""
    try:
        index.connection.check_files()
    except StoreDamagedError as error:  # Chroma would read on, out of bounds
        yield str(error)
        return
    records = index.documents()
    for record in records:
        try:
            index.document(record.id)  # its text is that of its version
            passages = index.passages(record.passage_ids)
            bounds = [(0, 0), *((each.start, each.end) for each in passages), (record.chars, record.chars)]
            if any(before[1] != after[0] for before, after in pairwise(bounds)):
                yield f"the passages of {record.id!r} do not join. Run: qa ingest --rebuild"
            lengths = np.linalg.norm(index.vectors(record.passage_ids), axis=1)
            if not np.allclose(lengths, 1.0, atol=1e-3):
                yield f"{record.id!r} has vectors that are not of unit length. Run: qa ingest --rebuild"
        except StoreError as error:
            yield str(error)
    if orphans := index.passage_ids() - {key for record in records for key in record.passage_ids}:
        yield f"{len(orphans)} passages belong to no document, as {min(orphans)!r}. Run: qa ingest"
