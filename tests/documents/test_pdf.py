"""What a PDF's geometry tells of its blocks: headings, lists, tables, running lines, and what was filled in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from qa.documents.formats.content import Content
from qa.documents.formats.pdf import read_pdf
from qa.documents.formats.pdf_blocks import page_blocks
from qa.documents.formats.pdf_lines import Line, Part

PROSE = [
    "The committee met in the spring of that year, and it agreed on a plan for",
    "the harbour, which was built by the men of the town until the year 1931.",
]
Piece = tuple[float, float, str] | tuple[float, float, str, str, float]  # left, bottom, text, and maybe font and size


def draw(path: Path, *pages: Sequence[Piece]) -> Path:
    sheet = Canvas(str(path / "a.pdf"))
    for pieces in pages:
        for left, bottom, text, *look in pieces:
            sheet.setFont(*(look or ("Helvetica", 11)))
            sheet.drawString(left, bottom, text)
        sheet.showPage()
    sheet.save()
    return path / "a.pdf"


def grid(
    rows: Sequence[Sequence[str]], *, top: float = 700, lefts: Sequence[float] = (72, 200, 290, 380)
) -> list[Piece]:
    """Rows of cells, a line for each; an empty cell is not drawn."""
    return [
        (left, top - 18 * number, text)
        for number, row in enumerate(rows)
        for left, text in zip(lefts, row, strict=False)
        if text
    ]


def structure(content: Content) -> list[tuple[str, int, str]]:
    return [(each.kind, each.level, content.text[each.start : each.end]) for each in content.marks]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (
            grid(
                [
                    ["Yarn", "Bern", "Lyon", "Oslo"],
                    ["Wool", "3", "", "5"],
                    ["Silk", "", "7", "9"],
                    ["Jute", "1", "2", ""],
                ]
            ),
            "Yarn | Bern | Lyon | Oslo\n\nYarn: Wool | Bern: 3 | Oslo: 5\n\nYarn: Silk | Lyon: 7 | Oslo: 9\n\n"
            "Yarn: Jute | Bern: 1 | Lyon: 2",
        ),
        (
            grid(
                [["Boat", "Owner"], ["Tern", "Ada Byron and"], ["", "her brother"], ["Gull", "Bo Ek of"], ["", "Oslo"]]
            ),
            "Boat | Owner\n\nBoat: Tern | Owner: Ada Byron and her brother\n\nBoat: Gull | Owner: Bo Ek of Oslo",
        ),
        (
            [(72, 720, "Table 2 Boats"), *grid([["Boat", "Built"], ["Tern", "in 1931"]])],
            "Table 2 Boats\n\nBoat | Built\n\nBoat: Tern | Built: in 1931",
        ),
        (
            grid([["Boat", "Tons"], ["Tern", "12"]]) + grid([["Port", "Ships"], ["Rome", "3"]], top=500),
            "Boat | Tons\n\nBoat: Tern | Tons: 12\n\nPort | Ships\n\nPort: Rome | Ships: 3",
        ),
        (
            [(left, 700 - 14 * n, line) for n, line in enumerate(PROSE) for left in (40, 440)],
            " ".join(line for line in PROSE for _ in range(2)),
        ),
        (
            [(72, 700, "1."), (110, 700, "Boil the water."), (72, 680, "2."), (110, 680, "Pour it.")],
            "1. Boil the water.\n2. Pour it.",
        ),
        ([(72, 700, "Name:"), (200, 700, "Ada"), (72, 680, "Port:"), (200, 680, "Rome")], "Name: Ada\n\nPort: Rome"),
    ],
)
def test_lines_that_are_cut_in_columns_are_rows_with_each_cell_in_its_own(
    tmp_path: Path, pieces: list[Piece], text: str
) -> None:
    assert read_pdf(draw(tmp_path, pieces)).text == text


def test_a_cell_over_several_columns_stands_in_the_first_and_bold_rows_are_headers() -> None:
    cells = [
        [(72, 100, "Boat"), (140, 170, "Tons"), (260, 280, "Men")],
        [(72, 90, "Tern"), (150, 170, "12"), (270, 280, "4")],
        [(72, 200, "Both, as of May"), (270, 280, "7")],
        [(72, 95, "Gull"), (268, 280, "31")],
    ]
    lines = [
        Line(
            parts=tuple(Part(text=text, left=left, right=right) for left, right, text in line),
            bottom=700 - 18 * number,
            last_bottom=700 - 18 * number,
            height=12,
            is_bold=number == 0,
        )
        for number, line in enumerate(cells)
    ]
    [block] = page_blocks(lines, usual=1.5)
    assert [[(cell.text, cell.is_header) for cell in row] for row in block.rows] == [
        [("Boat", True), ("Tons", True), ("Men", True)],
        [("Tern", False), ("12", False), ("4", False)],
        [("Both, as of May", False), ("", False), ("7", False)],
        [("Gull", False), ("", False), ("31", False)],
    ]


def test_a_row_is_marked_as_one_and_a_label_with_its_value_as_a_pair(tmp_path: Path) -> None:
    pieces = [*grid([["1", "2"], ["3", "4"]]), (72, 600, "Port:"), (200, 600, "Rome")]
    assert structure(read_pdf(draw(tmp_path, pieces))) == [
        ("row", 0, "1 | 2"),
        ("row", 0, "3 | 4"),
        ("pair", 0, "Port: Rome"),
    ]


@pytest.mark.parametrize(
    ("looks", "levels"),
    [
        ([("Helvetica-Bold", 18), ("Helvetica-Bold", 14), ("Helvetica-Bold", 11)], [1, 2, 3]),
        ([("Helvetica", 20), ("Helvetica", 14), ("Helvetica", 20)], [1, 2, 1]),
        ([("Times-Bold", 11), ("Helvetica", 11), ("Helvetica", 9)], [1, 0, 0]),
    ],
)
def test_a_line_in_higher_or_bold_letters_is_a_heading_of_the_rank_of_its_look(
    tmp_path: Path, looks: list[tuple[str, float]], levels: list[int]
) -> None:
    pieces: list[Piece] = []
    for number, look in enumerate(looks):
        pieces.append((72, 740 - 90 * number, f"{number} The harbour", *look))
        pieces += [(72, 710 - 90 * number - 14 * place, line) for place, line in enumerate(PROSE)]
    expected = []
    for number, level in enumerate(levels):
        expected.append(("heading" if level else "sentence", level, f"{number} The harbour"))
        expected.append(("sentence", 0, " ".join(PROSE)))
    assert structure(read_pdf(draw(tmp_path, pieces))) == expected


def test_a_bold_sentence_is_no_heading_and_neither_is_a_line_of_a_text_all_in_bold(tmp_path: Path) -> None:
    stressed: list[Piece] = [(72, 760, "No swimming.", "Helvetica-Bold", 11), *((72, 700, each) for each in PROSE[:1])]
    assert [kind for kind, _, _ in structure(read_pdf(draw(tmp_path, stressed)))] == ["sentence", "sentence"]
    bold: list[Piece] = [(72, 700 - 40 * place, line, "Helvetica-Bold", 11) for place, line in enumerate(PROSE)]
    assert {kind for kind, _, _ in structure(read_pdf(draw(tmp_path, bold)))} == {"sentence"}


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (
            [
                (72, 700, "• wool"),
                (90, 680, "– red"),
                (90, 660, "– blue"),
                (72, 640, "• silk"),
                (72, 600, "It is dear."),
            ],
            [
                ("item", 1, "• wool"),
                ("item", 2, "– red"),
                ("item", 2, "– blue"),
                ("item", 1, "• silk"),
                ("sentence", 0, "It is dear."),
            ],
        ),
        (
            [(72, 700, "1. Boil it."), (90, 680, "(a) Slowly."), (72, 660, "2. Pour it."), (90, 620, "It is hot.")],
            [
                ("step", 1, "1. Boil it."),
                ("step", 2, "(a) Slowly."),
                ("step", 1, "2. Pour it."),
                ("sentence", 1, "It is hot."),
            ],
        ),
        (
            [(72, 700, "• wool of the"), (84, 686, "brown sheep"), (72, 672, "• silk")],
            [("item", 1, "• wool of the brown sheep"), ("item", 1, "• silk")],
        ),
    ],
)
def test_an_item_is_as_deep_as_it_is_indented(
    tmp_path: Path, pieces: list[Piece], expected: list[tuple[str, int, str]]
) -> None:
    assert structure(read_pdf(draw(tmp_path, pieces))) == expected


@pytest.mark.parametrize(
    ("footers", "front"),
    [
        ([f"Page {number} of 4" for number in (1, 2, 3, 4)], "Page 1 of 4\n\n"),
        ([f"– {number} –" for number in (3, 4, 5, 6)], ""),
        ([f"Lease | Page {number} of 4 | 2025" for number in (1, 2, 3, 4)], "Lease | Page 1 of 4 | 2025\n\n"),
        (["7", "Lease", "9", "Lease"], ""),
    ],
)
def test_the_numbers_of_pages_do_not_cut_a_sentence(tmp_path: Path, footers: list[str], front: str) -> None:
    lines = ["the ship left the", "harbour of Rome on the", "last day", "of June. She came back."]
    if "Lease" in footers:
        footers, front = [f"{number}" for number in (7, 8, 9, 10)], ""
    pages = [[(72, 700, line), (280, 40, footer)] for line, footer in zip(lines, footers, strict=True)]
    assert read_pdf(draw(tmp_path, *pages)).text == front + "\n".join(lines)


def test_lines_with_other_numbers_are_no_running_ones(tmp_path: Path) -> None:
    pages = [[(72, 700, f"Room {number} is free.")] for number in (4, 9, 2)]
    assert read_pdf(draw(tmp_path, *pages)).text == "Room 4 is free.\n\nRoom 9 is free.\n\nRoom 2 is free."


def test_running_lines_and_lines_of_a_table_of_contents_are_front_matter(tmp_path: Path) -> None:
    contents = [(72.0, 700.0, "Wool ........ 3"), (72.0, 680.0, "Silk . . . . . . 4")]
    pages = [
        [(72, 800, "Yarns"), *(contents if not number else [(72, 700, f"Text {'abc'[number]}.")])]
        for number in range(3)
    ]
    assert structure(read_pdf(draw(tmp_path, *pages))) == [
        ("front", 0, "Yarns"),
        ("front", 0, "Wool ........ 3"),
        ("front", 0, "Silk . . . . . . 4"),
        ("sentence", 0, "Text b."),
        ("sentence", 0, "Text c."),
    ]


def test_what_was_filled_in_stands_beside_its_label(tmp_path: Path) -> None:
    sheet = Canvas(str(tmp_path / "a.pdf"))
    for bottom, label in ((700, "Name"), (660, "Tea"), (620, "Milk")):
        sheet.drawString(72, bottom, label)
    form = sheet.acroForm
    form.textfield(name="name", value="Ada Byron", x=200, y=694, width=200, height=20)
    form.checkbox(name="tea", checked=True, x=200, y=655, size=20)
    form.checkbox(name="milk", checked=False, x=200, y=615, size=20)
    sheet.save()
    assert structure(read_pdf(tmp_path / "a.pdf")) == [
        ("pair", 0, "Name Ada Byron"),
        ("pair", 0, "Tea [x]"),
        ("pair", 0, "Milk [ ]"),
    ]


def test_a_text_that_was_written_on_a_page_is_read_where_it_stands(tmp_path: Path) -> None:
    sheet = Canvas(str(tmp_path / "a.pdf"))
    for bottom, line in ((700, "Open on Monday."), (500, "Bring tea.")):
        sheet.drawString(72, bottom, line)
    sheet.freeTextAnnotation("And on Friday.", DA="/Helv 10 Tf", Rect=[72, 600, 300, 640])
    sheet.save()
    assert read_pdf(tmp_path / "a.pdf").text == "Open on Monday.\n\nAnd on Friday.\n\nBring tea."


@pytest.mark.parametrize(
    ("before", "raised", "after", "text"),
    [
        ("3 x 10", "6", " jars", "3 x 10^6 jars"),
        ("3 x 10", "12", " jars", "3 x 10^12 jars"),
        ("They ask 40 m", "2", ". It is 1998.", "They ask 40 m^2. It is 1998."),
        ("There are 5,400", "12", " sheep", "There are 5,400^12 sheep"),
    ],
)
def test_a_superscript_stands_apart_from_its_number(
    tmp_path: Path, before: str, raised: str, after: str, text: str
) -> None:
    sheet = Canvas(str(tmp_path / "a.pdf"))
    line = sheet.beginText(72, 700)
    for piece, rise, size in ((before, 0, 11), (raised, 5, 7), (after, 0, 11)):
        line.setFont("Helvetica", size)
        line.setRise(rise)
        line.textOut(piece)
    sheet.drawText(line)
    sheet.save()
    assert read_pdf(tmp_path / "a.pdf").text == text
