"""The pictures in docs/pictures: `python scripts/screenshots.py`, with playwright installed and a Chromium.

Serves the office documents of the evaluation from a fresh index on loopback, photographs what a reader meets first,
and films a question from its first letter to the highlighted words of its source.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from qa.app import Hosting, build, connections
from qa.chatbot import Chatbot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DOCUMENTS = Path(__file__).parents[1] / "evals" / "corpora" / "office"
QUESTIONS = (
    "What is the shortest term of rental?",
    "What is the monthly rent of a Brook 60, sparkling, for 24 months?",
)
UNANSWERED = "What is the salary of the managing director?"
POINTER = """document.body.insertAdjacentHTML('beforeend', `<svg id="pointer" width="22" height="22" viewBox="0 0 16 16"
    style="position: fixed; z-index: 99; pointer-events: none; left: 620px; top: 420px">
    <path d="M2 1v12l3-3 2 5 2-1-2-5h5z" fill="#111" stroke="#fff"/></svg>`)"""
MOVE = "([x, y]) => Object.assign(document.getElementById('pointer').style, { left: `${x}px`, top: `${y}px` })"


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


def arrive(
    browser: Browser, address: str, *, scheme: str = "light", phone: bool = False, size: tuple[int, int] = (1400, 900)
) -> Page:
    """A fresh page that has finished loading."""
    width, height = (390, 844) if phone else size
    context = browser.new_context(
        viewport={"width": width, "height": height},
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
    page.wait_for_timeout(1_500)


class Film:
    """What a page shows, picture by picture, and for how many milliseconds each."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[tuple[bytes, int]] = []
        self._pointer = (620.0, 420.0)
        page.evaluate(POINTER)

    def show(self, ms: int) -> None:
        """One more picture; the last one for longer where nothing has changed."""
        picture = self._page.screenshot()
        if self._frames and self._frames[-1][0] == picture:
            ms += self._frames.pop()[1]
        self._frames.append((picture, ms))

    def ask(self, question: str) -> None:
        """Type a question, and wait for its answer."""
        answers = self._page.locator("#chat .answer .meta").count()
        for at in range(0, len(question) + 3, 3):
            self._page.fill("#ask textarea", question[:at])
            self.show(60)
        self._page.press("#ask textarea", "Enter")
        while self._page.locator("#chat .answer .meta").count() == answers:
            self.show(120)
        self._page.wait_for_selector("#next button")
        self.show(2_500)

    def press(self, selector: str) -> None:
        """Move the pointer to a part of the page, rest there and press it."""
        part = self._page.locator(selector).last
        part.scroll_into_view_if_needed()
        box = part.bounding_box()
        assert box is not None
        (left, top), right, low = self._pointer, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for step in range(1, 9):
            self._pointer = left + (right - left) * step / 8, top + (low - top) * step / 8
            self._page.evaluate(MOVE, [*self._pointer])
            self.show(40)
        self._page.mouse.move(*self._pointer)
        self._page.wait_for_timeout(800)
        self.show(1_800)
        self._page.mouse.click(*self._pointer)

    def write(self, path: Path) -> None:
        """Keep it as an animated picture that begins again."""
        first, *others = [Image.open(BytesIO(picture)).convert("RGB") for picture, _ in self._frames]
        times = [ms for _, ms in self._frames]
        first.save(path, save_all=True, append_images=others, duration=times, loop=0, quality=82, method=4)


def film(browser: Browser, address: str, path: Path) -> None:
    """The picture that opens the README: an answer, its source, and a question that the documents do not answer."""
    page = arrive(browser, address, size=(1200, 720))
    film = Film(page)
    film.show(1_200)
    film.ask(QUESTIONS[0])
    film.press("#chat .answer p:not(.sources) a.cite")
    page.wait_for_selector("#panel .sheet mark")
    page.wait_for_timeout(800)
    film.show(1_500)
    film.press("#panel [aria-label=Larger]")
    film.show(2_500)
    film.press("#panel [aria-label='Close the source panel']")
    film.ask(UNANSWERED)
    film.show(1_500)
    film.write(path)


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
        index = {"chroma": f"{home}/index", "home": Path(home), "seeds": DOCUMENTS}
        with Chatbot.open(model="extractive", **index) as bot, serving(bot) as address:  # type: ignore[arg-type]
            film(browser, address, given.out / "page.webp")
            photograph(browser, address, given.out)
        browser.close()


if __name__ == "__main__":
    main()
