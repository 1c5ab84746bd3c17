"""Passages and queries embedded by a provider's model, under the same verbs as the embedded MiniLM.

MiniLM still counts the word pieces and makes the vectors of sentences: a provider returns no vectors of
single words, and the weights of ranking and abstaining were learnt from MiniLM's sentences.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np

from qa.errors import EmbeddingError
from qa.models.chat import embedding_model, model_errors
from qa.models.minilm import MiniLM, Vectors, unit

PROBE = "The same text has the same vector for as long as the model is the same."
REFUSES_MANY = (400, 413, 422)  # TEI says 413 or 422 beyond 32 texts, DashScope 400 beyond 10


class RemoteEmbedder:
    """An embedding model by name, such as `openai:text-embedding-3-small`."""

    def __init__(
        self, name: str, *, base_url: str | None, timeout_s: float, encoder: MiniLM, key: str = "", batch: int = 256
    ) -> None:
        """Make its client, and ask it for one vector, the `probe`; `key` as `embedding_model` takes it.

        A request has `batch` texts at most, or half as many each time that the server refuses it.

        Raises: SettingsError for an unknown provider, EmbeddingError when it does not answer.
        """
        self.name = name
        self._model = embedding_model(name, base_url=base_url, timeout_s=timeout_s, key=key)
        self._timeout_s = timeout_s
        self._encoder = encoder
        self._batch = batch
        self.dimension = 0  # until the first vector tells
        self.probe: Vectors = self.embed([PROBE])[0]
        self.dimension = len(self.probe)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: (texts, dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        found: list[Vectors] = []
        done = 0
        while done < len(texts):
            some = list(texts[done : done + self._batch])
            try:
                found.append(self._unit(self._model.aembed_documents(some), count=len(some)))
            except BatchError:
                self._batch = len(some) // 2
                continue
            done += len(some)
        return np.concatenate(found)

    def embed_query(self, text: str) -> Vectors:
        """The unit vector (dimension,) of a query, which some models embed otherwise than a passage."""
        vector: Vectors = self._unit(self._query(text), count=1)[0]
        return vector

    def embed_spans(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Vectors, list[Vectors]]:
        """The vectors that `embed` gives, and MiniLM's unit vector for each span (start, end) of each text."""
        return self.embed(texts), self._encoder.embed_spans(texts, spans, progress=progress)[1]

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """How many of MiniLM's word pieces each text has."""
        return self._encoder.count_pieces(texts)

    async def _query(self, text: str) -> list[list[float]]:
        return [await self._model.aembed_query(text)]

    def _unit(self, work: Coroutine[Any, Any, list[list[float]]], *, count: int) -> Vectors:
        """The unit vectors that a request for `count` of them brings.

        Raises: BatchError when the server refuses as many texts; of one text, the refusal stands.
        """
        from openai import APIStatusError

        from qa.models.patience import WHOLE_REPLY_TIMEOUTS, run_in_loop

        with model_errors(self.name, kind=EmbeddingError):
            try:
                in_time = asyncio.wait_for(work, WHOLE_REPLY_TIMEOUTS * self._timeout_s)
                vectors = np.array(run_in_loop(in_time), dtype=np.float32)
            except APIStatusError as error:
                if count > 1 and error.status_code in REFUSES_MANY:
                    raise BatchError from None
                raise
            lengths = np.linalg.norm(vectors, axis=-1)
            if vectors.ndim != 2 or len(vectors) != count or not (np.isfinite(lengths) & (lengths > 0)).all():
                raise ValueError(f"{count} vectors were asked for")
        if self.dimension not in (0, vectors.shape[1]):
            raise EmbeddingError(
                f"{self.name} gives vectors of {vectors.shape[1]} numbers, and gave some of {self.dimension} before: "
                "its server has another model now. Check QA_EMBEDDINGS, then run: qa ingest --rebuild"
            )
        return unit(vectors)


class BatchError(Exception):
    """A server refused so many texts at once."""
