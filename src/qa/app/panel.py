"""A citation link → what the source panel shows: the document's words around the exact span.

Plain values leave here and the browser sets them as text, never as HTML. A span is highlighted
only where its words still stand; when the document has changed, the panel says so instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Protocol

from qa.answers.quotes import Finding, find_quote
from qa.answers.reading import OutlineLine, outline
from qa.app.drawing import Drawn, draw
from qa.app.history import Conversation
from qa.app.links import Reference, refer_to
from qa.documents.passages import page_of
from qa.errors import StoreMissingError
from qa.types import Document, Passage, Span
from qa.words import visible

LINE_CHARS = 160  # of each unit in the details
CARD_CHARS = 300  # of a quote, on the card beside its number
AROUND = 20_000  # characters shown on either side of a span; a long document stays quick to open


class Shelf(Protocol):
    """What gives a document and its passages by id, or raises StoreMissingError: a chatbot."""

    def document(self, document: str) -> Document:
        """The document as it was read."""

    def passages(self, document: str) -> Sequence[Passage]:
        """Its passages, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The content of the panel; `units` draw a stretch of the document as it stands, the quote marked in it.

    `earlier` and `later` count the characters beyond that stretch. `state` is what `qa verify` calls it, and
    `quote` is empty where the cited words do not stand in one certain place. When the document is another
    version than was cited, or gone, `cited` holds these words, if this conversation still knows them.
    """

    title: str
    document: str
    page: int | None = None
    start: int = 0
    end: int = 0
    quote: str = ""
    units: tuple[Drawn, ...] = ()
    earlier: int = 0
    later: int = 0
    state: Finding = "exact"
    cited: str = ""

    @property
    def heading(self) -> str:
        """The words of the last heading above the quote."""
        above = ""
        for unit in self.units:
            if any(is_cited for words in (unit.words, *(cell for _, cell in unit.cells)) for _, is_cited in words):
                return above
            if unit.kind == "heading" and unit.words:
                above = "".join(words for words, _ in unit.words)
        return ""

    def card(self) -> dict[str, str | int | None]:
        """What stands on the card beside a number."""
        quote = shorten(visible(self.quote or self.cited), CARD_CHARS, placeholder=" …")
        return {"quote": quote, "title": self.title, "heading": visible(self.heading), "page": self.page}


def find_source(reference: Reference, *, shelf: Shelf, conversation: Conversation | None) -> Source:
    """The source behind a citation link."""
    cited = "" if conversation is None else _cited(reference, conversation)
    try:
        document, passages = shelf.document(reference.document), shelf.passages(reference.document)
    except StoreMissingError:
        name = visible(reference.document)
        return Source(title=name, document=name, state="gone", cited=cited)
    if document.version == reference.version:
        return _show(document, passages, start=reference.start, end=reference.end)
    now = find_quote(cited, cited=Span(start=reference.start, end=reference.end), text=document.text)
    start, quoted = (reference.start, 0) if now.start is None else (now.start, len(cited))
    return _show(document, passages, start=start, end=start + quoted, state=now.finding, cited=cited)


def find_details(reference: Reference, *, shelf: Shelf) -> tuple[OutlineLine, ...]:
    """How the passages around a citation were understood, a line for each unit; nothing of a document that is gone."""
    try:
        found = [each for each in shelf.passages(reference.document) if each.version == reference.version]
    except StoreMissingError:
        return ()
    end = max(reference.end, reference.start + 1)  # a document that is opened as a whole is opened at its beginning
    near = [each for each in found if each.start < end and reference.start < each.end]
    lines = outline([each for each in found if near and abs(each.ordinal - near[0].ordinal) <= 1])
    return tuple(replace(line, text=visible(shorten(line.text, LINE_CHARS, placeholder=" …"))) for line in lines)


def _show(
    document: Document,
    passages: Sequence[Passage],
    *,
    start: int,
    end: int,
    state: Finding = "exact",
    cited: str = "",
) -> Source:
    length = len(document.text)
    start, end = min(start, length), min(end, length)
    first, last = max(0, start - AROUND), min(length, end + AROUND)
    return Source(
        title=visible(document.title),
        document=visible(document.id),
        page=page_of(document.pages, start),
        start=start,
        end=end,
        quote=document.text[start:end],
        units=tuple(
            draw(passages, window=Span(start=first, end=last), cited=Span(start=start, end=end), pages=document.pages)
        ),
        earlier=first,
        later=length - last,
        state=state,
        cited=cited,
    )


def _cited(reference: Reference, conversation: Conversation) -> str:
    """The words behind a link, from the answers that were stored when they were given."""
    sources = (each for turn in conversation.turns for each in (*turn.answer.citations, *turn.answer.nearest))
    return next((each.quote for each in sources if refer_to(each) == reference), "")
