"""Judges: verdicts that are kept, and how far they agree with people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa.answers.prompts import PromptMessage, load_prompt
from qa.errors import ModelError, SuiteError
from qa.evals.judge import (
    FIELDS,
    Complete,
    Label,
    ModelJudge,
    Rules,
    agreement,
    kappa,
    load_labels,
    parse_verdict,
)
from qa.evals.opening import open_judge
from qa.evals.records import CaseRecord, appending
from qa.evals.runner import RECORDS
from qa.evals.suites import Case, Evidence, read_corpus
from qa.settings.resources import resource


class Said:
    """A model that finds what it is shown supported when the claim's first word is in the text; it counts."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, messages: Sequence[PromptMessage]) -> str:
        self.asked += 1
        text, claim = messages[-1].content.split("<claim ")
        word = claim.split("\n")[1].split()[0]
        return f'Sure: {{"supported": {"true" if word in text else "false"}}}'


def judge(folder: Path, complete: Complete) -> ModelJudge:
    prompt = load_prompt(resource("prompts"), "judge", fields=FIELDS)
    return ModelJudge("test", prompt=prompt, complete=complete, verdicts=folder / "verdicts.jsonl")


def test_verdicts_are_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    model = Said()
    first = judge(tmp_path, model)
    assert [first.supports("Ships sail.", "Ships float."), first.supports("Ships sail.", "Cars drive.")] == [
        True,
        False,
    ]
    silent = Said()
    again = judge(tmp_path, silent)
    assert [again.supports("Ships sail.", "Ships float."), again.supports("Ships sail.", "Cars drive.")] == [
        True,
        False,
    ]
    assert (model.asked, silent.asked) == (2, 0)


def test_the_fence_of_what_is_judged_does_not_occur_in_it(tmp_path: Path) -> None:
    hexadecimal = " ".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(256))
    guessed = hashlib.sha256(f"{hexadecimal}\n292292".encode()).hexdigest()[
        :8
    ]  # found by trying one number after another
    assert guessed in hexadecimal
    shown: list[str] = []

    def complete(messages: Sequence[PromptMessage]) -> str:
        shown.append(messages[-1].content)
        return '{"supported": false}'

    judge(tmp_path, complete).supports(hexadecimal, "292292")
    around = shown[0].split(">")[0].removeprefix("<text ")
    assert (shown[0].count(around), around != guessed) == (4, True)


def test_a_model_judges_whether_an_answer_says_the_gold(tmp_path: Path) -> None:
    assert judge(tmp_path, Said()).agrees("When?", "", ["1874"]) is False
    assert Rules().agrees("When?", "In 1874.", ["1874"]) is None


@pytest.mark.parametrize(
    ("reply", "verdict"), [('{"supported": true}', True), ('```json\n{"supported": false, "why": "x"}\n```', False)]
)
def test_a_verdict_is_found_in_what_models_write(reply: str, verdict: bool) -> None:
    assert parse_verdict(reply) is verdict


@pytest.mark.parametrize("reply", ["", "yes", '{"supported": "perhaps"}', "{"])
def test_a_reply_without_a_verdict_is_refused(reply: str) -> None:
    with pytest.raises(ModelError, match="holds no verdict"):
        parse_verdict(reply)


PENSTOCKS = [f"Pump {name} drains the dock through a penstock." for name in ("Ada", "Bea", "Cleo", "Dora")]
SAID, CLAIMED = "The penstock drains the dock.", "The penstock drains the dock slowly."


def test_a_word_that_every_text_holds_weighs_little() -> None:
    # Hardly anybody writes penstock, but these texts all do: what a claim says besides weighs more among them.
    assert Rules().supports(SAID, CLAIMED)
    assert not Rules(PENSTOCKS).supports(SAID, CLAIMED)


def test_a_run_is_judged_by_how_rare_words_are_in_the_gold_of_its_suite(tmp_path: Path) -> None:
    evidence = tuple(Evidence(document="d", quote=text) for text in PENSTOCKS)
    with appending(tmp_path / RECORDS) as append:
        append(CaseRecord(case=Case(id="a", question="?", evidence=evidence)))
    assert not open_judge("rules", folder=tmp_path).supports(SAID, CLAIMED)


def test_kappa_is_cohens() -> None:
    # Cohen's table 20, 5, 10, 15: observed .7, expected .5.
    left = [True] * 25 + [False] * 25
    right = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert kappa(left, right) == pytest.approx(0.4)
    assert kappa([True, True], [True, True]) is None


def test_a_judge_that_always_says_yes_is_uncalibrated(tmp_path: Path) -> None:
    labels = [
        Label(
            premise=f"Tower {n} is {n + 3} metres high.",
            hypothesis=f"Tower {n} is {n + 3 + n % 2} metres high.",
            supported=n % 2 == 0,
        )
        for n in range(20)
    ]
    rules = agreement(Rules(), labels)
    assert rules.calibrated
    assert str(rules).startswith("calibrated: kappa 1.00")

    class Yes(Rules):
        def supports(self, premise: str, hypothesis: str) -> bool:
            return True

    yes = agreement(Yes(), labels)
    assert (yes.kappa, yes.calibrated) == (0, False)
    assert str(yes).startswith("uncalibrated: kappa 0.00")


def test_our_labels_are_balanced_and_about_our_documents(project: Path) -> None:
    labels = load_labels(project / "evals" / "judge" / "labels.jsonl")
    folders = (project / "evals" / "corpora" / "varnholm", project / "seeds")
    texts = "\n".join(text for folder in folders for text in read_corpus(folder).values())
    assert len(labels) >= 100
    assert 0.45 <= sum(label.supported for label in labels) / len(labels) <= 0.55
    assert len({(label.premise, label.hypothesis) for label in labels}) == len(labels)
    assert [label.premise for label in labels if label.premise not in texts] == []


def test_labels_are_read_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"premise": "a", "hypothesis": "b", "supported": true}\n{"premise": "a"}\n')
    with pytest.raises(SuiteError, match=r"labels.jsonl:2: hypothesis: field required"):
        load_labels(path)
