"""The page with a language model behind it: it streams, stops, and says what went wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openai_server import OpenAIServer, Step
from page_driver import PHONE, WIDE, Reader, open_bot, serving, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTION = "When was the lighthouse opened?"
OPENED = "The lighthouse was opened in 1844 [1.2]."
PAGES = tuple(f"The lighthouse was opened in 1844 [1.2], says page {page} of its log. " for page in range(400))
ENDLESS = Step(pieces=(f"{OPENED} ", *PAGES), pause_s=0.05)
WRITING = "/1844[^]*1844[^]*1844/.test(document.querySelector('#chat .answer')?.textContent)"


@contextmanager
def talking_to(
    browser: Browser, folder: Path, *steps: Step, scheme: str = "light", size: dict[str, int] = WIDE
) -> Iterator[tuple[Reader, OpenAIServer]]:
    """Somebody at a page whose answers come from a scripted language model."""
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
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
        assert "20 written" in reader.answer
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
        for _ in range(2):
            assert "was opened" in reader.answer
            assert "Stopped." in reader.answer
            assert "broke off" not in reader.answer
            reader.arrive()


def test_while_nothing_has_come_the_answer_says_what_happens_cannot_be_judged_and_stops_at_once(
    browser: Browser, tmp_path: Path
) -> None:
    with talking_to(browser, tmp_path, Step(pieces=("The lighthouse",), delay_s=15)) as (reader, _):
        page = reader.page
        page.evaluate(
            "window.told = []; new MutationObserver(() => { const stage = document.querySelector('#chat .stage');"
            " if (stage && window.told.at(-1) !== stage.textContent) window.told.push(stage.textContent); })"
            ".observe(document.querySelector('#chat'), {subtree: true, childList: true, characterData: true})"
        )
        page.fill("#ask textarea", QUESTION)
        page.press("#ask textarea", "Enter")
        page.wait_for_selector("#chat .stage:has-text('Reading 5 passages')")
        assert page.evaluate("window.told") == ["Searching 2 documents…", "Reading 5 passages…"]
        assert not page.locator("#chat button[aria-label='Like']").is_visible()
        began = time.monotonic()
        page.get_by_role("button", name="Stop", exact=True).click()
        page.wait_for_selector("#chat .note:has-text('Stopped.')")
        assert time.monotonic() - began < 5
        assert not page.locator("#chat button[aria-label='Like']").is_visible()


def test_any_question_can_be_asked_again_in_its_place_or_changed_first(browser: Browser, tmp_path: Path) -> None:
    query, second = "Who opened the lighthouse?", "The lighthouse was opened in 1844 by Alan Stevenson [1.2]."
    said = (OPENED, query, second, "The lighthouse was opened by Alan Stevenson in 1844 [1.2].")
    replies = [Step(pieces=(words,)) for words in said]
    with talking_to(browser, tmp_path, *replies) as (reader, _):
        page = reader.page
        reader.ask(QUESTION)
        page.click("#chat button[aria-label='Like']")
        page.wait_for_selector("#chat button[aria-label='Liked']")
        reader.ask("Who opened it?")
        page.click("#chat .again >> nth=0")
        page.wait_for_selector("#chat .answer >> nth=0 >> text=by Alan Stevenson in 1844")
        page.wait_for_selector("#ask .submit-button")
        assert page.locator("#chat .question").all_inner_texts() == [QUESTION, "Who opened it?"]
        assert "1844 by Alan Stevenson" in reader.answer
        assert page.locator("#chat button[aria-label='Liked']").count() == 0  # which was for another answer
        reader.arrive()
        page.wait_for_selector("#chat .answer >> nth=0 >> text=by Alan Stevenson in 1844")
        assert page.locator("#chat .question").all_inner_texts() == [QUESTION, "Who opened it?"]
        page.click("#chat .edit >> nth=1")
        assert page.input_value("#ask textarea") == "Who opened it?"


# Counts how often an answer that repeats itself is painted after it has once left the page.
WATCH = """() => {
    const chat = document.querySelector('#chat');
    const written = () => /1844[^]*1844/.test(chat.innerText);
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
        pressed = {"new": "#new", "open": "#history .name >> nth=1", "forget": "#history [data-do=forget] >> nth=0"}[
            way
        ]
        page.click(pressed)
        page.wait_for_function("window.left")
        if way == "forget":
            assert server.disconnected.wait(30)
        page.wait_for_selector("#ask .submit-button")
        page.wait_for_timeout(1000)  # long enough for twenty more pieces
        assert page.evaluate("window.returned") == 0
        assert page.locator("#chat .answer").count() == (way == "open")
        assert page.locator("#history li").count() == (1 if way == "forget" else 2)
        assert server.disconnected.is_set() == (way == "forget")  # and goes on there
        reader.arrive()
        assert page.locator("#history li").count() == (1 if way == "forget" else 2)


@pytest.mark.parametrize("way", ["reload", "another conversation"])
def test_an_answer_goes_on_while_its_reader_is_elsewhere_and_is_there_on_return(
    browser: Browser, tmp_path: Path, way: str
) -> None:
    pieces = (f"{OPENED} ", *(f"It stands on a reef [1.3], says page {page}. " for page in range(40)))
    with talking_to(browser, tmp_path, Step(pieces=pieces, pause_s=0.1)) as (reader, _):
        page = reader.page
        page.fill("#ask textarea", QUESTION)
        page.press("#ask textarea", "Enter")
        page.wait_for_function("/1844/.test(document.querySelector('#chat .answer')?.textContent)")
        if way == "reload":
            reader.arrive()
        else:
            page.click("#new")
            page.wait_for_selector("#chat .answer", state="detached")
            page.click("#history .name")
        page.wait_for_selector("#chat .answer.writing")
        page.wait_for_selector("#ask .stop-button")
        page.wait_for_selector("#chat .answer:not(.writing) .meta")
        assert reader.answer.count("on a reef") == 40
        page.wait_for_selector("#ask .submit-button")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lists_tables_and_code_of_a_model_are_drawn_and_code_can_be_copied(
    browser: Browser, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    table, code = "| Year | What |\n|---|---|\n| 1844 | opened |", "```\na = 1\nb = 2\n```"
    drawn = f"**Short:** {OPENED}\n\n4. one\n5. two\n\n{table}\n\n{code}\n"
    with talking_to(browser, tmp_path, Step(pieces=(drawn,)), scheme=scheme, size=size) as (reader, _):
        page = reader.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        reader.ask(QUESTION)
        answer = page.locator("#chat .answer")
        assert answer.locator("b").inner_text() == "Short:"
        assert answer.locator("ol").get_attribute("start") == "4"
        assert answer.locator("th").all_inner_texts() == ["Year", "What"]
        assert answer.locator("pre").inner_text().split() == ["a", "=", "1", "b", "=", "2"]
        assert violations(page) == []
        page.click("#chat .answer .copy")
        page.wait_for_selector("#chat .copy:has-text('Copied')")
        assert page.evaluate("navigator.clipboard.readText()").splitlines() == ["a = 1", "b = 2"]


def test_of_the_answers_that_a_visitor_has_left_only_one_goes_on(browser: Browser, tmp_path: Path) -> None:
    with talking_to(browser, tmp_path, ENDLESS, ENDLESS, ENDLESS) as (reader, server):
        for number in range(3):
            reader.page.fill("#ask textarea", QUESTION)
            reader.page.press("#ask textarea", "Enter")
            reader.page.wait_for_function(WRITING)
            assert server.disconnected.is_set() == (number == 2)
            reader.page.click("#new")
            reader.page.wait_for_selector("#chat .answer", state="detached")
            reader.page.wait_for_timeout(1500)  # until it is seen that nobody looks on


def test_a_model_that_refuses_is_reported_without_the_key(browser: Browser, tmp_path: Path) -> None:
    refused = Step(status=401, error="Incorrect API key provided: sk-test-0123456789abcdef")
    with talking_to(browser, tmp_path, refused) as (reader, _):
        answer = reader.ask(QUESTION)
        assert "No answer came. Try again, or choose in Settings who answers." in answer
        assert not any(words in answer for words in ("broke off", "0 ms"))
        shown = reader.page.inner_text("#chat .answer")
        assert "refused the key" in shown
        assert "OPENAI_API_KEY" not in shown  # it waits in Details
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
        reader.page.click("#model label:has-text('Quotes only')")
        reader.page.wait_for_selector("#about :text('on this machine')")
        assert "1844" in reader.ask(QUESTION)
        assert server.requests == []
