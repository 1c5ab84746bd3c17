"""Example questions from the indexed documents, kept only when they are answered.

Each is made of one sentence, then asked: the answer must rest on the very sentence it was made of.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from qa.app.questions import make_question
from qa.documents.sentences import split_sentences
from qa.errors import QAError, QuestionError
from qa.index.private import write_whole
from qa.types import Answer, Document

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

WANTED = 4
_ASKED = 40  # questions tried at most
_DOCUMENTS, _READ = 20, 20_000  # documents looked through, and characters of each
_WAIT_S = 5  # what the first page waits for them


class Examples:
    """The example questions for what is indexed, found beside the page's work and kept in a file."""

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
        found = self._look()
        with self._lock:
            if threading.current_thread() is self._latest:  # else the documents have changed since
                self._found = tuple(found.get("questions", ()))
                if found:
                    write_whole(self._cache, json.dumps(found, ensure_ascii=False))

    def _look(self) -> dict[str, list[str]]:
        """The questions with the versions of the documents they are about; nothing when one went meanwhile."""
        try:
            records = self._bot.documents()
            versions = sorted(f"{each.id}@{each.version}" for each in records)
            known = self._read()
            if known.get("versions") == versions:
                return known
            chosen = records[:: max(1, len(records) // _DOCUMENTS)][:_DOCUMENTS]
            documents = [self._bot.document(each.id) for each in chosen]
            return {"versions": versions, "questions": list(find_examples(documents, ask=self._ask))}
        except QAError:
            return {}  # the next change looks again

    def _ask(self, question: str) -> Answer:
        if self._closed:
            raise QuestionError("the page has ended")
        return self._bot.ask(question)

    def _read(self) -> dict[str, list[str]]:
        try:
            return dict(json.loads(self._cache.read_text("utf-8")))
        except (OSError, ValueError):
            return {}


def find_examples(documents: Iterable[Document], *, ask: Callable[[str], Answer]) -> tuple[str, ...]:
    """Up to `WANTED` questions that `ask` answers from the sentences they were made of."""
    proposed = islice(_in_turn([list(propose(document)) for document in documents]), _ASKED)
    kept: dict[str, None] = {}
    for question, document, offset in proposed:
        if len(kept) == WANTED:
            break
        if question not in kept and _rests_on(ask(question), document=document, offset=offset):
            kept[question] = None
    return tuple(kept)


def propose(document: Document) -> Iterator[tuple[str, str, int]]:
    """Questions that single sentences answer, each with its document's id and the sentence's offset."""
    for span in split_sentences(document.text[:_READ]):
        question = make_question(" ".join(document.text[span.start : span.end].split()))
        if question is not None:
            yield question, document.id, span.start


def _in_turn(lists: list[list[tuple[str, str, int]]]) -> Iterator[tuple[str, str, int]]:
    """The first of every list, then the second of every list, and so on."""
    for position in range(max(map(len, lists), default=0)):
        yield from (each[position] for each in lists if position < len(each))


def _rests_on(answer: Answer, *, document: str, offset: int) -> bool:
    return not answer.abstained and any(
        citation.document == document and citation.start <= offset < citation.end for citation in answer.citations[:1]
    )
