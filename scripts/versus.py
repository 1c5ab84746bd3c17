"""Our retrieval beside a stock one, over the same suites with the same embeddings: `make versus`, or versus.py SUITE…

The stock system is LangChain's documented RAG example over Chroma. It has no language model here, so passages are
compared; answers are as soon as one local model can serve both sides. Offline, without a key.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import chromadb
from chromadb.config import Settings
from langchain_chroma import Chroma
from langchain_core.documents import Document

import qa.evals
from qa.answers.retriever import PassageEmbeddings
from qa.evals.compare import FigureChange, compare
from qa.evals.opening import chatbot_opener
from qa.evals.sources import Sources
from qa.evals.suites import Suite, read_corpus
from qa.models.minilm import minilm

SUITES = ("seed", "followups", "unanswerable", "injection", "office", "haystack")
FIGURES = ("evidence_recall@5", "nDCG@10", "RR@10")
CHUNK_SIZE, CHUNK_OVERLAP = 1000, 200
SEPARATORS = ("\n\n", "\n", " ", "")


class Stock:
    """LangChain's example: recursive splitting, Chroma, similarity search; its embeddings are our MiniLM, to be fair.

    The figures look ten passages down, so it is asked for ten; the example takes four.
    Source: docs.langchain.com/oss/python/langchain/rag
    """

    def __init__(self, corpus: Path) -> None:
        docs = [Document(text, metadata={"source": name}) for name, text in read_corpus(corpus).items()]
        settings = Settings(anonymized_telemetry=False)
        self.store = Chroma(
            collection_name=f"stock-{id(self)}",
            embedding_function=PassageEmbeddings(minilm()),
            client=chromadb.EphemeralClient(settings),
            client_settings=settings,  # else it reads a `.env`
        )
        self.store.add_documents([split for doc in docs for split in split_document(doc)])

    def __call__(self, question: str, history: Sequence[qa.Message], *, k: int = 10) -> dict[str, object]:
        """The passages nearest to the question; the example knows no history without a language model."""
        found = self.store.similarity_search(question, k=k)
        return {"retrieved": [_place(each) for each in found]}


def split_document(document: Document) -> list[Document]:
    """What RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True) makes of it.

    Written anew, so that nothing has to be installed for it; over all documents of our suites it gave the same.
    """
    text, splits = document.page_content, []
    for start, end in _chunks(text, 0, len(text), SEPARATORS):
        chunk = text[start:end].strip()
        if chunk:
            start += len(text[start:end]) - len(text[start:end].lstrip())
            splits.append(Document(chunk, metadata={**document.metadata, "start_index": start}))
    return splits


def _chunks(text: str, start: int, end: int, separators: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The ranges of chunks: pieces that begin with the first separator there is, and small ones of them joined."""
    position = next(n for n, each in enumerate(separators) if each in text[start:end])
    at = [match.start() for match in re.finditer(re.escape(separators[position]), text[start:end])]
    bounds = [start, *(start + each for each in at if each), end]
    small: list[tuple[int, int]] = []
    for piece in pairwise(bounds):
        if piece[1] - piece[0] < CHUNK_SIZE:
            small.append(piece)
            continue
        yield from _joined(small)
        small = []
        yield from _chunks(text, *piece, separators[position + 1 :])
    yield from _joined(small)


def _joined(pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    first = 0
    for number, (start, end) in enumerate(pieces):
        if end - pieces[first][0] > CHUNK_SIZE:
            yield pieces[first][0], start
            while first < number and (start - pieces[first][0] > CHUNK_OVERLAP or end - pieces[first][0] > CHUNK_SIZE):
                first += 1
    if pieces:
        yield pieces[first][0], pieces[-1][1]


def _place(split: Document) -> dict[str, object]:
    start = split.metadata["start_index"]
    return {"document": split.metadata["source"], "start": start, "end": start + len(split.page_content)}


def versus(suite: Suite, *, out: Path) -> tuple[FigureChange, ...]:
    """How our retrieval differs from the stock one over a suite, ours being the `after`."""
    [corpus] = suite.corpora.values()
    suite = replace(suite, primary=FIGURES, margins={})
    theirs = qa.evals.run(suite, Stock(corpus), name="stock", out=out / "stock")
    with chatbot_opener({"model": "extractive", "embeddings": "minilm-l6-v2"})(corpus) as bot:
        ours = qa.evals.run(suite, bot, name="qa", out=out / "qa")
    return compare(theirs, ours).changes


def main(names: Sequence[str]) -> None:
    """Print the table."""
    sources = Sources()
    print("| suite | figure | stock | qa | change, 95 % | cases |\n|---|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as out:
        for name in names or SUITES:
            for each in versus(sources.open(name), out=Path(out)):
                low, high = each.interval
                change = f"{each.delta:+.3f} ({low:+.3f} to {high:+.3f})"
                print(f"| {name} | {each.name} | {each.before:.3f} | {each.after:.3f} | {change} | {each.n} |")


if __name__ == "__main__":
    main(sys.argv[1:])
