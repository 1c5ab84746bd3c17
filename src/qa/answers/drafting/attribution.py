"""A statement of a model and the units it was shown → those that support it, and the verdict on that.

The ids that a model wrote are proposals: they are kept where they support the statement, corrected where another
unit does and they do not. No model is called here, and no text is split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from qa.answers.drafting.citations import Source
from qa.answers.support import EVEN, PARTLY, SUPPORTED, Verdict, check
from qa.words import same_root, terms

TRIED = 3  # units, nearest first, that are checked one by one: a check takes about a millisecond
ADDS = 0.15  # of the weight of a statement's terms that a unit must add to be cited beside another
PART = 0.2  # of the wording that each of several units has alone: others only lend a stray word
GOOD = ("supported", "partly")
_NOTHING = Verdict(support="unsupported", score=0.0, reason="no sentence that the model was shown supports it")

Judge = Callable[[tuple[Source, ...]], Verdict]
Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What a statement cites, and the verdict; `corrected` where the model had cited what does not support it."""

    sources: tuple[Source, ...]
    verdict: Verdict
    corrected: bool = False


class Attributor:
    """Finds what supports a statement among the units that were shown; `idf` says how rare a stem is.

    `asked` are the stems of the question.
    """

    def __init__(self, sources: Sequence[Source], *, idf: Callable[[str], float], asked: frozenset[str]) -> None:
        self._idf = idf
        self._asked = asked
        self._terms = {each: frozenset(terms(each.quote)) for each in sources}

    def attribute(self, text: str, proposed: Sequence[Source]) -> Attribution:
        """The units to cite for a statement, given those that the model cited for it; a row with its header."""
        found = self._attributed(text, proposed)
        return replace(found, sources=_with_headers(found.sources))

    def answering(self, text: str, own: Sequence[Source]) -> Attribution | None:
        """The units to cite for a statement that says of those that answer the question what it asks for; else None.

        Its words that stand in the question are no claim of its own; of the others they hold most.
        """
        weights = {term: EVEN + self._idf(term) for term in {*terms(text), *self._asked}}
        added = {term: weight for term, weight in weights.items() if not _holds(self._asked, term)}
        for unit in self._nearest(own, weights):
            above = [each for each in self._terms if each.passage.document == unit.passage.document]
            above = sorted((each for each in above if each.span.end <= unit.span.start), key=lambda each: each.span.end)
            chosen = self._together(above[-1:], added, begun=(unit,))
            verdict = self._judged(text, (unit,), beside=chosen)  # which may lend a name, and no number
            if verdict.support == "unsupported" and not verdict.missing and self._share(added, chosen) >= SUPPORTED:
                verdict = replace(verdict, support="partly")
            if verdict.support in GOOD and self._share(added, (unit,)) >= PARTLY:
                return Attribution(sources=chosen, verdict=verdict)
        return None

    def _share(self, weights: Weights, units: Sequence[Source]) -> float:
        """How much of the weight these units hold, in the words or others of their roots."""
        held = frozenset[str]().union(*(self._terms[each] for each in units))
        return sum(weight for term, weight in weights.items() if _holds(held, term)) / (sum(weights.values()) or 1.0)

    def _attributed(self, text: str, proposed: Sequence[Source]) -> Attribution:
        weights = {term: self._idf(term) for term in terms(text)}
        judge = cache(lambda sources: self._judged(text, sources))
        own = self._kept(self._nearest(proposed, weights), weights, judge)
        if own.verdict.support == "supported":
            return own
        others = [each for each in self._terms if not weights.keys().isdisjoint(self._terms[each])]
        other = self._found(self._nearest(others, weights), weights, judge)
        if not proposed:
            return other
        better = ("supported",) if own.verdict.support in ("partly", "contradicted") else GOOD
        if other.verdict.support not in better:
            return own
        return Attribution(sources=other.sources, verdict=other.verdict, corrected=True)

    def _kept(self, proposed: Sequence[Source], weights: Weights, judge: Judge) -> Attribution:
        """Those of the model's own that support the statement, alone or together; else the nearest of them."""
        alone = tuple(each for each in proposed[:TRIED] if judge((each,)).support == "supported")
        chosen = self._together(proposed, weights, begun=alone) or tuple(proposed[:TRIED])
        verdict = judge(chosen)
        if alone and verdict.support != "supported":
            chosen, verdict = alone, judge(alone[:1])
        elif verdict.support not in GOOD:
            chosen = tuple(proposed[:TRIED])
            verdict = judge(chosen)
        return Attribution(sources=chosen, verdict=verdict)

    def _found(self, nearest: Sequence[Source], weights: Weights, judge: Judge) -> Attribution:
        """The one unit that supports the statement best, or a few of its document, each with a part of the wording."""
        tried: list[tuple[Source, ...]] = [(each,) for each in nearest[:TRIED]]
        for one in tried:
            if judge(one).support == "supported":
                return Attribution(sources=one, verdict=judge(one))
        if tried and judge(tried[0]).support == "contradicted":
            return Attribution(sources=tried[0], verdict=judge(tried[0]))
        beside = [each for each in nearest if each.passage.document == nearest[0].passage.document]
        tried.append(tuple(each for each in self._together(beside, weights) if judge((each,)).score >= PART))
        options = [each for each in tried if judge(each).support in GOOD]
        best = max(options, key=lambda each: (judge(each).support == "supported", judge(each).score), default=())
        return Attribution(sources=best, verdict=judge(best))

    def _judged(self, text: str, sources: Sequence[Source], beside: Sequence[Source] = ()) -> Verdict:
        if not sources:
            return _NOTHING
        passages = dict.fromkeys(each.passage.id for each in sources)
        about = {each.passage.id: f"{each.passage.title}\n{each.passage.text}" for each in sources}
        context = "\n".join([*(about[each] for each in passages), *(each.quote for each in beside)])
        return check(text, [each.quote for each in _with_headers(sources)], idf=self._idf, context=context)

    def _nearest(self, sources: Sequence[Source], weights: Weights) -> list[Source]:
        """The units by how much of the statement they hold, then the shortest, then as they were shown."""
        held = {each: sum(weight for term, weight in weights.items() if term in self._terms[each]) for each in sources}
        return sorted(held, key=lambda each: (-round(held[each], 6), len(self._terms[each])))

    def _together(
        self, nearest: Sequence[Source], weights: Weights, *, begun: tuple[Source, ...] = ()
    ) -> tuple[Source, ...]:
        """As few of these as hold what any of them holds, each adding its share; those `begun` with stay."""
        chosen, total = begun, sum(weights.values()) or 1.0
        left = weights.keys() - {term for each in chosen for term in self._terms[each]}
        while len(chosen) < TRIED:
            adds = {each: sum(weights[term] for term in left & self._terms[each]) for each in nearest}
            best = max(adds, key=adds.__getitem__, default=None)
            if best is None or adds[best] < ADDS * total:
                break
            chosen, left = (*chosen, best), left - self._terms[best]
        return chosen


def _holds(held: frozenset[str], term: str) -> bool:
    return term in held or any(same_root(term, each) for each in held)


def _with_headers(sources: Sequence[Source]) -> tuple[Source, ...]:
    """These units, and the headers without which their rows say little."""
    headers = dict.fromkeys(each.header for each in sources if each.header)
    return (*sources, *(each for each in headers if each not in sources))
