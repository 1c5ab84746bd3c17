"""What a citation link opens: the exact words, and the truth about a document that has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.app.history import Conversation, Turn
from qa.app.links import Reference
from qa.app.panel import AROUND, find_source
from qa.errors import StoreError
from qa.types import Answer, Citation, Document

TEXT = "The lamp was lit in 1901. It burns oil. It burns oil."
LAMP = Document(id="lamp.txt", text=TEXT, title="Lamp")


class Shelf(dict[str, Document]):
    """Documents by id."""

    def document(self, document: str) -> Document:
        try:
            return self[document]
        except KeyError as error:
            raise StoreError(document) from error


def reference(quote: str = "It burns oil.") -> Reference:
    start = TEXT.index(quote)
    return Reference(document="lamp.txt", version=LAMP.version, start=start, end=start + len(quote))


def conversation(quote: str = "It burns oil.") -> Conversation:
    cited = reference(quote)
    citation = Citation(
        number=1, document="lamp.txt", title="Lamp", start=cited.start, end=cited.end, page=None, quote=quote,
        version=LAMP.version,
    )  # fmt: skip
    answer = Answer(question="?", query="?", text="It burns oil. [1]", abstained=False, citations=(citation,))
    return Conversation(id="0" * 32, turns=(Turn(answer=answer),))


def test_the_quote_is_the_cited_characters_with_the_document_around_it() -> None:
    source = find_source(reference(), library=Shelf({"lamp.txt": LAMP}), conversation=None)
    assert (source.state, source.quote, source.start, source.end) == ("current", "It burns oil.", 26, 39)
    assert source.before + source.quote + source.after == TEXT


def test_a_long_document_is_shown_in_part_and_says_how_much_is_missing() -> None:
    text = "a" * 50_000 + "HERE" + "b" * 70_000
    document = replace(LAMP, text=text)
    cited = Reference(document="lamp.txt", version=document.version, start=50_000, end=50_004)
    source = find_source(cited, library=Shelf({"lamp.txt": document}), conversation=None)
    assert (source.quote, source.earlier, source.later) == ("HERE", 50_000 - AROUND, 70_000 - AROUND)


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (24, 1), (25, 2), (30, 2), (45, 3)])
def test_the_page_is_the_one_on_which_the_span_begins(offset: int, page: int) -> None:
    document = replace(LAMP, pages=(0, 25, 40))
    cited = Reference(document="lamp.txt", version=document.version, start=offset, end=offset + 1)
    assert find_source(cited, library=Shelf({"lamp.txt": document}), conversation=None).page == page


def test_words_that_moved_are_found_again_and_said_to_have_moved() -> None:
    changed = replace(LAMP, text="Preface. " + TEXT)
    source = find_source(
        reference("The lamp was lit in 1901."),
        library=Shelf({"lamp.txt": changed}),
        conversation=conversation("The lamp was lit in 1901."),
    )
    assert (source.state, source.quote, source.start) == ("moved", "The lamp was lit in 1901.", 9)


@pytest.mark.parametrize("text", ["The lamp is gone.", "Preface. " + TEXT], ids=["absent", "twice"])
def test_nothing_is_highlighted_when_it_is_not_certain_what_was_cited(text: str) -> None:
    changed = replace(LAMP, text=text)
    source = find_source(reference(), library=Shelf({"lamp.txt": changed}), conversation=conversation())
    assert (source.state, source.quote, source.cited) == ("changed", "", "It burns oil.")
    assert source.before + source.after == text


def test_a_changed_document_is_shown_without_a_highlight_to_who_did_not_get_the_answer() -> None:
    changed = replace(LAMP, text="Other words, long enough to be cut at the same place.")
    source = find_source(reference(), library=Shelf({"lamp.txt": changed}), conversation=None)
    assert (source.state, source.quote, source.cited) == ("changed", "", "")


def test_a_document_that_is_gone_still_shows_the_words_that_were_cited() -> None:
    source = find_source(reference(), library=Shelf(), conversation=conversation())
    assert (source.state, source.title, source.cited) == ("gone", "lamp.txt", "It burns oil.")


def test_offsets_beyond_the_end_show_no_words_that_are_not_there() -> None:
    cited = Reference(document="lamp.txt", version=LAMP.version, start=10**9, end=10**10)
    source = find_source(cited, library=Shelf({"lamp.txt": LAMP}), conversation=None)
    assert (source.quote, source.before) == ("", TEXT)
