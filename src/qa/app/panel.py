"""A citation link → what the source panel shows: the document's words around the exact span.

Plain values leave here and the browser sets them as text, never as HTML. A span is highlighted
only where its words still stand; when the document has changed, the panel says so instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from qa.app.history import Conversation
from qa.app.links import Reference
from qa.errors import StoreError
from qa.types import Document
from qa.words import visible

AROUND = 20_000  # characters shown on either side of a span; a long document stays quick to open


class Library(Protocol):
    """What the panel asks of a chatbot."""

    def document(self, document: str) -> Document:
        """An indexed document as it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the panel shows; `before + quote + after` is a stretch of the document as it stands.

    `earlier` and `later` count the characters beyond that stretch. `state` is `moved` or `changed`
    when the document is another version than was cited, `gone` when it is no longer indexed;
    `cited` then holds the words that were cited, if this conversation still knows them.
    """

    title: str
    document: str
    page: int | None = None
    start: int = 0
    end: int = 0
    before: str = ""
    quote: str = ""
    after: str = ""
    earlier: int = 0
    later: int = 0
    state: Literal["current", "moved", "changed", "gone"] = "current"
    cited: str = ""


def find_source(reference: Reference, *, library: Library, conversation: Conversation | None) -> Source:
    """The source behind a citation link."""
    cited = "" if conversation is None else _cited(reference, conversation)
    try:
        document = library.document(reference.document)
    except StoreError:
        name = visible(reference.document)
        return Source(title=name, document=name, state="gone", cited=cited)
    if document.version == reference.version:
        return _show(document, start=reference.start, end=reference.end)
    start = document.text.find(cited) if cited else -1
    if start >= 0 and document.text.count(cited) == 1:
        return _show(document, start=start, end=start + len(cited), state="moved", cited=cited)
    return _show(document, start=reference.start, end=reference.start, state="changed", cited=cited)


def _show(
    document: Document,
    *,
    start: int,
    end: int,
    state: Literal["current", "moved", "changed"] = "current",
    cited: str = "",
) -> Source:
    length = len(document.text)
    start, end = min(start, length), min(end, length)
    first, last = max(0, start - AROUND), min(length, end + AROUND)
    return Source(
        title=visible(document.title),
        document=visible(document.id),
        page=_page(document, start),
        start=start,
        end=end,
        before=document.text[first:start],
        quote=document.text[start:end],
        after=document.text[end:last],
        earlier=first,
        later=length - last,
        state=state,
        cited=cited,
    )


def _page(document: Document, offset: int) -> int | None:
    if not document.pages:
        return None
    return max(1, sum(1 for begin in document.pages if begin <= offset))


def _cited(reference: Reference, conversation: Conversation) -> str:
    """The words behind a link, from the answers that were stored when they were given."""
    wanted = (reference.document, reference.version, reference.start, reference.end)
    return next((quote for where, quote in _quotes(conversation) if where == wanted), "")


def _quotes(conversation: Conversation) -> Iterable[tuple[tuple[str, str, int, int], str]]:
    for turn in conversation.turns:
        for source in (*turn.answer.citations, *turn.answer.nearest):
            yield (source.document, source.version, source.start, source.end), source.quote
