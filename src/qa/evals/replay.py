"""Answers that another system has written already, measured like our own: ALCE result files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from qa.errors import SuiteError
from qa.evals.adapters import alce_file, alce_rows, alce_text
from qa.evals.runner import System
from qa.types import Answer, Citation, Hit, Message, Passage, Sentence

_NUMBER = re.compile(r"\[(\d+)")
_END = re.compile(r"[.!?](?:\s*\[\d+\])*(?=\s|$)")


class AlceReplay:
    """The recorded outputs of an ALCE file, by question, with the passages they were given."""

    def __init__(self, path: Path) -> None:
        self._rows = {row["question"]: row for row in alce_rows(path)}

    def ask(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        """The recorded output as an answer: its first paragraph, a passage cited whole.

        Raises: SuiteError when the file has no output for the question.
        """
        row = self._rows[question]
        if "output" not in row:
            raise SuiteError(f"there is no recorded output for {question!r}. Give a result file of ALCE's run.py")
        text = row["output"].strip().split("\n")[0].replace("<|im_end|>", "")
        sentences = tuple(
            Sentence(text=each, citations=tuple(map(int, _NUMBER.findall(each))), support="unsupported")
            for each in split_cited(text)
        )
        used = dict.fromkeys(number for sentence in sentences for number in sentence.citations)
        citations = tuple(
            _citation(row["docs"][number - 1], number) for number in used if 1 <= number <= len(row["docs"])
        )
        return Answer(
            question=question, query=question, text=text, abstained=False, sentences=sentences, citations=citations
        )

    def search(self, query: str, *, top_k: int) -> tuple[Hit, ...]:
        """The passages that the recorded system was given."""
        docs = self._rows[query]["docs"][:top_k]
        return tuple(Hit(passage=_passage(each), score=1 / rank, rank=rank) for rank, each in enumerate(docs, start=1))


def replay(path: Path) -> AbstractContextManager[System]:
    """The recorded outputs as a system that can be run."""
    return nullcontext(AlceReplay(path))


def split_cited(text: str) -> list[str]:
    """The sentences of a text whose markers stand before or after the full stop; a marker stays with its sentence."""
    ends = [0, *(match.end() for match in _END.finditer(text))]
    pieces = [text[a:b].strip() for a, b in zip(ends, [*ends[1:], len(text)], strict=True)]
    return [piece for piece in pieces if piece]


def _citation(doc: dict[str, str], number: int) -> Citation:
    start = len(alce_text(doc)) - len(doc["text"])
    return Citation(
        number=number,
        document=alce_file(doc),
        title=doc["title"],
        start=start,
        end=start + len(doc["text"]),
        page=None,
        quote=doc["text"],
        version="",
    )


def _passage(doc: dict[str, str]) -> Passage:
    text = alce_text(doc)
    return Passage(
        document=alce_file(doc),
        version="",
        title=doc["title"],
        ordinal=0,
        start=0,
        end=len(text),
        text=text,
        sentences=(),
    )
