"""How everything here is measured: runs that take turns, medians with their spread, ratios, a JSON file.

A ratio is taken between runs that stood next to each other, so that a machine that slows down slows both.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".bench"  # what is worth keeping between benchmarks: indexes, peers' environments, results
VERSIONS = ("chromadb", "onnxruntime", "numpy", "tantivy", "tokenizers", "gradio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The middle of some measurements, and the quarters on both sides of it."""

    median: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The median and the quartiles of at least one value."""
        low, median, high = (percentile(values, share) for share in (25, 50, 75))
        return cls(median=median, low=low, high=high, n=len(values))

    def __str__(self) -> str:
        return f"{self.median:.4g} ({self.low:.4g}–{self.high:.4g})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` percent of the values lie, between neighbours where it falls between."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def take_turns(runs: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """What each run returned in each round, after one round that does not count; every round begins with another."""
    names = list(runs)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            value = runs[name]()
            if turn:
                found[name].append(value)
            print(f"  round {turn} of {rounds}: {name} {value:.4g}", file=sys.stderr, flush=True)
    return found


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """How many times as much as ours, round by round."""
    return Spread.of([one / other for one, other in zip(theirs, ours, strict=True)])


def timed(work: Callable[[], object]) -> float:
    """The seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def memory_mb(process: int | None = None) -> float:
    """The memory that a process of Linux holds now, by default this one, in MB."""
    status = Path(f"/proc/{process or 'self'}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def machine() -> dict[str, Any]:
    """What the figures were measured with."""
    cpu = Path("/proc/cpuinfo")
    models = [line.split(":")[1].strip() for line in cpu.read_text().splitlines() if "model name" in line]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
        "commit": commit.stdout.strip(),
        "load": round(statistics.mean(os.getloadavg()), 2),
    }


def report(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, details: Mapping[str, Any]) -> None:
    """Print a table as Markdown, and keep it with `details` in `.bench/results/NAME.json`."""
    print(f"\n| {' | '.join(columns)} |\n|{'|'.join(['---', *['--:'] * (len(columns) - 1)])}|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    folder = WORK / "results"
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine(), "columns": list(columns), "rows": [[str(cell) for cell in row] for row in rows]}
    (folder / f"{name}.json").write_text(json.dumps({**kept, **details}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"\nkept in {(folder / f'{name}.json').relative_to(ROOT)}", flush=True)
