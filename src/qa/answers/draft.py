"""One answer in the making: the chunks of a model's stream in, events out, the Answer last.

Keeps what only the stream tells: the tokens used, why it ended, whether it broke. No model is
called here; a checker may be handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from qa.answers.citations import CitationStream
from qa.answers.reply import Reply
from qa.answers.statements import Statement, keep, read_statements
from qa.answers.support import Verdict, check
from qa.errors import ModelError
from qa.models.listening import CUT, REPLY_CHARS
from qa.types import Answer, Citation, Event, Passage, Sentence, Usage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

Idf = Callable[[str], float]
Checker = Callable[[Sequence[Statement]], tuple[Mapping[int, Verdict], Usage]]
Judged = tuple[Statement, Verdict]
Unsupported = Literal["mark", "drop", "abstain"]

SHOWN_IDS = 8

_GOOD = ("supported", "partly")
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
        self._passages = passages
        self._reply = Reply()
        self._cited = CitationStream(passages)
        self._shown = False
        self._finish: str | None = None
        self._reports_finish = False
        self._broken: str | None = None
        self._started = time.perf_counter()

    def feed(self, chunk: AIMessageChunk) -> list[str | Citation]:
        """The events that can be shown after one more chunk."""
        self.usage += reported(chunk)
        about = chunk.response_metadata
        self._finish = about.get("finish_reason", "").casefold() or self._finish
        self._reports_finish = self._reports_finish or "model_provider" in about
        return self._show(self._cited.feed(self._reply.feed(str(chunk.text))))

    def broke(self, error: ModelError) -> None:
        """Take note that the stream failed: what was shown stays.

        Raises: the error itself when nothing was shown yet.
        """
        if not self._shown:
            raise error
        self._broken = f"the reply broke off: {error}"

    def finish(self, base: Answer, *, unsupported: Unsupported, idf: Idf, checker: Checker | None) -> list[Event]:
        """The rest of the events. `base` is the abstention to fall back to; it names question, query and model.

        Raises: ModelError when the reply ended too early and holds no word.
        """
        rest = self._show([*self._cited.feed(self._reply.close()), *self._cited.close()])
        ending = self._ending()
        if ending and not self._cited.text.strip() and not self._reply.declined:
            raise ModelError(f"{base.model} wrote nothing: {ending}. Ask again, or set another QA_MODEL")
        judged, notes = self._judge(idf, checker)
        worthless = None if ending else self._worthless(judged, unsupported)
        answer = base if worthless else self._answer(base, judged, drop=unsupported == "drop" and not ending)
        answer = replace(
            answer,
            incomplete=ending is not None,
            notes=(*notes, *filter(None, (ending, worthless))),
            usage=self.usage,
            seconds={**base.seconds, "answer": time.perf_counter() - self._started},
        )
        refusal = [answer.text] if answer.abstained and not self._shown else []
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

    def _judge(self, idf: Idf, checker: Checker | None) -> tuple[list[Judged], tuple[str, ...]]:
        """Every statement with its verdict, and what is to be said about the citations."""
        found = read_statements(self._cited)
        verdicts = [check(each.text, each.quotes, idf=idf, context=self._context(each)) for each in found]
        notes = _about_unknown(self._cited.unknown)
        citing = [position for position, each in enumerate(found) if each.numbers]
        if checker and citing:
            try:
                checked, usage = checker([found[position] for position in citing])
            except ModelError as error:
                notes += (f"the citations were checked by rules only: {error}",)
            else:
                self.usage += usage
                for number, position in enumerate(citing, start=1):
                    verdicts[position] = _combined(verdicts[position], checked.get(number))
        return list(zip(found, verdicts, strict=True)), notes

    def _context(self, statement: Statement) -> str:
        """The titles and texts of the passages that a statement cites."""
        cited = [self._cited.citations[number - 1] for number in statement.numbers]
        return "\n".join(
            f"{passage.title}\n{passage.text}"
            for passage in self._passages
            if any(one.document == passage.document and passage.start <= one.start < passage.end for one in cited)
        )

    def _worthless(self, judged: Sequence[Judged], unsupported: Unsupported) -> str | None:
        """Why nothing of the reply is an answer; None when it is one."""
        good = sum(verdict.support in _GOOD for _, verdict in judged)
        if self._reply.declined and not good:
            return "the model found no answer in the passages"
        if not self._cited.citations:
            return "the model's reply cited nothing"
        if unsupported == "abstain" and good < len(judged):
            return "a sentence of the model's reply is not supported by what it cites"
        if unsupported == "drop" and not good:
            return "no sentence of the model's reply is supported by what it cites"
        return None

    def _answer(self, base: Answer, judged: Sequence[Judged], *, drop: bool) -> Answer:
        """The reply as an answer, as it was shown; with `drop`, without what is unsupported and numbered anew."""
        text, numbers = self._cited.text, {place: place for place in range(1, len(self._cited.citations) + 1)}
        if drop:
            judged = [(statement, verdict) for statement, verdict in judged if verdict.support in _GOOD]
            text, numbers = keep(self._cited, [statement for statement, _ in judged])
        sentences = (
            Sentence(
                text=statement.text,
                citations=tuple(numbers[number] for number in statement.numbers),
                support=verdict.support,
                reason=verdict.reason,
            )
            for statement, verdict in judged
        )
        return replace(
            base,
            text=text.strip(),
            abstained=False,
            sentences=tuple(sentences),
            citations=tuple(replace(self._cited.citations[old - 1], number=new) for old, new in numbers.items()),
            nearest=(),
        )


def _about_unknown(ids: Sequence[str]) -> tuple[str, ...]:
    listed = ", ".join(ids[:SHOWN_IDS]) + (" …" if len(ids) > SHOWN_IDS else "")
    return (f"the model cited {listed}, which {'does' if len(ids) == 1 else 'do'} not exist",) if ids else ()


def _combined(rules: Verdict, checked: Verdict | None) -> Verdict:
    """The checking model's verdict, unless a rule found something missing that it overlooked."""
    if checked is None or (rules.missing and checked.support != "contradicted"):
        return rules
    return checked


def reported(message: AIMessageChunk) -> Usage:
    """The tokens that a chunk of a stream, or a whole message, reports."""
    told = message.usage_metadata
    return Usage(input_tokens=told["input_tokens"], output_tokens=told["output_tokens"]) if told else Usage()
