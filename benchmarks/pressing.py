"""How soon a key or a button of the page shows its effect, where there is much of everything.

    python benchmarks/pressing.py [--documents 10000] [--turns 50] [--visitors 50] [--pause 20] [--rounds 20]

One reader in Chromium has a conversation of so many turns over so many documents, while visitors ask questions, each
one and then a pause. Timed in the browser, from the event to the frame that shows its effect: a letter typed, a source
opened, a document found, ticked and unticked, the list turned and sorted, another conversation opened and this one
again, and a question asked, until it stands in the conversation: how long its answer takes is told by load.py.
Printed too is the memory of the page's process, after each quarter of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flood import Visited
from measure import WORK, memory_mb, percentile, report
from qa import Chatbot
from starting import PATIENCE_S, free_port, wait_for

COLUMNS = ("pressed", "n", "p50", "p95", "longest")
SYLLABLES = "bar dal fen gor hal kin lor mar nev oss pel rud sim tor ul wex".split()  # noqa: SIM905  # as prose
WAIT = """async ([act, done]) => {
  const [begin, isThere] = [act, done].map((code) => new Function(code));
  const began = performance.now();
  begin();
  while (!isThere()) {
    if (performance.now() - began > 30000) throw new Error(`no effect of: ${act}`);
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - began;
}"""
FILL = (
    "const field = document.querySelector('#{0} :is(textarea, input)');"
    "Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, '{1}');"
    "field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
)
CLICK = "document.querySelector(`{0}`).click()"
TYPED = """window.typed = [];
const field = document.querySelector('#ask textarea');
field.addEventListener('keydown', ({ timeStamp }) => {
  const shown = () => requestAnimationFrame(() => typed.push(performance.now() - timeStamp));
  field.addEventListener('input', shown, { once: true });
});"""


def mill(number: int) -> tuple[str, str]:
    """The name of a mill, and the document that is about it."""
    dice = random.Random(number)
    name = "".join(dice.choices(SYLLABLES, k=4)).capitalize()
    year, day = dice.randint(1700, 1990), f"20{dice.randint(10, 25)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}"
    said = f"The mill at {name} was opened in {year}. It stands on the {dice.choice(SYLLABLES)} brook."
    return name, f"---\ndate: {day}\n---\n# Mill {number} at {name}\n\n{said}\n"


def fill(home: Path, documents: int) -> None:
    """An index of so many documents, made once and kept."""
    source = home / "documents"
    for number in range(documents):
        path = source / f"part-{number // 500:02}" / f"mill-{number:05}.md"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(mill(number)[1], encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home / "home", seeds=source) as bot:
        bot.ingest(source)


@contextmanager
def page(home: Path) -> Iterator[Visited]:
    """A running page over that index."""
    port = free_port()
    settings = {"QA_CHROMA": str(home / "index"), "QA_HOME": str(home / "home"), "QA_MODEL": "extractive"}
    settings["QA_QUESTIONS_PER_MINUTE"] = "0"
    command, quiet = [sys.executable, "-m", "qa", "chat", "--port", str(port)], subprocess.DEVNULL
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=quiet, stderr=quiet) as process:
        wait_for(f"http://127.0.0.1:{port}/health", process, until=time.perf_counter() + PATIENCE_S)
        try:
            yield Visited(port, process.pid)
        finally:
            process.terminate()


@contextmanager
def visited(page: Visited, *, visitors: int, documents: int, pause_s: float) -> Iterator[list[float]]:
    """The seconds that each question of the visitors took, as long as they are there."""
    is_over, taken = threading.Event(), list[float]()

    def visit(number: int) -> None:
        dice = random.Random(number)
        is_over.wait(dice.uniform(0, pause_s))
        while not is_over.is_set():
            began = time.perf_counter()
            question = f"When was the mill at {mill(dice.randrange(documents))[0]} opened?"
            assert b"event: complete" in page.send("GET", page.call("ask", [question, [], []]))
            taken.append(time.perf_counter() - began)
            is_over.wait(pause_s)

    with ThreadPoolExecutor(max(1, visitors)) as people:
        visits = [people.submit(visit, number) for number in range(visitors)]
        try:
            yield taken
        finally:
            is_over.set()
        for each in visits:
            each.result()


class Reader:
    """One reader, whose conversation has its turns before anything is timed."""

    def __init__(self, tab: Any, *, documents: int, turns: int) -> None:
        self._tab, self._documents = tab, documents
        tab.wait_for_selector("#documents a")
        self._ask_and_wait(0)
        tab.evaluate(CLICK.format("#new"))
        tab.wait_for_selector("#chat .example, #chat .placeholder")
        for number in range(1, turns + 1):
            self._ask_and_wait(number)
        tab.evaluate(TYPED)

    def _press(self, act: str, done: str) -> float:
        return float(self._tab.evaluate(WAIT, [act, f"return {done}"]))

    def _question(self, number: int) -> str:
        return f"When was the mill at {mill(number % self._documents)[0]} opened?"

    def _ask_and_wait(self, number: int) -> None:
        self._tab.fill("#ask textarea", self._question(number))
        self._tab.press("#ask textarea", "Enter")
        self._tab.wait_for_function(f"document.querySelectorAll('#chat .answer .meta').length >= {max(1, number)}")
        self._tab.wait_for_selector("#ask .submit-button")

    def round(self, number: int) -> Iterator[tuple[str, float]]:
        """What was pressed, and the milliseconds until its effect, once each."""
        self._tab.press("#ask textarea", "x")
        self._tab.wait_for_function(f"typed.length > {number}")
        yield "a letter", float(self._tab.evaluate("typed.at(-1)"))
        self._tab.fill("#ask textarea", "")
        marked = "document.querySelector('#panel mark') && document.body.classList.contains('source-open')"
        last = "[...document.querySelectorAll('#chat .answer')].at(-1).querySelector('a.cite')"
        yield "a citation", self._press(f"{last}.click()", marked)
        closed = "!document.body.classList.contains('source-open')"
        yield "close the source", self._press(CLICK.format("#panel [aria-label='Close the source panel']"), closed)
        name = mill(number * 37 % self._documents)[0]
        found = f"document.querySelector('#documents a')?.textContent.includes('{name}')"
        yield "find a document", self._press(FILL.format("find", name), found)
        yield "tick it", self._press(CLICK.format("#documents input"), "document.querySelector('#narrowed p')")
        untick = CLICK.format("#narrowed [data-pick]")
        yield "untick it", self._press(untick, "!document.querySelector('#narrowed p')")
        listed = "document.querySelectorAll('#documents a').length > 40"
        yield "show all documents", self._press(FILL.format("find", ""), listed)
        first = "document.querySelector('#documents a').textContent"
        for what, act in (
            ("sort them", "[...document.querySelectorAll('#order input')].find((each) => !each.checked).click()"),
            ("turn the list", "document.querySelector('#documents nav button:last-of-type').click()"),
        ):
            before = json.dumps(self._tab.evaluate(first))
            yield what, self._press(act, f"{first} !== {before}")
        answers = self._tab.locator("#chat .answer").count()
        others = "[...document.querySelectorAll('#history .name')]"
        current = f"{others}.findIndex((each) => each.closest('[aria-current]') || each.matches('[aria-current]'))"
        here = self._tab.evaluate(current)
        go = f"{others}[{{}}].click()"
        counted = "document.querySelectorAll('#chat .answer').length"
        yield "another conversation", self._press(go.format(1 if here == 0 else 0), f"{counted} === 1")
        yield "back to this one", self._press(go.format(here), f"{counted} === {answers}")
        asked = "document.querySelectorAll('#chat .question').length"
        self._tab.fill("#ask textarea", self._question(number + 500))
        ask = CLICK.format("#ask .submit-button")
        yield "ask", self._press(ask, f"{asked} > {answers}")
        self._tab.wait_for_function(f"document.querySelectorAll('#chat .answer .meta').length > {answers}")
        self._tab.wait_for_selector("#ask .submit-button")


def main() -> None:
    """Prints a line for each thing that is pressed."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=50)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--pause", type=float, default=20, help="seconds between two questions of a visitor")
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    home = WORK / f"pressing-{chosen.documents}"
    fill(home, chosen.documents)
    taken: dict[str, list[float]] = {}
    with page(home) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1400, "height": 900})
        tab.goto(f"http://127.0.0.1:{running.port}")
        reader = Reader(tab, documents=chosen.documents, turns=chosen.turns)
        memory = [memory_mb(running.process)]
        crowd = visited(running, visitors=chosen.visitors, documents=chosen.documents, pause_s=chosen.pause)
        with crowd as answered:
            time.sleep(chosen.pause)
            for number in range(chosen.rounds):
                for what, spent in reader.round(number):
                    taken.setdefault(what, []).append(spent)
                if (number + 1) % max(1, chosen.rounds // 4) == 0:
                    memory.append(memory_mb(running.process))
        browser.close()
    every = [each for spent in taken.values() for each in spent]
    rows = [
        (what, len(spent), *(f"{each:.0f} ms" for each in (percentile(spent, 50), percentile(spent, 95), max(spent))))
        for what, spent in (*taken.items(), ("all together", every))
    ]
    report("pressing", COLUMNS, rows, details={"memory": memory, "visitors": answered})
    print("memory: " + " → ".join(f"{each:,.0f}" for each in memory), "MB")
    if answered:
        print(f"{len(answered)} questions of visitors, p95 {percentile(answered, 95):.1f} s")


if __name__ == "__main__":
    main()
