"""Small talk through the one door: replied to by code, with a language model and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa.answers.replies.small_talk import LISTED, reply_to
from qa.chatbot import Chatbot
from qa.types import Answer, Citation, Record

MILL = "The Arden mill was built in 1891 by Ada Lund. It burned down in 1904.\n"
FERRY = "The Arden ferry was opened in 1912. The Arden pier is located in Westhaven.\n"
BUILT = "When was the Arden mill built?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("documents")
    (folder / "mill.txt").write_text(MILL, encoding="utf-8")
    (folder / "ferry.txt").write_text(FERRY, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=folder) as opened:
        yield opened


def examples_in(answer: Answer) -> list[str]:
    return [
        line.removeprefix("- ") for line in answer.text.partition("For example:")[2].split("\n") if line[:2] == "- "
    ]


@pytest.mark.parametrize("said", ["hi", "help", "what can you do?", "who are you?", "how many documents are there?"])
def test_small_talk_has_three_example_questions_that_the_documents_answer(bot: Chatbot, said: str) -> None:
    answer = bot.ask(said)
    assert (answer.kind, answer.abstained, answer.citations, answer.nearest) == ("talk", False, (), ())
    examples = examples_in(answer)
    assert len(examples) == 3
    assert all(bot.ask(example).kind == "answer" for example in examples)


@pytest.mark.parametrize("said", ["thanks", "ok", "bye"])
def test_who_says_thanks_or_goodbye_is_given_no_list(bot: Chatbot, said: str) -> None:
    assert bot.ask(said).kind == "talk"
    assert len(bot.ask(said).text) < 40


def test_the_documents_are_counted_and_listed_by_name(bot: Chatbot) -> None:
    text = bot.ask("Which documents do you have?").text
    assert text.startswith("There are 2 documents to ask about:\n\n- ferry.txt\n- mill.txt\n\n")


def test_only_documents_that_meet_the_conditions_are_listed_and_asked(bot: Chatbot) -> None:
    answer = bot.ask("list the documents", where=["document=mill*"])
    assert answer.text.startswith("There is one document to ask about:\n\n- mill.txt\n\n")
    assert examples_in(answer) == [BUILT]
    assert "no document to ask about" in bot.ask("hi", where=["document=nothing*"]).text


def test_of_many_documents_the_first_are_listed_and_the_rest_counted() -> None:
    records = [
        Record(id=f"{n}.txt", version="", title="a\nb", root="", mirrored=True, passages=1, chars=1)
        for n in range(1500)
    ]
    text = reply_to("", "documents", records=records, examples=tuple).text
    assert text.startswith("There are 1,500 documents to ask about:\n\n- 0.txt (a b)\n- 1.txt (a b)\n")
    assert text.count("\n- ") == LISTED
    assert text.endswith("\n\nAnd 1,480 more.")


@pytest.mark.parametrize("said", ["hi", "thanks!", "what can you do?"])
def test_no_language_model_is_asked_and_nothing_searched(bot: Chatbot, said: str) -> None:
    history = [{"role": "user", "content": BUILT}, {"role": "assistant", "content": "In 1891."}]
    with OpenAIServer() as server:
        asked = bot.adjusted(model="openai:gpt-test", base_url=server.url)
        streamed = list(asked.stream(said, history=history))
        assert streamed == [streamed[-1].text, bot.ask(said)]  # type: ignore[union-attr]
        assert asyncio.run(asked.aask(said, history=history)) == streamed[-1]
        assert server.requests == []


def test_a_greeting_before_a_question_changes_nothing_about_its_answer(bot: Chatbot) -> None:
    plain, greeted = bot.ask(BUILT), bot.ask(f"Good morning! {BUILT} Thanks!")
    assert (greeted.question, greeted.query) == (f"Good morning! {BUILT} Thanks!", BUILT)
    assert (greeted.text, greeted.confidence) == (plain.text, plain.confidence)


def test_a_follow_up_after_thanks_is_about_what_was_asked_before(bot: Chatbot) -> None:
    history = [
        {"role": "user", "content": BUILT},
        {"role": "assistant", "content": "In 1891."},
        {"role": "user", "content": "thanks"},
        {"role": "assistant", "content": bot.ask("thanks").text},
    ]
    assert bot.ask("And by whom?", history=history).query == bot.ask("And by whom?", history=history[:2]).query
    with OpenAIServer(Step(pieces=("Who built the Arden mill?",)), Step(pieces=("Ada Lund. [1.1]",))) as server:
        bot.adjusted(model="openai:gpt-test", base_url=server.url).ask("And by whom?", history=history)
        assert all("welcome" not in json.dumps(each) for each in server.requests)


def test_a_reply_survives_json_and_can_be_verified(bot: Chatbot) -> None:
    for said in ("hi", "help", "thanks", "list documents", "bye", "ok"):
        answer = bot.ask(said)
        assert answer.to_dict()["kind"] == "talk"
        assert Answer.from_dict(json.loads(answer.to_json())) == answer
        assert bot.verify(answer).holds


def test_a_reply_that_code_would_not_give_does_not_verify(bot: Chatbot) -> None:
    answer = bot.ask("hi")
    cited = Citation(number=1, document="mill.txt", title="mill", start=0, end=3, page=None, quote="The", version="")
    assert not bot.verify(replace(answer, text="The mill was sold.")).holds
    assert not bot.verify(replace(answer, question=BUILT)).holds
    assert not bot.verify(replace(answer, citations=(cited,))).holds


def test_an_answer_of_before_has_its_kind(bot: Chatbot) -> None:
    for question, kind in ((BUILT, "answer"), ("What is the melting point of tungsten?", "refusal")):
        answer = bot.ask(question)
        plain = answer.to_dict()
        assert plain.pop("kind") == kind
        assert Answer.from_dict(plain) == answer


def test_without_documents_a_greeting_says_how_to_add_some(tmp_path: Path) -> None:
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), home=tmp_path, fill=False) as empty:
        assert empty.ask("hello").text.endswith("Index some with: qa ingest PATH")
