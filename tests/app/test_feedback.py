"""Verdicts as evaluation cases, and example questions made from documents."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from page_driver import BAKERY, LIGHTHOUSE
from qa.answers.replies.examples import find_examples
from qa.answers.replies.questions import Questions
from qa.app.events import event
from qa.app.feedback import ABSENT, Feedback, make_case
from qa.app.history import Conversation, Turn, new_conversation
from qa.app.suggestions import Suggestions
from qa.app.thumbs import Thumbs
from qa.app.visitors import Visitors
from qa.app.writing import Writing
from qa.chatbot import Chatbot
from qa.evals.lint import lint
from qa.evals.suites import load_suite
from qa.types import Document, Record

OPENED = "When was the lighthouse opened?"


def judged(bot: Chatbot, question: str = OPENED, *, liked: bool, wanted: str = "") -> Conversation:
    return Conversation(id="0" * 32, turns=(Turn(answer=bot.ask(question), liked=liked, wanted=wanted),))


def test_a_liked_answer_is_the_gold_with_its_quotes(bot: Chatbot) -> None:
    conversation = judged(bot, liked=True)
    case = make_case(conversation, 0)
    citation = conversation.turns[0].answer.citations[0]
    assert (case.answers, case.answerable, case.forbidden) == (("1844",), True, ())
    assert [(each.document, each.quote, each.start) for each in case.evidence] == [
        (citation.document, citation.quote, citation.start)
    ]


def test_a_liked_abstention_is_a_question_without_an_answer(bot: Chatbot) -> None:
    case = make_case(judged(bot, "What is the melting point of tungsten?", liked=True), 0)
    assert (case.answerable, case.answers, case.evidence) == (False, (), ())


def test_a_liked_reply_to_small_talk_is_no_question_that_documents_answer(bot: Chatbot) -> None:
    case = make_case(judged(bot, "hello", liked=True), 0)
    assert (case.answerable, case.answers, case.evidence) == (False, (), ())


def test_a_disliked_answer_is_forbidden_and_what_was_wanted_is_the_gold(bot: Chatbot) -> None:
    case = make_case(judged(bot, liked=False, wanted="in October"), 0)
    assert (case.answers, case.forbidden, case.tags) == (("in October",), ("1844",), ("feedback", "disliked"))


def test_what_is_wanted_is_never_forbidden(bot: Chatbot) -> None:
    assert make_case(judged(bot, liked=False, wanted="1844"), 0).forbidden == ()


def test_a_disliked_answer_that_should_not_have_been_given_is_unanswerable(bot: Chatbot) -> None:
    case = make_case(judged(bot, liked=False, wanted=ABSENT), 0)
    assert (case.answerable, case.answers) == (False, ())


def test_a_dislike_without_a_word_waits_for_a_person(bot: Chatbot) -> None:
    assert "open" in make_case(judged(bot, liked=False), 0).tags


def test_the_history_of_a_case_is_what_was_said_before(bot: Chatbot) -> None:
    first = Turn(answer=bot.ask(OPENED))
    second = Turn(answer=bot.ask("Who founded the bakery?"), liked=True)
    case = make_case(Conversation(id="0" * 32, turns=(first, second)), 1)
    assert [(turn.role, turn.content) for turn in case.history] == [
        ("user", OPENED),
        ("assistant", first.answer.text),
    ]


def test_a_second_thought_takes_the_place_of_the_first(bot: Chatbot, tmp_path: Path) -> None:
    feedback = Feedback(tmp_path, bot=bot)
    feedback.save(judged(bot, liked=False), 0)
    folder = feedback.save(judged(bot, liked=False, wanted="in 1844"), 0)
    suite = load_suite(folder)
    assert [case.answers for case in suite.cases] == [("in 1844",)]
    assert lint(suite) == []
    (observed,) = [json.loads(line) for line in (folder / "observed.jsonl").read_text("utf-8").splitlines()]
    assert (observed["wanted"], observed["answer"]["question"]) == ("in 1844", OPENED)


def test_what_was_seen_is_what_was_ranked_for_the_answer_under_the_readers_choices(
    bot: Chatbot, tmp_path: Path
) -> None:
    history = Visitors(folder=tmp_path / "visitors").history("0" * 32, gr.Request(username="ann"))
    asked = bot.adjusted(top_k=1).narrowed(["document=*"])
    list(Writing(asked, OPENED, conversation=new_conversation("1" * 32), history=history).follow())
    kept = history.load("1" * 32)
    assert kept is not None
    folder = Feedback(tmp_path / "feedback", bot=bot).save(kept, 0)
    observed = json.loads((folder / "observed.jsonl").read_text("utf-8"))
    assert observed["passages"] == [
        {"id": hit.passage.id, "start": hit.passage.start, "end": hit.passage.end, "score": hit.score}
        for hit in asked.ask(OPENED).hits
    ]


def test_a_verdict_on_a_question_that_was_too_long_writes_nothing_and_says_why(bot: Chatbot, tmp_path: Path) -> None:
    visitors, feedback = Visitors(folder=tmp_path / "visitors"), Feedback(tmp_path / "feedback", bot=bot)
    request, browser = gr.Request(username="ann"), "0" * 32
    history, conversation = visitors.history(browser, request), new_conversation()
    list(Writing(bot, "Who " * 5000, conversation=conversation, history=history).follow())
    page: Any = None  # only what is shown goes there
    thumbs = Thumbs(page=page, visitors=visitors, feedback=feedback)
    with pytest.raises(gr.Error, match="question"):
        event(thumbs.want)(request, browser, conversation.id, 0, "Nobody")
    assert not (tmp_path / "feedback").exists()
    kept = history.load(conversation.id)
    assert kept is not None
    assert (len(kept.turns), kept.turns[0].liked) == (1, None)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The tower was opened in 1844 by Alan Stevenson.", "When was the tower opened?"),
        ("The memorial has been built to honour them.", "Why was the memorial built?"),
        ("The Queen is also scheduled to open a museum in Leeds.", "What is the Queen scheduled to do?"),
        ("The delegation arrived in Rome on Wednesday.", "When did the delegation arrive in Rome?"),
        ("Norway has been a source of timber.", "What has Norway been a source of?"),
        ("The bakery was founded by Marta Kowalczyk, a miller.", "Who was the bakery founded by?"),
        ("The mill is located near Perth.", "Where is the mill located?"),
        ("The doors have been painted to keep the rain out.", "Why were the doors painted?"),
        ("Mayor Agnes Thorne opened the library in 1932.", "When did Mayor Agnes Thorne open the library?"),
        ("The keepers left the tower and the house was sold in 1990.", None),
        ("The club was joined by sailors and won the cup in 1960.", None),
        ("Two training sessions are held in the canteen.", None),
        ("Building began in 1870.", None),
        ("The lamp was made brighter in 1959.", None),
        ("The school has been moved to the old mill.", None),
        ("The sessions are held in the morning.", None),
        ("It was opened in 1844.", None),
        ("They met in Rome on Monday.", None),
        ("the tower was opened in 1844", None),
        ("Nothing of the kind.", None),
        ("", None),
    ],
)
def test_a_sentence_becomes_the_question_it_answers(sentence: str, question: str | None) -> None:
    assert Questions(f"It is said that in Norway, and in Perth, it rains. {sentence}").of(sentence) == question


def test_examples_are_answered_from_the_sentence_they_were_made_of(bot: Chatbot) -> None:
    texts = {"lighthouse.md": LIGHTHOUSE, "bakery.md": BAKERY}
    documents = [Document(id=name, text=text, title=name) for name, text in texts.items()]
    examples = find_examples(documents, ask=bot.ask)
    assert {"When was the lighthouse opened?", "When was the bakery founded?"} <= set(examples)
    assert all(bot.ask(example).citations for example in examples)


def test_a_search_for_examples_that_ends_late_does_not_replace_a_newer_one(bot: Chatbot, tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        """The chatbot, whose first look at an empty index takes long."""

        document, ask = bot.document, bot.ask

        def documents(self) -> tuple[Record, ...]:
            if begun.is_set():
                return bot.documents()
            begun.set()
            assert go_on.wait(30)
            return ()

    examples = Suggestions(Slow(), cache=tmp_path / "examples.json")
    assert examples.questions() == ()
    examples.refresh()
    assert begun.wait(30)
    (first,) = (each for each in threading.enumerate() if "_find" in each.name)
    examples.refresh()
    found = examples.questions()
    go_on.set()
    first.join()
    assert found
    assert examples.questions() == found
    assert json.loads((tmp_path / "examples.json").read_text("utf-8"))["questions"] == list(found)


def test_examples_are_kept_until_the_documents_change(bot: Chatbot, tmp_path: Path) -> None:
    asked: list[str] = []

    class Counting:
        """The chatbot, counting questions."""

        documents, document = bot.documents, bot.document

        def ask(self, question: str) -> object:
            asked.append(question)
            return bot.ask(question)

    for _ in range(2):
        examples = Suggestions(Counting(), cache=tmp_path / "examples.json")  # type: ignore[arg-type]
        examples.refresh()
        assert examples.questions()
    assert len(asked) == len(set(asked))


def test_a_page_that_ends_waits_for_the_question_under_way_and_asks_no_other(bot: Chatbot, tmp_path: Path) -> None:
    begun, asked = threading.Event(), list[str]()

    class Slow:
        """The chatbot, which takes its time."""

        documents, document = bot.documents, bot.document

        def ask(self, question: str) -> object:
            begun.set()
            time.sleep(0.2)
            asked.append(question)
            return bot.ask(question)

    examples = Suggestions(Slow(), cache=tmp_path / "examples.json")  # type: ignore[arg-type]
    examples.refresh()
    assert begun.wait(30)
    examples.close()
    assert len(asked) == 1
    assert not (tmp_path / "examples.json").exists()
