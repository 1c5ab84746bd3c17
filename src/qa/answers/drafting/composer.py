"""Findings → an Answer by a chat model: the steps of the chain that need one.

The model is shown what was found, within a budget; what it writes is cited and judged in `draft` and below.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, cast

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import Runnable, run_in_executor

from qa.answers.assembly import own_words
from qa.answers.drafting.claims import format_claims, parse_verdicts
from qa.answers.drafting.context import conversation, disarmed, fence, pack_context
from qa.answers.drafting.draft import Draft, Unsupported, reported
from qa.answers.drafting.reply import SENTINEL, without_thoughts
from qa.answers.drafting.statements import Statement
from qa.answers.extractive import refusal
from qa.answers.prompts import Prompt, PromptMessage, fingerprint, load_prompt
from qa.answers.replies.courtesies import without_courtesies
from qa.answers.support import Verdict
from qa.errors import ModelError
from qa.models.chat import REPLY_TOKENS, input_window
from qa.models.listening import guarded
from qa.models.tokens import TokenCounter
from qa.search.followup import standalone
from qa.search.parts import MOST
from qa.types import Answer, Event, Findings, Message, Passage, Usage
from qa.words import terms

QUERY_CHARS = 400
NEW_TERMS = 1  # of a rewritten question: a word spelt rightly, or another form of one
_SEARCH = re.compile(r"(?:search|query)(?: \d)?: (\S.*)", re.I)
_ASKED = ("?", "？", "؟", "፧", ";")  # the last is the Greek one
CONVERSATION_TOKENS = 1_500
MESSAGE_TOKENS = 8  # what a chat template adds to each message, about


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
        answer=load_prompt(
            folder, "answer", fields=("conversation", "fence", "passages", "query", "question", "sentinel")
        ),
        rewrite=load_prompt(folder, "rewrite", fields=("conversation", "fence", "question")),
        check=load_prompt(folder, "check", fields=("fence", "claims")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The messages for the model, and the passages whose sentences they number."""

    messages: tuple[PromptMessage, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Writes answers with a chat model; `name` is what errors and answers call it."""

    model: BaseChatModel
    name: str
    prompts: Prompts
    count: TokenCounter
    timeout_s: float = 60
    context_tokens: int = 6_000
    unsupported: Unsupported = "mark"
    check: Literal["rules", "model"] = "rules"

    def chat(self) -> Runnable[LanguageModelInput, AIMessageChunk]:
        """The model, within the bounds of its name, time and length."""
        return guarded(self.model, name=self.name, timeout_s=self.timeout_s)

    def rewrite(self, question: str, history: Sequence[Message]) -> tuple[tuple[str, ...], Usage]:
        """The question as the model words it to stand alone, then what it would search for where that is several
        things, and what that took. Raises: ModelError.
        """
        return _reworded(question, history, self.chat().invoke(self._conversation(question, history)))

    async def arewrite(self, question: str, history: Sequence[Message]) -> tuple[tuple[str, ...], Usage]:
        """`rewrite`, awaiting the model."""
        return _reworded(question, history, await self.chat().ainvoke(self._conversation(question, history)))

    def _conversation(self, question: str, history: Sequence[Message]) -> tuple[PromptMessage, ...]:
        earlier = conversation(history, budget=CONVERSATION_TOKENS, count=self.count)
        asked = disarmed(question)
        return self.prompts.rewrite.fill(conversation=earlier, question=asked, fence=fence(earlier + asked))

    def show(self, findings: Findings, history: Sequence[Message]) -> Shown:
        """Rules and question first, then passages by rank, then the conversation, as far as the budget goes.

        The question is in the user's own words; the query that was searched for stands beside it where it differs.
        """
        asked = disarmed(findings.question)
        meant = "" if findings.query == findings.question else disarmed(findings.query)
        fixed = self._size(self._filled(question=asked, query=meant))
        window = input_window(self.model) or self.context_tokens + fixed + REPLY_TOKENS
        budget = min(self.context_tokens, window - fixed - REPLY_TOKENS)
        context = pack_context(findings.read, budget=budget, count=self.count)
        earlier = conversation(history, budget=budget - self.count(context.text), count=self.count)
        mark = fence("\n".join([context.text, earlier, asked, meant]))
        messages = self._filled(question=asked, query=meant, passages=context.text, conversation=earlier, fence=mark)
        return Shown(messages=messages, passages=context.passages)

    def write(self, shown: Shown, findings: Findings, *, usage: Usage) -> Iterator[Event]:
        """The events of the answer as the model writes it; closing this closes the connection to the model.

        Raises: ModelError when the model fails before a word of the answer could be shown.
        """
        draft = self._draft(shown, findings, usage)
        stream = self.chat().stream(shown.messages)
        try:
            with closing(cast("Generator[AIMessageChunk]", stream)) as chunks:
                for chunk in chunks:
                    yield from draft.feed(chunk)
        except ModelError as error:
            draft.broke(error)
        yield from self._finish(draft, findings)

    async def awrite(self, shown: Shown, findings: Findings, *, usage: Usage) -> AsyncGenerator[Event]:
        """`write`, awaiting the model."""
        draft = self._draft(shown, findings, usage)
        stream = self.chat().astream(shown.messages)
        try:
            async with aclosing(cast("AsyncGenerator[AIMessageChunk]", stream)) as chunks:
                async for chunk in chunks:
                    for piece in draft.feed(chunk):
                        yield piece
        except ModelError as error:
            draft.broke(error)
        for event in await run_in_executor(None, self._finish, draft, findings):
            yield event

    def refuse(self, findings: Findings, *, usage: Usage) -> Answer:
        """The abstention under the model's name."""
        return replace(refusal(findings), model=self.name, prompt=self.prompts.fingerprint, usage=usage)

    def _draft(self, shown: Shown, findings: Findings, usage: Usage) -> Draft:
        return Draft(
            shown.passages,
            question=" ".join(dict.fromkeys((findings.question, findings.query))),
            idf=findings.rarity,
            usage=usage,
            unsupported=self.unsupported,
            waits=self.check == "model",
        )

    def _finish(self, draft: Draft, findings: Findings) -> list[Event]:
        checker = self._check if self.check == "model" else None
        base = self.refuse(findings, usage=draft.usage)
        return draft.finish(base, own_words=partial(own_words, findings), checker=checker)

    def _check(self, claims: Sequence[Statement]) -> tuple[Mapping[int, Verdict], Usage]:
        text = format_claims(claims)
        messages = self.prompts.check.fill(fence=fence(text), claims=text)
        reply = self.chat().invoke(messages)
        return parse_verdicts(without_thoughts(str(reply.text))), reported(reply)

    def _filled(self, **fields: str) -> tuple[PromptMessage, ...]:
        empty = {"conversation": "", "fence": "", "passages": ""}
        return self.prompts.answer.fill(sentinel=SENTINEL, **{**empty, **fields})

    def _size(self, messages: Sequence[PromptMessage]) -> int:
        return sum(self.count(message.content) + MESSAGE_TOKENS for message in messages)


def _reworded(question: str, history: Sequence[Message], reply: AIMessageChunk) -> tuple[tuple[str, ...], Usage]:
    """The question in a model's reply, without quotation marks, and its searches where all are of use.

    The rule's question, where the reply has none.
    """
    asked = without_courtesies(question)
    lines = [line.strip(" \t\"'`“”*") for line in without_thoughts(str(reply.text)).splitlines()]
    query, *more = list(filter(None, lines)) or [""]
    if not (0 < len(query) <= QUERY_CHARS and _rewords(query, asked, history)):
        return (standalone(asked, history),), reported(reply)
    searches = [found[1] for line in more if (found := _SEARCH.fullmatch(line))]
    said = (*history, Message(role="user", content=query))
    is_usable = 1 < len(searches) == len(more) <= MOST and all(
        len(each) <= QUERY_CHARS and _adds_nothing(each, said) for each in searches
    )
    return (query, *(dict.fromkeys(searches) if is_usable else ())), reported(reply)


def _adds_nothing(query: str, said: Sequence[Message]) -> bool:
    """Whether a query has words, and next to none that was not said."""
    found = set(terms(query))
    return bool(found) and len(found.difference(*(terms(turn.content) for turn in said))) <= NEW_TERMS


def _rewords(query: str, question: str, history: Sequence[Message]) -> bool:
    """Whether a query adds next to no word to the conversation and, where a question is asked, asks it by its words.

    What is no question, such as "shorter, please", is asked of the question before it.
    """
    kept, found = set(terms(question)), set(terms(query))
    asks = not question.rstrip().endswith(_ASKED) or (query.endswith(_ASKED) and 2 * len(kept & found) >= len(kept))
    return asks and _adds_nothing(query, (*history, Message(role="user", content=question)))
