from __future__ import annotations

import asyncio
import logging
import traceback

import pytest

from openai_server import DIMENSION, OpenAIServer, Step
from qa.errors import EmbeddingError, ModelError, QAError, SettingsError
from qa.models.chat import chat_model, embedding_model, input_window, model_errors
from qa.models.listening import guarded

KEY = "sk-test-0123456789abcdef"
NAME = "openai:gpt-test"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def ask(server: OpenAIServer, *, timeout_s: float = 60) -> str:
    model = guarded(chat_model(NAME, base_url=server.url, timeout_s=timeout_s, key=KEY), name=NAME, timeout_s=timeout_s)
    return "".join(chunk.text for chunk in model.stream("Hello"))


FAILURES = [
    ([Step(status=401, error=f"Incorrect API key provided: {KEY}")], "refused the key", 1),
    ([Step(status=403, error="no access")], "may not be used with this key", 1),
    ([Step(status=404, error="no such model")], "is unknown to the server. Check QA_MODEL", 1),
    ([Step(status=429, error="slow down", headers={"retry-after": "0.05"})] * 3, "is over its rate limit or quota", 3),
    ([Step(status=500, error="boom")] * 3, "failed on its server", 3),
    ([Step(status=400, error="maximum context length is 4096 tokens")], "lower QA_CONTEXT_TOKENS", 1),
    ([Step(status=400, error="bad field")], "did not take the request", 1),
    ([Step(pieces=("late",), delay_s=2)] * 3, "did not answer in time", 3),
    ([Step(cut=True)], "cannot be reached, or broke off", 1),
    ([Step(body="<html>hello</html>", headers={"content-type": "text/html"})], "sent a reply that cannot be read", 1),
    ([Step(body="data: {not\n\n", headers={"content-type": "text/event-stream"})], "reply that cannot be read", 1),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "message", "requests"), FAILURES, ids=[row[1] for row in FAILURES])
def test_a_failure_names_the_model_and_what_to_do(
    steps: list[Step], message: str, requests: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with OpenAIServer(*steps) as server, pytest.raises(ModelError) as caught:
        ask(server, timeout_s=0.5 if "in time" in message else 60)
    assert str(caught.value).startswith(f"{NAME} ")
    assert message in str(caught.value)
    assert len(server.requests) == requests
    assert KEY not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_a_refused_connection_says_to_check_the_server() -> None:
    model = guarded(chat_model(NAME, base_url="http://127.0.0.1:9/v1", timeout_s=2), name=NAME, timeout_s=2)
    with pytest.raises(ModelError, match="cannot be reached"):
        model.invoke("Hello")


def test_a_rate_limit_is_waited_out() -> None:
    steps = [Step(status=429, error="slow", headers={"retry-after": "0.05"}), Step(pieces=("Hel", "lo"))]
    with OpenAIServer(*steps) as server:
        assert ask(server) == "Hello"
    assert len(server.requests) == 2


def test_the_request_is_a_streamed_chat_completion_that_asks_for_usage() -> None:
    with OpenAIServer(Step(pieces=("Hi",))) as server:
        ask(server)
    (request,) = server.requests
    assert (request["model"], request["stream"], request["stream_options"]) == (
        "gpt-test",
        True,
        {"include_usage": True},
    )
    assert request["messages"] == [{"role": "user", "content": "Hello"}]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_local_server_needs_no_key_and_its_model_names_may_hold_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with OpenAIServer(Step(pieces=("Hi",)), Step(pieces=("Hi",))) as server:
        for name in ("llama3.2:3b", "openai:llama3.2:3b"):
            guarded(chat_model(name, base_url=server.url, timeout_s=60), name=name, timeout_s=60).invoke("Hello")
    assert [request["model"] for request in server.requests] == ["llama3.2:3b", "llama3.2:3b"]


def test_without_a_key_the_error_says_which_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelError, match=r"openai:gpt-5-mini needs a key\. Set OPENAI_API_KEY"):
        chat_model("openai:gpt-5-mini", base_url=None, timeout_s=60)


def test_a_provider_that_is_not_installed_names_its_package() -> None:
    with pytest.raises(SettingsError, match="langchain-mistralai"):
        chat_model("mistralai:mistral-small", base_url=None, timeout_s=60)


def test_a_name_that_is_no_models_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="'nonsense' names no model"):
        chat_model("nonsense", base_url=None, timeout_s=60)


def test_a_known_model_says_how_much_it_can_read() -> None:
    assert (input_window(chat_model("openai:gpt-5-mini", base_url=None, timeout_s=60)) or 0) > 100_000
    assert input_window(chat_model("llama3.2", base_url="http://127.0.0.1:9/v1", timeout_s=60)) is None


def test_a_key_is_shown_by_no_model() -> None:
    model = chat_model("openai:gpt-5-mini", base_url=None, timeout_s=60)
    assert KEY not in repr(model) + str(model)


def test_async_failures_are_the_same() -> None:
    with OpenAIServer(Step(status=404, error="no such model")) as server:
        model = guarded(chat_model(NAME, base_url=server.url, timeout_s=60), name=NAME, timeout_s=60)
        with pytest.raises(ModelError, match="is unknown to the server"):
            asyncio.run(model.ainvoke("Hello"))


def test_embeddings_go_to_a_compatible_server_as_text() -> None:
    with OpenAIServer() as server:
        embeddings = embedding_model("openai:text-embedding-3-small", base_url=server.url, timeout_s=60)
        vectors = embeddings.embed_documents(["one", "two"])
    assert [len(vector) for vector in vectors] == [DIMENSION, DIMENSION]
    assert server.requests[0]["input"] == ["one", "two"]


def test_embeddings_that_fail_name_their_model() -> None:
    name = "openai:text-embedding-3-small"
    with OpenAIServer(Step(status=401, error="no")) as server:
        embeddings = embedding_model(name, base_url=server.url, timeout_s=60)
        with pytest.raises(EmbeddingError, match=f"{name} refused the key"), model_errors(name, kind=EmbeddingError):
            embeddings.embed_query("one")


def test_only_the_clients_own_errors_are_translated() -> None:
    with pytest.raises(RuntimeError), model_errors(NAME):
        raise RuntimeError("ours")
    assert issubclass(ModelError, QAError)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:99999/v1", "http://127.0.0.1:abc/v1", "http://[::1", "localhost:11434/v1", "http://"]
)
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(SettingsError, match=r"is no address, .*\. Set QA_BASE_URL"):
        chat_model(NAME, base_url=address, timeout_s=60)
    with pytest.raises(SettingsError, match=r"is no address, .*\. Set QA_EMBEDDINGS_URL"):
        embedding_model(NAME, base_url=address, timeout_s=60)
