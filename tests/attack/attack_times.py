"""Whether what reads a text takes time in proportion to it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIZE = 2_000
LONG_S = 0.02
LARGEST = 64 * SIZE
GROWTH = 2.8  # of the time when the size doubles: 2 is linear, 4 quadratic
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


def seconds(task: Callable[[], object], *, tries: int = 1) -> float:
    """The processor time that a task takes in this thread, the best of several tries."""
    best = float("inf")
    for _ in range(tries):
        started = time.thread_time()
        task()
        best = min(best, time.thread_time() - started)
    return best


def grows(run: Callable[[int], object], *, size: int = SIZE, limit_s: float = LIMIT_S) -> str | None:
    """How the time grows when it is more than in proportion to the size, over two doublings; else None."""
    times: list[float] = []
    try:
        with at_most(limit_s):
            while size <= LARGEST and (len(times) < 3 or times[-1] < LONG_S):
                times.append(seconds(lambda: run(size), tries=3))  # noqa: B023  # it is run at once
                size *= 2
    except TimeoutError:
        return f"more than {limit_s} s for {size:,} characters"
    if times[-1] < LONG_S / 2 or times[-1] < GROWTH**2 * times[-3]:
        return None
    return ", ".join(f"{1000 * each:.1f}" for each in times) + " ms, the size doubled each time"
