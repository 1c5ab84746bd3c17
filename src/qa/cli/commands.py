"""The commands: arguments in, one call of the API, text out. Nothing is decided here."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from qa.cli.config import config
from qa.cli.evals import app as evals
from qa.cli.options import AuthFile, Chroma, Json, Model
from qa.cli.output import (
    counted,
    failures,
    ingest_progress,
    print_json,
    print_report,
    print_reports,
    print_stream,
    stoppable,
)
from qa.cli.terminal import escaped
from qa.errors import DocumentError, StoreMissingError
from qa.types import titled

OUTLINE_CHARS, MOST_INDENTS = 100, 10

app = typer.Typer(
    help="Ask your own documents and trust the answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(evals, name="eval")
app.add_typer(config, name="config")


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
    where: Annotated[
        list[str] | None, typer.Option(help="Ask only documents that meet this: date>=2021-07, document=a/*.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Answer a question, with the exact words of the documents that it rests on."""
    from qa.chatbot import Chatbot

    with Chatbot.open(model=model, chroma=chroma, top_k=top_k, strictness=strictness) as bot:
        if as_json:
            print(escaped(bot.ask(question, where=where or ()).to_json()))
        else:
            print_stream(bot.stream(question, where=where or ()))


@app.command()
def chat(
    model: Model = None,
    chroma: Chroma = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 7860,
    root_path: Annotated[str, typer.Option(help="The path below which a proxy shows the page, such as /qa.")] = "",
    auth_file: AuthFile = None,
    auth: Annotated[str, typer.Option(hidden=True)] = "",
    open_: Annotated[
        bool, typer.Option("--open", help="Listen on a network without logins: whoever reaches it may read all.")
    ] = False,
    mcp: Annotated[bool, typer.Option(help="Offer ask and search as MCP tools too.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Nobody may add or remove documents.")] = False,
    allow_models: Annotated[
        bool, typer.Option("--allow-models", help="Whoever reaches the page may connect a model at any address.")
    ] = False,
    allowed_host: Annotated[list[str] | None, typer.Option(help="One more host name of the page.")] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(help="The address of a proxy whose X-Forwarded headers are believed.")
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
            allow_models=allow_models,
            allowed_hosts=tuple(allowed_host or ()),
            proxies=tuple(proxy or ()),
        )
        serve(bot, hosting)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders and files; without any, all known.")] = None,
    chroma: Chroma = None,
    rebuild: Annotated[bool, typer.Option(help="Build the whole index anew, in place of what there is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on after every change, until Ctrl+C.")] = False,
    include: Annotated[
        list[str] | None, typer.Option(help="Look only at files that match this pattern, such as *.md, in this run.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="Leave out files that match this pattern in this run; for good, write it into .qaignore."),
    ] = None,
    ray: Annotated[
        str | None, typer.Option(help="The address of a Ray cluster that reads and embeds; local for this machine.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the index in step with folders and files: new, changed, moved and deleted ones."""
    from qa.chatbot import Chatbot
    from qa.documents.selection import Selection

    if (rebuild or ray) and (dry_run or watch):
        raise typer.BadParameter("--dry-run and --watch go with neither --rebuild nor --ray")
    selection = Selection(include=tuple(include or ()), exclude=tuple(exclude or ()))
    named = paths or []
    with Chatbot.open(chroma=chroma, fill=False, repair=rebuild) as bot, stoppable(bot), ingest_progress() as progress:
        if watch:
            print_reports(bot.watch(*named, selection=selection, progress=progress), as_json=as_json)
            return
        if dry_run:
            report = bot.survey(*named, selection=selection)
        else:
            report = bot.ingest(*named, selection=selection, rebuild=rebuild, progress=progress, ray=ray)
    print_report(report, as_json=as_json, named=dry_run)
    if report.failed and not dry_run:
        raise DocumentError(failures(report))


@app.command()
def show(document: str, chroma: Chroma = None, as_json: Json = False) -> None:
    """Show how a document was understood, unit by unit: a file as it is now, or what is indexed under an id."""
    from dataclasses import asdict
    from textwrap import shorten

    from qa.answers.reading import outline
    from qa.chatbot import Chatbot

    path = Path(document)
    with Chatbot.open(chroma=chroma, fill=False) as bot:
        try:
            passages = bot.split(path) if path.is_file() else bot.passages(document)
        except StoreMissingError as error:
            raise DocumentError(f"{document!r} is no file here, and no id that qa status lists") from error
    lines = list(outline(passages))
    if as_json:
        print_json({"document": document, "units": [asdict(line) for line in lines]})
        return
    for line in lines:  # where it begins and its kind, below what it hangs on
        leads = f"  ({line.leads} hang on it)" if line.leads else ""
        text = shorten(line.text, OUTLINE_CHARS, placeholder=" …")
        print(escaped(f"{line.start:8}  {line.kind:8}  {'  ' * min(line.depth, MOST_INDENTS)}{text}{leads}"))


@app.command()
def remove(documents: list[str], chroma: Chroma = None) -> None:
    """Take documents out of the index, by the ids that `qa status` lists; their files stay where they are."""
    from qa.chatbot import Chatbot

    with Chatbot.open(chroma=chroma, fill=False) as bot:
        for document in documents:
            bot.remove(document)
            print(f"removed {document}")


@app.command()
def status(
    chroma: Chroma = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look for damage and for changed files; exit 1 if any.")
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
        print_json({**asdict(found), "check": asdict(checkup) if checkup else None})
        sys.exit(0 if checkup is None or checkup.is_good else 1)
    print(f"index       {found.location} (collection {found.collection})")
    print(f"embeddings  {found.embeddings}")
    print(f"answers     {found.model}")
    print(f"documents   {len(found.documents)}, in {counted(found.passages, 'passage')}")
    for record in found.documents:
        named = ", ".join(filter(None, (titled(record.id, record.title), record.date)))
        print(
            f"  {named}: {counted(record.passages, 'passage')}, {record.chars:,} characters, version {record.version}"
        )
    if found.unfinished:
        print("An ingest is under way or was stopped. If none is running: qa ingest")
    if not found.documents:
        print("Nothing is indexed. Run: qa ingest PATH")
    if checkup is not None:
        print("".join(f"  {finding}\n" for finding in checkup.findings), end="")
        print("Everything is whole and in step" if checkup.is_good else counted(len(checkup.findings), "finding"))
        sys.exit(0 if checkup.is_good else 1)


@app.command()
def verify(file: Path, chroma: Chroma = None, as_json: Json = False) -> None:
    """Check an exported answer or chat against the index; exit 1 when a quote or a sentence's verdict does not hold."""
    from dataclasses import asdict

    from qa.answers.verification import read_answers
    from qa.chatbot import Chatbot

    answers = read_answers(file)
    with Chatbot.open(chroma=chroma, fill=False) as bot:
        found = [bot.verify(answer) for answer in answers]
    checks = [check for each in found for check in each.quotes]
    sentences = [check for each in found for check in each.sentences]
    if as_json:
        print_json({"checks": [*map(asdict, checks)], "sentences": [*map(asdict, sentences)]})
    else:
        for check in checks:
            print(f"{check.finding:8} {check.document}  “{check.quote}”")
        print("".join(f"unfounded  “{each.text}”: {each.reason}\n" for each in sentences if not each.holds), end="")
        print(f"{sum(check.holds for check in checks)} of {len(checks)} quotes hold")
        print(f"{sum(each.holds for each in sentences)} of {len(sentences)} sentences hold")
    sys.exit(0 if all(each.holds for each in found) else 1)
