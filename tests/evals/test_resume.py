"""Runs that go on: only what made their first records makes the others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from evals_systems import Reference, opening, write_suite
from qa.errors import SuiteError
from qa.evals.opening import describe
from qa.evals.records import CaseRecord, appending, read_records
from qa.evals.results import load_results
from qa.evals.runner import (
    LOCK,
    PACKAGE,
    RECORDS,
    RunPlan,
    begin,
    differences,
    make_plan,
    read_plan,
    run_suite,
    unfinished,
)
from qa.evals.suites import Case, Suite, load_suite
from qa.types import FELL_BACK, Answer


def begun(folder: Path, suite: Suite, settings: Mapping[str, str]) -> RunPlan:
    """The plan of a run that was cut short after ten cases."""
    plan = make_plan(suite, settings)
    run_suite(suite, folder=folder, open_system=opening(Reference), plan=plan)
    kept = (folder / RECORDS).read_bytes().splitlines(keepends=True)[:10]
    (folder / RECORDS).write_bytes(b"".join(kept))
    return plan


@pytest.mark.parametrize(
    ("trait", "variables", "was", "now"),
    [
        ("model", {"OPENAI_API_KEY": "k"}, "'extractive'", "'openai:gpt-5-mini'"),
        (
            "model",
            {"QA_MODEL": "openai:other", "QA_BASE_URL": "http://127.0.0.1:1/v1"},
            "'extractive'",
            "'openai:other'",
        ),
        ("embeddings", {"QA_EMBEDDINGS": "openai:small"}, "'minilm-l6-v2'", "'openai:small'"),
        (
            "base_url",
            {"QA_MODEL": "extractive", "QA_BASE_URL": "http://a:b@localhost/v1"},
            "''",
            "'http://localhost/v1'",
        ),
        ("fallback", {"QA_FALLBACK": "extractive"}, "'none'", "'extractive'"),
        ("timeout_s", {"QA_TIMEOUT_S": "1"}, "'60'", "'1'"),
    ],
)
def test_a_run_is_not_continued_by_another_maker(
    trait: str, variables: dict[str, str], was: str, now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load_suite(write_suite(tmp_path))
    folder = tmp_path / "runs" / "town"
    plan = begun(folder, suite, describe({}))
    assert unfinished(tmp_path, make_plan(suite, describe({}))) == folder
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    other = make_plan(suite, describe({}))
    assert unfinished(tmp_path, other) is None
    said = f"{folder} holds another run: its {trait} was {was}, and is now {now}. Choose another folder with --out"
    with pytest.raises(SuiteError, match=re.escape(said)):
        run_suite(suite, folder=folder, open_system=opening(Reference), plan=other)
    assert (len(read_records(folder / RECORDS)), read_plan(folder)) == (10, plan)


def test_the_address_that_the_client_finds_by_itself_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://me:secret@gateway.example/v1?key=secret")
    assert describe({"model": "extractive"})["base_url"] == ""
    assert describe({"model": "openai:gpt-test"})["base_url"] == "https://gateway.example/v1"


@pytest.mark.parametrize("name", ["extractive.json", "common_words.txt", "minilm-l6-v2.onnx", "reader.safetensors"])
def test_other_weights_are_another_maker(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qa.models import minilm  # which loads onnxruntime

    suite = load_suite(write_suite(tmp_path))
    before = make_plan(suite, describe({}))
    stored = tmp_path / "_data"
    shutil.copytree(minilm.GRAPH.parent, stored, ignore=shutil.ignore_patterns("prompts", "seeds"))
    monkeypatch.setattr(minilm, "GRAPH", stored / minilm.GRAPH.name)
    assert differences(before, make_plan(suite, describe({}))) == []
    with (stored / name).open("ab") as file:
        file.write(b" ")
    [(changed, was, _)] = differences(before, make_plan(suite, describe({})))
    assert (changed, bool(re.fullmatch(r"\w{16} \w{16}", str(was)))) == ("weights", True)


def test_a_run_goes_on_only_over_the_documents_and_cases_that_it_was_begun_with(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    plan = begun(tmp_path / "run", suite, {})
    shorter = replace(suite, cases=suite.cases[:12])
    assert [name for name, *_ in differences(plan, make_plan(shorter, {}))] == ["fingerprint", "cases"]
    assert differences(plan, make_plan(replace(suite, asks=False), {})) == [("asks", True, False)]
    (tmp_path / "corpora" / "town" / "library.txt").write_text("Closed.", encoding="utf-8")
    assert [name for name, *_ in differences(plan, make_plan(suite, {}))] == ["documents"]


@pytest.mark.parametrize("trait", ["commit", "clean", "code"])
def test_a_run_goes_on_only_with_the_code_that_it_was_begun_with(trait: str, tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    plan = begun(tmp_path / "run", suite, {})
    assert differences(plan, replace(plan, **{trait: "other"})) == [(trait, getattr(plan, trait), "other")]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_a_plan_says_which_commit_it_is_of_and_whether_anything_was_changed_since(tmp_path: Path) -> None:
    package = tmp_path / "src" / "qa"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("_data", "__pycache__"))
    code = "from qa.evals.runner import *; p = make_plan(Suite(name='a', title='a', cases=(), corpora={}), {})\n"
    command = [sys.executable, "-c", code + "print(p.commit, p.clean, p.code)"]

    def said() -> list[str]:
        environment = os.environ | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()

    assert said()[:2] == ["None", "None"]
    git(tmp_path, "init", "--quiet")
    (tmp_path / "README").touch()
    git(tmp_path, "add", "README")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    *unkept, code_before = said()  # as where it is installed below somebody's own repository
    assert unkept == ["None", "None"]
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Go on")
    commit = git(tmp_path, "rev-parse", "--short=12", "HEAD")
    (tmp_path / "README").write_text("No code.")
    assert said() == [commit, "True", code_before]
    (package / "new.py").touch()
    *after, code_after = said()
    assert after == [commit, "False"]
    assert code_after != code_before


def answer(**said: str | bool | None) -> Answer:
    notes = (f"{FELL_BACK}: it is away",) if said["model"] is None else ()
    given = {name: value for name, value in said.items() if value is not None}
    return Answer(question="Who?", query="Who?", text="She.", abstained=False, notes=notes, **given)  # type: ignore[arg-type]


MODEL = {"model": "openai:gpt-5-mini", "embeddings": "minilm-l6-v2", "prompt": "c2bafa8ab9fe"}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"model": "extractive", "prompt": None}, "extractive with minilm-l6-v2 (case-2)"),
        ({"prompt": "000000000000"}, "openai:gpt-5-mini with minilm-l6-v2 with prompt 000000000000 (case-2)"),
        ({"embeddings": "openai:small"}, "openai:gpt-5-mini with openai:small with prompt c2bafa8ab9fe (case-2)"),
        ({"model": None, "prompt": None}, None),  # extractive answering where the model failed
        ({"model": "extractive", "prompt": None, "embeddings": "", "talk": True}, None),
    ],
)
def test_a_run_that_mixes_two_systems_is_refused_naming_both(
    other: dict[str, str | bool | None], said: str | None, tmp_path: Path
) -> None:
    cases = [Case(id=f"case-{n}", question="Who?", answers=("she",)) for n in (1, 2, 3)]
    suite = load_suite(write_suite(tmp_path, cases=cases))
    begin(tmp_path / "run", make_plan(suite, {}))
    with appending(tmp_path / "run" / RECORDS) as append:
        for case, maker in zip(cases, (MODEL, MODEL | other, MODEL), strict=True):
            append(CaseRecord(case=case, answer=answer(**maker)))
    if said is None:
        assert len(load_results(tmp_path / "run").scored) == 3
        return
    first = "openai:gpt-5-mini with minilm-l6-v2 with prompt c2bafa8ab9fe (case-1)"
    with pytest.raises(
        SuiteError, match=re.escape(f"mixes the answers of several systems: {first}, {said}. Run again")
    ):
        load_results(tmp_path / "run")


def test_one_process_at_a_time_makes_a_run(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    plan = begun(tmp_path / "run", suite, {})
    with (
        FileLock(tmp_path / "run" / LOCK),
        pytest.raises(SuiteError, match=r"another process is running .*run. Wait for it"),
    ):
        run_suite(suite, folder=tmp_path / "run", open_system=opening(Reference), plan=plan)
    run_suite(suite, folder=tmp_path / "run", open_system=opening(Reference), plan=plan)
    assert len(read_records(tmp_path / "run" / RECORDS)) == 15
    assert not (tmp_path / "run" / LOCK).exists()


@pytest.mark.parametrize(("line", "meant"), [(4, 5), (9, 10)])
def test_a_run_goes_on_only_behind_the_records_of_its_own_first_cases(tmp_path: Path, line: int, meant: int) -> None:
    suite = load_suite(write_suite(tmp_path))
    plan = begun(tmp_path / "run", suite, {})
    path = tmp_path / "run" / RECORDS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:line], *lines[line:][1:], lines[0]]))
    said = re.escape(f"{path}:{meant}: the case ")
    with pytest.raises(SuiteError, match=f"{said}.* is not the next of the suite. Remove"):
        run_suite(suite, folder=tmp_path / "run", open_system=opening(Reference), plan=plan)


def test_records_without_their_plan_are_nobodys(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    plan = begun(tmp_path / "run", suite, {})
    (tmp_path / "run" / "run.json").unlink()
    run_suite(suite, folder=tmp_path / "run", open_system=opening(Oracular), plan=plan)
    assert {record.answer and record.answer.text for record in read_records(tmp_path / "run" / RECORDS)} == {"I know."}


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match=r"no run can be kept in .*file/run: .*. Choose another folder with --out"):
        run_suite(suite, folder=tmp_path / "file" / "run", open_system=opening(Reference), plan=make_plan(suite, {}))


class Oracular(Reference):
    """Says the same to everything."""

    def ask(self, question: str, *, history: object = ()) -> Answer:
        return Answer(question=question, query=question, text="I know.", abstained=False)


def test_a_run_that_another_process_has_just_begun_keeps_its_records(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    plan = begun(tmp_path / "run", suite, {})
    (tmp_path / "run" / "run.json").unlink()  # as it is while the other one has not written it yet
    before = (tmp_path / "run" / RECORDS).read_bytes()
    with FileLock(tmp_path / "run" / LOCK), pytest.raises(SuiteError, match="another process"):
        run_suite(suite, folder=tmp_path / "run", open_system=opening(Reference), plan=plan)
    assert (tmp_path / "run" / RECORDS).read_bytes() == before
