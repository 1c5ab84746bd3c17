"""Passages and queries embedded by a provider's model, under the same verbs as the embedded MiniLM.

MiniLM still counts the word pieces and makes the vectors of sentences: a provider returns no vectors of
single words, and the weights of ranking and abstaining were learnt from MiniLM's sentences.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np

from qa.errors import EmbeddingError
from qa.models.chat import embedding_model, model_errors
from qa.models.minilm import MiniLM, Vectors, unit


class RemoteEmbedder:
    """An embedding model by name, such as `openai:text-embedding-3-small`."""

    def __init__(self, name: str, *, base_url: str | None, timeout_s: float, reader: MiniLM, key: str = "") -> None:
        """Make its client, and ask it once how long its vectors are; `key` as `embedding_model` takes it.

        Raises: SettingsError for an unknown provider, EmbeddingError when it does not answer.
        """
        self.name = name
        self._model = embedding_model(name, base_url=base_url, timeout_s=timeout_s, key=key)
        self._timeout_s = timeout_s
        self._reader = reader
        self.dimension = self.embed(["dimension"]).shape[1]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: (texts, dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._unit(self._model.aembed_documents(list(texts)), count=len(texts))

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
        return self.embed(texts), self._reader.embed_spans(texts, spans, progress=progress)[1]

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """How many of MiniLM's word pieces each text has."""
        return self._reader.count_pieces(texts)

    async def _query(self, text: str) -> list[list[float]]:
        return [await self._model.aembed_query(text)]

    def _unit(self, work: Coroutine[Any, Any, list[list[float]]], *, count: int) -> Vectors:
        from qa.models.patience import WHOLE_REPLY_TIMEOUTS, run_in_loop

        with model_errors(self.name, kind=EmbeddingError):
            in_time = asyncio.wait_for(work, WHOLE_REPLY_TIMEOUTS * self._timeout_s)
            vectors = np.array(run_in_loop(in_time), dtype=np.float32)
            lengths = np.linalg.norm(vectors, axis=-1)
            if vectors.ndim != 2 or len(vectors) != count or not (np.isfinite(lengths) & (lengths > 0)).all():
                raise ValueError(f"{count} vectors were asked for")
        return unit(vectors)
