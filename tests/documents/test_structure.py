"""What an author made of the blocks of slides, mails, books and Word documents is handed over with their text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Inches

from make_files import make_epub, make_mail
from qa.documents.formats import books, mail, slides
from qa.documents.formats.content import Content

HEADERS = [
    ("pair", 0, "From: Ada <ada@example.org>"),
    ("pair", 0, "To: Ben <ben@example.org>"),
    ("pair", 0, "Subject: Tea"),
]


def structure(content: Content) -> list[tuple[str, int, str]]:
    """Each mark as its kind, its level and its text, once it is sure that only white space lies between them."""
    ends = [0, *(each.end for each in content.marks)]
    starts = [*(each.start for each in content.marks), len(content.text)]
    assert not "".join(content.text[end:start] for end, start in zip(ends, starts, strict=True)).strip()
    return [(each.kind, each.level, content.text[each.start : each.end]) for each in content.marks]


def add_slide(deck: Any, title: str, paragraphs: list[tuple[int, str]], *, layout: int = 1) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    slide.shapes.title.text = title
    frame = slide.placeholders[1].text_frame
    for number, (level, text) in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
    return slide


def read_deck(deck: Any, path: Path) -> Content:
    deck.save(str(path))
    return slides.read_pptx(path)


def test_the_paragraphs_of_a_slides_list_are_its_items_as_deep_as_they_are_indented(tmp_path: Path) -> None:
    deck = Presentation()
    add_slide(deck, "Ports", [(0, "Rome"), (1, "Two cranes"), (0, "Oslo")])
    add_slide(deck, "Boats", [(0, "They are old. They leak.")]).notes_slide.notes_text_frame.text = "Say why."
    add_slide(deck, "The end", [(0, "Thank you"), (0, "Ada")], layout=0)
    content = read_deck(deck, tmp_path / "a.pptx")
    assert content.text == (
        "# Ports\n\nRome\nTwo cranes\nOslo\n\n# Boats\n\nThey are old. They leak.\n\nSay why.\n\n"
        "# The end\n\nThank you\n\nAda"
    )
    assert structure(content) == [
        ("heading", 1, "# Ports"),
        ("item", 1, "Rome"),
        ("item", 2, "Two cranes"),
        ("item", 1, "Oslo"),
        ("heading", 1, "# Boats"),
        ("sentence", 0, "They are old. They leak."),
        ("sentence", 0, "Say why."),
        ("heading", 1, "# The end"),
        ("sentence", 0, "Thank you"),
        ("sentence", 0, "Ada"),
    ]
    assert [content.text[start:][:7] for start in content.pages] == ["# Ports", "# Boats", "# The e"]


def test_a_paragraphs_own_bullet_or_number_counts_before_that_of_its_place(tmp_path: Path) -> None:
    deck = Presentation()
    slide = add_slide(deck, "Tea", [(0, "Plain"), (0, "Boil"), (0, "Pour")])
    marks = ["<a:buNone {}/>", '<a:buAutoNum {} type="arabicPeriod"/>', '<a:buAutoNum {} type="arabicPeriod"/>']
    for paragraph, mark in zip(slide.placeholders[1].text_frame.paragraphs, marks, strict=True):
        paragraph._p.get_or_add_pPr().append(parse_xml(mark.format(nsdecls("a"))))
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1)).text_frame
    box.text = "A box\nwith a bullet"
    box.paragraphs[1]._p.get_or_add_pPr().append(parse_xml(f'<a:buChar {nsdecls("a")} char="-"/>'))
    assert structure(read_deck(deck, tmp_path / "a.pptx")) == [
        ("heading", 1, "# Tea"),
        ("sentence", 0, "Plain"),
        ("step", 1, "Boil"),
        ("step", 1, "Pour"),
        ("sentence", 0, "A box"),
        ("item", 1, "with a bullet"),
    ]


def test_a_merged_cell_of_a_slides_table_is_given_once_with_what_it_spans() -> None:
    slide = add_slide(Presentation(), "Boats", [])
    table = slide.shapes.add_table(3, 2, Inches(1), Inches(4), Inches(6), Inches(2)).table
    for number, text in enumerate(("Port", "Boat", "Rome", "Tern", "", "Gull")):
        table.cell(number // 2, number % 2).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    rows = [[(each.text, each.rows) for each in row] for row in slides._grid(table)]
    assert rows == [
        [("Port", 1), ("Boat", 1)],
        [("Rome", 2), ("Tern", 1)],
        [("Gull", 1)],
    ]


@pytest.mark.parametrize(
    ("text", "html", "body"),
    [
        (
            "Bring:\n\n- milk\n- sugar\n\n> It is cold.\n",
            "",
            [
                ("sentence", 0, "Bring:\n"),
                ("item", 1, "- milk\n"),
                ("item", 1, "- sugar\n"),
                ("sentence", 0, "> It is cold."),
            ],
        ),
        ("", "<h2>Bring</h2><ul><li>milk</ul>", [("heading", 2, "## Bring"), ("item", 1, "- milk")]),
        (
            "The cake is in the tin.\n",
            "<p>The cake is in <b>the tin</b>.",
            [("sentence", 0, "The cake is in the tin.")],
        ),
        (" \n", "<p>The cake is in the tin.", [("sentence", 0, "The cake is in the tin.")]),
        ("Your reader shows no HTML.\n", "<p>The cake is in the tin.", [("sentence", 0, "The cake is in the tin.")]),
        (
            "The cake.\n",
            "<p>The cake is in the tin. Take a fork.",
            [("sentence", 0, "The cake is in the tin. Take a fork.")],
        ),
    ],
)
def test_a_mail_is_its_headers_and_the_body_that_says_most(
    tmp_path: Path, text: str, html: str, body: list[tuple[str, int, str]]
) -> None:
    path = make_mail(tmp_path / "a.eml", subject="Tea", text=text, html=html, attached="plan.bin")
    assert structure(mail.read_mail(path)) == [*HEADERS, *body, ("pair", 0, "Attached: plan.bin")]


@pytest.mark.parametrize(
    ("charset", "read"),
    [("x-unknown", "café".encode()), ("us-ascii", "café".encode("cp1252")), ("zlib", "café".encode("cp1252"))],
)
def test_a_mail_in_an_encoding_that_nobody_knows_is_read_by_its_bytes(
    tmp_path: Path, charset: str, read: bytes
) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(f"Content-Type: text/plain; charset={charset}\n\n".encode() + read)
    assert mail.read_mail(path).text == "café"


def test_a_book_is_the_blocks_of_its_chapters(tmp_path: Path) -> None:
    chapters = {"z.xhtml": "<h1>One</h1><p><b>Bold</b></p>", "a.xhtml": "<ol><li>a</ol>", "b.xhtml": "<nav>c</nav>"}
    content = books.read_epub(make_epub(tmp_path / "a.epub", chapters))
    assert content.text == "# One\n\nBold\n\n1. a"
    assert structure(content) == [("heading", 1, "# One"), ("sentence", 0, "Bold"), ("step", 1, "1. a")]
