"""Chroma's metadata ↔ our values: the manifest, the record of a document, a passage.

Metadata that we did not write raise a StoreError that says so. Nothing is stored or fetched here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from qa.errors import StoreDamagedError, StoreError, StoreMismatchError, StoreNewerError
from qa.types import Above, Passage, Record, Unit, UnitKind

FORMAT = 3

_KINDS = get_args(UnitKind)
# What a packed unit says where it is shorter: that it is a sentence which hangs on nothing.
USUAL: tuple[Any, ...] = (0, None, 0, [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """How the passages were made, and which build of them is the current one.

    `generation` changes with every write that shows; `finished` is the one with which the last ingest
    ended, empty before the first. `probe` begins the vector of one text, empty where the model cannot change.
    """

    embeddings: str
    dimension: int
    build: str
    format: int = FORMAT
    generation: str = ""
    finished: str = ""
    probe: str = ""

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
        start, end = metadata["start"], metadata["start"] + len(text)
        units = [_unpacked(each, start) for each in json.loads(metadata["units"])]
        above = [{**_unpacked(rest, start), "text": said} for said, *rest in json.loads(metadata["above"])]
        passage = _PASSAGE.validate_python({**metadata, "text": text, "end": end, "units": units, "above": above})
        _check_units(passage)
        return passage
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise _incomplete(document, location) from error


def _check_units(passage: Passage) -> None:
    """Raises: ValueError when a unit lies where none of ours can, or hangs on one that comes after it."""
    last = passage.start
    for unit in (*passage.above, *passage.units):
        is_above = isinstance(unit, Above)
        fits = unit.start <= unit.end <= passage.start if is_above else last <= unit.start <= unit.end <= passage.end
        ends = [unit.start, *(end for cell in unit.cells for end in (cell.start, cell.end)), unit.end]
        if (
            not fits
            or ends != sorted(ends)
            or unit.leads < 0
            or (unit.parent is not None and unit.parent >= unit.start)
        ):
            raise ValueError(f"a unit at {unit.start} is not as we write it")
        if isinstance(unit, Above) and len(unit.text) != len(unit):
            raise ValueError(f"the text above at {unit.start} has another length")
        last = last if is_above else unit.end


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
        "units": _dumped([_packed(unit, passage.start) for unit in passage.units]),
        "above": _dumped([[each.text, *_packed(each, passage.start)] for each in passage.above]),
    }


def _packed(unit: Unit, start: int) -> list[Any]:
    """A unit as a short list, offsets counted from `start`, without what is as in most: a sentence under nothing."""
    parent = None if unit.parent is None else unit.parent - start
    cells = [[cell.start - start, cell.end - start, cell.column] for cell in unit.cells]
    rest = [_KINDS.index(unit.kind), parent, unit.leads, cells]
    while rest and rest[-1] == USUAL[len(rest) - 1]:
        rest.pop()
    return [unit.start - start, unit.end - start, *rest]


def _unpacked(packed: list[Any], start: int) -> dict[str, Any]:
    first, last, *rest = packed
    kind, parent, leads, cells = [*rest, *USUAL[len(rest) :]]
    return {
        "start": start + first,
        "end": start + last,
        "kind": dict(enumerate(_KINDS))[kind],
        "parent": None if parent is None else start + parent,
        "leads": leads,
        "cells": [{"start": start + begin, "end": start + end, "column": column} for begin, end, column in cells],
    }


def _dumped(packed: list[list[Any]]) -> str:
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":"))


_MANIFEST, _RECORD, _PASSAGE = TypeAdapter(Manifest), TypeAdapter(Record), TypeAdapter(Passage)
