"""Exported answers against the index as it is now: does every quote still stand where it was cited?

Reads the JSON of one answer or of a conversation. Nothing is asked again and no verdict is renewed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from qa.errors import DocumentError, StoreError
from qa.types import Answer, Citation, Document, Nearest

Finding = Literal["exact", "moved", "changed", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What became of one quote; `start` is where it stands now, None when it stands nowhere.

    `exact`: at the cited characters. `moved`: elsewhere in the document, word for word.
    `changed`: the document is there without these words. `gone`: the document is not indexed.
    """

    question: str
    document: str
    quote: str
    finding: Finding
    start: int | None

    @property
    def holds(self) -> bool:
        """Whether the words can still be read in the document."""
        return self.finding in ("exact", "moved")


def read_answers(path: Path) -> tuple[Answer, ...]:
    """The answers in an exported file: one answer, or the `turns` of a conversation.

    Raises: DocumentError when the file is missing or not such an export.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        turns = plain.get("turns", [plain])
        return tuple(_answer(turn) for turn in turns)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}. Give a file that qa ask --json wrote") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DocumentError(
            f"{path} is no exported answer or chat ({type(error).__name__}: {error}). "
            "Give a file that qa ask --json or the chat page's export wrote"
        ) from error


def verify(answer: Answer, *, document: Callable[[str], Document]) -> tuple[Check, ...]:
    """A check for each quote that the answer shows; `document` gives a document by id or raises StoreError."""
    return tuple(_checks(answer, document))


def _answer(turn: Mapping[str, Any]) -> Answer:
    """The answer of one turn, each value of its own type. Raises ValueError, KeyError, TypeError or AttributeError."""
    from pydantic import TypeAdapter, ValidationError

    answer = Answer.from_dict(turn)
    plain = json.dumps(asdict(answer), ensure_ascii=False).encode("utf-8", "replace")  # half a surrogate pair is text
    try:
        TypeAdapter(Answer).validate_json(plain, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from error
    return answer


def _checks(answer: Answer, document: Callable[[str], Document]) -> Iterator[Check]:
    sources: tuple[Citation | Nearest, ...] = (*answer.citations, *answer.nearest)
    for source in sources:
        try:
            finding, start = _find(source, document(source.document).text)
        except StoreError:
            finding, start = "gone", None
        yield Check(
            question=answer.question, document=source.document, quote=source.quote, finding=finding, start=start
        )


def _find(source: Citation | Nearest, text: str) -> tuple[Finding, int | None]:
    if text[source.start : source.end] == source.quote:
        return "exact", source.start
    at = text.find(source.quote)
    return ("moved", at) if at >= 0 and source.quote else ("changed", None)
