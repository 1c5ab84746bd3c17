"""A run as one HTML page that asks nothing of the network; the page's look is `report.html.jinja`.

Everything that comes from documents, questions or answers is escaped by the template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from qa.evals import charts, metrics
from qa.evals.figures import Figure, answered
from qa.evals.metrics import Region
from qa.evals.records import CaseRecord
from qa.evals.results import Results
from qa.evals.runner import DEPTH
from qa.evals.scoring import Scores, Stage

TEMPLATE = Path(__file__).with_name("report.html.jinja")
RIGHT = "nothing went wrong"
MOST_FAILED, MOST_RIGHT = 400, 200
"""So many cases are shown in full; how many are left out is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quote in pieces, of which some are shared with the other side."""

    head: str
    pieces: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case as the page shows it."""

    record: CaseRecord
    stage: Stage | None
    scores: Scores
    gold: Sequence[Quote]
    cited: Sequence[Quote]
    hits: Sequence[tuple[str, str, bool]]


def render(results: Results) -> str:
    """The page of a run."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"figure": show_value, "interval": show_interval, "bar": _bar}
    views = _views(results)
    failures = Counter(stage for stage in results.stages if stage is not None)
    grouped = {
        stage: [each for each in views if each.stage == stage] for stage in (*dict(failures.most_common()), None)
    }
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        results=results,
        manifest=results.manifest,
        headline=[each for each in map(results.figure, results.manifest.primary) if each is not None],
        failures=failures.most_common(),
        charts=_charts(results),
        groups=[(stage or RIGHT, cases) for stage, cases in grouped.items() if cases],
        right=RIGHT,
        left_out=len(results.records) - len(views),
    )


def show_value(figure: Figure) -> str:
    """The number as people read it."""
    if figure.value is None:
        return "undefined"
    return _number(figure.value, figure)


def show_interval(figure: Figure) -> str:
    """The 95 % interval as people read it, or nothing."""
    if figure.interval is None:
        return ""
    low, high = (_number(each, figure) for each in figure.interval)
    return f"{low} – {high}"


def _number(value: float, figure: Figure) -> str:
    if figure.unit == "seconds":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"
    if figure.unit == "dollars":
        return f"${value:.4f}"
    if figure.unit == "tokens":
        return f"{value:,.0f}"
    return f"{value:.3f}" if figure.name in ("aurc", "nDCG@10", "RR@10") else f"{value:.1%}"


def _bar(figure: Figure) -> Markup:
    low, _ = figure.interval or (figure.value, figure.value)
    if figure.value is None or low is None or figure.unit != "share" or low < 0:
        return Markup("")
    return Markup(charts.interval_bar(figure.value, figure.interval))


def _charts(results: Results) -> list[tuple[str, str, Markup]]:
    """Title, reading and picture of every chart that the run has the numbers for."""
    made = []
    recall = recall_by_context(results.records)
    if recall:
        picture = charts.line_chart([("recall", recall)], across="characters of context", up="evidence", shares=False)
        made.append(("Evidence against context", f"Evidence found in the first 1 to {DEPTH} passages.", picture))
    given = [pair for pair, _ in answered(results.records, results.scores)]
    if len(given) > 1:
        points = metrics.risk_coverage([confidence for confidence, _ in given], [right for _, right in given])
        picture = charts.line_chart([("risk", points)], across="answers given, surest first", up="wrong", steps=True)
        made.append(("Risk and coverage", "How many answers are wrong if only the surest are given.", picture))
    times = [(stage, _times(results.records, stage)) for stage in ("ask", "search")]
    lines = [(stage, [(t * 1000, (n + 1) / len(ts)) for n, t in enumerate(ts)]) for stage, ts in times if len(ts) > 1]
    if lines:
        picture = charts.line_chart(lines, across="milliseconds", up="cases done", shares=False, steps=True)
        names = ", ".join(f"{stage} ({look})" for (stage, _), look in zip(lines, ("line", "dashes"), strict=False))
        made.append(("Latency", f"The share of cases that took no longer: {names}.", picture))
    return [(title, reading, Markup(picture)) for title, reading, picture in made]


def recall_by_context(records: Iterable[CaseRecord]) -> list[tuple[float, float]]:
    """The mean characters of the first k passages, and the mean evidence recall in them, for every k."""
    chosen = [record for record in records if record.found_gold and record.hits]
    points: list[tuple[float, float]] = []
    for depth in range(1, DEPTH + 1 if chosen else 0):
        cut = [([hit.region for hit in record.hits[:depth]], record.found_gold) for record in chosen]
        chars = sum(metrics.length(regions) for regions, _ in cut) / len(cut)
        recall = sum(metrics.evidence_recall(regions, gold) or 0.0 for regions, gold in cut) / len(cut)
        if not points or points[-1][0] < chars:
            points.append((chars, recall))
    return points


def _times(records: Iterable[CaseRecord], stage: str) -> list[float]:
    return sorted(record.seconds[stage] for record in records if stage in record.seconds)


def _views(results: Results) -> list[CaseView]:
    room = {True: MOST_FAILED, False: MOST_RIGHT}
    views = []
    for record, stage, scores in zip(results.records, results.stages, results.scores, strict=True):
        failed = stage is not None
        if room[failed]:
            room[failed] -= 1
            views.append(view(record, stage=stage, scores=scores))
    return views


def view(record: CaseRecord, *, stage: Stage | None, scores: Scores) -> CaseView:
    """A case with its gold and its citations marked where they share characters."""
    gold = [
        Quote(head=evidence.document, pieces=[(evidence.quote, False)])
        if region is None
        else Quote(head=_place(region), pieces=pieces(evidence.quote, region, record.cited))
        for evidence, region in zip(record.case.evidence, record.gold, strict=True)
    ]
    cited = [
        Quote(head=f"[{each.number}] {_place(region)}", pieces=pieces(each.quote, region, record.found_gold))
        for each, region in zip(record.answer.citations if record.answer else (), record.cited, strict=True)
    ]
    hits = [
        (_place(hit.region), f"{hit.score:.3f}", bool(metrics.shared([hit.region], record.found_gold)))
        for hit in record.hits[:10]
    ]
    return CaseView(record=record, stage=stage, scores=scores, gold=gold, cited=cited, hits=hits)


def pieces(quote: str, region: Region, others: Sequence[Region]) -> list[tuple[str, bool]]:
    """The quote of a region, cut where it begins and ceases to share characters with others."""
    cut, at = [], region.start
    for both in metrics.shared([region], others):
        cut += [(quote[at - region.start : both.start - region.start], False)]
        cut += [(quote[both.start - region.start : both.end - region.start], True)]
        at = both.end
    return [piece for piece in [*cut, (quote[at - region.start :], False)] if piece[0]]


def _place(region: Region) -> str:
    return f"{region.document} · {region.start}–{region.end}"
