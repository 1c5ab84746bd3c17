"""BM25 over the terms of passages, on disk: a cache of what Chroma holds.

Anything here can be deleted; the next search builds it again. It knows no documents and no
ranking policy, only texts under ids, grouped by the version of the document they belong to.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import tantivy
from filelock import FileLock

from qa.index.private import make_private, write_whole
from qa.words import terms

WRITER_BYTES = 64_000_000


class Lexical:
    """The lexical index in `folder`, which is made when missing and made anew when unreadable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / "state.json"
        self._index: tantivy.Index | None = None
        self.generation: str | None = None
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            self.clear()
        make_private(folder)

    def clear(self) -> None:
        """Throw everything away, and nothing that a link leads to."""
        if self._folder.is_symlink() or self._folder.is_file():
            self._folder.unlink()
        else:
            thrown = self._folder.with_name(f"{self._folder.name}-{uuid4().hex}")
            self._folder.rename(thrown)  # at once, so that what a thread of tantivy still writes is thrown away too
            shutil.rmtree(thrown, ignore_errors=True)
        make_private(self._folder)
        self._index = self.generation = None

    def search(self, query: str, *, k: int, documents: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """The ids of the best `k` texts with their BM25 scores (k1 1.2, b 0.75), best first.

        With `documents`, only their texts are found; their scores are the same.

        Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), as in Lucene and tantivy.
        """
        index, wanted = self._open(), sorted(set(terms(query)))
        if not wanted:
            return []
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "terms", term, index_option="freq"))
            for term in wanted
        ]
        wanted_query = tantivy.Query.boolean_query(clauses)
        if documents is not None:
            among = tantivy.Query.term_set_query(index.schema, "document", list(documents))
            kept = (tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0))
            wanted_query = tantivy.Query.boolean_query([(tantivy.Occur.Must, wanted_query), kept])
        searcher = index.searcher()
        hits = searcher.search(wanted_query, max(k, 1), count=False).hits
        scored = [(str(searcher.doc(address)["id"][0]), float(score)) for score, address in hits]
        return sorted(scored, key=lambda each: (-each[1], each[0]))

    def frequencies(self) -> Callable[[str], int]:
        """How many texts hold a term, now and whenever it is asked later."""
        return partial(self._open().searcher().doc_freq, "terms")

    def sync(
        self, versions: Mapping[str, str], *, generation: str, texts: Callable[[str], Iterable[tuple[str, str]]]
    ) -> None:
        """Hold exactly `versions` (document → version); `texts` gives a document's (passage id, text)."""
        with FileLock(self._folder / "sync.lock"):
            self._open()  # a damaged index takes its state with it
            held: dict[str, str] = {}
            synced = None
            with suppress(FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
                state = json.loads(self._state.read_text(encoding="utf-8"))
                versioned = {str(name): str(version) for name, version in state["versions"].items()}
                held, synced = versioned, str(state["generation"])
            if synced != generation:
                self._write(held, versions, texts)
                write_whole(self._state, json.dumps({"generation": generation, "versions": dict(versions)}))
        self._open().reload()
        self.generation = generation

    def _write(
        self,
        held: Mapping[str, str],
        versions: Mapping[str, str],
        texts: Callable[[str], Iterable[tuple[str, str]]],
    ) -> None:
        stale = [document for document, version in held.items() if versions.get(document) != version]
        fresh = [document for document, version in versions.items() if held.get(document) != version]
        writer = self._open().writer(WRITER_BYTES, 1)
        try:
            if stale or not held:  # without a state, a kill may have left some texts
                # What stays is written anew, as tantivy counts a deleted text in its statistics: 1 s of one core for
                # 20,000 passages, which makes scores those of an index built afresh.
                self._open().reload()
                searcher, kept = self._open().searcher(), held.keys() - stale
                writer.delete_all_documents()
                found = searcher.search(tantivy.Query.all_query(), max(searcher.num_docs, 1), count=False).hits
                for _, address in found:
                    fields = {name: str(values[0]) for name, values in searcher.doc(address).to_dict().items()}
                    if fields["document"] in kept:
                        writer.add_document(tantivy.Document(**fields))
            for document in fresh:
                for passage, text in texts(document):
                    added = tantivy.Document(id=passage, document=document, terms=" ".join(terms(text)))
                    writer.add_document(added)
            writer.commit()
        finally:
            writer.wait_merging_threads()  # lets go of tantivy's lock, which an exception would keep with the writer

    def _open(self) -> tantivy.Index:
        if self._index is None:
            builder = tantivy.SchemaBuilder()
            builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
            builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
            builder.add_text_field("terms", stored=True, tokenizer_name="whitespace", index_option="freq")
            schema = builder.build()
            if not tantivy.Index.exists(str(self._folder)):
                self._state.unlink(missing_ok=True)
            try:
                self._index = tantivy.Index(schema, path=str(self._folder))
            except ValueError:  # damaged, or of another schema
                self.clear()
                self._index = tantivy.Index(schema, path=str(self._folder))
        return self._index
