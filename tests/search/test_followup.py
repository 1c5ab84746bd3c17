from __future__ import annotations

import pytest

from qa.search.followup import as_asked, continued, standalone
from qa.types import Message

MET = "Who did General Naravane meet in Rome?"
POLICY = "What is the refund policy?"


def conversation(*turns: str) -> list[Message]:
    return [
        Message(role="user" if position % 2 == 0 else "assistant", content=turn) for position, turn in enumerate(turns)
    ]


@pytest.mark.parametrize(
    ("last", "question", "expected"),
    [
        (MET, "And when?", "When did General Naravane meet in Rome?"),
        (MET, "When?", "When did General Naravane meet in Rome?"),
        (MET, "why", "Why did General Naravane meet in Rome?"),
        (MET, "How long?", "How long did General Naravane meet in Rome?"),
        (MET, "where exactly", "Where did General Naravane meet in Rome?"),
        (MET, "Who else?", "Who did General Naravane meet in Rome?"),
        (MET, "Tell me more.", MET),
        ("When was the bridge built?", "By whom?", "By whom was the bridge built?"),
        (MET, "What about Italy?", "Who did General Naravane meet in Italy?"),
        (MET, "How about London", "Who did General Naravane meet in London?"),
        (MET, "And in Cassino?", "Who did General Naravane meet in Cassino?"),
        (MET, "And Cassino?", "Who did General Naravane meet in Cassino?"),
        (MET, "How about the defence minister?", "Who did General Naravane meet in Rome, the defence minister?"),
        (POLICY, "And for students?", "What is the refund policy for students?"),
        (MET, "When did he arrive?", "When did General Naravane arrive?"),
        (MET, "What is his rank?", "What is General Naravane's rank?"),
        (MET, "What did he do there?", "What did General Naravane do in Rome?"),
        (MET, "And what will he inaugurate in Cassino?", "What will General Naravane inaugurate in Cassino?"),
        (MET, "Oops, I meant London.", "Who did General Naravane meet in London?"),
        (MET, "Sorry, I meant to ask when he arrived", "When General Naravane arrived"),
        (MET, "No, I mean where did he stay?", "Where did General Naravane stay?"),
        (MET, "No worries", "No worries"),
        (MET, "When does this library open?", "When does this library open?"),
        ("What is the Treaty of Rome?", "Who signed this treaty?", "Who signed this treaty (the Treaty of Rome)?"),
        ("Where can I park?", "Is he the caretaker?", "Is he the caretaker?"),
        (POLICY, "What does this mean?", "What does this mean (the refund policy)?"),
        (POLICY, "How much does it cost?", "How much does it cost (the refund policy)?"),
        (POLICY, "Does it cover digital goods?", "Does it cover digital goods (the refund policy)?"),
        ("When was the tower built?", "How high is it?", "How high is it (the tower built)?"),
        (MET, "What is the capital of Australia?", "What is the capital of Australia?"),
        (MET, "Which naval ship took part in the exercise?", "Which naval ship took part in the exercise?"),
        (MET, "Is there a memorial in Cassino?", "Is there a memorial in Cassino?"),
        (MET, "Thanks! How many days did the visit take?", "How many days did the visit take?"),
        (MET, "Did General Naravane meet her?", "Did General Naravane meet her?"),
        (MET, "Is it true that the ship sank?", "Is it true that the ship sank?"),
    ],
)
def test_a_follow_up_carries_the_last_questions_subject(last: str, question: str, expected: str) -> None:
    assert standalone(question, conversation(last, "The army chief.")) == expected


def test_follow_ups_of_follow_ups_reach_back() -> None:
    history = conversation(MET, "General Serino.", "And when?", "On Wednesday.")
    assert standalone("And why?", history) == "Why did General Naravane meet in Rome?"


def test_a_person_may_be_named_by_the_answer_alone() -> None:
    history = conversation("who designed the tower?", "It was designed by Maria Rossi [1].")
    assert standalone("Where did she live?", history) == "Where did Maria Rossi live?"
    history = conversation("whom do I ask about the rye?", "Questions go to Tilly Marrow, or to Jonas.")
    assert standalone("When did she begin to bake?", history) == "When did Tilly Marrow begin to bake?"


def test_without_a_history_nothing_changes() -> None:
    assert standalone("And when?", []) == "And when?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which topics were discussed?", "Which topics were discussed (General Naravane meet in Rome)?"),
        ("Who wrote Hamlet?", None),  # is about its own name
        ("When did he arrive?", None),  # points back, and the rule has carried that over
    ],
)
def test_a_question_without_a_name_may_go_on_about_the_last_one(question: str, expected: str | None) -> None:
    assert continued(question, conversation(MET, "His Italian counterpart.")) == expected
    assert continued(question, ()) is None


def test_what_a_query_is_about_is_for_the_search_and_not_for_the_reader() -> None:
    history = conversation("How much does it cost to get into the Lantern Museum?", "9 crowns.")
    query = continued("Who is the director?", history)
    assert query == "Who is the director (it cost to get into the Lantern Museum)?"
    assert as_asked(query, "Who is the director?") == "Who is the director?"
    assert as_asked("Is it lit (the lamp (on the bridge))?", "And is it lit?") == "Is it lit?"
    part = "How much did it cost (the roof repaired)?"
    assert as_asked(part, "Why was the roof repaired and how much did it cost?") == part
    asked = "What is the VAT (value added tax)?"
    assert as_asked(asked, asked) == asked
