"""Every benchmark, one after the other.

    python benchmarks/run.py --data FOLDER_OF_TEXTS --questions SQUAD.json
    python benchmarks/run.py --quick

The first takes hours: it installs the peers and builds a million passages. The second takes minutes: our own texts,
no peers, no network.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from measure import ROOT, WORK

HERE = Path(__file__).parent
CORPORA, CASES = ROOT / "evals" / "corpora", ROOT / "evals" / "followups" / "cases.jsonl"


def steps(data: Path, questions: Path, *, quick: bool) -> list[list[str]]:
    """The commands to run: a script's name and its arguments."""
    texts, asked = ["--data", str(data)], ["--questions", str(questions)]
    if quick:
        return [
            ["starting", "--rounds", "1"],
            ["embedding", *texts, "--passages", "60", "--rounds", "2", "--without-peers"],
            ["indexing", *texts, *asked, "--files", "12", "--rounds", "1", "--without-peers"],
            ["scale", *texts, "--passages", "1000"],
            ["asking", *asked, "--passages", "1000", "--count", "100"],
            ["load", *asked, "--index", str(WORK / "1000"), "--askers", "1", "4", "--seconds", "4"],
        ]
    sizes = ["10000", "100000", "1000000"]
    return [
        ["embedding", *texts],
        ["indexing", *texts, *asked],
        ["scale", *texts, "--passages", *sizes],
        ["asking", *asked, "--passages", *sizes],
        ["starting", "--index", str(WORK / "100000"), str(WORK / "1000000")],
        ["load", *asked, "--index", str(WORK / "10000"), "--requests", "3600"],
        ["chain_overhead"],
    ]


def main() -> None:
    """Runs them all; ends with the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=CORPORA)
    parser.add_argument("--questions", type=Path, default=CASES)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}  # for the scripted servers there
    for name, *arguments in steps(chosen.data, chosen.questions, quick=chosen.quick):
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{name}.py"), *arguments], env=environment, check=True)


if __name__ == "__main__":
    main()
