"""Twins: what is changed, what is promised, and who can win."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_systems import Abstains, Oracle, Reference, opening, write_suite
from qa.errors import SuiteError
from qa.evals.figures import by_tag
from qa.evals.lint import lint
from qa.evals.metrics import Region
from qa.evals.results import load_results
from qa.evals.runner import Opener, make_plan, run_suite
from qa.evals.suites import Suite, load_suite, read_corpus
from qa.evals.twins import make_twins, mistype, other_value, without_sentences


@pytest.fixture
def twins(tmp_path: Path) -> Suite:
    return make_twins(load_suite(write_suite(tmp_path)), work=tmp_path / "work")


def kinds(suite: Suite, kind: str) -> dict[str, tuple[str, ...]]:
    return {case.twin_of or "": case.conflict for case in suite.cases if kind in case.tags}


def test_twins_pass_the_lint_of_suites(twins: Suite) -> None:
    assert lint(twins) == []
    tags = {tag for case in twins.cases for tag in case.tags}
    assert tags == {"answerable", "typo", "lower-case", "upper-case", "removed", "duplicated", "swapped"}


def test_a_suite_of_documents_that_are_no_plain_text_has_no_twins(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    (suite.corpora[""] / "prices.CSV").write_text("Item,Price\nLamp,20\n", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"holds prices\.CSV, and twins are made of plain text"):
        make_twins(suite, work=tmp_path / "work")


def test_removed_evidence_leaves_no_word_of_the_answer(twins: Suite) -> None:
    originals = {case.id: case for case in twins.cases}
    removed = [case for case in twins.cases if "removed" in case.tags]
    # The Marlin is named in a second sentence, so that question has no such twin.
    assert {case.twin_of for case in removed} == {case.id for case in twins.cases if not case.twin_of} - {"memorial"}
    for case in removed:
        assert not case.answerable
        left = " ".join(read_corpus(twins.corpora[case.corpus]).values())
        assert originals[case.twin_of or ""].answers[0] not in left
        assert len(left) > 300


def test_a_swapped_copy_contradicts_the_answer_and_nothing_else(twins: Suite) -> None:
    folders = {case.corpus for case in twins.cases if "swapped" in case.tags}
    corpora = [read_corpus(twins.corpora[folder]) for folder in folders]
    originals = {"harbour.txt", "library.txt"}
    assert all(originals < set(texts) <= {*originals, *(f"copy of {name}" for name in originals)} for texts in corpora)
    conflicts = kinds(twins, "swapped")
    assert {conflict[0] for conflict in conflicts.values()} >= {"1874", "1891", "22", "Ruth Calloway", "Edmund Vale"}
    assert "three days" not in {conflict[0] for conflict in conflicts.values()}  # neither a number nor a name
    for said, other in conflicts.values():
        assert said != other
        assert any(other in text for texts in corpora for name, text in texts.items() if name.startswith("copy of"))
    assert corpora[0]["harbour.txt"] == read_corpus(twins.corpora[""])["harbour.txt"]


def test_twins_are_the_same_every_time(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    assert make_twins(suite, work=tmp_path / "work") == make_twins(suite, work=tmp_path / "work")


def test_a_suite_without_evidence_has_no_twins(tmp_path: Path) -> None:
    cases = [case for case in load_suite(write_suite(tmp_path)).cases if not case.answerable]
    with pytest.raises(SuiteError, match="nothing to make twins of"):
        make_twins(load_suite(write_suite(tmp_path, cases=cases)), work=tmp_path)


def pairs(twins: Suite, system: Opener, folder: Path) -> dict[str, float | None]:
    run_suite(twins, folder=folder, open_system=system, plan=make_plan(twins, {}))
    tags = by_tag(load_results(folder).scored)
    return {each.name.removesuffix(": pair"): each.value for each in tags if each.name.endswith(": pair")}


def test_neither_a_parrot_nor_a_refuser_wins(twins: Suite, tmp_path: Path) -> None:
    parrot = pairs(twins, opening(Reference), tmp_path / "parrot")
    assert (parrot["removed"], parrot["duplicated"], parrot["lower-case"], parrot["swapped"]) == (0, 1, 1, 0)
    refuser = pairs(twins, opening(Abstains), tmp_path / "refuser")
    assert set(refuser.values()) == {0}
    oracle = pairs(twins, opening(lambda corpus: Oracle(corpus, twins.cases)), tmp_path / "oracle")
    assert oracle["typo"] == 1


@given(st.text(max_size=40), st.integers())
def test_a_typo_swaps_two_neighbours_or_nothing(question: str, seed: int) -> None:
    typed = mistype(question, random.Random(seed))
    assert sorted(typed) == sorted(question)
    assert sum(a != b for a, b in zip(typed, question, strict=True)) in (0, 2)


@given(st.integers(0, 10**6), st.integers())
def test_another_number_differs_and_has_as_many_digits(number: int, seed: int) -> None:
    other = other_value(str(number), random.Random(seed))
    assert other != str(number)
    assert len(other) == len(str(number))
    assert other == str(int(other))


def test_sentences_that_evidence_touches_are_cut_whole() -> None:
    texts = {"a": "One is here. Two is there. Three is gone.", "b": "Alone it stands."}
    assert without_sentences(texts, [Region("a", 18, 20), Region("b", 0, 1)]) == {"a": "One is here. Three is gone."}
