"""The page with a language model behind it: it streams, stops, and says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openai_server import OpenAIServer, Step
from page_driver import Reader, chromium, open_bot, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTION = "When was the lighthouse opened?"
OPENED = "The lighthouse was opened in 1844 [1.2]."
ENDLESS = Step(pieces=(f"{OPENED} ",) * 400, pause_s=0.05)
WRITING = "/1844[^]*1844[^]*1844/.test(document.querySelector('#chat .answer')?.textContent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def talking_to(browser: Browser, folder: Path, *steps: Step) -> Iterator[tuple[Reader, OpenAIServer]]:
    """Somebody at a page whose answers come from a scripted language model."""
    context = browser.new_context()
    with (
        OpenAIServer(*steps) as server,
        open_bot(folder, model="openai:gpt-test", base_url=server.url) as bot,
        serving(bot) as address,
    ):
        yield Reader(context, address), server
        context.close()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")


def test_an_answer_streams_and_its_header_says_who_answers_and_where(browser: Browser, tmp_path: Path) -> None:
    pieces = ("The lighthouse ", "was opened ", "in 1844 [1.", "2].", " It stands ", "on a reef [1.3].")
    with talking_to(browser, tmp_path, Step(pieces=pieces, pause_s=0.25)) as (reader, _):
        assert "gpt-test · 127.0.0.1" in reader.page.inner_text("#about")
        reader.page.fill("#ask textarea", QUESTION)
        reader.page.press("#ask textarea", "Enter")
        begun = reader.page.wait_for_function(
            "(text => /opened/.test(text) && text)(document.querySelector('#chat .answer')?.textContent)"
        ).json_value()
        assert "reef" not in begun
        assert "[1." not in begun
        reader.page.wait_for_selector("#chat .answer .meta")
        assert "in 1844 [1]. It stands on a reef [2]." in reader.answer
        assert "tokens read" in reader.answer
        assert "1844" in reader.cite()
        assert reader.problems == []


def test_stop_stops_the_work_behind_it_and_keeps_what_was_written(browser: Browser, tmp_path: Path) -> None:
    with talking_to(browser, tmp_path, ENDLESS) as (reader, server):
        reader.page.fill("#ask textarea", QUESTION)
        reader.page.press("#ask textarea", "Enter")
        reader.page.wait_for_function(WRITING)
        reader.page.click("#ask .stop-button")
        assert server.disconnected.wait(30)
        assert len(server.sent_at) < 200
        reader.page.wait_for_selector("#ask .submit-button")
        reader.arrive()
        assert "was opened" in reader.answer
        assert "It was stopped" in reader.answer


# Counts how often an answer that repeats itself is painted after it has once left the page.
WATCH = """() => {
    const chat = document.querySelector('#chat');
    const written = () => /1844[^]*1844/.test(chat.textContent);
    window.left = false;
    window.returned = 0;
    new MutationObserver(() => {
        window.left ||= !written();
        window.returned += window.left && written();
    }).observe(chat, {subtree: true, childList: true, characterData: true});
}"""


@pytest.mark.parametrize("way", ["new", "open", "forget"])
def test_an_answer_that_is_being_written_stays_in_the_conversation_that_was_left(
    browser: Browser, tmp_path: Path, way: str
) -> None:
    with talking_to(browser, tmp_path, Step(pieces=(OPENED,)), ENDLESS) as (reader, server):
        page = reader.page
        reader.ask("Who opened the lighthouse?")
        page.click("#new")
        page.wait_for_selector("#chat .answer", state="detached")
        page.fill("#ask textarea", QUESTION)
        page.press("#ask textarea", "Enter")
        page.wait_for_function(WRITING)
        page.evaluate(WATCH)
        page.locator(
            {"new": "#new", "open": "#history .name >> nth=1", "forget": "#history [data-do=forget] >> nth=0"}[way]
        ).click()
        page.wait_for_function("window.left")
        assert server.disconnected.wait(30)
        page.wait_for_selector("#ask .submit-button")
        page.wait_for_timeout(1000)  # long enough for twenty more pieces
        assert page.evaluate("window.returned") == 0
        assert page.locator("#chat .answer").count() == (way == "open")
        assert page.locator("#history li").count() == (1 if way == "forget" else 2)
        reader.arrive()
        assert page.locator("#history li").count() == (1 if way == "forget" else 2)


def test_closing_the_tab_stops_the_work_behind_it(browser: Browser, tmp_path: Path) -> None:
    with talking_to(browser, tmp_path, ENDLESS) as (reader, server):
        reader.page.fill("#ask textarea", QUESTION)
        reader.page.press("#ask textarea", "Enter")
        reader.page.wait_for_function(WRITING)
        reader.page.context.close()
        assert server.disconnected.wait(30)


def test_a_model_that_refuses_is_reported_without_the_key(browser: Browser, tmp_path: Path) -> None:
    refused = Step(status=401, error="Incorrect API key provided: sk-test-0123456789abcdef")
    with talking_to(browser, tmp_path, refused) as (reader, _):
        answer = reader.ask(QUESTION)
        assert "broke off" in answer
        assert "sk-test" not in reader.page.content()
        assert str(tmp_path) not in reader.page.content()


def test_a_sentence_that_is_not_supported_says_why_to_the_keyboard_too(browser: Browser, tmp_path: Path) -> None:
    with talking_to(browser, tmp_path, Step(pieces=(f"{OPENED} ", "The lighthouse was opened in 1799 [1.2]."))) as (
        reader,
        _,
    ):
        reader.ask(QUESTION)
        flag = reader.page.locator("#chat a.why")
        flag.focus()
        reason = flag.get_attribute("title") or ""
        assert "1,799" in reason
        assert flag.evaluate("node => getComputedStyle(node, '::after').content") == f'"{reason}"'


def test_the_built_in_answerer_can_be_chosen_instead(browser: Browser, tmp_path: Path) -> None:
    with talking_to(browser, tmp_path) as (reader, server):
        reader.page.click("#settings .label-wrap")
        reader.page.click("#model label:has-text('Built-in extractive')")
        reader.page.wait_for_selector("#about :text('on this machine')")
        assert "1844" in reader.ask(QUESTION)
        assert server.requests == []
