"""A reader's verdict on an answer → an evaluation case that can be run as a test.

There is one suite for each folder that documents came from, so that its corpus is that folder. What
was seen at the time (the answer, the passages, the version of the index) lies beside the cases.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.answers.asking import read_question
from qa.app.history import Conversation, Turn
from qa.errors import SuiteError
from qa.evals.suites import Case, Evidence, save_case
from qa.index.private import write_whole
from qa.types import Answer, Record

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

ABSENT = "not in the documents"
"""The answer that a reader wanted where the documents hold none."""
CASES = 1000  # in a suite, whose files are read and written whole for a verdict that takes another's place


class Feedback:
    """The suites made of verdicts, under one folder."""

    def __init__(self, folder: Path, *, bot: Chatbot) -> None:
        self._folder = folder
        self._bot = bot
        self._lock = threading.Lock()

    def save(self, conversation: Conversation, number: int) -> Path:
        """Write the case of one judged turn, in place of an earlier verdict on it; the suite's folder.

        Raises: QAError when the question cannot be asked, or the suite is full; nothing is written then.
        """
        turn = conversation.turns[number]
        read_question(turn.answer.question)  # what cannot be asked is no case
        records = self._bot.documents()
        corpus = _corpus(turn.answer, records)
        suite = self._folder / f"{corpus.name or 'documents'}-{_digest(str(corpus))[:6]}"
        case = make_case(conversation, number)
        observed = json.dumps(self._observed(case.id, turn, records), ensure_ascii=False)
        with self._lock:
            if len(_drop(suite / "cases.jsonl", case.id)) >= CASES:
                raise SuiteError(
                    f"there are {CASES:,} verdicts already. Ask whoever runs this page to move {suite.name} away"
                )
            save_case(suite, case, title=f"What readers said about {corpus.name}", corpus=corpus)
            _drop(suite / "observed.jsonl", case.id)
            with (suite / "observed.jsonl").open("a", encoding="utf-8") as file:
                file.write(observed + "\n")
        return suite

    def _observed(self, id: str, turn: Turn, records: tuple[Record, ...]) -> dict[str, Any]:
        return {
            "id": id,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "liked": turn.liked,
            "wanted": turn.wanted,
            "answer": turn.answer.to_dict(),
            "passages": [asdict(each) for each in turn.seen],
            "index": {
                "version": _digest("\n".join(f"{each.id}@{each.version}" for each in records))[:16],
                "documents": len(records),
                "embeddings": turn.answer.embeddings,
            },
        }


def make_case(conversation: Conversation, number: int) -> Case:
    """The case that a judged turn makes.

    An answer that was liked is the gold, with its quotes. One that was not is forbidden, and what
    the reader wanted is the gold; without that, a person has to add it, and the tag `open` says so.
    """
    turn = conversation.turns[number]
    answer = turn.answer
    absent = turn.wanted == ABSENT
    answers: tuple[str, ...] = () if absent or not turn.wanted else (turn.wanted,)
    said = () if answer.short is None else (answer.short.words,)
    evidence: tuple[Evidence, ...] = ()
    if turn.liked and answer.says_something:
        evidence = tuple(
            Evidence(document=each.document, quote=each.quote, start=each.start) for each in answer.citations
        )
        answers = said
    settled = turn.liked or absent or bool(answers)
    return Case(
        id=f"{conversation.id[:12]}-{number + 1}",
        question=answer.question,
        history=conversation.before(number).messages,
        answers=answers,
        evidence=evidence,
        answerable=not (absent or (turn.liked and not answer.says_something)),
        forbidden=() if turn.liked or said == answers else said,
        tags=("feedback", "liked" if turn.liked else "disliked", *(() if settled else ("open",))),
    )


def _corpus(answer: Answer, records: tuple[Record, ...]) -> Path:
    """The folder that holds the first document the answer rests on; the first folder of all without one."""
    roots = {record.id: record.root for record in records}
    cited = [each.document for each in answer.citations] + [each.document for each in answer.nearest]
    return Path(next((roots[each] for each in cited if each in roots), next(iter(roots.values()), ".")))


def _drop(path: Path, id: str) -> list[str]:
    """The lines of a JSON Lines file without the one of this id, which is taken out of it."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    kept = [line for line in lines if json.loads(line)["id"] != id]
    if len(kept) < len(lines):
        write_whole(path, "".join(kept))
    return kept


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
