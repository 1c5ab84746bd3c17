"""Answers without a language model: what is shown, cited, highlighted and refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import Chatbot
from qa.answers.short import asks_for_several
from qa.search.weights import load_weights
from qa.types import Answer

TEXT = """The Lark Bridge

Mayor Ada Brook opened the Lark Bridge in Hexley on 4 May 1931. The bridge was built so that mill workers could
reach the railway without a ferry. It has three arches and a footpath on its north side.

Repairs

The council is scheduled to repair the footpath in June. Engineer Carlo Neri inspected the arches in 1998 and found
them sound."""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("documents")
    (folder / "bridge.txt").write_text(TEXT, encoding="utf-8")
    with Chatbot.open(chroma=str(tmp_path_factory.mktemp("index")), seeds=folder, model="extractive") as opened:
        yield opened


def _plain(answer: Answer) -> dict[str, object]:
    return {name: value for name, value in answer.to_dict().items() if name != "seconds"}


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("Who opened the Lark Bridge?", "Ada Brook"),
        ("When was the Lark Bridge opened?", "4 May 1931"),
        ("Why was the bridge built?", "reach the railway without a ferry"),
        ("Who inspected the arches?", "Carlo Neri"),
        ("What will the council repair?", "scheduled to repair the footpath"),
    ],
)
def test_it_answers_in_the_documents_words(bot: Chatbot, question: str, held: str) -> None:
    answer = bot.ask(question)
    assert not answer.abstained
    assert held in answer.text


def test_a_name_may_stand_in_another_passage_of_the_document_but_not_nowhere(tmp_path: Path) -> None:
    with Chatbot.open(chroma=":memory:", home=tmp_path, model="extractive") as seeds:
        assert "pay homage" in seeds.ask("Which soldiers does the memorial in Cassino pay homage to?").text
        assert seeds.ask("Which soldiers does the memorial in Paris pay homage to?").abstained
        assert "Giuseppe Conte" in seeds.ask("Who is the prime minister of Italy?").text
        assert seeds.ask("Who is the prime minister of France?").abstained


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Australia?",
        "How much did the bridge cost?",
        "How many workers drowned?",
        "When will Ada Brook visit the railway?",
        "Who is the ambassador in Hexley?",
        "When was the Swan Bridge opened?",
        "Who inspected the arches in Paris?",
    ],
)
def test_it_abstains_and_cites_nothing(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert answer.abstained
    assert not answer.citations
    assert not answer.sentences


def test_every_citation_is_exact_and_every_sentence_is_its_quote(bot: Chatbot) -> None:
    text = bot.document("bridge.txt").text
    answer = bot.ask("Why was the bridge built?")
    for sentence, citation in zip(answer.sentences, answer.citations, strict=True):
        assert text[citation.start : citation.end] == citation.quote
        assert sentence.text == " ".join(citation.quote.split())
        assert sentence.support == "supported"
    assert answer.text == " ".join(f"{each.text} [{each.citations[0]}]" for each in answer.sentences)


def test_a_date_that_answers_is_highlighted(bot: Chatbot) -> None:
    (sentence, *_) = bot.ask("When was the Lark Bridge opened?").sentences
    assert sentence.highlight is not None
    assert sentence.text[sentence.highlight.start : sentence.highlight.end] == "4 May 1931"


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Why was it built?", True),
        ("Which two ships took part?", True),
        ("What was opened, and where?", True),
        ("Who opened it?", False),
        ("When was it opened?", False),
        ("Which boats were bought?", True),
        ("What was the profit?", False),
        ("What does it cost?", False),
        ("What services do they offer?", True),
        ("Which bus goes to the harbour?", False),
        ("What is the status of the order?", False),
        ("What happens when the lamp fails?", False),
        ("What makes the bell ring?", False),
        ("Please list the boats", True),
        ("Give me a list of boats", True),
        ("Who keeps the waiting list?", False),
    ],
)
def test_reasons_lists_and_double_questions_ask_for_several_sentences(question: str, several: bool) -> None:
    assert asks_for_several(question) is several


def test_a_heading_is_never_the_answer(bot: Chatbot) -> None:
    answer = bot.adjusted(strictness=0.0).ask("The Lark Bridge repairs")
    assert not {"The Lark Bridge", "Repairs"} & {sentence.text for sentence in answer.sentences}


def test_strictness_nought_always_answers_and_one_never_does(bot: Chatbot) -> None:
    assert not bot.adjusted(strictness=0.0).ask("What is the capital of Australia?").abstained
    assert bot.adjusted(strictness=1.0).ask("Who opened the Lark Bridge?").abstained


def test_the_same_question_gives_the_same_answer(bot: Chatbot) -> None:
    assert _plain(bot.ask("Who opened the bridge?")) == _plain(bot.ask("Who opened the bridge?"))


def test_required_confidence_rises_with_strictness() -> None:
    levels = [load_weights().required_confidence(step / 20) for step in range(21)]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (0.0, 1.0)


def test_a_row_of_a_table_does_not_join_the_steps_that_answer(tmp_path: Path) -> None:
    (tmp_path / "pump.md").write_text(
        "# Infusion pump\n\n## Starting an infusion\n\n1. Close the roller clamp.\n2. Insert the line.\n"
        "3. Close the door until it clicks.\n4. Press START.\n\n"
        "## Alarms\n\n| Code | Meaning | What to do |\n|---|---|---|\n"
        "| A01 | Air in line | Stop, remove the air, restart |\n| A02 | Door open | Close the door |\n"
    )
    with Chatbot.open(chroma=":memory:", home=tmp_path / "home", seeds=tmp_path, model="extractive") as bot:
        answer = bot.ask("What are the steps to start an infusion?")
    assert "4. Press START." in answer.text
    assert "A01" not in answer.text


KILN = """# Kiln room: handbook

| Task | How often | By whom |
|---|---|---|
| Clean the flue | every month | potters |
| Sweep the floor | every day | pupils |

## Cleaning the flue

Wear a mask. The soot is fine enough to breathe in.

1. Let the kiln cool for nine hours.
2. Unscrew the brass cap.
3. Push the brush through twice.
4. Screw the cap on again.

## When a pot cracks

5. Switch the kiln off.
6. Tell Ines Roth, extension 41.

## Leaving the workshop

| Length of membership | Notice |
|---|---|
| Up to 2 years | 3 weeks |
| 2 to 6 years | 5 weeks |
| More than 6 years | 9 weeks |
"""


@pytest.fixture(scope="module")
def kiln(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("kiln")
    (folder / "kiln.md").write_text(KILN, encoding="utf-8")
    with Chatbot.open(chroma=":memory:", seeds=folder, model="extractive") as opened:
        yield opened


def test_how_to_do_something_is_told_in_all_its_steps_with_what_stands_before_them(kiln: Chatbot) -> None:
    for question in (
        "How do I clean the flue?",
        "List the steps to clean the flue, please",
        "Cleaning the flue: steps",
    ):
        answer = kiln.ask(question)
        lines = answer.text.splitlines()
        assert lines[0] == "Cleaning the flue", question
        assert lines[1].startswith("Wear a mask."), question
        assert [line[:2] for line in lines[2:]] == ["1.", "2.", "3.", "4."], question
        (citation,) = answer.citations
        assert KILN[citation.start : citation.end] == citation.quote


def test_what_to_do_in_a_case_is_told_in_the_steps_for_that_case(kiln: Chatbot) -> None:
    answer = kiln.ask("A pot cracked, what do I have to do now?")
    assert answer.text.splitlines()[0] == "When a pot cracks"
    assert "Ines Roth" in answer.text
    assert "brush" not in answer.text


def test_of_rows_for_ranges_the_one_for_what_is_asked_answers(kiln: Chatbot) -> None:
    answer = kiln.ask("I have been a member for four years and want to leave. What is my notice?")
    assert "5 weeks" in answer.text
    assert "9 weeks" not in answer.text


CLUB = """# Boat club: handbook

## Stairs

The stairs are the way out in a fire. Nothing may stand on them, such as:

- racks for shoes
- bicycles and scooters
- bags of waste
- oars and masts

Prams may stand under the stairs of the boat house.

## Site

Seats: inside 14, outside 20 (from April to October)
Lease until: 30 June 2029, option for five years, to be used by 31 December 2028
"""
MAIL = """From: Carla Wendmere <carla@post.example>
To: desk@bakery.example
Date: Thu, 2 Oct 2025 09:12:41 +0200
Subject: Order 25-188 for our wedding

We had ordered two chocolate tortes, one cream torte and 60 knots.
"""


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("club")
    (folder / "handbook.md").write_text(CLUB, encoding="utf-8")
    (folder / "wedding.eml").write_text(MAIL, encoding="utf-8")
    with Chatbot.open(chroma=str(folder / "index"), seeds=folder, model="extractive") as opened:
        yield opened


def test_a_list_answers_as_likely_as_its_items_together_where_one_may_be_asked_for(club: Chatbot) -> None:
    assert club.ask("what must not stand on the stairs?").text.endswith("- bags of waste\n- oars and masts [1]")
    assert "oars" not in club.ask("Where may prams stand?").text


def test_of_several_things_under_one_key_the_one_that_is_asked_for_is_short_or_none(club: Chatbot) -> None:
    short = club.ask("how many people can sit outside").short
    assert short
    assert short.text == "outside 20 (from April to October)"
    option = club.ask("Until when does the option of the lease have to be used?")
    assert option.short is None
    assert option.sentences[0].text.startswith("Lease until: 30 June 2029, option")


def test_the_headers_of_a_mail_answer_only_what_is_asked_about_the_mail(club: Chatbot) -> None:
    assert club.ask("What was ordered for the wedding?").text.startswith("We had ordered two chocolate tortes")
    assert club.ask("Who sent the mail about the wedding?").text.startswith("From: Carla Wendmere")
