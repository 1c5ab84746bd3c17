"""Questions that set two things side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from qa.answers.comparison import read_comparison
from qa.chatbot import Chatbot

LATHE = "The Corvane lathe weighs 62 kg. The belt of the Corvane lathe must be replaced after 400 hours of work.\n"
SAW = "The Tellmar saw weighs 41 kg. The belt of the Tellmar saw must be replaced after 250 hours of work.\n"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("documents")
    (folder / "one.txt").write_text(LATHE, encoding="utf-8")
    (folder / "two.txt").write_text(SAW, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=folder) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "queries"),
    [
        ("Compare the weight of the lathe and the saw.", ["the weight of the lathe?", "the weight of the saw?"]),
        ("compare the lathe with the saw in terms of weight", ["weight of the lathe?", "weight of the saw?"]),
        ("compare leave at Hexby to that of Ansel", ["leave at Hexby?", "leave at Ansel?"]),
        ("What's the difference in price between A and B?", ["price of A?", "price of B?"]),
        ("What are the main differences between A and B?", ["A?", "B?"]),
        ("Opening hours: Hexby vs Port Ansel?", ["Opening hours: Hexby?", "Opening hours: Port Ansel?"]),
        ("Which is heavier, the saw or the lathe?", ["How heavy is the saw?", "How heavy is the lathe?"]),
        ("Which has the longer warranty: A3 or B4?", ["warranty of A3?", "warranty of B4?"]),
        ("is the saw more expensive than the lathe", ["How expensive is the saw?", "How expensive is the lathe?"]),
        ("Does Pro cost more per month than Basic?", ["price per month of Pro?", "price per month of Basic?"]),
        ("Who is older, Ada or Ben?", ["How old is Ada?", "How old is Ben?"]),
        ("A3 versus B4: which is heavier?", ["which is heavier: A3?", "which is heavier: B4?"]),
        (
            "How often is the filter changed in the A3 compared with the B4?",
            ["How often is the filter changed in the A3?", "How often is the filter changed in the B4?"],
        ),
    ],
)
def test_each_side_is_asked_for_by_itself(asked: str, queries: list[str]) -> None:
    sides = read_comparison(asked)
    assert sides is not None
    assert [each.query for each in sides] == queries


@pytest.mark.parametrize(
    "asked",
    [
        *("compare", "How does it compare to last year?", "Smith v. Jones", "compare the lathe", "Tea or coffee?"),
        *(
            "Is it more than 5 kg?",
            "Do I get more than that?",
            "Which number is right, 4 or 5?",
            "Who is older than 60?",
        ),
    ],
)
def test_what_names_no_two_sides_is_no_comparison(asked: str) -> None:
    assert read_comparison(asked) is None


def test_of_which_there_is_more_is_shown_by_both(bot: Chatbot) -> None:
    answer = bot.ask("Which is heavier, the Corvane lathe or the Tellmar saw?")
    assert answer.text == (
        "Corvane lathe:\nThe Corvane lathe weighs 62 kg. [1]\n\nTellmar saw:\nThe Tellmar saw weighs 41 kg. [2]"
    )
    assert bot.verify(answer).holds


def test_the_best_of_both_sides_is_quoted_under_its_name(bot: Chatbot) -> None:
    answer = bot.ask("How often must the belt be replaced in the Corvane lathe compared with the Tellmar saw?")
    assert answer.text == (
        "Corvane lathe:\nThe belt of the Corvane lathe must be replaced after 400 hours of work. [1]\n\n"
        "Tellmar saw:\nThe belt of the Tellmar saw must be replaced after 250 hours of work. [2]"
    )
    assert answer.kind == "answer"
    assert bot.verify(answer).holds
    assert not bot.verify(replace(answer, text=answer.text.replace("Corvane lathe:", "Corvane lathe, cheap:", 1))).holds


def test_a_side_of_which_nothing_is_found_is_named(bot: Chatbot) -> None:
    answer = bot.ask("Compare the weight of the Corvane lathe and the Zelda drill.")
    assert [each.document for each in answer.citations] == ["one.txt"]
    assert answer.notes == ("nothing was found about: Zelda drill",)
