"""One answer in the making: the chunks of a model's stream in, events out, the Answer last.

Every statement is attributed and judged as soon as it is complete. Keeps what only the stream tells: the tokens used,
why it ended, whether it broke. No model is called here; a checker may be handed in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from qa.answers.drafting.attribution import Attribution, Attributor
from qa.answers.drafting.citations import Citations, Marker, Source
from qa.answers.drafting.claims import Claim
from qa.answers.drafting.reply import Habit, Reply, declines
from qa.answers.drafting.showing import Judged, Showing
from qa.answers.drafting.statements import StatementStream, Written
from qa.answers.support import Verdict
from qa.errors import ModelError
from qa.models.listening import CUT, REPLY_CHARS
from qa.search.languages import differ, names
from qa.types import Answer, Citation, Event, Passage, Usage
from qa.words import terms

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

Checker = Callable[[Sequence[Claim]], tuple[Mapping[int, Verdict], Usage]]
Unsupported = Literal["mark", "drop", "abstain"]

SHOWN_IDS = 8
DECLINED = "the model found no answer in the passages"
CIRCLE_CHARS, CIRCLES = 40, 4  # of a reply's end, and times they are in it: small models go on so up to their limit
_ITEM_NUMBER = re.compile(r"^[ \t]*+\d++[.)]", re.MULTILINE)  # by which items may differ that say the same
CLOSE = 0.85  # of a statement's wording, with which it needs no other reason to be trusted
NOT_SHOWN = "the model's own words were not supported and are not shown"
NO_WORD = "the model wrote nothing, as where its server has no room for the prompt. Set QA_WINDOW_TOKENS to what it has"

_CUT_SHORT = {
    "length": "the reply was cut at the model's limit of output tokens",
    "max_tokens": "the reply was cut at the model's limit of output tokens",
    CUT: f"the reply was cut at the limit of {REPLY_CHARS:,} characters",
    "content_filter": "the provider's content filter stopped the reply",
    "safety": "the provider's content filter stopped the reply",
}
_ASKED, _QUOTED = ("?", "？", "؟"), " \"'”’»)*_"
_SILENCE = Verdict(support="unsupported", score=0.0, reason="that the documents do not say something cannot be cited")


class Draft:
    """The answer to one question while a model writes it.

    `idf` says how rare a stem is. `own_words` gives the documents' own answer, or an abstention: it stands in place of
    a reply of which nothing holds. With `waits`, nothing is shown before the reply has ended. `habit` is what is known
    of the model, and learns of this reply.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        question: str,
        idf: Callable[[str], float],
        usage: Usage,
        own_words: Callable[[], Answer],
        unsupported: Unsupported = "mark",
        waits: bool = False,
        habit: Habit | None = None,
    ) -> None:
        self.usage = usage
        self.own_words = cache(own_words)
        self._question = question
        self._unsupported = unsupported
        self._citations = Citations(passages)
        self._known = frozenset(terms(question))  # the stems of which a line that leads to others may be made
        self._attributor = Attributor(self._citations.sources, idf=idf, asked=self._known)
        self._showing = Showing(self._citations, waits=waits or unsupported == "abstain", drops=unsupported == "drop")
        self._habit = habit or Habit()
        self._reply = Reply(self._habit)
        self._stream = StatementStream()
        self._leading: list[Written] = []  # a line that may only lead to what follows, and what stands behind it
        self._said = ""
        self._finish: str | None = None
        self._reports_finish = False
        self.broken: ModelError | None = None  # why the stream failed; what was shown stays
        self._started = time.perf_counter()

    def feed(self, chunk: AIMessageChunk) -> list[str | Citation]:
        """The events that can be shown after one more chunk."""
        self.usage += reported(chunk)
        about = chunk.response_metadata
        self._finish = about.get("finish_reason", "").casefold() or self._finish
        self._reports_finish = self._reports_finish or "model_provider" in about
        self._said += str(chunk.text)
        return self._take(self._stream.feed(self._reply.feed(str(chunk.text))))

    @property
    def circles(self) -> bool:
        """Whether the reply ends in what it has said again and again; nothing more need be waited for."""
        said = _ITEM_NUMBER.sub("", self._said)
        end = said[-CIRCLE_CHARS:]
        return said.count(end) >= CIRCLES and any(map(str.isalnum, end))

    def finish(self, base: Answer, *, checker: Checker | None) -> list[Event]:
        """The rest of the events. `base` is the abstention to fall back to; it names question, query and model.

        Raises: ModelError when the reply broke off, or ended too early, before any of it held.
        """
        rest: list[Event] = [*self._take(self._stream.feed(self._reply.close())), *self._take(self._stream.close())]
        rest += self._settle()
        ending = self._ending()
        if ending is None:
            self._habit.learn(self._said)
        if ending and not self._reply.declined and not self._showing.judged:
            raise self.broken or ModelError(f"{base.model} wrote nothing: {ending}. Ask again, or set another QA_MODEL")
        unknown, notes = self._citations.unknown, self._check(checker)
        if unknown:
            listed = ", ".join(unknown[:SHOWN_IDS]) + " …" * (len(unknown) > SHOWN_IDS)
            notes = (f"the model cited {listed}, which {'does' if len(unknown) == 1 else 'do'} not exist", *notes)
        worthless = self._worthless()
        if worthless and self.broken and not self._reply.declined:
            raise self.broken
        if worthless is None:
            rest += self._showing.open()
            said, cited = tuple(self._showing.sentences), tuple(self._citations.cited)
            answer = replace(base, text=self._showing.text, sentences=said, citations=cited, nearest=())
            answer = replace(answer, abstained=False, overview=False)
            if count := sum(each.found is not None and each.found.corrected for each in self._showing.judged):
                were = "sentence was" if count == 1 else "sentences were"
                notes += (f"the model's citations of {count} {were} corrected: others support it",)
        else:
            answer = self.own_words() if worthless == NOT_SHOWN else base
            worthless = worthless if self._said.strip() else NO_WORD
            rest += [*answer.citations, *filter(None, [answer.opening]), answer.text]
        answer = replace(
            answer,
            incomplete=worthless is None and ending is not None,
            model=base.model,
            prompt=base.prompt,
            notes=(*answer.notes, *notes, *filter(None, (ending, worthless))),
            usage=self.usage,
            seconds={**base.seconds, "answer": time.perf_counter() - self._started},
        )
        return [*rest, answer]

    def _take(self, written: Iterable[Written]) -> list[str | Citation]:
        """What can be shown after these pieces: a line that leads to the next statement comes with that."""
        events: list[str | Citation] = []
        for each in written:
            if each.may_introduce or (each.is_form and self._leading):
                self._leading.append(each)
                continue
            judged = self._judged(each)
            for source in judged.found.sources if judged.found else ():
                self._known |= frozenset(terms(f"{source.passage.title}\n{source.passage.text}"))
            events += [*self._settle(), *self._showing.add(judged)]
        return events

    def _settle(self) -> list[str | Citation]:
        """What can be shown of the lines that led here."""
        leading, self._leading = self._leading, []
        return [event for each in leading for event in self._showing.add(self._judged(each))]

    def _judged(self, written: Written) -> Judged:
        """The piece with what supports it."""
        if written.is_form or (written.may_introduce and written.introduces(self._known)):
            return Judged(pieces=written.pieces, words=written.words)
        pieces = written.pieces
        ids = [named for piece in pieces if isinstance(piece, Marker) for named in piece.ids]
        proposed = self._citations.named(ids)
        if declines(written.words) and not proposed:
            found, agrees = Attribution(sources=(), verdict=_SILENCE), False
        else:
            found = self._attributor.attribute(written.words, proposed)
            agrees = bool(proposed) or self._agrees(found)
            if found.verdict.support == "unsupported" or not agrees:
                said = _ITEM_NUMBER.sub("", written.words)
                answering = self._attributor.answering(said, self._own_units())
                found = replace(answering, corrected=bool(proposed)) if answering else found
                agrees = answering is not None or bool(proposed)
        agrees = agrees and not written.words.rstrip(_QUOTED).endswith(_ASKED)  # what asks states nothing
        as_asked = not differ(written.words, self._question) or names(self._question, written.words)
        return Judged(pieces=pieces, words=written.words, found=found, as_asked=as_asked, trusted=agrees)

    def _agrees(self, found: Attribution) -> bool:
        """Whether a statement rests on what the documents' own words answer with, or is supported where they do not.

        So may one open that has next to no word of its own, and any that is supported where a document is told as a
        whole.
        """
        own, headers = self.own_words(), [each.header for each in found.sources]
        said = [each for each in found.sources if each not in headers]
        if own.abstained or own.overview or (found.verdict.score >= CLOSE and len(said) == 1):
            return found.verdict.support == "supported"
        return bool(said) and set(said) <= set(self._own_units())

    def _own_units(self) -> list[Source]:
        """The units that the documents' own words answer with; none where they do not, or tell of a whole document."""
        own = self.own_words()
        return [] if own.overview else self._citations.quoted_in(own.citations)

    def _ending(self) -> str | None:
        """Why the reply is incomplete; None when it is whole, or when the model never says why it ends."""
        if self.broken:
            return f"the reply broke off: {self.broken}"
        if self.circles:
            return "the reply went round in circles, and was stopped"
        if self._finish is None and self._reports_finish:
            return "the stream ended before the model said that it was done"
        return _CUT_SHORT.get(self._finish or "")

    def _check(self, checker: Checker | None) -> tuple[str, ...]:
        """Let a model judge what cites something, where one is to; what is to be said about that."""
        citing = [(each, each.found) for each in self._showing.judged if each.found and each.found.sources]
        if not checker or not citing:
            return ()
        try:
            checked, usage = checker([(each.words, [unit.quote for unit in found.sources]) for each, found in citing])
        except ModelError as error:
            return (f"the citations were checked by rules only: {error}",)
        self.usage += usage
        for number, (each, found) in enumerate(citing, start=1):
            verdict = checked.get(number, found.verdict)
            if verdict.support == "contradicted" or not found.verdict.missing:  # which a model may overlook
                each.found = replace(found, verdict=verdict)
        return ()

    def _worthless(self) -> str | None:
        """Why nothing of the reply is an answer; None when it is one."""
        if not self._showing.holds:
            silent = [each.found.verdict is _SILENCE for each in self._showing.judged if each.found]
            is_refusal = bool(silent) and all(silent) and not self.circles
            return DECLINED if self._reply.declined or is_refusal else NOT_SHOWN
        if self._unsupported == "abstain" and any(each.is_bad for each in self._showing.judged):
            return "a sentence of the model's reply is not supported by what it cites"
        return None


def reported(message: AIMessageChunk) -> Usage:
    """The tokens that a chunk of a stream, or a whole message, reports."""
    told = message.usage_metadata
    return Usage(input_tokens=told["input_tokens"], output_tokens=told["output_tokens"]) if told else Usage()
