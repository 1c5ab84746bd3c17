"""The documents and passages of an index, read and searched.

The collection NAME holds one small record per document and, as its metadata, the manifest; the
collection NAME-BUILD holds the passages. A record says which version of its document is current,
so passages of any other version are never seen. `writer.py` writes; nothing is ranked here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.api.types import Include
from numpy.typing import NDArray

from qa.errors import StoreDamagedError, StoreError, StoreMismatchError, StoreMissingError
from qa.index.chroma import pages
from qa.index.connection import Connection
from qa.index.failures import explain_folder, store_errors
from qa.index.lexical import Lexical
from qa.index.rows import Manifest, to_passage, to_record
from qa.types import Document, Passage, Record, owner

T = TypeVar("T")
PROBED = 32  # numbers of a vector by which its model is known again:
ALIKE = 0.95  # their cosine by other hardware or in other precision is higher, by another model about 0


@dataclass(slots=True)
class _Known:
    """Facts read of one generation, kept: how many passages it has, its records, the version of some."""

    generation: str = ""
    passage_count: int | None = None
    records: tuple[Record, ...] | None = None
    versions: dict[str, str | None] = field(default_factory=dict)


class Index:
    """The documents and passages of one collection at one location, as `chroma.connect` understands it."""

    def __init__(
        self, location: str, *, collection: str, embeddings: str, dimension: int, home: Path, token: str = ""
    ) -> None:
        """Connect, with `token` as `connect` takes it. Raises: StoreError when the location cannot be opened."""
        self.connection = Connection(location, collection=collection, home=home, token=token)
        self.location, self.collection, self.cache = location, collection, self.connection.cache
        self.embeddings, self.dimension = embeddings, dimension
        self.probe = ""  # as the manifest has it, of the embedder as it is now
        self._lexical: Lexical | None = None
        self._known = _Known()

    # -- the manifest and the records ------------------------------------------------------------

    def manifest(self) -> Manifest | None:
        """The manifest, once it is sure that the passages were embedded the way queries are.

        Raises: StoreMismatchError.
        """
        manifest = self.connection.manifest()
        if manifest and (manifest.embeddings, manifest.dimension) != (self.embeddings, self.dimension):
            raise StoreMismatchError(
                f"index {self.location} was built with {manifest.embeddings} ({manifest.dimension} dimensions); "
                f"settings say {self.embeddings} ({self.dimension}). Run: qa ingest --rebuild"
            )
        if manifest and manifest.probe and self.probe:
            was, now = (np.array(each.split(), dtype=float) for each in (manifest.probe, self.probe))
            if not was @ now >= ALIKE * np.linalg.norm(was) * np.linalg.norm(now):
                raise StoreMismatchError(
                    f"index {self.location} was built with another model that is also called {self.embeddings}: a text "
                    "has another vector now. Bring that model back, or run: qa ingest --rebuild"
                )
        return manifest

    def documents(self, *, build: str | None = None) -> tuple[Record, ...]:
        """The record of every document, sorted by id; of another build than the current one if it is named."""
        return tuple(sorted(self.records(build=build).values(), key=lambda record: record.id))

    def listed(self) -> tuple[Record, ...]:
        """As `documents`, read once a generation: 10,000 records take half a second."""
        known = self._known_now()
        if known.records is None:
            known.records = self.documents()
        return known.records

    def records(self, documents: Iterable[str] | None = None, *, build: str | None = None) -> dict[str, Record]:
        """The records of all documents, or of those of `documents` that are indexed, by document id."""
        manifest, collection = self.connection.manifest(), self.connection.records()
        if manifest is None or collection is None:
            return {}
        prefix = f"{build or manifest.build}/"
        keys = None if documents is None else [prefix + document for document in dict.fromkeys(documents)]
        with store_errors(self.location):
            got = list(pages(collection, location=self.location, include=["metadatas"], ids=keys))
        rows = (row for piece in got for row in zip(piece["ids"], piece["metadatas"] or (), strict=True))
        named = ((key.removeprefix(prefix), metadata) for key, metadata in rows if key.startswith(prefix))
        return {document: to_record(document, metadata, location=self.location) for document, metadata in named}

    def document(self, document: str) -> Document:
        """The document as it was read, rebuilt from its passages.

        Raises: StoreError when it is not indexed, or its passages do not make up its text.
        """
        record = self._record(document)
        text = "".join(passage.text for passage in self.passages(record.passage_ids))
        rebuilt = Document(id=record.id, text=text, title=record.title, pages=record.pages, date=record.date)
        if rebuilt.version != record.version:
            raise StoreError(f"{document!r} is incomplete in the index {self.location}. Run: qa ingest --rebuild PATH")
        return rebuilt

    def passages_of(self, document: str) -> list[Passage]:
        """The passages of a document in the order of its text. Raises: StoreError when it is not indexed."""
        return self.passages(self._record(document).passage_ids)

    def _record(self, document: str) -> Record:
        record = self.records([document]).get(document)
        if record is None:
            raise StoreMissingError(f"{document!r} is not in the index {self.location}. List what is with: qa status")
        return record

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

    def passage_ids(self) -> set[str]:
        """The ids of all passages that are stored, whether they are seen or not."""
        with store_errors(self.location):
            passages = self._passage_collection()
            if passages is None:
                return set()
            return {key for got in pages(passages, location=self.location, include=[]) for key in got["ids"]}

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages with these ids, in this order; ids that are not stored are left out."""
        found: dict[str, Passage] = {}
        for got in self._get(ids, ["documents", "metadatas"]):
            rows = zip(got["ids"], got["documents"], got["metadatas"], strict=True)
            for key, text, metadata in rows:
                found[key] = to_passage(text, metadata, document=owner(key), location=self.location)
        if len(found) < len(ids):
            self.connection.doubt()
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

    def _ask_lexical(self, ask: Callable[[Lexical], T]) -> T | None:
        """The answer of the lexical cache, which is built again where it is damaged; None without an index."""
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
        if self.passage_count < promised and self.connection.read_manifest() == manifest:
            raise StoreDamagedError(
                f"index {self.location} has lost {promised - self.passage_count:,} of its {promised:,} passages. "
                "Run: qa ingest --rebuild PATH"
            )

    def _passage_collection(self) -> Collection | None:
        manifest = self.manifest()
        return None if manifest is None else self.connection.passages(manifest.build)

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
        kept = [pair for pair, (document, version) in zip(scored, owners, strict=True) if versions[document] == version]
        if len(kept) < len(scored):
            self.connection.doubt()
        return kept

    def _known_now(self) -> _Known:
        """The facts kept of the generation as it stands; a new one begins with none."""
        manifest = self.manifest()
        generation = "" if manifest is None else manifest.generation
        known = self._known
        if known.generation != generation:
            known = self._known = _Known(generation)
        return known


def probed(vector: NDArray[np.float32]) -> str:
    """The beginning of a vector as a manifest keeps it; two models have next to nothing of it in common."""
    return " ".join(f"{number:.4f}" for number in vector[:PROBED])
