"""The example questions that the page suggests, found beside its work."""

from __future__ import annotations

import threading
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from qa.answers.replies.examples import WANTED, kept_examples, propose
from qa.app.history import Conversation
from qa.errors import QAError, QuestionError
from qa.types import Answer, Record

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

_WAIT_S = 5  # what the first page waits for them
_NEXT = 3  # questions after an answer
_TRIED = 8  # of those that a document proposes, asked to find whether it answers them


class Suggestions:
    """The example questions for what is indexed; the built-in way of answering finds them."""

    def __init__(self, bot: Chatbot, *, cache: Path) -> None:
        self._bot = bot
        self._cache = cache
        self._found: tuple[str, ...] = ()
        self._lock = threading.Lock()  # of starting a search, and of keeping what the latest has found
        self._latest: threading.Thread | None = None
        self._answered_by = lru_cache(maxsize=256)(self._find_answered)
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

    def after(self, conversation: Conversation) -> list[str]:
        """Up to three questions that were not asked here yet, answered by the documents that the last answer cites.

        Where it cites none, they are the examples of the first page.
        """
        answers = [turn.answer for turn in conversation.turns]
        cited = {each.document for each in answers[-1].citations} if answers else {}
        records = [record for record in self._bot.documents() if record.id in cited][:_NEXT]
        try:
            found = [each for record in records for each in self._answered_by(record)] or self._found
        except QAError:  # a document went meanwhile, or the page ends
            return []
        asked = {answer.question.casefold() for answer in answers}
        asked |= {about(record).casefold() for record in records if answers[-1].overview}
        return [each for each in dict.fromkeys(found) if each.casefold() not in asked][:_NEXT]

    def _find_answered(self, record: Record) -> list[str]:
        proposed = dict.fromkeys(question for question, *_ in propose(self._bot.document(record.id)))
        answered = (each for each in islice(proposed, _TRIED) if not self._ask(each).abstained)
        return [*islice(answered, _NEXT - 1), about(record)]

    def _find(self) -> None:
        try:
            bot = self._bot
            records = bot.documents()
            found = kept_examples(records, document=bot.document, ask=self._ask, cache=self._cache)
            found = (*found, *map(about, records))[:WANTED]
        except QAError:
            found = ()  # a document went meanwhile, and the next change looks again
        with self._lock:
            if threading.current_thread() is self._latest:  # else the documents have changed since
                self._found = found

    def _ask(self, question: str) -> Answer:
        if self._closed:
            raise QuestionError("the page has ended")
        return self._bot.ask(question)


def about(record: Record) -> str:
    """The question that every document answers, with an overview of itself."""
    return f"What is “{record.title}” about?"
