"""The conversation that an open page shows, so that an answer is never written over another conversation.

Gradio sends what each event gives as it comes: without this, a piece of an answer that was on its
way when its reader went elsewhere would be painted over what is shown by then.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from typing import Self, TypeVar

T = TypeVar("T")

_SENDING_S = 5.0  # no piece is on its way for longer, unless its reader is gone


class Screen:
    """The conversation that one page has open, and whether a piece of an answer is on its way to it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shows: str | None = None
        self._sending = False

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Another screen: Gradio copies a state for each page that is opened."""
        return type(self)()

    def turn_to(self, conversation: str) -> None:
        """Show this conversation from now on; returns when no piece for another one is on its way any more."""
        with self._changed:
            self._shows = conversation
            self._changed.wait_for(lambda: not self._sending, timeout=_SENDING_S)

    def pieces(self, pieces: Generator[T, None, None], *, of: str) -> Generator[T, None, bool]:
        """The pieces written in a conversation, until the page shows another one; then the writing is closed.

        Returns whether these were all.
        """
        with closing(pieces):
            for piece in pieces:
                with self._changed:
                    if self._shows not in (of, None):  # none when the server was started again under an open page
                        return False
                    self._shows, self._sending = of, True
                try:
                    yield piece  # comes back when it has been sent
                finally:
                    with self._changed:
                        self._sending = False
                        self._changed.notify_all()
        return True
