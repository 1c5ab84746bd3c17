"""The limits on a model's server, in time and in bytes, and the event loop in which they can be kept.

A blocking client is out of reach while a server drips its headers or keeps the line open with
comments; only an await can be ended. So the clients that we make run in one event loop of this module, in
a thread of its own, whether the caller awaits or not.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import httpx2
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient

from qa.models import refusals

T = TypeVar("T")

WHOLE_REPLY_TIMEOUTS = 10  # a whole reply may take so many times as long as its next words
REPLY_BYTES = 8_000_000  # 25,000 tokens: the event of each is some 300 bytes
HERE = ("127.0.0.1", "localhost", "[::1]")  # no proxy leads to this machine, whatever the environment says
VECTOR_BYTES = 100_000_000  # a thousand vectors of 3,072 numbers, written out, are 37 MB


_LOOP: asyncio.AbstractEventLoop


def _start_loop() -> None:
    global _LOOP
    _LOOP = asyncio.new_event_loop()
    threading.Thread(target=_LOOP.run_forever, name="qa-models", daemon=True).start()


_start_loop()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_loop)  # the loop's thread does not exist in a forked process


class Patience:
    """The two clocks of one reply: `timeout_s` for its next words, ten times as long for the whole.

    The first starts when the server begins to answer, since a client asks up to three times before that.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._end = self._until = time.monotonic() + WHOLE_REPLY_TIMEOUTS * timeout_s
        self._wait: asyncio.Timeout | None = None

    def renew(self) -> None:
        """Start the clock of the next words anew."""
        self._until = min(self._end, time.monotonic() + self._timeout_s)
        if self._wait:
            self._wait.reschedule(self._loop_time())

    def check(self) -> None:
        """Raise TimeoutError when no words have come in time, whatever else has."""
        if time.monotonic() > self._until:
            raise TimeoutError

    async def next_of(self, items: AsyncIterator[T]) -> T | None:
        """The next item, None at the end. Raises: TimeoutError."""
        _asking.set(self)
        try:
            async with asyncio.timeout_at(self._loop_time()) as self._wait:
                return await anext(items, None)
        finally:
            self._wait = None

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time() + self._until - time.monotonic()


_asking: ContextVar[Patience | None] = ContextVar("asking", default=None)


class Client(DefaultAsyncHttpxClient):
    """The HTTP client of the models that we make: bounded in time and bytes, follows no redirect, unpacks nothing.

    What a server refuses of a request is left out, and it is asked once more.
    """

    def __init__(self, *, timeout_s: float, limit: int) -> None:
        self._timeout_s = timeout_s
        self._limit = limit
        self._open()

    def _open(self) -> None:
        super().__init__(
            timeout=self._timeout_s, follow_redirects=False, mounts={f"all://{host}": None for host in HERE}
        )
        self._process = os.getpid()

    async def send(self, request: httpx2.Request, *, stream: bool = False, **how: Any) -> httpx2.Response:
        """The response within `timeout_s`: its beginning if it is a stream, else all of it."""
        request.headers["accept-encoding"] = "identity"
        if self._process != os.getpid():  # the connections are its parent's
            self._open()
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._answer(request, how)
                if not stream:
                    await response.aread()
        except TimeoutError as error:
            raise httpx2.ReadTimeout("the server did not answer in time", request=request) from error
        patience = _asking.get()
        if patience and response.is_success:
            patience.renew()
        return response

    async def _answer(self, request: httpx2.Request, how: dict[str, Any]) -> httpx2.Response:
        """The response to a request that the server takes, or to one of which nothing more can be left out."""
        asked = refusals.Request(str(request.url), request.content)
        while True:
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            again = httpx2.Request(
                request.method, request.url, headers=headers, content=asked.content, extensions=request.extensions
            )
            response = await super().send(again, stream=True, **how)
            response.headers.pop("content-encoding", None)  # what is packed nevertheless cannot be read
            response.stream = _Limited(cast("httpx2.AsyncByteStream", response.stream), self._limit)
            if response.is_success:
                asked.accepted()
            elif response.status_code in refusals.STATUSES:
                await response.aread()
                if asked.refused(response.text):
                    continue
            return response


class Compatible(ChatOpenAI):
    """OpenAI's chat model in LangChain, for servers that differ: it reads an end that says `"delta": null`, too."""

    def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *given: Any) -> ChatGenerationChunk | None:
        for choice in chunk.get("choices") or ():
            if isinstance(choice, dict) and choice.get("finish_reason") and choice.get("delta") is None:
                choice["delta"] = {}
        return super()._convert_chunk_to_generation_chunk(chunk, *given)


class _Limited(httpx2.AsyncByteStream):
    """A response's bytes, broken off beyond a limit."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx2.ReadError("the response is too long")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def run_in_loop(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that is run in the loop of our clients; Ctrl+C cancels it."""
    doing = asyncio.run_coroutine_threadsafe(work, _LOOP)
    try:
        return doing.result()
    finally:
        doing.cancel()


def iterate_in_loop(items: AsyncGenerator[T]) -> Generator[T]:
    """The items of an async generator that is run in that loop; closing this closes it."""
    try:
        while (item := run_in_loop(_next(items))) is not None:
            yield item
    except GeneratorExit:
        run_in_loop(_close(items))
        raise


async def aiterate_in_loop(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """As `iterate_in_loop`, for a caller that awaits in another loop."""
    try:
        while (item := await _arun_in_loop(_next(items))) is not None:
            yield item
    except GeneratorExit:
        await _arun_in_loop(_close(items))
        raise


async def _arun_in_loop(work: Coroutine[Any, Any, T]) -> T:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _LOOP))


async def _next(items: AsyncGenerator[T]) -> T | None:
    return await anext(items, None)


async def _close(items: AsyncGenerator[Any]) -> None:
    await items.aclose()
