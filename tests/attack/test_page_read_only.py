"""A page for reading only, `qa chat --read-only`: nothing is added or removed, whoever asks for it and how."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from page_caller import VIEW, Caller
from page_driver import Reader, chromium, open_bot, serving
from qa.app.page import build_page, page_examples

if TYPE_CHECKING:
    import pytest


def test_nobody_can_add_or_remove_a_document_of_a_page_for_reading_only(tmp_path: Path) -> None:
    with open_bot(tmp_path) as bot:
        with serving(bot) as address:
            usual = Caller(address).config["dependencies"]
        with serving(bot, read_only=True) as address:
            caller, documents = Caller(address), bot.documents()
            assert caller.fetch("/gradio_api/upload", {})[0] == 403
            for number in range(len(usual) + 1):
                caller.send(number, [None, *VIEW], {"id": "lighthouse.md"})
                caller.send(number, VIEW, {"id": "lighthouse.md"})
            kinds = {kind for each in caller.events for _, kind in each["targets"]}
            assert "upload" not in kinds
            assert "remove" not in kinds
            assert "Alan Stevenson" in Caller(address).ask("When was the lighthouse opened?", secrets.token_hex(16))
            listed = caller.send(caller.named("where", "blur"), VIEW)
            assert "lighthouse.md" in listed
            assert "data-do" not in listed
            assert bot.documents() == documents


def test_a_page_for_reading_only_shows_nothing_to_add_or_remove(tmp_path: Path) -> None:
    with chromium() as browser, open_bot(tmp_path) as bot, serving(bot, read_only=True) as address:
        context = browser.new_context()
        reader = Reader(context, address)
        assert "1844" in reader.ask("When was the lighthouse opened?")
        assert "1844" in reader.cite()
        assert reader.page.locator("#documents li").count() == 2
        assert reader.page.locator("[data-do=remove], #upload, input[type=file]").count() == 0
        assert reader.problems == []
        context.close()


def test_a_page_for_reading_only_mends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "home" / "incoming"))
    (tmp_path / "home" / "uploads").mkdir(parents=True)
    (tmp_path / "home" / "uploads" / "mill.txt").write_text("The mill at Glen Garry was burned down in 1911.")
    with open_bot(tmp_path) as bot:
        examples = page_examples(bot, folder=tmp_path)
        build_page(bot, folder=(tmp_path / "home").resolve(), examples=examples, read_only=True)
        examples.close()
        assert len(bot.documents()) == 2
