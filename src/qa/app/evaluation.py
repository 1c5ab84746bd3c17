"""The Quality view: the runs of `qa eval`, their headline figures, and their reports.

A run is looked up among those that are there; no path from the browser ever reaches the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qa.app.events import Name, event
from qa.app.layout import QUICK, Page
from qa.app.render import inert
from qa.app.safety import tell
from qa.errors import SuiteError
from qa.evals.figures import Figure, named
from qa.evals.results import REPORT, read_figures
from qa.evals.runner import PLAN, RunPlan, find_runs

SHOWN = 50  # runs listed, the newest first
_NONE = '<p class="empty">There are no runs yet. Make one in a terminal: <code>qa eval run SUITE</code></p>'


def wire(page: Page, *, runs: Path) -> None:
    """Connect the button that opens the view."""
    page.evaluate.click(lambda: runs_html(runs), None, page.runs, **QUICK)


def report_opener(runs: Path) -> Callable[..., str | None]:
    """The event that gives the browser the HTML of a report, or None when there is none."""

    def open_report(asked: dict[str, Name]) -> str | None:
        folders = (path.parent for path in runs.glob(f"**/{PLAN}"))
        folder = next((each for each in folders if _name(each, runs) == asked.get("run")), None)
        if folder is None or not (folder / REPORT).is_file():
            return None
        return (folder / REPORT).read_text(encoding="utf-8", errors="replace")

    return event(open_report)


def runs_html(runs: Path) -> str:
    """The runs under a folder, the newest first, each with its headline figures."""
    found, errors = find_runs(runs)
    listed = "".join(_run(plan, folder, runs) for folder, plan in found[:SHOWN])
    bad = "".join(map(_bad, errors))
    more = len(found) - SHOWN
    rest = f'<li class="empty">and {more:,} older</li>' if more > 0 else ""
    return f"<ul>{listed}{rest}{bad}</ul>" if found or bad else _NONE


def _bad(error: SuiteError) -> str:
    return f'<li><p class="bad">{inert(tell(error))}</p></li>'


def _run(plan: RunPlan, folder: Path, runs: Path) -> str:
    name = inert(_name(folder, runs))
    try:
        figures = named(read_figures(folder), plan.primary)
    except SuiteError as error:
        return _bad(error)
    shown = "".join(map(_figure, figures))
    model = plan.settings.get("model", "")
    started = plan.started[:16].replace("T", " ")
    about = " · ".join(filter(None, (plan.suite, started, model, plan.revision)))
    title = inert(plan.title)
    button = f'<button type="button" data-run="{name}" data-title="{title}">Report</button>'
    return (
        f"<li><div><h3>{title}</h3><p>{inert(about)} · {plan.cases:,} cases</p></div>"
        f"<dl>{shown}</dl>{button if (folder / REPORT).is_file() else '<span>unfinished</span>'}</li>"
    )


def _figure(figure: Figure) -> str:
    return (
        f'<div title="{inert(figure.about)}"><dt>{inert(figure.name)}</dt><dd><b>{inert(figure.shown)}</b> '
        f"{inert(figure.shown_interval)}, n = {figure.n:,}</dd></div>"
    )


def _name(folder: Path, runs: Path) -> str:
    return folder.relative_to(runs).as_posix()
