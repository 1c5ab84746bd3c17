"""A run as one HTML page that asks nothing of the network; how it looks, charts too, is `report.html.jinja`.

Everything that comes from documents, questions or answers is escaped by the template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from qa.evals import metrics
from qa.evals.figures import answered, by_tag, named
from qa.evals.metrics import Region
from qa.evals.ranking import DEPTH
from qa.evals.records import CaseRecord
from qa.evals.results import Results, maker
from qa.evals.scoring import Scored

TEMPLATE = Path(__file__).with_name("report.html.jinja")
RIGHT = "nothing went wrong"
MOST_SHOWN = 200
"""The number of cases of a stage that are shown in full; the page says how many are left out."""


def render(results: Results) -> str:
    """The page of a run."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(pieces=pieces, shared=metrics.shared, zip=zip)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    confidence, right, _ = answered(results.scored)
    return template.render(
        results=results,
        plan=results.plan,
        headline=named(results.figures, results.plan.primary),
        tags=by_tag(results.scored),
        makers=sorted({maker(answer) for each in results.scored if (answer := each.record.answer) and not answer.talk}),
        recall=recall_by_context([each.record for each in results.scored]),
        risk=metrics.risk_coverage(confidence, right),
        depth=DEPTH,
        groups=_by_stage(results.scored),
        right=RIGHT,
        most=MOST_SHOWN,
    )


def _by_stage(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """The cases that went wrong at each stage, most first, then those that did not."""
    counts = Counter(each.stage for each in scored)
    stages = sorted(counts, key=lambda stage: (stage is None, -counts[stage]))
    return {stage or RIGHT: [each for each in scored if each.stage == stage] for stage in stages}


def recall_by_context(records: Sequence[CaseRecord]) -> list[tuple[float, float]]:
    """The mean characters of the first k passages, and the mean evidence recall in them, for every k."""
    chosen = [record for record in records if record.found_gold and record.hits]
    points: list[tuple[float, float]] = []
    for depth in range(1, DEPTH + 1 if chosen else 0):
        cut = [(record.found[:depth], record.found_gold) for record in chosen]
        chars = sum(metrics.length(regions) for regions, _ in cut) / len(cut)
        recall = sum(metrics.evidence_recall(regions, gold) or 0.0 for regions, gold in cut) / len(cut)
        if not points or points[-1][0] < chars:
            points.append((chars, recall))
    return points


def pieces(quote: str, region: Region, others: Sequence[Region]) -> list[tuple[str, bool]]:
    """The quote of a region, cut where it begins and ceases to share characters with others."""
    cut, at = [], region.start
    for both in metrics.shared([region], others):
        cut += [(quote[at - region.start : both.start - region.start], False)]
        cut += [(quote[both.start - region.start : both.end - region.start], True)]
        at = both.end
    return [piece for piece in [*cut, (quote[at - region.start :], False)] if piece[0]]
