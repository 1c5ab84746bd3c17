"""A model's words → what the reader sees: live while they come, then judged as a whole.

`Reply` streams; `settled` decides what stays and whether anything is left. No model is called here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qa.answers.citations import CitationStream, Mark
from qa.answers.statements import Statement, statements
from qa.answers.support import Verdict
from qa.types import Citation, Passage, Sentence, Span

SENTINEL = "NOT_IN_DOCUMENTS"

_SENTINEL = re.compile(r"NOT[_ \\-]{1,2}IN[_ \\-]{1,2}DOCUMENTS")
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
_BETWEEN = re.compile(r"[_ \\-]+")
_GOOD = ("supported", "partly")

Unsupported = Literal["mark", "drop", "abstain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is left of a reply; `abstained` says why nothing is."""

    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    abstained: str | None = None


class Reply:
    """The reply to one question as it streams in; `declined` once the model says that the documents do not answer."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.declined = False
        self._passages = passages
        self._stream = CitationStream(passages)
        self._held = ""
        self._opening: str | None = ""  # what came so far, while it may still be the model thinking aloud

    @property
    def text(self) -> str:
        """All readable text so far."""
        return self._stream.text

    @property
    def marks(self) -> Sequence[Mark]:
        """Where the markers stand in the text."""
        return self._stream.marks

    @property
    def citations(self) -> Sequence[Citation]:
        """What the text cites, by number."""
        return self._stream.citations

    @property
    def unknown(self) -> Sequence[str]:
        """The ids that the model cited and that do not exist."""
        return self._stream.unknown

    def feed(self, piece: str) -> list[str | Citation]:
        """What can be shown after one more piece; the sentinel never shows."""
        text = self._without_sentinel(self._held + self._after_thoughts(piece))
        begun = _begun_sentinel(text)
        self._held = text[begun:]
        return self._stream.feed(text[:begun])

    def close(self) -> list[str | Citation]:
        """What was held back, when the model has finished."""
        opening, self._opening = without_thoughts(self._opening or ""), None
        events = self.feed(opening)
        held, self._held = self._held, ""
        return [*events, *self._stream.feed(held), *self._stream.close()]

    def statements(self, split: Callable[[str], Sequence[Span]]) -> tuple[Statement, ...]:
        """The sentences so far, with what they cite."""
        return statements(self.text, self.marks, split=split)

    def quotes(self, statement: Statement) -> tuple[str, ...]:
        """The quotes that a statement cites."""
        return tuple(self.citations[number - 1].quote for number in statement.numbers)

    def surroundings(self, statement: Statement) -> str:
        """The titles and texts of the passages that a statement cites."""
        cited = [self.citations[number - 1] for number in statement.numbers]
        return "\n".join(
            f"{passage.title}\n{passage.text}"
            for passage in self._passages
            if any(one.document == passage.document and passage.start <= one.start < passage.end for one in cited)
        )

    def _after_thoughts(self, piece: str) -> str:
        """The piece without what stands between `<think>` and `</think>` at the beginning of a reply."""
        if self._opening is None:
            return piece
        self._opening += piece
        begun = self._opening.lstrip()
        if "<think>".startswith(begun[:7]) and "</think>" not in begun:
            return ""
        text, self._opening = without_thoughts(self._opening), None
        return text

    def _without_sentinel(self, text: str) -> str:
        kept, found = _SENTINEL.subn("", text)
        self.declined = self.declined or bool(found)
        return kept


def without_thoughts(text: str) -> str:
    """A reply without what a reasoning model thinks aloud first, between `<think>` and `</think>`."""
    return _THOUGHTS.sub("", text)


def _begun_sentinel(text: str) -> int:
    """Where the end of a text may be the beginning of the sentinel; its length when nowhere."""
    for at in range(max(0, len(text) - 2 * len(SENTINEL)), len(text)):
        if text[at] == "N" and SENTINEL.startswith(_BETWEEN.sub("_", text[at:])):
            return at
    return len(text)


def settled(
    reply: Reply, judged: Sequence[tuple[Statement, Verdict]], *, unsupported: Unsupported, incomplete: bool
) -> Settled:
    """What stays of a reply whose statements were judged; an incomplete one stays as it was shown."""
    sentences = [_sentence(statement, verdict) for statement, verdict in judged]
    good = [sentence for sentence in sentences if sentence.support in _GOOD]
    whole = Settled(text=reply.text.strip(), sentences=tuple(sentences), citations=tuple(reply.citations))
    if incomplete:
        return whole
    if reply.declined and not good:
        return replace(whole, abstained="the model found no answer in the passages")
    if not reply.citations:
        return replace(whole, abstained="the model's reply cited nothing")
    if unsupported == "abstain" and len(good) < len(sentences):
        return replace(whole, abstained="a sentence of the model's reply is not supported by what it cites")
    if unsupported == "drop" and not good:
        return replace(whole, abstained="no sentence of the model's reply is supported by what it cites")
    return _kept(reply, judged) if unsupported == "drop" else whole


def _sentence(statement: Statement, verdict: Verdict) -> Sentence:
    return Sentence(text=statement.text, citations=statement.numbers, support=verdict.support, reason=verdict.reason)


def _kept(reply: Reply, judged: Sequence[tuple[Statement, Verdict]]) -> Settled:
    """The reply without its unsupported statements, numbered anew."""
    stay = [(statement, verdict) for statement, verdict in judged if verdict.support in _GOOD]
    numbers: dict[int, int] = {}
    pieces: list[str] = []
    written = reply.text
    for statement, _ in stay:
        at = statement.start
        for mark in reply.marks:
            if statement.start <= mark.start < statement.end:
                number = numbers.setdefault(mark.number, len(numbers) + 1)
                pieces += [written[at : mark.start], f"[{number}]"]
                at = mark.end
        pieces.append(written[at : statement.end])
    return Settled(
        text="".join(pieces).strip(),
        sentences=tuple(
            _sentence(replace(statement, numbers=tuple(numbers[number] for number in statement.numbers)), verdict)
            for statement, verdict in stay
        ),
        citations=tuple(replace(reply.citations[old - 1], number=new) for old, new in numbers.items()),
    )
