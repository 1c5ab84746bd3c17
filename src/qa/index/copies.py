"""A private copy of an index that cannot be written to, as Chroma writes even to answer (1.5.9)."""

import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from qa.errors import StoreError
from qa.index.private import DATABASE, UUID


def can_write(path: Path) -> bool:
    """Whether this process may write to a file or folder, or make it."""
    return os.access(next(each for each in (path, *path.absolute().parents) if each.exists()), os.W_OK)


def copy_index(folder: Path) -> TemporaryDirectory[str] | None:
    """A temporary folder with what Chroma and we keep in `folder`, as it is now; None where that can be written to.

    Raises: StoreError when there is no room for it.
    """
    if not (folder / DATABASE).exists() or (can_write(folder) and can_write(folder / DATABASE)):
        return None
    ours = [each for each in folder.iterdir() if each.name == "cache" or UUID.fullmatch(each.name)]
    found = [*folder.glob(f"{DATABASE}*"), *ours, *(below for each in ours for below in each.rglob("*"))]
    size = sum(file.stat().st_size for file in found)
    copy = TemporaryDirectory(prefix="qa-")
    free = shutil.disk_usage(copy.name).free
    if size > free:
        copy.cleanup()
        raise StoreError(
            f"index {folder}: it is read-only, so a copy of it is asked, and {copy.name} has no room for one "
            f"({size // 1_000_000:,} MB, {free // 1_000_000:,} MB free). Set TMPDIR to a folder on a larger disk"
        )
    database = (folder / DATABASE).absolute()
    is_copied = True
    try:  # as of one moment, though another process writes to it
        with (
            closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(Path(copy.name) / DATABASE)) as target,
        ):
            source.backup(target)
    except sqlite3.Error:  # a killed writer has left a journal, which goes with the copy and is rolled back there
        is_copied = False
    for each in found:
        place = Path(copy.name) / each.relative_to(folder)
        if each.is_dir():
            place.mkdir(exist_ok=True)
        elif not (is_copied and each.name.startswith(DATABASE)):
            shutil.copyfile(each, place)
    logging.getLogger("qa").warning("index %s is read-only: what is asked is a copy of it as it is now", folder)
    return copy
