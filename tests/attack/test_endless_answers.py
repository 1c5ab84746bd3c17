"""Answers that do not end: what they cost the others, and the browser that shows them."""

from __future__ import annotations

import itertools
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openai_server import OpenAIServer, Step
from page_driver import Reader, chromium, open_bot, serving
from qa.app import writing
from qa.app.history import History, new_conversation
from qa.chatbot import Chatbot
from raw_server import RawServer, event, head

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTION = "When was the lighthouse of Skerry Vore opened?"
SENTENCE = "The lighthouse was opened in 1844 by Alan Stevenson. [1.1] "


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")


def endless() -> Iterator[bytes]:
    yield head()
    for _ in itertools.repeat(None):
        yield event(delta={"content": "a"})
        time.sleep(0.1)


def call(address: str, name: str, *arguments: Any) -> str:
    """What answers the call of an endpoint, to be read at that address."""
    body = json.dumps({"data": arguments}).encode()
    started = urllib.request.Request(f"{address}/gradio_api/call/{name}", body, {"content-type": "application/json"})
    with urllib.request.urlopen(started) as response:
        return f"{address}/gradio_api/call/{name}/{json.load(response)['event_id']}"


def result(at: str) -> str:
    with urllib.request.urlopen(at, timeout=30) as response:
        return response.read().decode()


def test_models_that_never_end_keep_nobody_else_waiting(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PLACE_S", 0.2)
    context = browser.new_context()
    with (
        RawServer(endless) as server,
        open_bot(tmp_path, model="openai:raw", base_url=server.url) as bot,
        serving(bot) as address,
    ):
        for _ in range(writing.MODELS_AT_ONCE):
            call(address, "ask", QUESTION, [], [])
        while len(server.requests) < writing.MODELS_AT_ONCE:
            time.sleep(0.02)
        assert "event: error" in result(call(address, "ask", QUESTION, [], []))  # at once, and not after the eight
        assert "1844" in result(call(address, "search", QUESTION, 1, []))
        reader = Reader(context, address)
        assert "is writing 8 answers already. Ask again in a moment" in reader.ask(QUESTION)
        reader.page.click("#settings .label-wrap")
        reader.page.click("#model label:has-text('Quotes only')")
        reader.page.wait_for_selector("#about :text('on this machine')")
        assert "1844" in reader.ask(QUESTION)
        assert len(server.requests) == writing.MODELS_AT_ONCE
        assert not server.left.is_set()
        server.stop()
        context.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    with open_bot(tmp_path_factory.mktemp("library")) as bot:
        yield bot


def test_what_is_drawn_grows_with_the_answer_and_not_with_its_square(
    library: Chatbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_REFRESH_S", 0)  # as a model writes that takes its time

    def drawn(characters: int) -> int:
        said = (f"{SENTENCE}So says page {page}. [1.1] " for page in range(characters))  # no two alike
        text = "".join(itertools.islice(said, characters // len(SENTENCE)))[:characters]
        pieces = tuple(text[at : at + 4] for at in range(0, characters, 4))
        with OpenAIServer(Step(pieces=pieces)) as server:
            bot = library.adjusted(model="openai:raw", base_url=server.url)
            history = History(tmp_path / str(characters))
            answer = writing.Writing(bot, QUESTION, conversation=new_conversation(), history=history)
            return sum(map(len, answer.follow()))

    short, long = drawn(3_000), drawn(12_000)
    assert long < 7 * short, (short, long)  # 4 where it grows with the length, 16 where it grows with its square
