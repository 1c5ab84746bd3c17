"""A question → its answer by a language model, as one LangChain pipeline.

What it needs arrives as functions: how to search, when to abstain, how to refuse. Citing and judging
live in `draft` and below; no Chroma, no settings and no UI here.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import Runnable, RunnableConfig, RunnableGenerator, RunnableLambda, run_in_executor

from qa.claims import Claim, format_claims, parse_verdicts
from qa.context import fence, pack_context, recent
from qa.draft import Draft, added
from qa.errors import ModelError
from qa.followup import standalone
from qa.listening import guarded
from qa.models import REPLY_TOKENS, input_window
from qa.prompts import Prompt, PromptMessage, fingerprint, load_prompt
from qa.reply import SENTINEL, Unsupported, without_thoughts
from qa.support import Verdict
from qa.tokens import TokenCounter
from qa.types import Answer, Event, Hit, Message, Passage, Usage

QUERY_CHARS = 400
CONVERSATION_TOKENS = 1_500
MESSAGE_TOKENS = 8  # what a chat template adds to each message, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the chain asks of the index.

    `abstain` gives the finished abstention when the hits hold no answer, `refuse` an abstention
    for when the model finds none; both take question, query and hits. `idf` says how rare a stem is.
    """

    retrieve: Callable[[str], tuple[Hit, ...]]
    abstain: Callable[[str, str, tuple[Hit, ...]], Answer | None]
    refuse: Callable[[str, str, tuple[Hit, ...]], Answer]
    idf: Callable[[str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """The three prompts of the chain."""

    answer: Prompt
    rewrite: Prompt
    check: Prompt

    @property
    def fingerprint(self) -> str:
        """Names these three files as they are, in every answer."""
        return fingerprint((self.answer, self.rewrite, self.check))


def load_prompts(folder: Path) -> Prompts:
    """The chain's prompts from a folder. Raises: PromptError."""
    return Prompts(
        answer=load_prompt(folder, "answer", fields=("fence", "passages", "question", "sentinel")),
        rewrite=load_prompt(folder, "rewrite", fields=("conversation", "question")),
        check=load_prompt(folder, "check", fields=("fence", "claims")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question on its way through the pipeline."""

    question: str
    history: tuple[Message, ...]
    query: str = ""
    hits: tuple[Hit, ...] = ()
    abstention: Answer | None = None
    passages: tuple[Passage, ...] = ()
    messages: tuple[PromptMessage, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: Mapping[str, float] = field(default_factory=dict)


class Answering(RunnableGenerator[Turn, Event]):
    """The last step: streams every event; invoked, it gives the last one, the Answer."""

    def invoke(self, input: Turn, config: RunnableConfig | None = None, **kwargs: Any) -> Event:
        """The Answer."""
        *_, answer = self.stream(input, config, **kwargs)
        return answer

    async def ainvoke(self, input: Turn, config: RunnableConfig | None = None, **kwargs: Any) -> Event:
        """The Answer."""
        *_, answer = [event async for event in self.astream(input, config, **kwargs)]
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChain:
    """Answers with a chat model; `name` is what errors and answers call it."""

    model: BaseChatModel
    name: str
    evidence: Evidence
    prompts: Prompts
    count: TokenCounter
    timeout_s: float = 60
    context_tokens: int = 6_000
    unsupported: Unsupported = "mark"
    check: Literal["rules", "model"] = "rules"

    def runnable(self) -> Runnable[Mapping[str, Any], Event]:
        """`{"question", "history"}` → events when streamed, the Answer when invoked; sync and async.

        Raises: ModelError when the model fails before a word of the answer was shown.
        """
        return (
            RunnableLambda(_turn)
            | RunnableLambda(self.rewrite)  # the question stands alone
            | RunnableLambda(self.retrieve)  # hits, or the abstention
            | RunnableLambda(self.prompt)  # rules, history, the passages that fit, the question
            | Answering(self.answer, self.aanswer)  # the model's words, cited and checked, then the Answer
        )

    def rewrite(self, turn: Turn) -> Runnable[Turn, Turn]:
        """How the turn gets its query: from the question alone, or with a history from the model."""
        if not turn.history:
            return RunnableLambda(_unchanged)
        return RunnableLambda(self._rewrite_prompt) | self._model() | RunnableLambda(partial(_rewritten, turn))

    def retrieve(self, turn: Turn) -> Turn:
        """The hits, and the abstention when they hold no answer."""
        started = time.perf_counter()
        hits = self.evidence.retrieve(turn.query)
        abstention = self.evidence.abstain(turn.question, turn.query, hits)
        seconds = {**turn.seconds, "retrieve": time.perf_counter() - started}
        return replace(turn, hits=hits, abstention=abstention, seconds=seconds)

    def prompt(self, turn: Turn) -> Turn:
        """What the model is shown: rules and question first, then passages by rank, then history."""
        if turn.abstention:
            return turn
        fixed = self._size(self._filled(turn.query, passages="", fence=""))
        window = input_window(self.model) or self.context_tokens + fixed + REPLY_TOKENS
        budget = min(self.context_tokens, window - fixed - REPLY_TOKENS)
        fenced_off = "\n".join([turn.query, *(message.content for message in turn.history)])
        context = pack_context(turn.hits, budget=budget, count=self.count, fenced_off=fenced_off)
        history = recent(turn.history, budget=budget - self.count(context.text), count=self.count)
        *rules, last = self._filled(turn.query, passages=context.text, fence=context.fence)
        earlier = (PromptMessage(role=message.role, content=message.content) for message in history)
        return replace(turn, passages=context.passages, messages=(*rules, *earlier, last))

    def answer(self, turns: Iterator[Turn]) -> Iterator[Event]:
        """The events of each turn; closing this closes the connection to the model."""
        for turn in turns:
            if turn.abstention:
                yield from self._abstained(turn, turn.abstention)
                continue
            draft = Draft(turn.passages, usage=turn.usage)
            stream = self._model().stream(_messages(turn.messages))
            try:
                with closing(cast("Generator[AIMessageChunk]", stream)) as chunks:
                    for chunk in chunks:
                        yield from draft.feed(chunk)
            except ModelError as error:
                draft.broke(error)
            yield from self._finish(draft, turn)

    async def aanswer(self, turns: AsyncIterator[Turn]) -> AsyncIterator[Event]:
        """`answer`, awaiting the model."""
        async for turn in turns:
            if turn.abstention:
                for event in self._abstained(turn, turn.abstention):
                    yield event
                continue
            draft = Draft(turn.passages, usage=turn.usage)
            stream = self._model().astream(_messages(turn.messages))
            try:
                async with aclosing(cast("AsyncGenerator[AIMessageChunk]", stream)) as chunks:
                    async for chunk in chunks:
                        for piece in draft.feed(chunk):
                            yield piece
            except ModelError as error:
                draft.broke(error)
            for event in await run_in_executor(None, self._finish, draft, turn):
                yield event

    def _abstained(self, turn: Turn, abstention: Answer) -> list[Event]:
        answer = self._named(turn, abstention)
        return [answer.text, answer]

    def _finish(self, draft: Draft, turn: Turn) -> list[Event]:
        base = self._named(turn, self.evidence.refuse(turn.question, turn.query, turn.hits))
        checker = self._check if self.check == "model" else None
        return draft.finish(base, unsupported=self.unsupported, idf=self.evidence.idf, checker=checker)

    def _named(self, turn: Turn, answer: Answer) -> Answer:
        return replace(
            answer, model=self.name, prompt=self.prompts.fingerprint, usage=turn.usage, seconds=dict(turn.seconds)
        )

    def _check(self, claims: Sequence[Claim]) -> tuple[Mapping[int, Verdict], Usage]:
        text = format_claims(claims)
        messages = self.prompts.check.fill(fence=fence(text), claims=text)
        reply = self._model().invoke(_messages(messages))
        return parse_verdicts(without_thoughts(str(reply.text))), added(Usage(), reply)

    def _rewrite_prompt(self, turn: Turn) -> list[tuple[str, str]]:
        history = recent(turn.history, budget=CONVERSATION_TOKENS, count=self.count)
        conversation = "\n".join(f"{message.role}: {' '.join(message.content.split())}" for message in history)
        return _messages(self.prompts.rewrite.fill(conversation=conversation, question=turn.question))

    def _filled(self, question: str, *, passages: str, fence: str) -> tuple[PromptMessage, ...]:
        return self.prompts.answer.fill(fence=fence, passages=passages, question=question, sentinel=SENTINEL)

    def _size(self, messages: Sequence[PromptMessage]) -> int:
        return sum(self.count(message.content) + MESSAGE_TOKENS for message in messages)

    def _model(self) -> Runnable[Any, AIMessageChunk]:
        return guarded(self.model, name=self.name, timeout_s=self.timeout_s)


def _turn(asked: Mapping[str, Any]) -> Turn:
    history = (
        each if isinstance(each, Message) else Message(role=each["role"], content=each["content"])
        for each in asked.get("history") or ()
    )
    return Turn(question=asked["question"], history=tuple(history))


def _unchanged(turn: Turn) -> Turn:
    return replace(turn, query=turn.question)


def _rewritten(turn: Turn, reply: AIMessageChunk) -> Turn:
    """The turn with its query; the rule's, when the model's reply is no question."""
    lines = [line.strip(" \t\"'`“”*") for line in without_thoughts(str(reply.text)).splitlines()]
    query = next((line for line in lines if line), "")
    if not query or len(query) > QUERY_CHARS:
        query = standalone(turn.question, turn.history)
    return replace(turn, query=query, usage=added(turn.usage, reply))


def _messages(messages: Sequence[PromptMessage]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in messages]
