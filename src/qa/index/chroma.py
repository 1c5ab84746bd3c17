"""A Chroma client for a location as the user writes it, and what a collection holds, in pieces.

No collection is opened here and no telemetry is ever sent.
"""

import itertools
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import chromadb
import httpx
from chromadb.api import ClientAPI
from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.api.types import GetResult, Include
from chromadb.config import Settings
from filelock import FileLock

from qa.errors import SettingsError, StoreError
from qa.index.deadlines import server_settings
from qa.index.failures import causes, store_errors
from qa.index.locations import BATCH, MEMORY, batch_size, is_folder
from qa.index.private import make_private, tighten_ours

OPENING_S = 60.0  # how long others may take to open a folder
# No telemetry, and nothing of a `.env`: Chroma would take from it which server to ask and which classes to import.
QUIET: dict[str, Any] = {"anonymized_telemetry": False, "_env_file": None}

_connections = itertools.count()


def pages(
    collection: Collection, *, location: str, include: Include, ids: Sequence[str] | None = None
) -> Iterator[GetResult]:
    """The rows of a collection, all of them or those with these ids, in as many pieces as it takes there."""
    size = batch_size(location)
    if ids is not None:
        for first in range(0, len(ids), size):
            yield collection.get(ids=list(ids[first : first + size]), include=include)
    elif size == BATCH:  # nothing limits what is read without naming it
        yield collection.get(include=include)
    else:
        for offset in itertools.count(0, size):
            got = collection.get(limit=size, offset=offset, include=include)
            yield got
            if len(got["ids"]) < size:
                return


def connect(location: str, *, token: str = "") -> Client:
    """A client for a folder, `:memory:`, `http://host:8000`, `https://host/path`, or `cloud://tenant/database`.

    What is in memory belongs to this one client and is gone when the process ends. A server is sent `token`, if there
    is one, as `Authorization: Bearer`; for Chroma Cloud it is the key.

    Raises: SettingsError for a location of no known kind, StoreError when nothing answers there.
    """
    with store_errors(location):
        try:
            return cast("Client", _connect(location, token=token))  # what it is, though typed as the narrower ClientAPI
        except ValueError as error:
            if any(isinstance(each, httpx.HTTPError) for each in causes(error)):
                raise
            raise StoreError(f"index {location}: what answers there is not Chroma. Is QA_CHROMA right?") from error


def _connect(location: str, *, token: str) -> ClientAPI:
    if location == MEMORY:  # of which Chroma has one for a whole process, so each client gets a database of its own
        settings, database = Settings(**QUIET, is_persistent=False), f"qa-{uuid.uuid4().hex}"
        client = cast("Client", chromadb.EphemeralClient(settings=settings))
        chromadb.AdminClient(settings).create_database(database)
        client.set_database(database)
        return client
    if is_folder(location):
        folder = Path(location)
        make_private(folder)
        with FileLock(folder / "chroma.lock", timeout=OPENING_S):  # else one of many finds a locked database
            # Chroma shares what it has loaded between clients of one path; each of ours loads what is there now,
            # and leaves the plain path to a client that somebody opens beside it
            path = location + "/." * (1 + next(_connections) % 100)
            persistent = chromadb.PersistentClient(path, settings=Settings(**QUIET))
        tighten_ours(folder)
        return persistent
    url = urlsplit(location)
    if url.scheme in ("http", "https") and url.hostname:
        return _open_server(url, token=token)
    if url.scheme == "cloud" and url.netloc and url.path.strip("/"):
        database, settings = url.path.strip("/"), server_settings(**QUIET)
        if not token:  # Chroma 1.5.9 looks for it too, and then sends "None"
            raise SettingsError(f"chroma = 'cloud://{url.netloc}/{database}' needs a key. Set CHROMA_API_KEY")
        return chromadb.CloudClient(tenant=url.netloc, database=database, api_key=token, settings=settings)
    raise SettingsError(
        f"chroma = {location!r} is no folder, :memory:, http://host:port or cloud://tenant/database. "
        "Set QA_CHROMA, or see: qa config"
    )


def _open_server(url: SplitResult, *, token: str) -> ClientAPI:
    if not (token.isascii() and token.isprintable()):
        raise SettingsError("QA_CHROMA_TOKEN holds characters that cannot be sent in a header. Set it again")
    if url.username:
        raise SettingsError("chroma holds a name or password, which would be shown. Set QA_CHROMA_TOKEN instead")
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    port = url.port or (443 if url.scheme == "https" else 8000)
    return chromadb.HttpClient(
        # with the scheme in front, Chroma takes all of it as it stands, a path below which a proxy shows it too
        host=f"{url.scheme}://{host}:{port}{url.path.rstrip('/')}",
        port=port,
        ssl=url.scheme == "https",
        headers={"Authorization": f"Bearer {token}"} if token else None,
        settings=server_settings(**QUIET),
    )
