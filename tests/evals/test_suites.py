"""Suites: what is read, what is refused and where, what lint finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals_systems import town_cases, write_suite
from qa.errors import SuiteError
from qa.evals.lint import lint
from qa.evals.metrics import Region
from qa.evals.suites import Case, Evidence, Suite, load_suite, locate, sample, save_case


def problems(suite: Suite) -> list[tuple[str, str]]:
    said = (problem.rpartition("/")[2].partition(": ") for problem in lint(suite))
    return [(place, message) for place, _, message in said]


def test_a_suite_is_read_with_its_gate(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, head='primary = ["right", "pair"]\n[gate]\nright = 0.2\n'))
    assert (suite.name, suite.title, len(suite.cases)) == ("town", "A town", 15)
    assert (suite.primary, suite.margins) == (("right", "pair"), {"right": 0.2})
    assert list(suite.cases) == town_cases()
    assert problems(suite) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"id": "x", "question": "?", "answer": "y"}',
            r"cases.jsonl:1: answer: extra inputs are not permitted \('y'\)",
        ),
        ('{"id": "x", "question": ""}', "cases.jsonl:1: question: string should have at least 1 character"),
        ('{"id": "x y", "question": "?"}', "cases.jsonl:1: id: string should match pattern"),
        (
            '\n{"id": "x", "evidence": [{"document": "d"}], "question": "?"}',
            "cases.jsonl:2: evidence.0.quote: field required",
        ),
        ('{"id": ', "cases.jsonl:1: invalid json"),
        (
            '{"id": "x", "question": "?", "history": [{"role": "user", "content": "a", "name": "b"}]}',
            r"cases.jsonl:1: history.0.name: unexpected keyword argument \('b'\)",
        ),
        (
            '{"id": "x", "question": "?", "history": [{"role": "system", "content": "a"}]}',
            "cases.jsonl:1: history.0.role: input should be 'user' or 'assistant'",
        ),
        ("", "cases.jsonl holds no cases"),
    ],
)
def test_a_malformed_case_is_refused_with_its_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    suite = write_suite(tmp_path)
    (suite / "cases.jsonl").write_text(line)
    with pytest.raises(SuiteError, match=message):
        load_suite(suite)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("marging = 1", "marging: extra inputs"),
        ("= 1", "suite.toml: Invalid"),
        ('gathers = ["../seed"]', "suite.toml: give either `corpus`, a folder of documents, or `gathers`"),
    ],
)
def test_a_malformed_head_is_refused(tmp_path: Path, head: str, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        load_suite(write_suite(tmp_path, head=head))


def test_a_missing_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"suite.toml cannot be read"):
        load_suite(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"evidence": [{"document": "harbour.txt", "quote": "dug in 1875"}]}, "is not in harbour.txt"),
        ({"evidence": [{"document": "port.txt", "quote": "x"}]}, "no document 'port.txt'"),
        ({"evidence": [{"document": "harbour.txt", "quote": "The "}]}, "more than once"),
        (
            {"evidence": [{"document": "harbour.txt", "quote": "in 1874"}], "answers": ["1875"]},
            "no evidence holds the answer",
        ),
        ({"evidence": [{"document": "harbour.txt", "quote": "in 1874"}], "parts": [["1874"], ["x"]]}, "the answer 'x'"),
        ({}, "no answers and no evidence"),
        ({"answerable": False, "answers": ["x"]}, "not answerable, but has"),
        ({"answers": ["x"], "denied_by": [{"document": "harbour.txt", "quote": "in 1874"}]}, "but has `denied_by`"),
        (
            {"answerable": False, "denied_by": [{"document": "harbour.txt", "quote": "in 1875"}]},
            "the quote 'in 1875' is not in harbour.txt",
        ),
        (
            {
                "question": "In which year did the library open?",
                "standalone": "When (which year) did the library open?",
                "answers": ["x"],
                "history": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}],
            },
            "it needs no history",
        ),
        ({"answers": ["x"], "relevance": {"port.txt": 1}}, "relevance names 'port.txt'"),
        ({"answers": ["x"], "twin_of": "y"}, "twin_of names 'y'"),
        ({"answers": ["x"], "corpus": "old"}, "there is no corpus 'old'; there are ''"),
        ({"answers": ["x"], "history": [{"role": "user", "content": "x"}]}, "history ends with the user"),
    ],
)
def test_lint_finds_what_a_person_has_to_mend(tmp_path: Path, case: dict[str, object], message: str) -> None:
    made = Case.model_validate({"id": "x", "question": "?", **case})
    [(place, said)] = problems(load_suite(write_suite(tmp_path, cases=[made])))
    assert place == "cases.jsonl:1"
    assert message in said


def test_an_answer_that_is_worked_out_needs_no_quote_that_holds_it(tmp_path: Path) -> None:
    evidence = (Evidence(document="harbour.txt", quote="in 1874"),)
    case = Case(id="x", question="?", answers=("150 years",), evidence=evidence, tags=("computed",))
    assert problems(load_suite(write_suite(tmp_path, cases=[case]))) == []


def test_lint_finds_an_id_used_twice(tmp_path: Path) -> None:
    case = town_cases()[0]
    assert problems(load_suite(write_suite(tmp_path, cases=[case, case]))) == [
        ("cases.jsonl:2", "the id 'harbour-dug' is used twice")
    ]


def test_lint_finds_a_gate_that_cannot_hold_and_a_figure_that_is_none(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, head='primary = ["rigth"]\n[gate]\nright = 0.05\n'))
    [(_, unknown), (_, narrow)] = problems(suite)
    assert unknown.startswith("suite.toml: there is no figure 'rigth' to compare; there are headline, right, ")
    assert narrow == "suite.toml: the margin 0.05 for right is below 0.163, which 15 equal cases leave open"


def test_evidence_is_located_by_its_start_where_it_has_one() -> None:
    texts = {"d": "one two one"}
    assert locate(Evidence(document="d", quote="one"), texts) == Region("d", 0, 3)
    assert locate(Evidence(document="d", quote="one", start=8), texts) == Region("d", 8, 11)
    assert locate(Evidence(document="d", quote="one", start=7), texts) is None


def test_a_saved_case_makes_a_suite_that_runs(tmp_path: Path) -> None:
    write_suite(tmp_path)
    folder = tmp_path / 'feed"back'
    for case in town_cases()[:2]:
        save_case(folder, case, title='From\n"the" page\\', corpus=tmp_path / "corpora" / "town")
    suite = load_suite(folder)
    assert (suite.title, list(suite.cases)) == ('From\n"the" page\\', town_cases()[:2])
    assert problems(suite) == []


def test_a_sample_is_drawn_by_seed_and_keeps_its_order_and_places(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    five = sample(suite, limit=5, seed=1)
    assert five == sample(suite, limit=5, seed=1) != sample(suite, limit=5, seed=2)
    written = list(zip(suite.cases, suite.places, strict=True))
    assert [each for each in written if each[0] in five.cases] == list(zip(five.cases, five.places, strict=True))
    assert sample(suite, limit=None, seed=1) == sample(suite, limit=99, seed=1) == suite
