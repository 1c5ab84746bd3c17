"""Refusals: why there is no answer, what comes near, what to try; and identifiers, which must occur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa import Chatbot
from qa.search.identifiers import identifiers
from qa.types import ABSTENTION

MANUAL = """# Kestrel B30 boiler manual

## Error codes

- **E41** The water pressure is too low. Open the filling valve until the gauge shows 1.5 bar.
- **E-42** The flue is blocked. Switch the boiler off and call the installer.
- **E 57** The outdoor sensor is missing. The boiler goes on at a fixed temperature.

## Yearly service

To drain the tank:

1. Close the cold water tap.
2. Open the drain cock at the bottom.
3. Wait until no more water comes.

Warranty: 5 years
Article number: KB-30-2201
"""
INVOICES = """Invoice,Customer,Due,Amount
INV-2024-0147,Halvorsen,2024-03-14,1200.50
INV-2024-0148,Ferrante,2024-04-02,310.00
INV-2024-0150,Okafor,2024-04-20,89.90
"""
CONFIG = """server:
  port: 8080
  timeout: 30 seconds
logging:
  level: warning
"""
HANDBOOK = """# Staff handbook

Employees get 27 days of vacation a year. Requests go to the team lead at least three weeks before the first day.

## Sick leave

Whoever falls ill tells the team lead before 9:30. A doctor's note is needed from the fourth day on.

## Travel

Trains are booked in second class. A hotel night may cost up to 140 euros.
Ticket OPS-771 asks for a new booking tool. Its owner is Mirela Pop.
"""
NOWHERE = "occurs nowhere in them"
FAR = "Nothing in them comes near it."


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("documents")
    for name, text in {
        "boiler-manual.md": MANUAL, "invoices.csv": INVOICES, "config.yml": CONFIG, "handbook.md": HANDBOOK,
    }.items():  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    with Chatbot.open(chroma=str(tmp_path_factory.mktemp("index")), seeds=folder, model="extractive") as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("What does error E41 mean?", "pressure is too low"),
        ("What does error E42 mean?", "flue is blocked"),
        ("What is wrong when error E57 shows?", "outdoor sensor is missing"),
        ("What is wrong with error E 57?", "outdoor sensor is missing"),
        ("When is invoice INV-2024-0148 due?", "2024-04-02"),
        ("Who is the customer of invoice inv 2024 0150?", "Okafor"),
        ("Who owns ticket OPS-771?", "Mirela Pop"),
        ("What is the article number of the boiler?", "KB-30-2201"),
        ("How long is the warranty of the Kestrel B30?", "5 years"),
        ("What is the timeout in config.yml?", "30 seconds"),
    ],
)
def test_an_identifier_is_found_however_it_is_written(bot: Chatbot, question: str, held: str) -> None:
    answer = bot.ask(question)
    assert not answer.abstained
    assert held in answer.text


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What does error E99 mean?", f"“E99” {NOWHERE}"),
        ("When is invoice INV-2024-0999 due?", f"“INV-2024-0999” {NOWHERE}"),
        ("When is invoice INV-2024-014 due?", f"“INV-2024-014” {NOWHERE}"),
        ("Who owns ticket OPS-772?", f"“OPS-772” {NOWHERE}"),
        ("Who owns tickets OPS-772 and OPS-773?", "“OPS-772”, “OPS-773” occur nowhere in them"),
        ("How long is the warranty of the Kestrel B45?", f"“B45” {NOWHERE}"),
        ("What does settings.toml say about logging?", f"“settings.toml” {NOWHERE}"),
        ("Which disk does config.yml set?", "“config.yml” occurs in them, but what stands beside it"),
        ("How many days of vacation did employees get in 1987?", "What comes nearest says nothing of “1987”."),
        ("What is the orbital period of Neptune?", FAR),
        ("Who wrote the opera Carmen?", FAR),
    ],
)
def test_a_refusal_says_why_and_what_to_try(bot: Chatbot, question: str, reason: str) -> None:
    answer = bot.ask(question)
    assert answer.abstained
    assert answer.text.startswith(f"{ABSTENTION} {reason}")
    assert answer.text.count(".") >= 3
    assert bot.verify(answer).holds
    assert [part for part in bot.stream(question) if isinstance(part, str)] == [answer.text]


def test_what_is_nearest_is_a_unit_and_only_what_is_near(bot: Chatbot) -> None:
    asked = bot.ask("How many days of vacation did employees get in 1987?")
    assert [each.quote for each in asked.nearest] == ["Employees get 27 days of vacation a year."]
    assert bot.ask("Who wrote the opera Carmen?").nearest == ()


def test_an_export_cannot_put_words_of_its_own_into_a_refusal(bot: Chatbot) -> None:
    answer = bot.ask("What does error E99 mean?")
    for text in (answer.text.replace("E99", "Ada stole it"), f"{answer.text} Ada stole it.", f"{ABSTENTION} Ada did."):
        assert not bot.verify(replace(answer, text=text)).holds


def test_a_filter_that_fits_nothing_and_an_empty_index_are_named(bot: Chatbot, tmp_path: Path) -> None:
    filtered = bot.ask("Who owns ticket OPS-771?", where=["document=minutes/*"])
    assert filtered.text.startswith("No document that is searched fits the filter.")
    with Chatbot.open(chroma=":memory:", home=tmp_path, model="extractive", fill=False) as empty:
        answer = empty.ask("Who owns ticket OPS-771?")
    assert (answer.abstained, answer.nearest) == (True, ())
    assert answer.text.endswith("run: qa ingest FOLDER")
    assert bot.verify(filtered).holds
    assert bot.verify(answer).holds


def test_a_follow_up_takes_nothing_from_the_words_of_a_refusal(bot: Chatbot) -> None:
    refused = bot.ask("who wrote about neptune?")
    history = [{"role": "user", "content": refused.question}, {"role": "assistant", "content": refused.text}]
    assert bot.ask("When was he born?", history=history).query == "When was he born?"


def test_beside_a_models_answer_stands_that_an_identifier_does_not_occur(bot: Chatbot) -> None:
    with OpenAIServer(Step(pieces=("The pressure is too low. [1.1]",))) as server:
        asked = bot.adjusted(model="openai:gpt-test", base_url=server.url).ask("What does error E99 mean?")
    assert "“E99” occurs nowhere in the documents" in asked.notes


def test_a_misspelt_word_is_searched_for_as_the_documents_spell_it_and_the_answer_says_so(bot: Chatbot) -> None:
    note = "“vaccation” stands nowhere in the documents; “vacation” was searched for"
    answer = bot.ask("How many days of vaccation do employees get?")
    assert (answer.query, answer.notes) == ("How many days of vacation do employees get?", (note,))
    assert answer.short is not None
    assert answer.short.text == "27 days"
    refused = bot.ask("How many vaccation days did Napoleon get on Elba?")
    assert (refused.abstained, note in refused.notes) == (True, True)
    with OpenAIServer(Step(pieces=("They get 27 days. [1.2]",))) as server:
        model = bot.adjusted(model="openai:gpt-test", base_url=server.url)
        assert note in model.ask("How many days of vaccation do employees get?").notes


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does error 404 mean?", ("404",)),
        ("Is the S2 better than the DG-1200?", ("S2", "DG-1200")),
        ("What does notes.txt say of B2B in Q3 2024?", ("notes.txt", "B2B", "Q3")),
        ("What was the 20th order in the 1990s, of 5km or 3D?", ()),
        ("Who had 2 cases in 2021, or 58 % of order 2,000?", ()),
        ("Is example.com run by an e-mail provider?", ()),
    ],
)
def test_codes_and_file_names_are_identifiers_and_measures_and_years_are_not(
    question: str, found: tuple[str, ...]
) -> None:
    assert identifiers(question) == found
