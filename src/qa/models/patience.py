"""How long a model's server is waited for, how much of its answer is read, and where that is done.

A blocking client is out of reach while a server drips its headers or keeps the line open with
comments; only an await can be ended. So our own clients run in one event loop, whoever asks.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import httpx2
from openai import DefaultAsyncHttpxClient

T = TypeVar("T")

TIMES = 10  # the whole of a reply may take so many times as long as its next words
REPLY_BYTES = 8_000_000  # 25,000 tokens: the event of each is some 300 bytes
VECTOR_BYTES = 100_000_000  # a thousand vectors of 3,072 numbers, written out, are 37 MB


def _start() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="qa-models", daemon=True).start()
    return loop


def _start_again() -> None:
    global _LOOP
    _LOOP = _start()


_LOOP = _start()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)  # a fork takes no thread along, and would wait for ever


class Patience:
    """How long one reply is waited for: `timeout_s` for its next words, ten times as long for the whole.

    The clock of the words starts when the server begins to answer, as it may have to be asked three times.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._end = self._until = time.monotonic() + TIMES * timeout_s
        self._wait: asyncio.Timeout | None = None

    def renew(self) -> None:
        """Start the clock of the next words."""
        self._until = min(self._end, time.monotonic() + self._timeout_s)
        if self._wait:
            self._wait.reschedule(self._loop_time())

    def check(self) -> None:
        """Raises: TimeoutError when words are late although much else comes."""
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
    """The HTTP client of our own models: bounded in time and bytes, follows no redirect, unpacks nothing."""

    def __init__(self, *, timeout_s: float, limit: int) -> None:
        self._timeout_s = timeout_s
        self._limit = limit
        self._open()

    def _open(self) -> None:
        super().__init__(timeout=self._timeout_s, follow_redirects=False)
        self._process = os.getpid()

    async def send(self, request: httpx2.Request, *, stream: bool = False, **how: Any) -> httpx2.Response:
        """The response within `timeout_s`: its beginning if it is a stream, else all of it."""
        request.headers["accept-encoding"] = "identity"
        if self._process != os.getpid():  # the connections are its parent's
            self._open()
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await super().send(request, stream=True, **how)
                response.headers.pop("content-encoding", None)  # what is packed nevertheless cannot be read
                response.stream = _Limited(cast("httpx2.AsyncByteStream", response.stream), self._limit)
                if not stream:
                    await response.aread()
        except TimeoutError as error:
            raise httpx2.ReadTimeout("late", request=request) from error
        patience = _asking.get()
        if patience and response.is_success:
            patience.renew()
        return response


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


def wait(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that is done in the loop of our own clients; Ctrl+C ends the work."""
    doing = asyncio.run_coroutine_threadsafe(work, _LOOP)
    try:
        return doing.result()
    finally:
        doing.cancel()


def waited(items: AsyncGenerator[T]) -> Generator[T]:
    """The items, made in that loop; closing this closes them."""
    try:
        while (item := wait(_next(items))) is not None:
            yield item
    except GeneratorExit:
        wait(_close(items))
        raise


async def awaited(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """As `waited`, for whoever has a loop of their own."""
    try:
        while (item := await _there(_next(items))) is not None:
            yield item
    except GeneratorExit:
        await _there(_close(items))
        raise


async def _there(work: Coroutine[Any, Any, T]) -> T:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _LOOP))


async def _next(items: AsyncGenerator[T]) -> T | None:
    return await anext(items, None)


async def _close(items: AsyncGenerator[Any]) -> None:
    await items.aclose()
