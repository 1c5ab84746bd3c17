"""Error messages that hold what a stranger said, in a real browser: words, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from page_driver import Reader, chromium, serving
from qa.chatbot import Chatbot
from qa.errors import ModelError, StoreBusyError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ATTACKS = [
    "<img src=x onerror=window.owned=1>",
    "[read this](https://198.51.100.7/a) and ![this](https://198.51.100.7/b)",
    "<a href=https://198.51.100.7/>click</a> https://198.51.100.7/c **bold** `code` # head",
    "</div><style>*{display:none}</style><iframe srcdoc='<script>top.owned=2</script>'></iframe>",
    "&lt;img src=x onerror=window.owned=3&gt; &amp; ${window.owned=4} {{window.owned}} __i18n__{x}",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def reader(browser: Browser, bot: Chatbot) -> Iterator[Reader]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    with serving(bot) as address:
        yield Reader(context, address)
        context.close()


def assert_words_only(reader: Reader, attack: str) -> None:
    """The toast says just that; nothing ran, nothing was asked of anybody."""
    toast = reader.page.locator("[data-testid=toast-text]").last
    toast.wait_for()
    assert attack in " ".join((toast.text_content() or "").split())
    assert toast.locator("*").count() == 0
    assert reader.page.evaluate("window.owned") is None
    assert [url for url in reader.requests if not url.startswith((reader.address, "blob:", "data:"))] == []
    assert not any(url.endswith("/x") for url in reader.requests)
    reader.page.locator("[data-testid=toast-close]").last.click()
    reader.page.wait_for_selector("[data-testid=toast-body]", state="detached")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_condition_in_a_toast_is_words(reader: Reader, attack: str) -> None:
    page = reader.page
    attack = attack.replace(",", ";").replace("=", "≈")  # one condition, and none that can be read
    reader.narrow(attack, "cannot be read as a condition")
    page.fill("#ask textarea", "Who founded the bakery?")
    page.press("#ask textarea", "Enter")
    assert_words_only(reader, attack)
    reader.page.fill("#where input, #where textarea", "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_error_of_the_index_in_a_toast_is_words(
    reader: Reader, bot: Chatbot, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    def fail(_: str) -> None:
        raise StoreBusyError(attack)

    monkeypatch.setattr(bot, "remove", fail)
    reader.page.hover("#documents li:has-text('lighthouse')")
    reader.page.click("#documents [aria-label*='lighthouse'][data-do=remove]")
    reader.page.click("dialog button:has-text('Remove')")
    assert_words_only(reader, attack)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_error_of_a_model_in_an_answer_or_a_toast_is_words(
    reader: Reader, bot: Chatbot, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    def fail(*_: object, **__: object) -> Iterator[str]:
        raise ModelError(attack)
        yield ""

    monkeypatch.setattr(bot, "documents", fail)  # a verdict looks for the folder that the documents came from
    reader.ask("Who founded the bakery?")
    reader.page.locator("#chat button[aria-label='Like']").last.click()
    assert_words_only(reader, attack)
    reader.page.click("#new")
    reader.page.wait_for_selector("#chat .answer", state="detached")
