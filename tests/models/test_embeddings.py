"""Embeddings from a provider: the real client over HTTP, against the scripted server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from openai_server import DIMENSION, OpenAIServer, Step
from qa import Chatbot
from qa.errors import EmbeddingError, StoreMismatchError
from qa.models.embeddings import PROBE, RemoteEmbedder
from qa.models.minilm import MiniLM

MILL = "The old mill in Arden burned down in 1891. It was rebuilt two years later by Ada Quill.\n"
NAME = "openai:text-embedding-test"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def open_bot(folder: Path, server: OpenAIServer, **chosen: Any) -> Chatbot:
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
        [PROBE],
        [f"mill\n{MILL}"],
        ["When did the old mill in Arden burn down?"],
    ]


class Product(OpenAIServer):
    """Refuses more than so many texts at once, in a body of this shape."""

    def __init__(self, *, most: int = 10**6, status: int = 400, body: str = "", packs: bool = True) -> None:
        super().__init__()
        self.most, self.status, self.body, self.packs = most, status, body, packs

    def step(self, body: dict[str, Any]) -> Step:
        count = len(body["input"])
        return Step(status=self.status, body=self.body % count) if count > self.most else super().step(body)


def tei() -> Product:
    """Text Embeddings Inference as it is started: 32 texts, vectors always as numbers, errors without an envelope.

    Source: huggingface/text-embeddings-inference, router/src/http/server.rs (openai_embed, `From<&ErrorType>`) and
    types.rs (OpenAICompatErrorResponse).
    """
    said = '{"message": "batch size %d > maximum allowed batch size 32", "code": 413, "type": "validation"}'
    return Product(most=32, status=413, body=said, packs=False)


def ollama() -> Product:
    """Ollama: any number of texts, vectors packed where that is asked for.

    Source: ollama/ollama, middleware/openai.go (EmbeddingsMiddleware), openai/openai.go (ToEmbeddingList).
    """
    return Product()


def openai() -> Product:
    """OpenAI: 2,048 texts. Source: openai/openai-python, src/openai/types/embedding_create_params.py."""
    return Product(most=2048, body='{"error": {"message": "%d inputs", "type": "invalid_request_error"}}')


def dashscope() -> Product:
    """Alibaba's compatible mode.

    Source: help.aliyun.com/zh/model-studio/developer-reference/embedding-interfaces-compatible-with-openai (10 texts);
    zilliztech/claude-context#177 (the words).
    """
    said = "InternalError.Algo.InvalidParameter: batch size is invalid, it should not be larger than 10: %d"
    return Product(most=10, body='{"error": {"message": "<400> ' + said + '", "type": "InvalidParameter"}}')


@pytest.mark.parametrize(
    ("product", "refused", "batch"), [(tei, 3, 32), (dashscope, 5, 8), (ollama, 0, 256), (openai, 0, 256)]
)
def test_a_server_of_small_batches_is_asked_for_halves_and_not_for_more_again(
    product: Callable[[], Product], refused: int, batch: int
) -> None:
    texts = [f"{'a' * (n % 7)} text {n}" for n in range(300)]
    with product() as server:
        embedder = RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM())
        vectors = embedder.embed(texts)
        sizes = [len(each["input"]) for each in server.requests[1:]]
        assert sizes[refused:] == [min(batch, 300 - at) for at in range(0, 300, batch)]
        np.testing.assert_array_equal(vectors[17], embedder.embed([texts[17]])[0])
        counted = np.array([[text.count(letter) + 1 for letter in server.letters] for text in texts], dtype=np.float32)
        np.testing.assert_allclose(vectors, counted / np.linalg.norm(counted, axis=1, keepdims=True), atol=1e-6)
        assert vectors.shape == (300, DIMENSION)


def test_one_text_that_is_refused_is_an_error_that_names_the_setting() -> None:
    with Product(most=0, body="%d") as server, pytest.raises(EmbeddingError, match="Check QA_EMBEDDINGS and"):
        RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (413, {"message": "`inputs` must have less than 512 tokens. Given: 700", "code": 413, "type": "validation"}),
        (400, {"error": {"message": "the input length exceeds the context length", "type": "invalid_request_error"}}),
    ],
    ids=[
        "huggingface/text-embeddings-inference, core/src/tokenization.rs",
        "ollama/ollama, server/routes.go (EmbedHandler)",
    ],
)
def test_a_text_that_the_model_cannot_read_whole_is_said_to_be_too_long(status: int, body: dict[str, Any]) -> None:
    said = r"cannot read that much at once\. Name a model that reads longer texts: QA_EMBEDDINGS"
    with (
        OpenAIServer(Step(status=status, body=json.dumps(body))) as server,
        pytest.raises(EmbeddingError, match=said),
    ):
        RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM())


def test_a_server_that_is_overloaded_is_asked_again() -> None:
    """TEI says so with 429. Source: huggingface/text-embeddings-inference, router/src/http/server.rs."""
    busy = json.dumps({"message": "Model is overloaded", "code": 429, "type": "overloaded"})
    with OpenAIServer(Step(status=429, body=busy, headers={"retry-after": "0.05"})) as server:
        assert RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM()).dimension == DIMENSION
        assert len(server.requests) == 2


def test_a_server_whose_model_was_exchanged_is_named(server: OpenAIServer) -> None:
    embedder = RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM())
    server.letters = "aeio"
    with pytest.raises(EmbeddingError, match=f"{NAME} gives vectors of 4 numbers, and gave some of 8 before"):
        embedder.embed(["Rome"])


def test_an_index_is_not_read_with_another_model_of_the_same_name_and_length(
    tmp_path: Path, server: OpenAIServer
) -> None:
    open_bot(tmp_path, server).close()
    open_bot(tmp_path, server).close()
    server.letters = "xyzqwvkj"
    with pytest.raises(StoreMismatchError, match=f"built with another model that is also called {NAME}.*--rebuild"):
        open_bot(tmp_path, server)
    with open_bot(tmp_path, server, fill=False) as bot:
        bot.ingest(rebuild=True)
    with open_bot(tmp_path, server) as bot:
        assert "1891" in bot.ask("When did the old mill in Arden burn down?").text


def test_embeddings_may_have_a_server_and_a_key_of_their_own(
    tmp_path: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-the-other-server")
    monkeypatch.setenv("QA_EMBEDDINGS_API_KEY", "sk-for-vectors")
    open_bot(tmp_path, server, base_url="http://127.0.0.1:9/v1", embeddings_url=server.url).close()
    assert {each["authorization"] for each in server.headers} == {"Bearer sk-for-vectors"}


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_no_proxy_is_asked_for_vectors_of_this_machine(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM()).dimension == DIMENSION


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
    embedder = RemoteEmbedder("cohere:any", base_url=None, timeout_s=1, encoder=MiniLM())
    np.testing.assert_array_equal(embedder.embed(["Rome"]), [[1, 0]])
    np.testing.assert_array_equal(embedder.embed_query("Rome"), [0, 1])


def test_a_provider_that_refuses_a_query_is_named(server: OpenAIServer) -> None:
    embedder = RemoteEmbedder(NAME, base_url=server.url, timeout_s=5, encoder=MiniLM())
    server.steps = [Step(status=401, error="bad key")]
    with pytest.raises(EmbeddingError, match=NAME):
        embedder.embed_query("Rome")
