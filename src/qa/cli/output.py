"""Printing of answers, reports and progress, and the exit codes of a command that is stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from qa.cli.terminal import escaped, progress_bar
from qa.errors import QAError
from qa.types import Answer, Short

if TYPE_CHECKING:
    from qa.chatbot import Chatbot
    from qa.ingestion.ingest import IngestReport

STOPPED_EXIT, TERMINATED_EXIT = 130, 143


def print_stream(events: Iterator[Any]) -> None:
    """Print the short answer and the pieces as they come, then the numbered sources."""
    shown = ""
    for event in events:
        if isinstance(event, str | Short):
            piece = f"{event}\n\n" if isinstance(event, Short) else event
            print(piece, end="", flush=True)
            shown += piece
        elif isinstance(event, Answer):
            text = str(event)
            print(text.removeprefix(shown) if text.startswith(shown) else f"\n\n{text}")


def print_reports(reports: Iterator[IngestReport], *, as_json: bool) -> None:
    """Print the first report and every one that says something, until Ctrl+C."""
    with suppress(KeyboardInterrupt):
        for number, report in enumerate(reports):
            if number == 0 or not report.is_empty:
                print_report(report, as_json=as_json, named=number > 0)
                if report.failed:
                    print(f"qa: {failures(report)}", file=sys.stderr)
                sys.stdout.flush()


def print_report(report: IngestReport, *, as_json: bool, named: bool) -> None:
    """Print what an ingest did, with the name of each document when `named`."""
    from dataclasses import asdict

    if as_json:
        print_json(asdict(report))
        return
    for kind in ("added", "replaced", "removed", "unchanged"):
        documents = getattr(report, kind)
        print(f"{kind:10} {len(documents):6}")
        if named and kind != "unchanged":
            print("".join(f"  {document}\n" for document in documents), end="")
    print(f"{'failed':10} {len(report.failed):6}")
    print(f"{'passages':10} {report.passages:6} embedded")
    if report.set_aside:
        print(f"The index was damaged. What is left of it was moved to {report.set_aside}")


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def failures(report: IngestReport) -> str:
    """How many files could not be read, and a line for each."""
    files = counted(len(report.failed), "file")
    listed = "\n".join(f"  {reason}" for _, reason in report.failed)
    return f"{files} could not be read, everything else is indexed:\n{listed}"


def print_json(plain: dict[str, Any]) -> None:
    import json

    print(escaped(json.dumps(plain, ensure_ascii=False)))


@contextmanager
def stoppable(bot: Chatbot) -> Iterator[None]:
    """On Ctrl+C, end the command and say what is in the index by then."""
    try:
        yield
    except KeyboardInterrupt:
        with suppress(QAError):
            kept = counted(len(bot.documents()), "document")
            print(f"qa: stopped; the index keeps {kept}. Run it again: it goes on where it stopped", file=sys.stderr)
        sys.exit(STOPPED_EXIT)


@contextmanager
def ingest_progress() -> Iterator[Any]:
    """A progress bar on the terminal's error output; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[passages]:,} passages, {task.fields[rate]:.0f} a second")
    columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with progress_bar(*columns) as bar:
        task = bar.add_task("Indexing", total=None, passages=0, rate=0.0)
        started = time.monotonic()
        yield lambda at: bar.update(
            task,
            completed=at.done,
            total=at.total,
            passages=at.passages,
            rate=at.passages / max(time.monotonic() - started, 1e-3),
        )
