"""Two runs of the same cases, side by side: what changed, how surely, and whether the gate holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from qa.errors import SuiteError
from qa.evals import statistics
from qa.evals.figures import JUDGED, Kinds, Scores, figure_of, is_rate
from qa.evals.records import CaseRecord
from qa.evals.results import Results
from qa.evals.runner import differences
from qa.evals.scoring import Scored
from qa.evals.stages import Stage
from qa.evals.statistics import Interval

Pair = tuple[Scored, Scored]  # a case before and after
Outcome = Literal["better", "worse", "no difference seen", "not worse", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """How one figure moved over the `n` cases that both runs define it for.

    `p`, of the `test` named, is adjusted by Holm over the figures compared; a `margin` says how much may be lost;
    `smallest` is the change such a comparison sees 4 times in 5.
    """

    name: str
    n: int
    before: float
    after: float
    interval: Interval
    p: float
    test: str
    smallest: float
    margin: float | None = None

    @property
    def delta(self) -> float:
        """The gain, as a share."""
        return self.after - self.before

    @property
    def outcome(self) -> Outcome:
        """The verdict of the gate where there is a margin, else that of the test of no difference.

        The gate is one of non-inferiority: not worse when the interval of the change lies above -margin; worse when it
        reaches below and the loss itself is sure; inconclusive when too few cases tell.
        """
        if self.margin is not None:
            low, high = self.interval
            return "not worse" if low >= -self.margin else "worse" if high < 0 else "inconclusive"
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
    settings: tuple[tuple[str, object, object], ...]
    shared: int
    only: tuple[int, int]

    def fails(self, *, strict: bool = False) -> bool:
        """Whether a gated figure got worse; if `strict`, also whether one could have, by more than its margin."""
        bad = ("worse", "inconclusive") if strict else ("worse",)
        return any(change.margin is not None and change.outcome in bad for change in self.changes)


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
    trusted = after.agreement is not None and after.agreement.calibrated
    margins = {name: margin for name, margin in after.plan.margins.items() if trusted or name not in JUDGED}
    changes = [change for name in dict.fromkeys((*primary, *margins)) if (change := _change(name, pairs)) is not None]
    adjusted = statistics.holm({change.name: change.p for change in changes})
    return Comparison(
        changes=tuple(replace(each, p=adjusted[each.name], margin=margins.get(each.name)) for each in changes),
        flips=tuple(sorted(_flips(pairs, primary), key=lambda flip: flip.gain)),
        settings=tuple(differences(before.plan, after.plan)),
        shared=len(pairs),
        only=(len(before.scored) - len(pairs), len(after.scored) - len(pairs)),
    )


def _change(name: str, pairs: Sequence[Pair]) -> FigureChange | None:
    """How a figure moved, before its p is adjusted; None where no case has it in both runs."""
    both = [pair for pair in pairs if all(name in each.scores for each in pair)]
    if not both:
        return None
    was, now = (np.array([each.scores[name] for each in side]) for side in zip(*both, strict=True))
    clusters = [after.record.cluster for _, after in both]
    answerable = np.array([after.record.case.answerable for _, after in both])

    def gain(was: Scores, now: Scores, answerable: Kinds) -> float:
        return figure_of(name, now, answerable) - figure_of(name, was, answerable)

    def swapped(sides: Kinds) -> float:
        return gain(np.where(sides, now, was), np.where(sides, was, now), answerable)

    exact = name != "headline" and is_rate([*was, *now])
    low, high = statistics.paired_interval(list(now - was), clusters)
    if name == "headline":  # no mean of differences: as wide as that is, or as the bootstrap makes it
        middle, half = gain(was, now, answerable), (high - low) / 2
        ends = statistics.bootstrap(
            lambda picks: gain(was[picks], now[picks], answerable[picks]), clusters, kinds=answerable
        ) or (middle, middle)
        low, high = max(-1.0, min(ends[0], middle - half)), min(1.0, max(ends[1], middle + half))
    if exact:
        p = statistics.mcnemar(int((now < was).sum()), int((now > was).sum()))
    else:
        p = statistics.swap_test(swapped, clusters)
    return FigureChange(
        name=name,
        n=len(both),
        before=figure_of(name, was, answerable),
        after=figure_of(name, now, answerable),
        interval=(low, high),
        p=p,
        test="exact McNemar" if exact else "swaps",
        smallest=statistics.minimum_detectable_change(statistics.effective_size(list(now), clusters)),
    )


def _flips(pairs: Sequence[Pair], primary: Sequence[str]) -> Iterator[Flip]:
    for before, after in pairs:
        was, now = before.scores, after.scores
        if was.get("headline") != now.get("headline") or before.stage != after.stage:
            gain = 10 * (now.get("headline", 0) - was.get("headline", 0))
            gain += sum(now[name] - was[name] for name in primary if name in was and name in now)
            yield Flip(record=after.record, was=before.stage, now=after.stage, gain=gain)
