"""`qa.evals.run`: any system, asked a suite in a few lines."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qa.evals
from evals_systems import HARBOUR, Crashes, Reference, enter_town, records
from qa import Answer, Message
from qa.errors import SuiteError
from qa.evals.results import Results
from qa.evals.suites import Case, Suite

FIRST = "The harbour of Port Elmet was dug in 1874 by the engineer Ruth Calloway."


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return enter_town(tmp_path, monkeypatch)


def value(results: Results, name: str) -> float | None:
    figure = results.figure(name)
    return None if figure is None else figure.value


def test_a_system_may_say_a_text_and_is_measured_by_what_it_says(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: list[int] = []
    results = qa.evals.run("town", lambda question, history: "Ruth Calloway, in 1874", done=counts.append)
    assert (value(results, "right"), value(results, "evidence_recall@5")) == (1 / 12, None)
    assert (counts, capsys.readouterr().out) == (list(range(16)), "")
    assert results.folder.parent == Path(".qa/runs")
    assert [value(qa.evals.run(each, str_of, out="o"), "right") for each in ("evals/town", suite)] == [0, 0]


def str_of(question: str, history: Sequence[Message]) -> str:
    return f"{question} {[turn.content for turn in history]}"


def test_a_system_is_told_the_question_and_what_was_said_before(suite: Suite) -> None:
    history = (Message(role="user", content="Hi."), Message(role="assistant", content="Hello."))
    asked = replace(suite, cases=(Case(id="a", question="Who?", history=history, answers=("x",)),))
    [record] = records(qa.evals.run(asked, str_of))
    assert record.answer == Answer(
        question="Who?", query="Who?", text="Who? ['Hi.', 'Hello.']", abstained=False, model="str_of"
    )


def test_parts_of_an_answer_are_completed_from_the_documents(suite: Suite) -> None:
    def system(question: str, history: Sequence[Message]) -> dict[str, object]:
        place = {"document": "harbour.txt", "start": 0, "end": 72}
        return {"answer": f"{FIRST} [1]", "citations": [place], "retrieved": [place], "confidence": 0.9}

    results = qa.evals.run(replace(suite, cases=suite.cases[:1]), system, name="mine")
    [record] = records(results)
    assert (value(results, "right"), value(results, "citation_exact"), value(results, "nDCG@10")) == (1, 1, 1)
    assert record.answer is not None
    assert [(each.number, each.quote) for each in record.answer.citations] == [(1, FIRST)]
    assert (record.answer.confidence, record.answer.model, results.plan.settings) == (0.9, "mine", {"model": "mine"})


@pytest.mark.parametrize("confidence", [17, -0.1, float("nan")])
def test_a_confidence_that_is_none_is_refused(suite: Suite, confidence: float) -> None:
    with pytest.raises(SuiteError, match=r"confidence: .* is not between 0 and 1"):
        qa.evals.run(suite, lambda question, history: {"answer": "x", "confidence": confidence})


def test_half_a_character_does_not_stop_a_run(suite: Suite) -> None:
    results = qa.evals.run(suite, lambda question, history: "It was Ruth \ud800 Calloway.")
    assert results.endings == {"answered": 15, "abstained": 0, "crashed": 0}


def test_a_refusal_is_said_with_abstained(suite: Suite) -> None:
    results = qa.evals.run(suite, lambda question, history: {"abstained": True})
    assert results.endings == {"answered": 0, "abstained": 15, "crashed": 0}
    results = qa.evals.run(suite, lambda question, history: {"kind": "talk", "answer": "Hello."})
    assert results.endings == {"answered": 0, "abstained": 0, "crashed": 0, "talked": 15}


def test_a_system_that_only_retrieves_is_measured_by_that_alone(suite: Suite) -> None:
    reference = Reference(suite.corpora[""])

    def system(question: str, history: object) -> dict[str, object]:
        found = [each.passage for each in reference.search(question, top_k=10)]
        return {"retrieved": [{"document": each.document, "start": each.start, "end": each.end} for each in found]}

    theirs = qa.evals.run(suite, system)
    whole = qa.evals.run(suite, reference)
    alone = qa.evals.run(replace(suite, asks=False), system)
    searched = qa.evals.run(replace(suite, asks=False), reference)
    assert (value(theirs, "right"), value(alone, "right"), value(whole, "right")) == (None, None, 1)
    for name in ("evidence_recall@5", "nDCG@10", "RR@10"):
        assert len({value(each, name) for each in (theirs, whole, alone, searched)}) == 1


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (None, "NoneType is no system: None. Give a callable that takes (question, history)"),
        (lambda question: "", "cannot be asked a question with a history. Give a callable"),
        (lambda question, history, more: "", "cannot be asked a question with a history"),
        (str, "str cannot be asked"),
    ],
)
def test_what_cannot_be_asked_is_refused_naming_it(system: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=re.escape(said)):
        qa.evals.run("town", system, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            None,
            "mine returned None when asked 'Who dug the harbour of Port Elmet?'. Return an Answer, a text, or a dict",
        ),
        (5, "mine returned 5 when asked"),
        ({}, "mine returned {} when asked"),
        ({"text": "In 1874."}, "a system said 'text', which is no part of an answer: abstained, answer, "),
        ({"answer": 5}, "cannot be read: answer: input should be a valid string (5)"),
        ({"answer": "", "abstained": "perhaps"}, "cannot be read: abstained: input should be a valid boolean"),
        (
            {"answer": "", "sentences": [{"text": 5}]},
            "cannot be read: sentences.0.text: input should be a valid string (5)",
        ),
        ({"answer": "", "citations": 5}, "cannot be read: citations: input should be a valid tuple (5)"),
        ({"answer": "", "citations": [{"document": "a"}]}, "cannot be read: citations.0: start: field required"),
        ({"retrieved": "harbour"}, "cannot be read: retrieved.0: input should be a valid dictionary"),
        ({"retrieved": None}, "named None as its passages. Give a list of document, start and end"),
        (
            {"retrieved": [{"document": "b", "start": 0, "end": 9}]},
            "'b' is none of the documents: harbour.txt, library",
        ),
        (
            {"retrieved": [{"document": "harbour.txt", "start": 0, "end": 999}]},
            f"retrieved.0: 0 to 999 is no range of the {len(HARBOUR)} characters of harbour.txt",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_naming_the_field(reply: object, said: str) -> None:
    with pytest.raises(SuiteError, match=re.escape(said)):
        qa.evals.run("town", lambda question, history: reply, name="mine")


def test_a_system_that_shows_no_passages_cannot_be_measured_by_retrieval_alone(suite: Suite) -> None:
    with pytest.raises(SuiteError, match="str_of shows no passages"):
        qa.evals.run(replace(suite, asks=False), str_of)


def test_one_crash_is_a_result_and_nothing_but_crashes_an_error(suite: Suite) -> None:
    assert qa.evals.run(suite, Crashes(suite.corpora[""])).endings["crashed"] == 1
    with pytest.raises(
        SuiteError, match=r"every case crashed, the first, harbour-dug, with ZeroDivisionError: .* See: qa eval"
    ):
        qa.evals.run(suite, lambda question, history: str(1 / 0))


def test_two_systems_do_not_share_a_run(suite: Suite) -> None:
    assert qa.evals.run(suite, str_of, out=Path("runs")).folder == Path("runs/town")
    with pytest.raises(SuiteError, match=r"its model was 'str_of', and is now 'other'. Choose another folder"):
        qa.evals.run(suite, str_of, out=Path("runs"), name="other")
    with pytest.raises(SuiteError, match="town is asked about 2 corpora"):
        qa.evals.run(replace(suite, corpora=suite.corpora | {"more": Path()}), str_of)


def test_the_example_of_the_docs_runs(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (project / "docs" / "evaluation.md").read_text(encoding="utf-8")
    section = page.partition("\n## Your own system\n")[2].partition("\n## ")[0]
    example = "".join(f"{line[4:]}\n" for line in section.splitlines() if line.startswith("    "))
    assert 5 < len(example.splitlines()) <= 12
    monkeypatch.chdir(project)
    monkeypatch.setenv("QA_HOME", str(tmp_path / "home"))
    namespace: dict[str, Any] = {}
    exec(example, namespace)
    results = namespace["results"]
    assert (len(results.scored), results.endings["crashed"], results.plan.settings) == (
        96,
        0,
        {"model": "nearest_line"},
    )
    assert value(results, "citation_exact") == 1


def test_importing_the_evals_loads_nothing_heavy() -> None:
    code = "import qa.evals, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"chromadb", "gradio", "langchain", "langchain_core", "numpy", "onnxruntime", "pydantic"}.isdisjoint(loaded)
    assert "qa.evals" in loaded
