"""An index in a folder, with small vectors made here, and what goes into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from chromadb.api.client import Client

from qa.index.chroma import connect
from qa.index.locks import Lease
from qa.index.store import Index
from qa.index.writer import Entry
from qa.settings import load_settings
from qa.types import Document, Passage, Record, Unit

DIMENSION = 8


def open_index(folder: Path, *, embeddings: str = "toy", dimension: int = DIMENSION) -> Index:
    return Index(
        str(folder), collection="documents", embeddings=embeddings, dimension=dimension, home=folder.parent / "home"
    )


def entry(document: str, text: str) -> Entry:
    """A document with a passage for every line, and a vector that depends on the line alone."""
    version = Document(id=document, text=text, title=document).version
    passages, start = [], 0
    for ordinal, line in enumerate(text.splitlines(keepends=True)):
        end = start + len(line)
        units = (Unit(kind="sentence", start=start, end=end),)
        fields = {"document": document, "version": version, "title": document, "ordinal": ordinal}
        passages.append(Passage(**fields, start=start, end=end, text=line, units=units, page=ordinal + 1))
        start = end
    record = Record(
        id=document, version=version, title=document, root="/r", mirrored=True, passages=len(passages), chars=len(text)
    )
    return Entry(record=record, passages=tuple(passages), vectors=np.stack([vector(each.text) for each in passages]))


def vector(text: str) -> np.ndarray:
    row = np.random.default_rng(list(text.encode())).normal(size=DIMENSION)
    return (row / np.linalg.norm(row)).astype(np.float32)


def found(index: Index, query: str) -> list[str]:
    return sorted(index.passages([key for key, _ in index.search_lexical(query, k=9)]), key=lambda each: each.id)


def ids(index: Index) -> list[str]:
    return [record.id for record in index.documents()]


def connect_to(chroma: str) -> Client:
    """A client with the token or key that the settings have for it."""
    return connect(chroma, token=load_settings(chroma=chroma).store_key())


def lease(chroma: str, collection: str) -> Lease:
    return Lease(connect_to(chroma), location=chroma, collection=collection)
