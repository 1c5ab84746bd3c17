"""Embeddings from a provider: the real client over HTTP, against the scripted server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from openai_server import DIMENSION, OpenAIServer, Step
from qa import Chatbot
from qa.errors import EmbeddingError, StoreMismatchError
from qa.models.embeddings import RemoteEmbedder
from qa.models.minilm import MiniLM

MILL = "The old mill in Arden burned down in 1891. It was rebuilt two years later by Ada Quill.\n"
NAME = "openai:text-embedding-test"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def open_bot(folder: Path, server: OpenAIServer, **chosen: str) -> Chatbot:
    (folder / "documents").mkdir(exist_ok=True)
    (folder / "documents" / "mill.txt").write_text(MILL, encoding="utf-8")
    places = {"chroma": str(folder / "index"), "home": folder / "home", "seeds": folder / "documents"}
    return Chatbot.open(**{"model": "extractive", "embeddings": NAME, "base_url": server.url, **places, **chosen})


def test_the_provider_embeds_titled_passages_and_queries(tmp_path: Path, server: OpenAIServer) -> None:
    bot = open_bot(tmp_path, server)
    answer = bot.ask("When did the old mill in Arden burn down?")
    assert (answer.embeddings, answer.citations[0].quote) == (NAME, "The old mill in Arden burned down in 1891.")
    assert bot.library.index.dimension == DIMENSION
    assert [request["input"] for request in server.requests] == [
        ["dimension"],
        [f"mill\n{MILL}"],
        ["When did the old mill in Arden burn down?"],
    ]


def test_an_index_of_one_embedder_is_not_read_with_another(tmp_path: Path, server: OpenAIServer) -> None:
    open_bot(tmp_path, server).close()
    with pytest.raises(StoreMismatchError, match=f"built with {NAME}"):
        open_bot(tmp_path, server, embeddings="minilm-l6-v2")


def test_a_provider_that_refuses_is_named(tmp_path: Path, server: OpenAIServer) -> None:
    server.steps = [Step(status=401, error="bad key")]
    with pytest.raises(EmbeddingError, match=NAME):
        open_bot(tmp_path, server)


class Asymmetric(Embeddings):
    """A model that, like E5 or Cohere's, embeds a query otherwise than a passage."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[2.0, 0.0] for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return [0.0, 4.0]


def test_a_query_is_embedded_as_a_query_and_to_unit_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.models.embeddings.embedding_model", lambda *_, **__: Asymmetric())
    embedder = RemoteEmbedder("cohere:any", base_url=None, timeout_s=1, reader=MiniLM())
    np.testing.assert_array_equal(embedder.embed(["Rome"]), [[1, 0]])
    np.testing.assert_array_equal(embedder.embed_query("Rome"), [0, 1])


def test_a_provider_that_refuses_a_query_is_named(server: OpenAIServer) -> None:
    embedder = RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, reader=MiniLM())
    server.steps = [Step(status=401, error="bad key")]
    with pytest.raises(EmbeddingError, match=NAME):
        embedder.embed_query("Rome")
