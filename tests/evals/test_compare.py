"""Comparing runs: flips, outcomes, and the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals_systems import (
    Abstains,
    Oracle,
    Reference,
    Shuffled,
    WrongCitations,
    opening,
    town_cases,
    word_judge,
    write_suite,
)
from qa.errors import SuiteError
from qa.evals.compare import FigureChange, compare
from qa.evals.judge import Label
from qa.evals.report import compared
from qa.evals.results import Results, load_results
from qa.evals.runner import Opener, make_plan, run_suite
from qa.evals.suites import Case, load_suite

HEAD = 'primary = ["right", "evidence_recall@5"]\n[gate]\nright = 0.1\n'
MANY = [case.model_copy(update={"id": f"{case.id}-{n}"}) for n in range(4) for case in town_cases()]
LABELS = [
    Label(premise="The harbour was dug in 1874.", hypothesis="The harbour was dug in 1874.", supported=True),
    Label(premise="The harbour was dug in 1874.", hypothesis="The library opened in 1911.", supported=False),
]


def run(root: Path, system: Opener, name: str, cases: list[Case] = MANY, head: str = HEAD) -> Results:
    suite = load_suite(write_suite(root, head=head, cases=cases))
    run_suite(suite, folder=root / name, open_system=system, plan=make_plan(suite, {"system": name}))
    return load_results(root / name)


def test_two_equal_runs_are_not_worse(tmp_path: Path) -> None:
    comparison = compare(run(tmp_path, opening(Reference), "a"), run(tmp_path, opening(Reference), "b"))
    assert [change.outcome for change in comparison.changes] == ["not worse", "no difference seen"]
    assert (comparison.fails(strict=True), comparison.flips) == (False, ())
    assert comparison.settings == (("system", "a", "b"),)


def test_shuffled_retrieval_fails_the_gate_and_names_what_flipped(tmp_path: Path) -> None:
    comparison = compare(run(tmp_path, opening(Reference), "good"), run(tmp_path, opening(Shuffled), "bad"))
    right = comparison.changes[0]
    assert (right.name, right.outcome, right.n, right.delta) == ("right", "worse", 48, pytest.approx(-40 / 48))
    assert comparison.fails()
    assert len(comparison.flips) == 40
    assert {flip.now for flip in comparison.flips} == {"not retrieved", "not selected"}
    assert "- harbour-year-0: right → not retrieved · In which year was the harbour dug?" in compared(comparison)


def test_an_improvement_is_not_worse(tmp_path: Path) -> None:
    comparison = compare(run(tmp_path, opening(Shuffled), "bad"), run(tmp_path, opening(Reference), "good"))
    assert [change.outcome for change in comparison.changes] == ["not worse", "better"]
    assert not comparison.fails()


def test_three_cases_are_inconclusive(tmp_path: Path) -> None:
    few = town_cases()[:3]
    comparison = compare(run(tmp_path, opening(Reference), "a", few), run(tmp_path, opening(Reference), "b", few))
    assert (comparison.fails(), comparison.fails(strict=True)) == (False, True)
    assert "inconclusive: 3 cases see changes of" in compared(comparison)


def test_the_worst_flips_come_first(tmp_path: Path) -> None:
    comparison = compare(run(tmp_path, opening(Reference), "a"), run(tmp_path, opening(Abstains), "b"))
    gains = [flip.gain for flip in comparison.flips]
    assert gains == sorted(gains)
    assert {flip.now for flip in comparison.flips[:48]} == {"should have answered"}
    assert {(flip.was, flip.now) for flip in comparison.flips[48:]} == {("should have abstained", None)}


def test_cases_that_one_run_lacks_are_counted(tmp_path: Path) -> None:
    comparison = compare(run(tmp_path, opening(Reference), "a"), run(tmp_path, opening(Reference), "b", MANY[10:]))
    assert (comparison.shared, comparison.only) == (50, (10, 0))
    with pytest.raises(SuiteError, match="no case in common"):
        compare(run(tmp_path, opening(Reference), "c", MANY[:3]), run(tmp_path, opening(Reference), "d", MANY[3:]))


def test_an_uncalibrated_judge_does_not_gate(tmp_path: Path) -> None:
    head = "[gate]\ncitation_recall = 0.1\n"
    run(tmp_path, opening(WrongCitations), "a", head=head)
    margins = [
        compare(each, each).changes[-1].margin
        for labels in ([], LABELS)
        for each in [load_results(tmp_path / "a", judge=word_judge(tmp_path / "a"), labels=labels)]
    ]
    assert margins == [None, 0.1]


def test_the_headline_gates_on_both_kinds_of_question_at_once(tmp_path: Path) -> None:
    head = "[gate]\nheadline = 0.05\n"
    oracle, refuser = (
        run(tmp_path, opening(system), name, head=head)
        for name, system in (("oracle", lambda corpus: Oracle(corpus, MANY)), ("refuser", Abstains))
    )
    [change] = compare(oracle, refuser).changes
    assert (change.name, change.before, change.after, change.outcome) == ("headline", 1, 0, "worse")
    assert change.interval[1] < -0.85
    [same] = compare(oracle, oracle).changes
    assert (same.delta, same.p, same.outcome) == (0, 1, "not worse")
    assert same.interval[0] < 0 < same.interval[1]  # sixty equal cases leave something open


@pytest.mark.parametrize(
    ("interval", "outcome"),
    [
        ((-0.04, 0.02), "not worse"),
        ((-0.2, 0.1), "inconclusive"),
        ((-0.2, -0.01), "worse"),
        ((-0.04, -0.01), "not worse"),
        ((0.1, 0.3), "not worse"),
    ],
)
def test_the_gate_asks_whether_more_than_the_margin_may_be_lost(interval: tuple[float, float], outcome: str) -> None:
    known = {"name": "right", "n": 20, "before": 0.5, "after": 0.5, "test": "swaps"}
    assert FigureChange(**known, interval=interval, p=1.0, smallest=0.1, margin=0.05).outcome == outcome
