"""Many people at once: through Python, through the page's API, and against a Chroma server.

Every asker asks one question after another for a while. Printed are questions a second, the time a question takes,
fairness (Jain's index of what each asker got: 1 when all got the same, 1/n when one got everything), and the memory of
the process that answers, before and after.

    python benchmarks/load.py --index .bench/10000 --questions SQUAD.json [--askers 1 4 16] [--requests 3600]

`--requests` asks that many more through one page and prints how its memory goes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import texts
from measure import memory_mb, percentile, report
from qa import Chatbot
from starting import PATIENCE_S, free_port, wait_for

Ask = Callable[[str], object]
COLUMNS = ("", "askers", "questions/s", "p50", "p95", "fairness", "memory before", "after")
SAMPLES = 6


@contextmanager
def through_python(index: Path, askers: int) -> Iterator[tuple[list[Ask], int]]:
    """Threads of this process share one chatbot."""
    with Chatbot.open(model="extractive", chroma=str(index / "index"), home=index / "home") as bot:
        yield [bot.ask] * askers, os.getpid()


@contextmanager
def through_the_page(index: Path, askers: int) -> Iterator[tuple[list[Ask], int]]:
    """Each asker is a `gradio_client` of its own, at one running page."""
    from gradio_client import Client

    port = free_port()
    settings = {"QA_CHROMA": str(index / "index"), "QA_HOME": str(index / "home"), "QA_MODEL": "extractive"}
    settings["QA_QUESTIONS_PER_MINUTE"] = "0"
    command = [sys.executable, "-m", "qa", "chat", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=quiet, stderr=quiet) as process:
        wait_for(f"http://127.0.0.1:{port}/health", process, until=time.perf_counter() + PATIENCE_S)
        clients = [Client(f"http://127.0.0.1:{port}", verbose=False) for _ in range(askers)]
        yield [_asking(client) for client in clients], process.pid
        process.terminate()


def _asking(client: Any) -> Ask:
    return lambda question: client.predict(question, api_name="/ask")


@contextmanager
def against_a_server(index: Path, askers: int) -> Iterator[tuple[list[Ask], int]]:
    """Threads of this process share one chatbot, whose passages are on a `chroma run` of the same folder.

    It has the vectors of sentences, as whoever ingests there has; without, a passage costs 30 ms when it is first read.
    """
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("chroma")),
        "run",
        "--path",
        str(index / "index"),
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/v2/heartbeat", process, until=time.perf_counter() + PATIENCE_S)
        with Chatbot.open(model="extractive", chroma=address, home=index / "home-of-the-server") as bot:
            cache = bot.library.index.cache
            cache.mkdir(parents=True, exist_ok=True)
            shutil.copy(index / "index" / "cache" / "documents" / "sentences.sqlite", cache)
            yield [bot.ask] * askers, os.getpid()
        process.terminate()


WAYS = {"Python": through_python, "the page's API": through_the_page, "a Chroma server": against_a_server}


def press(asks: Sequence[Ask], questions: Sequence[str], *, seconds: float) -> list[list[float]]:
    """For each asker how many seconds each of its questions took."""
    start = threading.Barrier(len(asks))

    def ask_on(place: int) -> list[float]:
        taken = []
        start.wait()
        until = time.perf_counter() + seconds
        for question in islice(cycle(questions), place * 7, None):
            asked = time.perf_counter()
            if asked > until:
                return taken
            asks[place](question)
            taken.append(time.perf_counter() - asked)
        raise AssertionError("a cycle has no end")

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(ask_on, range(len(asks))))


def fairness(counts: Sequence[int]) -> float:
    """Jain's index of what each got, 1/n to 1. Source: Jain, Chiu and Hawe (1984), equation 2."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts))


def measure(way: str, index: Path, questions: list[str], *, askers: int, seconds: float) -> tuple[object, ...]:
    """One line of the table."""
    with WAYS[way](index, askers) as (asks, process):
        for ask in asks:
            ask(questions[0])
        press(asks, questions, seconds=2)
        before = memory_mb(process)
        taken = press(asks, questions, seconds=seconds)
        after = memory_mb(process)
    every = [each for asker in taken for each in asker]
    return (
        way, askers, f"{len(every) / seconds:.1f}", f"{1000 * percentile(every, 50):.0f} ms",
        f"{1000 * percentile(every, 95):.0f} ms", f"{fairness([len(asker) for asker in taken]):.3f}",
        f"{before:,.0f} MB", f"{after:,.0f} MB",
    )  # fmt: skip


def endure(index: Path, questions: list[str], *, requests: int) -> list[float]:
    """The memory of one page in MB, at the start and after each part of so many questions."""
    with through_the_page(index, 4) as (asks, process):
        press(asks, questions, seconds=5)
        memory = [memory_mb(process)]
        for _ in range(SAMPLES):
            each = range(requests // SAMPLES // len(asks))
            with ThreadPoolExecutor(len(asks)) as pool:
                list(pool.map(lambda ask: [ask(questions[number % len(questions)]) for number in each], asks))  # noqa: B023  # done within the loop
            memory.append(memory_mb(process))
    return memory


def main() -> None:
    """Prints a line for each way and number of askers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--askers", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--requests", type=int, default=0)
    chosen = parser.parse_args()
    index, questions = chosen.index.resolve(), texts.questions(chosen.questions, count=200)
    rows = [
        measure(way, index, questions, askers=askers, seconds=chosen.seconds)
        for way in WAYS
        for askers in chosen.askers
    ]
    memory = endure(index, questions, requests=chosen.requests) if chosen.requests else []
    report("load", COLUMNS, rows, details={"memory": memory})
    if memory:
        print(f"{chosen.requests:,} questions through one page: " + " → ".join(f"{each:,.0f}" for each in memory), "MB")


if __name__ == "__main__":
    main()
