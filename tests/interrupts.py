"""Processes that Ctrl+C reaches, however the tests were started."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """A shell that starts the tests in the background has them ignore interrupts, and what they start too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
