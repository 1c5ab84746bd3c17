"""How far an answer has come, told while it is made: to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, dispatch_custom_event
from langchain_core.documents import Document

PART = "part"  # the name of the event that a part of a document is read next


def tell_part(number: int, count: int) -> None:
    """Tell a chain's callbacks that a model reads this part of so many next; within a step of the chain only."""
    dispatch_custom_event(PART, (number, count))


class Found(BaseCallbackHandler):
    """Calls `tell` when the passages of an answer have been found, which a model then reads; for a chain's `config`.

    Where it reads a document in parts, `tell_part` is called with the number of each and how many there are.
    """

    def __init__(self, tell: Callable[[], None], *, tell_part: Callable[[int, int], None]) -> None:
        self._tell, self._tell_part = tell, tell_part

    def on_retriever_end(self, documents: Sequence[Document], **told: Any) -> None:
        """Tell."""
        self._tell()

    def on_custom_event(self, name: str, data: Any, **told: Any) -> None:
        """Tell of a part."""
        if name == PART:
            self._tell_part(*data)
