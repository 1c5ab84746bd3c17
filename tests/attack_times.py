"""Whether what reads a text takes time in proportion to it.

Only times that were taken in turn are compared, so a slow or busy machine is no reason.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIZE = 2_000
LONG_S = 0.02
LARGEST = 64 * SIZE
GROWTH = 8  # of the time for four times the size: 4 is linear, 16 quadratic
TRIES = 3
LIMIT_S = 0.5


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """An exponential pattern is stopped: `re` looks at signals while it matches."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds(run: Callable[[int], object], size: int, *, limit_s: float = LIMIT_S) -> float:
    """The processor time that one run takes in this thread."""
    with at_most(limit_s):
        started = time.thread_time()
        run(size)
        return time.thread_time() - started


def growth(run: Callable[[int], object], size: int, *, tries: int = 2, limit_s: float = LIMIT_S) -> float:
    """The time for a size over that for a quarter of it, each the best of several tries, which take turns."""
    tried = [[seconds(run, each, limit_s=limit_s) for each in (size, size // 4)] for _ in range(tries)]
    large, small = map(min, zip(*tried, strict=True))
    return large / small


def grows(run: Callable[[int], object], *, limit_s: float = LIMIT_S) -> str | None:
    """How the time grows when it is more than in proportion to the size; else None."""
    size = 4 * SIZE
    try:
        while (took := seconds(run, size, limit_s=limit_s)) < LONG_S and size < LARGEST:
            size *= 2
        if took < LONG_S / 2 or (found := growth(run, size, tries=TRIES, limit_s=limit_s)) < GROWTH:
            return None
    except TimeoutError:
        return f"more than {limit_s} s for {size:,} characters"
    return f"{found:.1f} times the time for four times {size // 4:,} characters"
