"""What a citation link opens: the exact words, and the truth about a document that has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from qa.answers.quotes import verify_quotes
from qa.app.history import Conversation, Turn
from qa.app.links import Reference
from qa.app.panel import AROUND, Source, find_details, find_source
from qa.documents.commonmark import markdown_marks
from qa.documents.passages import split_passages
from qa.errors import StoreMissingError
from qa.types import Answer, Citation, Document, Passage

TEXT = "The lamp was lit in 1901. It burns oil. It burns oil."
LAMP = Document(id="lamp.txt", text=TEXT, title="Lamp")


class Shelf(dict[str, Document]):
    """Documents by id."""

    def document(self, document: str) -> Document:
        try:
            return self[document]
        except KeyError as error:
            raise StoreMissingError(document) from error

    def passages(self, document: str) -> Sequence[Passage]:
        return split_passages(self.document(document), count_pieces=lambda texts: [len(each.split()) for each in texts])


def words(source: Source) -> str:
    """All that is drawn, a document of one paragraph."""
    return "".join("".join(text for text, _ in unit.words) for unit in source.units)


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
    source = find_source(reference(), shelf=Shelf({"lamp.txt": LAMP}), conversation=None)
    assert (source.state, source.quote, source.start, source.end) == ("exact", "It burns oil.", 26, 39)
    assert words(source) == TEXT


def test_a_long_document_is_shown_in_part_and_says_how_much_is_missing() -> None:
    text = "a" * 50_000 + "HERE" + "b" * 70_000
    document = replace(LAMP, text=text)
    cited = Reference(document="lamp.txt", version=document.version, start=50_000, end=50_004)
    source = find_source(cited, shelf=Shelf({"lamp.txt": document}), conversation=None)
    assert (source.quote, source.earlier, source.later) == ("HERE", 50_000 - AROUND, 70_000 - AROUND)


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (24, 1), (25, 2), (30, 2), (45, 3)])
def test_the_page_is_the_one_on_which_the_span_begins(offset: int, page: int) -> None:
    document = replace(LAMP, pages=(0, 25, 40))
    cited = Reference(document="lamp.txt", version=document.version, start=offset, end=offset + 1)
    assert find_source(cited, shelf=Shelf({"lamp.txt": document}), conversation=None).page == page


BURNS = "It burns oil."


@pytest.mark.parametrize(
    ("text", "finding", "start"),
    [
        (TEXT, "exact", 26),
        (TEXT + " It is new.", "exact", 26),  # another version, and yet the cited characters
        ("The lamp was new in 1902. It burns oil.", "exact", 26),
        ("It burns oil. So it does.", "moved", 0),
        ("Preface. " + TEXT, "moved", None),  # twice, and neither is known to be the one that was cited
        ("The lamp is gone.", "changed", None),
        (None, "gone", None),
    ],
)
def test_the_page_and_verify_say_the_same_of_a_quote(text: str | None, finding: str, start: int | None) -> None:
    shelf = Shelf({} if text is None else {"lamp.txt": replace(LAMP, text=text)})
    (turn,) = conversation().turns
    (check,) = verify_quotes(turn.answer, document=shelf.document)
    source = find_source(reference(), shelf=shelf, conversation=conversation())
    assert (check.finding, check.start) == (source.state, start) == (finding, start)
    assert source.quote == (BURNS if start is not None else "")
    assert source.start == start or not source.quote


def test_words_that_are_not_marked_are_quoted_beside_the_whole_text() -> None:
    text = "Preface. " + TEXT
    changed = replace(LAMP, text=text)
    source = find_source(reference(), shelf=Shelf({"lamp.txt": changed}), conversation=conversation())
    assert (source.cited, words(source)) == (BURNS, text)


def test_a_changed_document_is_shown_without_a_highlight_to_who_did_not_get_the_answer() -> None:
    changed = replace(LAMP, text="Other words, long enough to be cut at the same place.")
    source = find_source(reference(), shelf=Shelf({"lamp.txt": changed}), conversation=None)
    assert (source.state, source.quote, source.cited) == ("changed", "", "")


def test_a_document_that_is_gone_still_shows_the_words_that_were_cited() -> None:
    source = find_source(reference(), shelf=Shelf(), conversation=conversation())
    assert (source.state, source.title, source.cited) == ("gone", "lamp.txt", "It burns oil.")


def test_offsets_beyond_the_end_show_no_words_that_are_not_there() -> None:
    cited = Reference(document="lamp.txt", version=LAMP.version, start=10**9, end=10**10)
    source = find_source(cited, shelf=Shelf({"lamp.txt": LAMP}), conversation=None)
    assert (source.quote, words(source)) == ("", TEXT)


def test_details_show_how_the_passages_around_a_citation_were_understood() -> None:
    document = replace(LAMP, text="# Lamp\n\nTo light it:\n\n1. Fill it.\n2. Wait.\n")
    shelf = Shelf({"lamp.txt": document})
    cited = Reference(document="lamp.txt", version=document.version, start=8, end=20)
    lines = find_details(cited, shelf=shelf)
    assert [(line.kind, line.depth, line.leads, line.text) for line in lines] == [
        ("heading", 0, 0, "Lamp"),
        ("sentence", 1, 2, "To light it:"),
        ("step", 2, 0, "1. Fill it."),
        ("step", 2, 0, "2. Wait."),
    ]
    assert find_details(replace(cited, start=0, end=0), shelf=shelf) == lines
    assert find_details(replace(cited, version="another"), shelf=shelf) == ()


def drawn(text: str, quote: str) -> list[tuple[str, int, str, list[list[str]]]]:
    """The units of a Markdown document as they are drawn, with [[…]] around what was cited."""
    document = Document(id="lamp.md", text=text, title="Lamp", marks=markdown_marks(text))
    start = text.index(quote)
    cited = Reference(document="lamp.md", version=document.version, start=start, end=start + len(quote))

    def told(pieces: Sequence[tuple[str, bool]]) -> str:
        return "".join(f"[[{words}]]" if is_cited else words for words, is_cited in pieces)

    units = find_source(cited, shelf=Shelf({"lamp.md": document}), conversation=None).units
    return [(each.kind, each.depth, told(each.words), [told(cell) for _, cell in each.cells]) for each in units]


def test_a_unit_is_drawn_without_the_marks_of_its_format_and_with_the_cited_words_marked() -> None:
    text = """---
title: Lamp
---

# Lamp

## How **to** light it #

> Use *oil*.
> Only oil.

- **Wick.** Trim it.
  - Twice.
1. Fill it.

| Oil | Price |
|-----|-------|
| **Colza** | 12 |

```sh
# light
```

---
"""
    assert drawn(text, "Twice.\n1. Fill it.\n\n| Oil | Price |\n|-----|-------|\n| **Colza** | 12") == [
        ("front", 0, "title: Lamp\n", []),
        ("heading", 0, "Lamp", []),
        ("heading", 1, "How to light it", []),
        ("sentence", 0, "Use *oil*.", []),
        ("sentence", 0, " Only oil.", []),
        ("item", 0, "Wick. Trim it.", []),
        ("item", 1, "[[Twice.]]", []),
        ("step", 0, "[[1. Fill it.]]", []),
        ("heading", 2, "", ["[[Oil]]", "[[Price]]"]),
        ("row", 0, "", ["[[Colza]]", "[[12]]"]),
        ("code", 0, "# light\n", []),
    ]


def test_what_may_be_the_sign_of_a_number_is_drawn() -> None:
    assert [words for _, _, words, _ in drawn("- 5 °C in winter\n- Wick\n", "Wick")] == ["- 5 °C in winter", "[[Wick]]"]


def test_a_table_that_begins_above_what_is_shown_is_drawn_under_the_names_of_its_columns() -> None:
    rows = [f"| lamp {number} | {number} |" for number in range(3_000)]
    text = "\n".join(["| Name | Oil |", "|---|---|", *rows, ""])
    document = Document(id="lamp.md", text=text, title="Lamp", marks=markdown_marks(text))
    start = text.index("lamp 2000")
    cited = Reference(document="lamp.md", version=document.version, start=start, end=start + 9)
    first, second, *_ = find_source(cited, shelf=Shelf({"lamp.md": document}), conversation=None).units
    assert (first.names, second.names) == (((0, "Name"), (1, "Oil")), ())
