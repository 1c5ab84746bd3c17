"""The list of conversations in a real browser: finding, renaming, deleting, bringing back, keeping as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from page_driver import PHONE, WIDE, Reader, violations
from qa.chatbot import Chatbot

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPENED, FOUNDED = "When was the lighthouse opened?", "Who founded the bakery?"
ANSWERED = "#chat .answer .meta"


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Reader]:
    context = browser.new_context(viewport=WIDE, accept_downloads=True)  # type: ignore[arg-type]
    reader = Reader(context, address)
    yield reader
    context.close()
    assert reader.problems == []


def ask_in_two_conversations(reader: Reader) -> None:
    reader.ask(OPENED)
    reader.page.click("#new")
    reader.page.wait_for_selector("#chat .answer", state="detached")
    reader.ask(FOUNDED)


def listed(reader: Reader) -> list[str]:
    return reader.page.locator("#history .name").all_inner_texts()


def test_a_conversation_is_renamed_by_keyboard_and_keeps_its_name_place_and_focus(reader: Reader) -> None:
    page = reader.page
    ask_in_two_conversations(reader)
    page.locator(f"[aria-label='Rename {OPENED}']").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("textbox", name="The name of this conversation").input_value() == OPENED
    assert violations(page) == []
    page.keyboard.type("The <b>lamp</b>")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history .name:has-text('The <b>lamp</b>')")
    page.wait_for_function("document.activeElement.ariaLabel === 'Rename The <b>lamp</b>'")
    assert listed(reader) == [FOUNDED, "The <b>lamp</b>"]
    page.keyboard.press("Enter")
    page.keyboard.type("no")
    page.keyboard.press("Escape")
    page.click("#history .name:has-text('lamp')")
    page.wait_for_selector("#chat .question:has-text('lighthouse')")
    reader.ask("How high is it?")
    assert listed(reader) == ["The <b>lamp</b>", FOUNDED]
    reader.arrive()
    assert listed(reader) == ["The <b>lamp</b>", FOUNDED]


def test_conversations_are_found_by_words_of_their_questions_and_answers(reader: Reader) -> None:
    page, box = reader.page, "#recall :is(input, textarea)"
    assert not page.is_visible(box)
    ask_in_two_conversations(reader)
    for words, found in (("lighthouse opened", [OPENED]), ("KOWALCZYK", [FOUNDED]), ("the", [FOUNDED, OPENED])):
        page.fill(box, words)
        page.wait_for_function(
            "found => JSON.stringify([...document.querySelectorAll('#history .name')].map(each => each.innerText))"
            " === JSON.stringify(found)",
            arg=found,
        )
    page.fill(box, "submarine")
    page.wait_for_selector("#history :text('None has these words.')")
    assert violations(page) == []
    reader.ask("How high is the lighthouse?")
    assert page.input_value(box) == ""
    assert listed(reader) == [FOUNDED, OPENED]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_deleted_conversation_is_gone_at_once_and_undo_brings_it_back(
    browser: Browser, address: str, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    reader = Reader(context, address)
    page = reader.page
    reader.ask(OPENED)
    if size is PHONE:
        page.click("#menu")
        page.wait_for_selector("#new")
    page.locator(f"[aria-label='Delete {OPENED}']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat .answer", state="detached")
    page.wait_for_function("document.activeElement.dataset.do === 'undo'")
    assert listed(reader) == []
    assert "was deleted" in page.inner_text("#undo [role=status]")
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector(ANSWERED, state="attached")
    page.wait_for_selector("#undo .report", state="detached")
    page.wait_for_selector("#history .name")
    assert listed(reader) == [OPENED]
    assert "1844" in reader.answer
    page.locator(f"[aria-label='Delete {OPENED}']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#undo .report")
    reader.arrive()
    assert listed(reader) == []
    context.close()


def test_what_one_tab_asks_renames_and_deletes_another_tab_lists(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    first, second = Reader(context, address), Reader(context, address)
    first.ask(OPENED)
    second.page.wait_for_selector(f"#history .name:has-text('{OPENED}')")
    second.page.focus(f"[aria-label='Rename {OPENED}']")
    second.page.keyboard.press("Enter")
    second.page.keyboard.type("The lamp")
    second.page.keyboard.press("Enter")
    first.page.wait_for_selector("#history .name:has-text('The lamp')")
    assert first.page.get_attribute("#history .name", "aria-current") == "true"
    first.page.focus("[aria-label='Delete The lamp']")
    first.page.keyboard.press("Enter")
    second.page.wait_for_selector("#history .empty")
    context.close()


def test_a_conversation_is_kept_as_a_page_to_read_as_markdown_and_as_json_that_is_verified(
    browser: Browser, reader: Reader, bot: Chatbot, tmp_path: Path
) -> None:
    from qa.cli import app

    page = reader.page
    reader.ask(OPENED)
    page.click("#new")
    page.wait_for_selector("#chat .answer", state="detached")
    assert page.locator("#history .export button:disabled").count() == 3  # there is nothing to keep yet
    reader.ask(OPENED)
    reader.ask("What is the melting point of tungsten?")
    kept = {}
    for kind, name in (("html", "Web page"), ("md", "Markdown"), ("json", "JSON")):
        with page.expect_download() as download:
            page.click(f"#history .export :text('{name}')")
        assert download.value.suggested_filename == f"when-was-the-lighthouse-opened.{kind}"
        kept[kind] = tmp_path / f"chat.{kind}"
        download.value.save_as(kept[kind])
    result = CliRunner().invoke(app, ["verify", str(kept["json"]), "--chroma", bot.settings.chroma])
    assert (result.exit_code, "exact" in result.output) == (0, True), result.output
    assert "> The lighthouse was opened in 1844 by Alan Stevenson." in kept["md"].read_text("utf-8")
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
        written = context.new_page()
        reached: list[str] = []
        written.on("request", lambda request, reached=reached: reached.append(request.url))
        written.goto(kept["html"].as_uri())
        assert written.inner_text("h2 >> nth=0") == OPENED
        written.click("a.cite >> nth=0")
        note = written.inner_text(":target")
        assert "The lighthouse was opened in 1844 by Alan Stevenson." in note
        assert "The lighthouse of Skerry Vore (lighthouse.md)" in note
        assert written.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert written.locator("script, img, iframe, button").count() == 0
        assert [url for url in reached if not url.startswith("file:")] == []
        context.set_default_timeout(30_000)
        assert violations(written) == []
        context.close()


def test_after_an_answer_come_questions_that_its_documents_answer_and_the_next_press_asks_one(
    reader: Reader, bot: Chatbot
) -> None:
    page, offered = reader.page, "#next button"
    reader.ask(OPENED)
    page.wait_for_selector(offered)
    questions = page.locator(offered).all_inner_texts()
    assert 1 <= len(questions) <= 3
    assert OPENED not in questions
    answers = [bot.ask(question) for question in questions]
    assert {answer.citations[0].document for answer in answers} == {"lighthouse.md"}
    assert violations(page) == []
    page.locator(offered).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ANSWERED} >> nth=1")
    assert page.locator("#chat .question").last.inner_text() == questions[0]
    page.wait_for_function(
        "asked => ![...document.querySelectorAll('#next button')].some(each => each.textContent === asked)",
        arg=questions[0],
    )
    assert page.evaluate("document.activeElement.matches('#ask textarea')")
    page.click("#new")
    page.wait_for_selector(offered, state="detached")


def test_two_questions_on_two_lines_are_both_answered(reader: Reader) -> None:
    answer = reader.ask(f"{OPENED}\n{FOUNDED}")
    assert "1844" in answer
    assert "Marta Kowalczyk" in answer


def test_too_long_a_question_is_refused_in_words_and_stays_as_it_was_pasted(reader: Reader) -> None:
    page, pasted = reader.page, "When was it opened? " * 300
    page.fill("#ask textarea", pasted)
    page.press("#ask textarea", "Enter")
    page.wait_for_selector(".toast-body.error :text('5,999 characters, the limit is 4,000')")
    assert page.input_value("#ask textarea") == pasted
    assert page.locator("#chat .question").count() == 0
    reader.problems.clear()  # what the browser says of an event that was refused
