"""A model's server that never ends, says nothing, or says what nobody expects."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from openai_server import OpenAIServer, Step
from page_driver import open_bot
from qa.answers.drafting.draft import NOT_SHOWN
from qa.chatbot import Chatbot
from qa.errors import EmbeddingError, ModelError
from qa.models.chat import REPLY_TOKENS, chat_model
from qa.models.listening import REPLY_CHARS, guarded
from qa.models.refusals import THINKING_TOKENS
from qa.types import Answer
from raw_server import CHUNKED, Play, RawServer, data, event, head

QUESTION = "When was the lighthouse of Skerry Vore opened?"
FOUND = "The lighthouse was opened in 1844 by Alan Stevenson. [1.2]"
KEY = "sk-test-0123456789abcdef"
PAUSE_S = 0.02
PATIENT_S = 60  # where nothing is to be given up, however busy the machine

DONE = event(delta={}, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]) + b"data: [DONE]\n\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    with open_bot(tmp_path_factory.mktemp("library")) as bot:
        yield bot


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """One for all the cases that set what it plays."""
    with RawServer(lambda: iter(())) as server:
        yield server


@pytest.fixture(scope="module")
def bots(library: Chatbot, server: RawServer) -> tuple[Chatbot, Chatbot]:
    """One that fails with its model, and one that falls back."""
    return asking(library, server), asking(library, server, fallback="extractive")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def asking(
    library: Chatbot, server: RawServer | OpenAIServer, *, timeout_s: float = PATIENT_S, **chosen: Any
) -> Chatbot:
    return library.adjusted(model="openai:raw", base_url=server.url, timeout_s=timeout_s, **chosen)


def outcome(bot: Chatbot) -> Answer | ModelError:
    """What asking gives; nothing but a ModelError may be raised, and all of it can be written down."""
    try:
        answer = bot.ask(QUESTION)
    except ModelError as error:
        str(error).encode("utf-8")
        return error
    json.dumps(answer.to_dict(), ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert len(answer.text) <= REPLY_CHARS
    return answer


def is_left(server: RawServer) -> bool:
    """Whether its client has hung up; on a busy machine it may have given up before it asked."""
    return not server.requests or server.left.wait(PATIENT_S)


def slowly(*pieces: bytes, first: bytes = b"", pause_s: float = PAUSE_S) -> Play:
    """The pieces again and again."""

    def play() -> Iterator[bytes]:
        yield first
        for piece in itertools.cycle(pieces):
            yield piece
            time.sleep(pause_s)

    return play


def dripped(said: bytes) -> Play:
    """The bytes one by one, the last of them for ever."""
    return lambda: (each for byte in itertools.chain(said, itertools.repeat(said[-1])) for each in [_late(byte)])


def _late(byte: int) -> bytes:
    time.sleep(PAUSE_S)
    return bytes([byte])


def said(*pieces: bytes) -> Play:
    return lambda: iter(pieces)


WORDLESS: dict[str, Play] = {
    "comments": slowly(b": keep-alive\n\n", first=head()),
    "comments without a pause": slowly(b": keep-alive\n\n" * 100, first=head(), pause_s=0.001),
    "empty lines": slowly(b"\n", first=head()),
    "other fields": slowly(b"event: ping\nretry: 5\n", first=head()),
    "an event that never ends": slowly(b"data: ", first=head()),
    "empty pieces": slowly(event(delta={"content": ""}), first=head()),
    "empty pieces without a pause": slowly(event(delta={"content": ""}), first=head(), pause_s=0),
    "empty deltas": slowly(event(delta={}), first=head()),
    "roles": slowly(event(delta={"role": "assistant"}), first=head()),
    "no choices": slowly(event(choices=[]), first=head()),
    "thinking in a field of its own": slowly(event(delta={"reasoning_content": "Hmm. "}), first=head()),
    "calls of tools": slowly(
        event(delta={"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "x"}}]}),
        first=head(),
    ),
    "bytes one by one": dripped(head() + b": " + b"x" * 20),
    "headers that never end": dripped(b"HTTP/1.1 200 OK\r\nx-a: aaa"),
    "an informational response for ever": slowly(b"HTTP/1.1 100 Continue\r\n\r\n", pause_s=0.01),
    "a chunk's size that never ends": dripped(head(CHUNKED) + b"5;aaa"),
    "an error's body that never ends": slowly(b"x", first=head(status="400 Bad Request")),
}


@pytest.mark.parametrize("play", WORDLESS.values(), ids=WORDLESS)
def test_a_server_that_sends_no_words_is_given_up_in_time(library: Chatbot, play: Play) -> None:
    with RawServer(play) as server:
        found = outcome(asking(library, server, timeout_s=0.1))
        assert isinstance(found, ModelError), found
        assert "did not answer in time" in str(found) or "cannot be reached, or broke off" in str(found)
        assert is_left(server)


@pytest.mark.parametrize("play", [WORDLESS[each] for each in ("comments", "roles", "headers that never end")])
def test_the_async_chain_gives_it_up_as_well(library: Chatbot, play: Play) -> None:
    with RawServer(play) as server:
        bot = asking(library, server, timeout_s=0.1)
        with pytest.raises(ModelError, match="did not answer in time"):
            asyncio.run(bot.chain.ainvoke({"question": QUESTION}))
        assert is_left(server)


CUTS = {
    f"the reply was cut at the limit of {REPLY_CHARS:,} characters",
    "the reply went round in circles, and was stopped",
}
THOUSANDS = "The lighthouse was opened in 1844. [1.2] "
ENDLESS: dict[str, Play] = {
    "the same letter": slowly(event(delta={"content": "a" * 20}), first=head(), pause_s=0),
    "cited sentences": slowly(event(delta={"content": THOUSANDS}), first=head(), pause_s=0),
    "large pieces": slowly(event(delta={"content": FOUND + "word " * 800}), first=head(), pause_s=0.001),
    "7 MB in one piece": slowly(event(delta={"content": FOUND + " word" * 1_400_000}), first=head()),
    "empty brackets": slowly(event(delta={"content": FOUND + "[" * 500}), first=head(), pause_s=0),
    "citations": slowly(event(delta={"content": "[1.2][1.3][2.1]" * 30}), first=head(), pause_s=0),
}


@pytest.mark.parametrize("play", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_reply_is_cut_and_says_so(bots: tuple[Chatbot, Chatbot], server: RawServer, play: Play) -> None:
    server.play = play
    server.left.clear()
    found = outcome(bots[0])
    assert isinstance(found, Answer), found
    assert found.incomplete is (NOT_SHOWN not in found.notes)
    assert CUTS & set(found.notes)
    assert is_left(server)


def test_the_events_of_an_endless_reply_are_as_bounded_as_its_answer(library: Chatbot) -> None:
    with RawServer(ENDLESS["cited sentences"]) as server:
        *pieces, answer = asking(library, server).stream(QUESTION)
    assert isinstance(answer, Answer)
    assert sum(len(piece) for piece in pieces if isinstance(piece, str)) <= REPLY_CHARS


def test_the_async_chain_cuts_an_endless_reply_as_well(library: Chatbot) -> None:
    with RawServer(ENDLESS["the same letter"]) as server:
        found: Any = asyncio.run(asking(library, server).chain.ainvoke({"question": QUESTION}))
        assert CUTS & set(found.notes)
        assert is_left(server)


def test_thinking_that_never_ends_is_no_answer(library: Chatbot) -> None:
    play = slowly(event(delta={"content": "hmm, " * 100}), first=head() + event(delta={"content": "<think>"}))
    with RawServer(play) as server:
        found = outcome(asking(library, server))
    assert any(f"wrote nothing: {cut}" in str(found) for cut in CUTS)


def test_words_that_come_slowly_for_ever_end_with_the_whole_of_the_time(library: Chatbot) -> None:
    first = head() + event(delta={"content": f"{FOUND} It"})
    with RawServer(slowly(event(delta={"content": "s"}), first=first, pause_s=0.05)) as server:
        found = outcome(asking(library, server, timeout_s=0.3))
        assert isinstance(found, Answer)
        assert found.incomplete
        assert "did not answer in time" in found.notes[-1]
        assert is_left(server)


def test_a_response_of_one_endless_line_ends_with_its_bytes(library: Chatbot) -> None:
    with RawServer(slowly(b"data: " + b"x" * 100_000, first=head(), pause_s=0)) as server:
        found = outcome(asking(library, server))
        assert "cannot be reached, or broke off" in str(found)
        assert is_left(server)


def test_rewriting_and_checking_are_bounded_too(library: Chatbot) -> None:
    history = [{"role": "user", "content": "Which lighthouse?"}, {"role": "assistant", "content": "Skerry Vore."}]
    with OpenAIServer(
        Step(pieces=("word " * 20,) * 250), Step(pieces=(FOUND,)), Step(pieces=("x" * 100,) * 250)
    ) as server:
        answer = asking(library, server, check="model").ask(QUESTION, history=history)  # type: ignore[arg-type]
    assert (answer.text, answer.query) == ("The lighthouse was opened in 1844 by Alan Stevenson. [1]", QUESTION)
    assert len(server.requests) == 3


def test_a_model_that_was_handed_in_is_waited_for_between_its_chunks(library: Chatbot) -> None:
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessageChunk
    from langchain_core.outputs import ChatGenerationChunk

    class Wordless(GenericFakeChatModel):
        def _stream(self, *given: Any, **options: Any) -> Iterator[ChatGenerationChunk]:
            while True:
                time.sleep(0.01)
                yield ChatGenerationChunk(message=AIMessageChunk(content=""))

    model = guarded(Wordless(messages=iter(())), name="wordless", timeout_s=0.05)
    with pytest.raises(ModelError, match="wordless did not answer in time"):
        model.invoke("Hello")
    with pytest.raises(ModelError, match="wordless did not answer in time"):
        asyncio.run(model.ainvoke("Hello"))


def message(content: object = FOUND, **more: object) -> bytes:
    return event(delta={"role": "assistant", "content": content, **more})


def choice(**said_of_it: object) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": FOUND}, "finish_reason": None, **said_of_it}])


def usage(told: object) -> bytes:
    return event(delta={"content": FOUND}) + event(choices=[], usage=told) + DONE


DEEP = b'{"choices": ' + b"[" * 100_000
ODD: dict[str, bytes] = {
    "a list": data([1, 2]),
    "a number": data(5),
    "null": data(None),
    "a string": data("hello"),
    "no JSON": b"data: {not json}\n\n",
    "half a JSON": b'data: {"choices": [{"index": 0, "del\n\n',
    "deep JSON": b"data: " + DEEP + b"\n\n",
    "choices null": event(choices=None),
    "choices a number": event(choices=3),
    "choices an object": event(choices={"a": 1}),
    "choices of numbers": event(choices=[1]),
    "choices of null": event(choices=[None]),
    "delta null": event(delta=None),
    "delta a list": event(delta=[1]),
    "delta a string": event(delta="hello"),
    "content a list of numbers": message([1, 2]),
    "content a list of blocks": message([{"type": "text"}, {"type": 5}, {"text": None, "type": "text"}]),
    "content a list of lists": message([[FOUND]]),
    "content a number": message(5),
    "content an object": message({"text": "hello"}),
    "content true": message(True),
    "role a number": event(delta={"role": 5, "content": FOUND}) + DONE,
    "role unknown": event(delta={"role": "robot", "content": FOUND}) + DONE,
    "role of a tool": event(delta={"role": "tool", "content": FOUND}) + DONE,
    "role of a function": event(delta={"role": "function", "content": FOUND}) + DONE,
    "calls of tools that are none": message(tool_calls=[{"index": -1}, 5, None]),
    "a call of no function": message(tool_calls=[{"index": 0, "function": None}]),
    "a function call that is none": message(function_call=5),
    "index -1": choice(index=-1) + DONE,
    "index a string": choice(index="x") + DONE,
    "index huge": choice(index=10**30) + DONE,
    "finish reason an object": choice(finish_reason={"a": 1}) + DONE,
    "finish reason a list": choice(finish_reason=["stop"]) + DONE,
    "finish reason long": choice(finish_reason="x" * 100_000) + DONE,
    "two finish reasons": choice(finish_reason={"a": 1}) + choice(finish_reason="stop") + choice(finish_reason=[2]),
    "usage negative": usage({"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12}),
    "usage huge": usage({"prompt_tokens": 10**40, "completion_tokens": 10**40, "total_tokens": 10**40}),
    "usage of strings": usage({"prompt_tokens": "many", "completion_tokens": "few", "total_tokens": "all"}),
    "usage of fractions": usage({"prompt_tokens": 1.5, "completion_tokens": 2.5, "total_tokens": 4}),
    "usage a list": usage([1, 2]),
    "usage of null": usage({"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}),
    "usage not a number": b'data: {"choices": [], "usage": {"prompt_tokens": NaN, "completion_tokens": Infinity}}\n\n',
    "details of usage": usage({"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": 5}),
    "model a list": event(delta={"content": FOUND}, model=[1]) + DONE,
    "id a number": event(delta={"content": FOUND}, id=5) + DONE,
    "created a string": event(delta={"content": FOUND}, created="today") + DONE,
    "an error of a number": event(error=5),
    "an error of an odd message": event(error={"message": {"a": ["\ud83d"]}}),
    "an error with half a pair": event(error={"message": "no \ud83d\0 \x1b[2J", "code": []}),
    "no end": event(delta={"content": FOUND}),
    "nothing but an end": b"data: [DONE]\n\n",
    "nothing": b"",
    "bytes that are no text": b"data: \xff\xfe\x00\xc3\x28\n\n",
    "half a pair": message("It opened in 1844 \ud83d. [1.2]") + DONE,
    "halves that are no pair": message("\udc00\ud83d It opened in 1844. [1.2]") + message("\ud83d") + DONE,
    "no character": message("It opened\0 in 1844. [1.2]\0") + DONE,
    "half a pair in an id": message("It opened in 1844. [1.\ud83d1]") + DONE,
    "digits without end": message("It opened in 1844. [1." + "9" * 10_000 + "]") + DONE,
    "not numbers": b'data: {"choices": [{"index": NaN, "delta": {"content": "x"}}], "created": Infinity}\n\n',
}


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD)
def test_an_odd_event_gives_way_to_the_documents_sentences_or_is_an_answer(
    bots: tuple[Chatbot, Chatbot], server: RawServer, sent: bytes
) -> None:
    server.play = said(head(), sent)
    answer = outcome(bots[1])
    assert isinstance(answer, Answer), answer
    assert 0 <= answer.usage.input_tokens <= 10**9


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD)
def test_an_odd_event_after_words_leaves_the_words(
    bots: tuple[Chatbot, Chatbot], server: RawServer, sent: bytes
) -> None:
    server.play = said(head(), event(delta={"content": f"{FOUND} And then. "}), sent)
    found = outcome(bots[0])
    assert isinstance(found, Answer), found
    assert found.text.startswith("The lighthouse was opened in 1844 by Alan Stevenson. [1]")


def test_both_halves_of_a_pair_make_one_character(library: Chatbot) -> None:
    pieces = (message("It opened in 1844 \ud83d"), message("\ude00. [1.2]"), DONE)
    with RawServer(said(head(), *pieces)) as server:
        found = outcome(asking(library, server))
    assert isinstance(found, Answer)
    assert found.text == "It opened in 1844 \N{GRINNING FACE}. [1]"


BOMB = gzip.compress(b"data: " + b"x" * 50_000_000)
RESPONSES: dict[str, tuple[bytes, ...]] = {
    "not HTTP": (b"hello\r\n\r\n",),
    "no bytes": (),
    "a chunk that is none": (head(CHUNKED), b"zz\r\nhello\r\n"),
    "a body that is too short": (head("content-length: 5000"), event(delta={"content": ""})),
    "another type": (head(kind="application/json"), b'{"choices": []}'),
    "a page": (head(kind="text/html"), b"<html>hello</html>"),
    "a picture": (head(kind="image/png"), b"\x89PNG" + bytes(1000)),
    "a packed bomb": (head("content-encoding: gzip"), BOMB),
    "a packed half": (head("content-encoding: gzip"), BOMB[:100]),
    "not packed": (head("content-encoding: br"), b"data: hello"),
    "a code that is none": (head(status="999 Odd"), b"x"),
    "no content": (head(status="204 No Content"),),
    "an error that is a list": (head(status="400 Bad Request", kind="application/json"), b"[1, 2]"),
    "an error with half a pair": (head(status="400 Bad Request", kind="application/json"),
        rb'{"error": {"message": "no \ud83d\u0000", "param": [], "code": {}}}'),
}  # fmt: skip


@pytest.mark.parametrize("sent", RESPONSES.values(), ids=RESPONSES)
def test_an_odd_response_ends_as_a_model_error(
    bots: tuple[Chatbot, Chatbot], server: RawServer, sent: tuple[bytes, ...]
) -> None:
    server.play = said(*sent)
    assert isinstance(outcome(bots[0]), ModelError)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_nothing_follows_a_redirect_to_another_server(library: Chatbot, status: str) -> None:
    with (
        OpenAIServer(Step(pieces=(FOUND,))) as other,
        RawServer(said(head(f"location: {other.url}/chat/completions", status=status))) as server,
    ):
        assert "did not take the request. Check QA_MODEL and QA_BASE_URL" in str(outcome(asking(library, server)))
    assert not other.requests
    assert KEY in server.requests[0][0]


def test_the_request_limits_the_tokens_by_the_name_that_its_server_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        for name, base_url in (("openai:local", server.url), ("openai:gpt-4.1", None), ("openai:gpt-5-mini", None)):
            guarded(chat_model(name, base_url=base_url, timeout_s=PATIENT_S), name=name, timeout_s=PATIENT_S).invoke(
                "Hello"
            )
    assert [{key: each[key] for key in each if "max" in key} for each in server.requests] == [
        {"max_tokens": REPLY_TOKENS},
        {"max_completion_tokens": REPLY_TOKENS},
        {"max_completion_tokens": THINKING_TOKENS},
    ]


VECTORS: dict[str, Play] = {
    "bytes one by one": dripped(head(kind="application/json") + b'{"data": [                              '),
    "bytes without end": slowly(b"x" * 1_000_000, first=head(kind="application/json"), pause_s=0),
    "an odd shape": said(head(kind="application/json"), b'{"data": [{"embedding": {"a": 1}}]}'),
    "no vector": said(head(kind="application/json"), b'{"data": []}'),
    "a vector of nothing": said(head(kind="application/json"), b'{"data": [{"index": 0, "embedding": [0, 0]}]}'),
    "not numbers": said(head(kind="application/json"), b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}'),
    "a redirect": said(head("location: http://127.0.0.1:9/", status="307 Temporary")),
}


@pytest.mark.parametrize("play", VECTORS.values(), ids=VECTORS)
def test_an_embedding_server_is_bounded_too(play: Play, library: Chatbot) -> None:
    from qa.models.embeddings import RemoteEmbedder

    with RawServer(play) as server, pytest.raises(EmbeddingError):
        RemoteEmbedder("openai:raw", base_url=server.url, timeout_s=0.3, encoder=library.library.embedder)


@pytest.mark.parametrize("name", ["gpt-4o", "o3-mini", "chatgpt-4o-latest"])
def test_a_model_of_openai_without_its_providers_name_is_as_bounded(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def comments() -> Iterator[bytes]:
        yield head()
        while True:
            time.sleep(PAUSE_S)
            yield b": nothing\n\n"

    server.play = comments
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    model = guarded(chat_model(name, base_url=None, timeout_s=0.5), name=name, timeout_s=0.5)
    with pytest.raises(ModelError, match="did not answer in time"):
        model.invoke("When?")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_asks_its_models_by_itself(server: RawServer) -> None:
    server.play = lambda: iter([head(), event(delta={"content": "In 1844."}), DONE])
    model = guarded(chat_model("openai:raw", base_url=server.url, timeout_s=PATIENT_S), name="raw", timeout_s=PATIENT_S)
    assert model.invoke("When?").content == "In 1844."
    child = os.fork()
    if child == 0:
        os._exit(0 if model.invoke("When?").content == "In 1844." else 1)
    until = time.monotonic() + PATIENT_S
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
        time.sleep(PAUSE_S)
    if ended == (0, 0):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended == (child, 0)
