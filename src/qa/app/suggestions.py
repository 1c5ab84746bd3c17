"""The example questions that the page suggests, found beside its work."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from qa.answers.replies.examples import kept_examples
from qa.errors import QAError, QuestionError
from qa.types import Answer

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

_WAIT_S = 5  # what the first page waits for them


class Suggestions:
    """The example questions for what is indexed; the built-in way of answering finds them."""

    def __init__(self, bot: Chatbot, *, cache: Path) -> None:
        self._bot = bot
        self._cache = cache
        self._found: tuple[str, ...] = ()
        self._lock = threading.Lock()  # of starting a search, and of keeping what the latest has found
        self._latest: threading.Thread | None = None
        self._closed = False

    def refresh(self) -> None:
        """Look again, now that the documents have changed."""
        with self._lock:
            thread = threading.Thread(target=self._find, daemon=True)
            thread.start()
            self._latest = thread

    def close(self) -> None:
        """Ask no further question, and wait for the one under way: a process must not end in the middle of one."""
        self._closed = True
        if self._latest is not None:
            self._latest.join()

    def questions(self) -> tuple[str, ...]:
        """The questions found, after a short wait for a search under way."""
        if self._latest is not None:
            self._latest.join(_WAIT_S)
        return self._found

    def _find(self) -> None:
        try:
            bot = self._bot
            found = kept_examples(bot.documents(), document=bot.document, ask=self._ask, cache=self._cache)
        except QAError:
            found = ()  # a document went meanwhile, and the next change looks again
        with self._lock:
            if threading.current_thread() is self._latest:  # else the documents have changed since
                self._found = found

    def _ask(self, question: str) -> Answer:
        if self._closed:
            raise QuestionError("the page has ended")
        return self._bot.ask(question)
