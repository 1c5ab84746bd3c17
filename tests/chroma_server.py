"""A real `chroma run` on loopback, the proxy before it that asks for a token, speaks TLS, or fails, and other stores.

Chroma's own server knows neither tokens nor TLS since 1.0, so a proxy is how it is deployed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

# A key and certificate for 127.0.0.1 and the authority that signed it, made with openssl for these tests alone.
CERTIFICATE = Path(__file__).parent / "data" / "loopback.pem"
AUTHORITY = Path(__file__).parent / "data" / "authority.pem"
METHODS = ["GET", "POST", "PUT", "DELETE"]


@dataclass
class ChromaServer:
    """The server of one folder; it keeps its port when it is stopped and started again."""

    folder: Path
    port: int = 0

    def __enter__(self) -> Self:
        self.port = self.port or free_port()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(self.folder)]
        with (self.folder.parent / "chroma.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self.port)], stdout=log, stderr=log
            )
        wait_for(f"{self.url}/api/v2/heartbeat")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass
class Proxy:
    """Lets through to `upstream` whoever sends `secret` in `header`; with `tls` over TLS.

    While `failing` is a status, that is what every request gets; while `silent`, none is answered.
    `records` is how many records a request may write or ask for, as Chroma Cloud limits them;
    `identity` is who the sender is said to be. `requests` are those that were let through.
    """

    upstream: str
    header: str = "Authorization"
    secret: str = "Bearer correct horse"
    tls: bool = False
    failing: int | None = None
    silent: bool = False
    records: int | None = None
    identity: dict[str, object] | None = None
    refused: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._client = httpx.AsyncClient(base_url=self.upstream, timeout=60)
        app = Starlette(routes=[Route("/{path:path}", self._forward, methods=METHODS)])
        keys = {"ssl_keyfile": CERTIFICATE, "ssl_certfile": CERTIFICATE} if self.tls else {}
        self.port = free_port()
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, host="127.0.0.1", port=self.port, log_level="critical", lifespan="off", loop="asyncio", **keys
            )
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def _forward(self, request: Request) -> Response:
        while self.silent:
            await asyncio.sleep(0.05)
        if self.failing:
            return PlainTextResponse("the upstream is away", status_code=self.failing)
        if request.headers.get(self.header) != self.secret:
            return PlainTextResponse("no", status_code=401)
        if self.identity and request.url.path.endswith("/auth/identity"):
            return JSONResponse(self.identity)
        body = await request.body()
        self.requests.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        if self.records and (count := _records(body)) > self.records:
            self.refused.append(f"{request.url.path}: {count} records")
            return PlainTextResponse("quota exceeded", status_code=422)
        answer = await self._client.request(
            request.method,
            request.url.path,
            params=request.query_params,
            content=body,
            headers={"content-type": "application/json"},
        )
        return Response(answer.content, status_code=answer.status_code, media_type="application/json")


@contextmanager
def silent_server() -> Iterator[str]:
    """The address of a server that takes connections and requests, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass(frozen=True, slots=True)
class Store:
    """One of the kinds of store that can run here."""

    kind: str
    server: str = ""

    def settings(self, folder: Path) -> dict[str, str]:
        """What opens an index of its own, empty at first; what is on disk is below `folder`."""
        places = {"folder": str(folder / "index"), "server": self.server, "memory": ":memory:"}
        collection = "documents" if self.kind == "folder" else f"documents-{uuid.uuid4().hex}"
        return {"chroma": places[self.kind], "collection": collection, "home": str(folder / "home")}

    def between_processes(self) -> None:
        """Skip a test in which two processes share an index, where they cannot."""
        if self.kind == "memory":
            pytest.skip("what is in memory belongs to one process")


def _records(body: bytes) -> int:
    """How many records a request writes, names or asks for; all there are when a `get` sets no limit."""
    asked = json.loads(body) if body else {}
    if "include" in asked and asked.get("ids") is None and "query_embeddings" not in asked:
        return int(asked.get("limit") or sys.maxsize)
    return max(len(asked.get("ids") or ()), asked.get("n_results") or 0)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(url: str, *, timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            httpx.get(url, timeout=1, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{url} did not answer within {timeout_s} s; pid {os.getpid()}")
