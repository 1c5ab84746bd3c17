"""Servers that speak OpenAI's interface in their own way: each stand-in refuses or says what the product does."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_server import OpenAIServer, Step
from qa.chatbot import Chatbot
from qa.errors import ModelError
from qa.models import refusals
from qa.models.chat import chat_model, input_window
from qa.models.listening import guarded
from qa.types import Answer
from raw_server import RawServer, data, event, head

QUESTION = "When was the lighthouse of Skerry Vore opened?"
FOUND = "The lighthouse was opened in 1844 by Alan Stevenson. [1.2]"
SHOWN = "The lighthouse was opened in 1844 by Alan Stevenson. [1]"
Refuse = Callable[[dict[str, Any]], Step | None]
pytestmark = pytest.mark.usefixtures("nothing_is_remembered")


def asked(library: Chatbot, server: OpenAIServer | RawServer, **chosen: Any) -> Answer:
    return library.adjusted(model="openai:served", base_url=server.url, timeout_s=60, **chosen).ask(QUESTION)


def o_series(body: dict[str, Any]) -> Step | None:
    """OpenAI's o3-mini and o4-mini, and routers to them, one complaint at a time.

    Source: learn.microsoft.com/azure/foundry/openai/how-to/reasoning (which parameters);
    ServiceNow/AgentLab#251 (the words on max_tokens), appatalks/eva-agent#83 (on temperature).
    """
    if "max_tokens" in body:
        said = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return Step(status=400, error=said)
    if "temperature" in body:
        return Step(status=400, error="Unsupported parameter: 'temperature' is not supported with this model.")
    return None


def azure_older(body: dict[str, Any]) -> Step | None:
    """An Azure OpenAI deployment under an interface older than `stream_options`. Source: openai/openai-python#1469."""
    if "stream_options" in body:
        return Step(status=400, error="Unrecognized request argument supplied: stream_options. Please contact us")
    return None


def mistral(body: dict[str, Any]) -> Step | None:
    """A server that checks with pydantic and forbids what it does not know. Source: BerriAI/litellm#11696."""
    if "stream_options" in body:
        where = {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}
        return Step(status=422, error=json.dumps({"detail": [where]}))
    return None


def gemma_on_vllm(body: dict[str, Any]) -> Step | None:
    """Gemma 2 under its own template, on vLLM (400).

    Source: ggml-org/llama.cpp, models/templates/google-gemma-2-2b-it.jinja; vllm-project/vllm#2964 (the status).
    """
    if body["messages"][0]["role"] == "system":
        return Step(status=400, error="System role not supported")
    return None


def gemma_on_sglang(body: dict[str, Any]) -> Step | None:
    """The same on SGLang, which fails within (500). Source: sgl-project/sglang#892."""
    step = gemma_on_vllm(body)
    return step and Step(status=500, error="jinja2.exceptions.TemplateError: System role not supported")


def mistral_7b(body: dict[str, Any]) -> Step | None:
    """A template that wants the roles to take turns. Source: the template quoted in kubeai-project/kubeai#499."""
    if body["messages"][0]["role"] == "system":
        return Step(status=400, error="Conversation roles must alternate user/assistant/user/assistant/...")
    return None


class Dialect(OpenAIServer):
    """The scripted server, with what a product refuses in front of the script."""

    def __init__(self, refuse: Refuse, *steps: Step) -> None:
        super().__init__(*steps)
        self.refuse = refuse

    def step(self, body: dict[str, Any]) -> Step:
        return self.refuse(body) or super().step(body)


REFUSING: list[tuple[Refuse, int]] = [
    (o_series, 2),
    (azure_older, 1),
    (mistral, 1),
    (gemma_on_vllm, 1),
    (gemma_on_sglang, 1),
    (mistral_7b, 1),
]


@pytest.mark.parametrize(("refuse", "refusals"), REFUSING, ids=[each.__name__ for each, _ in REFUSING])
def test_what_a_server_refuses_is_left_out_and_not_sent_again(library: Chatbot, refuse: Refuse, refusals: int) -> None:
    with Dialect(refuse, Step(pieces=(FOUND,)), Step(pieces=(FOUND,))) as server:
        assert asked(library, server).text == SHOWN
        assert asked(library, server).text == SHOWN
    assert len(server.requests) == refusals + 2


def router(body: dict[str, Any]) -> Step | None:
    """A router to one of them, which refuses the value. Source: musistudio/claude-code-router#849."""
    said = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) is supported."
    return Step(status=400, error=said) if "temperature" in body else None


@pytest.mark.parametrize("name", ["o3-mini", "gpt-5-mini", "openai/gpt-5-mini", "TEAM-MODEL"])
@pytest.mark.parametrize("refuse", [o_series, router], ids=["o_series", "router"])
def test_a_refused_temperature_is_left_out_whatever_the_model_is_called(
    library: Chatbot, refuse: Refuse, name: str
) -> None:
    with Dialect(refuse, Step(pieces=(FOUND,))) as server:
        asked = library.adjusted(model=f"openai:{name}", base_url=server.url, timeout_s=60)
        assert asked.ask(QUESTION).text == SHOWN
    assert server.requests[-1]["model"] == name


def test_a_model_that_thinks_gets_its_limit_by_its_newer_name_and_room_to_think(library: Chatbot) -> None:
    with Dialect(o_series, Step(pieces=(FOUND,))) as server:
        asked(library, server)
    assert server.requests[-1]["max_completion_tokens"] == refusals.THINKING_TOKENS
    assert not {"max_tokens", "temperature"} & server.requests[-1].keys()


def test_rules_that_may_not_stand_alone_begin_the_users_message(library: Chatbot) -> None:
    with Dialect(gemma_on_vllm, Step(pieces=(FOUND,))) as server:
        asked(library, server)
    before, after = (each["messages"] for each in server.requests)
    assert after == [{"role": "user", "content": f"{before[0]['content']}\n\n{before[1]['content']}"}]


def test_what_a_server_refuses_for_another_reason_is_asked_once(library: Chatbot) -> None:
    with Dialect(lambda _: Step(status=400, error="no such thing")) as server, pytest.raises(ModelError):
        asked(library, server)
    assert len(server.requests) == 1


def test_a_server_that_refuses_whatever_is_left_out_is_given_up(library: Chatbot) -> None:
    said = "temperature, max_tokens, max_completion_tokens, stream_options: the system role is wrong"
    with Dialect(lambda _: Step(status=400, error=said)) as server, pytest.raises(ModelError, match="did not take"):
        asked(library, server)
    assert len(server.requests) == 5
    assert not refusals._remembered


THOUGHT = "Alright, the user asks about the lighthouse of Skerry Vore, which was opened in 1844."
THINKING = {
    "R1, whose template opens the thought itself (vllm-project/vllm#12999)": f"{THOUGHT}\n</think>\n\n{FOUND}",
    "R1 in full": f"<think>\n{THOUGHT}\n</think>\n\n{FOUND}",
    "with ids in its thought": f"<think>\n{THOUGHT} See [1.2].\n</think>\n\n{FOUND}",
    "twice": f"<think>{THOUGHT}</think>\n<think>{THOUGHT}</think>{FOUND}",
    "thinking": f"<thinking>{THOUGHT}</thinking>\n{FOUND}",
    "Magistral (vllm-project/vllm, vllm/reasoning/mistral_reasoning_parser.py)": f"[THINK]{THOUGHT}[/THINK]{FOUND}",
    "gpt-oss (openai/harmony, docs/format.md)": (
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{FOUND}<|return|>"
    ),
    "gpt-oss where the special tokens are dropped": f"analysis{THOUGHT}assistantfinal{FOUND}",
    "no thought": FOUND,
}


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize("reply", THINKING.values(), ids=THINKING)
def test_no_thought_is_shown_whatever_marks_it(library: Chatbot, reply: str, step: int) -> None:
    pieces = tuple(reply[at : at + step] for at in range(0, len(reply), step))
    with OpenAIServer(Step(pieces=pieces)) as server:
        answer = asked(library, server)
    assert (answer.text, len(answer.sentences)) == (SHOWN, 1)


def test_thoughts_in_a_field_of_their_own_are_not_shown(library: Chatbot) -> None:
    """llama.cpp says `reasoning_content`, Ollama and OpenRouter `reasoning`.

    Source: `--reasoning-format` of llama.cpp's server; ollama/ollama, openai/openai.go (Message);
    openrouter.ai/docs/api-reference/streaming.
    """
    fields = [event(delta={name: THOUGHT, "content": None}) for name in ("reasoning_content", "reasoning")]
    with RawServer(lambda: iter([head(), *fields, event(delta={"content": FOUND}), END])) as server:
        assert asked(library, server).text == SHOWN


END = event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]) + b"data: [DONE]\n\n"


def test_a_last_chunk_without_a_delta_is_an_end(library: Chatbot) -> None:
    """Azure and some gateways end with `"delta": null`.

    Source: openai/openai-python#3189, microsoft/agent-framework#5734.
    """
    last = data({"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m",
                 "choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]})  # fmt: skip
    with RawServer(lambda: iter([head(), event(delta={"content": FOUND}), last, b"data: [DONE]\n\n"])) as server:
        answer = asked(library, server)
    assert (answer.text, answer.incomplete, answer.notes) == (SHOWN, False, ())


def test_a_stream_may_end_without_saying_done(library: Chatbot) -> None:
    end = END.removesuffix(b"data: [DONE]\n\n")
    with RawServer(lambda: iter([head(), event(delta={"content": FOUND}), end])) as server:
        answer = asked(library, server)
    assert (answer.text, answer.incomplete, answer.notes) == (SHOWN, False, ())


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_is_asked_for_this_machine(library: Chatbot, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with OpenAIServer(Step(pieces=(FOUND,))) as server:
        assert asked(library, server).text == SHOWN


def test_a_deployments_name_says_nothing_of_its_model() -> None:
    """On Azure a deployment is called as its owner likes.

    Source: learn.microsoft.com/azure/ai-services/openai/how-to/switching-endpoints.
    """
    model = chat_model("openai:gpt-4.1", base_url="http://127.0.0.1:9/v1", timeout_s=60)
    assert input_window(model) is None


def test_azures_own_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelError, match="Set AZURE_OPENAI_API_KEY"):
        chat_model("azure_openai:team", base_url=None, timeout_s=60)


def test_a_reply_of_ten_megabytes_is_cut_and_one_of_garbage_is_an_error(library: Chatbot) -> None:
    with OpenAIServer(Step(pieces=(FOUND, "word " * 2_000_000))) as server:
        assert SHOWN in asked(library, server).text
    with RawServer(lambda: iter([head(), bytes(range(256)) * 100])) as server, pytest.raises(ModelError):
        asked(library, server)


def test_a_second_event_loop_asks_the_same_model() -> None:
    with OpenAIServer(Step(pieces=("one",)), Step(pieces=("two",))) as server:
        model = guarded(chat_model("openai:served", base_url=server.url, timeout_s=60), name="served", timeout_s=60)
        assert [asyncio.run(model.ainvoke("Hello")).content for _ in range(2)] == ["one", "two"]


def documented() -> list[str]:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    return re.findall(r"export QA_BASE_URL=\S+ QA_MODEL=([^\s`]+)", page)


@pytest.mark.parametrize("name", documented())
def test_each_model_that_the_docs_name_is_asked_for_under_the_name_its_server_knows(
    library: Chatbot, name: str
) -> None:
    with OpenAIServer(Step(pieces=(FOUND,))) as server:
        answer = library.adjusted(model=name, base_url=server.url, timeout_s=60).ask(QUESTION)
    assert (answer.text, server.requests[0]["model"]) == (SHOWN, name.removeprefix("openai:"))


def test_the_docs_name_a_line_for_each_server() -> None:
    assert len(documented()) == 7
