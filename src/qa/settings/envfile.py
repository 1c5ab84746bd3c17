"""The folder that is worked in, found as git finds its own, and its `.env`, as far as that is trusted.

A `.env` may have come with somebody's documents. None of it enters the environment, so it can name no proxy,
certificate or tracing; and nothing of the environment is filled into it, so no `${OPENAI_API_KEY}` leaves by it.
"""

from __future__ import annotations

import io
import os
import stat
from contextlib import suppress
from pathlib import Path

from qa.errors import SettingsError

NAME = ".env"
FOLDER = ".qa"
MOST_BYTES = 100_000
MOST_LINE = 4_000  # bytes; the spaces of a line cost their square (python-dotenv 1.2)


def folder_above() -> Path | None:
    """The nearest folder above the current one that holds a `.qa`; None when the current one does, or none.

    The search ends at the home folder and at the first folder on another disk, of another user, or open to all,
    such as /tmp: nobody else can put an index there for us to ask.
    """
    with suppress(OSError):  # the current folder was deleted, or one above may not be looked into
        here, home = Path.cwd(), Path(os.path.expanduser("~")).resolve()  # noqa: PTH111  # as in index/private.py
        if here == home or (here / FOLDER).is_dir():
            return None
        for folder in here.parents:
            if folder.stat().st_dev != here.stat().st_dev or not _is_ours(folder, home=home):
                return None
            if (folder / FOLDER).is_dir() and _is_ours(folder / FOLDER, home=home):
                return folder
            if folder == home:
                return None
    return None


def env_folder() -> Path:
    """The folder whose `.env` is read: the current one, or where it has none, the one above that holds the `.qa`."""
    return Path() if Path(NAME).is_file() else folder_above() or Path()


def read_env_file(folder: Path) -> dict[str, str]:
    """The variables in the `.env` of a folder, keys included, by upper-case name; none where there is no such file.

    Raises: SettingsError when others may have written it, or one of our settings holds `${…}`.
    """
    from dotenv import dotenv_values

    path = folder / NAME
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            state, read = os.fstat(file.fileno()), file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}. Make it readable, or remove it") from error
    if len(read) > MOST_BYTES:
        raise SettingsError(f"{path} is longer than {MOST_BYTES:,} bytes. Remove it, and export what you want of it")
    if any(len(line) > MOST_LINE for line in read.splitlines()):
        raise SettingsError(f"{path} has a line of more than {MOST_LINE:,} bytes. Shorten it, or remove it")
    if os.name == "posix" and state.st_uid not in (os.geteuid(), 0):
        raise SettingsError(f"{path} belongs to another user ({state.st_uid}). Work elsewhere, or make it yours: chown")
    if os.name == "posix" and state.st_mode & (0o002 if _is_own_group(state.st_gid) else 0o022):
        raise SettingsError(f"{path} may be written by others. Look at what it says, then run: chmod go-w {path}")
    found = dotenv_values(stream=io.StringIO(read.decode("utf-8-sig", "replace")), interpolate=False)
    values = {name.upper(): value for name, value in found.items() if value}
    if filled := [name for name in values if name.startswith("QA_") and "${" in values[name]]:
        raise SettingsError(
            f"{filled[0]} in {path} holds ${{…}}, which is not replaced there. Write the value out, or export it"
        )
    return values


def _is_ours(folder: Path, *, home: Path) -> bool:
    """Whether a folder is this user's and not open to all; where no owner is told, whether it is in the home folder."""
    if os.name != "posix":
        return folder.is_relative_to(home)
    state = folder.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & stat.S_IWOTH


def _is_own_group(group: int) -> bool:
    """Whether a group is that of this user alone, as many systems make one for each."""
    import grp
    import pwd

    try:
        return grp.getgrgid(group).gr_name == pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # the group has no name
        return False
