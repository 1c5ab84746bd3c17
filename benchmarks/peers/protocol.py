"""How a peer takes its turn: for each line on its standard input it does its work and prints one JSON object.

Nothing but the standard library: this runs in the peer's own environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def serve(work: Callable[[], dict[str, Any]]) -> None:
    """Do `work` for every line that arrives; what libraries print goes to standard error."""
    answers, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    os.dup2(2, 1)
    for _ in sys.stdin:
        print(json.dumps(work()), file=answers, flush=True)


@contextmanager
def timing(found: dict[str, Any], name: str) -> Iterator[None]:
    """Note how many seconds the block takes."""
    started = time.perf_counter()
    yield
    found[name] = time.perf_counter() - started
