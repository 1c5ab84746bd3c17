"""Everyday questions with a language model over the real client: all reach it, and are answered whatever it cites."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa import Answer, Chatbot
from qa.types import Message

DOCUMENTS = {
    "about.md": "# About Brankola\n\nOur chief executive, Dr. Maren Oduya, joined from a maker of pumps. "
    "Brankola builds water meters in Skarnes.\n",
    "prices.md": "# Prices\n\nThe M4 costs 3,200 euros. It comes with a warranty of four years. "
    "The M7 costs 5,900 euros and also measures pressure.\n",
    "travel.md": "# Travel\n\nBusiness class is allowed only on journeys longer than nine hours. "
    "Hotels are booked by the office.\n",
    "manual.md": "# M4 manual\n\nWhen the lamp blinks amber, wait ten minutes before you open the lid. "
    "When it is blue, the meter is ready.\n\nTo reset the meter:\n\n1. Hold the key for five seconds.\n"
    "2. Let go when the lamp turns blue.\n",
    "mail.txt": "Dear Ines,\n\nI propose that we take the second offer, as the first one has no service.\n\nTomas\n",
    "report.md": "# Annual report 2024\n\nRevenue rose to 18.4 million euros in 2024. "
    "Three risks remain: late parts, a weak krone and the lease in Skarnes.\n",
    "table.md": "# Sites\n\n| Site | Staff |\n|---|---|\n| Skarnes | 140 |\n| Lille | 23 |\n",
    "bail.txt": "Le loyer annuel du bureau de Lille est de 48 000 euros, payable par trimestre.\n",
}
CEO = "Our chief executive, Dr. Maren Oduya, joined from a maker of pumps."
REVENUE = "Revenue rose to 18.4 million euros in 2024."
# What is asked | what a model that reads well replies, with {the words} whose id it cites
KINDS = [
    ("Who is the CEO of Brankola?", "The chief executive is Dr. Maren Oduya {Our chief executive}."),
    ("Who runs the company?", "Dr. Maren Oduya is the chief executive {Our chief executive}."),
    (
        "How much does the M4 cost and how long is its warranty?",
        "The M4 costs 3,200 euros {The M4 costs}. The warranty is four years {It comes with}.",
    ),
    ("Is business class allowed for a 6 hour flight?", "No. Business class is allowed only on journeys longer than "
     "nine hours {Business class}."),
    ("What must I do when the light is amber?", "Wait ten minutes before you open the lid {When the lamp}."),
    ("What did Tomas suggest to Ines?", "He proposed that they take the second offer {I propose}."),
    ("Summarize the annual report", "- Revenue rose to 18.4 million euros in 2024 {Revenue rose}.\n- Three risks "
     "remain: late parts, a weak krone and the lease in Skarnes {Three risks}."),
    ("List all risks of the annual report", "- late parts {Three risks}\n- a weak krone {Three risks}\n- the lease in "
     "Skarnes {Three risks}"),
    ("Compare the M4 and the M7", "| Meter | Price |\n|---|---|\n| M4 | 3,200 euros {The M4 costs} |\n"
     "| M7 | 5,900 euros {The M7 costs} |"),
    ("What is the annual rent of the French office?", "It is 48,000 euros {Le loyer}."),
    ("How is the meter reset? fail500", "To reset the meter:\n1. Hold the key for five seconds {1. Hold}.\n2. Let go "
     "when the lamp turns blue {2. Let go}."),
    ("how do i reset teh metre", "Hold the key for five seconds {1. Hold}."),
    ("revenue", "Revenue rose to 18.4 million euros {Revenue rose}."),
    ("How many people work in Lille?", "The site Lille has a staff of 23 {| Lille}."),
    ("What could go wrong next year?", "Three risks remain, such as late parts {Three risks}."),
    ("Does the M7 measure pressure?", "Yes, the M7 also measures pressure {The M7 costs}."),
    ("Why should we not take the first offer?", "The first one has no service {I propose}."),
    ("Where are the meters built?", "Brankola builds water meters in Skarnes {Brankola builds}."),
    ("Wie hoch war der Umsatz 2024?", "Der Umsatz betrug im Jahr 2024 18,4 Millionen Euro {Revenue rose}."),
]  # fmt: skip
ACROSS = "Wie hoch war der Umsatz 2024?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("brankola")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    with Chatbot.open(chroma=str(home / "index"), home=home, seeds=folder, model="extractive", top_k=8) as opened:
        yield opened


def ids(bot: Chatbot, question: str) -> dict[str, str]:
    """The id under which a model is shown each unit, by its text."""
    found = bot.search(question)
    return {
        hit.passage.cut(unit): f"[{number}.{place}]"
        for number, hit in enumerate(found, start=1)
        for place, unit in enumerate(hit.passage.units, start=1)
    }


def reply_with_ids(bot: Chatbot, question: str, reply: str) -> str:
    shown = ids(bot, question)
    while "{" in reply:
        before, _, rest = reply.partition("{")
        wanted, _, rest = rest.partition("}")
        reply = before + next(name for text, name in shown.items() if text.startswith(wanted)) + rest
    return reply


def ask(bot: Chatbot, question: str, reply: str, **chosen: object) -> tuple[Answer, int]:
    with OpenAIServer(Step(pieces=tuple(reply.partition(" ")))) as server:
        answer = bot.adjusted(model="openai:scripted", base_url=server.url, top_k=8, **chosen).ask(question)
        return answer, len(server.requests)


@pytest.mark.parametrize(("question", "reply"), KINDS, ids=[question for question, _ in KINDS])
def test_every_kind_of_question_reaches_the_model_and_is_answered_in_its_words(
    bot: Chatbot, question: str, reply: str
) -> None:
    written = reply_with_ids(bot, question, reply)
    answer, requests = ask(bot, question, written)
    said = [note for note in answer.notes if "“CEO” stands nowhere" not in note]  # it is searched for written out
    assert (requests, answer.abstained, said) == (1, False, [])
    assert {each.support for each in answer.sentences} <= (
        {"partly"} if question == ACROSS else {"supported", "partly"}
    )
    assert all(each.citations for each in answer.sentences)
    for wanted in reply.split("{")[1:]:
        assert any(each.quote.startswith(wanted.partition("}")[0]) for each in answer.citations)
    assert bot.verify(answer).holds


@pytest.mark.parametrize(
    "question", ["What is the capital of Australia?", "Who won the World Cup of 1998?", "Wann wurde Mozart geboren?"]
)
def test_what_is_off_the_topic_is_refused(bot: Chatbot, question: str) -> None:
    for reply in (
        "NOT_IN_DOCUMENTS",
        "It is something else entirely, as everyone knows [1.1].",
        "The documents do not say.",
    ):
        answer, _ = ask(bot, question, reply)
        assert (answer.abstained, answer.sentences) == (True, ())


REVENUE_ASKED = (
    Message(role="user", content="How high was the revenue in 2024?"),
    Message(role="assistant", content=REVENUE),
)


@pytest.mark.parametrize("question", ["summarize this document", "summarize this", "What is this about?", "tl;dr"])
def test_this_is_the_document_of_the_conversation_and_without_one_it_is_asked_which(
    bot: Chatbot, question: str
) -> None:
    which = bot.ask(question)
    answer, requests = ask(bot, question, REVENUE)
    assert (requests, answer.text, answer.kind) == (0, which.text, "overview")
    assert answer.text.startswith("Which one?")
    with OpenAIServer(Step(pieces=(REVENUE,))) as server:
        told = bot.adjusted(model="openai:scripted", base_url=server.url).ask(question, history=REVENUE_ASKED)
    plain = bot.ask(question, history=REVENUE_ASKED)
    assert (len(server.requests), told.kind, plain.kind) == (1, "answer", "overview")
    assert {each.document for each in (*told.citations, *plain.citations)} == {"report.md"}


@pytest.mark.parametrize(
    ("question", "is_shown"), [("Translate the travel rules into German", True), ("What are the travel rules?", False)]
)
def test_a_translation_with_ids_is_shown_and_marked_where_the_question_names_its_language(
    bot: Chatbot, question: str, is_shown: bool
) -> None:
    answer, _ = ask(bot, question, reply_with_ids(bot, question, "Die Hotels werden von dem Amt gebucht {Hotels}."))
    assert answer.text.startswith("Die Hotels") is is_shown
    assert ({each.support for each in answer.sentences} == {"unsupported"}) is is_shown


@pytest.mark.parametrize("marks", ["", "[2.2]", "[9.9]", "".join(f"[{n}.{m}]" for n in (1, 2, 3) for m in (1, 2, 3))])
def test_whatever_a_model_cites_its_statement_ends_with_the_sentence_that_supports_it(bot: Chatbot, marks: str) -> None:
    question = "How high was the revenue in 2024?"
    answer, _ = ask(bot, question, f"In 2024, revenue rose to 18.4 million euros {marks}. Everyone was glad {marks}.")
    right, glad = answer.sentences
    assert right.support == "supported"
    assert [answer.citations[number - 1].quote for number in right.citations] == [REVENUE]
    assert (glad.support, answer.abstained) == ("unsupported", False)
    assert ("corrected" in " ".join(answer.notes)) is (marks == "[2.2]")
    assert ("9.9" in " ".join(answer.notes)) is (marks == "[9.9]")


def test_a_reply_is_held_against_the_sentence_that_answers_with_the_words_of_the_question_left_aside(
    bot: Chatbot,
) -> None:
    answer, _ = ask(bot, "In which place does Brankola build its meters?", "The place is Skarnes.")
    assert [each.support for each in answer.sentences] == ["partly"]
    assert [each.quote for each in answer.citations] == ["Brankola builds water meters in Skarnes."]
    for false in ("The place is Lille.", "The place is the lid of the office.", "1. No.\n2. No."):
        answer, _ = ask(bot, "In which place does Brankola build its meters?", false)
        assert false not in answer.text


@pytest.mark.parametrize("reply", ["The warranty is amber.", "The pumps were ready when the hotels were booked."])
def test_words_of_different_documents_put_together_support_nothing(bot: Chatbot, reply: str) -> None:
    answer, _ = ask(bot, "What is said of them?", reply)
    assert not any(each.text == reply for each in answer.sentences)


OPENING = "Everyone was glad about it. "


@pytest.mark.parametrize("mode", ["stream", "astream"])
def test_what_is_not_supported_is_held_back_until_something_is_and_nothing_is_taken_back(
    bot: Chatbot, mode: str
) -> None:
    async def collect(adjusted: Chatbot, question: str) -> list[object]:
        return [event async for event in adjusted.astream(question)]

    pieces = (OPENING, "Revenue rose to 18.4 million ", "euros in 2024. ", "Nobody ", "knows why. ", "It is so.")
    with OpenAIServer(Step(pieces=pieces)) as server:
        adjusted = bot.adjusted(model="openai:scripted", base_url=server.url)
        question = "How high was the revenue in 2024?"
        events = list(adjusted.stream(question)) if mode == "stream" else asyncio.run(collect(adjusted, question))
    texts = [event for event in events if isinstance(event, str)]
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert texts[:2] == [OPENING.strip(), " Revenue rose to 18.4 million euros in 2024. [1]"]
    assert "".join(texts) == answer.text
    assert [each.support for each in answer.sentences[:2]] == ["unsupported", "supported"]


def test_nothing_false_is_supported_by_what_only_resembles_it(bot: Chatbot) -> None:
    for false in (
        "The M4 costs 5,400 euros.",
        "Dr. Ada Quill is the chief executive.",
        "Revenue fell to 18.4 million euros.",
    ):
        answer, _ = ask(bot, "What does the M4 cost?", f"The M4 costs 3,200 euros. {false}")
        assert [each.support in ("supported", "partly") for each in answer.sentences] == [True, False]
