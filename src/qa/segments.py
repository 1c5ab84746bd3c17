"""The files of Chroma's vector index in a folder: are they whole. Chroma itself reads them unchecked.

A truncated one makes it find less without a word, one of noise ends the process (Chroma 1.5.9). The
layout is that of hnswlib's `saveIndex`. Only what no collection has is removed.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.errors import StoreDamagedError
from qa.private import DATABASE, UUID

HEADER = struct.Struct("<i6Q2i3Q")  # version, 6 sizes and offsets, top level, entry point, most links of a node
TRIES = 5  # as another process may be writing the files
WAIT_S = 0.3
SAMPLE = 1_024  # nodes looked at unless all are: noise in a run of a thousandth of the file is found
BLOCK = 8_192  # nodes looked at together, which bounds the memory
PARTS = {"header.bin", "length.bin", "link_lists.bin", "data_level0.bin", "index_metadata.pickle"}
LARGEST_LIST = 4_096  # bytes of links of one node above the lowest level, with room to spare

Numbers = NDArray[np.uint32]


def check_segments(folder: Path, *, whole: bool = False) -> None:
    """Whether the vector indexes below the folder are complete; their nodes in a sample, or all with `whole`.

    At a million passages, 1.7 GB, the sample takes 0.1 s and 21 MB of memory, all of them 0.3 s, or as
    long as the disk takes to read them.

    Raises: StoreDamagedError when one is incomplete or points outside itself.
    """
    for written in folder.glob("*/index_metadata.pickle"):  # the others were never written in full
        for last in range(TRIES):
            fault = _fault(written.parent, whole=whole)
            if fault is None or not _belongs(written.parent):
                break
            if last == TRIES - 1:
                raise StoreDamagedError(
                    f"index {folder}: it is damaged ({written.parent.name}/{fault}). Run: qa ingest --rebuild PATH"
                )
            time.sleep(WAIT_S)


def remove_orphans(folder: Path) -> None:
    """Remove the vector indexes of deleted collections, 1.7 GB at a million passages: Chroma leaves them (1.5.9).

    Only who holds the right to write may do it. A folder that may be anything else stays.
    """
    for each in folder.iterdir():
        ours = UUID.fullmatch(each.name) and not each.is_symlink() and each.is_dir()
        if ours and {part.name for part in each.iterdir()} <= PARTS and not _belongs(each):
            shutil.rmtree(each, ignore_errors=True)  # on Windows one that is still being read stays until the next time


def _belongs(segment: Path) -> bool:
    """Whether a collection of the database has this vector index; also true where the database cannot be read.

    Closing the file takes the locks of this process from it, so this is asked only when it is written to by nobody
    else, or when there is something wrong.
    """
    database = (segment.parent / DATABASE).absolute()
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
            found = connection.execute("SELECT count(*) FROM segments WHERE id = ?", [segment.name]).fetchone()
    except sqlite3.Error:
        return True
    return bool(found[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What header.bin says: how many nodes there are, and the bytes and links of each."""

    elements: int
    row_bytes: int
    link_bytes: int
    numbers: int
    most_links: int

    @classmethod
    def read(cls, header: bytes) -> _Layout:
        _, _, _, elements, row_bytes, label_offset, data_offset, _, _, _, most_links, _ = HEADER.unpack_from(header)
        numbers = (label_offset - data_offset) // np.dtype(np.float32).itemsize
        return cls(
            elements=elements,
            row_bytes=row_bytes,
            link_bytes=data_offset,
            numbers=numbers,
            most_links=most_links,
        )


def _fault(segment: Path, *, whole: bool) -> str | None:
    try:
        header = (segment / "header.bin").read_bytes()
        lengths = np.fromfile(segment / "length.bin", dtype=np.float32)
        links = np.fromfile(segment / "link_lists.bin", dtype=np.uint32)
        level_bytes = (segment / "data_level0.bin").stat().st_size
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing" if segment.exists() else None
    if len(header) < HEADER.size:
        return "header.bin is cut off"
    layout = _Layout.read(header)
    if layout.elements == 0:  # nothing was written to it yet
        return None
    if level_bytes != layout.elements * layout.row_bytes:
        return "data_level0.bin has the wrong size"
    if len(lengths) != layout.elements:
        return "length.bin does not fit"
    if layout.numbers > 1 and not np.isfinite(lengths).all():  # a record's one number is 0, its length left as it was
        return "length.bin holds noise"
    if (links >= max(layout.elements, LARGEST_LIST)).any() or _count_lists(links) != layout.elements:
        return "link_lists.bin does not fit"
    if not _links_stay_inside(segment / "data_level0.bin", layout, whole=whole):
        return "data_level0.bin holds noise"
    return None


def _count_lists(numbers: Numbers) -> int:
    """How many lists there are in a row, each led by its size in bytes; -1 when the last does not end with the row.

    All but a sixteenth of them are empty, and a row of empty ones is passed over at once.
    """
    sizes, filled = numbers.data, np.flatnonzero(numbers).data
    at = lists = place = 0
    while at < len(sizes):
        place = bisect_left(filled, at, place)
        if place == len(filled):
            return lists + len(sizes) - at
        lists += filled[place] - at + 1
        at = filled[place] + 1 + sizes[filled[place]] // 4
    return lists if at == len(sizes) else -1


def _links_stay_inside(path: Path, layout: _Layout, *, whole: bool) -> bool:
    """Whether each node of the lowest level, or of a sample, has as many links as it may, all to nodes that exist."""
    if 4 * (layout.most_links + 1) != layout.link_bytes or layout.link_bytes > layout.row_bytes:
        return False
    with path.open("rb", buffering=0) as file:
        try:
            if whole or layout.elements <= SAMPLE:
                return all(_are_inside(links, layout) for links in _all_links(file, layout))
            return _are_inside(_sampled_links(file, layout), layout)
        except ValueError:  # it has become shorter meanwhile
            return False


def _all_links(file: FileIO, layout: _Layout) -> Iterator[Numbers]:
    """The links of each node, a row each, in blocks."""
    for first in range(0, layout.elements, BLOCK):
        count = min(BLOCK, layout.elements - first)
        rows = np.fromfile(file, dtype=np.uint8, count=count * layout.row_bytes).reshape(count, layout.row_bytes)
        yield np.ascontiguousarray(rows[:, : layout.link_bytes]).view(np.uint32)


def _sampled_links(file: FileIO, layout: _Layout) -> Numbers:
    """The links of evenly spaced nodes, the first and the last among them, a row each."""
    sampled = bytearray()
    for node in np.linspace(0, layout.elements - 1, SAMPLE, dtype=np.int64).tolist():
        file.seek(node * layout.row_bytes)
        sampled += file.read(layout.link_bytes)
    return np.frombuffer(sampled, dtype=np.uint32).reshape(SAMPLE, -1)


def _are_inside(links: Numbers, layout: _Layout) -> bool:
    counts = links[:, 0] & 0xFFFF
    if (counts > layout.most_links).any():
        return False
    used = np.arange(layout.most_links)[None, :] < counts[:, None]
    return not (used & (links[:, 1:] >= layout.elements)).any()
