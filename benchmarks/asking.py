"""How long a question takes, stage by stage, as the index grows, and how much of the nearest it finds.

    python benchmarks/scale.py --data FOLDER --passages 10000 100000 1000000
    python benchmarks/asking.py --questions SQUAD.json --passages 10000 100000 1000000

Each size is asked in a process of its own, warmed up with 20 questions. Every question is asked twice: the first time
its passages may have to come from the disk; the second time, stage by stage too, they are in memory. Recall is the
share of the ten nearest passages, by exact search over all vectors, among the first ten.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import texts
from measure import WORK, memory_mb, percentile, report
from qa import Chatbot
from qa.models.reader import reader
from scale import opened

STAGES = {  # what is timed inside a question: whose method
    "embed the question": ("encoder", "embed"),
    "dense": ("index", "search_dense"),
    "lexical": ("index", "search_lexical"),
    "read passages": ("index", "passages"),
    "read vectors": ("index", "vectors"),
    "read sentences": ("library", "_sentences"),
    "understand": ("reader", "read"),
}
COLUMNS = ("passages", "p50", "p95", "p50 again", "p95 again", *STAGES, "the rest", "recall@10", "memory")
WARM_UP, NEAREST = 20, 10


def clock(bot: Chatbot, spent: dict[str, float]) -> None:
    """Have each stage add its milliseconds to `spent`."""
    library = bot.library
    owners = {"library": library, "index": library.index, "encoder": library._encoder, "reader": reader()}
    for stage, (holder, name) in STAGES.items():
        owner = owners[holder]
        setattr(owner, name, _clocked(getattr(owner, name), stage, spent))


def _clocked(work: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*arguments, **named)
        finally:
            spent[stage] += 1000 * (time.perf_counter() - started)

    return timed


def ask_all(bot: Chatbot, questions: list[str]) -> list[float]:
    """The milliseconds that each question takes."""
    taken = []
    for question in questions:
        started = time.perf_counter()
        bot.ask(question)
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def recall(bot: Chatbot, questions: list[str], *, block: int = 5_000) -> float:
    """The share of the nearest ten that the index has among its first ten, over these questions."""
    index = bot.library.index
    vectors = bot.library._encoder.embed(questions)
    best: NDArray[np.float32] = np.full((len(questions), NEAREST), -2, dtype=np.float32)
    ids = sorted(index.passage_ids())
    for first in range(0, len(ids), block):
        cosines = vectors @ index.vectors(ids[first : first + block]).T
        best = np.sort(np.concatenate([best, cosines], axis=1), axis=1)[:, -NEAREST:]
    found = [index.search_dense(vector, k=100)[:NEAREST] for vector in vectors]
    least = best[:, 0] - 1e-6  # passages of the same text are equally near
    return float(np.mean([[cosine >= low for _, cosine in hits] for hits, low in zip(found, least, strict=True)]))


def measure(passages: int, questions: list[str], answers: Connection) -> None:
    """Ask one index, and send what is to be printed of it."""
    with opened(WORK / str(passages)) as bot:
        ask_all(bot, questions[:WARM_UP])
        taken = ask_all(bot, questions)
        memory = memory_mb()
        spent: dict[str, float] = defaultdict(float)
        clock(bot, spent)
        again = ask_all(bot, questions)
        total = sum(again) / len(questions)
        stages = [spent[stage] / len(questions) for stage in STAGES]
        found = recall(bot, questions[:100])
    places = [percentile(each, share) for each in (taken, again) for share in (50, 95)]
    shown = [*places, *stages, total - sum(stages)]
    answers.send([f"{passages:,}", *(f"{each:.1f} ms" for each in shown), f"{found:.3f}", f"{memory:,.0f} MB"])


def main() -> None:
    """Prints a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--count", type=int, default=300, help="how many questions")
    chosen = parser.parse_args()
    questions = texts.questions(chosen.questions, count=chosen.count)
    rows = []
    for passages in chosen.passages:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(passages, questions, theirs))
        process.start()
        theirs.close()
        rows.append(ours.recv())
        process.join()
    report("asking", COLUMNS, rows, details={})


if __name__ == "__main__":
    main()
