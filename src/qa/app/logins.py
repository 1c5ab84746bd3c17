"""The file of logins: a salted hash of each one's password. No password is kept, shown or repeated.

One `name:scrypt$N$r$p$salt$hash` a line; blank lines and those that begin with # count for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from qa.errors import SettingsError
from qa.index.private import make_private, write_whole

# Source: OWASP, Password Storage Cheat Sheet: N=2^14, r=8, p=5 takes 16 MB, and here 0.16 s a try.
COST = "scrypt$16384$8$5$"
MOST_CHARS = 1_000_000
SHORTEST = 8

_LINE = re.compile(rf"([^:]+):({re.escape(COST)}[0-9a-f]{{32}}\$[0-9a-f]{{64}})")


class Logins:
    """The names that may log in, at least one, each with the hash of its password."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)
        self._nobodys = _hashed(secrets.token_hex(), salt=secrets.token_hex(16))

    def check(self, name: str, password: str) -> bool:
        """Whether this is the password of this name; it takes as long where the name is not known."""
        kept = self._hashes.get(name, self._nobodys)
        return hmac.compare_digest(_hashed(password, salt=kept.split("$")[-2]), kept) and name in self._hashes


def read_logins(path: Path) -> Logins:
    """The logins of a file.

    Raises: SettingsError when it cannot be read, others may read it, it is not ours, a line is no login, or none is.
    """
    hashes = _hashes(path, _lines(path))
    if not hashes:
        raise SettingsError(f"{path} holds no login. Add one: qa config login NAME --auth-file {path}")
    return Logins(hashes)


def add_login(path: Path, name: str, password: str) -> None:
    """Write a login into a file for its owner's eyes, in place of the one of that name; whole, or not at all.

    Raises: SettingsError when the name or the password cannot be used, or the file is not as `read_logins` wants it.
    """
    if not _is_name(name):
        raise SettingsError(f"{name!r} cannot be a login: a name has up to 100 printable characters and no colon")
    if len(password) < SHORTEST:
        raise SettingsError(f"the password is too short. Choose {SHORTEST} characters or more")
    path = path.resolve()
    added = f"{name}:{_hashed(password, salt=secrets.token_hex(16))}"
    try:
        make_private(path.parent)
        with FileLock(f"{path}.lock", mode=0o600):  # else of two that are added at once one is lost
            lines = _lines(path) if path.exists() else []
            _hashes(path, lines)
            kept = [line for line in lines if line.partition(":")[0] != name]
            write_whole(path, "".join(f"{line}\n" for line in [*kept, added]))
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}. Name another: --auth-file FILE") from error


def _lines(path: Path) -> list[str]:
    """The lines of a file that is ours and nobody else's to read; where it is a link, so is what it leads to."""
    try:
        with path.open(encoding="utf-8") as file:
            state, text = os.fstat(file.fileno()), file.read(MOST_CHARS)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}. Make it with: qa config login NAME") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is no file of logins. Make one with: qa config login NAME") from None
    if os.name == "posix" and state.st_uid != os.geteuid():
        raise SettingsError(
            f"{path} holds logins and belongs to another user ({state.st_uid}). Make a copy of your own"
        )
    if os.name == "posix" and state.st_mode & 0o077:
        raise SettingsError(f"{path} holds logins, and others may read or write it. Run: chmod 600 {path}")
    return text.split("\n")[: -1 if text.endswith("\n") else None]


def _hashes(path: Path, lines: list[str]) -> dict[str, str]:
    """The hash of each name. Raises: SettingsError for a line that is no login (not repeated), or a name again."""
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found or not _is_name(found[1]):
            raise SettingsError(f"line {number} of {path} is no login. Make it with: qa config login NAME")
        if found[1] in hashes:
            raise SettingsError(f"{found[1]!r} stands twice in {path}. Remove one of the lines")
        hashes[found[1]] = found[2]
    return hashes


def _is_name(name: str) -> bool:
    return name == name.strip() and 0 < len(name) <= 100 and name.isprintable() and ":" not in name and name[0] != "#"


def _hashed(password: str, *, salt: str) -> str:
    given = password.encode("utf-8", "surrogatepass")
    made = hashlib.scrypt(given, salt=bytes.fromhex(salt), n=2**14, r=8, p=5, maxmem=2**25, dklen=32)
    return f"{COST}{salt}${made.hex()}"
