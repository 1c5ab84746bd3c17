"""Tables are read as their makers meant them: titles, facts, headers, rows and notes, each known for what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import docx
import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st
from pptx import Presentation
from pptx.util import Inches

from make_files import make_xlsx
from qa.documents.files import read_document
from qa.documents.formats.content import Content, Writing
from qa.documents.formats.numbers import shown
from qa.documents.formats.objects import read_json
from qa.documents.formats.sheets import read_workbook
from qa.documents.formats.tables import GridCell, read_csv, write_rows, write_table
from qa.documents.formats.web import html_content
from qa.documents.formats.word import read_docx
from qa.documents.heads import Row
from qa.documents.marks import CAPTION, HEADER, SECTION
from qa.documents.units import find_units
from qa.types import Document

NAMED: Mapping[tuple[str, int], str] = {
    ("heading", 1): "heading",
    ("heading", CAPTION): "title",
    ("heading", HEADER): "header",
    ("heading", SECTION): "section",
    ("sentence", 0): "note",
}
Lines = list[tuple[str, str]]


def lines(content: Content) -> Lines:
    """What each line of a text is, with its words."""
    return [
        (NAMED.get((mark.kind, mark.level), mark.kind), content.text[mark.start : mark.end]) for mark in content.marks
    ]


def csv_lines(folder: Path, text: str | bytes) -> Lines:
    path = folder / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return lines(read_csv(path))


METADATA = [
    (
        "Prepared by,Jane Doe\nReport,Stock\n\nItem,Stock,Shelf\nBarley,120,A4\n",
        [
            ("pair", "Prepared by: Jane Doe"),
            ("pair", "Report: Stock"),
            ("header", "Item | Stock | Shelf"),
            ("row", "Item: Barley | Stock: 120 | Shelf: A4"),
        ],
    ),
    (  # with no blank row, and dates and numbers among the facts
        "Author,Ida Moen\nSaved,2024-03-05\nVersion,3\nRoom,Seats,Floor\nBlue,12,1\nRed,8,2\nGreen,4,2\nGrey,5,3\n",
        [
            ("pair", "Author: Ida Moen"),
            ("pair", "Saved: 2024-03-05"),
            ("pair", "Version: 3"),
            ("header", "Room | Seats | Floor"),
            ("row", "Room: Blue | Seats: 12 | Floor: 1"),
            ("row", "Room: Red | Seats: 8 | Floor: 2"),
            ("row", "Room: Green | Seats: 4 | Floor: 2"),
            ("row", "Room: Grey | Seats: 5 | Floor: 3"),
        ],
    ),
    (  # a form with two questions on a line
        "Applicant:,Jane Doe,Date:,2024-03-05\nDepartment:,Works,,\n\nPurpose,Amount\nTravel,120\nHotel,300\n",
        [
            ("pair", "Applicant: Jane Doe"),
            ("pair", "Date: 2024-03-05"),
            ("pair", "Department: Works"),
            ("header", "Purpose | Amount"),
            ("row", "Purpose: Travel | Amount: 120"),
            ("row", "Purpose: Hotel | Amount: 300"),
        ],
    ),
    (  # facts alone
        "Owner,Ida Moen\nFounded,1998\nStreet,5 Harbour Road\n",
        [("pair", "Owner: Ida Moen"), ("pair", "Founded: 1998"), ("pair", "Street: 5 Harbour Road")],
    ),
]
LEVELS = [
    (
        "City,2022,,2023,\n,Sales,Costs,Sales,Costs\nOslo,10,4,12,5\n",
        [
            ("header", "City | 2022 Sales | 2022 Costs | 2023 Sales | 2023 Costs"),
            ("row", "City: Oslo | 2022 Sales: 10 | 2022 Costs: 4 | 2023 Sales: 12 | 2023 Costs: 5"),
        ],
    ),
    (  # units below the names
        "Year;Area;People;Density\n;km²;thousands;per km²\n2019;12,5;340;27,2\n2020;12,5;350;28\n",
        [
            ("header", "Year | Area km² | People thousands | Density per km²"),
            ("row", "Year: 2019 | Area km²: 12,5 | People thousands: 340 | Density per km²: 27,2"),
            ("row", "Year: 2020 | Area km²: 12,5 | People thousands: 350 | Density per km²: 28"),
        ],
    ),
    (  # a second line in one of the names only
        ",2022,2023,Change\n,,,2022-2023\nMen,98,97,-1\nWomen,40,45,5\n",
        [
            ("header", "2022 | 2023 | Change 2022-2023"),
            ("row", "Men | 2022: 98 | 2023: 97 | Change 2022-2023: -1"),
            ("row", "Women | 2022: 40 | 2023: 45 | Change 2022-2023: 5"),
        ],
    ),
    (  # no name for the rows' labels
        ",2022/23,2023/24\n,%,%\nEmployed,71.2,72.0\nUnemployed,x,4.1\n",
        [
            ("header", "2022/23 % | 2023/24 %"),
            ("row", "Employed | 2022/23 %: 71.2 | 2023/24 %: 72.0"),
            ("row", "Unemployed | 2022/23 %: x | 2023/24 %: 4.1"),
        ],
    ),
    (  # a header, a blank row and the rows
        "Team,Q1,Q2\n\nWorks,12,13\nSales,3,4\n\nTotal,15,17\n",
        [
            ("header", "Team | Q1 | Q2"),
            ("row", "Team: Works | Q1: 12 | Q2: 13"),
            ("row", "Team: Sales | Q1: 3 | Q2: 4"),
            ("row", "Team: Total | Q1: 15 | Q2: 17"),
        ],
    ),
]
NUMBERS = [
    (
        "Country,2019,2020,2021\nNorland,410,395,430\nSudland,120,118,131\n",
        [
            ("header", "Country | 2019 | 2020 | 2021"),
            ("row", "Country: Norland | 2019: 410 | 2020: 395 | 2021: 430"),
            ("row", "Country: Sudland | 2019: 120 | 2020: 118 | 2021: 131"),
        ],
    ),
    (
        "Age,1,2,3,4\nBoys,12,13,11,10\nGirls,11,12,14,9\n",
        [
            ("header", "Age | 1 | 2 | 3 | 4"),
            ("row", "Age: Boys | 1: 12 | 2: 13 | 3: 11 | 4: 10"),
            ("row", "Age: Girls | 1: 11 | 2: 12 | 3: 14 | 4: 9"),
        ],
    ),
    (
        "Depot,2023\nTurin,12.5\nBasel,9.1\n",
        [("header", "Depot | 2023"), ("row", "Depot: Turin | 2023: 12.5"), ("row", "Depot: Basel | 2023: 9.1")],
    ),
    (  # five years ago first, under a title
        "Members by year\n,2021,2016,2011\nClub,310,1950,280\nBand,30,28,2004\n",
        [
            ("title", "Members by year"),
            ("header", "2021 | 2016 | 2011"),
            ("row", "Club | 2021: 310 | 2016: 1950 | 2011: 280"),
            ("row", "Band | 2021: 30 | 2016: 28 | 2011: 2004"),
        ],
    ),
    (  # years that are data name nothing
        "Acme,1998,2001\nBolt,2004,2005\nCrag,2010,2015\n",
        [("row", "Acme | 1998 | 2001"), ("row", "Bolt | 2004 | 2005"), ("row", "Crag | 2010 | 2015")],
    ),
]
LONG = "How satisfied are you, on a scale of one to ten, with the hours at which the branch that you use most is open?"
OWN_WORDS = (
    "Please tell us in your own words what could be done better in the branch which you happen to use most often"
)
NAMES = [
    (
        "Person,Phone,Phone\nAnna Rossi,555-0101,555-0102\n",
        [("header", "Person | Phone | Phone 2"), ("row", "Person: Anna Rossi | Phone: 555-0101 | Phone 2: 555-0102")],
    ),
    (
        f'Who,"{LONG}"\nR1,7\nR2,9\n',
        [("header", f"Who | {LONG}"), ("row", f"Who: R1 | {LONG}: 7"), ("row", f"Who: R2 | {LONG}: 9")],
    ),
    (
        f"Who,{OWN_WORDS}\nR1,More hours\nR2,Nothing\n",
        [
            ("header", f"Who | {OWN_WORDS}"),
            ("row", f"Who: R1 | {OWN_WORDS}: More hours"),
            ("row", f"Who: R2 | {OWN_WORDS}: Nothing"),
        ],
    ),
    (
        "Key,Score,Score,Score 2\nA,1,2,3\n",
        [("header", "Key | Score | Score 3 | Score 2"), ("row", "Key: A | Score: 1 | Score 3: 2 | Score 2: 3")],
    ),
    (
        "Item,Stock\nBarley,12\nItem,Stock\nRye,3\n",  # the header again, as on the next printed page
        [("header", "Item | Stock"), ("row", "Item: Barley | Stock: 12"), ("row", "Item: Rye | Stock: 3")],
    ),
    (
        "Item,Note\nBarley,dry,9\nRye,fine,3\n",  # the last name is missing
        [("header", "Item | Note"), ("row", "Item: Barley | Note: dry | 9"), ("row", "Item: Rye | Note: fine | 3")],
    ),
]
TITLES = [
    (
        "Stock list of the Turin depot\n\nItem;Stock;Shelf\nBarley;120;A4\nRye;340;B1\n",
        [
            ("title", "Stock list of the Turin depot"),
            ("header", "Item | Stock | Shelf"),
            ("row", "Item: Barley | Stock: 120 | Shelf: A4"),
            ("row", "Item: Rye | Stock: 340 | Shelf: B1"),
        ],
    ),
    (  # two tables with titles of their own, and notes on the first
        "Table 4.2,,\nPeople by region (thousands),,\n,,\nRegion,Men,Women\nNorth,410.2,415.0\nSouth,..,118\n,,\n"
        "1) Provisional.,,\nSource: Office of Figures,,\n,,\nTable 4.3,,\nRegion,Single,Couple\nNorth,12,14\n",
        [
            ("title", "Table 4.2\nPeople by region (thousands)"),
            ("header", "Region | Men | Women"),
            ("row", "Region: North | Men: 410.2 | Women: 415.0"),
            ("row", "Region: South | Men: .. | Women: 118"),
            ("note", "1) Provisional."),
            ("pair", "Source: Office of Figures"),
            ("title", "Table 4.3"),
            ("header", "Region | Single | Couple"),
            ("row", "Region: North | Single: 12 | Couple: 14"),
        ],
    ),
    (  # a title and a fact with colons
        "Table 2: Harvest\nUnit: tonnes\nCrop,2022,2023\nRye,12,14\nOats,3,4\n",
        [
            ("title", "Table 2: Harvest"),
            ("pair", "Unit: tonnes"),
            ("header", "Crop | 2022 | 2023"),
            ("row", "Crop: Rye | 2022: 12 | 2023: 14"),
            ("row", "Crop: Oats | 2022: 3 | 2023: 4"),
        ],
    ),
    (  # titles of some of the rows, and a note at the end
        "Item,Jan,Feb\nIncome,,\nRent,100,110\nCosts,,\nWages,50,50\nFigures are not audited.,,\n",
        [
            ("header", "Item | Jan | Feb"),
            ("section", "Income"),
            ("row", "Item: Rent | Jan: 100 | Feb: 110"),
            ("section", "Costs"),
            ("row", "Item: Wages | Jan: 50 | Feb: 50"),
            ("note", "Figures are not audited."),
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [*METADATA, *LEVELS, *NUMBERS, *NAMES, *TITLES])
def test_a_table_is_read_as_its_maker_meant_it(tmp_path: Path, text: str, expected: Lines) -> None:
    assert csv_lines(tmp_path, text) == expected


CELLS = [
    "",
    "",
    "Oslo",
    "Oslo",
    "2019",
    "2020",
    "12",
    "n/a",
    "-",
    "Name:",
    "2024-03-05",
    "Sales: 5",
    "It is so, of late.",
]
ROW = st.lists(
    st.builds(
        GridCell,
        text=st.sampled_from(CELLS),
        is_header=st.booleans(),
        rows=st.sampled_from([1, 1, 1, 2, 3, 65534]),
        columns=st.sampled_from([0, 1, 1, 1, 2, 3]),
    ),
    max_size=5,
)


OVERLAPPING = [
    [GridCell(text="", rows=3, columns=0)],
    [GridCell(text=""), GridCell(text="", rows=2, columns=2), GridCell(text="", columns=3)],
    [GridCell(text="", columns=0), GridCell(text="", columns=2), GridCell(text="Oslo", columns=0)],
]


@given(st.lists(ROW, max_size=9), st.booleans())
@example(OVERLAPPING, True)
def test_every_cell_of_any_table_is_written_and_known_by_its_exact_place(
    rows: list[list[GridCell]], on_a_page: bool
) -> None:
    writing = Writing()
    if on_a_page:
        write_table(writing, rows)
    else:
        write_rows(writing, [Row([cell.text for cell in row]) for row in rows])
    content = writing.content()
    texts = {cell.text for row in rows for cell in row}
    assert [text for text in texts if text.rstrip(":") not in content.text] == []
    for mark in content.marks:
        assert mark.kind != "row" or {content.text[cell.start : cell.end] for cell in mark.cells} <= texts
        assert all(mark.start <= cell.start < cell.end <= mark.end for cell in mark.cells)


def document(path: Path) -> Document:
    return read_document(path, root=path)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<tr><td>Port<td>Boat<td>Leaves<tr><td rowspan=2>Leith<td>Gannet<td>07:15<tr><td>Heron<td>16:40",
            "Port | Boat | Leaves\n\nPort: Leith | Boat: Gannet | Leaves: 07:15\n\n"
            "Port: Leith | Boat: Heron | Leaves: 16:40",
        ),
        (
            "<thead><tr><td rowspan=2>Zone<td colspan=2>Single<tr><td>Adult<td>Child</thead>"
            "<tr><th>A<td>2.00<td>1.00<tr><th>B<td colspan=2>closed<tr><th colspan=3>Night<tr><th>A<td>5<td>3",
            "Zone | Single Adult | Single Child\n\nZone: A | Single Adult: 2.00 | Single Child: 1.00\n\n"
            "Zone: B | Single Adult: closed | Single Child: closed\n\nNight\n\n"
            "Zone: A | Single Adult: 5 | Single Child: 3",
        ),
        (
            "<tr><th>Capital<td>Rome<tr><th>Languages<td>Italian<td>German",
            "Capital: Rome\n\nLanguages: Italian | German",
        ),
        (
            "<tr><th>Hall<th colspan=2>Hours<tr><td>North<td rowspan=0 colspan=x>9 to 5<td>daily",
            "Hall | Hours | Hours 2\n\nHall: North | Hours: 9 to 5 | Hours 2: daily",
        ),
        (
            "<tr><td colspan=999999999>Fares of the ferry<tr><td>From<td>Fare<tr><td>Leith<td>12",
            "Fares of the ferry\n\nFrom | Fare\n\nFrom: Leith | Fare: 12",
        ),
    ],
)
def test_a_cell_that_spans_rows_or_columns_stands_in_all_of_them(html: str, text: str) -> None:
    assert html_content(f"<table>{html}</table>").text == text


def test_merged_cells_of_a_word_table_stand_in_every_row(tmp_path: Path) -> None:
    file = docx.Document()
    table = file.add_table(4, 3)
    texts = ["Region", "City", "Sales", "North", "Oslo", "12", "", "Bergen", "7", "All", "", "19"]
    for cell, text in zip((cell for row in table.rows for cell in row.cells), texts, strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 0).merge(table.cell(3, 1))
    file.save(str(tmp_path / "a.docx"))
    assert read_docx(tmp_path / "a.docx").text == (
        "Region | City | Sales\n\nRegion: North | City: Oslo | Sales: 12\n\nRegion: North | City: Bergen | Sales: 7\n\n"
        "Region: All | Sales: 19"
    )


def test_merged_cells_of_a_slide_stand_in_every_row(tmp_path: Path) -> None:
    deck = Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    table = shapes.add_table(4, 3, Inches(1), Inches(1), Inches(6), Inches(2)).table
    rows = [["Region", "Sales", ""], ["", "2022", "2023"], ["North", "12", "14"], ["South", "none", ""]]
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(number, column).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(3, 1).merge(table.cell(3, 2))
    deck.save(str(tmp_path / "a.pptx"))
    assert document(tmp_path / "a.pptx").text == (
        "Region | Sales 2022 | Sales 2023\n\nRegion: North | Sales 2022: 12 | Sales 2023: 14\n\n"
        "Region: South | Sales 2022: none | Sales 2023: none"
    )


def test_merged_cells_of_a_sheet_stand_in_every_row_wherever_the_table_begins(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("Sales")
        sheet.merge_range("C4:G5", "Sales by city")
        sheet.merge_range("C6:C7", "City")
        sheet.merge_range("D6:E6", 2022)
        sheet.merge_range("F6:G6", 2023)
        sheet.write_row("D7", ["Sales", "Costs", "Sales", "Costs"])
        sheet.write_row("C8", ["Oslo", 10, 4, 12, 5])
        sheet.write("C9", "Bergen")
        sheet.merge_range("D9:E9", "closed")
        sheet.write_row("F9", [9, 6])
    assert lines(read_workbook(tmp_path / "a.xlsx")) == [
        ("heading", "# Sales"),
        ("title", "Sales by city"),
        ("header", "City | 2022 Sales | 2022 Costs | 2023 Sales | 2023 Costs"),
        ("row", "City: Oslo | 2022 Sales: 10 | 2022 Costs: 4 | 2023 Sales: 12 | 2023 Costs: 5"),
        ("row", "City: Bergen | 2022 Sales: closed | 2022 Costs: closed | 2023 Sales: 9 | 2023 Costs: 6"),
    ]


def test_a_row_and_its_header_know_their_cells_by_column(tmp_path: Path) -> None:
    content = read_workbook(make_xlsx(tmp_path / "a.xlsx", {"S": [["Item", "Stock", "Shelf"], ["Rye", None, "B1"]]}))
    cells = [[(each.column, content.text[each.start : each.end]) for each in mark.cells] for mark in content.marks]
    assert cells == [[], [(0, "Item"), (1, "Stock"), (2, "Shelf")], [(0, "Rye"), (2, "B1")]]


def test_facts_about_a_table_stand_between_its_title_and_its_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Stock list\nPrepared by,Jane Doe\n\nItem,Stock,Shelf\nRye,340,B1\n")
    read = document(path)
    held = {read.text[unit.start : unit.end]: unit.parent for unit in find_units(read.text, read.marks)}
    assert list(held.values()) == [None, 0, 0, read.text.index("Item")]


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (0.175, "0.0%", "17.5%"),
        (1234.5, "€#,##0.00", "€1,234.50"),
        (42, "00000", "00042"),
        (1234567, "#,##0", "1,234,567"),
        (1234.5, "#,##0.00\\ [$€-407]", "1,234.50 €"),
        (-5, "#,##0;[Red](#,##0)", "-5"),
        (-0.03, "0%", "-3%"),
        (1234.5, '_-"£"* #,##0.00_-;-"£"* #,##0.00_-;_-"£"* "-"??_-;_-@_-', "£1,234.50"),
        (12.5, '0.0 "kg"', "12.5 kg"),
        (2.5, "0.##", "2.5"),
        (1200, "#,##0.##", "1,200"),
        (-0.001, "0.0", "0.0"),
        (1234567.5, "#,###.0", "1,234,567.5"),
        (7, '0 "% off"', "7 % off"),
        (2.675, "0.00", "2.68"),
        (1_250_000, '0.0,,"m"', "1250000"),
        (0.1 + 0.2, "General", "0.3"),
        (0.5, "# ?/?", "0.5"),
        (1e300, "0.00", "1e+300"),
        (3, "", "3"),
    ],
)
def test_a_number_is_read_as_its_workbook_shows_it(value: float, number_format: str, expected: str) -> None:
    assert shown(value, number_format) == expected


def test_the_cells_of_a_workbook_are_read_with_their_units(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        book.add_worksheet("Empty")
        sheet = book.add_worksheet("Prices")
        formats = {column: book.add_format({"num_format": code}) for column, code in enumerate(FORMATS)}
        sheet.write_row("B2", ["Item", "Discount", "Price", "Ordered", "Ends", "Takes", "Code", "Open"])
        values = ["Rye", 0.175, 1234.5, 45356, 45356.6041666666, 1.0833333333, 42, True]
        for column, value in enumerate(values):
            sheet.write(2, column + 1, value, formats.get(column - 1))
    assert read_workbook(tmp_path / "a.xlsx").text == (
        "# Prices\n\nItem | Discount | Price | Ordered | Ends | Takes | Code | Open\n\nItem: Rye | Discount: 17.5% | "
        "Price: €1,234.50 | Ordered: 2024-03-05 | Ends: 2024-03-05 14:30 | Takes: 26:00 | Code: 00042 | Open: True"
    )


FORMATS = ["0.0%", "€#,##0.00", "d mmm yyyy", "d mmm yyyy hh:mm", "[h]:mm", "00000"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"count": 2, "employees": [{"name": "Ida", "pay": 41000}, {"name": "Leo", "pay": 27800}]},
            [
                ("row", "count: 2"),
                ("heading", "# employees"),
                ("row", "name: Ida | pay: 41000"),
                ("row", "name: Leo | pay: 27800"),
            ],
        ),
        (
            {"E17": {"lamp": "red", "means": "no water"}, "E18": {"lamp": "green"}},
            [("row", "E17 | lamp: red | means: no water"), ("row", "E18 | lamp: green")],
        ),
        (
            {"firm": {"city": "Rome", "sites": {"north": {"staff": 4}, "south": {"staff": 5}}, "old": [{"a": 1}]}},
            [
                ("heading", "# firm"),
                ("row", "city: Rome"),
                ("heading", "# firm.sites"),
                ("row", "north | staff: 4"),
                ("row", "south | staff: 5"),
                ("heading", "# firm.old"),
                ("row", "a: 1"),
            ],
        ),
        (
            {"title": "T", "seat": {"city": "Rome"}, "tags": [1, 2]},
            [("row", "title: T | seat.city: Rome | tags: 1 | tags: 2")],
        ),
        (
            [{"order": 1, "lines": [{"item": "rye"}, {"item": "oat"}]}],
            [("row", "order: 1 | lines.item: rye | lines.item: oat")],
        ),
    ],
)
def test_objects_in_a_list_or_under_ids_are_records(tmp_path: Path, value: object, expected: Lines) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    assert lines(read_json(path)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Preisliste, Mai\nWare;Preis;Zahl\nRye;12,50;3\nOat;9,10;4\n", "Ware: Rye | Preis: 12,50 | Zahl: 3"),
        ('Item,Note\nRye,"dry; cool\nand dark"\nOat,"wet; warm"\n', "Item: Rye | Note: dry; cool and dark"),
        ("Item\tNote\nRye\tdry, cool\nOat\twet, warm\n", "Item: Rye | Note: dry, cool"),
        ("Code|Text\nA1|one, two; three\nA2|four, five; six\n", "Code: A1 | Text: one, two; three"),
        ('Item,Note\nRye,"He said \\"stop\\", then left"\n', 'Item: Rye | Note: He said "stop", then left'),
        ('Item,Folder\nRye,"C:\\rye\\"\nOat,"C:\\oat\\"\n', "Item: Rye | Folder: C:\\rye\\"),
    ],
)
def test_the_delimiter_divides_most_rows_alike_and_quoted_cells_are_whole(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert ("row", expected) in csv_lines(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Ort: Köln | Straße: Größenweg | Preis: 12 €", "cp1252"),
        ("Nom: Hélène | Ville: été à Nîmes | Né: ça va", "latin-1"),
        ("名前: さくら | 都市: 東京 | 駅: ア", "cp932"),
        ("姓名: 王伟 | 城市: 北京 | 街道: 长安街", "gbk"),
        ("Имя: Пётр | Город: Тверь | Дом: в саду", "cp1251"),
    ],
)
def test_a_file_that_is_not_utf_8_is_read_in_the_encoding_of_its_language(
    tmp_path: Path, text: str, encoding: str
) -> None:
    names, cells = zip(*(part.split(": ") for part in text.split(" | ")), strict=True)
    rows = f"{';'.join(names)}\n{';'.join(cells)}\n"
    assert csv_lines(tmp_path, rows.encode(encoding)) == [("header", " | ".join(names)), ("row", text)]
