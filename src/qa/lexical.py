"""BM25 over the terms of passages, on disk: a cache of what Chroma holds.

Anything here can be deleted; the next search builds it again. It knows no documents and no
ranking policy, only texts under ids, grouped by the version of the document they belong to.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from qa.words import terms

if TYPE_CHECKING:
    import tantivy

WRITER_BYTES = 64_000_000


class Lexical:
    """The lexical index in `folder`, which is made when missing and made anew when unreadable."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._state = folder / "state.json"
        self._index: tantivy.Index | None = None
        self.generation: str | None = None

    def search(self, query: str, *, k: int) -> list[tuple[str, float]]:
        """The ids of the best `k` texts with their BM25 scores (k1 1.2, b 0.75), best first.

        Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), as in Lucene and tantivy.
        """
        import tantivy

        index, wanted = self._open(), sorted(set(terms(query)))
        if not wanted:
            return []
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "terms", term, index_option="freq"))
            for term in wanted
        ]
        searcher = index.searcher()
        hits = searcher.search(tantivy.Query.boolean_query(clauses), max(k, 1), count=False).hits
        scored = [(str(searcher.doc(address)["id"][0]), float(score)) for score, address in hits]
        return sorted(scored, key=lambda each: (-each[1], each[0]))

    def document_frequency(self, term: str) -> int:
        """How many texts hold the term; counts a deleted text until its segment is merged."""
        return int(self._open().searcher().doc_freq("terms", term))

    def sync(
        self, versions: Mapping[str, str], *, generation: str, texts: Callable[[str], Iterable[tuple[str, str]]]
    ) -> None:
        """Hold exactly `versions` (document → version); `texts` gives a document's (passage id, text)."""
        with FileLock(self._folder / "sync.lock"):
            held, synced = self._read_state()
            if synced != generation:
                self._write(held, versions, texts)
                _replace(self._state, json.dumps({"generation": generation, "versions": dict(versions)}))
        self._open().reload()
        self.generation = generation

    def _write(
        self,
        held: Mapping[str, str],
        versions: Mapping[str, str],
        texts: Callable[[str], Iterable[tuple[str, str]]],
    ) -> None:
        import tantivy

        stale = [document for document, version in held.items() if versions.get(document) != version]
        fresh = [document for document, version in versions.items() if held.get(document) != version]
        writer = self._open().writer(WRITER_BYTES, 1)
        for document in {*stale, *fresh}:  # fresh too: a kill may have left some of its texts
            writer.delete_documents_by_term("document", document)
        for document in fresh:
            for passage, text in texts(document):
                entry = {"id": passage, "document": document, "terms": " ".join(terms(text))}
                writer.add_document(tantivy.Document(**entry))
        writer.commit()
        writer.wait_merging_threads()

    def _open(self) -> tantivy.Index:
        if self._index is None:
            import tantivy

            builder = tantivy.SchemaBuilder()
            builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
            builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
            builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
            schema = builder.build()
            try:
                self._index = tantivy.Index(schema, path=str(self._folder))
            except ValueError:  # damaged, or of another schema
                shutil.rmtree(self._folder)
                self._folder.mkdir()
                self._index = tantivy.Index(schema, path=str(self._folder))
        return self._index

    def _read_state(self) -> tuple[dict[str, str], str | None]:
        self._open()  # a damaged index takes its state with it
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}, None
        return dict(state["versions"]), str(state["generation"])


def _replace(path: Path, text: str) -> None:
    """Write the whole file or nothing: readers see the old text or the new."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
