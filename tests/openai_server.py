"""A scripted OpenAI-compatible server on loopback: what tests and benchmarks talk to instead of a provider.

Each request to `/v1/chat/completions` takes the next `Step` of the script and streams it as real
chunked server-sent events; `/v1/embeddings` answers with vectors made from the text.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from array import array
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

DIMENSION = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How one request is answered.

    `cut` breaks the connection after the pieces; a `finish_reason` of None ends the stream without one.
    `read` is how many tokens of the prompt it reports.
    `delay_s` passes before the response begins, `pause_s` after each piece.
    """

    pieces: tuple[str, ...] = ()
    status: int = 200
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    finish_reason: str | None = "stop"
    usage: bool = True
    read: int = 10_000
    cut: bool = False
    delay_s: float = 0.0
    pause_s: float = 0.0


class OpenAIServer:
    """The server, running while its context is open; `requests` holds the bodies and headers that came."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.models = ["scripted"]  # that it lists
        self.letters = "aeioulnt"  # counted in a text, they are its vector
        self.packs = True  # vectors as base64, where a client asks for it
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.disconnected = threading.Event()
        self.sent_at: list[float] = []  # time.monotonic of each piece, the same clock in every process
        routes = [
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/v1/embeddings", self._embeddings, methods=["POST"]),
            Route("/v1/models", self._models),
        ]
        app = Starlette(routes=routes)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", loop="asyncio")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)  # a client may keep its connection open; the thread ends with the process then

    def step(self, body: dict[str, Any]) -> Step:
        """How this request is answered; a subclass may look at it first."""
        return self.steps.pop(0) if self.steps else Step(pieces=("Nothing is scripted.",))

    async def _chat(self, request: Request) -> Response:
        asked = await self._note(request)
        step = self.step(asked)
        if step.status != 200:
            error = {"error": {"message": step.error, "type": "scripted", "param": None, "code": None}}
            return JSONResponse(error, status_code=step.status, headers=step.headers)
        if step.body is not None:
            return Response(step.body, media_type=step.headers.get("content-type", "application/json"))
        await asyncio.sleep(step.delay_s)
        if asked.get("stream"):
            return StreamingResponse(self._events(step), media_type="text/event-stream")
        message = {"role": "assistant", "content": "".join(step.pieces)}
        choice = {"index": 0, "message": message, "finish_reason": step.finish_reason}
        return JSONResponse({**_chunk("chat.completion"), "choices": [choice], "usage": _usage(step)})

    async def _events(self, step: Step) -> AsyncIterator[str]:
        try:
            yield _event(delta={"role": "assistant", "content": ""})
            for piece in step.pieces:
                self.sent_at.append(time.monotonic())
                yield _event(delta={"content": piece})
                await asyncio.sleep(step.pause_s)
        except asyncio.CancelledError:
            self.disconnected.set()
            raise
        if step.cut:
            raise ConnectionAbortedError("the script cuts the stream here")
        if step.finish_reason:
            yield _event(delta={}, finish_reason=step.finish_reason)
            if step.usage:
                yield f"data: {json.dumps({**_chunk(), 'choices': [], 'usage': _usage(step)})}\n\n"
            yield "data: [DONE]\n\n"

    async def _embeddings(self, request: Request) -> Response:
        asked = await self._note(request)
        step = self.step(asked)
        if step.status != 200:
            said = step.body or json.dumps({"error": {"message": step.error}})
            return Response(said, step.status, step.headers, "application/json")
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        vectors = [[float(text.count(letter)) + 1 for letter in self.letters] for text in texts]
        packed = self.packs and asked.get("encoding_format") == "base64"
        shown = [b64encode(array("f", each).tobytes()).decode() for each in vectors] if packed else vectors
        data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(shown)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return JSONResponse({"object": "list", "model": asked["model"], "data": data, "usage": usage})

    async def _models(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self.models]
        return JSONResponse({"object": "list", "data": data})

    async def _note(self, request: Request) -> dict[str, Any]:
        asked: dict[str, Any] = await request.json()
        self.requests.append(asked)
        self.headers.append(dict(request.headers))
        return asked


def _usage(step: Step) -> dict[str, int]:
    return {"prompt_tokens": step.read, "completion_tokens": 20, "total_tokens": step.read + 20}


def _chunk(kind: str = "chat.completion.chunk") -> dict[str, Any]:
    return {"id": "scripted", "object": kind, "created": 0, "model": "scripted"}


def _event(*, delta: dict[str, str], finish_reason: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return f"data: {json.dumps({**_chunk(), 'choices': [choice]})}\n\n"
