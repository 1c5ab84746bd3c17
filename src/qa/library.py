"""The documents as a whole: the index, the embedder and the caches, opened together.

Ingests, searches and gives back documents. Nothing is answered here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qa.documents import find_documents
from qa.embedder import MiniLM
from qa.errors import StoreError
from qa.index import Index
from qa.ingestion import IngestReport, Progress, ingest
from qa.resources import resource
from qa.retrieval import retrieve
from qa.sentence_vectors import SentenceVectors, Vectors, bounds
from qa.settings import Settings
from qa.types import Document, Hit, Passage, Record
from qa.writer import writing


class Library:
    """What the settings name as the index, ready to be searched and changed."""

    def __init__(self, settings: Settings) -> None:
        """Open it. Raises: StoreError when the index cannot be opened, EmbeddingError without the weights."""
        self._seeds = settings.seeds or resource("seeds")
        self.embedder = MiniLM()
        self.index = Index(
            settings.chroma,
            collection=settings.collection,
            embeddings=self.embedder.name,
            dimension=self.embedder.dimension,
            home=settings.home,
        )
        self._sentences = SentenceVectors(self.index.cache / "sentences.sqlite", read=self._read_sentences)

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def search(self, query: str, *, top_k: int) -> tuple[Hit, ...]:
        """The passages that best match a query, best first."""
        return self.index.reading(
            lambda: retrieve(
                query,
                index=self.index,
                embed=self.embedder.embed,
                sentence_vectors=self._sentences,
                top_k=top_k,
            )
        )

    def ingest(
        self, paths: Sequence[str | Path], *, rebuild: bool, progress: Callable[[Progress], None]
    ) -> IngestReport:
        """Bring the index in step with these folders and files; with none, with all that were ingested before.

        Raises: DocumentError when a path holds nothing to read, StoreError; the index stays as it was.
        """
        roots = [Path(path) for path in paths] or self._known_roots()
        for root in roots:
            find_documents(root)
        report = IngestReport()
        with writing(self.index, rebuild=rebuild) as writer:
            for root in roots:
                report += ingest(
                    root,
                    index=self.index,
                    writer=writer,
                    embedder=self.embedder,
                    sentences=self._sentences,
                    progress=progress,
                )
        return report

    def fill(self) -> None:
        """Ingest the seeds if nothing was ever ingested."""
        manifest = self.index.manifest()
        if manifest is None or (not manifest.finished and not self.index.documents()):
            self.ingest([self._seeds], rebuild=False, progress=lambda _: None)

    def remove(self, document: str) -> None:
        """Forget a document. Raises: StoreError when it is not indexed."""
        if document not in self.index.records([document]):
            raise StoreError(f"{document!r} is not in the index {self.index.location}. List what is with: qa status")
        with writing(self.index) as writer:
            writer.delete([document])

    def document(self, document: str) -> Document:
        """An indexed document as it was read. Raises: StoreError when there is none of this id."""
        return self.index.reading(lambda: self.index.document(document))

    def documents(self) -> tuple[Record, ...]:
        """What is known of every indexed document, sorted by id."""
        return self.index.documents()

    def _read_sentences(self, passages: Sequence[Passage]) -> list[Vectors]:
        return self.embedder.embed_spans([each.text for each in passages], [bounds(each) for each in passages])[1]

    def _known_roots(self) -> list[Path]:
        records = self.index.documents()
        folders = {record.root for record in records if record.mirrored}
        files = {str(Path(record.root, record.id)) for record in records if record.root not in folders}
        return [Path(root) for root in sorted(folders | files)] or [self._seeds]
