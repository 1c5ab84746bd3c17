"""Questions that ask several things, and those that only look like it."""

from __future__ import annotations

import pytest

from qa.search.parts import parts
from qa.types import Message


@pytest.mark.parametrize(
    ("asked", "queries"),
    [
        (
            "How much does the S2 cost and how long is its warranty?",
            ["How much does the S2 cost?", "How long is its warranty (the S2 cost)?"],
        ),
        ("Who wrote Emma? And when was it published?", ["Who wrote Emma?", "When was it published (wrote Emma)?"]),
        ("Who wrote it\nwhere was Emma printed", ["Who wrote it", "Where was Emma printed"]),
        (
            "What are the opening hours and the phone number of the library?",
            ["What are the opening hours of the library?", "What is the phone number of the library?"],
        ),
        (
            "Tell me the price, the weight and the warranty of the S2.",
            ["Tell me the price of the S2?", "Tell me the weight of the S2?", "Tell me the warranty of the S2?"],
        ),
        ("Can you tell me when it opens and where it is?", ["When it opens?", "Where it is (it opens)?"]),
        ("When and by whom was the roof repaired?", ["When was the roof repaired?", "By whom was the roof repaired?"]),
        (
            "Where and when was Anna born and how old is Tom?",
            ["Where was Anna born?", "When was Anna born?", "How old is Tom?"],
        ),
        ("Is breakfast included and when is lunch?", ["Is breakfast included?", "When is lunch?"]),
        (
            "How many machines were built in 2023, and how many in 2024?",
            ["How many machines were built in 2023?", "How many machines were built in 2024?"],
        ),
        (
            "Who sold the mill and who paid for the roof and who drew the plan and who signed?",
            ["Who sold the mill?", "Who paid for the roof?", "Who drew the plan and who signed?"],
        ),
    ],
)
def test_each_part_of_a_question_stands_alone(asked: str, queries: list[str]) -> None:
    assert list(parts(asked)) == queries


@pytest.mark.parametrize(
    "asked",
    [
        "Who works at Marks and Spencer?",
        "What is the budget for research and development?",
        "What are the terms and conditions?",
        "When I am ill, what do I do and whom do I call?",
        "Who is the man who built it and who paid for it?",
        "What is the name of the house that burned down and which was rebuilt?",
        "Who decides what is bought and what is sold?",
        "Who wrote Where the Wild Things Are and How It Ends?",
        'Who sang "Who are you and what do you do"?',
        "What is the difference between the S2 and the S3?",
        "What is the Lion and the Unicorn?",
        "What is the history of the king and the queen of Spain?",
        "What is the meaning of life and when?",
        "The roof leaked in May. Who repaired it?",
        "Really? When was it built?",
        "Compare the mill and the barn.",
        "mill and barn",
    ],
)
def test_a_question_for_one_thing_is_not_split(asked: str) -> None:
    assert parts(asked) == (asked,)


def test_a_subject_is_carried_from_the_conversation_into_every_part() -> None:
    history = [Message(role="user", content="Who runs the museum?"), Message(role="assistant", content="Anna Berg.")]
    first, second = parts("And how much does it cost and when does it open?", history)
    assert "museum" in first
    assert "museum" in second


def test_a_new_subject_in_two_parts_leaves_the_old_one() -> None:
    history = [Message(role="user", content="Who runs the museum?"), Message(role="assistant", content="Anna Berg.")]
    asked = "How high is Mount Arden and who climbed Mount Arden first?"
    assert parts(asked, history) == ("How high is Mount Arden?", "Who climbed Mount Arden first?")
