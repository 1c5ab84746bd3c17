"""One answer in the making: the chunks of a model's stream in, events out, the Answer last.

Keeps what only the stream tells: the tokens used, why it ended, whether it broke. No model is
called here; a checker may be handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.answers.claims import Claim
from qa.answers.reply import Reply, Settled, Unsupported, settled
from qa.answers.statements import Statement
from qa.answers.support import Verdict, check
from qa.documents.sentences import split_sentences
from qa.errors import ModelError
from qa.models.listening import CUT, REPLY_CHARS
from qa.types import Answer, Citation, Event, Passage, Usage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

Idf = Callable[[str], float]
Checker = Callable[[Sequence[Claim]], tuple[Mapping[int, Verdict], Usage]]

SHOWN_IDS = 8

_CUT_SHORT = {
    "length": "the reply was cut at the model's limit of output tokens",
    "max_tokens": "the reply was cut at the model's limit of output tokens",
    CUT: f"the reply was cut at the limit of {REPLY_CHARS:,} characters",
    "content_filter": "the provider's content filter stopped the reply",
    "safety": "the provider's content filter stopped the reply",
}


class Draft:
    """The answer to one question while a model writes it."""

    def __init__(self, passages: Sequence[Passage], *, usage: Usage) -> None:
        self.usage = usage
        self._reply = Reply(passages)
        self._shown = False
        self._finish: str | None = None
        self._reports_finish = False
        self._broken: str | None = None
        self._started = time.perf_counter()

    def feed(self, chunk: AIMessageChunk) -> list[str | Citation]:
        """What can be shown after one more chunk."""
        self.usage = added(self.usage, chunk)
        about = chunk.response_metadata
        self._finish = about.get("finish_reason", "").casefold() or self._finish
        self._reports_finish = self._reports_finish or "model_provider" in about
        return self._show(self._reply.feed(str(chunk.text)))

    def broke(self, error: ModelError) -> None:
        """The stream failed: what was shown stays.

        Raises: the error itself when nothing was shown yet.
        """
        if not self._shown:
            raise error
        self._broken = f"the reply broke off: {error}"

    def finish(self, base: Answer, *, unsupported: Unsupported, idf: Idf, checker: Checker | None) -> list[Event]:
        """The rest of the events. `base` is the abstention to fall back to; it names question, query and model.

        Raises: ModelError when the reply ended too early and holds no word.
        """
        rest = self._show(self._reply.close())
        ending = self._ending()
        if ending and not self._reply.text.strip() and not self._reply.declined:
            raise ModelError(f"{base.model} wrote nothing: {ending}. Ask again, or set another QA_MODEL")
        verdicts, notes = self._judge(idf, checker)
        result = settled(self._reply, verdicts, unsupported=unsupported, incomplete=ending is not None)
        answer = self._answer(base, result, notes=(*notes, *([ending] if ending else [])))
        answer = replace(answer, incomplete=ending is not None)
        refusal = [] if self._shown or not answer.abstained else [answer.text]
        return [*rest, *refusal, answer]

    def _show(self, events: list[str | Citation]) -> list[str | Citation]:
        self._shown = self._shown or bool(events)
        return events

    def _ending(self) -> str | None:
        """Why the reply is incomplete; None when it is whole, or when the model never says why it ends."""
        if self._broken:
            return self._broken
        if self._finish is None and self._reports_finish:
            return "the stream ended before the model said that it was done"
        return _CUT_SHORT.get(self._finish or "")

    def _judge(self, idf: Idf, checker: Checker | None) -> tuple[list[tuple[Statement, Verdict]], tuple[str, ...]]:
        found = self._reply.statements(split_sentences)
        verdicts = [self._checked(each, idf) for each in found]
        notes = _about_unknown(self._reply.unknown)
        citing = [position for position, each in enumerate(found) if each.numbers]
        if checker and citing:
            claims = [Claim(text=found[each].text, quotes=self._reply.quotes(found[each])) for each in citing]
            try:
                checked, usage = checker(claims)
            except ModelError as error:
                notes += (f"the citations were checked by rules only: {error}",)
            else:
                self.usage = summed(self.usage, usage)
                for number, position in enumerate(citing, start=1):
                    verdicts[position] = _combined(verdicts[position], checked.get(number))
        return list(zip(found, verdicts, strict=True)), notes

    def _checked(self, statement: Statement, idf: Idf) -> Verdict:
        reply = self._reply
        return check(statement.text, reply.quotes(statement), idf=idf, context=reply.surroundings(statement))

    def _answer(self, base: Answer, result: Settled, *, notes: tuple[str, ...]) -> Answer:
        seconds = {**base.seconds, "answer": time.perf_counter() - self._started}
        if result.abstained:
            return replace(base, notes=(*notes, result.abstained), usage=self.usage, seconds=seconds)
        return replace(
            base,
            text=result.text,
            abstained=False,
            sentences=result.sentences,
            citations=result.citations,
            nearest=(),
            notes=notes,
            usage=self.usage,
            seconds=seconds,
        )


def _about_unknown(ids: Sequence[str]) -> tuple[str, ...]:
    listed = ", ".join(ids[:SHOWN_IDS]) + (" …" if len(ids) > SHOWN_IDS else "")
    return (f"the model cited {listed}, which {'does' if len(ids) == 1 else 'do'} not exist",) if ids else ()


def _combined(rules: Verdict, checked: Verdict | None) -> Verdict:
    """The checking model's verdict, unless a rule found something missing that it overlooked."""
    if checked is None or (rules.missing and checked.support != "contradicted"):
        return rules
    return checked


def added(usage: Usage, chunk: AIMessageChunk) -> Usage:
    """The usage with what one chunk, or a whole message, reports."""
    told = chunk.usage_metadata
    if told is None:
        return usage
    return summed(usage, Usage(input_tokens=told["input_tokens"], output_tokens=told["output_tokens"]))


def summed(one: Usage, other: Usage) -> Usage:
    """Both together."""
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens, output_tokens=one.output_tokens + other.output_tokens
    )
