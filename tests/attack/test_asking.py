"""Whatever is asked at the Python door is of its type and within its bounds, or refused without repeating it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from qa import Chatbot, Message, QAError
from qa.answers.asking import CONDITION_CHARS, CONDITIONS, HISTORY_CHARS, TURN_CHARS, TURNS, read_history
from qa.errors import QuestionError
from qa.index.conditions import parse_condition
from qa.types import Record

QUESTION = "Who keeps the lighthouse?"
SECRET = "swordfish" * 40
Ask = Callable[..., object]


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    """A chatbot of one document, answered without a language model."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "lamp.txt").write_text("Brannoc keeps the lighthouse of Arden.", encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(folder / "index"), home=folder / "home", fill=False) as bot:
        bot.ingest(folder / "lamp.txt")
        yield bot


@pytest.fixture(scope="module", params=["ask", "stream", "chain", "model's chain"])
def ask(request: pytest.FixtureRequest, bot: Chatbot) -> Ask:
    """Each way to ask, as a function of question and history."""
    modelled = Chatbot(bot.settings, library=bot.library, chat_model=FakeListChatModel(responses=["no"]))
    ways: dict[str, Ask] = {
        "ask": lambda question, **rest: bot.ask(question, **rest),
        "stream": lambda question, **rest: list(bot.stream(question, **rest)),
        "chain": lambda question, **rest: bot.chain.invoke({"question": question, **rest}),
        "model's chain": lambda question, **rest: list(modelled.chain.stream({"question": question, **rest})),
    }
    return ways[request.param]


def refuses(task: Callable[[], object], rule: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(rule)) as refused:
        task()
    assert "swordfish" * 12 not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        (None, "a value of type NoneType"), (5, "a value of type int"), (b"Who?", "a value of type bytes"),
        (["Who?", SECRET], "a value of type list"), ("", "is empty"), ("\u3000\n", "is empty"),
        ("why " * 2_250, "8,999 characters, the limit is 4,000"),
    ],
)  # fmt: skip
def test_a_question_is_text_within_its_bound(ask: Ask, question: Any, rule: str) -> None:
    refuses(lambda: ask(question), rule)


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        (5, "a value of type int"), (SECRET, "swordfish"), ({"role": "user", "content": SECRET}, "a value of type"),
        ([None], "no role and content"), ([5], "no role and content"), (["user", SECRET], "no role and content"),
        ([{"role": "user"}], "no role and content"), ([{"role": "user", "content": None}], "no role and content"),
        ([{"role": "user", "content": {"key": SECRET}}], "no role and content"),
        ([{"role": ["user"], "content": SECRET}], "no role and content"),
        ([{"role": "user", "content": [SECRET]}], "no role and content"),
        ([{"role": "system", "content": SECRET}], "role 'system' is neither user nor assistant"),
        ([{"role": SECRET, "content": "x"}], "is neither user nor assistant"),
        ([Message(role="system", content=SECRET)], "role 'system'"),  # type: ignore[arg-type]
        ([Message(role="user", content=None)], "no role and content"),  # type: ignore[arg-type]
        ([{"role": "user", "content": "x" * (TURN_CHARS + 1)}], "100,001 characters, the limit is 100,000"),
    ],
)  # fmt: skip
def test_a_history_is_turns_of_two_roles(ask: Ask, history: Any, rule: str) -> None:
    refuses(lambda: ask(QUESTION, history=history), rule)


WHERE: list[tuple[Any, str]] = [
    (5, "a value of type int"), ("date>=2021", "Give a list"), (b"date>=2021", "a value of type bytes"),
    ({"date": SECRET}, "a value of type dict"), ([None], "a value of type NoneType"), ([5], "a value of type int"),
    ([[SECRET]], "a value of type list"), ([{"date": SECRET}], "a value of type dict"),
    ([SECRET], "cannot be read as a condition"),
    ([f"date>{SECRET}"], "is no date"), ([f"title<{SECRET}"], "puts titles in an order"),
    (["document=" + "a" * CONDITION_CHARS], "1,009 characters, the limit is 1,000"),
    (["document=a"] * (CONDITIONS + 1), "21 conditions, the limit is 20"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "rule"), WHERE)
def test_conditions_are_few_short_texts(bot: Chatbot, where: Any, rule: str) -> None:
    refuses(lambda: bot.ask(QUESTION, where=where), rule)
    refuses(lambda: list(bot.stream(QUESTION, where=where)), rule)
    refuses(lambda: bot.search(QUESTION, where=where), rule)
    refuses(lambda: bot.narrowed(where), rule)


def test_a_long_honest_conversation_goes_on(ask: Ask) -> None:
    """What the page sends: every turn there was. The latest are read."""
    history = [{"role": role, "content": f"{role} {n}?"} for n in range(5_000) for role in ("user", "assistant")]
    assert ask(QUESTION, history=history)
    assert ask(QUESTION, history=history[:0])
    assert ask(QUESTION, history=None)


def test_the_latest_turns_are_read_up_to_their_number_and_their_characters() -> None:
    turns = [Message(role="user", content=str(number)) for number in range(TURNS + 50)]
    assert read_history(turns) == tuple(turns[-TURNS:])
    long = [Message(role="user", content=letter * (HISTORY_CHARS // 2)) for letter in "abc"]
    assert read_history(long) == tuple(long[1:])
    assert read_history([{"role": "user", "content": "a"}]) == (Message(role="user", content="a"),)


@pytest.mark.parametrize("value", ["*" * 900, "*a" * 450 + "b", "[" * 900, "?*" * 450, "[!a-" * 220, "**/" * 300])
def test_a_pattern_of_a_condition_is_matched_quickly(value: str) -> None:
    record = Record(id="a" * 255, version="v", title="a" * 200, root="/", passages=1, chars=1, mirrored=False)
    started = time.thread_time()
    for condition in (parse_condition(f"document={value}"), parse_condition(f"title!={value}")):
        condition(record)
    assert time.thread_time() - started < 2


def test_every_refusal_is_a_qa_error(bot: Chatbot) -> None:
    for asked in (None, 5, [], {}, {"history": []}, {"question": None}):
        with pytest.raises(QAError):
            bot.chain.invoke(asked)  # type: ignore[arg-type]
