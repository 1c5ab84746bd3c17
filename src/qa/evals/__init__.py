"""How good the answers are: suites of questions, runs over them, figures with intervals, comparisons, reports.

    import qa.evals
    print(qa.evals.run("path/to/suite", lambda question, history: "It was in 1874.").figure("right"))

How answers are made is not known here: a system under test is anything that can be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.evals.results import Results
    from qa.evals.suites import Suite

__all__ = ["run"]


def run(
    suite: str | Path | Suite,
    system: object,
    *,
    out: str | Path | None = None,
    name: str | None = None,
    jobs: int = 1,
    done: Callable[[int], None] = lambda count: None,
) -> Results:
    """The results of asking `system` every question of a suite: one of `evals/` by name, a folder, or a `Suite`.

    The system takes `(question, history)` and returns an Answer, a text, or a dict with a part of what `qa ask --json`
    prints and `retrieved`; docs/evaluation.md says more. `name` is what it is called in the run, which is
    kept in a new folder; below `out` it is `out/<suite>`, where a run that was cut short goes on.

    Raises: SuiteError when the suite cannot be used, the system not be asked or understood, or every case crashed.
    """
    from qa.errors import SuiteError
    from qa.evals.results import load_results
    from qa.evals.runner import make_plan, new_folder, run_suite
    from qa.evals.sources import Sources
    from qa.evals.suites import Suite
    from qa.evals.systems import System
    from qa.settings import load_settings

    if not isinstance(suite, Suite):
        suite = Sources().open(str(suite))
    if len(suite.corpora) > 1:
        raise SuiteError(
            f"{suite.name} is asked about {len(suite.corpora)} corpora. Run it with qa.evals.runner.run_suite"
        )
    plan = make_plan(suite, {"model": System(system, name=name).name})
    folder = Path(out) / suite.name if out is not None else new_folder(load_settings().home / "runs", plan)
    run_suite(suite, folder=folder, open_system=lambda _: nullcontext(system), plan=plan, jobs=jobs, done=done)
    return load_results(folder)
