"""A language model as the judge of whether a text establishes a claim, and how far it agrees with people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from qa.answers.drafting.context import fence
from qa.errors import ModelError
from qa.evals.statistics import Interval, bootstrap
from qa.evals.suites import Strict, parse_lines

if TYPE_CHECKING:
    from qa.answers.prompts import Prompt, PromptMessage  # LangChain's, which scoring a run again does not need

FLOOR = 0.4  # of Cohen's kappa of a judge that may gate; Landis and Koch (1977) call less "fair" at best
Complete = Callable[["Sequence[PromptMessage]"], str]  # a language model: messages in, its reply out
FIELDS = ("fence", "hypothesis", "premise")


class Label(Strict):
    """One hand-labelled pair."""

    premise: str
    hypothesis: str
    supported: bool


class _Reply(BaseModel):
    supported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How the judge of this name agrees with people over `n` pairs; kappa is None where that cannot be told."""

    judge: str
    n: int
    kappa: float | None
    interval: Interval | None

    @property
    def calibrated(self) -> bool:
        """Whether the judge may gate."""
        return self.kappa is not None and self.kappa >= FLOOR

    def __str__(self) -> str:
        """The judge and how far it is to be trusted, in words."""
        if not self.n:
            return f"{self.judge}, uncalibrated: there are no labels to compare with"
        if self.kappa is None:
            return f"{self.judge}, uncalibrated: its agreement on {self.n} labels cannot be told from chance"
        between = f" ({self.interval[0]:.2f} to {self.interval[1]:.2f})" if self.interval is not None else ""
        state = "calibrated" if self.calibrated else "uncalibrated"
        return f"{self.judge}, {state}: kappa {self.kappa:.2f}{between} with people on {self.n} labels"


class Judge:
    """A language model asked through a prompt with the fields of `FIELDS`; its verdicts are kept, to be had again."""

    def __init__(self, name: str, *, prompt: Prompt, complete: Complete, verdicts: Path) -> None:
        self.name = name
        self._prompt = prompt
        self._complete = complete
        self._verdicts = verdicts
        lines = verdicts.read_text(encoding="utf-8").splitlines() if verdicts.exists() else []
        self._known: dict[str, bool] = dict(map(json.loads, lines))

    def supports(self, premise: str, hypothesis: str) -> bool:
        """Whether the model says so.

        Raises: ModelError when its reply holds no verdict.
        """
        around = fence(f"{premise}\n{hypothesis}")
        messages = self._prompt.fill(premise=premise, hypothesis=hypothesis, fence=around)
        key = hashlib.sha256(repr((self.name, messages)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        if key not in self._known:
            self._known[key] = parse_verdict(self._complete(messages))
            with self._verdicts.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self._known[key]]) + "\n")
        return self._known[key]

    def agrees(self, question: str, answer: str, golds: Sequence[str]) -> bool:
        """Whether the model finds a gold answer in the answer."""
        if not answer:
            return False
        said = f"Question: {question}\nAnswer: {answer}"
        return any(self.supports(said, f"The answer to “{question}” is: {gold}") for gold in golds)


def parse_verdict(reply: str) -> bool:
    """The verdict in a reply such as `{"supported": true}`, whatever stands around it.

    Raises: ModelError when there is none.
    """
    written = reply[reply.find("{") : reply.rfind("}") + 1]  # empty when there is none
    try:
        return _Reply.model_validate_json(written).supported
    except ValidationError as error:
        raise ModelError(f"the judge's reply holds no verdict: {reply!r:.200}. Use another model to judge") from error


def load_labels(path: Path) -> list[Label]:
    """The hand-labelled pairs of a JSON Lines file; none where there is no file.

    Raises: SuiteError naming the file and line.
    """
    return list(parse_lines(Label, path).values()) if path.is_file() else []


def agreement(judge: Judge, labels: Sequence[Label]) -> Agreement:
    """How the judge agrees with the labels."""
    said = [judge.supports(label.premise, label.hypothesis) for label in labels]
    gold = [label.supported for label in labels]
    interval = bootstrap(lambda picks: kappa([said[n] for n in picks], [gold[n] for n in picks]), range(len(labels)))
    return Agreement(judge=judge.name, n=len(labels), kappa=kappa(said, gold), interval=interval)


def kappa(left: Sequence[bool], right: Sequence[bool]) -> float | None:
    """Agreement beyond chance, from -1 to 1; None when chance alone would agree throughout, or there is nothing.

    Source: Cohen, "A Coefficient of Agreement for Nominal Scales" (1960).
    """
    n = len(left)
    if not n:
        return None
    observed = sum(a == b for a, b in zip(left, right, strict=True)) / n
    yes_left, yes_right = sum(left) / n, sum(right) / n
    chance = yes_left * yes_right + (1 - yes_left) * (1 - yes_right)
    return None if chance == 1 else (observed - chance) / (1 - chance)
