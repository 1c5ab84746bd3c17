"""The pictures in docs/pictures: `python scripts/screenshots.py`, with playwright installed and a Chromium.

Serves the seeds from a fresh index on loopback and photographs what a reader meets first.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from qa.app import Hosting, build, connections
from qa.chatbot import Chatbot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
QUESTIONS = ("Who did General Naravane meet in Rome?", "And when?")
UNANSWERED = "What did the visit cost?"


@contextmanager
def serving(bot: Chatbot) -> Iterator[str]:
    """The address of the page while the context is open."""
    listener = connections.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = connections.server(build(bot, Hosting(port=port)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def arrive(browser: Browser, address: str, *, scheme: str = "light", phone: bool = False) -> Page:
    """A fresh page that has finished loading."""
    size = {"width": 390, "height": 844} if phone else {"width": 1400, "height": 900}
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # a dict is what it is
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if phone else 1,
        is_mobile=phone,
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#chat .example")
    return page


def ask(page: Page, *questions: str) -> None:
    """Ask, and wait for the finished answers."""
    for question in questions:
        answers = page.locator("#chat .answer .meta").count()
        page.fill("#ask textarea", question)
        page.press("#ask textarea", "Enter")
        page.wait_for_function(f"document.querySelectorAll('#chat .answer .meta').length > {answers}")
    page.wait_for_timeout(500)


def cite(page: Page) -> None:
    """Open the first citation."""
    page.locator("#chat a.cite").first.click()
    page.wait_for_selector("#panel mark")
    page.wait_for_timeout(500)


def photograph(browser: Browser, address: str, folder: Path) -> None:
    """Every picture, in the order of the README."""
    start = arrive(browser, address)
    start.wait_for_timeout(500)
    start.screenshot(path=folder / "start.png")

    answer = arrive(browser, address)
    ask(answer, *QUESTIONS)
    cite(answer)
    answer.screenshot(path=folder / "answer.png")

    abstention = arrive(browser, address)
    ask(abstention, UNANSWERED)
    abstention.screenshot(path=folder / "abstention.png")

    dark = arrive(browser, address, scheme="dark")
    ask(dark, *QUESTIONS)
    cite(dark)
    dark.screenshot(path=folder / "dark.png")

    phone = arrive(browser, address, phone=True)
    ask(phone, QUESTIONS[0])
    phone.screenshot(path=folder / "phone.png")
    cite(phone)
    phone.screenshot(path=folder / "phone-source.png")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", type=Path, default=Path("/usr/bin/chromium"))
    parser.add_argument("--out", type=Path, default=PICTURES)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.browser, args=FLAGS)
        with Chatbot.open(chroma=f"{home}/index", home=Path(home), model="extractive") as bot, serving(bot) as address:
            photograph(browser, address, given.out)
        browser.close()


if __name__ == "__main__":
    main()
