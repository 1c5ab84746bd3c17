"""Answers that nobody reads, and visitors who are nobody: what is kept of them."""

from __future__ import annotations

import gc
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from gradio.state_holder import SessionState

from attack.test_door import post, send
from page_caller import BASIC, Caller
from page_driver import open_bot, serving
from qa.app import unread, visitors
from qa.chatbot import Chatbot

OPENED = "When was the lighthouse opened?"


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Chatbot]:
    with open_bot(tmp_path) as bot:
        yield bot


def ask(address: str, session: str) -> tuple[int, str]:
    body = {"data": [OPENED, [], []], "session_hash": session}
    return post(address, "/gradio_api/call/ask", body)


def test_who_reads_nothing_is_answered_no_more(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "UNREAD", 5)
    with serving(bot) as address:
        show = Caller(address)
        joins = []
        for _ in range(10):
            joins.append(show.join(show.named("ask", "submit"), [OPENED, "0" * 32, "", None, *BASIC]))
            time.sleep(0.3)
        assert joins[0][0] == 200
        assert (joins[-1][0], "Read what was answered" in joins[-1][1]) == (503, True)
        assert "1844" in Caller(address).ask(OPENED, "")


def test_what_nobody_read_is_forgotten(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "UNREAD_S", 0.5)
    with serving(bot) as address:
        id = json.loads(ask(address, "left")[1])["event_id"]
        time.sleep(1.5)
        ask(address, "another")
        with suppress(http.client.IncompleteRead):  # there is nothing to read from
            assert "1844" not in send(address, "GET", f"/gradio_api/call/ask/{id}")[1]


def test_an_answer_that_is_read_late_but_not_too_late_is_whole(bot: Chatbot) -> None:
    with serving(bot) as address:
        id = json.loads(ask(address, "late")[1])["event_id"]
        time.sleep(1)
        ask(address, "another")
        assert "1844" in send(address, "GET", f"/gradio_api/call/ask/{id}")[1]


def test_a_call_leaves_no_session_behind(bot: Chatbot) -> None:
    def sessions() -> int:
        gc.collect()
        return sum(isinstance(each, SessionState) for each in gc.get_objects())

    with serving(bot) as address:
        before = sessions()
        for _ in range(5):
            id = json.loads(post(address, "/gradio_api/call/ask", {"data": [OPENED, [], []]})[1])["event_id"]
            assert "1844" in send(address, "GET", f"/gradio_api/call/ask/{id}")[1]
        assert sessions() - before <= 1, "that of the last call, which the next one clears away"


def test_events_are_counted_for_each_visitor(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "EVENTS_A_MINUTE", 3)
    with serving(bot) as address:
        statuses = [ask(address, f"session-{number}")[0] for number in range(5)]
    assert statuses == [200, 200, 200, 503, 503]


def test_one_stranger_with_many_browsers_does_not_displace_the_conversations_of_others(
    bot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "ARRIVALS", 3)
    with serving(bot) as address:
        said = [Caller(address).ask(OPENED, "", browser=f"{number:032x}") for number in range(5)]
        assert ["1844" in each for each in said] == [True, True, True, False, False]
        assert "Wait" in said[-1]
        assert "1844" in Caller(address).ask(OPENED, "", browser=f"{0:032x}")
