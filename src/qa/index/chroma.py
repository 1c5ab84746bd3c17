"""Where Chroma runs: a location as the user writes it → a client, and Chroma's errors → ours.

A folder of this machine, the memory of this process, a server, or Chroma Cloud. No collection is
opened here and no telemetry is ever sent.
"""

from __future__ import annotations

import errno
import itertools
import shutil
import ssl
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from filelock import FileLock

from qa.errors import QAError, SettingsError, StoreDamagedError, StoreError
from qa.index.private import make_private, tighten_ours

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import GetResult, Include

MEMORY = ":memory:"
BATCH = 5_000  # records written or read at a time; Chroma takes 5,461 at most
SAID_CHARS = 200  # of a server's own words
FULL_BYTES = 1_000_000  # with less room than this, whatever fails has failed for want of it
READ_ONLY = "it is read-only. Make the folder writable, or choose another with QA_CHROMA"
OPENING_S = 60.0  # how long others may take to open a folder
CLOUD_BATCH = 300  # https://docs.trychroma.com/cloud/quotas-limits
# No telemetry, and nothing of a `.env`: Chroma would take from it which server to ask and which classes to import.
QUIET: dict[str, Any] = {"anonymized_telemetry": False, "_env_file": None}

_connections = itertools.count()


def is_folder(location: str) -> bool:
    """Whether the location is a folder of this machine."""
    return location != MEMORY and "://" not in location


def is_shared(location: str) -> bool:
    """Whether other machines may be using it at the same time: a server or Chroma Cloud."""
    return location != MEMORY and not is_folder(location)


def is_cloud(location: str) -> bool:
    """Whether it is Chroma Cloud."""
    return location.startswith("cloud://")


def batch_size(location: str) -> int:
    """How many records may be written or read there in one request."""
    return CLOUD_BATCH if is_cloud(location) else BATCH


def pages(
    collection: Collection, *, location: str, include: Include, ids: Sequence[str] | None = None
) -> Iterator[GetResult]:
    """What a collection holds, all of it or what has these ids, in as many pieces as it takes there."""
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
    import httpx

    with store_errors(location):
        try:
            return cast("Client", _connect(location, token=token))  # what it is, though typed as the narrower ClientAPI
        except ValueError as error:
            if any(isinstance(each, httpx.HTTPError) for each in _causes(error)):
                raise
            raise StoreError(f"index {location}: what answers there is not Chroma. Is QA_CHROMA right?") from error


def _connect(location: str, *, token: str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    if location == MEMORY:
        return _open_memory()
    if is_folder(location):
        folder = Path(location)
        make_private(folder)
        with FileLock(folder / "chroma.lock", timeout=OPENING_S):  # else one of many finds a locked database
            # Chroma shares what it has loaded between clients of one path; each of ours loads what is there now,
            # and leaves the plain path to a client that somebody opens beside it
            path = location + "/." * (1 + next(_connections) % 100)
            client = chromadb.PersistentClient(path, settings=Settings(**QUIET))
        tighten_ours(folder)
        return client
    url = urlsplit(location)
    if url.scheme in ("http", "https") and url.hostname:
        return _open_server(url, token=token)
    if url.scheme == "cloud" and url.netloc and url.path.strip("/"):
        return _open_cloud(tenant=url.netloc, database=url.path.strip("/"), key=token)
    raise SettingsError(
        f"chroma = {location!r} is no folder, :memory:, http://host:port or cloud://tenant/database. "
        "Set QA_CHROMA, or see: qa config"
    )


def _open_memory() -> ClientAPI:
    """A client with a database of its own: Chroma has one memory for a whole process."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(**QUIET, is_persistent=False)
    client = cast("Client", chromadb.EphemeralClient(settings=settings))
    database = f"qa-{uuid.uuid4().hex}"
    chromadb.AdminClient(settings).create_database(database)
    client.set_database(database)
    return client


def _open_server(url: SplitResult, *, token: str) -> ClientAPI:
    import chromadb

    from qa.index.deadlines import server_settings

    if not (token.isascii() and token.isprintable()):
        raise SettingsError("QA_CHROMA_TOKEN holds characters that cannot be sent in a header. Set it again")
    if url.username:
        raise SettingsError("chroma holds a name or password, which would be shown. Set QA_CHROMA_TOKEN instead")
    port = url.port or (443 if url.scheme == "https" else 8000)
    return chromadb.HttpClient(
        # with the scheme in front, Chroma takes all of it as it stands, a path below which a proxy shows it too
        host=f"{url.scheme}://{_bracketed(url.hostname or '')}:{port}{url.path.rstrip('/')}",
        port=port,
        ssl=url.scheme == "https",
        headers={"Authorization": f"Bearer {token}"} if token else None,
        settings=server_settings(**QUIET),
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _open_cloud(*, tenant: str, database: str, key: str) -> ClientAPI:
    import chromadb

    from qa.index.deadlines import server_settings

    if not key:  # Chroma 1.5.9 looks for it too, and then sends "None"
        raise SettingsError(f"chroma = 'cloud://{tenant}/{database}' needs a key. Set CHROMA_API_KEY")
    return chromadb.CloudClient(tenant=tenant, database=database, api_key=key, settings=server_settings(**QUIET))


@contextmanager
def store_errors(location: str) -> Iterator[None]:
    """Turn what Chroma, sqlite, the network and the file system raise into one StoreError that says what to do."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except QAError:
        raise
    except (ChromaError, httpx.HTTPError, OSError) as error:
        damaged = is_folder(location) and _is_damage(str(error)) and not _is_full(error, location)
        kind = StoreDamagedError if damaged else StoreError
        raise kind(f"index {location}: {_explain(error, location)}") from error
    except Exception as error:
        # Chroma raises a bare Exception or a ValueError for whatever a server answers that it does not know
        http = next((cause for cause in _causes(error) if isinstance(cause, httpx.HTTPError)), None)
        if http is None:
            raise
        raise StoreError(f"index {location}: {_explain(http, location)}") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, the first cause last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain(error: Exception, location: str) -> str:
    return _explain_server(error, location) if is_shared(location) else explain_folder(error, location)


def explain_folder(error: Exception, location: str) -> str:
    """What is wrong with a folder, or a file in one, and what to do about it."""
    said = str(error)
    if "readonly" in said or isinstance(error, PermissionError) or "Read-only" in said:
        return READ_ONLY
    if _is_full(error, location):
        return f"the disk is full ({_free_bytes(location) // 1000:,} kB free). Make room, then run the command again"
    if any(sign in said for sign in ("logs to the metadata segment", "disk I/O error", "File too large")):
        room = f"{_free_bytes(location) // 1_000_000:,} MB free"
        return f"writing failed ({said}), with {room}. Lift the quota or limit, then run the command again"
    if _is_damage(said):
        return f"it is damaged ({said}). Run: qa ingest --rebuild PATH"
    if "File exists" in said or isinstance(error, NotADirectoryError):
        return "it is a file, not a folder. Choose a folder with QA_CHROMA"
    return f"{said}. Check it with: qa status"


def _is_full(error: Exception, location: str) -> bool:
    """Whether there is no room left; Chroma says so in several ways, or fails in one that does not say it."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    if full or any(sign in str(error) for sign in ("disk is full", "No space left")):
        return True
    return (
        not any(sign in str(error) for sign in ("malformed", "not a database")) and _free_bytes(location) < FULL_BYTES
    )


def _free_bytes(location: str) -> int:
    """The room that is left on the disk of a folder, whether it is there yet or not."""
    folder = Path(location).absolute()
    return shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free


def _is_damage(said: str) -> bool:
    return any(sign in said for sign in ("malformed", "not a database", "hnsw", "Error finding id"))


def _explain_server(error: Exception, location: str) -> str:
    import httpx
    from chromadb.errors import ChromaError

    secret = "CHROMA_API_KEY" if is_cloud(location) else "QA_CHROMA_TOKEN"
    if isinstance(error, httpx.HTTPStatusError):
        code, answer = error.response.status_code, error.response.text.strip()[:SAID_CHARS]
    elif isinstance(error, ChromaError):
        code, answer = error.code(), str(error)
    else:
        return _explain_connection(error)
    if code in (401, 403):
        place = "beside QA_CHROMA, as a server that .env names is sent only a token from .env"
        return f"it does not let us in (status {code}). Set {secret} to the token that it knows, {place}"
    if code >= 500:
        return f"the server failed (status {code}: {answer}). See its log, then run the command again"
    return f"the server refused (status {code}: {answer}). Is QA_CHROMA right?"


def _explain_connection(error: Exception) -> str:
    import httpx

    said = str(error)
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        waited_s = error.request.extensions["timeout"]["read"]
        return (
            f"the server took the question and did not answer within {waited_s:.0f} s. Is it overloaded, or is it not "
            "Chroma? See its log and QA_CHROMA, then run the command again"
        )
    tls = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({tls.verify_message}). Name the authority's file in SSL_CERT_FILE"
    if tls is not None:
        return f"it does not speak TLS as we do ({tls.reason}). Is it http:// rather than https://?"
    return f"the connection failed ({said}). Is the server running, and is QA_CHROMA right? Then run the command again"
