"""`qa eval`: run suites, compare runs, score them again, check suites, write reports.

Exit codes: 0 good, 1 a `QAError` or a suite with problems, 3 a gate not met.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.terminal import progress_bar
from qa.settings import load_settings
from qa.words import visible

if TYPE_CHECKING:
    from qa.evals.results import Results

app = typer.Typer(help="Measure the answers: run suites, compare runs.", no_args_is_help=True, rich_markup_mode=None)

GATE_EXIT = 3
Names = Annotated[list[str], typer.Argument(help="A suite's name or folder, or twins:SUITE.")]
Runs = Annotated[list[Path], typer.Argument(help="Folders of runs.")]
Home = Annotated[Path, typer.Option("--evals", help="The folder of the suites.")]
JudgeName = Annotated[str | None, typer.Option("--judge", help="A language model, such as openai:gpt-5-mini.")]
Price = Annotated[tuple[float, float], typer.Option(help="Dollars per million tokens read and written.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 3 also when a gate is inconclusive.")]
All = Annotated[bool, typer.Option("--all", help="Print every figure, not six.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Run this many cases at most, drawn with --seed.")]
Corpus = Annotated[Path | None, typer.Option(help="The documents of a bare .jsonl file of cases.")]


@app.command()
def run(
    suites: Names,
    model: Annotated[str | None, typer.Option(help="auto, extractive, or provider:model.")] = None,
    embeddings: Annotated[str | None, typer.Option(help="minilm-l6-v2, or provider:model.")] = None,
    top_k: Annotated[int | None, typer.Option(help="Passages to read for an answer.")] = None,
    strictness: Annotated[float | None, typer.Option(help="How sure to be before answering, 0 to 1.")] = None,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn: --limit, twins.")] = 0,
    search_only: Annotated[bool, typer.Option("--search-only", help="Measure retrieval alone.")] = False,
    corpus: Corpus = None,
    jobs: Annotated[int, typer.Option(min=1, help="Cases at a time; more than 1 blurs latencies.")] = 1,
    out: Annotated[Path | None, typer.Option(help="A folder for the runs, a subfolder for each suite.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Earlier runs (their --out or --keep) to gate on.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Where to keep the runs as the baseline of later ones.")] = None,
    strict: Strict = False,
    judge: JudgeName = None,
    price: Price = (0.0, 0.0),
    everything: All = False,
    home: Home = Path("evals"),
) -> None:
    """Ask every question of the suites; a run that was killed goes on where it was."""
    from qa.evals.opening import chatbot_opener, describe
    from qa.evals.report import overview
    from qa.evals.results import keep as keep_run
    from qa.evals.runner import make_plan, new_folder, run_suite, unfinished
    from qa.evals.sources import Sources

    runs = load_settings().home / "runs"
    sources = Sources(home=home, limit=limit, seed=seed, search_only=search_only, corpus=corpus)
    chosen = {"model": model, "embeddings": embeddings, "top_k": top_k, "strictness": strictness}
    opener, load = chatbot_opener(chosen), _loader(judge, home, price)
    failed, finished = False, []
    opened = [sources.open(name) for name in suites]
    earlier = {suite.name: load(baseline / suite.name) for suite in opened if baseline is not None}
    for suite in opened:
        plan = make_plan(suite, describe(chosen))
        folder = out / suite.name if out is not None else unfinished(runs, plan) or new_folder(runs, plan)
        with _progress(suite.name, total=len(suite.cases)) as done:
            run_suite(suite, folder=folder, open_system=opener, plan=plan, jobs=jobs, done=done)
        results = load(folder)
        _finish(results, everything=everything)
        finished.append(results)
        if keep is not None:
            keep_run(folder, under=keep)
        if baseline is not None:
            failed |= _gate_fails(earlier[suite.name], results, strict=strict)
    if len(finished) > 1:
        print(overview(finished))
    if failed:
        sys.exit(GATE_EXIT)


@app.command()
def compare(
    before: Path, after: Path, judge: JudgeName = None, strict: Strict = False, home: Home = Path("evals")
) -> None:
    """Say what changed between two runs, how surely, and whether the gate of the suite holds."""
    load = _loader(judge, home)
    if _gate_fails(load(before), load(after), strict=strict):
        sys.exit(GATE_EXIT)


@app.command()
def score(
    runs: Runs,
    judge: JudgeName = None,
    price: Price = (0.0, 0.0),
    everything: All = False,
    home: Home = Path("evals"),
) -> None:
    """Compute every figure again, from the records alone, and write the reports."""
    load = _loader(judge, home, price)
    for folder in runs:
        _finish(load(folder), everything=everything)


@app.command()
def report(folder: Path, judge: JudgeName = None, home: Home = Path("evals")) -> None:
    """Write the run's report again and say where it is."""
    print(_write(_loader(judge, home)(folder)))


@app.command()
def lint(suites: Names, limit: Limit = None, corpus: Corpus = None, home: Home = Path("evals")) -> None:
    """Check suites: ids, quotes that are not in the documents, answers that no evidence holds."""
    from qa.evals.lint import lint as lint_suite
    from qa.evals.sources import Sources

    sources = Sources(home=home, limit=limit, corpus=corpus)
    problems = 0
    for name in suites:
        suite = sources.open(name)
        found = lint_suite(suite)
        problems += len(found)
        print(f"{suite.name}: {len(suite.cases)} cases, {len(found)} problems")
        for problem in found:
            print(f"  {problem}")
    if problems:
        sys.exit(1)


def _loader(judge: str | None, home: Path, price: tuple[float, float] = (0.0, 0.0)) -> Callable[[Path], Results]:
    """A function that scores the run in a folder, where one is named by a judge whom people's labels calibrate."""
    from qa.evals.judge import load_labels
    from qa.evals.opening import open_judge
    from qa.evals.results import load_results

    labels = load_labels(home / "judge" / "labels.jsonl")

    def load(folder: Path) -> Results:
        named = open_judge(judge, folder=folder) if judge is not None else None
        return load_results(folder, judge=named, labels=labels, price=price)

    return load


def _finish(results: Results, *, everything: bool) -> None:
    from qa.evals.report import markdown

    report = _write(results)
    print(f"{markdown(results, everything=everything)}\n{report}\n")


def _write(results: Results) -> Path:
    """The run's report, after it and all else that is made from the records is written."""
    from qa.evals.report import junit, markdown, render
    from qa.evals.results import REPORT, write_results

    write_results(results)
    (results.folder / REPORT).write_text(render(results), encoding="utf-8", errors="replace")
    (results.folder / "summary.md").write_text(markdown(results, everything=True), encoding="utf-8", errors="replace")
    (results.folder / "junit.xml").write_bytes(junit(results))
    return results.folder / REPORT


def _gate_fails(before: Results, after: Results, *, strict: bool) -> bool:
    """Whether the gate does not hold, after the comparison is printed."""
    from qa.evals.compare import compare as compare_results
    from qa.evals.report import compared

    comparison = compare_results(before, after)
    print(compared(comparison))
    return comparison.fails(strict=strict)


@contextmanager
def _progress(label: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on the terminal's error output; nothing elsewhere."""
    from rich.markup import escape

    with progress_bar() as bar:
        task = bar.add_task(escape(visible(label)), total=total)
        yield lambda count: bar.update(task, completed=count)
