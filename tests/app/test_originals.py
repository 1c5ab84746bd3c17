"""The file behind a citation: had only while it holds what was indexed, and only by those who may see the page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from reportlab.pdfgen.canvas import Canvas

from page_driver import PHONE, WIDE, Reader, chromium, open_bot, serving, violations, write_logins
from qa.app.originals import open_original

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from qa.chatbot import Chatbot

SENTENCE = "The harbour of Tiree was dredged in 1931 by Ada Byron."


def print_pdf(path: Path) -> Path:
    sheet = Canvas(str(path))
    for number in range(3):
        sheet.drawString(
            72, 700, SENTENCE if number == 1 else f"This page says nothing of it, as it is number {number}."
        )
        sheet.showPage()
    sheet.save()
    return path


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Chatbot]:
    with open_bot(
        tmp_path, documents={"page.html": "<script>owned = 1</script><p>The lamp was lit in 1844.</p>"}
    ) as bot:
        (tmp_path / "more").mkdir()
        bot.ingest(print_pdf(tmp_path / "more" / "harbour.pdf"))
        yield bot


def test_a_file_is_had_only_while_it_holds_what_was_indexed_and_lies_in_its_folder(
    bot: Chatbot, tmp_path: Path
) -> None:
    record = next(each for each in bot.documents() if each.id == "harbour.pdf")
    path = tmp_path / "more" / "harbour.pdf"
    held = open_original(record)
    assert held is not None
    held.close()
    assert open_original(replace(record, root=str(tmp_path / "index"), id="../more/harbour.pdf")) is None
    assert open_original(replace(record, digest="")) is None
    outside = path.rename(tmp_path / "outside.pdf")
    assert open_original(record) is None
    path.symlink_to(outside)
    assert open_original(record) is None
    path.unlink()
    os.mkfifo(path)
    assert open_original(record) is None
    path.unlink()
    path.write_bytes(outside.read_bytes() + b"%")
    assert open_original(record) is None


def test_a_file_is_sent_to_be_kept_by_its_digest_and_never_by_a_path(bot: Chatbot) -> None:
    records = {each.id: each for each in bot.documents()}
    digest = records["page.html"].digest
    with serving(bot) as address:
        sent = httpx.get(f"{address}/original/{digest}", params={"document": "page.html"})
        assert sent.text.startswith("<script>")
        assert sent.headers["content-type"] == "application/octet-stream"
        assert sent.headers["content-disposition"] == "attachment; filename*=UTF-8''page.html"
        assert sent.headers["x-content-type-options"] == "nosniff"
        for document, by in (
            ("page.html", "0" * 16),
            ("harbour.pdf", digest),
            ("../page.html", digest),
            ("/etc/passwd", digest),
            ("", digest),
        ):
            refused = httpx.get(f"{address}/original/{by}", params={"document": document})
            assert (refused.status_code, refused.text) == (404, "this file is not there any more as it was indexed")
        for path in ("/original/", "/original/../../etc/passwd", f"/original/{digest}/x"):
            assert httpx.get(address + path).status_code == 404


def test_a_file_is_sent_to_nobody_who_has_not_logged_in(bot: Chatbot, tmp_path: Path) -> None:
    record = next(each for each in bot.documents() if each.id == "page.html")
    with serving(bot, auth_file=write_logins(tmp_path, ann="open sesame")) as address, httpx.Client() as client:
        where, what = f"{address}/original/{record.digest}", {"document": "page.html"}
        assert client.get(where, params=what).status_code == 401
        client.post(f"{address}/login", data={"username": "ann", "password": "open sesame"})
        assert client.get(where, params=what).status_code == 200


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_citation_in_a_pdf_opens_its_page_with_the_words_marked(
    bot: Chatbot, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    with serving(bot) as address, chromium() as browser:
        reader = open_panel(browser, address, viewport=size, color_scheme=scheme)
        page = reader.page
        page.wait_for_selector("#panel .sheet mark")
        assert page.inner_text("#panel .tools [role=status]") == "Page 2 of 3"
        assert SENTENCE in (page.locator("#panel .sheet img").get_attribute("alt") or "")
        assert violations(page) == []
        page.click("#panel [aria-label='Next page']")
        page.wait_for_selector("#panel .tools :text('Page 3 of 3')")
        assert page.locator("#panel .sheet mark").count() == 0
        before = page.locator("#panel .sheet").bounding_box()
        page.click("#panel [aria-label='Larger']")
        after = page.locator("#panel .sheet").bounding_box()
        assert before is not None
        assert after is not None
        assert after["width"] > before["width"] * 1.4
        page.click("#panel [aria-label='Show the text']")
        assert page.inner_text("#panel .text mark") == SENTENCE
        assert violations(page) == []
        assert reader.problems == []


def test_a_pdf_that_has_changed_is_shown_as_text_that_says_so(bot: Chatbot, tmp_path: Path) -> None:
    with (tmp_path / "more" / "harbour.pdf").open("ab") as file:
        file.write(b"%")
    with serving(bot) as address, chromium() as browser:
        page = open_panel(browser, address, viewport=WIDE).page
        page.wait_for_selector("#panel .changed:has-text('has changed since it was indexed')")
        assert page.inner_text("#panel .text mark") == SENTENCE
        assert page.locator("#panel :is(.sheet, .views, .original)").count() == 0


def open_panel(browser: Browser, address: str, **options: object) -> Reader:
    reader = Reader(browser.new_context(**options), address)  # type: ignore[arg-type]
    reader.ask("When was the harbour of Tiree dredged?")
    reader.page.locator("#chat a.cite").first.click()
    return reader
