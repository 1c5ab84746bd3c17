"""Runs: what is recorded, and what of it is read again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from evals_systems import Crashes, Reference, opening, town_cases, write_suite
from qa.errors import SuiteError
from qa.evals.metrics import Region
from qa.evals.records import CaseRecord, read_records
from qa.evals.report import markdown, render
from qa.evals.results import load_results, write_results
from qa.evals.runner import begin, find_runs, make_plan, read_plan, run_suite, unfinished
from qa.evals.scoring import failed_stage, score_case
from qa.evals.suites import load_suite


def timeless(folder: Path) -> list[CaseRecord]:
    records = read_records(folder / "records.jsonl")
    return [replace(each, seconds={}) for each in records]


def run(tmp_path: Path, name: str = "run", jobs: int = 1) -> Path:
    suite = load_suite(write_suite(tmp_path))
    folder = tmp_path / name
    plan = replace(make_plan(suite, {"k": "5"}), commit="one")
    run_suite(suite, folder=folder, open_system=opening(Reference), plan=plan, jobs=jobs)
    return folder


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    for record in read_records(run(tmp_path) / "records.jsonl"):
        assert CaseRecord.from_json(record.to_json()) == record


def test_every_case_is_recorded_in_order_with_what_the_documents_say_there(tmp_path: Path) -> None:
    records = read_records(run(tmp_path) / "records.jsonl")
    assert [record.case for record in records] == town_cases()
    assert records[0].cuts == ("The harbour of Port Elmet was dug in 1874 by the engineer Ruth Calloway.",)
    assert records[0].gold == (Region("harbour.txt", 42, 71),)
    assert set(records[0].seconds) == {"ask", "search"}


def test_running_in_parallel_records_the_same(tmp_path: Path) -> None:
    assert timeless(run(tmp_path, "one")) == timeless(run(tmp_path, "four", jobs=4))


def test_a_crash_in_one_case_is_that_cases_record(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    run_suite(suite, folder=tmp_path / "run", open_system=opening(Crashes), plan=make_plan(suite, {}))
    results = load_results(tmp_path / "run")
    assert results.endings == {"answered": 14, "abstained": 0, "crashed": 1}
    [crashed] = [record for record in (each.record for each in results.scored) if record.ending == "crashed"]
    assert crashed.case.id == "memorial"
    assert re.fullmatch(r"RuntimeError: the model has left \(evals_systems.py:\d+\)", crashed.error or "")
    right = results.figure("right")
    assert right is not None
    assert (right.value, right.n, right.undefined) == (11 / 12, 12, 3)


def test_a_torn_last_line_is_mended_and_its_case_asked_again(tmp_path: Path) -> None:
    folder = run(tmp_path)
    whole, path = timeless(folder), folder / "records.jsonl"
    written = path.read_bytes()
    for cut in (len(written) - 1, len(written) - 40, len(written) // 2, 10, 0):
        path.write_bytes(written[:cut])
        assert timeless(folder) == whole[: written[:cut].count(b"\n")]
        assert timeless(run(tmp_path)) == whole


def test_what_a_system_shows_no_passages_of_is_no_figure(tmp_path: Path) -> None:
    [record, *_] = read_records(run(tmp_path) / "records.jsonl")
    silent = replace(record, hits=None)
    assert CaseRecord.from_json(silent.to_json()) == silent
    shown, unshown, nothing = (score_case(each).scores for each in (record, silent, replace(silent, hits=())))
    of_retrieval = {name for name, value in nothing.items() if value != shown[name]}
    assert {"evidence_recall@5", "nDCG@10", "RR@10"} <= of_retrieval
    assert unshown == {name: value for name, value in shown.items() if "@" not in name}
    wrong = replace(silent, answer=replace(record.answer, text="In Paris.", sentences=(), citations=()), cuts=())
    assert (failed_stage(wrong), failed_stage(replace(wrong, hits=()))) == ("not selected", "not retrieved")


def test_a_finished_run_is_not_asked_again(tmp_path: Path) -> None:
    before = (run(tmp_path) / "records.jsonl").read_bytes()
    assert (run(tmp_path) / "records.jsonl").read_bytes() == before


def test_another_run_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    folder = run(tmp_path)
    plan = read_plan(folder)
    with pytest.raises(SuiteError, match=r"its k was '5', and is now '6'. Choose another folder with --out"):
        begin(folder, replace(plan, settings={"k": "6"}))
    begin(folder, replace(plan, started="later"))


def test_an_unfinished_run_is_found_again(tmp_path: Path) -> None:
    folder = run(tmp_path / "runs")
    plan = read_plan(folder)
    assert unfinished(tmp_path / "runs", plan) is None
    lines = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "records.jsonl").write_bytes(b"".join(lines[:4]))
    assert unfinished(tmp_path / "runs", plan) == folder
    assert unfinished(tmp_path / "runs", replace(plan, settings={})) is None
    assert find_runs(tmp_path) == ([(folder, plan)], [])


def test_a_damaged_plan_keeps_no_other_run_from_being_found(tmp_path: Path) -> None:
    folder = run(tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{")
    found, errors = find_runs(tmp_path)
    assert found == [(folder, read_plan(folder))]
    assert [str(tmp_path / "bad") in str(error) for error in errors] == [True]
    assert unfinished(tmp_path, read_plan(folder)) is None


def test_records_that_are_not_records_are_refused_with_their_line(tmp_path: Path) -> None:
    folder = run(tmp_path)
    with (folder / "records.jsonl").open("a") as file:
        file.write('{"case": {}}\n')
    with pytest.raises(SuiteError, match=r"records.jsonl:16: this is not a record"):
        read_records(folder / "records.jsonl")
    with pytest.raises(SuiteError, match="is not a run"):
        read_plan(tmp_path)


def test_a_run_without_a_record_yet_can_be_shown(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    begin(tmp_path / "run", make_plan(suite, {}))
    (tmp_path / "run" / "records.jsonl").touch()
    results = load_results(tmp_path / "run")
    assert (list(results.figures), results.smallest_change) == ([], 1)
    assert "0 of 15 cases" in markdown(results)
    assert "0 of 15 cases" in render(results)


def figures(folder: Path) -> list[dict[str, object]]:
    write_results(load_results(folder))
    made = json.loads((folder / "figures.json").read_text())["figures"]
    return [each for each in made if each["unit"] != "seconds"]


def test_scoring_needs_nothing_but_the_records(tmp_path: Path) -> None:
    folder = run(tmp_path)
    before = figures(folder)
    (tmp_path / "corpora" / "town" / "harbour.txt").unlink()
    (tmp_path / "town" / "cases.jsonl").unlink()
    moved = folder.rename(tmp_path / "moved")
    assert figures(moved) == before
    assert "NaN" not in (moved / "figures.json").read_text()
