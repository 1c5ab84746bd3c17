"""How far an answer has come, told while it is made: to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document


class Found(BaseCallbackHandler):
    """Calls `tell` when the passages of an answer have been found, which a model then reads; for a chain's `config`."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_retriever_end(self, documents: Sequence[Document], **told: Any) -> None:
        """Tell."""
        self._tell()
