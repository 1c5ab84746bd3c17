"""The documents part of the page: the list, adding files with progress, removing them."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import gradio as gr

from qa.app.choices import Answerers, View, narrowing_html
from qa.app.events import PICKED, Files, Name, PageNumber, event, said
from qa.app.layout import LATEST, PRIVATE, QUICK, WRITING, Page, Update, welcome
from qa.app.lists import counted, documents_html, header_html, progress_html, report_html
from qa.app.render import EXTRACTIVE
from qa.app.suggestions import Suggestions
from qa.app.uploads import Uploads
from qa.errors import QuestionError
from qa.ingestion.ingest import OnProgress, Progress
from qa.types import Record
from qa.words import visible


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
        chosen = page.view
        choices = [page.model.change, page.where.blur, page.where.submit, page.find.change, page.order.change]
        gr.on(choices, event(self.look), chosen, shown, **LATEST)
        page.picked.change(event(self.narrow), chosen, [page.met, page.narrowed], **LATEST)
        page.documents.turn(event(self.turn), chosen, page.documents, **LATEST)
        page.documents.only(event(self.only), chosen, [page.picked, *shown], **PRIVATE)
        arrived = blocks.load(event(self.look), chosen, shown, **QUICK)
        arrived.then(self.suggest, None, page.chat, **QUICK)
        if page.upload is None:
            return
        for changed in (
            page.upload.upload(event(self.add), [page.upload, *chosen], [page.upload, page.report, *shown], **WRITING),
            page.report.replace(event(self.replace), chosen, [page.report, *shown], **WRITING),
            page.documents.remove(event(self.remove), chosen, [page.report, page.picked, *shown], **WRITING),
        ):
            changed.then(self.suggest, None, page.chat, **QUICK)

    def look(self, *chosen: Any) -> Update:
        """The documents as they are now, what answers about them, and which of them are asked."""
        page, view, records = self.page, View.of(*chosen), self.answerers.bot.documents()
        name, place = self.answerers.described(view.model)
        is_quoting = view.model == EXTRACTIVE
        told = welcome(documents=len(records), is_quoting=is_quoting, may_upload=page.upload is not None)
        return {
            page.documents: self._list(view, records),
            page.top: header_html(documents=len(records), model=name, place=place),
            page.chat: gr.update(placeholder=told),
            **self.narrow(*chosen),
        }

    def narrow(self, *chosen: Any) -> Update:
        """How many documents are asked, unless it is all of them."""
        view = View.of(*chosen)
        narrowing = narrowing_html(view.where, self.answerers.bot.documents(), picked=view.picked)
        return {self.page.met: narrowing, self.page.narrowed: narrowing}

    def turn(self, to: gr.EventData, *chosen: Any) -> str:
        """Another page of the list."""
        return self._list(View.of(*chosen), self.answerers.bot.documents(), page=int(said(to, "id", PageNumber)))

    def only(self, *chosen: Any) -> Update:
        """Tick all documents that are found, on every page of the list, and no others."""
        view = View.of(*chosen)
        found = [record.id for record in view.listed(self.answerers.bot.documents())]
        if len(found) > PICKED:
            raise QuestionError(
                f"{len(found):,} documents are found, and {PICKED:,} can be ticked. "
                "Find fewer, or choose them by a condition, such as document=reports/*"
            )
        view = replace(view, picked=tuple(found))
        return {self.page.picked: json.dumps(found), **self.look(*view.sent)}

    def _list(self, view: View, records: Sequence[Record], *, page: int = 1) -> str:
        picked, read_only = frozenset(view.picked), self.page.upload is None
        return documents_html(
            view.listed(records),
            total=len(records),
            page=page,
            picked=picked,
            read_only=read_only,
            folders=view.order == "Folder",
        )

    def suggest(self) -> Update:
        """Example questions about the documents, once they have been found."""
        return gr.update(examples=[{"text": visible(question)} for question in self.examples.questions()])

    def add(self, files: Files, *chosen: Any) -> Iterator[Update]:
        """Index uploaded files one by one; a bad one does not stop the others."""
        page = self.page
        self.uploads.mend()
        before = self._versions()
        failed: list[tuple[str, str]] = []
        for done, file in enumerate(files):
            name = Path(file).name
            bar = partial(progress_html, name=f"Indexing {name}", done=done, total=len(files))
            yield {page.upload: None, page.report: bar()}  # else the box shows Gradio's own list of the files
            why = yield from self._watched(partial(self.uploads.take, Path(file)), bar)
            failed += [(name, why)] if why else []
        good = {Path(file).name for file in files}.difference(name for name, _ in failed)
        same = len(good.intersection(id for id, _ in before & self._versions()))
        self.examples.refresh()
        told = [f"{counted(len(good) - same, 'file')} added."] if len(good) > same else []
        told += [f"{counted(same, 'file')} here already, unchanged."] if same else []
        report = report_html(done=" ".join(told), failed=failed, waits=self.uploads.waits)
        yield {page.report: report, **self.look(*chosen)}

    def _versions(self) -> set[tuple[str, str]]:
        return {(record.id, record.version) for record in self.answerers.bot.documents()}

    def replace(self, said_of: gr.EventData, *chosen: Any) -> Iterator[Update]:
        """Let an uploaded file take the place of the document that has its name."""
        name = said(said_of, "id", Name)
        bar = partial(progress_html, name=f"Indexing {name}", done=0, total=1)
        why = yield from self._watched(partial(self.uploads.replace, name), bar)
        self.examples.refresh()
        report = report_html(done="" if why else f"“{name}” was replaced.", failed=[(name, why)] if why else [])
        yield {self.page.report: report, **self.look(*chosen)}

    def remove(self, said_of: gr.EventData, *chosen: Any) -> Update:
        """Forget a document, and the file if it was uploaded here."""
        id, view = said(said_of, "id", Name), View.of(*chosen)
        record = next((each for each in self.answerers.bot.documents() if each.id == id), None)
        report = ""
        if record is not None:
            self.uploads.remove(record)
            report = report_html(done=f"“{record.title}” was removed.", failed=[])
            self.examples.refresh()
        view = replace(view, picked=tuple(each for each in view.picked if each != id))
        return {self.page.report: report, self.page.picked: json.dumps(view.picked), **self.look(*view.sent)}

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
