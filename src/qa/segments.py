"""The files of Chroma's vector index in a folder: are they whole. Chroma itself reads them unchecked.

A truncated one makes it find less without a word, one of noise ends the process (Chroma 1.5.9). The
layout is that of hnswlib's `saveIndex`. Nothing is changed here.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np

from qa.errors import StoreDamagedError

HEADER = struct.Struct("<i6Q2i3Q")  # version, 6 sizes and offsets, top level, entry point, most links of a node
TRIES = 5  # as another process may be writing the files
WAIT_S = 0.3


def check_segments(folder: Path) -> None:
    """Raises: StoreDamagedError when a vector index below the folder is incomplete or points outside itself."""
    for written in folder.glob("*/index_metadata.pickle"):  # the others were never written in full
        for last in range(TRIES):
            fault = _fault(written.parent)
            if fault is None:
                break
            if last == TRIES - 1:
                raise StoreDamagedError(
                    f"index {folder}: it is damaged ({written.parent.name}/{fault}). Run: qa ingest --rebuild PATH"
                )
            time.sleep(WAIT_S)


def _fault(segment: Path) -> str | None:
    try:
        header = (segment / "header.bin").read_bytes()
        lengths = np.fromfile(segment / "length.bin", dtype=np.float32)
        links = np.fromfile(segment / "link_lists.bin", dtype=np.uint32).tolist()
        level_size = (segment / "data_level0.bin").stat().st_size
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing" if segment.exists() else None
    if len(header) < HEADER.size:
        return "header.bin is cut off"
    _, _, _, elements, row_size, label_offset, data_offset, _, _, _, most_links, _ = HEADER.unpack_from(header)
    if elements == 0:  # nothing was written to it yet
        return None
    if level_size != elements * row_size:
        return "data_level0.bin has the wrong size"
    if len(lengths) != elements:
        return "length.bin does not fit"
    numbers = (label_offset - data_offset) // np.dtype(np.float32).itemsize
    if numbers > 1 and not np.isfinite(lengths).all():  # a record's one number is 0, and its length left as it was
        return "length.bin holds noise"
    if _count_lists(links) != elements:
        return "link_lists.bin does not fit"
    if not _links_stay_inside(segment / "data_level0.bin", elements, row_size, data_offset, most_links):
        return "data_level0.bin holds noise"
    return None


def _count_lists(numbers: list[int]) -> int:
    """How many lists there are in a row, each led by its size in bytes; -1 when the last does not end with the row."""
    at = lists = 0
    while at < len(numbers):
        at += 1 + numbers[at] // 4
        lists += 1
    return lists if at == len(numbers) else -1


def _links_stay_inside(path: Path, elements: int, row_size: int, data_offset: int, most_links: int) -> bool:
    """Whether each node of the lowest level has as many links as it may, all to nodes that exist."""
    rows = np.memmap(path, dtype=np.uint8, mode="r", shape=(elements, row_size))
    links = np.ascontiguousarray(rows[:, :data_offset]).view(np.uint32)
    counts = links[:, 0] & 0xFFFF
    if most_links + 1 != links.shape[1] or (counts > most_links).any():
        return False
    used = np.arange(most_links)[None, :] < counts[:, None]
    return not (links[:, 1:][used] >= elements).any()
