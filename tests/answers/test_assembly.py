"""Questions that ask several things of documents of an office: each is answered, or named as missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from openai_server import OpenAIServer, Step
from qa import Chatbot, Message
from qa.types import Findings

DOCUMENTS = {
    "handbook.md": """# Staff handbook of the Larkspur Library

## Opening hours and contact

The library is open from 9:30 to 18:00 on weekdays. The phone number of the library is 0171 555 2043.

## Leave

Every employee has 26 days of paid holiday a year. Days that are left over lapse on 30 April of the next year.

## When you are ill

1. Call the front desk before 8:45.
2. Send a doctor's note by the third day.
3. Enter the absence in the rota.
4. Tell your team lead when you will be back.
5. Hand your desk shifts to the stand-in.

## What every new colleague gets

On the first day you get the following:

- a key card
- a locker
- a name badge
- the password for the catalogue
- a cup with your name

## Research and development

The department of research and development is led by Ottilie Brandt. It was founded in 2011.
""",
    "prices.csv": """Article,Price,Warranty,Weight
Scanner S2,349.00,24 months,1.8 kg
Scanner S3,519.00,36 months,2.4 kg
Label printer L1,129.00,12 months,0.9 kg
Book trolley,210.00,60 months,14 kg
""",
    "manual.md": """# Manual of the Scanner S2

## Cleaning the glass

You need the following tools to clean the glass:

- a soft cloth
- a bottle of lens fluid
- a small brush

To clean the glass:

1. Switch the scanner off and pull the plug.
2. Open the lid and lift the mat.
3. Wipe the glass with the soft cloth.
4. Brush the dust off the hinges.
5. Close the lid and plug the scanner in.

## Connecting by script

Use this script to connect the scanner to the network:

```
scanctl pair --host 10.0.0.7
scanctl set resolution 300
scanctl set colour grey
scanctl save
```

## Battery

The battery of the S2 lasts for eleven hours. It is charged in 90 minutes with the cable that comes with it.
""",
    "minutes.txt": """Minutes of the board meeting of 12 March 2024

Present were Ottilie Brandt, Marek Dunaj and Priya Raman. Excused was Jonas Feld.

The board chose Marek Dunaj and Priya Raman as judges of the reading prize. The prize is worth 1,500 euros.

The book "The Salt Road" was written by Hanne Voss. It was published in 1998 by Kestrel Press.

Marek Dunaj met Mayor Lindqvist and Senator Obuya in Arden to speak about the new roof. The roof was repaired in May \
2023 by the firm Dachwerk, because rain had come in above the reading room.

The next meeting is on 9 April in the small hall.
""",
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=folder) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("How much does the Scanner S2 cost and how long is its warranty?", ["349.00", "24 months"]),
        ("Who wrote The Salt Road? And when was it published?", ["Hanne Voss", "1998"]),
        ("Who wrote The Salt Road\nwhen does the library open", ["Hanne Voss", "9:30"]),
        ("What are the opening hours and the phone number of the library?", ["9:30 to 18:00", "0171 555 2043"]),
        ("How many days of holiday do I have and when do leftover days lapse?", ["26 days", "30 April"]),
        ("When is the next meeting and where does it take place?", ["9 April in the small hall"]),
        ("When and by whom was the roof repaired?", ["May 2023", "Dachwerk"]),
        ("How long does the battery last and how long does it take to charge?", ["eleven hours", "90 minutes"]),
        ("Who was present at the meeting and who was excused?", ["Brandt, Marek Dunaj and Priya", "Jonas Feld"]),
        ("How heavy is the Scanner S3 and what does the book trolley cost?", ["2.4 kg", "210.00"]),
        ("Who are the judges of the reading prize?", ["Marek Dunaj and Priya Raman"]),
        ("Whom did Marek Dunaj meet in Arden?", ["Lindqvist and Senator Obuya"]),
        ("Who leads the department of research and development?", ["Ottilie Brandt"]),
        ("What do I have to do when I am ill?", ["1. Call the front desk", "5. Hand your desk shifts"]),
        ("What does every new colleague get?", ["a key card", "a cup with your name"]),
        ("How do I clean the glass of the scanner?", ["1. Switch the scanner off", "5. Close the lid"]),
        ("Which tools do I need to clean the glass?", ["a soft cloth", "lens fluid", "a small brush"]),
        ("Which script connects the scanner to the network?", ["scanctl pair --host", "scanctl save"]),
    ],
)
def test_all_that_was_asked_for_is_answered(bot: Chatbot, asked: str, said: list[str]) -> None:
    answer = bot.ask(asked)
    assert [each for each in said if each not in answer.text] == []
    assert answer.notes == ()
    assert bot.verify(answer).holds


@pytest.mark.parametrize(
    ("asked", "said", "missing"),
    [
        (
            "How much is the prize worth, and who is the sponsor of the prize?",
            "1,500 euros",
            "Who is the sponsor of the prize",
        ),
        ("Why was the roof repaired and how much did it cost?", "rain had come in", "How much did it cost"),
        (
            "When was the department of research and development founded, and how many people work there?",
            "founded in 2011",
            "How many people work there",
        ),
    ],
)
def test_a_part_that_is_not_answered_is_named(bot: Chatbot, asked: str, said: str, missing: str) -> None:
    answer = bot.ask(asked)
    assert said in answer.text
    assert answer.notes == (f"nothing was found about: {missing}",)


def test_a_question_of_which_no_part_is_answered_is_refused(bot: Chatbot) -> None:
    answer = bot.ask("Who invented the zipper and how tall is Mount Kenya?")
    assert (answer.abstained, answer.notes) == (True, ())
    assert answer.queries == ("Who invented the zipper?", "How tall is Mount Kenya?")


def test_what_answers_two_parts_is_said_once_with_one_short_answer(bot: Chatbot) -> None:
    answer = bot.ask("When and by whom was the roof repaired?")
    assert len(answer.sentences) == len(answer.citations) == 1
    assert answer.short is not None
    assert answer.short.text == "May 2023 by the firm Dachwerk"


def test_an_answer_says_what_was_searched_for(bot: Chatbot) -> None:
    assert bot.ask("Who wrote The Salt Road?").to_dict()["queries"] == ("Who wrote The Salt Road?",)
    two = bot.ask("Who wrote The Salt Road? Who was excused?")
    assert (two.query, two.queries) == (
        "Who wrote The Salt Road? Who was excused?",
        ("Who wrote The Salt Road?", "Who was excused?"),
    )
    assert bot.ask("hello").queries == ()


def test_the_passages_of_each_part_come_in_turn(bot: Chatbot) -> None:
    first, second = "How heavy is the book trolley?", "When was the roof repaired?"
    hits = bot.ask(f"{first} {second}").hits
    assert [each.rank for each in hits] == list(range(1, len(hits) + 1))
    assert len({each.passage.id for each in hits}) == len(hits)
    assert [each.passage.id for each in hits[:2]] == [bot.search(each)[0].passage.id for each in (first, second)]


def test_all_parts_are_of_one_state_of_the_index(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[Any] = []

    def find(question: str, query: str, conditions: object = (), **rest: Any) -> Findings:
        states.append(bot.library.index.connection._pin)
        return type(bot)._find(bot, question, query, ())

    monkeypatch.setattr(bot, "_find", find)
    monkeypatch.delitem(bot.__dict__, "chain", raising=False)
    bot.ask("Who wrote The Salt Road and who was excused?")
    monkeypatch.delitem(bot.__dict__, "chain", raising=False)
    assert len(states) == 2
    assert states[0] is not None
    assert states[0] == states[1]


ASKED = [Message(role="user", content="Who wrote The Salt Road?"), Message(role="assistant", content="Hanne Voss.")]
SEARCHES = ("Who published The Salt Road?", "Who was excused?")


@pytest.mark.parametrize(
    ("reply", "queries"),
    [
        ("{0} {1}\nsearch: {0}\nsearch: {1}", SEARCHES),
        ("{0} {1}", SEARCHES),  # by rule
        ("{0} {1}\nsearch: {0}\nHere you are!", SEARCHES),
        ("{0} {1}\nsearch: {0}\nsearch: Napoleon's horses in Russia", SEARCHES),
        ("{0}\nsearch: {0}", SEARCHES[:1]),
    ],
)
def test_a_model_may_say_what_to_search_for(bot: Chatbot, reply: str, queries: tuple[str, ...]) -> None:
    answered = Step(pieces=("It was published by Kestrel Press in 1998. [1.1]",))
    with OpenAIServer(Step(pieces=(reply.format(*SEARCHES),)), answered) as server:
        model = bot.adjusted(model="openai:gpt-test", base_url=server.url)
        answer = model.ask("Who published The Salt Road and who was excused?", history=ASKED)
    assert answer.queries == queries


def test_a_model_reads_what_was_found_for_each_part(bot: Chatbot) -> None:
    with OpenAIServer(Step(pieces=("The trolley weighs 14 kg. [1.1] ",))) as server:
        bot.adjusted(model="openai:gpt-test", base_url=server.url).ask(
            "How heavy is the book trolley and who wrote The Salt Road?"
        )
        (request,) = server.requests
    shown = str(request["messages"])
    assert "14 kg" in shown
    assert "Hanne Voss" in shown
