"""The `.env` of the current folder, as far as it is trusted: it may have come with somebody's documents.

None of it enters the environment, so it can name no proxy, certificate or tracing; and nothing of the
environment is filled into it, so no `${OPENAI_API_KEY}` leaves by it.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from qa.errors import SettingsError

NAME = ".env"
MOST_BYTES = 100_000
MOST_LINE = 4_000  # bytes; the spaces of a line cost their square (python-dotenv 1.2)


def read_env_file() -> dict[str, str]:
    """What stands in it, keys included, by upper-case name; nothing where there is none.

    Raises: SettingsError when others may have written it, or a value is to be filled in.
    """
    from dotenv import dotenv_values

    path = Path(NAME)
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            state, read = os.fstat(file.fileno()), file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{NAME} cannot be read: {error.strerror}. Make it readable, or remove it") from error
    if len(read) > MOST_BYTES:
        raise SettingsError(f"{NAME} is longer than {MOST_BYTES:,} bytes. Remove it, and export what you want of it")
    if any(len(line) > MOST_LINE for line in read.splitlines()):
        raise SettingsError(f"{NAME} has a line of more than {MOST_LINE:,} bytes. Shorten it, or remove it")
    if os.name == "posix" and state.st_uid not in (os.geteuid(), 0):
        raise SettingsError(f"{NAME} belongs to another user ({state.st_uid}). Work elsewhere, or make it yours: chown")
    if os.name == "posix" and state.st_mode & (0o002 if _is_own_group(state.st_gid) else 0o022):
        raise SettingsError(f"{NAME} may be written by others. Look at what it says, then run: chmod go-w {NAME}")
    found = dotenv_values(stream=io.StringIO(read.decode("utf-8-sig", "replace")), interpolate=False)
    values = {name.upper(): value for name, value in found.items() if value}
    if filled := [name for name in values if name.startswith("QA_") and "${" in values[name]]:
        raise SettingsError(
            f"{filled[0]} in {NAME} holds ${{…}}, and nothing is filled in there. Write it out, or export it"
        )
    return values


def _is_own_group(group: int) -> bool:
    """Whether a group is that of this user alone, as many systems make one for each."""
    import grp
    import pwd

    try:
        return grp.getgrgid(group).gr_name == pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # nobody has given it a name
        return False
