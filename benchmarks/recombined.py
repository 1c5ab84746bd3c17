"""A corpus of any size out of a small one: real sentences, put together anew, with vectors that cost next to nothing.

Each paragraph is two runs of three sentences that stand together in one article. Its vector is the mean of the
vectors that MiniLM gave these sentences, so near and far mean what they mean over real text; questions are
embedded by MiniLM itself. Everything else, from reading files to writing Chroma, is the product's own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa import Chatbot
from qa.models.minilm import MiniLM

Vectors = NDArray[np.float32]
RUN, RUNS, PARAGRAPHS = 3, 2, 200


class Sentences:
    """The sentences of an index, by document, with their vectors."""

    def __init__(self, base: Chatbot) -> None:
        index, cached = base.library.index, base.library._sentences
        self.articles: list[list[str]] = []
        self.vectors: dict[str, NDArray[np.float16]] = {}
        for record in index.documents():
            passages = index.passages(record.passage_ids)
            texts = [[" ".join(each.cut(span).split()) for span in each.units] for each in passages]
            for names, rows in zip(texts, cached(passages), strict=True):
                self.vectors.update(zip(names, rows.astype(np.float16), strict=True))
            self.articles.append([text for names in texts for text in names if len(text) < 600])
        self.articles = [article for article in self.articles if len(article) > RUN]

    def write(self, folder: Path, *, passages: int) -> None:
        """Files of about 200 passages each, that many passages in all; the same each time."""
        folder.mkdir(parents=True)
        chance = random.Random(0)
        for number in range(-(-passages // PARAGRAPHS)):
            article = self.articles[number % len(self.articles)]
            paragraphs = [" ".join(self._runs(article, chance)) for _ in range(PARAGRAPHS)]
            (folder / f"{number:06}.txt").write_text("\n\n".join(paragraphs) + "\n", "utf-8")

    def _runs(self, article: Sequence[str], chance: random.Random) -> Iterator[str]:
        for _ in range(RUNS):
            start = chance.randrange(len(article) - RUN + 1)
            yield from article[start : start + RUN]


class Remembering(MiniLM):
    """MiniLM, which reads questions but looks the vectors of passages up sentence by sentence."""

    def __init__(self, sentences: Sentences) -> None:
        super().__init__()
        self._known = sentences.vectors

    def embed_spans(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Vectors, list[Vectors]]:
        """As `MiniLM.embed_spans`; a sentence that the splitter cut otherwise gets the mean of its neighbours."""
        parts = [self._look_up([text[a:b] for a, b in bounds]) for text, bounds in zip(texts, spans, strict=True)]
        means = np.stack([rows.mean(axis=0) if len(rows) else np.eye(1, 384, dtype=np.float32)[0] for rows in parts])
        return means / np.linalg.norm(means, axis=1, keepdims=True), parts

    def _look_up(self, sentences: Sequence[str]) -> Vectors:
        found = [self._known.get(" ".join(each.split())) for each in sentences]
        known = [row for row in found if row is not None]
        mean = np.mean(known, axis=0) if known else np.ones(384, dtype=np.float16)
        rows = np.array([mean if row is None else row for row in found], dtype=np.float32).reshape(-1, 384)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit
