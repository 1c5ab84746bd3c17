"""Two runs of the same cases, side by side: what changed, how surely, and whether the gate holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qa.errors import SuiteError
from qa.evals.figures import JUDGED, RATES
from qa.evals.records import CaseRecord
from qa.evals.results import Results
from qa.evals.scoring import Stage
from qa.evals.statistics import (
    Interval,
    effective_size,
    holm,
    mcnemar,
    minimum_detectable_change,
    paired_interval,
    sign_flip,
)

Verdict = Literal["better", "worse", "no difference seen", "not worse", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one figure moved over the `n` cases that both runs define it for.

    `p` is adjusted by Holm over the figures compared. `verdict` is the gate's where a `margin` says
    how much may be lost; `smallest` is the change such a comparison sees 4 times in 5.
    """

    name: str
    n: int
    before: float
    after: float
    interval: Interval
    p: float
    margin: float | None
    smallest: float
    verdict: Verdict

    @property
    def delta(self) -> float:
        """What was gained."""
        return self.after - self.before


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

    changes: tuple[Change, ...]
    flips: tuple[Flip, ...]
    settings: tuple[tuple[str, str, str], ...]
    shared: int
    only: tuple[int, int]

    @property
    def fails(self) -> bool:
        """Whether a gated figure got worse."""
        return any(change.margin is not None and change.verdict == "worse" for change in self.changes)

    @property
    def is_inconclusive(self) -> bool:
        """Whether a gated figure could be worse by more than its margin for all these cases show."""
        return any(change.margin is not None and change.verdict == "inconclusive" for change in self.changes)


def compare(before: Results, after: Results) -> Comparison:
    """The run `after` against the run `before`, over the cases they share.

    A figure that rests on an uncalibrated judge does not gate.
    Raises: SuiteError when they share none.
    """
    places = {record.case.id: n for n, record in enumerate(before.records)}
    pairs = [(places[record.case.id], n) for n, record in enumerate(after.records) if record.case.id in places]
    if not pairs:
        raise SuiteError(f"{before.folder} and {after.folder} have no case in common. Compare runs of one suite")
    margins = {name: m for name, m in after.manifest.margins.items() if after.may_gate or name not in JUDGED}
    names = dict.fromkeys((*after.manifest.primary, *margins))
    raw = [each for name in names for each in _changes(name, before, after, pairs, margins.get(name))]
    adjusted = holm({change.name: change.p for change in raw})
    return Comparison(
        changes=tuple(_settled(change, adjusted[change.name]) for change in raw),
        flips=tuple(sorted(_flips(before, after, pairs), key=lambda flip: flip.gain)),
        settings=tuple(_differences(before, after)),
        shared=len(pairs),
        only=(len(before.records) - len(pairs), len(after.records) - len(pairs)),
    )


def gate(interval: Interval, margin: float) -> Verdict:
    """Non-inferiority: not worse when the interval of the change lies above -margin.

    Worse when it reaches below and the loss itself is sure; inconclusive when too few cases tell.
    """
    low, high = interval
    if low >= -margin:
        return "not worse"
    return "worse" if high < 0 else "inconclusive"


def _changes(
    name: str, before: Results, after: Results, pairs: Sequence[tuple[int, int]], margin: float | None
) -> Iterator[Change]:
    both = [(a, b) for a, b in pairs if name in before.scores[a] and name in after.scores[b]]
    if not both:
        return
    was, now = [before.scores[a][name] for a, _ in both], [after.scores[b][name] for _, b in both]
    deltas = [y - x for x, y in zip(was, now, strict=True)]
    clusters = [after.records[b].cluster for _, b in both]
    if name in RATES:
        p = mcnemar(sum(delta < 0 for delta in deltas), sum(delta > 0 for delta in deltas))
    else:
        p = sign_flip(deltas, clusters)
    yield Change(
        name=name,
        n=len(both),
        before=sum(was) / len(was),
        after=sum(now) / len(now),
        interval=paired_interval(deltas, clusters),
        p=p,
        margin=margin,
        smallest=minimum_detectable_change(effective_size(now, clusters)),
        verdict="inconclusive",
    )


def _settled(change: Change, p: float) -> Change:
    if change.margin is not None:
        return replace(change, p=p, verdict=gate(change.interval, change.margin))
    if p >= 0.05:
        return replace(change, p=p, verdict="no difference seen")
    return replace(change, p=p, verdict="better" if change.delta > 0 else "worse")


def _flips(before: Results, after: Results, pairs: Sequence[tuple[int, int]]) -> Iterator[Flip]:
    for a, b in pairs:
        was, now = before.scores[a], after.scores[b]
        names = [name for name in after.manifest.primary if name in was and name in now]
        if was.get("right") != now.get("right") or before.stages[a] != after.stages[b]:
            gain = 10 * (now.get("right", 0) - was.get("right", 0)) + sum(now[name] - was[name] for name in names)
            yield Flip(record=after.records[b], was=before.stages[a], now=after.stages[b], gain=gain)


def _differences(before: Results, after: Results) -> Iterator[tuple[str, str, str]]:
    was = {**before.manifest.settings, "commit": str(before.manifest.commit), "cases": before.manifest.fingerprint}
    now = {**after.manifest.settings, "commit": str(after.manifest.commit), "cases": after.manifest.fingerprint}
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            yield name, was.get(name, "—"), now.get(name, "—")
