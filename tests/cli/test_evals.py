"""`qa eval` with the real chatbot: runs, gates, exit codes."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from evals_systems import town_cases, write_suite
from openai_server import OpenAIServer, Step
from qa.chatbot import Chatbot
from qa.cli.evals import app
from qa.errors import SuiteError
from qa.evals import opening
from qa.evals.opening import chatbot_opener, describe
from qa.evals.runner import PACKAGE, find_runs, make_plan, run_suite
from qa.evals.suites import Case, load_suite, save_case
from qa.library import Library
from qa.settings import Settings, load_settings
from qa.settings.resources import resource
from qa.types import Findings

HEAD = 'primary = ["right", "evidence_recall@5"]\n[gate]\nright = 0.3\n'


@pytest.fixture(autouse=True)
def evals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the town's suite in `evals/`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QA_MODEL", "extractive")
    write_suite(tmp_path / "evals", head=HEAD)
    return tmp_path / "evals"


def invoke(*arguments: str, exits: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exits, result.output
    return result


def run_folders() -> list[Path]:
    return [folder for folder, _ in find_runs(Path(".qa/runs"))[0]]


def test_a_suite_runs_without_a_key_and_leaves_a_complete_folder() -> None:
    said = invoke("run", "town").output
    assert "15 of 15 cases" in said
    [folder] = run_folders()
    assert sorted(path.name for path in folder.iterdir()) == [
        "figures.json", "junit.xml", "records.jsonl", "report.html", "run.json", "summary.md",
    ]  # fmt: skip
    figures = {each["name"]: each for each in json.loads((folder / "figures.json").read_text())["figures"]}
    assert figures["citation_exact"]["value"] == 1
    assert figures["evidence_recall@5"]["value"] == 1


def test_a_gate_holds_against_an_equal_baseline_and_fails_against_a_worse_run() -> None:
    invoke("run", "town", "--out", "base")
    assert "not worse" in invoke("run", "town", "--out", "again", "--baseline", "base").output
    said = invoke("run", "town", "--out", "shy", "--strictness", "1", "--baseline", "base", exits=3).output
    assert "- strictness: 0.5 → 1" in said
    assert "→ should have answered ·" in said
    invoke("compare", "base/town", "shy/town", exits=3)
    invoke("compare", "shy/town", "base/town")


class ShuffledLibrary(Library):
    """The library, of which the search gives passages in an order that has nothing to do with the query."""

    def find(self, question: str, query: str, *, top_k: int, **rest: Any) -> Findings:
        found = super().find(question, query, top_k=50, **rest)
        picked = random.Random(query).sample(found.hits, k=min(top_k, len(found.hits)))
        hits = tuple(replace(hit, rank=rank) for rank, hit in enumerate(picked, start=1))
        return replace(found, hits=hits, top_k=top_k)


def test_shuffling_what_the_search_finds_fails_the_gate_of_our_baseline(project: Path, tmp_path: Path) -> None:
    @contextmanager
    def opened(corpus: Path) -> Iterator[Chatbot]:
        settings = load_settings(model="extractive", chroma=str(tmp_path / "index"), seeds=corpus)
        library = ShuffledLibrary(settings)
        library.fill()
        with Chatbot(settings, library=library) as bot:
            yield bot

    suite = load_suite(project / "evals" / "injection")
    run_suite(suite, folder=tmp_path / "shuffled", open_system=opened, plan=make_plan(suite, {"retrieval": "shuffled"}))
    said = invoke("compare", str(project / "evals" / "baseline" / "injection"), "shuffled", exits=3).output
    assert "- retrieval: — → shuffled" in said
    assert "right → not retrieved ·" in said
    assert re.search(r"^\| headline \|.* worse \|$", said, re.MULTILINE)


def test_three_cases_are_inconclusive_and_fail_only_when_asked_to() -> None:
    invoke("run", "town", "--limit", "3", "--out", "base")
    assert "inconclusive: 1 cases" in invoke("compare", "base/town", "base/town").output
    invoke("compare", "base/town", "base/town", "--strict", exits=3)


def test_an_interrupted_run_goes_on_where_it_was() -> None:
    invoke("run", "town")
    [folder] = run_folders()
    records = (folder / "records.jsonl").read_bytes()
    (folder / "records.jsonl").write_bytes(records[: len(records) // 2])
    invoke("run", "town")
    assert run_folders() == [folder]
    assert len((folder / "records.jsonl").read_bytes().splitlines()) == 15
    invoke("run", "town")
    assert len(run_folders()) == 2


def test_an_index_made_by_other_code_is_not_asked(evals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def indexes() -> int:
        with chatbot_opener({"model": "extractive"}, work=tmp_path / "work")(evals / "corpora" / "town") as bot:
            assert [record.id for record in bot.documents()] == ["harbour.txt", "library.txt"]
        return len(list((tmp_path / "work" / "indexes").glob("[!.]*")))

    assert (indexes(), indexes()) == (1, 1)
    shutil.copytree(PACKAGE / "documents", tmp_path / "qa" / "documents")
    with (tmp_path / "qa" / "documents" / "passages.py").open("a") as file:
        file.write("# Other passages.\n")
    monkeypatch.setattr(opening, "PACKAGE", tmp_path / "qa")
    assert indexes() == 2


def test_scores_and_reports_are_made_again_from_the_records() -> None:
    invoke("run", "town", "--out", "runs")
    before = Path("runs/town/figures.json").read_text()
    for name in ("figures.json", "report.html"):
        Path("runs/town", name).unlink()
    invoke("score", "runs/town")
    assert Path("runs/town/figures.json").read_text() == before
    assert invoke("report", "runs/town").output.strip() == "runs/town/report.html"


def test_twins_and_saved_cases_run_as_suites(evals: Path) -> None:
    invoke("run", "twins:town", "--limit", "9", "--out", "runs")
    assert "| pair |" in Path("runs/twins-town/summary.md").read_text()
    for case in town_cases()[:2]:
        save_case(Path("feedback"), case, title="From the page", corpus=evals / "corpora" / "town")
    assert "2 of 2 cases" in invoke("run", "feedback", "--out", "runs").output


def test_a_run_in_which_everything_crashes_is_an_error(evals: Path) -> None:
    endless = [Case(id="endless", question="Why? " * 2000, answers=("x",))]
    write_suite(evals, cases=endless)
    said = "every case crashed, the first, endless, with QuestionError: .* See: qa eval report runs/town"
    for _ in range(2):
        with pytest.raises(SuiteError, match=said):
            invoke("run", "town", "--out", "runs")
    assert invoke("report", "runs/town").output == "runs/town/report.html\n"


def test_searching_alone_measures_retrieval_alone() -> None:
    said = invoke("run", "town", "--search-only", "--out", "runs", "--all").output
    assert "| nDCG@10 | 1.000 |" in said
    assert "| right |" not in said


def test_a_language_model_judges_once_and_is_not_needed_to_score_again(
    evals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [{"premise": f"Pier {n}.", "hypothesis": f"Pier {n + n % 2}.", "supported": n % 2 == 0} for n in range(20)]
    (evals / "judge").mkdir()
    (evals / "judge" / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)) + "\n")
    alone = invoke("run", "town", "--out", "runs", "--all").output
    assert "Judged by" not in alone
    assert "| judged_right |" not in alone
    with OpenAIServer(*[Step(pieces=('{"supported": ', "true}"))] * 200) as server:
        monkeypatch.setenv("QA_BASE_URL", server.url)
        said = invoke("score", "runs/town", "--judge", "openai:judge", "--all").output
    assert re.search(r"Judged by openai:judge, uncalibrated: kappa 0.00.* with people on 20 labels", said)
    assert re.search(r"^\| judged_right \| \d+\.\d% \|", said, re.MULTILINE)
    assert server.requests[0]["model"] == "judge"
    assert invoke("score", "runs/town", "--judge", "openai:judge", "--all").output == said


def test_lint_lists_problems_and_exits_1(evals: Path) -> None:
    assert "town: 15 cases, 0 problems" in invoke("lint", "town").output
    (evals / "corpora" / "town" / "library.txt").write_text("Closed.")
    said = invoke("lint", "town", exits=1).output
    assert "town: 15 cases, 5 problems" in said
    assert "cases.jsonl:8: the quote 'opened in 1911' is not in library.txt" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere"], "there is no suite 'nowhere' in evals: town"),
        (["compare", "a", "b"], "a is not a run"),
        (["run", "town", "--baseline", "nowhere"], "nowhere/town is not a run"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        invoke(*arguments)


def test_a_run_records_every_setting_on_which_answers_depend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {
        "auth_file",
        "chroma",
        "collection",
        "home",
        "questions_per_minute",
        "seeds",
        "upload_mb",
    }  # where things are, who may log in, …
    ours = describe({})
    assert set(ours) == set(Settings.model_fields) - kept | {"weights"}
    shutil.copytree(resource("prompts"), tmp_path / "prompts")
    assert describe({"prompts": tmp_path / "prompts"}) == ours
    with (tmp_path / "prompts" / "answer.md").open("a") as file:
        file.write("Be brief.\n")
    monkeypatch.setenv("QA_BASE_URL", "http://me:secret@127.0.0.1:8000/v1?key=secret")
    monkeypatch.setenv("QA_FALLBACK", "extractive")
    theirs = describe({"prompts": tmp_path / "prompts"})
    assert {name for name in ours if ours[name] != theirs[name]} == {"base_url", "fallback", "prompts"}
    assert theirs["base_url"] == "http://127.0.0.1:8000/v1"
