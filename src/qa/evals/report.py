"""A run, or two beside each other, as people and machines read them, each by a template of this folder.

The page asks nothing of the network; what documents, questions or answers say is escaped in it and in XML.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from qa.evals import metrics
from qa.evals.compare import Comparison
from qa.evals.figures import FEWEST, SIX, answered, by_tag, named, too_few
from qa.evals.metrics import Region
from qa.evals.records import CaseRecord
from qa.evals.results import Results, maker
from qa.evals.scoring import DEPTH
from qa.words import visible

RIGHT = "nothing went wrong"
MOST_SHOWN = 200  # the number of cases of a stage that are shown in full; the page says how many are left out
MOST_FLIPS = 20


def render(results: Results) -> str:
    """The page of a run."""
    confidence, right, _ = answered(results.scored)
    counts = Counter(each.stage for each in results.scored)
    stages = sorted(counts, key=lambda stage: (stage is None, -counts[stage]))  # most first, then what went right
    return _filled(
        "report.html.jinja",
        results=results,
        plan=results.plan,
        headline=named(results.figures, results.plan.primary),
        tags=by_tag(results.scored),
        makers=sorted({maker(answer) for each in results.scored if (answer := each.record.answer) and not answer.talk}),
        recall=recall_by_context([each.record for each in results.scored]),
        risk=metrics.risk_coverage(confidence, right),
        depth=DEPTH,
        groups={stage or RIGHT: [each for each in results.scored if each.stage == stage] for stage in stages},
        right=RIGHT,
        most=MOST_SHOWN,
        pieces=pieces,
        shared=metrics.shared,
        zip=zip,
    )


def markdown(results: Results, *, everything: bool = False) -> str:
    """The six figures of a run, or all, as a table, with what they rest on."""
    few = too_few(results.figures)
    wanted = [each for each in results.figures if everything or each.name in (*results.plan.primary, *SIX)]
    return _filled(
        "run.md.jinja",
        results=results,
        shown=[each for each in wanted if each.name not in few],
        few=[each.name for each in wanted if each.name in few],
        fewest=FEWEST,
    )


def overview(finished: Sequence[Results]) -> str:
    """The primary figures of several runs in one table, and whether their quotes are exact."""
    rows = [
        (results.plan.suite, each)
        for results in finished
        for each in named(results.figures, (*results.plan.primary, "citation_exact"))
        if each.name not in too_few(results.figures)
    ]
    return _filled("overview.md.jinja", rows=rows)


def compared(comparison: Comparison) -> str:
    """A comparison as Markdown: settings that differ, changes with their outcomes, flips with the worst first."""
    return _filled("comparison.md.jinja", comparison=comparison, most=MOST_FLIPS)


def junit(results: Results) -> bytes:
    """A JUnit test suite: a case that went wrong is a failure named after its stage, a crash is an error."""
    return _filled("junit.xml.jinja", results=results, visible=visible).encode()


def _filled(name: str, **given: object) -> str:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=lambda name: name is None or not name.endswith(".md.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return templates.get_template(name).render(given)


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
