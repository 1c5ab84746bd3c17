"""Abbreviated and misspelt words of a question, over a real index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import Chatbot

TEXTS = {
    "heating.txt": "The office thermostat is set to 20 degrees. Few cleaned, oldest windows are opened in winter.",
    "people.txt": "Lorenzo Guerini gets a holiday allowance. Marcel Barlon wrote of it.",
    "more.txt": "Nobody else has an allowance.",
    "home.txt": "Working from home is allowed. You work from home two days at most. The VPN is needed for it.",
    "price.txt": "The price is 6,840 plus value-added tax. Information technology is billed apart.",
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("documents")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Chatbot.open(chroma=str(tmp_path_factory.mktemp("index")), seeds=folder, model="extractive") as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Who sets the thermosatt in the offiec?", "Who sets the thermostat in the office?"),
        ("How high is the HOLLIDAY alowance?", "How high is the Holiday allowance?"),
        ("Where is Lorenzo Guernii's house?", "Where is Lorenzo Guerini's house?"),
        ("Which windwos are opened?", "Which windows are opened?"),
    ],
    ids=["letters changed places", "one too many or missing", "a name", "it stands in several forms"],
)
def test_a_word_of_one_slip_is_read_as_the_documents_spell_it(bot: Chatbot, question: str, meant: str) -> None:
    assert bot.ask(question).query == meant


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("How many WFH days?", "How many work from home days?"),
        ("is vat included", "is value added tax included"),
        ("Who pays for IT?", "Who pays for information technology?"),
        ("Is the VPN needed for it?", "Is the VPN needed for it?"),
        ("Is the AGM at 10 in the GP?", "Is the AGM at 10 in the GP?"),
    ],
    ids=["capitals", "small letters", "a word too", "it stands there", "not written out there"],
)
def test_an_abbreviation_is_read_as_the_documents_write_it_out(bot: Chatbot, question: str, meant: str) -> None:
    assert bot.ask(question).query == meant


@pytest.mark.parametrize(
    "question",
    [
        "Who sets the thermostats?",
        "What is the price of a house?",
        "Is E4O2 a code of offiec_2 or INV20 in offiec.txt?",
        "Is Marce a name?",
        "Where is the ofifec?",
        "Who has the coldest or the fewest cleaners?",
        f"What is {'x' * 900}?",
    ],
    ids=["it stands there", "common words", "codes", "two slips", "two others", "no word of theirs", "of any length"],
)
def test_no_other_word_is_touched(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert (answer.query, [note for note in answer.notes if "stands nowhere" in note]) == (question, [])


def test_of_several_spellings_that_in_most_passages_goes_first(bot: Chatbot, tmp_path: Path) -> None:
    assert bot.ask("Who is Barlan?").query == "Who is Barlon?"
    for name in ("late.txt", "early.txt"):
        (tmp_path / name).write_text(f"{name}: Tom Barlin came.", encoding="utf-8")
    bot.ingest(tmp_path)
    assert bot.ask("Who is Barlan?").query == "Who is Barlin?"
