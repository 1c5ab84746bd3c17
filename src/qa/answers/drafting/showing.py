"""The judged pieces of a reply → what a reader sees of it, in order: text with its numbers, each citation before it.

Nothing is shown before a piece holds, and nothing that was shown is taken back. Nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass

from qa.answers.drafting.attribution import GOOD, Attribution
from qa.answers.drafting.citations import Citations, Marker
from qa.types import Citation, Sentence


@dataclass(slots=True, kw_only=True)
class Judged:
    """A piece of a reply with what it cites and the verdict on that; `found` is None of one that states nothing.

    `as_asked` says that it is in the language of the question or the one that it names, `trusted` that the model said
    what it rests on, or that the documents' own words would answer with the same.
    """

    pieces: list[str | Marker]
    words: str
    found: Attribution | None = None
    as_asked: bool = True
    trusted: bool = True

    @property
    def holds(self) -> bool:
        """Whether it may open an answer: it is at least partly supported.

        So may what cites a text in another language that it cannot be compared with, where it is in the one asked for.
        """
        if self.found is None:
            return False
        uncompared = bool(self.found.sources) and not self.found.verdict.compared
        return (self.found.verdict.support in GOOD and self.trusted) or (uncompared and self.as_asked)

    @property
    def is_bad(self) -> bool:
        """Whether it states what is not supported."""
        return self.found is not None and self.found.verdict.support not in GOOD


class Showing:
    """The answer as far as it is shown.

    With `waits` nothing is before it is opened; with `drops` what is not supported never is.
    """

    def __init__(self, citations: Citations, *, waits: bool, drops: bool) -> None:
        self.judged: list[Judged] = []
        self.sentences: list[Sentence] = []
        self.text = ""
        self._citations = citations
        self._waits, self._drops = waits, drops
        self._held: list[Judged] = []
        self._gap = ""  # white space that is shown when something follows

    @property
    def holds(self) -> bool:
        """Whether any piece of it does."""
        return any(each.holds for each in self.judged)

    def add(self, judged: Judged) -> list[str | Citation]:
        """What can be shown with one more piece."""
        self.judged.append(judged)
        self._held.append(judged)
        return [] if self._waits or not self.holds else self.open()

    def open(self) -> list[str | Citation]:
        """All that was held back."""
        held, self._held = self._held, []
        return [event for each in held for event in self._shown(each)]

    def _shown(self, judged: Judged) -> list[str | Citation]:
        known = len(self._citations.cited)
        if self._drops and judged.is_bad:
            end = "".join(piece if isinstance(piece, str) else piece.gap for piece in judged.pieces)
            self._gap = max(self._gap, end[len(end.rstrip()) :], key=lambda gap: gap.count("\n"))
            return []
        text, numbers = self._citations.render(judged.pieces, judged.found.sources if judged.found else ())
        if judged.found:
            verdict = judged.found.verdict
            self.sentences.append(
                Sentence(text=judged.words, citations=numbers, support=verdict.support, reason=verdict.reason)
            )
        text = self._gap + text if self.text else text.lstrip("\n")
        body = text.rstrip()
        self._gap = text[len(body) :]
        self.text += body
        return [*self._citations.cited[known:], *([body] if body else [])]
