"""What several documents say differently is shown side by side: over a real index, with the real reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa import Chatbot
from qa.types import Answer, Short


def handbook(year: int, days: int, opens: str, head: str) -> str:
    return (
        f"---\ndate: {year}-01-05\n---\n# Staff handbook {year}\n\nEmployees get {days} days of annual leave. "
        f"The office opens at {opens} and closes at 18:00.\n\nThe works council is led by {head}.\n"
    )


TEXTS = {
    "handbook-2023.md": handbook(2023, 25, "8:00", "Mirela Pop"),
    "handbook-2025.md": handbook(2025, 28, "7:30", "Jonas Eklund"),
    "brook40.md": "# Brook 40 pump\n\nWeight: 12 kg\nNoise: 42 dB\n",
    "brook60.md": "# Brook 60 pump\n\nWeight: 17 kg\nNoise: 42 dB\n",
    "lyon.txt": "The branch in Lyon employs 43 people in two offices.",
    "metz.txt": "The branch in Metz employs 61 people in two offices.",
}
DATES = {"handbook-2023.md": "2023-01-05", "handbook-2025.md": "2025-01-05"}
LEAVE = "How many days of annual leave do employees get?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("documents")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Chatbot.open(chroma=str(tmp_path_factory.mktemp("index")), seeds=folder, model="extractive") as opened:
        yield opened


def values(answer: Answer) -> dict[str, str]:
    """Each value with the document that gives it."""
    quotes = {each.number: each for each in answer.citations}
    for each in answer.conflicts:
        assert quotes[each.citation].quote[each.start : each.end] == each.text
    return {each.text: quotes[each.citation].document for each in answer.conflicts}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (LEAVE, {"25 days": "handbook-2023.md", "28 days": "handbook-2025.md"}),
        ("When does the office open?", {"8:00": "handbook-2023.md", "7:30": "handbook-2025.md"}),
        ("Who leads the works council?", {"Mirela Pop": "handbook-2023.md", "Jonas Eklund": "handbook-2025.md"}),
        ("How heavy is the pump?", {"12 kg": "brook40.md", "17 kg": "brook60.md"}),
    ],
)
def test_what_documents_say_differently_is_shown_side_by_side(
    bot: Chatbot, question: str, expected: dict[str, str]
) -> None:
    answer = bot.ask(question)
    assert values(answer) == expected
    assert answer.short == Short(text=" or ".join(each.text for each in answer.conflicts))
    assert [each.date for each in answer.conflicts] == [DATES.get(document) for document in values(answer).values()]
    assert all(any(value in sentence.text for sentence in answer.sentences) for value in expected)
    assert bot.verify(answer).holds
    assert Answer.from_dict(answer.to_dict()) == replace(answer, hits=())


def test_the_note_names_the_documents_with_their_dates(bot: Chatbot) -> None:
    note = "“25 days” in handbook-2023.md (2023-01-05), “28 days” in handbook-2025.md (2025-01-05)"
    assert f"documents give different values: {note}" in bot.ask(LEAVE).notes


@pytest.mark.parametrize(
    "question",
    [
        "How heavy is the Brook 40?",
        "How loud is the Brook 60 pump?",
        "How many days of annual leave did employees get in 2023?",
        "When does the office close?",
        "How many people does the branch in Lyon employ?",
    ],
    ids=["another thing", "another thing, one value", "another year", "one value", "another place"],
)
def test_what_is_of_another_thing_or_the_same_is_no_conflict(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert (answer.abstained, answer.conflicts) == (False, ())


def test_an_export_cannot_claim_a_conflict(bot: Chatbot) -> None:
    answer = bot.ask(LEAVE)
    false = replace(answer.conflicts[1], text="40 days")
    for forged in (
        replace(answer, conflicts=(answer.conflicts[0], false), short=Short(text="25 days or 40 days")),
        replace(answer, short=Short(text="25 days or 40 days")),
        replace(answer, conflicts=(answer.conflicts[0], false)),
    ):
        assert not bot.verify(forged).holds


def test_beside_a_models_answer_stands_that_documents_differ(bot: Chatbot) -> None:
    with OpenAIServer(Step(pieces=("Employees get 28 days of annual leave. [1.1]",))) as server:
        answer = bot.adjusted(model="openai:gpt-test", base_url=server.url).ask(LEAVE)
    assert any(note.startswith("documents give different values") for note in answer.notes)
