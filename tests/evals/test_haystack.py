"""Haystacks: how much there is to find a thing in, and that nothing in it is as good as the gold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from evals_systems import HARBOUR, LIBRARY, write_suite
from qa.documents.passages import split_passages
from qa.errors import SuiteError
from qa.evals.haystack import gather, is_particular, names_of, near_copies
from qa.evals.lint import lint
from qa.evals.sources import Sources
from qa.evals.suites import Case, Evidence, Suite, Texts, load_suite, read_corpus
from qa.types import Document

TOWN = {"town/harbour.txt": HARBOUR, "town/library.txt": LIBRARY}


@pytest.fixture(scope="module")
def haystack(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return Sources(home=project / "evals", work=tmp_path_factory.mktemp("work")).open("haystack")


@pytest.fixture(scope="module")
def texts(haystack: Suite) -> Texts:
    return read_corpus(haystack.corpora[""])


def town(folder: Path) -> Suite:
    """A haystack of the town, with no cases of its own."""
    write_suite(folder)
    (folder / "hay").mkdir(exist_ok=True)
    (folder / "hay" / "suite.toml").write_text('title = "Hay"\ngathers = ["../town"]\n')
    return Sources(home=folder, work=folder / "work").open("hay")


def under(room: str, texts: Texts) -> Texts:
    return {name: text for name, text in texts.items() if name.startswith(f"{room}/")}


def asked_documents(texts: Texts) -> Texts:
    return {name: text for name, text in texts.items() if not name.startswith(("far/", "near/"))}


def test_there_is_much_more_to_find_than_what_is_asked_for(texts: Texts) -> None:
    from qa.models.minilm import minilm  # not above: whoever collects the quick tests loads no model

    passages = Counter[str]()
    for name, text in texts.items():
        document = Document(id=name, text=text, title="")
        passages[name.partition("/")[0]] += len(split_passages(document, count_pieces=minilm().count_pieces))
    assert passages["far"] >= 2000
    assert passages["near"] >= 300
    assert set(passages) == {"far", "near", "seeds", "varnholm", "hostile", "office"}


def test_our_haystack_passes_lint_and_says_what_it_was_made_of(haystack: Suite) -> None:
    assert lint(haystack) == []
    assert f"(2,000 docstrings of Python {sys.version.split()[0]}, 134 near copies)" in haystack.title
    assert all(len({each.document for each in case.evidence}) == 2 for case in haystack.cases[:40])
    assert {"two-documents" in case.tags for case in haystack.cases[:40]} == {True}
    assert Counter(case.id.partition("/")[0] for case in haystack.cases[40:]).keys() == {
        "seed", "unanswerable", "injection", "office",
    }  # fmt: skip


def test_retrieval_is_gated_where_it_can_fail_and_nowhere_else(project: Path) -> None:
    suites = [load_suite(head.parent) for head in (project / "evals").glob("*/suite.toml")]
    of_retrieval = {"evidence_recall@5", "nDCG@10"}
    assert {each.name: of_retrieval & {*each.margins} for each in suites if of_retrieval & {*each.primary}} == {
        "haystack": of_retrieval
    }


def test_no_distractor_holds_a_quote_of_the_gold(haystack: Suite, texts: Texts) -> None:
    added = {**under("far", texts), **under("near", texts)}
    quotes = {each.quote for case in haystack.cases for each in case.evidence}
    assert [(name, quote) for name, text in added.items() for quote in quotes if quote in text] == []


def test_no_near_copy_is_about_what_a_question_names(haystack: Suite, texts: Texts) -> None:
    documents = asked_documents(texts)
    names = names_of(documents)
    copied = {*re.findall(r"[A-Z][a-z]+|\d+", " ".join(under("near", texts).values()))}
    assert not names & copied
    assert not {number for case in haystack.cases for number in re.findall(r"\d\d+", case.question)} & copied
    chains = [case for case in haystack.cases if not is_particular(case, documents, names=names)]
    # The second document of these is to be found by way of the first.
    assert all("chain" in case.tags for case in chains)
    for case in chains:
        firsts = (case.model_copy(update={"evidence": (each,)}) for each in case.evidence)
        assert any(is_particular(first, documents, names=names) for first in firsts)


def test_names_are_the_words_that_are_always_capitalised_but_days_and_months() -> None:
    said = (
        "Bees hum. In May the bees of Ruth Calloway flew to Elmet on a Monday; Bees, she wrote to mail@elmet.example."
    )
    assert names_of({"a": said}) == {"Ruth", "Calloway", "Elmet"}


@pytest.mark.parametrize(
    ("question", "is_one"),
    [
        ("When was the harbour of Port Elmet dug?", True),
        ("What was dug in 1874?", True),
        ("When was the harbour dug?", False),  # of any town
        ("When did the Marlin sink?", False),  # which the document of the gold does not name
    ],
)
def test_a_question_is_asked_only_if_it_names_something_of_its_document(question: str, is_one: bool) -> None:
    case = Case(id="x", question=question, evidence=(Evidence(document="town/harbour.txt", quote="dug in 1874"),))
    assert is_particular(case, TOWN, names=names_of(TOWN)) is is_one


@pytest.mark.parametrize(
    ("question", "is_one"), [("Who is the mayor of Port Elmet?", True), ("Who wrote Hamlet?", False)]
)
def test_a_question_without_an_answer_is_asked_if_it_names_something_of_the_documents(
    question: str, is_one: bool
) -> None:
    case = Case(id="x", question=question, answerable=False)
    assert is_particular(case, TOWN, names=names_of(TOWN)) is is_one


def test_a_near_copy_has_other_names_and_numbers_and_no_sentence_that_still_answers() -> None:
    cases = [
        Case(
            id="year",
            question="?",
            answers=("1874",),
            evidence=(evidence("The harbour of Port Elmet was dug in 1874"),),
        ),
        Case(id="depth", question="?", answers=("nine metres",), evidence=(evidence("nine metres deep at low tide"),)),
    ]
    copies = near_copies({"town/harbour.txt": HARBOUR}, cases)
    assert len(copies) == 2
    for copy in copies.values():
        assert copy.startswith("The harbour of ")
        assert " was dug in 18" in copy
        assert not {"Elmet", "1874", "Calloway", "Jonas"} & {*copy.replace(",", " ").replace(".", " ").split()}
        assert "metres" not in copy
        assert "fills the quay for three days" in copy
    assert len({*copies.values()}) == 2


def evidence(quote: str) -> Evidence:
    return Evidence(document="town/harbour.txt", quote=quote)


def test_a_haystack_is_the_same_wherever_it_is_made(tmp_path: Path) -> None:
    one, other = town(tmp_path / "one"), town(tmp_path / "other")
    assert read_corpus(one.corpora[""]) == read_corpus(other.corpora[""])
    assert (one.cases, one.fingerprint) == (other.cases, other.fingerprint)
    assert {case.id for case in one.cases} == {"town/harbour-dug", "town/fair-days", "town/nowhere-0"}
    # Made of other texts it is another suite, so that a run over the one does not go on over the other.
    assert replace(one, made="corpus-0").fingerprint != one.fingerprint


def test_near_copies_do_not_depend_on_the_order_of_sets() -> None:
    script = (
        "from evals_systems import *; from qa.evals.haystack import near_copies; "
        "print(near_copies({'h': HARBOUR, 'l': LIBRARY}, town_cases()))"
    )
    path = os.pathsep.join(each for each in sys.path if each)
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path}, capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_a_python_without_its_sources_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path / "lib")})
    with pytest.raises(SuiteError, match="has 0 docstrings of 120 characters and a haystack takes 2000"):
        town(tmp_path)


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    parts = [load_suite(write_suite(tmp_path / each)) for each in ("a", "b")]
    with pytest.raises(SuiteError, match="have one name, so their documents would"):
        gather(parts[0], parts, work=tmp_path)
