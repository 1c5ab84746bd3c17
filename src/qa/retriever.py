"""The search and the embedder under LangChain's names, for use in somebody else's chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever

from qa.embedder import MiniLM
from qa.remote_embedder import RemoteEmbedder
from qa.types import Hit


class PassageRetriever(BaseRetriever):
    """Passages as LangChain documents; the metadata hold where each stands and how well it matches."""

    search: Callable[[str], Sequence[Hit]]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_to_langchain(hit) for hit in self.search(query)]


class PassageEmbeddings(Embeddings):
    """The embedder of the passages as LangChain's; vectors are lists of numbers, at unit length."""

    def __init__(self, embedder: MiniLM | RemoteEmbedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""
        return self._embedder.embed(texts).tolist()  # type: ignore[no-any-return]  # numpy types tolist as Any

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query, which some models embed otherwise than a passage."""
        return self._embedder.embed_query(text).tolist()  # type: ignore[no-any-return]  # as above


def _to_langchain(hit: Hit) -> Document:
    passage = hit.passage
    return Document(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "document": passage.document,
            "title": passage.title,
            "start": passage.start,
            "end": passage.end,
            "page": passage.page,
            "version": passage.version,
            "score": hit.score,
            "rank": hit.rank,
        },
    )
