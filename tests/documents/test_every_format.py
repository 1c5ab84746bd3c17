"""A folder with a file of every format: what only one of them says is answered from it, on its page, word for word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from make_files import make_docx, make_epub, make_mail, make_pdf, make_pptx, make_xlsx
from qa import Chatbot
from qa.documents.files import READERS
from qa.documents.formats.extraction import EXTRACTED

TEXTS = {
    "notes.txt": "The ferry to Skarholm leaves at nine every morning. It carries forty passengers and two carts.\n",
    "guide.md": "---\ntitle: Bees\n---\n# Hives\n\nEach hive holds ten frames.\n\n## Winter\n\nBees need syrup.\n",
    "page.html": "<title>News</title><nav>Home</nav><h1>Crane</h1><p>The harbour bought a crane from Lindqvist in May.",
    "firms.csv": "Company,Founded,City\nAcme Rope,1998,Odda\nBolt & Co,2004,Narvik\n",
    "event.json": json.dumps({"title": "Chess cup", "venue": {"city": "Lund"}, "winner": "Nora Falk"}),
    "gales.jsonl": '{"station": "Ulvik", "gale": "31 m/s"}\n{"station": "Sund", "gale": "27 m/s"}\n',
    "tide.py": '"""The tide."""\n\nGAUGE_M = 2.75  # the gauge at the pier reads 2.75 metres at high water\n',
    "pier.yaml": "pier:\n  builder: Solveig Aas\n  lamps: 14\n",
}
PAGES = [
    ["Report of the Orchard Society", "The society has 412 members."],
    ["Apples", "The harvest of 2019 came to 84 tonnes of apples. Rain in August spoiled a tenth of it."],
    ["Outlook", "The society will plant 600 young trees near Velling."],
]


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder = tmp_path_factory.mktemp("formats")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    make_pdf(folder / "report.pdf", PAGES)
    bridges = [["Bridge", "Length", "Opened"], ["Old bridge", 120, 1931], ["North bridge", 86, 1974]]
    make_docx(folder / "minutes.docx", heading="Minutes", paragraph="The council of Brandby met.", table=bridges)
    slides = [("Noise", "It is measured twice a year.", ""), ("Tarn", "Hede Energy built the turbine.", "Say thanks.")]
    make_pptx(folder / "talk.pptx", slides)
    make_xlsx(folder / "staff.xlsx", {"Staff": [["Name", "Role"], ["Ida Moen", "Gardener"], ["Per Vik", "Cook"]]})
    make_mail(folder / "order.eml", subject="Stones", text="Please deliver 900 paving stones to the town hall.\n")
    make_epub(folder / "tale.epub", {"a.xhtml": "<p>Old Marten kept the lighthouse. His dog was called Skipper."})
    with Chatbot.open(model="extractive", chroma=":memory:", home=folder.parent / "home", fill=False) as opened:
        assert opened.ingest(folder).failed == ()
        yield opened


@pytest.mark.parametrize(
    ("document", "page", "question", "said"),
    [
        ("notes.txt", None, "When does the ferry to Skarholm leave?", "leaves at nine"),
        ("guide.md", None, "How many frames does each hive hold?", "ten frames"),
        ("page.html", None, "From whom did the harbour buy a crane?", "Lindqvist"),
        ("report.pdf", 2, "How many tonnes of apples were harvested in 2019?", "84 tonnes"),
        ("report.pdf", 3, "How many young trees will the society plant?", "600 young trees"),
        ("minutes.docx", None, "When was the North bridge opened?", "Bridge: North bridge | Length: 86 | Opened: 1974"),
        ("talk.pptx", 2, "Who built the turbine in Tarn?", "Hede Energy"),
        ("staff.xlsx", None, "What is the role of Ida Moen?", "Name: Ida Moen | Role: Gardener"),
        ("firms.csv", None, "In which city is Bolt & Co?", "City: Narvik"),
        ("event.json", None, "Who is the winner of the chess cup?", "winner: Nora Falk"),
        ("gales.jsonl", None, "What was the gale at Ulvik?", "gale: 31 m/s"),
        ("order.eml", None, "How many paving stones are to be delivered?", "900 paving stones"),
        ("tale.epub", None, "What was the name of Marten's dog?", "Skipper"),
        ("pier.yaml", None, "Who is the builder of the pier?", "builder: Solveig Aas"),
        ("tide.py", None, "What does the gauge at the pier read at high water?", "2.75 metres"),
    ],
)
def test_what_one_file_alone_says_is_answered_from_it(
    bot: Chatbot, document: str, page: int | None, question: str, said: str
) -> None:
    answer = bot.ask(question)
    assert not answer.abstained
    assert {(cited.document, cited.page) for cited in answer.citations} == {(document, page)}
    text = bot.document(document).text
    assert [text[cited.start : cited.end] for cited in answer.citations] == [each.quote for each in answer.citations]
    assert any(said in cited.quote for cited in answer.citations)


def test_every_reader_has_a_file_in_this_folder(bot: Chatbot) -> None:
    suffixes = {Path(record.id).suffix for record in bot.documents()}
    assert {EXTRACTED[suffix] for suffix in suffixes & EXTRACTED.keys()} == set(EXTRACTED.values())
    assert {READERS[suffix] for suffix in suffixes} == set(READERS.values())


def test_a_source_is_printed_with_the_title_of_its_document_where_it_says_more_than_the_file(bot: Chatbot) -> None:
    printed = str(bot.ask("Who is the winner of the chess cup?"))
    assert "\n\n[1] event.json (Chess cup), characters 0-" in printed
    assert "[1] notes.txt, characters 0-51\n" in str(bot.ask("When does the ferry to Skarholm leave?"))
