"""The whole, for a shell: arguments in, one call of the API, text out. Nothing is decided here.

Exit codes: 0 good, 1 a `QAError` (one line, no traceback), 2 usage, 3 an evaluation gate not met,
130 stopped by Ctrl+C, 143 by SIGTERM.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa.errors import DocumentError, QAError, SettingsError
from qa.evals.cli import app as evals
from qa.terminal import escaped, guard, progress_bar
from qa.types import Answer, titled

if TYPE_CHECKING:
    from qa.chatbot import Chatbot
    from qa.ingestion import IngestReport

app = typer.Typer(
    help="Ask your own documents and trust the answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(evals, name="eval")
config = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
app.add_typer(config, name="config")

Model = Annotated[str | None, typer.Option(help="auto, extractive, or provider:model such as openai:gpt-5-mini.")]
Chroma = Annotated[str | None, typer.Option(help="A folder, :memory:, http://host:8000, or cloud://tenant/database.")]
AuthFile = Annotated[Path | None, typer.Option("--auth-file", help="Who may log in; qa config login NAME makes it.")]
STOPPED_EXIT, TERMINATED_EXIT = 130, 143
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        import qa

        print(f"qa {qa.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options of the program itself; each command brings its own."""


@app.command()
def ask(
    question: str,
    model: Model = None,
    chroma: Chroma = None,
    top_k: Annotated[int | None, typer.Option(help="Passages to read.")] = None,
    strictness: Annotated[float | None, typer.Option(help="How sure to be before answering, 0 to 1.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="From such documents: date>=2021-07, document=a/*.")] = None,
    as_json: Json = False,
) -> None:
    """Answer a question, with the exact words of the documents that it rests on."""
    from qa.chatbot import Chatbot

    with Chatbot.open(model=model, chroma=chroma, top_k=top_k, strictness=strictness) as bot:
        if as_json:
            print(escaped(bot.ask(question, where=where or ()).to_json()))
        else:
            _print_stream(bot.stream(question, where=where or ()))


@app.command()
def chat(
    model: Model = None,
    chroma: Chroma = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 7860,
    root_path: Annotated[str, typer.Option(help="The path below which a proxy shows the page, such as /qa.")] = "",
    auth_file: AuthFile = None,
    auth: Annotated[str, typer.Option(hidden=True)] = "",
    open_: Annotated[bool, typer.Option("--open", help="Listen on a network without a login, and mean it.")] = False,
    mcp: Annotated[bool, typer.Option(help="Offer ask and search as MCP tools too.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Nobody may add or remove documents.")] = False,
    allowed_host: Annotated[list[str] | None, typer.Option(help="One more name that the page answers to.")] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(help="A proxy whose X-Forwarded headers count: its address.")
    ] = None,
) -> None:
    """Open the chat page."""
    from qa.app import Hosting, serve
    from qa.chatbot import Chatbot

    if auth:
        raise typer.BadParameter("--auth showed passwords to whoever lists processes. Run: qa config login NAME")
    with Chatbot.open(model=model, chroma=chroma, auth_file=auth_file) as bot:
        hosting = Hosting(
            host=host,
            port=port,
            root_path=root_path,
            auth_file=bot.settings.logins_file(),
            open_=open_,
            mcp=mcp,
            read_only=read_only,
            allowed_hosts=tuple(allowed_host or ()),
            proxies=tuple(proxy or ()),
        )
        serve(bot, hosting)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders and files; all known ones when left out.")] = None,
    chroma: Chroma = None,
    rebuild: Annotated[bool, typer.Option(help="Build the whole index anew, in place of what there is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on after every change, until Ctrl+C.")] = False,
    include: Annotated[list[str] | None, typer.Option(help="Look only at such files in this run: *.md.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not at these. For good: a .qaignore file.")] = None,
    ray: Annotated[
        str | None, typer.Option(help="Read and embed on the Ray cluster at this address, or local.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the index in step with folders and files: new, changed, moved and deleted ones."""
    from qa.chatbot import Chatbot
    from qa.selection import Selection

    if (rebuild or ray) and (dry_run or watch):
        raise typer.BadParameter("--dry-run and --watch go with neither --rebuild nor --ray")
    selection = Selection(include=tuple(include or ()), exclude=tuple(exclude or ()))
    named = paths or []
    with Chatbot.open(chroma=chroma, fill=False, repair=rebuild) as bot, _stoppable(bot), _progress() as progress:
        if watch:
            _print_reports(bot.watch(*named, selection=selection, progress=progress), as_json=as_json)
            return
        if dry_run:
            report = bot.survey(*named, selection=selection)
        else:
            report = bot.ingest(*named, selection=selection, rebuild=rebuild, progress=progress, ray=ray)
    _print_report(report, as_json=as_json, named=dry_run)
    if report.failed and not dry_run:
        raise DocumentError(_failures(report))


@app.command()
def remove(documents: list[str], chroma: Chroma = None) -> None:
    """Forget documents, by id as `qa status` lists them; their files stay where they are."""
    from qa.chatbot import Chatbot

    with Chatbot.open(chroma=chroma, fill=False) as bot:
        for document in documents:
            bot.remove(document)
            print(f"removed {document}")


@app.command()
def status(
    chroma: Chroma = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check every document, and the files; 1 if any is off.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is indexed, and where."""
    from dataclasses import asdict

    from qa.chatbot import Chatbot

    with Chatbot.open(chroma=chroma, fill=False) as bot:
        found = bot.status()
        checkup = bot.checkup() if check else None
    if as_json:
        _print_json({**asdict(found), "check": asdict(checkup) if checkup else None})
        sys.exit(0 if checkup is None or checkup.is_good else 1)
    print(f"index       {found.location} (collection {found.collection})")
    print(f"embeddings  {found.embeddings}")
    print(f"answers     {found.model}")
    print(f"documents   {len(found.documents)}, in {_count(found.passages, 'passage')}")
    for record in found.documents:
        named = ", ".join(filter(None, (titled(record.id, record.title), record.date)))
        print(f"  {named}: {_count(record.passages, 'passage')}, {record.chars:,} characters, version {record.version}")
    if found.unfinished:
        print("An ingest is under way or was stopped. If none is running: qa ingest")
    if not found.documents:
        print("Nothing is indexed. Run: qa ingest PATH")
    if checkup is not None:
        print("".join(f"  {finding}\n" for finding in checkup.findings), end="")
        print("Everything is whole and in step" if checkup.is_good else _count(len(checkup.findings), "finding"))
        sys.exit(0 if checkup.is_good else 1)


@app.command()
def verify(file: Path, chroma: Chroma = None, as_json: Json = False) -> None:
    """Check an exported answer or chat against the index; exit 1 when a quote or a sentence's verdict does not hold."""
    from dataclasses import asdict

    from qa.chatbot import Chatbot
    from qa.verification import read_answers

    answers = read_answers(file)
    with Chatbot.open(chroma=chroma, fill=False) as bot:
        found = [bot.verify(answer) for answer in answers]
    checks = [check for each in found for check in each.quotes]
    sentences = [check for each in found for check in each.sentences]
    if as_json:
        _print_json({"checks": [*map(asdict, checks)], "sentences": [*map(asdict, sentences)]})
    else:
        for check in checks:
            print(f"{check.finding:8} {check.document}  “{check.quote}”")
        print("".join(f"unfounded  “{each.text}”: {each.reason}\n" for each in sentences if not each.holds), end="")
        print(f"{sum(check.holds for check in checks)} of {len(checks)} quotes hold")
        print(f"{sum(each.holds for each in sentences)} of {len(sentences)} sentences hold")
    sys.exit(0 if all(each.holds for each in found) else 1)


@config.callback()
def list_settings(context: typer.Context, as_json: Json = False) -> None:
    """List the settings in force, and where each comes from. Keys are never shown."""
    from qa.settings import KEYS, Settings, load_settings

    if context.invoked_subcommand:
        return
    settings = load_settings()
    origins = {name: settings.origin(name) for name in Settings.model_fields}
    keys = {name: settings.key_origin(name) for name in KEYS}
    if as_json:
        _print_json({**settings.shown(), "origins": origins, "keys": keys})
        return
    for name, value in settings.shown().items():
        shown = "" if value is None else str(value) if str(value).isprintable() else repr(value)
        print(f"QA_{name.upper():20} {shown:20} {origins[name]:11} {Settings.model_fields[name].description}")
    for name, origin in keys.items():
        print(f"{name:23} {f'set, not shown ({origin})' if origin else 'not set'}")


@config.command()
def login(name: str, auth_file: AuthFile = None) -> None:
    """Add a login to the file of those who may open the page, or give it a new password, which is asked for."""
    from qa.app.logins import add_login
    from qa.settings import load_settings

    settings = load_settings(auth_file=auth_file)
    file = settings.logins_file() or settings.home / "logins"
    add_login(file, name, _password())
    print(f"{name} may log in. Serve the page with: qa chat --auth-file {file}")


def _password() -> str:
    """The password that is typed twice, unseen; where nobody types, the first line of the input."""
    from getpass import getpass

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise SettingsError("the two passwords differ. Run the command again")
    return password


def main() -> None:
    """Run the command line; the exit codes are in the module's docstring."""
    from qa.settings import notices

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character gets a question mark
    os.umask(0o077)  # what is written here has the documents' words in it
    guard()
    logging.basicConfig(format="qa: %(message)s")
    log = logging.getLogger("qa")
    log.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED_EXIT))  # so that what is temporary goes
    try:
        for notice in notices(every=sys.argv[1:2] == ["config"]):
            log.warning(notice)
        app()
    except QAError as error:
        print(f"qa: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(STOPPED_EXIT)
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


def _print_reports(reports: Iterator[IngestReport], *, as_json: bool) -> None:
    """Print the first report and every one that says something, until Ctrl+C."""
    with suppress(KeyboardInterrupt):
        for number, report in enumerate(reports):
            if number == 0 or not report.is_empty:
                _print_report(report, as_json=as_json, named=number > 0)
                if report.failed:
                    print(f"qa: {_failures(report)}", file=sys.stderr)
                sys.stdout.flush()


def _print_report(report: IngestReport, *, as_json: bool, named: bool) -> None:
    """Print what an ingest did, with the name of each document when `named`."""
    from dataclasses import asdict

    if as_json:
        _print_json(asdict(report))
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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _failures(report: IngestReport) -> str:
    files = _count(len(report.failed), "file")
    listed = "\n".join(f"  {reason}" for _, reason in report.failed)
    return f"{files} could not be read, everything else is indexed:\n{listed}"


def _print_json(plain: dict[str, Any]) -> None:
    import json

    print(escaped(json.dumps(plain, ensure_ascii=False)))


@contextmanager
def _stoppable(bot: Chatbot) -> Iterator[None]:
    """Ctrl+C ends the command with what is in the index by then."""
    try:
        yield
    except KeyboardInterrupt:
        with suppress(QAError):
            kept = len(bot.documents())
            are = "is" if kept == 1 else "are"
            print(
                f"qa: stopped; {_count(kept, 'document')} {are} kept. Run it again: it goes on where it stopped",
                file=sys.stderr,
            )
        sys.exit(STOPPED_EXIT)


@contextmanager
def _progress() -> Iterator[Any]:
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
