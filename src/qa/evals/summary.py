"""Runs and comparisons as plain text: Markdown for people and pull requests, JUnit XML for CI."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from qa.evals.compare import Comparison, FigureChange
from qa.evals.figures import FEWEST, SIX, named, too_few
from qa.evals.results import Results
from qa.words import visible

MOST_FLIPS = 20


def markdown(results: Results, *, everything: bool = False) -> str:
    """The six figures of a run, or all, as a table, with what they rest on."""
    endings = ", ".join(f"{count} {ending}" for ending, count in results.endings.items())
    crash = next((each.record.error for each in results.scored if each.record.error is not None), None)
    too_small = too_few(results.figures)
    wanted = [each for each in results.figures if everything or each.name in (*results.plan.primary, *SIX)]
    rows = [
        f"| {each.name} | {each.shown} | {each.shown_interval} | {each.n} | {each.undefined or ''} |"
        for each in wanted
        if each.name not in too_small
    ]
    judged = f" Judged by {results.agreement}." if results.agreement is not None else ""
    few = ", ".join(each.name for each in wanted if each.name in too_small)
    left_out = f"\nLeft out, since they rest on fewer than {FEWEST} cases (figures.json has them): {few}.\n"
    came_out = sum(each.stage is None for each in results.scored)
    return "\n".join(
        [
            f"## {results.plan.title}",
            "",
            f"{len(results.scored)} of {results.plan.cases} cases: {endings}; {came_out} came out as they should."
            f"{judged} Smallest change that a comparison sees: {100 * results.smallest_change:.1f} points.",
            "",
            *([f"The first crash: {crash}", ""] if crash else []),
            "| figure | value | 95 % interval | n | undefined |",
            "|---|--:|--:|--:|--:|",
            *rows,
            left_out if few else "",
        ]
    )


def overview(finished: Sequence[Results]) -> str:
    """The primary figures of several runs in one table, and whether their quotes are exact."""
    rows = [
        f"| {results.plan.suite} | {each.name} | {each.shown} | {each.shown_interval} | {each.n} |"
        for results in finished
        for each in named(results.figures, (*results.plan.primary, "citation_exact"))
        if each.name not in too_few(results.figures)
    ]
    return "\n".join(["| suite | figure | value | 95 % interval | n |", "|---|---|--:|--:|--:|", *rows, ""])


def compared(comparison: Comparison) -> str:
    """A comparison as Markdown: settings that differ, changes with their outcomes, flips with the worst first."""
    before, after = comparison.only
    lonely = f"; {before} only in the first, {after} only in the second" if before or after else ""
    lines = [f"{comparison.shared} cases in both runs{lonely}", ""]
    lines += [f"- {name}: {was} → {now}" for name, was, now in comparison.settings]
    lines += ["", "| figure | before | after | change | 95 % interval | p (Holm) | margin | n | outcome |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|---|", *map(_row, comparison.changes), ""]
    lines += [
        f"- {each.record.case.id}: {each.was or 'right'} → {each.now or 'right'} · {each.record.case.question}"
        for each in comparison.flips[:MOST_FLIPS]
    ]
    if len(comparison.flips) > MOST_FLIPS:
        lines.append(f"- and {len(comparison.flips) - MOST_FLIPS} more")
    return "\n".join(lines) + "\n"


def junit(results: Results) -> bytes:
    """A JUnit test suite: a case that went wrong is a failure named after its stage, a crash is an error."""
    failed = sum(each.stage is not None for each in results.scored)
    crashed = results.endings["crashed"]
    suite = ElementTree.Element(
        "testsuite",
        name=results.plan.suite,
        tests=str(len(results.scored)),
        failures=str(failed - crashed),
        errors=str(crashed),
    )
    for record, stage in ((each.record, each.stage) for each in results.scored):
        taken = f"{sum(record.seconds.get(name, 0.0) for name in ('ask', 'search')):.3f}"
        case = ElementTree.SubElement(suite, "testcase", classname=results.plan.suite, name=record.case.id, time=taken)
        if stage is not None:
            kind = "error" if stage == "crashed" else "failure"
            text = record.error or (record.answer.text if record.answer is not None else "")
            ElementTree.SubElement(case, kind, message=stage).text = visible(f"{record.case.question}\n{text}")
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))


def _row(change: FigureChange) -> str:
    low, high = change.interval
    margin = "" if change.margin is None else f"{100 * change.margin:.1f}"
    seen = f": {change.n} cases see changes of {100 * change.smallest:.0f} points or more"
    return (
        f"| {change.name} | {change.before:.1%} | {change.after:.1%} | {100 * change.delta:+.1f} | "
        f"{100 * low:+.1f} … {100 * high:+.1f} | {change.p:.3f} ({change.test}) | {margin} | {change.n} | "
        f"{change.outcome}{seen if change.outcome == 'inconclusive' else ''} |"
    )
