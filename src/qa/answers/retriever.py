"""The search, the embedder and the index as LangChain's own, for use in somebody else's chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever

from qa.errors import StoreError
from qa.index.failures import store_errors
from qa.index.store import Index
from qa.models.embeddings import RemoteEmbedder
from qa.models.minilm import MiniLM
from qa.types import Hit

if TYPE_CHECKING:
    from langchain_chroma import Chroma


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


def vectorstore(index: Index, *, embeddings: Embeddings) -> Chroma:
    """The passages of the index as they are now, to be read: what is written there belongs to no document.

    Raises: StoreError when nothing is indexed.
    """
    from langchain_chroma import Chroma

    manifest = index.manifest()
    if manifest is None:
        raise StoreError(f"nothing is indexed in {index.location}. Run: qa ingest PATH")
    with store_errors(index.location):
        return Chroma(
            collection_name=index.connection.passages_name(manifest.build),
            embedding_function=embeddings,
            client=index.connection.client,
            client_settings=index.connection.client.get_settings(),  # else it reads a `.env`, though it has a client
            create_collection_if_not_exists=False,
        )


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
