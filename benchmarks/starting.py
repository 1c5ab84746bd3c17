"""How long until something can be done: import, the first answer of a shell, and a page that takes a question.

    python benchmarks/starting.py [--rounds 5] [--index .bench/100000 …]

Each is a new process, in turns, with files in the system's cache. The page counts as usable when its question box
is visible in Chromium; without a browser, when the server has given out the whole page.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from measure import ROOT, Spread, report, take_turns, timed

QUESTION = "Who did General Naravane meet in Rome?"
PATIENCE_S = 120


def command(*arguments: str, folder: Path, **settings: str) -> Callable[[], float]:
    """A run of one command in a folder, in seconds; it must succeed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QA_")} | settings

    def run() -> None:
        subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True)

    return lambda: timed(run)


@contextmanager
def browser() -> Iterator[Callable[[str], None] | None]:
    """What waits until the question box of a page can be seen; None without Playwright or Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield None
        return
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])

        def wait(address: str) -> None:
            page = opened.new_page()
            page.goto(address)
            page.wait_for_selector("#ask textarea")
            page.close()

        yield wait
        opened.close()


def page(folder: Path, look: Callable[[str], None] | None) -> Callable[[], float]:
    """A run of `qa chat` until its page is usable."""

    def run() -> float:
        port = free_port()
        started = time.perf_counter()
        serve = [sys.executable, "-m", "qa", "chat", "--port", str(port)]
        with subprocess.Popen(serve, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(f"http://127.0.0.1:{port}/", process, until=started + PATIENCE_S)
                if look is not None:
                    look(f"http://127.0.0.1:{port}/")
                return time.perf_counter() - started
            finally:
                process.terminate()

    return run


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes], *, until: float) -> None:
    """Return once a server answers; ends the program when its process does not live or answer until then."""
    while time.perf_counter() < until and process.poll() is None:
        try:
            with urlopen(address, timeout=5) as answer:
                answer.read()
            return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise SystemExit(f"{address} does not answer")


def main() -> None:
    """Prints the seconds of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--index", type=Path, nargs="*", default=[], help="folders of .bench to ask too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty, browser() as look:
        folder = Path(empty)
        runs = {
            "python itself": command("-c", "pass", folder=folder),
            "import qa": command("-c", "import qa", folder=folder),
            "qa ask, the seed": command("-m", "qa", "ask", QUESTION, folder=folder),
            **{
                f"qa ask, {index.name} passages": command(
                    "-m", "qa", "ask", "When was the university founded?", folder=folder,
                    QA_CHROMA=str(index.resolve() / "index"), QA_HOME=str(index.resolve() / "home"),
                )
                for index in chosen.index
            },
            f"qa chat, until {'the page is usable' if look else 'it gives out the page'}": page(folder, look),
        }  # fmt: skip
        seconds = take_turns(runs, rounds=chosen.rounds)
    rows = [(name, f"{Spread.of(taken)} s") for name, taken in seconds.items()]
    report("starting", ("", "seconds"), rows, details={"seconds": seconds})


if __name__ == "__main__":
    (ROOT / ".bench").mkdir(exist_ok=True)
    main()
