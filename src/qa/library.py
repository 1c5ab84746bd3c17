"""The documents as a whole: the index, the embedder and the caches, opened together.

Ingests, searches and gives back documents. Nothing is answered here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from qa.documents.selection import EVERYTHING, Selection
from qa.errors import DocumentError, QAError, SettingsError, StoreDamagedError, StoreError
from qa.index.conditions import Condition, Narrowed, matching
from qa.index.locations import is_folder
from qa.index.private import tighten_ours
from qa.index.rows import Manifest
from qa.index.sentence_vectors import SentenceVectors, Vectors, texts_to_embed
from qa.index.store import Index, probed
from qa.index.writer import Writer, writing
from qa.ingestion.changes import Files
from qa.ingestion.checkup import Checkup, find_damage
from qa.ingestion.cluster import OnRay
from qa.ingestion.ingest import Given, Here, IngestReport, OnProgress, Preparation, ingest
from qa.models.embeddings import RemoteEmbedder
from qa.models.minilm import MiniLM, minilm
from qa.models.reader import reader
from qa.search.features import inverse_frequency
from qa.search.followup import as_asked
from qa.search.identifiers import look_up, respelt
from qa.search.retrieval import Query, find
from qa.search.spelling import mended, respellings
from qa.settings import Settings
from qa.settings.resources import resource
from qa.types import Document, Findings, Passage, Record

T = TypeVar("T")
_log = logging.getLogger("qa")
LOOK_AGAIN_MS = 60_000  # the wait of `watch` at most: not every file system reports every change


class Library:
    """What the settings name as the index, ready to be searched and changed."""

    def __init__(self, settings: Settings, *, repair: bool = False) -> None:
        """Open the index; with `repair`, a damaged one is moved aside, now or when it is rebuilt.

        Raises: StoreError when the index cannot be opened, EmbeddingError without the weights.
        """
        self._settings, self._repair = settings, repair
        if settings.above is not None:
            _log.info("there is no index in this folder, so that of %s is used", settings.above)
        tighten_ours(settings.home)
        self._set_aside: str | None = None
        self._encoder = minilm()
        self.embedder = self._open_embedder()
        try:
            self._open()
        except StoreDamagedError as damage:
            self._start_afresh(damage)

    def _open_embedder(self) -> MiniLM | RemoteEmbedder:
        settings = self._settings
        if settings.embeddings == MiniLM.name:
            return self._encoder
        return RemoteEmbedder(
            settings.embeddings,
            base_url=settings.embeddings_url or settings.base_url,
            key=settings.embeddings_key(),
            batch=settings.embeddings_batch,
            timeout_s=settings.timeout_s,
            encoder=self._encoder,
        )

    def close(self) -> None:
        """Let go of the index."""
        self.index.connection.close()

    def reading(self, work: Callable[[], T]) -> T:
        """The result of `work`, all that it finds being of one state of the index. Raises: StoreError."""
        return self.index.connection.reading(work)

    def documents(self) -> tuple[Record, ...]:
        """The records of all documents, sorted by id. Raises: StoreError."""
        return self.reading(self.index.listed)

    def find(
        self, question: str, query: str, *, top_k: int, strictness: float, where: Sequence[Condition] = ()
    ) -> Findings:
        """The passages found for a question by searching with `query`, and how sure it is that they answer it.

        Only documents that meet the conditions are searched. All of it is of one state of the index, whatever is
        written meanwhile.
        """
        started = time.perf_counter()

        def read() -> Findings:
            index = Narrowed(self.index, matching(self.index.listed(), where)) if where else self.index
            slips = respellings(query, index)
            meant = mended(query, slips)
            asked = self._encoder.embed_query(meant)
            vector = asked if self.embedder is self._encoder else self.embedder.embed_query(meant)
            named = look_up(meant, index)
            spelt = respelt(meant, named)
            asking = as_asked(spelt, question)
            searched = Query(
                text=spelt,
                vector=vector,
                sentence_cosines=lambda passages: [rows @ asked for rows in self._sentences(passages)],
                read=lambda texts, spans: reader().read(asking, texts, spans),
                named=named,
            )
            found = find(searched, question=question, index=index, top_k=top_k, strictness=strictness)
            return replace(found, slips=tuple(slips.items()))

        found = self.reading(read)
        return replace(
            found,
            beside=self._beside,
            date=self._date,
            embeddings=self.embedder.name,
            seconds=time.perf_counter() - started,
        )

    def _date(self, document: str) -> str | None:
        """The date that a document bears; None too where it is no longer there."""
        record = self.index.records([document]).get(document)
        return record.date if record else None

    def _beside(self, passage: Passage, ordinals: range) -> list[Passage] | None:
        """The passages of a passage's document at these ordinals, fewer where it ends; None where it has changed."""

        def read() -> list[Passage] | None:
            record = self.index.records([passage.document]).get(passage.document)
            if record is None or record.version != passage.version:
                return None
            return self.index.passages(record.passage_ids[ordinals.start : ordinals.stop])

        return self.reading(read)

    def read(self, records: Sequence[Record], ordinals: Sequence[int]) -> tuple[list[Passage], list[Vectors]]:
        """The passages with these ordinals of each document, and a unit vector for each of their units."""
        ids = [record.passage_ids[each] for record in records for each in ordinals]
        passages = self.reading(lambda: self.index.passages(ids))
        return passages, self._sentences(passages)

    def holding(self, text: str, *, most: int) -> list[Passage]:
        """The passages that have most of the words of a text, best first."""
        index = self.index
        return index.connection.reading(lambda: index.passages([key for key, _ in index.search_lexical(text, k=most)]))

    def rarity(self, stem: str) -> float:
        """The weight of a stem among the passages: the fewer hold it, the more."""
        return inverse_frequency(self.index.frequencies()(stem), count=self.index.passage_count)

    def ingest(
        self,
        paths: Sequence[str | Path],
        *,
        selection: Selection,
        rebuild: bool,
        progress: OnProgress,
        ray: str | None = None,
    ) -> IngestReport:
        """Bring the index in step with these folders and files; with none, with all that were ingested before.

        With `ray`, the Ray cluster at that address reads and embeds.

        Raises: DocumentError when a path holds nothing to read, StoreError; the index stays as it was.
        """
        known = () if rebuild and paths else self.index.documents()
        given = [self.index.document(each.id) for each in known if rebuild and not each.root]
        folders = () if rebuild else _folders(known)
        files = Files(self._roots(paths, known), selection=selection, folders=folders, all_known=not paths)
        try:
            report = self._ingest(files, given=given, rebuild=rebuild, progress=progress, ray=ray)
        except StoreDamagedError as damage:
            self._start_afresh(damage)
            report = self._ingest(files, given=given, rebuild=rebuild, progress=progress, ray=ray)
        return replace(report, set_aside=self._set_aside)

    def _ingest(
        self, files: Files, *, given: Sequence[Document], rebuild: bool, progress: OnProgress, ray: str | None
    ) -> IngestReport:
        with writing(self.index, rebuild=rebuild) as writer:
            if ray and self.embedder is not self._encoder:
                raise SettingsError(f"--ray embeds with {MiniLM.name}, not {self.embedder.name}. Leave out --ray")
            report = self._write(writer, files, OnRay(ray) if ray else Here(self.embedder), progress)
            kept = self._write(writer, _no_files(), Given(given, self.embedder)) if given else IngestReport()
        added, passages = (*report.added, *kept.added), report.passages + kept.passages
        return replace(report, added=tuple(sorted(added)), passages=passages)

    def add(self, documents: Sequence[Document]) -> IngestReport:
        """Index documents that a program hands over, all or none. Raises: DocumentError, StoreError."""
        given = Given(documents, self.embedder)
        with writing(self.index) as writer:
            return self._write(writer, _no_files(), given)

    def _write(
        self, writer: Writer, files: Files, preparation: Preparation, progress: OnProgress = lambda _: None
    ) -> IngestReport:
        index, sentences = self.index, self._sentences
        return ingest(
            files, preparation=preparation, index=index, writer=writer, sentences=sentences, progress=progress
        )

    def survey(self, paths: Sequence[str | Path], *, selection: Selection) -> IngestReport:
        """The report that `ingest` would give; nothing is changed. Raises: as `ingest` does."""
        known = self.index.documents()
        files = Files(self._roots(paths, known), selection=selection, folders=_folders(known), all_known=not paths)
        return IngestReport.of(files.changes({record.id: record for record in known}))

    def watch(
        self, paths: Sequence[str | Path], *, selection: Selection, progress: OnProgress
    ) -> Iterator[IngestReport]:
        """The report of an ingest now, then of one after every change in these folders and files, without end.

        An error that prevents a later ingest is reported as its failure, and it is tried again.
        """
        from watchfiles import watch

        roots = self._roots(paths, () if paths else self.index.documents())
        yield self.ingest(paths, selection=selection, rebuild=False, progress=progress)
        for _ in watch(*roots, raise_interrupt=False, yield_on_timeout=True, rust_timeout=LOOK_AGAIN_MS):
            try:
                yield self.ingest(paths, selection=selection, rebuild=False, progress=progress)
            except QAError as error:
                yield IngestReport(failed=((", ".join(map(str, roots)), str(error)),))

    def manifest(self) -> Manifest | None:
        """How the index was made; None before the first ingest. Raises: StoreDamagedError when the index is gone."""
        manifest = self.index.manifest()
        if manifest is None and self.index.cache.exists():
            raise self.index.connection.lost()
        return manifest

    def fill(self) -> None:
        """Ingest the seeds if nothing was ever ingested. Raises: StoreDamagedError when the index is gone."""
        manifest = self.manifest()
        if manifest is None or (not manifest.finished and not self.index.documents()):
            seeds = self._settings.seeds or resource("seeds")
            _log.info("nothing is indexed yet, so %s is. Index your own documents with: qa ingest PATH", seeds)
            self.ingest([seeds], selection=EVERYTHING, rebuild=False, progress=lambda _: None)

    def remove(self, document: str) -> None:
        """Take a document out of the index. Raises: StoreError when it is not in it."""
        if document not in self.index.records([document]):
            raise StoreError(f"{document!r} is not in the index {self.index.location}. List what is with: qa status")
        with writing(self.index) as writer:
            writer.delete([document])

    def checkup(self) -> Checkup:
        """The damage found in the index, and the changes of the files since they were ingested."""
        manifest = self.index.manifest()
        if manifest is None:
            return Checkup(damage=("nothing is indexed. Run: qa ingest PATH",), stale=IngestReport(), unfinished=False)
        try:
            stale = self.survey((), selection=EVERYTHING)
        except DocumentError as error:  # a folder is gone as a whole
            stale = IngestReport(failed=(("", str(error)),))
        return Checkup(damage=tuple(find_damage(self.index)), stale=stale, unfinished=manifest.unfinished)

    def _open(self) -> None:
        settings = self._settings
        self.index = Index(
            settings.chroma,
            collection=settings.collection,
            embeddings=self.embedder.name,
            dimension=self.embedder.dimension,
            home=settings.home,
            token=settings.store_key(),
        )
        if isinstance(self.embedder, RemoteEmbedder):
            self.index.probe = probed(self.embedder.probe)
        self._sentences = SentenceVectors(self.index.cache / "sentences.sqlite", read=self._read_sentences)

    def _start_afresh(self, damage: StoreDamagedError) -> None:
        """Move the damaged folder aside and open an empty one. Raises: `damage` itself without `repair`."""
        if not self._repair:
            raise damage
        if is_folder(self._settings.chroma):
            folder = Path(self._settings.chroma)
            names = (folder.with_name(f"{folder.name}.damaged-{number}") for number in count(1))
            aside = next(path for path in names if not path.exists())
            folder.rename(aside)
            self._set_aside = str(aside)
        self._open()

    def _read_sentences(self, passages: Sequence[Passage]) -> list[Vectors]:
        return self._encoder.embed_spans(*texts_to_embed(passages))[1]

    def _roots(self, paths: Sequence[str | Path], known: Sequence[Record]) -> list[Path]:
        """The given paths; without any, all that `known` came from, less files that are gone, or the seeds."""
        if paths:
            return [Path(path) for path in paths]
        if not known:
            return [self._settings.seeds or resource("seeds")]
        folders = _folders(known)
        files = {Path(record.root, record.id) for record in known if record.root and record.root not in folders}
        return sorted({Path(root) for root in folders} | {file for file in files if file.exists()})


def _no_files() -> Files:
    return Files([], selection=EVERYTHING)


def _folders(known: Sequence[Record]) -> set[str]:
    """The folders that are kept in step."""
    return {record.root for record in known if record.mirrored}
