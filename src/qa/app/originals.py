"""The file that a document was read from, as long as it still holds the very bytes that were indexed.

It is found by the document's id and its digest, never by a path, and never outside the folder that was ingested.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from qa.app.links import Reference
from qa.documents.formats.extraction import Run, draw_page, find_places
from qa.documents.passages import page_of
from qa.errors import DocumentError
from qa.types import Record

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

AT_ONCE = BoundedSemaphore(2)  # pages drawn at the same time; others wait
PIECE_BYTES = 1_000_000


def open_original(record: Record) -> BinaryIO | None:
    """The file of a document, open; None where it is gone, leads out of its folder, or holds other bytes."""
    root = Path(record.root).resolve()
    path = (root / record.id).resolve()
    if not record.digest or not path.is_relative_to(root):
        return None
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except OSError:
        return None
    is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    if not is_file or hashlib.file_digest(file, "sha256").hexdigest()[:16] != record.digest:
        file.close()
        return None
    file.seek(0)
    return file


def describe(bot: Chatbot, reference: Reference) -> dict[str, Any]:
    """What the panel may offer of a document's file: the digest under which it is had, and whether it has pages."""
    record = _record(bot, reference.document)
    if record is None:
        return {}
    paged = record.id.lower().endswith(".pdf") and record.version == reference.version
    if (file := open_original(record)) is None:
        return {"digest": "", "paged": False, "altered": paged}
    file.close()
    return {"digest": record.digest, "paged": paged, "altered": False}


def draw(bot: Chatbot, reference: Reference, *, page: int) -> dict[str, Any] | None:
    """A page of a PDF with boxes around the cited words, page 0 being theirs; None where it cannot be drawn."""
    record = _record(bot, reference.document)
    if record is None or record.version != reference.version or (file := open_original(record)) is None:
        return None
    file.close()
    path = (Path(record.root) / record.id).resolve()
    with AT_ONCE:
        try:
            version, runs = _places(path, record.digest)
            number = page or page_of(record.pages, reference.start) or 1
            cited = list(_cut(runs, reference, page=number - 1)) if version == record.version else []
            return {"page": number, **draw_page(path, number - 1, cited)}
        except DocumentError:
            return None


def deliver(bot: Chatbot, *, needs_login: bool) -> Callable[[Request], Response]:
    """The route that gives a file to keep: to who may see the page, as bytes that no browser shows or runs."""

    from qa.app.visitors import login  # which imports Gradio

    def original(request: Request) -> Response:
        if needs_login and login(request) is None:
            return PlainTextResponse("log in first", 401)
        record = _record(bot, request.query_params.get("document", ""))
        file = record and record.digest == request.path_params["digest"] and open_original(record)
        if not record or not file:
            return PlainTextResponse("this file is not there any more as it was indexed", 404)
        name = quote(record.id.rpartition("/")[2], safe="")
        return StreamingResponse(
            _pieces(file),
            media_type="application/octet-stream",
            headers={
                "content-disposition": f"attachment; filename*=UTF-8''{name}",
                "cache-control": "private, no-store",
            },
        )

    return original


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _record(bot: Chatbot, document: str) -> Record | None:
    index = bot.library.index
    return index.connection.reading(lambda: index.records([document])).get(document) if document else None


@lru_cache(maxsize=4)
def _places(path: Path, _digest: str) -> tuple[str, list[Run]]:
    return find_places(path)


def _cut(runs: list[Run], cited: Reference, *, page: int) -> Iterator[tuple[int, int]]:
    """The characters of a page at which what was cited is printed: the first of each run, and how many."""
    for start, number, first, count in runs:
        skipped = max(0, cited.start - start)
        left = min(start + count, cited.end) - start - skipped
        if number == page and left > 0:
            yield first + skipped, left
