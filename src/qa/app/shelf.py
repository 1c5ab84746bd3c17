"""The documents part of the page: the list, adding files with progress, removing them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import gradio as gr

from qa.app.choices import Answerers, narrowing_html
from qa.app.events import Files, Name, Words, event, said
from qa.app.layout import QUICK, WRITING, Page, Update
from qa.app.lists import documents_html, header_html, progress_html, report_html
from qa.app.suggestions import Suggestions
from qa.app.uploads import Uploads
from qa.ingestion.ingest import OnProgress, Progress
from qa.words import visible

_START = """## What would you like to know?
Every sentence is cited. Select its number to see the words it rests on."""
_EMPTY = """## Nothing is indexed yet
Add files under **Documents**, or run `qa ingest FOLDER` in a terminal. Then ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The events that show and change the documents; without `page.upload` nothing may be added or removed."""

    page: Page
    answerers: Answerers
    examples: Suggestions
    uploads: Uploads

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the list, the upload and the choice of a model."""
        page = self.page
        shown = [page.documents, page.top, page.chat, page.met, page.narrowed]
        chosen = [page.model, page.where]
        choices = [page.model.change, page.where.blur, page.where.submit]
        always_last = {**QUICK, "trigger_mode": "always_last"}  # else an old one may come last
        gr.on(choices, event(self.look), chosen, shown, **always_last)
        arrived = blocks.load(event(self.look), chosen, shown, **QUICK)
        arrived.then(self.suggest, None, page.chat, **QUICK)
        if page.upload is None:
            return
        for changed in (
            page.upload.upload(event(self.add), [page.upload, *chosen], [page.upload, page.report, *shown], **WRITING),
            page.report.replace(event(self.replace), chosen, [page.report, *shown], **WRITING),
            page.documents.remove(event(self.remove), chosen, [page.report, *shown], **WRITING),
        ):
            changed.then(self.suggest, None, page.chat, **QUICK)

    def look(self, model: Name, where: Words) -> Update:
        """The documents as they are now, what answers about them, and which of them are asked."""
        page, records = self.page, self.answerers.bot.documents()
        name, place = self.answerers.described(model)
        narrowing = narrowing_html(where, records)
        return {
            page.documents: documents_html(records, read_only=page.upload is None),
            page.top: header_html(documents=len(records), model=name, place=place),
            page.chat: gr.update(placeholder=_START if records else _EMPTY),
            page.met: narrowing,
            page.narrowed: narrowing,
        }

    def suggest(self) -> Update:
        """Example questions about the documents, once they have been found."""
        return gr.update(examples=[{"text": visible(question)} for question in self.examples.questions()])

    def add(self, files: Files, model: Name, where: Words) -> Iterator[Update]:
        """Index uploaded files one by one; a bad one does not stop the others."""
        page = self.page
        self.uploads.mend()
        failed: list[tuple[str, str]] = []
        for done, file in enumerate(files):
            name = Path(file).name
            bar = partial(progress_html, name=f"Indexing {name}", done=done, total=len(files))
            yield {page.report: bar()}
            why = yield from self._watched(partial(self.uploads.take, Path(file)), bar)
            failed += [(name, why)] if why else []
        good = len(files) - len(failed)
        self.examples.refresh()
        done_text = f"{good} file{'s' if good != 1 else ''} added." if good else ""
        report = report_html(done=done_text, failed=failed, waits=self.uploads.waits)
        yield {page.upload: None, page.report: report, **self.look(model, where)}

    def replace(self, model: Name, where: Words, chosen: gr.EventData) -> Iterator[Update]:
        """Let an uploaded file take the place of the document that has its name."""
        name = said(chosen, "id", Name)
        bar = partial(progress_html, name=f"Indexing {name}", done=0, total=1)
        why = yield from self._watched(partial(self.uploads.replace, name), bar)
        self.examples.refresh()
        report = report_html(done="" if why else f"“{name}” was replaced.", failed=[(name, why)] if why else [])
        yield {self.page.report: report, **self.look(model, where)}

    def remove(self, model: Name, where: Words, chosen: gr.EventData) -> Update:
        """Forget a document, and the file if it was uploaded here."""
        id = said(chosen, "id", Name)
        record = next((each for each in self.answerers.bot.documents() if each.id == id), None)
        report = ""
        if record is not None:
            self.uploads.remove(record)
            report = report_html(done=f"“{record.title}” was removed.", failed=[])
            self.examples.refresh()
        return {self.page.report: report, **self.look(model, where)}

    def _watched(
        self, take: Callable[[OnProgress], str | None], bar: Callable[..., str]
    ) -> Generator[Update, None, str | None]:
        """What is wrong with a file after it was taken; the bar moves as its passages are embedded."""
        steps: SimpleQueue[Progress | None] = SimpleQueue()
        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(take, steps.put)
            taken.add_done_callback(lambda _: steps.put(None))
            while step := steps.get():
                yield {self.page.report: bar(passages=step.passages, waiting=step.waiting)}
        return taken.result()
