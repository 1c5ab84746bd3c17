"""A chat model as a step of a chain, whose reply is bounded in length and time.

A provider may send anything at all; only text, counts and the reason of the end get past this module.
"""

import codecs
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from typing import cast

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LanguageModelInput
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import Runnable, RunnableGenerator

from qa.models.chat import model_errors
from qa.models.patience import Client, Patience, aiterate_in_loop, iterate_in_loop, run_in_loop

REPLY_CHARS = 20_000
CUT = "characters"
"""The finish reason of a reply that was cut at `REPLY_CHARS`."""

NAME_CHARS = 200
MOST_TOKENS = 1_000_000_000  # counts are cut off here: a provider may claim anything


def guarded(model: BaseChatModel, *, name: str, timeout_s: float) -> Runnable[LanguageModelInput, AIMessageChunk]:
    """The model as a step of a chain: streams at most `REPLY_CHARS`, and fails only with a ModelError that names it.

    A model with our own HTTP client can be interrupted at any time. Any other runs in the caller's thread or loop;
    in a thread, its clocks are looked at only when a chunk comes.
    """
    ours = isinstance(getattr(model, "http_async_client", None), Client)

    def reply(prompts: Iterator[LanguageModelInput]) -> Iterator[AIMessageChunk]:
        for prompt in prompts:
            chunks = iterate_in_loop(_astream(model, prompt, timeout_s)) if ours else _stream(model, prompt, timeout_s)
            with model_errors(name), closing(chunks):
                yield from chunks

    async def areply(prompts: AsyncIterator[LanguageModelInput]) -> AsyncIterator[AIMessageChunk]:
        async for prompt in prompts:
            chunks = _astream(model, prompt, timeout_s)
            with model_errors(name):
                async with aclosing(aiterate_in_loop(chunks) if ours else chunks) as there:
                    async for chunk in there:
                        yield chunk

    return RunnableGenerator(reply, areply)


def served_names(model: BaseChatModel, *, name: str) -> tuple[str, ...]:
    """The names of the models that an OpenAI-compatible model's server lists; `name` is what errors call it.

    Raises: ModelError, also where it lists none that can be read.
    """

    async def listed() -> tuple[str, ...]:
        found = await model.root_async_client.models.list()  # type: ignore[attr-defined]  # of OpenAI's client
        return tuple(str(each.id)[:NAME_CHARS] for each in found.data)

    with model_errors(name):
        return run_in_loop(listed())


def _stream(model: BaseChatModel, prompt: LanguageModelInput, timeout_s: float) -> Generator[AIMessageChunk]:
    reply = _Reply(timeout_s)
    with closing(cast("Generator[AIMessageChunk]", model.stream(prompt))) as chunks:
        for chunk in chunks:
            yield reply.take(chunk)
            if reply.cut:
                return


async def _astream(
    model: BaseChatModel, prompt: LanguageModelInput, timeout_s: float
) -> AsyncGenerator[AIMessageChunk]:
    reply = _Reply(timeout_s)
    async with aclosing(cast("AsyncGenerator[AIMessageChunk]", model.astream(prompt))) as chunks:
        while not reply.cut and (chunk := await reply.patience.next_of(chunks)) is not None:
            yield reply.take(chunk)


class _Reply:
    """One reply as it is read: how much of it may still come, and how long it is waited for."""

    def __init__(self, timeout_s: float) -> None:
        self.patience = Patience(timeout_s)
        self.cut = False
        self._left = REPLY_CHARS
        self._decoder = codecs.getincrementaldecoder("utf-16-le")("replace")  # half a pair waits for the other half

    def take(self, chunk: AIMessageChunk) -> AIMessageChunk:
        """The chunk, reduced to text that can be written down, plain numbers and the reason of the end.

        Raises: TimeoutError when words are late, and whatever an unexpected shape raises.
        """
        units = str(chunk.text)[: self._left + 1].encode("utf-16-le", "surrogatepass")
        text = self._decoder.decode(units).replace("\0", "\N{REPLACEMENT CHARACTER}")
        self.cut = len(text) > self._left
        text = text[: self._left]
        self._left -= len(text)
        if text:
            self.patience.renew()
        self.patience.check()
        about = chunk.response_metadata
        why = CUT if self.cut else about.get("finish_reason") or about.get("stop_reason") or about.get("done_reason")
        told = {"finish_reason": str(why)} if why else {}
        told |= {name: str(about[name])[:NAME_CHARS] for name in ("model_provider", "model_name") if name in about}
        usage = None
        if (counts := chunk.usage_metadata) is not None:
            taken, given = (min(max(counts[kind], 0), MOST_TOKENS) for kind in ("input_tokens", "output_tokens"))
            usage = UsageMetadata(input_tokens=taken, output_tokens=given, total_tokens=taken + given)
        return AIMessageChunk(content=text, response_metadata=told, usage_metadata=usage)
