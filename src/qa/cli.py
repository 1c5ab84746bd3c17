"""The whole, for a shell: arguments in, one call of the API, text out. Nothing is decided here.

Exit codes: 0 good, 1 a `QAError` (one line, no traceback), 2 usage, 3 an evaluation gate not met.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from qa.errors import DocumentError, QAError
from qa.evals.cli import app as evals
from qa.types import Answer

app = typer.Typer(
    help="Ask your own documents and trust the answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(evals, name="eval")

Model = Annotated[str | None, typer.Option(help="auto, extractive, or provider:model such as openai:gpt-5-mini.")]
Chroma = Annotated[str | None, typer.Option(help="A folder, http://host:8000, or cloud://tenant/database.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command()
def ask(
    question: str,
    model: Model = None,
    chroma: Chroma = None,
    top_k: Annotated[int | None, typer.Option(help="Passages to read.")] = None,
    strictness: Annotated[float | None, typer.Option(help="How sure to be before answering, 0 to 1.")] = None,
    as_json: Json = False,
) -> None:
    """Answer a question, with the exact words of the documents that it rests on."""
    from qa.chatbot import Chatbot

    with Chatbot.open(model=model, chroma=chroma, top_k=top_k, strictness=strictness) as bot:
        if as_json:
            print(bot.ask(question).to_json())
        else:
            _print_stream(bot.stream(question))


@app.command()
def chat(
    model: Model = None,
    chroma: Chroma = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 7860,
    root_path: Annotated[str, typer.Option(help="The path below which a proxy shows the page, such as /qa.")] = "",
    auth: Annotated[str, typer.Option(help="Who may log in: user:password[,user:password …].")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Listen on a network without a login, and mean it.")] = False,
    mcp: Annotated[bool, typer.Option(help="Offer ask and search as MCP tools too.")] = False,
) -> None:
    """Open the chat page."""
    from qa.app import serve
    from qa.chatbot import Chatbot

    with Chatbot.open(model=model, chroma=chroma) as bot:
        serve(bot, host=host, port=port, root_path=root_path, auth=auth, open_=open_, mcp=mcp)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders and files; all known ones when left out.")] = None,
    chroma: Chroma = None,
    rebuild: Annotated[bool, typer.Option(help="Build the whole index anew, in place of what there is.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the index in step with folders and files: new, changed and deleted ones."""
    from dataclasses import asdict

    from qa.chatbot import Chatbot

    with Chatbot.open(chroma=chroma, fill=False) as bot, _progress() as progress:
        report = bot.ingest(*(paths or ()), rebuild=rebuild, progress=progress)
    if as_json:
        _print_json(asdict(report))
    else:
        for name in ("added", "replaced", "removed", "unchanged"):
            print(f"{name:10} {len(getattr(report, name)):6}")
        print(f"{'passages':10} {report.passages:6} embedded")
    if report.failed:
        files = "1 file" if len(report.failed) == 1 else f"{len(report.failed)} files"
        listed = "\n".join(f"  {reason}" for _, reason in report.failed)
        raise DocumentError(f"{files} could not be read, everything else is indexed:\n{listed}")


@app.command()
def status(chroma: Chroma = None, as_json: Json = False) -> None:
    """Say what is indexed, and where."""
    from dataclasses import asdict

    from qa.chatbot import Chatbot

    with Chatbot.open(chroma=chroma, fill=False) as bot:
        found = bot.status()
    if as_json:
        _print_json(asdict(found))
        return
    print(f"index       {found.location} (collection {found.collection})")
    print(f"embeddings  {found.embeddings}")
    print(f"answers     {found.model}")
    print(f"documents   {len(found.documents)}, in {found.passages} passages")
    for record in found.documents:
        print(f"  {record.id}  {record.passages} passages, {record.chars:,} characters, version {record.version}")
    if found.unfinished:
        print("An ingest is under way or was stopped. If none is running: qa ingest")
    if not found.documents:
        print("Nothing is indexed. Run: qa ingest PATH")


@app.command()
def verify(file: Path, chroma: Chroma = None, as_json: Json = False) -> None:
    """Check an exported answer or chat against the index as it is now; exit 1 when a quote no longer holds."""
    from dataclasses import asdict

    from qa.chatbot import Chatbot
    from qa.verification import read_answers
    from qa.verification import verify as verify_answer

    answers = read_answers(file)
    with Chatbot.open(chroma=chroma, fill=False) as bot:
        checks = [check for answer in answers for check in verify_answer(answer, document=bot.document)]
    if as_json:
        _print_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            print(f"{check.finding:8} {check.document}  “{check.quote}”")
        print(f"{sum(check.holds for check in checks)} of {len(checks)} quotes hold")
    if not all(check.holds for check in checks):
        sys.exit(1)


@app.command()
def config(as_json: Json = False) -> None:
    """List the settings in force, and how each is set. Keys are never shown."""
    from qa.settings import Settings, load_settings

    settings = load_settings()
    values: dict[str, Any] = settings.model_dump(mode="json")
    if as_json:
        _print_json(values)
        return
    for name, value in values.items():
        print(f"QA_{name.upper():16} {'' if value is None else value!s:24} {Settings.model_fields[name].description}")
    for name in ("OPENAI_API_KEY", "QA_CHROMA_TOKEN", "CHROMA_API_KEY"):
        print(f"{name:19} {'set, not shown' if os.environ.get(name) else 'not set'}")


def main() -> None:
    """Run the command line; the exit codes are in the module's docstring."""
    from dotenv import load_dotenv

    load_dotenv(".env")  # the clients read their keys from the environment
    try:
        app()
    except QAError as error:
        sys.exit(f"qa: {error}")
    except BrokenPipeError:  # the reader, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _print_stream(events: Iterator[Any]) -> None:
    """Print pieces as they come, then the numbered sources."""
    shown = ""
    for event in events:
        if isinstance(event, str):
            print(event, end="", flush=True)
            shown += event
        elif isinstance(event, Answer):
            text = str(event)
            print(text.removeprefix(shown) if text.startswith(shown) else f"\n\n{text}")


def _print_json(plain: dict[str, Any]) -> None:
    import json

    print(json.dumps(plain, ensure_ascii=False))


@contextmanager
def _progress() -> Iterator[Any]:
    """A progress bar on the terminal's error output; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[passages]} passages"),
    )
    console = Console(stderr=True)
    bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("Indexing", total=None, passages=0)
        yield lambda at: bar.update(task, completed=at.done, total=at.total, passages=at.passages)
