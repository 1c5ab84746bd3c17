"""Indexes of any size out of a folder of articles, made through the product's own ingestion, and what that takes.

    python benchmarks/scale.py --data FOLDER_OF_TEXTS --passages 10000 100000 1000000

The folder is ingested once, with its real vectors; then `.bench/N` gets N passages of its
sentences put together anew (`recombined.py`). A million passages are 1 GB of text, and take about an hour and 20 GB.
`asking.py` asks them. With `--server`, the address of an empty Chroma server, they are written there.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from pathlib import Path

from measure import WORK, memory_mb, peak_memory_mb, report
from qa import Chatbot
from qa.ingestion.ingest import Progress
from recombined import Remembering, Sentences

COLUMNS = ("passages", "text", "minutes", "passages/s, the last tenth", "memory before", "memory at most", "on disk")


def opened(folder: Path, *, server: str = "") -> Chatbot:
    """The index in a folder of `.bench`, or of a server, without a language model and never filled from the seeds."""
    place = server or str(folder / "index")
    return Chatbot.open(model="extractive", chroma=place, home=folder / "home", fill=False)


def base(data: Path) -> Path:
    """The folder as it is, indexed."""
    folder = WORK / f"base-{data.resolve().name}"
    with opened(folder) as bot:
        bot.ingest(data)
    return folder


def build(data: Path, count: int, server: str) -> None:
    """Make `.bench/COUNT` unless it is there, in this process, and report what it took."""
    folder = WORK / str(count)
    with opened(base(data)) as bot:
        sentences = Sentences(bot)
    if not (folder / "documents").exists():
        sentences.write(folder / "documents", passages=count)
    seen: list[tuple[float, int]] = [(time.perf_counter(), 0)]

    def note(progress: Progress) -> None:
        if progress.passages != seen[-1][1]:
            seen.append((time.perf_counter(), progress.passages))
            if len(seen) % 50 == 0:
                print(f"  {progress.passages:,} passages, {memory_mb():,.0f} MB", flush=True)

    with opened(folder, server=server) as bot:
        bot.library.embedder = bot.library._encoder = Remembering(sentences)
        before = memory_mb()
        bot.ingest(folder / "documents", progress=note)
        passages = bot.status().passages
    took = time.perf_counter() - seen[0][0]
    tenth = [each for each in seen if each[1] >= 0.9 * seen[-1][1]]
    rate = (tenth[-1][1] - tenth[0][1]) / max(tenth[-1][0] - tenth[0][0], 1e-9)
    text = sum(path.stat().st_size for path in (folder / "documents").iterdir())
    disk = 0 if server else sum(path.stat().st_size for path in (folder / "index").rglob("*") if path.is_file())
    row = (
        f"{passages:,}", f"{text / 1e6:,.0f} MB", f"{took / 60:.1f}", f"{rate:,.0f}",
        f"{before:,.0f} MB", f"{peak_memory_mb():,.0f} MB", f"{disk / 1e6:,.0f} MB",
    )  # fmt: skip
    report(f"scale-{count}{'-server' if server else ''}", COLUMNS, [row], details={"took_s": took, "rate": rate})


def main() -> None:
    """Builds each size in a process of its own, so that each has its own peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--server", default="")
    chosen = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    base(chosen.data)
    for count in chosen.passages:
        process = multiprocessing.get_context("spawn").Process(target=build, args=(chosen.data, count, chosen.server))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(process.exitcode)


if __name__ == "__main__":
    main()
