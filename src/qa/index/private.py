"""Folders and files that only this user may open; those of ours that were made wider before are tightened.

What belongs to somebody else, a link, `/` and a user's home are left as they are. Nothing is read.
"""

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077
DATABASE = "chroma.sqlite3"  # of Chroma, beside a folder for each of its vector indexes
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_CHROMA = re.compile(rf"chroma\.(?:lock|sqlite3(?:-\w+)?)|{UUID.pattern}")
_OURS = re.compile(
    rf"{_CHROMA.pattern}|cache|conversations|evals|examples\.json|feedback|incoming|index(\.damaged-\d+)?|judge"
    r"|logins|runs|server\.json|uploads"
)


def make_private(folder: Path) -> None:
    """Make a folder, and the parents that are missing, for this user alone; what is there stays as it is.

    Raises: OSError when it cannot be made.
    """
    missing = [each for each in folder.parents if not each.exists()]
    for each in (*reversed(missing), folder):
        each.mkdir(mode=0o700, exist_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Replace a file's text, for this user alone, so that nobody ever reads half of it. Raises: OSError."""
    encoded = text.encode("utf-8", "backslashreplace")  # of half a surrogate pair, what JSON reads as that half
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")  # which makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(encoded)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def tighten_ours(folder: Path) -> None:
    """Tighten a folder that a user chose if nothing but ours is in it, else what Chroma has put there."""
    with suppress(OSError):  # there is none, or we may not look into it either
        names = {each.name for each in folder.iterdir()}
        if folder.name == ".qa" or (names and all(map(_OURS.fullmatch, names))):
            tighten(folder)
        elif DATABASE in names:
            for name in filter(_CHROMA.fullmatch, names):
                tighten(folder / name)


def tighten(path: Path) -> None:
    """Take from others every right to a file, or to a folder and then to all in it, where they had one."""
    with suppress(OSError):  # it is gone, or the file system knows no rights
        found = path.lstat()
        home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home is an error for a user who has none
        regular = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
        mine = os.name != "nt" and found.st_uid == os.geteuid() and path.resolve() not in (Path("/"), home)
        if regular and mine and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
            for each in path.iterdir() if stat.S_ISDIR(found.st_mode) else ():
                tighten(each)
