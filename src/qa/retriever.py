"""The search as a LangChain retriever, for use in somebody else's chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from qa.types import Hit


class PassageRetriever(BaseRetriever):
    """Passages as LangChain documents; the metadata hold where each stands and how well it matches."""

    search: Callable[[str], Sequence[Hit]]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_to_langchain(hit) for hit in self.search(query)]


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
