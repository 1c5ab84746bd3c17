"""Baselines: small, without times, and worth as much to a gate as the runs they were made from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from evals_systems import Reference, opening, write_suite
from qa.errors import SuiteError
from qa.evals.compare import compare
from qa.evals.report import overview
from qa.evals.results import Results, keep, load_results
from qa.evals.runner import RECORDS, make_plan, run_suite
from qa.evals.sources import Sources
from qa.evals.suites import load_suite

OFFICES = ("office", "housing", "bakery", "school")
SUITES = ("seed", "followups", "unanswerable", "injection", *OFFICES, "haystack", "twins:seed")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    suite = load_suite(write_suite(tmp_path, head="[gate]\nright = 0.3\n"))
    run_suite(suite, folder=tmp_path / "run", open_system=opening(Reference), plan=make_plan(suite, {}))
    return tmp_path / "run"


def timeless(results: Results) -> list[dict[str, object]]:
    return [asdict(each) for each in results.figures if each.unit != "seconds"]


def test_a_baseline_has_the_figures_of_its_run_and_no_times(run: Path, tmp_path: Path) -> None:
    kept = keep(run, under=tmp_path / "baseline")
    whole, small = load_results(run), load_results(kept)
    assert kept == tmp_path / "baseline" / "town"
    assert timeless(small) == timeless(whole)
    assert all(not each.record.seconds for each in small.scored)
    assert not compare(small, whole).flips


def test_keeping_the_same_run_twice_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    once, again = keep(run, under=tmp_path / "one"), keep(run, under=tmp_path / "two")
    assert [path.name for path in sorted(once.iterdir())] == ["records.jsonl.gz", "run.json"]
    assert [path.read_bytes() for path in sorted(once.iterdir())] == [p.read_bytes() for p in sorted(again.iterdir())]
    assert str(tmp_path) not in (once / "run.json").read_text()


def test_a_damaged_baseline_is_refused_by_name(run: Path, tmp_path: Path) -> None:
    kept = keep(run, under=tmp_path / "baseline")
    packed = kept / f"{RECORDS}.gz"
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(SuiteError, match=r"records.jsonl.gz cannot be unpacked"):
        load_results(kept)


@pytest.mark.parametrize("name", SUITES)
def test_our_baseline_is_of_our_suites_as_they_are(project: Path, tmp_path: Path, name: str) -> None:
    suite = Sources(home=project / "evals", work=tmp_path).open(name)
    plan = json.loads((project / "evals" / "baseline" / suite.name / "run.json").read_text())
    assert plan["settings"]["model"] == "extractive"
    if plan["title"] == suite.title:  # that of a haystack names the Python whose docstrings it is made of
        assert plan["fingerprint"] == suite.fingerprint


def test_the_results_in_the_readme_are_those_of_the_baseline(project: Path) -> None:
    folders = [project / "evals" / "baseline" / name.replace(":", "-") for name in SUITES]
    table = overview([load_results(folder) for folder in folders]).splitlines()
    heads = tuple("|".join(row.split("|")[:3]) + "|" for row in table[2:])
    shown = [line for line in (project / "README.md").read_text().splitlines() if line.startswith(heads)]
    assert [line for line in shown if line not in table] == []
