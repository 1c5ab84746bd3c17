"""Findings → an Answer by a chat model: the steps of the chain that need one.

The model is shown what was found, within a budget; what it writes is cited and judged in `draft` and below.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessageChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, run_in_executor

from qa.answers.assembly import own_words
from qa.answers.conflicts import DIFFER
from qa.answers.drafting.claims import Claim, format_claims, parse_verdicts
from qa.answers.drafting.context import conversation, disarmed, fence, pack_context
from qa.answers.drafting.draft import Draft, Unsupported, reported
from qa.answers.drafting.reply import SENTINEL, Habit, without_thoughts
from qa.answers.prompts import Prompt, PromptMessage, fingerprint, given_prompt, load_prompt
from qa.answers.refusing import about_absent, refusal
from qa.answers.replies.courtesies import without_courtesies
from qa.answers.support import Verdict
from qa.errors import ModelError, PromptError
from qa.models.chat import REPLY_TOKENS, UNKNOWN_WINDOW, input_window
from qa.models.listening import guarded
from qa.models.tokens import count_tokens
from qa.search.followup import standalone
from qa.search.parts import MOST
from qa.types import Answer, Event, Findings, Message, Passage, Usage
from qa.words import terms

QUERY_CHARS = 400
NEW_TERMS = 1  # of a rewritten question: a word spelt rightly, or another form of one
_SEARCH = re.compile(r"(?:search|query)(?: \d)?: (\S.*)", re.I)
_ASKED = ("?", "？", "؟", "፧", ";")  # the last is the Greek one
CONVERSATION_TOKENS = 1_500
_SHOWN_ID = re.compile(r"\[\d+\.\d+\]")
PASSAGES = 10  # that are shown at most: by rank as many as are read, then what was ranked behind them
MESSAGE_TOKENS = 8  # what a chat template adds to each message, about
READ_AT_LEAST = 0.75  # of the tokens we count: a server that reports fewer has cut the prompt, as none counts so few


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


_FIELDS = {
    "answer": ("conversation", "fence", "passages", "query", "question", "sentinel"),
    "rewrite": ("conversation", "fence", "question"),
    "check": ("fence", "claims"),
}


def load_prompts(*folders: Path, given: Mapping[str, ChatPromptTemplate] | None = None) -> Prompts:
    """The chain's prompts, by name those that a program has `given`, else each from the first folder that holds it.

    Raises: PromptError, also where the prompt for answers has lost the ids by which the model is to cite.
    """
    given = given or {}
    if strange := sorted(given.keys() - _FIELDS.keys()):
        raise PromptError(f"{strange[0]!r} is no prompt of the chain. Name one of {', '.join(_FIELDS)}")
    prompts = Prompts(
        **{
            name: given_prompt(given[name], name=name, fields=fields)
            if name in given
            else load_prompt(*folders, name=name, fields=fields)
            for name, fields in _FIELDS.items()
        }
    )
    if not any(_SHOWN_ID.search(message.content) for message in prompts.answer.worded()):
        raise PromptError(
            f"{prompts.answer.source} lacks a line that shows the model how to cite, such as: "
            "End every sentence with the ids of the sentences it rests on, such as [2.1]."
        )
    return prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The messages for the model, how many tokens they have, and the passages whose sentences they number.

    `instead` stands in place of a reply of which nothing holds; without it, what was found is quoted, or it is refused.
    """

    messages: tuple[PromptMessage, ...]
    tokens: int
    passages: tuple[Passage, ...]
    notes: tuple[str, ...]
    instead: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Writes answers with a chat model; `name` is what errors and answers call it.

    `estimates` says that its tokens may be others than those that are counted.
    """

    model: BaseChatModel
    name: str
    prompts: Prompts
    estimates: bool = True
    timeout_s: float = 60
    context_tokens: int = 6_000
    passages: int = PASSAGES
    unsupported: Unsupported = "mark"
    check: Literal["rules", "model"] = "rules"
    habit: Habit = field(default_factory=Habit, compare=False)

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
        earlier = conversation(history, budget=CONVERSATION_TOKENS, count=count_tokens)
        asked = disarmed(question)
        return self.prompts.rewrite.fill(conversation=earlier, question=asked, fence=fence(earlier + asked))

    def show(self, findings: Findings, history: Sequence[Message]) -> Shown:
        """Rules and question first, then passages by rank, then the conversation, as far as the budget goes.

        The question is in the user's own words; the query that was searched for stands beside it where it differs.
        """
        asked = disarmed(findings.question)
        meant = "" if findings.query == findings.question else disarmed(findings.query)
        empty = {"conversation": "", "fence": "", "passages": "", "sentinel": SENTINEL}
        fixed = _size(self.prompts.answer.worded(question=asked, query=meant, **empty))
        window = input_window(self.model) or UNKNOWN_WINDOW
        budget = min(self.context_tokens, window - fixed - REPLY_TOKENS)
        offered = findings.hits[: max(self.passages, findings.top_k)]
        context = pack_context(offered, budget=budget, count=count_tokens)
        earlier = conversation(history, budget=budget - count_tokens(context.text), count=count_tokens)
        mark = fence("\n".join([context.text, earlier, asked, meant]))
        texts = {"question": asked, "query": meant, "passages": context.text, "conversation": earlier}
        messages = self.prompts.answer.fill(**texts, fence=mark, sentinel=SENTINEL)
        is_cut = context.passages[:1] != tuple(hit.passage for hit in offered[:1])
        left = max(0, len(findings.read) - len(context.passages))  # more than are read may be shown
        notes = self._about_left_out(left, is_cut=is_cut, is_window=budget < self.context_tokens)
        return Shown(messages=messages, tokens=_size(messages), passages=context.passages, notes=notes)

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
                    if draft.circles:
                        break
        except ModelError as error:
            draft.broken = error
        yield from self._finish(draft, shown, findings, usage)

    async def awrite(self, shown: Shown, findings: Findings, *, usage: Usage) -> AsyncGenerator[Event]:
        """`write`, awaiting the model."""
        draft = self._draft(shown, findings, usage)
        stream = self.chat().astream(shown.messages)
        try:
            async with aclosing(cast("AsyncGenerator[AIMessageChunk]", stream)) as chunks:
                async for chunk in chunks:
                    for piece in draft.feed(chunk):
                        yield piece
                    if draft.circles:
                        break
        except ModelError as error:
            draft.broken = error
        for event in await run_in_executor(None, self._finish, draft, shown, findings, usage):
            yield event

    def refuse(self, findings: Findings, *, usage: Usage, instead: Answer | None = None) -> Answer:
        """The abstention, or what stands in its place, under the model's name."""
        return replace(instead or refusal(findings), model=self.name, prompt=self.prompts.fingerprint, usage=usage)

    def _draft(self, shown: Shown, findings: Findings, usage: Usage) -> Draft:
        return Draft(
            shown.passages,
            question=" ".join(dict.fromkeys((findings.question, findings.query))),
            idf=findings.rarity,
            usage=usage,
            own_words=lambda: shown.instead or own_words(findings),
            unsupported=self.unsupported,
            waits=self.check == "model",
            habit=self.habit,
        )

    def _finish(self, draft: Draft, shown: Shown, findings: Findings, usage: Usage) -> list[Event]:
        checker = self._check if self.check == "model" else None
        base = self.refuse(findings, usage=draft.usage, instead=shown.instead)
        notes = (*shown.notes, *self._about_cut(shown, read=draft.usage.input_tokens - usage.input_tokens))
        *events, whole = draft.finish(base, checker=checker)
        assert isinstance(whole, Answer)
        if not whole.abstained:
            differing = (
                each for each in draft.own_words().notes if each.startswith(DIFFER) and each not in whole.notes
            )
            notes = (*about_absent(findings), *differing, *notes)
        return [*events, replace(whole, notes=(*whole.notes, *notes))]

    @property
    def by_estimate(self) -> str:
        """What a note adds to what was decided by a count of tokens, where they are not the model's own."""
        return ", by an estimate: its own tokens are not known" if self.estimates else ""

    def _about_left_out(self, count: int, *, is_cut: bool, is_window: bool) -> tuple[str, ...]:
        """What is to be said of passages that did not fit: into the model's window, or into what may be shown.

        `is_cut` says that of the first one only the beginning did.
        """
        if not (count or is_cut):
            return ()
        passages = f"{count} passage{'s' if count > 1 else ''}"
        left = " and ".join([*["the end of a passage"] * is_cut, *[passages] * bool(count)])
        left += " were" if count > 1 or (is_cut and count) else " was"
        full = f"{self.context_tokens:,} tokens may be, see QA_CONTEXT_TOKENS"
        if is_window:
            known = input_window(self.model) is not None
            full = (
                "it reads no more" if known else f"it is taken to read {UNKNOWN_WINDOW:,} tokens. Set QA_WINDOW_TOKENS"
            )
        return (f"{left} not shown to the model{self.by_estimate}: {full}",)

    def _about_cut(self, shown: Shown, *, read: int) -> tuple[str, ...]:
        """What is to be said when a server reports that it read less than it was sent."""
        if not 0 < read < READ_AT_LEAST * shown.tokens:  # 0 is for none reported
            return ()
        sent = f"{'about ' if self.estimates else ''}{shown.tokens:,}"
        return (
            f"{self.name} read {read:,} of {sent} tokens: its server cuts what its window cannot hold. "
            "Raise it (Ollama: OLLAMA_CONTEXT_LENGTH=16384 ollama serve), or set QA_WINDOW_TOKENS to what it is",
        )

    def _check(self, claims: Sequence[Claim]) -> tuple[Mapping[int, Verdict], Usage]:
        text = format_claims(claims)
        messages = self.prompts.check.fill(fence=fence(text), claims=text)
        reply = self.chat().invoke(messages)
        return parse_verdicts(without_thoughts(str(reply.text))), reported(reply)


def _size(messages: Sequence[PromptMessage]) -> int:
    return sum(count_tokens(message.content) + MESSAGE_TOKENS for message in messages)


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
