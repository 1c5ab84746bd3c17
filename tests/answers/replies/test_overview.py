"""Overviews through the one door: what a document, or all of them, are about, in their own sentences."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa.answers.replies.overview import LISTED, PASSAGES, looked_at
from qa.chatbot import Chatbot
from qa.types import Answer, Event

AUDIT = """# Energy audit of the mill house

## Purpose

This audit looks at how the mill house uses energy and what can be saved. It was made in October 2025.

## Findings

The mill house used 74,000 kWh of gas and 21,500 kWh of electricity in 2024. Two thirds of the heat is lost
through the roof and the windows of the north side.

## Measures

We propose a new boiler, insulation of the attic and sensors for the lights. They save 38 percent of the energy.

| Measure | Cost |
|---|---|
| Boiler | 31,000 |
| Attic | 22,000 |
"""
RULES = """Rules of the reading room

The reading room is open from 9 to 17 on weekdays. Bags and coats stay in the lockers beside the entrance.
Old maps may only be photographed without a flash. Whoever wants a copy asks at the desk.
"""
QUESTIONS = """<title>Common questions</title><h1>Common questions</h1>
<h3>Can I bring my dog?</h3><p>No. Dogs have to wait in the yard beside the gate. It has water for them.</p>
<h3>Where can I park?</h3><p>Parking is free in Brewery Lane on the other side of the bridge.</p>"""
PRICES = "Ticket,Price\nAdult,9.00\nChild,4.50\nFamily,21.00\n"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("documents")
    for name, text in {
        "audit.md": AUDIT,
        "reading-room.txt": RULES,
        "questions.html": QUESTIONS,
        "ticket-prices.csv": PRICES,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=folder) as opened:
        yield opened


def timeless(answer: Event) -> Answer:
    """The answer without how long it took, which alone may differ."""
    assert isinstance(answer, Answer)
    return replace(answer, seconds={})


def test_an_overview_has_title_kind_size_and_headings_and_quotes_exactly(bot: Chatbot) -> None:
    answer = bot.ask("summarize the energy audit")
    frame, _, quotes = answer.text.partition("\n\n")
    assert (answer.kind, answer.abstained, answer.query) == ("overview", False, answer.question)
    assert answer.seconds["answer"] > 0
    assert frame.startswith("audit.md (Energy audit of the mill house): Markdown, ")
    assert frame.endswith("words.\nHeadings: Purpose · Findings · Measures")
    assert quotes.startswith("- This audit looks at how the mill house uses energy and what can be saved. [1]\n- ")
    assert 3 <= len(answer.citations) <= 6
    starts = [each.start for each in answer.citations]
    assert starts == sorted(starts)
    text = bot.document("audit.md").text
    assert all(text[each.start : each.end] == each.quote for each in answer.citations)
    assert "31,000" not in answer.text  # no row of a table


def test_a_sentence_that_cannot_be_read_alone_is_not_chosen(bot: Chatbot) -> None:
    said = [each.text for each in bot.ask("summarize audit.md").sentences]
    assert not any(each.startswith(("It was", "They save")) for each in said)


def test_an_answer_is_quoted_with_the_question_before_it(bot: Chatbot) -> None:
    said = [each.text for each in bot.ask("what are the common questions about?").sentences]
    assert said[-1] == "Where can I park?\nParking is free in Brewery Lane on the other side of the bridge."
    assert not any("It has water" in each for each in said)


def test_a_table_is_told_by_its_columns_and_the_number_of_its_rows(bot: Chatbot) -> None:
    answer = bot.ask("give me an overview of ticket-prices.csv")
    assert answer.text == "ticket-prices.csv: table (CSV), 3 rows.\n\n- Columns: Ticket · Price [1]"
    assert bot.verify(answer).holds


@pytest.mark.parametrize("asked", ["what are these documents about?", "Give me an overview", "summarize everything"])
def test_of_all_documents_each_gets_one_cited_line(bot: Chatbot, asked: str) -> None:
    answer = bot.ask(asked)
    assert answer.text.startswith("There are 4 documents:\n\n- audit.md (Energy audit of the mill house): This audit ")
    assert [each.document for each in answer.citations] == [each.id for each in bot.documents()]


def test_of_many_documents_the_first_get_a_line_and_the_rest_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(LISTED + 2):
        (folder / f"note-{number:02}.txt").write_text(f"The keeper of mill {number} sold flour to the town.")
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), home=tmp_path, seeds=folder) as many:
        answer = many.ask("what are the documents about?")
        assert answer.text.endswith("\n\nAnd 2 more.")
        assert len(answer.citations) == LISTED
        assert many.verify(answer).holds
        one = many.narrowed(["document=note-03*"]).ask("what is this document about?")
        assert one.text.startswith("note-03.txt: text, 10 words.")
        assert one.citations[0].document == "note-03.txt"


def test_the_document_at_hand_is_the_one_that_was_shown_last(bot: Chatbot) -> None:
    first = bot.ask("When is the reading room open?")
    history = [{"role": "user", "content": first.question}, {"role": "assistant", "content": first.text}]
    shown = bot.ask("What is this document about?", history=history)
    assert shown.text.startswith("reading-room.txt: text, ")
    history += [{"role": "user", "content": shown.question}, {"role": "assistant", "content": shown.text}]
    assert bot.ask("tl;dr", history=history).text == shown.text
    assert bot.ask("What is this document about?").text.startswith("Which one? There are 4 documents:\n\n- audit.md")


def test_what_something_is_about_is_searched_for_where_no_document_is_called_so(bot: Chatbot) -> None:
    assert bot.ask("what is the boiler about?").kind != "overview"
    assert bot.ask("summarize the loss of heat").kind in ("answer", "refusal")


def test_a_document_that_is_not_there_is_named_with_the_nearest(bot: Chatbot) -> None:
    answer = bot.ask("Summarize the Ticket audit.docx, please")
    assert answer.kind == "talk"
    assert not answer.citations
    assert answer.text.startswith("There is no document called “Ticket audit.docx”.\n\nThe nearest names:\n\n- ")
    assert bot.ask("summarize the Mars report").text.startswith("There is no document called “Mars report”.")
    assert bot.verify(answer).holds
    assert not bot.verify(replace(answer, text="There is no document called “Mars”.")).holds


@pytest.mark.parametrize("asked", ["compare audit.md and reading-room.txt", "summarize the audit and the reading room"])
def test_two_documents_are_described_side_by_side(bot: Chatbot, asked: str) -> None:
    answer = bot.ask(asked)
    assert answer.kind == "overview"
    assert list(dict.fromkeys(each.document for each in answer.citations)) == ["audit.md", "reading-room.txt"]


@pytest.mark.parametrize(
    "asked", ["summarize the audit", "what are the documents about?", "tl;dr of the questions", "summarize prices.csv"]
)
def test_an_overview_survives_json_and_can_be_verified_and_is_the_same_twice(bot: Chatbot, asked: str) -> None:
    answer = bot.ask(asked)
    assert bot.verify(answer).holds
    assert Answer.from_dict(json.loads(answer.to_json())) == answer
    again = (bot.ask(asked), list(bot.stream(asked))[-1], asyncio.run(bot.aask(asked)))
    assert {timeless(each).to_json() for each in again} == {timeless(answer).to_json()}


def test_what_code_would_not_say_of_a_document_does_not_verify(bot: Chatbot) -> None:
    answer = bot.ask("summarize the audit")
    for true, false in (("Markdown", "PDF"), ("Purpose · ", "Purpose · Fraud · "), ("words.", "words. All is well.")):
        assert not bot.verify(replace(answer, text=answer.text.replace(true, false, 1))).holds
    listed = bot.ask("what are the documents about?")
    assert not bot.verify(replace(listed, text=listed.text.replace("audit.md", "audit.md (fake)", 1))).holds


def test_with_a_language_model_one_document_is_left_to_it_and_the_list_is_not(bot: Chatbot) -> None:
    with OpenAIServer(Step(pieces=("We propose a new boiler. [1.1]",))) as server:
        asked = bot.adjusted(model="openai:gpt-test", base_url=server.url)
        assert timeless(asked.ask("give me an overview")) == timeless(bot.ask("give me an overview"))
        assert server.requests == []
        assert asked.ask("summarize the audit").kind == "answer"
        assert len(server.requests) == 1


def test_of_a_long_document_the_beginning_is_read_and_evenly_spaced_passages_of_the_rest() -> None:
    assert looked_at(3) == [0, 1, 2]
    read = looked_at(1000)
    assert (len(set(read)), read) == (PASSAGES, sorted(read))
    assert read[:3] == [0, 1, 2]
    assert read[-1] > 980
