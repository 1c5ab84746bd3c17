"""The limits on visitors: questions in a minute, tries to log in, bytes uploaded.

All of it is counted in memory, and forgotten when the page stops. A visitor is a login, else an address.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from starlette.exceptions import HTTPException

from qa.errors import QuestionError

T = TypeVar("T")

MINUTE_S = 60.0
VISITORS = 10_000  # remembered at most; the one not seen for the longest time is forgotten first
FREE_TRIES = 5
TRY_S = 2.0  # between further ones
WAITING = 5  # tries of one address
FORGIVEN_S = 900.0
SMALLEST = 100_000  # bytes that a file on its way counts for, as each takes a folder and a look

address: ContextVar[str] = ContextVar("address", default="")
"""The address that sent the request which is being worked on."""

_log = logging.getLogger("qa.login")


class Pace:
    """A counter of what each visitor did lately; `most` of 0 is without limit."""

    def __init__(self, most: int, what: str, *, span_s: float = MINUTE_S) -> None:
        """Of `what`, in words for a visitor, there may be `most` in `span_s`."""
        self._most, self._what, self._span_s = most, what, span_s
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()
        self._counting = threading.Lock()

    def count(self, visitor: str) -> None:
        """Count one more. Raises: QuestionError when it is one too many, with the seconds to wait."""
        if not self._most:
            return
        with self._counting:
            now, times = time.monotonic(), _remembered(self._asked, visitor, deque)
            while times and now - times[0] >= self._span_s:
                times.popleft()
            if len(times) >= self._most:
                wait_s = math.ceil(times[0] + self._span_s - now)
                raise QuestionError(f"you have had your {self._most} {self._what}. Wait {wait_s} s, then go on")
            times.append(now)


class Tries:
    """A check of name and password that becomes slow, for an address and for a name, after a few failures."""

    def __init__(self, check: Callable[[str, str], bool]) -> None:
        self._is_right = check
        self._turnstiles: OrderedDict[str, _Turnstile] = OrderedDict()
        self._known: OrderedDict[str, _Turnstile] = OrderedDict()  # of who has logged in from an address before
        self._working = asyncio.Semaphore(2)  # a check takes 16 MB and 0.16 s

    async def check(self, name: str, password: str) -> bool:
        """Whether it is right. Raises: HTTPException (429) when too many tries of the address are waiting."""
        where, who = address.get(), name[:200]
        by_address = _remembered(self._turnstiles, f"address {where}", _Turnstile)
        # Others who guess at a name must not keep its owner out.
        by_name = self._known.get(f"{where} {who}") or _remembered(self._turnstiles, f"name {who}", _Turnstile)
        if by_address.waiting >= WAITING:
            raise HTTPException(429, "too many tries to log in. Wait a minute, then try again")
        async with by_address.turn(), by_name.turn(), self._working:
            is_right = await asyncio.to_thread(self._is_right, name, password)
            if is_right:
                by_name.failures = 0  # and not those of the address: its next try may be another's name
                _remembered(self._known, f"{where} {who}", _Turnstile)
            else:
                by_address.failures += 1
                by_name.failures += 1
                _log.warning("login failed: %s from %s", ascii(name[:60]), ascii(where))
        return is_right


class _Turnstile:
    """Lets one try at a time through; after `FREE_TRIES` failures, one every `TRY_S` seconds."""

    def __init__(self) -> None:
        self.waiting = self.failures = 0
        self._lock = asyncio.Lock()
        self._last = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The turn of one try, once it has come."""
        self.waiting += 1
        try:
            async with self._lock:
                since_s = time.monotonic() - self._last
                if since_s > FORGIVEN_S:
                    self.failures = 0
                if self.failures >= FREE_TRIES:
                    await asyncio.sleep(TRY_S - since_s)
                yield
                self._last = time.monotonic()
        finally:
            self.waiting -= 1


class Room:
    """A quota of the bytes that all visitors together have uploaded: on their way, in `incoming`, and in `kept`."""

    def __init__(self, incoming: Path, kept: Path, *, most: int) -> None:
        self._incoming, self._kept, self._most = incoming, kept, most
        self._coming: list[int] = []

    def held(self) -> int:
        """The bytes of all that was uploaded, each file on its way counted as `SMALLEST` at least."""
        return _size(self._incoming, least=SMALLEST) + _size(self._kept, least=0)

    @contextmanager
    def taken(self, size: int, *, held: int) -> Iterator[None]:
        """Keep room for an upload while it comes. Raises: HTTPException (507) when there is none."""
        if held + sum(self._coming) + size > self._most:
            raise HTTPException(507, "there is no room for more uploads. Remove documents, or raise QA_UPLOAD_MB")
        self._coming.append(size)
        try:
            yield
        finally:
            self._coming.remove(size)
            if not self._coming:
                self._forget_parts()

    def _forget_parts(self) -> None:
        """Delete what Gradio leaves of uploads that broke off; a whole one has a folder of its own."""
        for file in self._incoming.glob("*"):
            if not file.is_dir():
                file.unlink(missing_ok=True)


def _size(folder: Path, *, least: int) -> int:
    """The bytes of all files below a folder, at least so many for each."""
    held = 0
    for at, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it has just gone
                held += max(Path(at, name).lstat().st_size, least)
    return held


def _remembered(seen: OrderedDict[str, T], visitor: str, make: Callable[[], T]) -> T:
    """The entry of a visitor; a new one takes the room of the one not seen for the longest time."""
    if visitor not in seen:
        seen[visitor] = make()
        if len(seen) > VISITORS:
            seen.popitem(last=False)
    seen.move_to_end(visitor)
    return seen[visitor]
