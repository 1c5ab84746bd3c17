"""Adding documents in a real browser: bad files, files dropped anywhere, files that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from page_driver import Reader, open_bot, serving
from qa.chatbot import Chatbot

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DROP = """(where) => {
    const data = new DataTransfer();
    data.items.add(new File(['The quarry at Ross was opened in 1838.'], 'quarry.txt', {type: 'text/plain'}));
    return ['dragenter', 'dragover', 'drop'].map(type => document.querySelector(where).dispatchEvent(
        new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data})));
}"""
LARGE = {"name": "large.txt", "mimeType": "text/plain", "buffer": b"a" * (26 * 1024 * 1024)}
MILL = {"name": "mill.txt", "mimeType": "text/plain", "buffer": b"The mill at Glen Garry was burned down in 1911."}


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Chatbot]:
    with open_bot(tmp_path) as bot:
        yield bot


@pytest.fixture
def reader(browser: Browser, bot: Chatbot) -> Iterator[Reader]:
    context = browser.new_context()
    with serving(bot) as address:
        yield Reader(context, address)
        context.close()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("photo.png", b"\x89PNG", "is not of a format that can be read"),
        ("broken.pdf", b"%PDF-1.4 nothing", "could not be read. Check that it opens"),
        ("broken.docx", b"PK nothing", "could not be read. Check that it opens"),
        ("broken.xls", b"nothing", "could not be read. Check that it opens"),
        ("empty.txt", b"", "holds no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_plain_line_that_goes_away(
    reader: Reader, name: str, content: bytes, why: str
) -> None:
    page = reader.page
    page.set_input_files("#upload input[type=file]", [{"name": name, "mimeType": "", "buffer": content}, MILL])
    page.wait_for_selector("#report .bad")
    told = page.inner_text("#report .bad")
    assert told.startswith(f"{name} {why}")
    assert told.count(name) == 1
    assert not [each for each in ("error", "pdfium", "zip", "ole", "..", ".adoc") if each in told.lower()]
    assert "1 file added." in page.inner_text("#report")
    page.click("#report [data-do=close]")
    page.wait_for_selector("#report .report", state="detached")


def test_uploading_goes_on_after_a_file_that_was_too_large(reader: Reader) -> None:
    page = reader.page
    page.set_input_files("#upload input[type=file]", [LARGE])
    page.wait_for_selector(".toast-body.error")
    page.click(".toast-close")
    with page.expect_file_chooser(timeout=5_000) as chooser:
        page.locator("#upload button:visible").last.click(timeout=5_000)
    chooser.value.set_files([MILL])
    page.wait_for_selector("#report .good")
    assert "1911" in reader.ask("When was the mill at Glen Garry burned down?")


def test_the_same_file_again_is_said_to_be_here_already(reader: Reader) -> None:
    page = reader.page
    for told, files in (("1 file added.", [MILL]), ("1 file here already, unchanged.", [MILL])):
        page.set_input_files("#upload input[type=file]", files)
        page.wait_for_selector(f"#report .good:has-text('{told}')")
        assert page.inner_text("#report .good") == told
    assert not page.locator("#upload .file-preview").is_visible()


@pytest.mark.parametrize("where", ["#chat", "#ask textarea", "#top"])
def test_a_file_can_be_dropped_anywhere(reader: Reader, where: str) -> None:
    assert reader.page.evaluate(DROP, where)[1:] == [False, False]  # the browser does not open it instead
    reader.page.wait_for_selector("#report .good")
    assert "1838" in reader.ask("When was the quarry at Ross opened?")


def test_a_file_with_the_name_of_a_document_from_a_folder_replaces_it_after_a_question(
    reader: Reader, bot: Chatbot
) -> None:
    page, changed = reader.page, {**MILL, "name": "lighthouse.md", "buffer": b"The lighthouse was opened in 1850."}
    page.set_input_files("#upload input[type=file]", [changed])
    page.wait_for_selector("#report .bad")
    assert "is here already" in page.inner_text("#report .bad")
    assert "1844" in reader.ask("When was the lighthouse opened?")
    page.click("#report [data-do=replace]")
    page.wait_for_selector("#report .good")
    assert "1850" in reader.ask("When was the lighthouse opened?")
    assert len(bot.documents()) == 2


def test_the_buttons_beside_the_question_have_names(reader: Reader) -> None:
    assert reader.page.get_by_role("button", name="Ask", exact=True).count() == 1


def test_example_questions_are_there_for_documents_of_any_shape_and_follow_what_is_added(
    browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context()
    pump = {"pump.md": "# Pump guide\n\n| Code | Meaning |\n|---|---|\n| A07 | Battery low |\n"}
    with open_bot(tmp_path, documents=pump) as bot, serving(bot) as address:
        reader = Reader(context, address)
        page = reader.page
        page.wait_for_selector("#chat .example:has-text('What is “Pump guide” about?')")
        added = {"name": "badge.md", "mimeType": "text/markdown", "buffer": b"# Badges\n\n1. Fill in form B-12.\n"}
        page.set_input_files("#upload input[type=file]", [added])
        page.wait_for_selector("#chat .example:has-text('What is “Badges” about?')")
        page.click("#chat .example:has-text('Badges')")
        page.wait_for_selector("#chat .answer:has-text('B-12')")
    context.close()
