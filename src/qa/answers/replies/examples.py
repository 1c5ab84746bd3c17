"""Example questions from the indexed documents, kept only when they are answered.

Each is made of one sentence, then asked: the answer must rest on the very sentence it was made of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from qa.answers.replies.questions import Questions
from qa.documents.sentences import split_sentences
from qa.index.private import write_whole
from qa.types import Answer, Document, Record

WANTED = 4
_MADE = "2"  # how questions are made: those that an earlier way has left in the file are found again
_ASKED = 40  # questions tried at most
_DOCUMENTS, _READ = 20, 20_000  # documents looked through, and characters of each


def kept_examples(
    records: Sequence[Record], *, document: Callable[[str], Document], ask: Callable[[str], Answer], cache: Path | None
) -> tuple[str, ...]:
    """The example questions about these documents: those in the file, where it is about just these, else found now.

    Raises: QAError when a document went meanwhile; nothing is kept then.
    """
    versions = [_MADE, *sorted(f"{each.id}@{each.version}" for each in records)]
    known = _read(cache) if cache else {}
    if known.get("versions") == versions:
        return tuple(known.get("questions", ()))
    chosen = records[:: max(1, len(records) // _DOCUMENTS)][:_DOCUMENTS]
    found = find_examples([document(each.id) for each in chosen], ask=ask)
    if cache and records:
        with suppress(OSError):  # where nothing can be kept, they are found again
            write_whole(cache, json.dumps({"versions": versions, "questions": found}, ensure_ascii=False))
    return found


def _read(cache: Path) -> dict[str, list[str]]:
    try:
        return dict(json.loads(cache.read_text("utf-8")))
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
    text = document.text[:_READ]
    questions = Questions(text)
    for span in split_sentences(text):
        question = questions.of(" ".join(text[span.start : span.end].split()))
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
