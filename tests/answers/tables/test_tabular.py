"""Questions to tables: the cell, the row, and what rows amount to, out of every format that has tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import docx
import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from make_files import make_xlsx
from qa import Chatbot
from qa.answers.extractive import refusal
from qa.answers.tables import tabular
from qa.answers.tables.inquiry import ask
from qa.types import Answer

PLANS = """# Subscription plans

| Plan | Price per month | Users | Storage |
|---|---|---|---|
| Basic | €9 | 3 | 10 GB |
| Pro | €29 | 15 | 200 GB |
| Team | €79 | 60 | 1000 GB |
| Enterprise | €400 | unlimited | on request |
"""
ROUNDS = """Company,Country,Region,Year,Amount (USD),Investor,Closed
Kestrel Labs,Japan,Asia,2025,"22,400,000",Ostrava Capital,2025-02-14
Linden Bio,Singapore,Asia,2025,"18,900,000",Marram Partners,2025-05-03
Nettle AI,India,Asia,2025,"11,000,000",Ostrava Capital,2025-09-21
Pumice,Germany,Europe,2025,"30,500,000",Tern Fund,2025-03-30
Quillon,Japan,Asia,2024,"7,250,000",Marram Partners,2024-11-11
Rowanberry,France,Europe,2024,"4,100,000",Tern Fund,2024-06-18
"""
FERRIES = """<html><head><title>Ferry timetable</title></head><body><h1>Winter crossings</h1><table>
<tr><th>Ship</th><th>Capacity</th><th>Fare</th><th>Distance</th></tr>
<tr><td>Merganser</td><td>240</td><td>£12.50</td><td>18 km</td></tr>
<tr><td>Kittiwake</td><td>180</td><td>£9.00</td><td>11 km</td></tr>
<tr><td>Fulmar</td><td>95</td><td>£7.25</td><td>6 miles</td></tr></table></body></html>"""
PRICES = """Code,Article,Group,Unit,Price (£),Days
T-OAK,"Table, oak",Tables,piece,310.00,9
T-ASH,"Table, ash",Tables,piece,280.00,14
L-6,Lamp 6 W,Parts,piece,41.00,4
T-L,Table with lamp,Tables,piece,395.00,9
SRV,Varnishing,Service,table,60.00,4
"""
SITE = "# Depot Almery\n\nGate code: 4471\n\nFirst-aid box: beside the workshop door\n\nLoading bays: 6\n"
CUSTOMERS = ["Aster GmbH", "Birch & Co", "Cedar Ltd"]
ORDERS = [
    [
        f"O-{1000 + i}",
        CUSTOMERS[i % 3],
        ["Lamp", "Desk"][i % 2],
        round(19.9 * (i % 11 + 1), 2),
        date(2025, 1 + i // 10, 3),
    ]
    for i in range(60)
]
STAFF = [["Team", "Headcount", "Budget (€)"], ["Design", 7, 410000], ["Support", 12, 640000], ["Total", 19, 1050000]]
CAMPS = [
    ["Camp", "Altitude (m)", "Arrived", "Temperature"],
    ["Base", "2,150", "3 June 2024", "4 °C"],
    ["Ridge", "2,980", "9 June 2024", "-2 °C"],
    ["Summit", "4,212", "1 July 2024", "-17 °C"],
]
HARVEST = [
    ["Variety", "Trees", "Yield, tonnes", "Price per kg"],
    ["Bramley", "120", "14.5", "£1.10"],
    ["Egremont", "80", "6.25", "£1.85"],
    ["Discovery", "45", "3.75", "£1.40"],
]


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("documents")
    for name, text in (
        ("plans.md", PLANS),
        ("funding-rounds.csv", ROUNDS),
        ("ferries.html", FERRIES),
        ("site.md", SITE),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    make_xlsx(folder / "orders.xlsx", {"Orders": [["Order", "Customer", "Product", "Net (€)", "Ordered"], *ORDERS]})
    make_xlsx(folder / "staff.xlsx", {"Staff": STAFF})
    word = docx.Document()
    word.add_heading("Expedition to the Larkspur glacier", 1)
    table = word.add_table(rows=0, cols=4)
    for row in CAMPS:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    word.save(str(folder / "expedition.docx"))
    style = getSampleStyleSheet()["Title"]
    grid = Table(HARVEST, style=[("GRID", (0, 0), (-1, -1), 1, (0, 0, 0))])
    SimpleDocTemplate(str(folder / "harvest.pdf")).build([Paragraph("Harvest report 2023", style), grid])
    with Chatbot.open(chroma=str(tmp_path_factory.mktemp("index")), seeds=folder, model="extractive") as opened:
        yield opened


def _short(answer: Answer) -> str | None:
    return answer.short and answer.short.words


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What does the Pro plan cost per month?", "€29"),
        ("How many users can use Basic?", "3"),
        ("How much storage does Team have?", "1000 GB"),
        ("Who invested in Pumice?", "Tern Fund"),
        ("What is the fare on the Kittiwake?", "£9.00"),
        ("How many trees of Egremont are there?", "80"),
        ("What is the headcount of Support?", "12"),
        ("What is the gate code of depot Almery?", "4471"),
        ("What is the total headcount?", "19"),
        ("Which company has the highest amount?", "Pumice"),
        ("Which round closed latest?", "Nettle AI"),
        ("Which company has the lowest amount in Asia?", "Quillon"),
        ("Which team has the smallest budget?", "Design"),
        ("Which camp has the highest altitude?", "Summit"),
        ("Which camp was the coldest?", "Summit"),
        ("Which ship has the lowest fare?", "Fulmar"),
        ("What is the cheapest variety per kg?", "Bramley"),
        ("What is the highest altitude of a camp?", "4,212"),
    ],
)
def test_the_short_answer_is_the_cell(bot: Chatbot, question: str, cell: str) -> None:
    answer = bot.ask(question)
    assert _short(answer) == cell
    assert answer.short
    quote = next(each.quote for each in answer.citations if each.number == answer.short.citation)
    assert quote[answer.short.start : answer.short.end] == answer.short.text
    best = next(each for each in answer.sentences if each.best)
    assert best.highlight
    assert best.text[best.highlight.start : best.highlight.end] == cell
    assert bot.verify(answer).holds


@pytest.mark.parametrize(
    ("question", "statement", "rows"),
    [
        (
            "What is the total amount of the funding rounds in Asia in 2025?",
            "Sum of “Amount (USD)” for “Asia 2025”: 22,400,000 + 18,900,000 + 11,000,000 = 52,300,000",
            3,
        ),
        (
            "What is the average amount in Europe?",
            "Average of “Amount (USD)” for “Europe”: (30,500,000 + 4,100,000) / 2 = 17,300,000",
            2,
        ),
        ("How many funding rounds were in Japan?", "Number of rows for “Japan”: 2", 2),
        ("Which funding rounds were over 20,000,000?", "Number of rows where “Amount (USD)” over 20,000,000: 2", 2),
        ("Which rounds closed before March 2025?", "Number of rows where “Closed” before March 2025: 3", 3),
        (
            "What is the difference in budget between Design and Support?",
            "Difference in “Budget (€)” for “Design Support”: 640000 − 410000 = 230000",
            2,
        ),
        ("What is the total capacity of the ships?", "Sum of “Capacity”: 240 + 180 + 95 = 515", 3),
        ("How many tonnes did all varieties yield?", "Sum of “Yield, tonnes”: 14.5 + 6.25 + 3.75 = 24.50", 3),
        (
            "What is the average altitude of the camps?",
            "Average of “Altitude (m)”: (2,150 + 2,980 + 4,212) / 3 = 3,114",
            3,
        ),
        ("Which camps arrived after 5 June 2024?", "Number of rows where “Arrived” after 5 June 2024: 2", 2),
        ("How many orders are there from Cedar Ltd?", "Number of rows for “Cedar Ltd”: 20", 20),
        ("Which camp was the coldest?", "Lowest “Temperature”: -17 °C, then -2 °C, 4 °C", 3),
        ("Which round closed earliest?", "Earliest “Closed”: 2024-06-18, then 2024-11-11", 6),
    ],
)
def test_what_rows_amount_to_is_computed_shown_and_cites_each_row(
    bot: Chatbot, question: str, statement: str, rows: int
) -> None:
    answer = bot.ask(question)
    said = next(each for each in answer.sentences if each.reason)
    assert said.text.startswith(statement)
    assert (said.support, said.reason) == ("supported", f"computed from {rows} rows")
    quoted = "\n".join(each.quote for each in answer.citations if each.number in said.citations)
    assert quoted.count("\n") + 1 >= rows
    assert bot.verify(answer).holds


def test_rows_side_by_side_are_one_citation_across_passages_and_of_many_citations_some_are_marked(
    bot: Chatbot,
) -> None:
    answer = bot.ask("What is the total net of all orders?")
    assert [(each.quote.count("\n") + 1) // 2 + 1 for each in answer.citations] == [60]
    answer = bot.ask("How many orders are there from Cedar Ltd?")
    assert answer.text.endswith("[6][7] … [20]")
    assert answer.sentences[-1].citations == tuple(range(1, 21))


def test_a_sum_over_a_table_of_many_passages_has_every_row_of_it(bot: Chatbot) -> None:
    answer = bot.ask("What is the total net of all orders from Birch & Co?")
    nets = [Decimal(str(net)) for _, customer, _, net, _ in ORDERS if customer == "Birch & Co"]
    assert len({passage.ordinal for passage in bot.passages("orders.xlsx")}) > len(answer.hits) / 2
    assert answer.sentences[0].text.endswith(f" = {sum(nets)}")
    assert answer.sentences[0].reason == f"computed from {len(nets)} rows"


def test_a_row_that_is_named_by_its_code_answers_whichever_cell_is_meant(tmp_path: Path) -> None:
    (tmp_path / "oven.md").write_text(
        "# Oven\n\n## Alarms\n\n| Code | Meaning | What to do |\n|---|---|---|\n| A01 | Door open | Close it |\n"
        "| A11 | Fan blocked | Clean the grille |\n\n## Data\n\nPower: 3 kW\nWeight: 41 kg\nHeight: 60 cm\n"
    )
    with Chatbot.open(chroma=":memory:", home=tmp_path / "home", seeds=tmp_path, model="extractive") as bot:
        answer = bot.ask("What should I do when alarm A11 comes up?")
        assert answer.text.startswith("Code: A11 · Meaning: Fan blocked · What to do: Clean the grille")
        assert bot.ask("What should I do when alarm A12 comes up?").abstained
        assert _short(bot.ask("How heavy is the oven?")) == "41 kg"


PARTS = """# Oven 7

| Item | Value |
|---|---|
| Noise | 39 dB |
| Duration of a cycle | 50 minutes |

## Spare parts

| Part | In stock | Name |
|---|---|---|
| 7712 | yes | Door seal |
| 7713 | no | Glass tray |
| H-08 | yes | Brass hinge |
"""


@pytest.mark.parametrize(
    ("question", "said", "short"),
    [
        ("What is part 7713?", "Part: 7713 · In stock: no · Name: Glass tray", "Glass tray"),
        ("What is H-08 in the list of spare parts?", "Part: H-08 · In stock: yes · Name: Brass hinge", "Brass hinge"),
        ("How loud is the oven?", "Item: Noise · Value: 39 dB", "39 dB"),
    ],
)
def test_a_row_is_found_by_its_number_by_a_code_of_two_parts_and_by_what_an_adjective_measures(
    question: str, said: str, short: str, tmp_path: Path
) -> None:
    (tmp_path / "oven.md").write_text(PARTS)
    with Chatbot.open(chroma=":memory:", home=tmp_path / "home", seeds=tmp_path, model="extractive") as bot:
        answer = bot.adjusted(strictness=1.0).ask(question)  # so that no sentence answers
        assert answer.text.startswith(said)
        assert _short(answer) == short
        assert bot.ask("What is part 7799?").abstained


VANS = """\
defaults:
  fuel: diesel
  insured: true

vans:
  V-01:
    driver: Mara Lenz
    depot: Northgate
    tyres: 205/65 R16
  V-02:
    driver: Otto Brandt
    depot: Southend
    tyres: 195/70 R15
  V-03:
    driver: Ines Falk
    depot: Northgate, hall 2
    tyres: 215/60 R17
"""


@pytest.mark.parametrize(
    ("question", "short", "records"),
    [
        ("Which tyres does the van of Otto Brandt have?", "195/70 R15", ["V-02"]),
        ("driver of the van in Southend?", "Otto Brandt", ["V-02"]),
        ("Which fuel do the vans use?", "diesel", ["defaults"]),
        ("Which tyres do the vans in Northgate have?", None, ["V-01", "V-03"]),
        ("What is the driver of the van in Eastwick?", None, []),
    ],
)
def test_the_keys_of_a_record_are_read_together(
    tmp_path: Path, question: str, short: str | None, records: list[str]
) -> None:
    (tmp_path / "vans.yaml").write_text(VANS)
    with Chatbot.open(chroma=":memory:", home=tmp_path / "home", seeds=tmp_path, model="extractive") as bot:
        answer = bot.ask(question)
    assert _short(answer) == short
    assert [each.quote.strip().partition(":")[0] for each in answer.citations] == records
    assert [each.text.partition(": driver:")[0] for each in answer.sentences if "tyres" in each.text] == [
        record for record in records if record != "defaults"
    ]


VISITS = "\n".join(
    f'{{"order": "S-{number}", "customer": "{name}", "mechanic": "{who}", "days_to_repair": {number}}}'
    for number, name, who in ((17, "Alder Mill", "Ines Falk"), (23, "Beech School", "Mara Lenz"))
)


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("How many days did Beech School lose until the mechanic had mended it?", "23"),
        ("And which mechanic did Alder Mill complain of?", "Ines Falk"),
        ("Was the mechanic blamed at Alder Mill?", None),
    ],
)
def test_a_row_that_is_chosen_as_a_sentence_gives_the_cell_that_is_named(
    question: str, short: str | None, tmp_path: Path
) -> None:
    (tmp_path / "repairs.jsonl").write_text(VISITS)
    with Chatbot.open(chroma=":memory:", home=tmp_path / "home", seeds=tmp_path, model="extractive") as bot:
        assert _short(bot.adjusted(strictness=0.0).ask(question)) == short


def test_all_rows_that_are_meant_are_listed(bot: Chatbot) -> None:
    answer = bot.ask("Which funding rounds were in Japan?")
    assert [each.text.partition(" · ")[0] for each in answer.sentences[:-1]] == [
        "Company: Kestrel Labs",
        "Company: Quillon",
    ]


def test_where_several_cells_or_columns_may_be_meant_nothing_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "workshop-prices.csv").write_text(PRICES, encoding="utf-8")
    with Chatbot.open(chroma=":memory:", seeds=tmp_path, model="extractive") as workshop:
        lamps = workshop.ask("What is the workshop price of a lamp?")
        assert [each.text.partition(" · ")[0] for each in lamps.sentences] == ["Code: L-6", "Code: T-L"]
        assert lamps.short is None
        tables = workshop.ask("What is the average workshop price of tables?")  # a group, not what is varnished
        assert tables.text.startswith("Average of “Price (£)” for “tables”: (310.00 + 280.00 + 395.00) / 3 ≈ 328.3333 ")
        dearest = workshop.ask("What is the dearest table on the price list?")  # the same, in the singular
        assert _short(dearest) == "Table with lamp"


def test_the_most_expensive_is_sought_in_the_one_column_of_money(bot: Chatbot) -> None:
    answer = bot.ask("Which funding round is the most expensive?")
    assert _short(answer) == "Pumice"
    assert "the column “Amount (USD)” was taken" in answer.notes[0]


def test_mixed_units_are_never_added(bot: Chatbot) -> None:
    answer = bot.ask("What is the total distance of all crossings?")
    assert len(answer.sentences) == 3
    assert not any(each.reason for each in answer.sentences)
    assert answer.notes == ("nothing was computed of “Distance”: its units differ",)


def test_rows_are_quoted_where_a_value_is_no_amount(bot: Chatbot) -> None:
    answer = bot.ask("Which plan has the most users?")
    assert len(answer.sentences) == 4
    assert answer.short is None
    assert answer.notes == ("nothing was computed of “Users”: “unlimited” is no amount",)


def test_the_column_that_was_taken_is_said_where_the_question_does_not_name_it(bot: Chatbot) -> None:
    answer = bot.ask("How much was invested in Asia in 2025 in total?")
    assert answer.text.startswith("Sum of “Amount (USD)” for “Asia 2025”: ")
    assert "the column “Amount (USD)” was taken" in answer.notes[0]


@pytest.mark.parametrize(
    "question",
    [
        "What was the total revenue in Africa in 2025?",
        "What is the total amount of the funding rounds in Asia in 2022?",
        "Which dinosaur was the heaviest?",
        "How many users can use Gold?",
        "What is the gate code of depot Brenwick?",
        "Which ship to Norway has the lowest fare?",
        "What is the median amount in Asia?",
        "What is the total amount without Japan?",
        "What is the total amount per region?",
        "Which funding rounds were not in Japan?",
        "How many countries had funding rounds?",
        "What is the total net of the orders ordered between March and May 2025?",
        "How many trees of Bramley were felled?",
    ],
)
def test_a_word_that_the_table_does_not_explain_is_never_passed_over_in_a_sum(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert not any(each.reason for each in answer.sentences)


def test_nothing_is_computed_where_the_rest_of_the_table_cannot_be_read(bot: Chatbot) -> None:
    question = "What is the total net of all orders from Birch & Co?"
    found = bot.library.find(question, question, top_k=5, strictness=0.5)
    refused = refusal(found)
    assert tabular.answer(found, refused=refused)
    assert tabular.answer(replace(found, beside=lambda _passage, _ordinals: None), refused=refused) is None


def test_a_table_that_goes_on_under_its_header_once_more_is_not_added_in_part(bot: Chatbot, tmp_path: Path) -> None:
    head = "<tr><th>Berth</th><th>Boats</th></tr>"
    rows = "".join(f"<tr><td>North {number}</td><td>{number}</td></tr>" for number in range(1, 5))
    page = f"<html><body><h1>Marina</h1><table>{head}{rows}</table><table>{head}{rows}</table></body></html>"
    (tmp_path / "marina.html").write_text(page, encoding="utf-8")
    with Chatbot.open(chroma=":memory:", seeds=tmp_path, model="extractive") as marina:
        assert not any(each.reason for each in marina.ask("How many boats are there in total at the marina?").sentences)


@pytest.mark.parametrize(
    ("true", "false"),
    [("= 52,300,000", "= 52,300,001"), ("11,000,000 =", "12,000,000 ="), ("Sum of", "Highest"), ("Asia 2025", "Asia")],
)
def test_a_computed_statement_that_is_not_what_the_rows_say_does_not_verify(
    bot: Chatbot, true: str, false: str
) -> None:
    answer = bot.ask("What is the total amount of the funding rounds in Asia in 2025?")
    said = answer.sentences[0]
    forged = replace(said, text=said.text.replace(true, false))
    assert forged != said
    text = answer.text.replace(said.text, forged.text)
    check = bot.verify(replace(answer, text=text, sentences=(forged,))).sentences[0]
    assert not check.holds


def test_a_statement_that_leaves_out_rows_does_not_verify(bot: Chatbot) -> None:
    answer = bot.ask("What is the total amount of the funding rounds in Asia in 2025?")
    said = answer.sentences[0]
    forged = replace(said, text="Sum of “Amount (USD)” for “Asia 2025”: 22,400,000 + 18,900,000 = 41,300,000")
    forged = replace(forged, reason="computed from 2 rows")
    text = answer.text.replace(said.text, forged.text)
    assert not bot.verify(replace(answer, text=text, sentences=(forged,))).sentences[0].holds


PARCELS = """# Parcels and groups

| Weight | Inland (£) | Abroad (£) |
|---|---|---|
| up to 2 kg | 4.50 | 9.20 |
| 2 to 5 kg | 6.90 | 14.00 |
| 5 to 10 kg | 9.80 | 22.50 |
| over 10 kg | 15.00 | 40.00 |

# Discounts

| Group | Discount |
|---|---|
| 10-19 people | 5 % |
| 20–49 people | 10 % |
| 50 people or more | 15 % |

# Notice periods

| Length of service | Notice by the employee | Notice by the firm |
|---|---|---|
| Under 2 years | 4 weeks | 4 weeks |
| 2 to 5 years | 6 weeks | 8 weeks |
| More than 5 years | 8 weeks | 12 weeks |
"""


@pytest.fixture(scope="module")
def ranges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("ranges")
    (folder / "parcels.md").write_text(PARCELS, encoding="utf-8")
    with Chatbot.open(chroma=":memory:", seeds=folder, home=folder / "home", model="extractive") as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "short", "row"),
    [
        ("What does a parcel of 3 kg cost inland?", "6.90", "Weight: 2 to 5 kg"),
        ("How much is a parcel of seven kg abroad?", "22.50", "Weight: 5 to 10 kg"),
        ("What does a parcel of 12.5 kg cost inland?", "15.00", "Weight: over 10 kg"),
        ("What discount does a group of 25 people get?", "10 %", "Group: 20–49 people"),
        ("Which discount for 60 people?", "15 %", "Group: 50 people or more"),
        ("What is the notice by the firm after three years?", "8 weeks", "Length of service: 2 to 5 years"),
        ("How many weeks of notice after 3 years?", None, "Length of service: 2 to 5 years"),
    ],
)
def test_a_row_is_found_by_the_range_in_which_an_amount_lies(
    ranges: Chatbot, question: str, short: str | None, row: str
) -> None:
    answer = ranges.ask(question)
    assert answer.text.startswith(row)
    assert len(answer.sentences) == 1
    assert (answer.short.text if answer.short else None) == short
    assert ranges.verify(answer).holds


def test_an_amount_in_no_range_or_of_another_unit_finds_no_row(ranges: Chatbot) -> None:
    for question in ("Which discount for 3 people?", "What does a parcel of 3 miles cost inland?"):
        assert not any(said.text.startswith(("Group:", "Weight:")) for said in ranges.ask(question).sentences)


def test_how_much_something_is_asks_for_its_price_and_how_big_it_is_for_its_size(tmp_path: Path) -> None:
    (tmp_path / "plots.md").write_text(
        "# Fernbank\n\n| Plot | Size | Rent a year |\n|---|---|---|\n| Half | 125 m² | £36.50 |\n"
        "| Starter bed | 30 m² | £12.00 |\n",
        encoding="utf-8",
    )
    with Chatbot.open(
        chroma=":memory:", seeds=tmp_path, home=tmp_path / "home", model="extractive", strictness=0.1
    ) as site:
        assert _short(site.ask("How much is a half plot?")) == "£36.50"
        assert _short(site.ask("How big is the starter bed?")) == "30 m²"
        summed = site.ask("total rent of all three kinds")
        assert summed.short is None
        assert "no sum was made: it is not sure which rows are meant" in summed.notes


def test_how_many_there_are_is_told_by_the_sentence_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "site.md").write_text(
        "# Fernbank\n\nThe site has 84 plots behind the cottages.\n\n"
        "| Plot | Rent a year |\n|---|---|\n| Full | £62 |\n| Half | £36 |\n",
        encoding="utf-8",
    )
    with Chatbot.open(chroma=":memory:", seeds=tmp_path, home=tmp_path / "home", model="extractive") as site:
        assert site.ask("How many plots are there?").text.startswith("The site has 84 plots")


BOATS = """# Hire boats

| No. | Group | Boat | Length m | Weight kg | Price 2025 € | Price 2026 € | Next check | Status | Phone |
|---|---|---|---|---|---|---|---|---|---|
| B-26-01 | rowing | Heron | 4 | 85 | 12.00 | 13.50 | 2026-03-02 | free | 0555 101 |
| B-26-02 | rowing | Teal | 5 | 110 | 12.00 | 15.00 | 2026-01-19 | in repair | 0555 102 |
| B-26-03 | sailing | Gannet | 7 | 410 | 38.00 | 40.00 | 2026-06-30 | free | 0555 103 |
"""


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("B-26-02 status?", "in repair"),
        ("phone number of the Gannet", "0555 103"),
        ("status Heron boat", "free"),
        ("How many kilos is the Teal?", "110"),
        ("Which boat is due for its check first?", "Teal"),
        ("boat that has the lowest weight", "Heron"),
        ("for which boat is the price highest", "Gannet"),
        ("cheapest rowing boat", "Heron"),
        ("Average price 2025 per boat?", "≈ 20.6667"),
        ("What do the two rowing boats weigh, summed up?", "195"),
        ("How much does the Teal cost?", "15.00"),
    ],
)
def test_what_names_a_column_and_what_only_names_the_row_are_told_apart(
    tmp_path: Path, question: str, short: str
) -> None:
    (tmp_path / "boats.md").write_text(BOATS, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=":memory:", seeds=tmp_path, home=tmp_path / "home") as bot:
        answer = bot.ask(question)
        assert _short(answer) == short, answer.text
        assert bot.verify(answer).holds
        if question == "cheapest rowing boat":
            assert answer.notes == ("the column “Price 2026 €” was taken, which the question does not name",)


def test_a_number_in_words_before_the_name_of_a_column_is_a_condition_and_a_change_is_not_computed(
    tmp_path: Path,
) -> None:
    table = "# Members\n\n| Group | Fee 2024 € | Fee 2025 € | Keys |\n|---|---|---|---|\n"
    rows = "| Adults | 240 | 264 | 1 |\n| Pupils | 96 | 130 | 1 |\n| Families | 420 | 450 | 2 |\n"
    (tmp_path / "members.md").write_text(table + rows, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=":memory:", seeds=tmp_path, home=tmp_path / "home") as bot:
        families, *others = bot.ask("Which groups get two keys?").sentences
        assert "Pupils" not in " ".join(each.text for each in others)
        assert families.text.startswith("Group: Families")
        assert "Highest" not in bot.ask("Which fee went up the most?").text


def test_a_row_that_has_nothing_under_what_is_asked_is_no_answer(tmp_path: Path) -> None:
    table = "# Prices\n\n| Article | Shop price € | Wholesale price € | Supplier |\n|---|---|---|---|\n"
    rows = "| Butter croissant | 1.90 | 1.28 | Ostrel |\n| Custard boat | 3.10 | – |  |\n"
    (tmp_path / "prices.md").write_text(table + rows, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=":memory:", seeds=tmp_path, home=tmp_path / "home") as bot:
        assert _short(bot.ask("shop price of the custard boat")) == "3.10"
        answer = bot.ask("wholesale price of the custard boat")
        assert answer.abstained
        assert answer.text.endswith("The row that comes nearest has nothing for “wholesale price”.")
        assert bot.verify(answer).holds
        assert bot.ask("Who is the supplier of the custard boat?").abstained


def test_each_word_of_what_is_asked_is_where_it_stands_in_the_question() -> None:
    question = "What is the repair price of the Teal after three years?"
    assert all(question[word.start :].startswith(word.text) for word in ask(question).terms)


def test_a_price_for_some_months_is_no_duration(tmp_path: Path) -> None:
    table = (
        "| Boat | Rent, 12 months (€) | Rent, 24 months (€) |\n|---|---|---|\n| Heron | 34 | 28 |\n| Teal | 39 | 32 |\n"
    )
    (tmp_path / "terms.md").write_text(f"# Terms\n\nThe shortest term is 24 months.\n\n{table}", encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=":memory:", seeds=tmp_path, home=tmp_path / "home") as bot:
        for question in ("What is the shortest term?", "What is the shortest term of rental?"):
            assert bot.ask(question).text == "The shortest term is 24 months. [1]"


def test_the_cheapest_is_never_sought_among_days(tmp_path: Path) -> None:
    table = "# Visits\n\n| Firm | Paid on |\n|---|---|\n| Ash | 2026-01-02 |\n| Oak | 2026-03-04 |\n"
    (tmp_path / "visits.md").write_text(table, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=":memory:", seeds=tmp_path, home=tmp_path / "home") as bot:
        assert "Earliest" not in bot.ask("Which firm was paid the cheapest?").text
        assert _short(bot.ask("Which firm was paid first?")) == "Ash"
