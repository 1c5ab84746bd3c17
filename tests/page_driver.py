"""The page under test: a server in this process, and a real Chromium that looks at it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.app import Hosting, build, connections
from qa.app.connections import listen
from qa.app.logins import add_login
from qa.chatbot import Chatbot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

WIDE = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
RESTING = "document.getAnimations().every(each => each.playState !== 'running')"

LIGHTHOUSE = """# The lighthouse of Skerry Vore

The lighthouse was opened in 1844 by Alan Stevenson. It stands on a reef off the island of Tiree.
The tower is 48 metres high and was built of granite. Its lamp was converted to electricity in 1959.

The keepers left the tower in 1994, when the light was made automatic.
"""
BAKERY = """# The bakery in Mill Lane

Marta Kowalczyk was born in Gdansk on 3 May 1897. The bakery was founded by Marta Kowalczyk in 1921.
The oven was built of bricks from Gdansk.
The bakery sells rye bread on Tuesday and honey cake on Friday. The shop has been closed since March 2020.
"""


@contextmanager
def serving(bot: Chatbot, *, port: int = 0, **options: object) -> Iterator[str]:
    """The address of a page of this chatbot, for as long as the context is open."""
    listener = listen("127.0.0.1", port)
    port = listener.getsockname()[1]
    server = connections.server(build(bot, Hosting(port=port, **options)))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def write_logins(folder: Path, **passwords: str) -> Path:
    """A file with these logins."""
    for name, password in passwords.items():
        add_login(folder / "logins", name, password)
    return folder / "logins"


def open_bot(folder: Path, *, documents: dict[str, str] | None = None, **settings: object) -> Chatbot:
    """A chatbot over documents written for it, with everything it keeps under `folder`."""
    source = folder / "documents"
    for name, text in (documents or {"lighthouse.md": LIGHTHOUSE, "bakery.md": BAKERY}).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    chosen = {"model": "extractive", **settings}
    return Chatbot.open(chroma=str(folder / "index"), home=folder / "home", seeds=source, **chosen)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A real browser; the test is skipped without one, unless `QA_REQUIRE_BROWSER=1` says that it must run."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None  # type: ignore[assignment]
    if sync_playwright is None or not CHROMIUM.exists():
        reason = "no browser: pip install playwright, apt-get install chromium"
        if os.environ.get("QA_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Reader:
    """Somebody at the page: one tab of one browser, what it asked of the network and what went wrong in it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.address = address
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        self.page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}") or dialog.dismiss())
        self.arrive()

    def arrive(self) -> None:
        """Load the page, and wait until it shows what this reader has."""
        self.page.goto(self.address)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has its documents and the conversations of its reader."""
        self.page.wait_for_selector("#about h1")
        self.page.wait_for_selector("#history :is(.list, .empty)", state="attached")

    def narrow(self, conditions: str, told: str) -> None:
        """Ask some documents only; again until told, as a drawer that has just opened may not listen yet."""
        from playwright.sync_api import TimeoutError as Unheard

        box = self.page.locator("#where input, #where textarea")
        if not box.is_visible():
            self.page.click("#conditions .label-wrap")
        for last in (False, False, True):
            box.fill("")
            box.fill(conditions)
            box.press("Enter")
            try:
                self.page.wait_for_selector(f"#met :text({told!r})", timeout=30_000 if last else 5_000)
                return
            except Unheard:
                if last:
                    raise

    def rest(self) -> None:
        """Wait until nothing on the page moves or changes its colour any more."""
        self.page.wait_for_function(RESTING)

    def ask(self, question: str) -> str:
        """The finished answer to a question."""
        answers = self.page.locator("#chat .answer .meta").count()
        self.page.fill("#ask textarea", question)
        self.page.press("#ask textarea", "Enter")
        self.page.wait_for_function(f"document.querySelectorAll('#chat .answer .meta').length > {answers}")
        self.page.wait_for_selector("#ask .submit-button")
        return self.answer

    @property
    def answer(self) -> str:
        """The text of the last answer, its citation numbers in brackets."""
        html = self.page.locator("#chat .answer").last.evaluate(
            "node => { const copy = node.cloneNode(true);"
            " copy.querySelectorAll('.sources .quote').forEach(each => each.remove());"
            " copy.querySelectorAll('a.cite').forEach(each => each.replaceWith(`[${each.textContent}]`));"
            " return copy.textContent; }"
        )
        return re.sub(r"\s+", " ", html)

    def cite(self, number: int = 1) -> str:
        """The words highlighted after a click on a citation of the last answer."""
        link = self.page.locator("#chat .answer").last.locator("a.cite").nth(number - 1)
        link.click()
        self.page.wait_for_selector(f'#panel[data-link="{link.get_attribute("href")}"] mark')
        return " ".join(self.page.locator("#panel mark").all_text_contents())


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, each with the first element it is wrong with."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_function(RESTING)  # colours fade in
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
