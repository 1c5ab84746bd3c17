"""What the chain promises of any language model, kept by a real one on real text: 135 million parameters, on a CPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from local_model import model_file
from qa.chatbot import Chatbot
from qa.evals.suites import Case, load_suite
from qa.search.followup import standalone
from qa.types import ABSTENTION, Answer, Event, Message

SEED = Path(__file__).parents[1] / "evals" / "seed"
ASKED = (
    "Who did General Naravane meet in Rome?",
    "Why was the memorial built?",
    "When did the Chief of Army Staff arrive in Rome?",
    "What will he inaugurate in Cassino, in two points please?",
)
OFF_TOPIC = ("What is the melting point of tungsten?", "How many moons does Jupiter have?")
FIRST = Message(role="user", content=ASKED[0])
REPLY = Message(role="assistant", content="His counterpart, Lt Gen Pietro Serino.")


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder = tmp_path_factory.mktemp("library")
    with Chatbot.open(
        model=f"local:{model_file()}", chroma=str(folder / "index"), home=folder, context_tokens=1_500, timeout_s=120
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def streams(bot: Chatbot) -> list[list[Event]]:
    return [list(bot.stream(question)) for question in (*ASKED, *OFF_TOPIC)]


def answers(streams: list[list[Event]]) -> list[Answer]:
    return [stream[-1] for stream in streams if isinstance(stream[-1], Answer)]


def test_every_quote_is_exact(bot: Chatbot, streams: list[list[Event]]) -> None:
    for answer in answers(streams):
        for cited in (*answer.citations, *answer.nearest):
            assert bot.document(cited.document).text[cited.start : cited.end] == cited.quote


def test_nothing_without_a_citation_is_called_supported(streams: list[list[Event]]) -> None:
    for sentence in (each for answer in answers(streams) for each in answer.sentences):
        assert sentence.citations or sentence.support == "unsupported"
        assert (sentence.reason is None) == (sentence.support == "supported")


def test_every_verdict_holds_when_it_is_checked_again(bot: Chatbot, streams: list[list[Event]]) -> None:
    for answer in answers(streams):
        assert [each for each in bot.verify(answer).sentences if not each.holds] == []


def test_what_was_shown_as_it_came_is_the_answer(streams: list[list[Event]]) -> None:
    for stream, answer in zip(streams, answers(streams), strict=True):
        assert "".join(event for event in stream if isinstance(event, str)).strip() == answer.text.strip()


def test_what_has_nothing_to_do_with_the_documents_is_refused(streams: list[list[Event]]) -> None:
    for answer in answers(streams)[len(ASKED) :]:
        assert (answer.abstained, answer.sentences) == (True, ())
        assert answer.text.startswith(ABSTENTION)


def test_a_stream_that_is_closed_leaves_the_model_ready_for_the_next_question(bot: Chatbot) -> None:
    stream = bot.stream(ASKED[1])
    next(stream)
    stream.close()
    assert bot.ask(ASKED[1]).question == ASKED[1]


def test_a_follow_up_that_the_model_words_anew_finds_no_less_than_the_one_that_a_rule_does(bot: Chatbot) -> None:
    def is_found(case: Case, queries: Sequence[str]) -> bool:
        return any(case.evidence[0].quote in hit.passage.text for each in queries for hit in bot.search(each, top_k=5))

    for case in (each for each in load_suite(SEED).cases if each.history and each.evidence):
        by_model, _ = bot._composer().rewrite(case.question, case.history)
        assert is_found(case, by_model) >= is_found(case, [standalone(case.question, case.history)]), by_model


def test_small_talk_costs_no_token(bot: Chatbot) -> None:
    answer = bot.ask("thanks!", history=[FIRST, REPLY])
    assert (answer.kind, answer.usage.input_tokens, answer.usage.output_tokens) == ("talk", 0, 0)
