"""Servers by name: each stand-in answers over HTTP as that product does, with the place where that can be read."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from qa.chatbot import Chatbot
from qa.errors import ModelError
from qa.types import Answer
from raw_server import RawServer, data, head

QUESTION = "When was the lighthouse of Skerry Vore opened?"
FOUND = "The lighthouse was opened in 1844 by Alan Stevenson. [1.2]"
SHOWN = "The lighthouse was opened in 1844 by Alan Stevenson. [1]"
THOUGHT = "Alright, the user asks about the lighthouse, which was opened in 1844."
USAGE = {"prompt_tokens": 10_000, "completion_tokens": 20, "total_tokens": 10_020}
DONE = b"data: [DONE]\n\n"

Product = Callable[[], Iterator[bytes]]
pytestmark = pytest.mark.usefixtures("nothing_is_remembered")


def ask(library: Chatbot, server: RawServer) -> Answer:
    return library.adjusted(model="openai:served", base_url=server.url, timeout_s=60).ask(QUESTION)


def chunk(delta: Any, finish: str | None = None, **more: Any) -> bytes:
    """One event with one choice; `more` stands beside it."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return data(
        {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "served", "choices": [choice], **more}
    )


def last(usage: dict[str, int], **more: Any) -> bytes:
    """The event without a choice that tells the usage."""
    event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "served", "choices": []}
    return data({**event, "usage": usage, **more})


def refusal(status: str, **error: Any) -> bytes:
    """A whole response that refuses."""
    body = json.dumps({"error": error}).encode()
    return head(f"content-length: {len(body)}", status=status, kind="application/json") + body


def ollama(*, read: int = 10_000) -> Iterator[bytes]:
    """Ollama: every chunk has the role and a content, thoughts are in `reasoning`, the last repeats itself with usage.

    Source: ollama/ollama, openai/openai.go (Message, ToChunk) and middleware/openai.go (ChatWriter.writeResponse).
    """
    yield head()
    for delta, finish in (
        ({"content": "", "reasoning": THOUGHT}, None),
        ({"content": FOUND}, None),
        ({"content": ""}, "stop"),
    ):
        yield chunk({"role": "assistant", **delta}, finish, system_fingerprint="fp_ollama")
    yield last({**USAGE, "prompt_tokens": read}, system_fingerprint="fp_ollama")
    yield DONE


def llama_cpp() -> Iterator[bytes]:
    """llama.cpp's server: the role comes first with a content of null, usage and timings last with no choices.

    Source: ggml-org/llama.cpp, tools/server/tests/unit/test_chat_completion.py (test_chat_completion_stream,
    test_chat_completion_with_timings_per_token); `reasoning_content`: `--reasoning-format` in its --help.
    """
    yield head()
    yield chunk({"role": "assistant", "content": None}, system_fingerprint="b6881-8b11deea4")
    yield chunk({"reasoning_content": THOUGHT}) + chunk({"content": FOUND}) + chunk({}, "stop")
    yield last(USAGE, timings={"prompt_per_second": 1.0, "predicted_n": 20})
    yield DONE


def vllm() -> Iterator[bytes]:
    """vLLM: the role comes first; the last words and the reason of the end in one chunk, a `stop_reason` beside it.

    Source: vllm-project/vllm, vllm/entrypoints/openai/chat_completion/serving.py (chat_completion_stream_generator).
    """
    yield head()
    yield chunk({"role": "assistant", "content": ""}) + chunk({"reasoning": THOUGHT}) + chunk({"content": FOUND[:20]})
    choice = {"index": 0, "delta": {"content": FOUND[20:]}, "finish_reason": "stop", "stop_reason": None}
    yield data({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "served", "choices": [choice]})
    yield last(USAGE)
    yield DONE


def lm_studio() -> Iterator[bytes]:
    """LM Studio: takes `temperature`, `max_tokens`, `stream` and a few more, and answers as OpenAI does.

    Source: lmstudio-ai/docs, 1_developer/3_openai-compat/chat-completions.md.
    """
    yield head()
    yield (
        chunk({"role": "assistant", "content": FOUND[:9]})
        + chunk({"content": FOUND[9:]})
        + chunk({}, "stop", usage=USAGE)
    )
    yield DONE


def openrouter() -> Iterator[bytes]:
    """OpenRouter: comments keep the line open, thoughts are in `reasoning`, and usage ends the stream.

    Source: openrouter.ai/docs/api-reference/streaming.
    """
    yield head() + b": OPENROUTER PROCESSING\n\n" * 3
    yield chunk({"role": "assistant", "content": "", "reasoning": THOUGHT}, provider="Fireworks")
    yield b": OPENROUTER PROCESSING\n\n"
    yield chunk({"role": "assistant", "content": FOUND}, provider="Fireworks")
    yield chunk({"role": "assistant", "content": ""}, "stop", provider="Fireworks", usage=USAGE)
    yield DONE


NOBODY = {"id": "", "object": "", "created": 0, "model": "", "usage": None}
SAFE = {"hate": {"filtered": False, "severity": "safe"}}


def filtered(found: dict[str, Any] = SAFE, finish: str | None = None) -> bytes:
    """What Azure's filter says of words that it has sent: a choice that has no `delta`."""
    offsets = {"check_offset": 44, "start_offset": 44, "end_offset": 198}
    said = {"content_filter_results": found, "content_filter_offsets": offsets}
    return data({**NOBODY, "choices": [{"index": 0, "finish_reason": finish, **said}]})


def azure(*words: bytes) -> Iterator[bytes]:
    """Azure OpenAI, its filter set to run beside: what that finds comes before, between and behind the words.

    Source: MicrosoftDocs/azure-ai-docs, articles/ai-foundry/openai/concepts/content-streaming.md (the two samples);
    microsoft/agent-framework#5734 (a `delta` of null).
    """
    yield head()
    yield data(
        {**NOBODY, "choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]}
    )
    yield chunk({"role": "assistant"}, usage=None)
    yield from words or (chunk({"content": FOUND}, usage=None), filtered(), chunk({}, "stop", usage=None))
    yield filtered() + chunk(None)
    yield last(USAGE)
    yield DONE


def litellm() -> Iterator[bytes]:
    """A company's gateway, LiteLLM: what a provider says, under the name that was asked for.

    Source: BerriAI/litellm, litellm/proxy/common_request_processing.py (_override_openai_response_model).
    """
    yield head("x-litellm-call-id: 1")
    yield chunk({"role": "assistant", "content": FOUND}) + chunk({}, "stop")
    yield last(USAGE)
    yield DONE


PRODUCTS = [ollama, llama_cpp, vllm, lm_studio, openrouter, azure, litellm]


@pytest.mark.parametrize("product", PRODUCTS, ids=[each.__name__ for each in PRODUCTS])
def test_an_answer_is_read_whole_and_without_thoughts(library: Chatbot, product: Product) -> None:
    with RawServer(product) as server:
        answer = ask(library, server)
    assert (answer.text, answer.incomplete, answer.notes) == (SHOWN, False, ())
    assert answer.usage.input_tokens == USAGE["prompt_tokens"]


def test_ollamas_silent_cut_is_noted_with_its_setting(library: Chatbot) -> None:
    """Opened with 4,096 tokens it logs `truncating input prompt limit=2050 prompt=8707` and reports what it read.

    Source: ollama/ollama#10980.
    """
    with RawServer(lambda: ollama(read=205)) as server:
        (note,) = ask(library, server).notes
    assert "OLLAMA_CONTEXT_LENGTH" in note


def too_much_for_llama_cpp() -> Iterator[bytes]:
    """Source: ggml-org/llama.cpp, tools/server/server-context.cpp; the words are also in the library of xllamacpp."""
    said = "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it"
    yield refusal("400 Bad Request", code=400, message=said, type="exceed_context_size_error", n_ctx=8192)


def too_much_for_vllm() -> Iterator[bytes]:
    """Source: vllm-project/vllm, vllm/renderers/params.py (_token_len_check)."""
    said = (
        "You passed 9412 input tokens and requested 4000 output tokens. However, the model's context length is only "
        "8192 tokens, resulting in a maximum input length of 4192 tokens. Please reduce the length of the input prompt."
    )
    yield refusal("400 Bad Request", message=said, type="BadRequestError", param="input_tokens", code=400)


def too_much_for_lm_studio() -> Iterator[bytes]:
    """Source: lmstudio-ai/lmstudio-bug-tracker#237 (400) and #546 (the words)."""
    said = (
        "Trying to keep the first 9412 tokens when context the overflows. However, the model is loaded with context "
        "length of only 4096 tokens, which is not enough. Try to load the model with a larger context length"
    )
    yield refusal("400 Bad Request", message=said)


TOO_MUCH = [too_much_for_llama_cpp, too_much_for_vllm, too_much_for_lm_studio]


@pytest.mark.parametrize("product", TOO_MUCH, ids=[each.__name__ for each in TOO_MUCH])
def test_a_prompt_that_is_too_long_is_said_to_be_with_the_setting(library: Chatbot, product: Product) -> None:
    with (
        RawServer(product) as server,
        pytest.raises(ModelError, match=r"cannot read that much at once\. Set QA_WINDOW_TOKENS .*\(it said: .*9412"),
    ):
        ask(library, server)


def test_where_no_word_comes_the_documents_own_words_answer_and_a_note_says_why(library: Chatbot) -> None:
    """LM Studio answers a prompt past the window of a GGUF model with 200, usage and no words.

    Source: lmstudio-ai/lmstudio-bug-tracker#2339.
    """

    def silent() -> Iterator[bytes]:
        yield head() + chunk({"role": "assistant"}) + chunk({}, "stop", usage=USAGE) + DONE

    with RawServer(silent) as server:
        answer = ask(library, server)
    assert answer.text == SHOWN
    assert answer.notes[-1].startswith("the model wrote nothing, as where its server has no room for the prompt")


def test_a_model_that_is_still_being_loaded_is_asked_again(library: Chatbot) -> None:
    """llama.cpp's server says 503 meanwhile. Source: ggml-org/llama.cpp, tools/server/README.md (GET /health)."""
    loading = iter([refusal("503 Service Unavailable", code=503, message="Loading model", type="unavailable_error")])

    def play() -> Iterator[bytes]:
        first = next(loading, None)
        yield from llama_cpp() if first is None else [first]

    with RawServer(play) as server:
        assert ask(library, server).text == SHOWN
    assert len(server.requests) == 2


def broken_openrouter() -> Iterator[bytes]:
    """An error after the first words comes as an event with the status 200.

    Source: openrouter.ai/docs/api-reference/streaming ("Handling errors during streaming").
    """
    yield head() + chunk({"role": "assistant", "content": FOUND + " It stands"})
    error = {"code": "server_error", "message": "Provider disconnected unexpectedly"}
    yield chunk({"content": ""}, "error", error=error)


def broken_litellm() -> Iterator[bytes]:
    """The same at the gateway. Source: BerriAI/litellm, litellm/proxy/common_request_processing.py."""
    yield head() + chunk({"role": "assistant", "content": FOUND + " It stands"})
    yield data(
        {"error": {"message": "litellm.Timeout: Connection timed out", "type": None, "param": None, "code": "408"}}
    )


@pytest.mark.parametrize("product", [broken_openrouter, broken_litellm], ids=["openrouter", "litellm"])
def test_what_breaks_in_the_middle_keeps_what_was_shown_and_says_so(library: Chatbot, product: Product) -> None:
    with RawServer(product) as server:
        answer = ask(library, server)
    assert answer.text.startswith(SHOWN)
    assert answer.incomplete
    assert any("Provider disconnected" in note or "timed out" in note for note in answer.notes)


def test_a_reply_that_azures_filter_stops_keeps_what_was_shown_and_says_so(library: Chatbot) -> None:
    """Source: as `azure`, "Sample response stream (blocked by filters)"."""
    found = {"protected_material_text": {"detected": True, "filtered": True}}
    words = (chunk({"content": FOUND + " It stands"}), filtered(found, "content_filter"))
    with RawServer(lambda: azure(*words)) as server:
        answer = ask(library, server)
    assert (answer.text.startswith(SHOWN), answer.incomplete) == (True, True)
    assert "the provider's content filter stopped the reply" in answer.notes


REFUSED = {
    "ollama: ollama/ollama, openai/openai.go (NewError)": (
        "404 Not Found", {"message": "model 'x' not found", "type": "not_found_error"}, "is unknown to the server"),
    "openrouter: openrouter.ai/docs/errors": (
        "402 Payment Required", {"code": 402, "message": "Insufficient credits. Add more"}, "Insufficient credits"),
    "litellm: BerriAI/litellm, litellm/proxy/auth/auth_exception_handler.py": (
        "401 Unauthorized", {"message": "Authentication Error, no key", "type": "auth_error", "param": "None",
                             "code": "401"}, "refused the key"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_told_in_the_servers_words(
    library: Chatbot, status: str, error: dict[str, Any], words: str
) -> None:
    with RawServer(lambda: iter([refusal(status, **error)])) as server, pytest.raises(ModelError, match=words):
        ask(library, server)


DOCUMENTED = {
    "Ollama": ollama, "LM Studio": lm_studio, "llama.cpp": llama_cpp, "vLLM": vllm, "Azure OpenAI": azure,
    "OpenRouter": openrouter, "A company's gateway": litellm,
}  # fmt: skip


def documented(name: str) -> list[str]:
    """The lines that docs/models.md gives for a server."""
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^{re.escape(name)}[^\n]*:\n\n```sh\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    return str(block).splitlines()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of an index of our own seeds, which the lines ask."""
    home = tmp_path_factory.mktemp("home")
    Chatbot.open(model="extractive", chroma=str(home / "index"), home=home).close()
    return {"QA_CHROMA": str(home / "index"), "QA_HOME": str(home)}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_lines_that_the_docs_give_for_a_server_are_run_against_its_stand_in(
    places: dict[str, str], name: str
) -> None:
    *_, export, ask_line = documented(name)
    chosen = dict(each.partition("=")[::2] for each in shlex.split(export)[1:])
    with RawServer(DOCUMENTED[name]) as server:
        address = urlsplit(chosen["QA_BASE_URL"])
        environment = {**os.environ, **chosen, **places, "QA_BASE_URL": server.url}
        command = [sys.executable, "-m", *shlex.split(ask_line), "--json"]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert (ran.returncode, json.loads(ran.stdout)["model"]) == (0, chosen["QA_MODEL"]), ran.stderr
    ((request, body),) = server.requests
    assert address.path.endswith("/v1")
    assert request.startswith("POST /v1/chat/completions ")
    assert json.loads(body)["model"] == chosen["QA_MODEL"].removeprefix("openai:")
