"""Where Chroma runs: a location as the user writes it → a client, and Chroma's errors → ours.

No collection is opened here and no telemetry is ever sent.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from qa.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client

_connections = itertools.count()


def is_folder(location: str) -> bool:
    """Whether the location is a folder of this machine, not a server."""
    return "://" not in location


def connect(location: str) -> Client:
    """A client for a folder, `http://host:8000`, or `cloud://tenant/database`.

    A server's token is read from `QA_CHROMA_TOKEN`, Chroma Cloud's key from `CHROMA_API_KEY`.

    Raises: SettingsError for a location of no known kind, StoreError when nothing answers there.
    """
    with store_errors(location):
        try:
            return cast("Client", _connect(location))  # what it is, though typed as the narrower ClientAPI
        except ValueError as error:  # what Chroma raises when nobody answers
            raise StoreError(f"index {location}: {_explain(error, location)}") from error


def _connect(location: str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    quiet = Settings(anonymized_telemetry=False)
    if is_folder(location):
        Path(location).mkdir(parents=True, exist_ok=True)
        # Chroma shares what it has loaded between clients of one path; each of ours loads what is there now
        return chromadb.PersistentClient(location + "/." * (next(_connections) % 100), settings=quiet)
    url = urlsplit(location)
    if url.scheme in ("http", "https") and url.hostname:
        token = os.environ.get("QA_CHROMA_TOKEN")
        return chromadb.HttpClient(
            host=url.hostname,
            port=url.port or (443 if url.scheme == "https" else 8000),
            ssl=url.scheme == "https",
            headers={"Authorization": f"Bearer {token}"} if token else None,
            settings=quiet,
        )
    if url.scheme == "cloud" and url.netloc and url.path.strip("/"):
        return chromadb.CloudClient(tenant=url.netloc, database=url.path.strip("/"), settings=quiet)
    raise SettingsError(
        f"chroma = {location!r} is no folder, http://host:port or cloud://tenant/database. "
        "Set QA_CHROMA, or see: qa config"
    )


@contextmanager
def store_errors(location: str) -> Iterator[None]:
    """Turn what Chroma, sqlite and the file system raise into one StoreError that says what to do."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.HTTPError, OSError) as error:
        raise StoreError(f"index {location}: {_explain(error, location)}") from error


def _explain(error: Exception, location: str) -> str:
    said = str(error)
    if not is_folder(location):
        return f"{said}. Is the server running, and are QA_CHROMA and QA_CHROMA_TOKEN right?"
    if "readonly" in said or isinstance(error, PermissionError) or "Read-only" in said:
        return "it is read-only. Make the folder writable, or choose another with QA_CHROMA"
    if "malformed" in said or "not a database" in said:
        return f"it is damaged ({said}). Move the folder away and run: qa ingest --rebuild PATH"
    if "File exists" in said or isinstance(error, NotADirectoryError):
        return "it is a file, not a folder. Choose a folder with QA_CHROMA"
    return f"{said}. Check it with: qa status"
