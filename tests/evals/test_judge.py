"""Judges: verdicts that are kept, and how far they agree with people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evals_systems import word_judge
from qa.errors import ModelError, SuiteError
from qa.evals.judge import (
    FIELDS,
    Complete,
    Judge,
    Label,
    agreement,
    kappa,
    load_labels,
    parse_verdict,
)
from qa.evals.suites import read_corpus
from qa.settings.resources import resource

if TYPE_CHECKING:
    from qa.answers.prompts import PromptMessage


class Said:
    """A model that finds what it is shown supported when the claim's first word is in the text; it counts."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, messages: Sequence[PromptMessage]) -> str:
        self.asked += 1
        text, claim = messages[-1].content.split("<claim ")
        word = claim.split("\n")[1].split()[0]
        return f'Sure: {{"supported": {"true" if word in text else "false"}}}'


def judge(folder: Path, complete: Complete) -> Judge:
    from qa.answers.prompts import load_prompt  # with LangChain, which the quick tests do without

    prompt = load_prompt(resource("prompts"), name="judge", fields=FIELDS)
    return Judge("test", prompt=prompt, complete=complete, verdicts=folder / "verdicts.jsonl")


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


@pytest.mark.parametrize(
    ("reply", "verdict"), [('{"supported": true}', True), ('```json\n{"supported": false, "why": "x"}\n```', False)]
)
def test_a_verdict_is_found_in_what_models_write(reply: str, verdict: bool) -> None:
    assert parse_verdict(reply) is verdict


@pytest.mark.parametrize("reply", ["", "yes", '{"supported": "perhaps"}', "{"])
def test_a_reply_without_a_verdict_is_refused(reply: str) -> None:
    with pytest.raises(ModelError, match="holds no verdict"):
        parse_verdict(reply)


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
    careful = agreement(word_judge(tmp_path), labels)
    assert careful.calibrated
    assert str(careful).startswith("words, calibrated: kappa 1.00")
    yes = agreement(judge(tmp_path, lambda messages: '{"supported": true}'), labels)
    assert (yes.kappa, yes.calibrated) == (0, False)
    assert str(yes).startswith("test, uncalibrated: kappa 0.00")


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
