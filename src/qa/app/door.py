"""The checks that a request passes before the page sees it: a name of ours, our own page, a known path and size.

Any other request gets one short answer that repeats nothing of it. Who may log in, and what is answered,
is decided behind the door.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.app.limits import Room, address
from qa.app.names import Names, network, site

BODY_BYTES = 1_000_000
LOGIN_BYTES = 10_000
STREAMS = 400  # half of all connections: that one address may read from at once, for as long as it likes
VALUES = 10_000  # in a body of JSON: each takes up to a hundred times the bytes that it is written in
SESSION_CHARS = 100  # Gradio keeps the name of a session for longer than the session
UPLOAD_BYTES = 26_000_000  # a file of 25 MB, which Gradio counts, and what a form puts around it
IDLE_S = 30.0  # without a byte of a body that was announced
SLOWEST = 5_000  # bytes in a second, on the whole: what is on its way takes up room that others want

API = "/gradio_api"
UPLOAD = f"{API}/upload"
# Gradio has a hundred routes, some of which open files or fetch addresses; these are what the page and programs use.
PATHS = re.compile(
    r"/|/original/[0-9a-f]{16}|/(?:health|config|login|logout|login_check|favicon\.ico|theme\.css|robots\.txt)/?|/(?:assets|static)/[^\0]+"
    rf"|{API}/(?:info|user|app_id|login_check|queue/join|queue/data|cancel|reset|upload|upload_progress|component_server"
    r"|heartbeat/[\w-]{1,100}|(?:run|api|call|call/v2)/[\w-]+|(?:call|call/v2)/[\w-]+/[\w-]+|mcp(?:/[\w/-]*)?)/?"
)


class Door:
    """ASGI middleware that lets through what is for the page, whole and no larger than it may be."""

    def __init__(self, app: ASGIApp, *, names: Names, uploads: Path, room: Room, shut: frozenset[str]) -> None:
        """`uploads` is where Gradio keeps what visitors send, `shut` are paths that are closed on this page."""
        self._app, self._names, self._uploads, self._room, self._shut = app, names, uploads, room, shut
        self._reading: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":  # and nothing here speaks WebSocket
            address.set(network((scope.get("client") or ("",))[0]))
            try:
                await self._pass_on(scope, receive, send)
            except HTTPException as refused:  # before the page was asked: what it refuses itself, it answers itself
                answer = PlainTextResponse(refused.detail, refused.status_code, {"connection": "close"})
                await answer(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"
        self._check_names(headers)
        if not PATHS.fullmatch(path):
            raise HTTPException(404, "there is nothing here")
        if path.rstrip("/") in self._shut:
            raise HTTPException(403, "this page is for reading only")
        if "transfer-encoding" in headers:  # a byte a chunk takes a second of the page for every 100 kB
            raise HTTPException(411, "say how long the request is: content-length")
        if scope["method"] != "POST":
            with self._counted(address.get()):
                await self._app(scope, receive, send)
        elif path.rstrip("/") == UPLOAD:
            held = await asyncio.to_thread(self._room.held)
            with self._room.taken(_length(headers, UPLOAD_BYTES), held=held):
                await self._app(scope, _Counted(receive, UPLOAD_BYTES), send)
        else:
            is_login = path.rstrip("/") == "/login"
            counted = _Counted(receive, _length(headers, LOGIN_BYTES if is_login else BODY_BYTES))
            body = await Request(scope, counted).body()
            if not is_login:
                self._check_json(headers, body)
            await self._app(scope, _again(body, receive), send)

    @contextmanager
    def _counted(self, where: str) -> Iterator[None]:
        """Count one more response that an address reads. Raises: HTTPException when it reads too many at once."""
        if self._reading[where] >= STREAMS:
            raise HTTPException(429, "too much is read at once from there. Close some pages")
        self._reading[where] += 1
        try:
            yield
        finally:
            self._reading[where] -= 1
            if not self._reading[where]:
                del self._reading[where]

    def _check_names(self, headers: Headers) -> None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0] not in self._names:
            raise HTTPException(421, "this page does not answer to that name. Start it with --allowed-host NAME")
        if any(site(origin) != hosts[0].lower() for origin in origins):
            raise HTTPException(
                403, "this was asked by another site. Behind a proxy, start the page with --proxy ADDRESS"
            )

    def _check_json(self, headers: Headers, body: bytes) -> None:
        if body and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "this takes JSON, as content-type: application/json")
        try:
            sent = json.loads(body or b"null", parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, "this is not JSON") from error
        session = sent.get("session_hash") if isinstance(sent, dict) else None
        if isinstance(session, str) and len(session) > SESSION_CHARS:
            raise HTTPException(400, "the name of the session is too long")
        if not all(self._is_upload(file["path"]) for file in _files(sent)):
            raise HTTPException(400, "a file that was not uploaded here was named. Upload it first")

    def _is_upload(self, path: object) -> bool:
        try:
            return isinstance(path, str) and Path(os.path.realpath(path)).is_relative_to(self._uploads)
        except (OSError, ValueError):
            return False


class _Counted:
    """A `receive` that refuses a body which is too long, or stops coming."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left = receive, most
        self._is_whole = False
        self._until = time.monotonic() + IDLE_S

    async def __call__(self) -> Message:
        if self._is_whole:  # what comes after a body is that its sender has gone
            return await self._receive()
        try:
            async with asyncio.timeout(min(IDLE_S, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, "the request did not arrive in time") from error
        if message["type"] == "http.disconnect":
            raise HTTPException(400, "the request broke off")
        size = len(message.get("body", b""))
        self._left -= size
        self._until += size / SLOWEST
        self._is_whole = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(413, "the request is too large")
        return message


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body once more, which has been read already."""
    left = [body]

    async def read_again() -> Message:
        return {"type": "http.request", "body": left.pop()} if left else await receive()

    return read_again


def _length(headers: Headers, most: int) -> int:
    """The bytes of body that are announced, else `most`. Raises: HTTPException when more than `most` are."""
    announced = headers.get("content-length", str(most))
    if not announced.isascii() or not announced.isdigit() or len(announced) > 12:
        raise HTTPException(400, "content-length is no number")
    if int(announced) > most:
        raise HTTPException(413, "the request is too large")
    return int(announced)


def _files(sent: Any) -> Iterator[dict[str, Any]]:
    """Every object that Gradio might take for a file of the server, at any depth of the JSON that was sent.

    Raises: HTTPException when it has more than `VALUES` values.
    """
    waiting = [sent]
    left = VALUES
    while waiting:
        value = waiting.pop()
        left -= 1
        if left < len(waiting):
            raise HTTPException(413, f"there are more than {VALUES:,} values in this")
        if isinstance(value, dict):
            if "path" in value and "meta" in value:
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
