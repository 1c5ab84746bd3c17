"""Cited quotes against the documents as they are now: does each still stand where it was cited?

`qa verify` and the page's source panel ask here, so that both say the same of a quote.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qa.errors import StoreMissingError
from qa.types import Answer, Citation, Document, Span

Finding = Literal["exact", "moved", "changed", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of a quote, and its places in the document as it is now: none, the one, or the first and the last.

    `exact`: at the cited characters, whatever else has changed. `moved`: elsewhere in the document, word for word.
    `changed`: the document is there without these words. `gone`: the document is not indexed.
    """

    finding: Finding
    places: tuple[int, ...] = ()

    @property
    def start(self) -> int | None:
        """Where the quote stands now; None where it stands nowhere, or in several places and none is the cited one."""
        return self.places[0] if len(self.places) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteCheck:
    """What became of one quote of an answer; `finding` and `start` are those of its `Standing`."""

    question: str
    document: str
    quote: str
    finding: Finding
    start: int | None

    @property
    def holds(self) -> bool:
        """Whether the words can still be read in the document."""
        return self.finding in ("exact", "moved")


def verify_quotes(answer: Answer, *, document: Callable[[str], Document]) -> tuple[QuoteCheck, ...]:
    """A check for each quote that the answer shows; `document` gives a document by id or raises StoreMissingError."""
    checks = []
    for source in (*answer.citations, *answer.nearest):
        standing, _ = locate_quote(source, document)
        checks.append(
            QuoteCheck(
                question=answer.question,
                document=source.document,
                quote=source.quote,
                finding=standing.finding,
                start=standing.start,
            )
        )
    return tuple(checks)


def locate_quote(source: Citation, document: Callable[[str], Document]) -> tuple[Standing, Document | None]:
    """Where a quote stands now, and its document as it is now; None when that is no longer indexed."""
    try:
        found = document(source.document)
    except StoreMissingError:
        return Standing(finding="gone"), None
    return find_quote(source.quote, cited=Span(start=source.start, end=source.end), text=found.text), found


def find_quote(quote: str, *, cited: Span, text: str) -> Standing:
    """Where a quote stands in the text of its document as it is now; `cited` is where it stood."""
    if quote and cited.start >= 0 and text[cited.start : cited.end] == quote:
        return Standing(finding="exact", places=(cited.start,))
    first, last = text.find(quote), text.rfind(quote)
    if first < 0 or not quote:
        return Standing(finding="changed")
    return Standing(finding="moved", places=(first,) if first == last else (first, last))
