"""`qa eval run` killed at any moment and given again: it ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evals_systems import town_cases, write_suite
from qa.evals.runner import PACKAGE, PLAN, RECORDS

KILLS = int(os.environ.get("KILLS", "5"))
"""More than in every check: KILLS=20 pytest tests/cli/test_eval_kills.py"""


CASES = [each.model_copy(update={"id": f"{each.id}-{turn}"}) for turn in range(3) for each in town_cases()]


@contextmanager
def measuring(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`qa eval run`, without a model, of the town's suite into `folder`, in a process of its own that has begun."""
    command = [sys.executable, "-m", "qa", "eval", "run", "town", "--model", "extractive", "--out", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent), "QA_HOME": str(folder / "home")}
    with subprocess.Popen(command, cwd=folder.parent, env=environment, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (folder / "town" / PLAN).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        yield process


def count(folder: Path) -> int:
    """The number of a run's records so far."""
    path = folder / "town" / RECORDS
    return path.read_bytes().count(b"\n") if path.exists() else 0


def timeless(folder: Path) -> list[str]:
    """The lines of a run's records, without times."""
    lines = []
    for line in (folder / "town" / RECORDS).read_bytes().splitlines():
        record = json.loads(line)
        del record["seconds"], record["answer"]["seconds"]
        lines.append(json.dumps(record))
    return lines


def figures(folder: Path) -> list[dict[str, object]]:
    """The figures of a run, without times."""
    made = json.loads((folder / "town" / "figures.json").read_text())["figures"]
    return [each for each in made if each["unit"] != "seconds"]


def test_a_run_killed_at_any_moment_and_given_again_ends_like_one_that_was_not(tmp_path: Path) -> None:
    write_suite(tmp_path / "evals", cases=CASES)
    dice = random.Random(13)
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    with measuring(whole) as process:
        assert process.wait() == 0
    kills = among_the_cases = 0
    while kills < KILLS:
        begun, more = count(folder), dice.choice([0, 1, 5, 10])
        with measuring(folder) as process:
            while more and process.poll() is None and count(folder) < begun + more:
                time.sleep(0.002)
            time.sleep(dice.uniform(0, 0.05 if more else 2))  # where it is opened, asks, and makes reports
            process.kill()
        if process.returncode == 0:  # it had been killed often enough to be done
            assert timeless(folder) == timeless(whole)
            shutil.rmtree(folder / "town")
            continue
        assert process.returncode == -signal.SIGKILL
        kills += 1
        among_the_cases += begun < count(folder) < len(CASES)
    with measuring(folder) as process:
        assert process.wait() == 0
    assert timeless(folder) == timeless(whole)
    assert figures(folder) == figures(whole)
    assert among_the_cases > 0
    print(f"{kills} kills, {among_the_cases} of them among the cases")
