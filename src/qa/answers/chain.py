"""A question → its answer, as one LangChain pipeline: the one door, with a language model or without.

What is asked is checked here, once for everybody. How to search arrives as a function, the model as a
`Composer`; no Chroma, no settings and no UI here.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable, RunnableConfig, RunnableGenerator, RunnableLambda, run_in_executor

from qa.answers import assembly, comparison
from qa.answers.asking import read_asked
from qa.answers.drafting.whole import Whole, described
from qa.answers.replies.courtesies import without_courtesies, without_small_talk
from qa.answers.replies.wishes import read_wish
from qa.answers.retriever import PassageRetriever
from qa.answers.stages import tell_part
from qa.errors import ModelError
from qa.index.conditions import Condition
from qa.search.confidence import hopeless
from qa.search.followup import continued, standalone
from qa.search.parts import merged, parts
from qa.types import FELL_BACK, Answer, Event, Findings, Hit, Message, Usage

if TYPE_CHECKING:
    from qa.answers.drafting.composer import Composer, Shown  # whose clients take a second to import

Find = Callable[[str, str, tuple[Condition, ...]], Findings]
"""All that is found for a question, by its query, in documents that meet the conditions."""
Reply = Callable[[str, tuple[Message, ...], tuple[Condition, ...]], Answer | None]
"""What is said without a search to small talk or to the wish for an overview, given the conversation before it, where
documents that meet the conditions may be asked; None to any other question. Its hits are the passages, in order, of
what it describes, which a model is shown instead where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question on its way through the chain; each step adds what it finds out.

    Small talk and the wish for an overview have their `reply` from the first step on, and nothing is searched for them.
    """

    question: str
    history: tuple[Message, ...] = ()
    conditions: tuple[Condition, ...] = ()
    reply: Answer | None = None
    query: str = ""
    queries: tuple[str, ...] = ()
    found: Findings | None = None
    compared: Answer | None = None
    shown: Shown | None = None
    usage: Usage = field(default_factory=Usage)
    failure: ModelError | None = None

    @property
    def findings(self) -> Findings:
        """What was found; asked for after the search only."""
        assert self.found is not None
        return self.found


class Answering(RunnableGenerator[Asking, Event]):
    """The last step: streams every event; invoked, it gives the last one, the Answer."""

    def invoke(self, input: Asking, config: RunnableConfig | None = None, **kwargs: Any) -> Event:
        """The Answer."""
        *_, answer = self.stream(input, config, **kwargs)
        return answer

    async def ainvoke(self, input: Asking, config: RunnableConfig | None = None, **kwargs: Any) -> Event:
        """The Answer."""
        *_, answer = [event async for event in self.astream(input, config, **kwargs)]
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChain:
    """Answers with what `find` finds: by the composer's model, or in the documents' own words without one.

    What is found within one `reading` is of one state of the index. If it `falls_back`, the documents' own words
    answer too when the model fails; `failure` is why none could be made.
    """

    find: Find
    reply: Reply = lambda question, history, conditions: None
    reading: Callable[[Callable[[], Asking]], Asking] = lambda look: look()
    rarity: Callable[[str], float] = lambda stem: 1.0
    composer: Composer | None = None
    falls_back: bool = False
    failure: ModelError | None = None

    def runnable(self) -> Runnable[Mapping[str, Any], Event]:
        """`{"question", "history", "where"}` → events when streamed, the Answer when invoked; sync and async.

        Raises: QuestionError; ModelError when the model fails before a word of the answer was shown.
        """
        chain = (
            RunnableLambda(self.accept, name="accept")  # what is asked, within its bounds
            | RunnableLambda(self.rewrite, self.arewrite, name="rewrite")  # the question stands alone
            | RunnableLambda(self.look, name="find")  # one reading of the index
            | RunnableLambda(self.prompt, self.aprompt, name="prompt")  # what a model is shown, where one is to answer
            | Answering(self.answer, self.aanswer, name="answer")  # text, cited and checked, then the Answer
        )
        return chain.with_config(run_name="qa")

    def accept(self, asked: Mapping[str, Any]) -> Asking:
        """The question with its history and conditions, within their bounds. Raises: QuestionError."""
        question, history, conditions = read_asked(asked)
        history = without_small_talk(history)
        asking = Asking(question=question, history=history, conditions=conditions, failure=self.failure)
        if reply := self.reply(question, history, conditions):
            return replace(asking, reply=replace(reply, hits=()), found=described(reply, rarity=self.rarity))
        return asking

    def rewrite(self, asking: Asking) -> Asking:
        """The question with its queries: its parts, or with a history what a model or a rule makes of it."""
        if self.composer is None or not asking.history or asking.reply:
            return _by_rule(asking)
        try:
            return _reworded(asking, *self.composer.rewrite(asking.question, asking.history))
        except ModelError as error:
            return self._failed(asking, error)

    async def arewrite(self, asking: Asking) -> Asking:
        """`rewrite`, awaiting the model."""
        if self.composer is None or not asking.history or asking.reply:
            return _by_rule(asking)
        try:
            return _reworded(asking, *await self.composer.arewrite(asking.question, asking.history))
        except ModelError as error:
            return self._failed(asking, error)

    def look(self, asking: Asking) -> Asking:
        """The question with all that was found for each of its queries, in one reading of the index."""
        return asking if asking.reply else self.reading(partial(self._look, asking))

    def _look(self, asking: Asking) -> Asking:
        found: list[Findings] = []
        history, asked = asking.history, (without_courtesies(asking.question), *asking.queries[1:])
        for query, question in zip(asking.queries, asked, strict=True):
            found.append(self._found(asking, query, again=continued(question, history)))
            history = (Message(role="user", content=query),)
        query = found[0].query if len(found) == 1 else asking.query
        asking = replace(asking, query=query, found=merged(query, found))
        if self.composer is None:
            return replace(asking, compared=comparison.answer(asking.findings, partial(self._found, asking)))
        return asking

    def _found(self, asking: Asking, query: str, *, again: str | None = None) -> Findings:
        """What is found for a query, by a retriever that traces can see.

        Where that is not enough, and the question may go on about what was asked before it, that is searched for too.
        """
        found: list[Findings] = []

        def search(query: str) -> tuple[Hit, ...]:
            found.append(self.find(asking.question, query, asking.conditions))
            return found[-1].read

        retriever = PassageRetriever(search=search, name="retrieve")
        retriever.invoke(query)
        if again and not found[0].answerable:
            retriever.invoke(again)
        return next((each for each in found[1:] if each.answerable), found[0])

    def prompt(self, asking: Asking) -> Asking:
        """The question with the messages for the model; as it was where no model is to answer, or none could.

        Of a document as a whole that is too long to be shown, the model has read the parts by then.
        """
        if whole := self._whole(asking):
            try:
                return _with_shown(asking, *whole.show(tell_part))
            except ModelError as error:
                return self._failed(asking, error)
        if self.composer is None or asking.reply or asking.failure or hopeless(asking.findings):
            return asking
        return replace(asking, shown=self.composer.show(asking.findings, asking.history))

    async def aprompt(self, asking: Asking) -> Asking:
        """`prompt`, awaiting the model."""
        whole = self._whole(asking)
        if whole is None:
            return await run_in_executor(None, self.prompt, asking)
        try:
            return _with_shown(asking, *await whole.ashow(tell_part))
        except ModelError as error:
            return self._failed(asking, error)

    def _whole(self, asking: Asking) -> Whole | None:
        """The documents that an overview describes, where the model is to tell of them."""
        if self.composer is None or asking.reply is None or asking.found is None:
            return None
        wish = read_wish(asking.question)
        return Whole(
            composer=self.composer,
            found=asking.found,
            history=asking.history,
            overview=asking.reply,
            as_it_is=wish is not None and wish.translates,
        )

    def answer(self, questions: Iterator[Asking]) -> Iterator[Event]:
        """The events of each answer; closing this closes the connection to the model."""
        for asking in questions:
            if self.composer is None or asking.shown is None:
                yield from self._own_words(asking)
                continue
            try:
                yield from self.composer.write(asking.shown, asking.findings, usage=asking.usage)
            except ModelError as error:
                yield from self._own_words(self._failed(asking, error))

    async def aanswer(self, questions: AsyncIterator[Asking]) -> AsyncIterator[Event]:
        """`answer`, awaiting the model."""
        async for asking in questions:
            failed = asking
            if self.composer is not None and asking.shown is not None:
                try:
                    written = self.composer.awrite(asking.shown, asking.findings, usage=asking.usage)
                    async with aclosing(written) as events:
                        async for event in events:
                            yield event
                    continue
                except ModelError as error:
                    failed = self._failed(asking, error)
            for event in await run_in_executor(None, self._own_words, failed):
                yield event

    def _failed(self, asking: Asking, error: ModelError) -> Asking:
        """The question as it goes on without a model. Raises: the error itself when it is not to go on."""
        if not self.falls_back:
            raise error
        return replace(asking if asking.query else _by_rule(asking), failure=error)

    def _own_words(self, asking: Asking) -> list[Event]:
        """The answer in the documents' own sentences, as events: citations, what is shown of it, the Answer last."""
        notes = (f"{FELL_BACK}: {asking.failure}",) if asking.failure and asking.found else ()
        if asking.reply:
            answer = replace(asking.reply, notes=notes)
            return [*answer.citations, answer.text, answer]
        started = time.perf_counter()
        if self.composer and not asking.failure:
            answer = self.composer.refuse(asking.findings, usage=asking.usage)
        else:
            answer = asking.compared or assembly.own_words(asking.findings)
        answer = replace(
            answer, notes=notes or answer.notes, seconds={**answer.seconds, "answer": time.perf_counter() - started}
        )
        opening = [answer.opening] if answer.opening else []
        return [*answer.citations, *opening, answer.text, answer]


def _with_shown(asking: Asking, shown: Shown, usage: Usage) -> Asking:
    return replace(asking, shown=shown, usage=usage)


def _by_rule(asking: Asking) -> Asking:
    question = without_courtesies(asking.question)
    return replace(asking, query=standalone(question, asking.history), queries=parts(question, asking.history))


def _reworded(asking: Asking, queries: tuple[str, ...], usage: Usage) -> Asking:
    """The question as a model reworded it, before the queries that it would search with, where it gave any."""
    query, *more = queries
    return replace(asking, query=query, queries=tuple(more) or parts(query), usage=usage)
