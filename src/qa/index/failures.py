"""What Chroma, sqlite, the network and the disk raise → one StoreError that says what happened and what to do."""

import errno
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from chromadb.errors import ChromaError

from qa.errors import QAError, StoreDamagedError, StoreError
from qa.index.locations import is_cloud, is_folder, is_shared

SAID_CHARS = 200  # of a server's own words
FULL_BYTES = 1_000_000  # with less room than this, whatever fails has failed for want of it
READ_ONLY = "it is read-only. Make the folder writable, or choose another with QA_CHROMA"


@contextmanager
def store_errors(location: str) -> Iterator[None]:
    """Turn what Chroma, sqlite, the network and the file system raise into one StoreError that says what to do."""
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
        http = next((cause for cause in causes(error) if isinstance(cause, httpx.HTTPError)), None)
        if http is None:
            raise
        raise StoreError(f"index {location}: {_explain(http, location)}") from error


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that led to it, the first cause last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain(error: Exception, location: str) -> str:
    return _explain_server(error, location) if is_shared(location) else explain_folder(error, location)


def explain_folder(error: Exception, location: str) -> str:
    """The words for what is wrong with a folder, or a file in one, and what to do about it."""
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
    said = str(error)
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        waited_s = error.request.extensions["timeout"]["read"]
        return (
            f"the server took the question and did not answer within {waited_s:.0f} s. Is it overloaded, or is it not "
            "Chroma? See its log and QA_CHROMA, then run the command again"
        )
    tls = next((cause for cause in causes(error) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({tls.verify_message}). Name the authority's file in SSL_CERT_FILE"
    if tls is not None:
        return f"it does not speak TLS as we do ({tls.reason}). Is it http:// rather than https://?"
    return f"the connection failed ({said}). Is the server running, and is QA_CHROMA right? Then run the command again"
