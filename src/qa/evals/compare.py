"""Two runs of the same cases, side by side: what changed, how surely, and whether the gate holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qa.errors import SuiteError
from qa.evals.figures import JUDGED, RATES
from qa.evals.records import CaseRecord
from qa.evals.results import Results
from qa.evals.scoring import Scored, Stage
from qa.evals.statistics import (
    Interval,
    effective_size,
    holm,
    mcnemar,
    minimum_detectable_change,
    paired_interval,
    sign_flip,
)

Pair = tuple[Scored, Scored]
"""A case before and after."""
Outcome = Literal["better", "worse", "no difference seen", "not worse", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """How one figure moved over the `n` cases that both runs define it for.

    `p` is adjusted by Holm over the figures compared; a `margin` says how much may be lost;
    `smallest` is the change such a comparison sees 4 times in 5.
    """

    name: str
    n: int
    before: float
    after: float
    interval: Interval
    p: float
    smallest: float
    margin: float | None = None

    @property
    def delta(self) -> float:
        """The gain, as a share."""
        return self.after - self.before

    @property
    def outcome(self) -> Outcome:
        """The verdict of the gate where there is a margin, else that of the test of no difference."""
        if self.margin is not None:
            return gate(self.interval, self.margin)
        if self.p >= 0.05:
            return "no difference seen"
        return "better" if self.delta > 0 else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A case that came out differently, as it is now; `gain` adds up what its primary scores gained."""

    record: CaseRecord
    was: Stage | None
    now: Stage | None
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything about two runs that differs; `only` counts the cases that just one of them has."""

    changes: tuple[FigureChange, ...]
    flips: tuple[Flip, ...]
    settings: tuple[tuple[str, str, str], ...]
    shared: int
    only: tuple[int, int]

    @property
    def fails(self) -> bool:
        """Whether a gated figure got worse."""
        return any(change.margin is not None and change.outcome == "worse" for change in self.changes)

    @property
    def is_inconclusive(self) -> bool:
        """Whether a gated figure could be worse by more than its margin for all these cases show."""
        return any(change.margin is not None and change.outcome == "inconclusive" for change in self.changes)


def compare(before: Results, after: Results) -> Comparison:
    """The run `after` against the run `before`, over the cases they share.

    A figure that rests on an uncalibrated judge does not gate.
    Raises: SuiteError when they share none.
    """
    earlier = {each.record.case.id: each for each in before.scored}
    pairs = [(earlier[each.record.case.id], each) for each in after.scored if each.record.case.id in earlier]
    if not pairs:
        raise SuiteError(f"{before.folder} and {after.folder} have no case in common. Compare runs of one suite")
    primary = after.plan.primary
    margins = {name: m for name, m in after.plan.margins.items() if after.agreement.calibrated or name not in JUDGED}
    changes = [change for name in dict.fromkeys((*primary, *margins)) if (change := _change(name, pairs)) is not None]
    adjusted = holm({change.name: change.p for change in changes})
    return Comparison(
        changes=tuple(replace(each, p=adjusted[each.name], margin=margins.get(each.name)) for each in changes),
        flips=tuple(sorted(_flips(pairs, primary), key=lambda flip: flip.gain)),
        settings=tuple(_differences(before, after)),
        shared=len(pairs),
        only=(len(before.scored) - len(pairs), len(after.scored) - len(pairs)),
    )


def gate(interval: Interval, margin: float) -> Outcome:
    """Non-inferiority: not worse when the interval of the change lies above -margin.

    Worse when it reaches below and the loss itself is sure; inconclusive when too few cases tell.
    """
    low, high = interval
    if low >= -margin:
        return "not worse"
    return "worse" if high < 0 else "inconclusive"


def _change(name: str, pairs: Sequence[Pair]) -> FigureChange | None:
    """How a figure moved, before its p is adjusted; None where no case has it in both runs."""
    both = [
        (was.scores[name], now.scores[name], now.record.cluster)
        for was, now in pairs
        if name in was.scores and name in now.scores
    ]
    if not both:
        return None
    deltas, clusters = [now - was for was, now, _ in both], [cluster for _, _, cluster in both]
    lost, won = sum(delta < 0 for delta in deltas), sum(delta > 0 for delta in deltas)
    return FigureChange(
        name=name,
        n=len(both),
        before=sum(was for was, _, _ in both) / len(both),
        after=sum(now for _, now, _ in both) / len(both),
        interval=paired_interval(deltas, clusters),
        p=mcnemar(lost, won) if name in RATES else sign_flip(deltas, clusters),
        smallest=minimum_detectable_change(effective_size([now for _, now, _ in both], clusters)),
    )


def _flips(pairs: Sequence[Pair], primary: Sequence[str]) -> Iterator[Flip]:
    for before, after in pairs:
        was, now = before.scores, after.scores
        if was.get("right") != now.get("right") or before.stage != after.stage:
            gain = 10 * (now.get("right", 0) - was.get("right", 0))
            gain += sum(now[name] - was[name] for name in primary if name in was and name in now)
            yield Flip(record=after.record, was=before.stage, now=after.stage, gain=gain)


def _differences(before: Results, after: Results) -> Iterator[tuple[str, str, str]]:
    was = {**before.plan.settings, "commit": str(before.plan.commit), "cases": before.plan.fingerprint}
    now = {**after.plan.settings, "commit": str(after.plan.commit), "cases": after.plan.fingerprint}
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            yield name, was.get(name, "—"), now.get(name, "—")
