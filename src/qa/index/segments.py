"""The files of Chroma's vector index in a folder, and whether they are whole: Chroma itself reads them unchecked.

A truncated one makes it find less without a word, one of noise ends the process (Chroma 1.5.9). The
layout is that of hnswlib's `saveIndex`. Only what no collection has is removed.
"""

import logging
import shutil
import sqlite3
import struct
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.errors import StoreDamagedError
from qa.index.private import DATABASE, UUID

_log = logging.getLogger("qa")
HEADER = struct.Struct("<i6Q2i3Q")
LAYOUT = 1  # the one that is known here; Chroma refuses one that it does not know itself (1.5.9)
TRIES = 5  # as another process may be writing the files
WAIT_S = 0.3
SAMPLE = 1_024  # nodes looked at unless all are: noise in a run of a thousandth of the file is found
BLOCK = 8_192  # nodes looked at together, which bounds the memory
PARTS = {"header.bin", "length.bin", "link_lists.bin", "data_level0.bin", "index_metadata.pickle"}
LARGEST_LIST = 4_096  # bytes of links of one node above the lowest level, with room to spare

Numbers = NDArray[np.uint32]


def check_segments(folder: Path, *, whole: bool = False) -> None:
    """Look at the vector indexes below the folder: at a sample of their nodes, or at all of them with `whole`.

    At a million passages, 1.7 GB, the sample takes 0.15 s and 21 MB of memory, all nodes 0.35 s.
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


def _fault(segment: Path, *, whole: bool) -> str | None:
    """The first file that is not as it should be, and how; None where all are."""
    try:
        header = (segment / "header.bin").read_bytes()
        lengths = np.fromfile(segment / "length.bin", dtype=np.float32)
        links = np.fromfile(segment / "link_lists.bin", dtype=np.uint32)
        level_bytes = (segment / "data_level0.bin").stat().st_size
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing" if segment.exists() else None
    if len(header) < HEADER.size:
        return "header.bin is cut off"
    layout, _, _, elements, row_bytes, label_at, vector_at, _, _, _, most_links, _ = HEADER.unpack_from(header)
    if layout != LAYOUT:
        _log.warning("index %s has layout %d, which is not known here, so it is not checked", segment, layout)
        return None
    if elements == 0:  # nothing was written to it yet
        return None
    if level_bytes != elements * row_bytes:
        return "data_level0.bin has the wrong size"
    if len(lengths) != elements:
        return "length.bin does not fit"
    numbers = (label_at - vector_at) // lengths.itemsize
    if numbers > 1 and not np.isfinite(lengths).all():  # a record's one number is 0, its length left as it was
        return "length.bin holds noise"
    if (links >= max(elements, LARGEST_LIST)).any() or _count_lists(links) != elements:
        return "link_lists.bin does not fit"
    sizes = {"row_bytes": row_bytes, "links_bytes": vector_at, "most_links": most_links}
    if not _links_stay_inside(segment / "data_level0.bin", elements, **sizes, whole=whole):
        return "data_level0.bin holds noise"
    return None


def _count_lists(numbers: Numbers) -> int:
    """How many lists there are in a row, each led by its size in bytes; -1 when the last does not end with the row."""
    sizes = numbers.data  # quicker than numpy, one at a time: 0.1 s for a million
    at = lists = 0
    while at < len(sizes):
        at += 1 + sizes[at] // 4
        lists += 1
    return lists if at == len(sizes) else -1


def _links_stay_inside(
    path: Path, elements: int, *, row_bytes: int, links_bytes: int, most_links: int, whole: bool
) -> bool:
    """Whether each node of the lowest level, or of a sample, has as many links as it may, all to nodes that exist."""
    if 4 * (most_links + 1) != links_bytes or links_bytes > row_bytes:
        return False
    step, nodes = BLOCK, list(range(0, elements, BLOCK))
    if not whole and elements > SAMPLE:  # evenly spaced, the first and the last among them
        step, nodes = 1, np.linspace(0, elements - 1, SAMPLE, dtype=np.int64).tolist()
    with path.open("rb", buffering=0) as file:
        for first in nodes:
            count = min(step, elements - first)
            file.seek(first * row_bytes)
            rows = np.fromfile(file, dtype=np.uint8, count=count * row_bytes)
            if len(rows) < count * row_bytes:  # it has become shorter meanwhile
                return False
            links = rows.reshape(count, row_bytes)[:, :links_bytes].copy().view(np.uint32)
            counts = links[:, :1] & 0xFFFF
            used = np.arange(most_links) < counts
            if (counts > most_links).any() or (used & (links[:, 1:] >= elements)).any():
                return False
    return True
