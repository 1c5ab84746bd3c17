"""Chroma's metadata ↔ our values: the manifest, the record of a document, a passage.

Metadata that we did not write raise a StoreError that says so. Nothing is stored or fetched here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from qa.errors import StoreDamagedError, StoreError, StoreMismatchError, StoreNewerError
from qa.index.sentence_vectors import bounds
from qa.types import Passage, Record

FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """How the passages were made, and which build of them is the current one.

    `generation` changes with every write that shows; `finished` is the one with which the last ingest
    ended, empty before the first.
    """

    embeddings: str
    dimension: int
    build: str
    format: int = FORMAT
    generation: str = ""
    finished: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether an ingest is under way, or was killed."""
        return self.generation != self.finished


def to_manifest(metadata: Mapping[str, Any], *, location: str, collection: str) -> Manifest:
    """The manifest. Raises: StoreError when the collection is not ours, StoreMismatchError when we cannot read it."""
    if "build" not in metadata:
        raise StoreError(
            f"index {location}: collection {collection!r} was not made by qa. Choose another name with QA_COLLECTION"
        )
    made = metadata.get("format")
    says = f"index {location} has format {made}; this version of qa reads format {FORMAT}. "
    if isinstance(made, int) and made > FORMAT:
        raise StoreNewerError(says + "To use it, update qa; to leave it alone, choose another with QA_CHROMA")
    if made != FORMAT:
        raise StoreMismatchError(says + "Run: qa ingest --rebuild PATH")
    try:
        return _MANIFEST.validate_python(metadata)
    except ValidationError as error:
        where = error.errors()[0]["loc"][0]
        raise StoreMismatchError(
            f"index {location}: {where!r} is missing in its manifest or of another kind. Run: qa ingest --rebuild PATH"
        ) from error


def to_record(document: str, metadata: Mapping[str, Any], *, location: str) -> Record:
    """The record of a document. Raises: StoreDamagedError when it is not as we write it."""
    try:
        return _RECORD.validate_python({**metadata, "id": document, "pages": json.loads(metadata["pages"])})
    except (KeyError, TypeError, ValueError) as error:
        raise _incomplete(document, location) from error


def to_passage(text: str, metadata: Mapping[str, Any], *, document: str, location: str) -> Passage:
    """A passage of a document. Raises: StoreDamagedError when it is not as we write it."""
    try:
        start, found = metadata["start"], json.loads(metadata["sentences"])
        sentences = [{"start": start + first, "end": start + last} for first, last in found]
        if any(not 0 <= first <= last <= len(text) for first, last in found):
            raise ValueError("a sentence ends outside its passage")
        return _PASSAGE.validate_python({**metadata, "text": text, "end": start + len(text), "sentences": sentences})
    except (KeyError, TypeError, ValueError) as error:
        raise _incomplete(document, location) from error


def _incomplete(document: str, location: str) -> StoreDamagedError:
    return StoreDamagedError(f"{document!r} is incomplete in the index {location}. Run: qa ingest --rebuild PATH")


def record_metadata(record: Record) -> dict[str, Any]:
    """The metadata that Chroma keeps for a record."""
    metadata = asdict(record)
    del metadata["id"]
    return {**metadata, "pages": json.dumps(record.pages)}


def passage_metadata(passage: Passage) -> dict[str, Any]:
    """The metadata that Chroma keeps for a passage, beside its text."""
    # Chroma 1.5.9 passes the list values of a deleted collection on to rows of the next one, so lists are text here
    return {
        "document": passage.document,
        "version": passage.version,
        "title": passage.title,
        "ordinal": passage.ordinal,
        "start": passage.start,
        "page": passage.page,
        "header": passage.header,
        "sentences": json.dumps(bounds(passage)),
    }


_MANIFEST, _RECORD, _PASSAGE = TypeAdapter(Manifest), TypeAdapter(Record), TypeAdapter(Passage)
