"""A document as a whole → what a model is shown of it: all of its passages in order, or what its parts' replies cite.

Where the passages are more than the budget holds, each group of them that fits is asked about by itself, and the units
that those replies cite are shown for the last one. So every quote is the document's own, however long it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.types import SILENT, Answer, Citation, Event, Findings, Hit, Message, Passage, Usage

if TYPE_CHECKING:
    from qa.answers.drafting.composer import Composer, Shown  # whose clients take a second to import

Tell = Callable[[int, int], None]
"""Is told the number of the part that is read next, and how many there are."""
PARTS = 20  # that are read at most, one after the other
LESS = 4  # of what the parts' replies cite, one in so many is left out, again and again until the rest fits


def described(overview: Answer, *, rarity: Callable[[str], float]) -> Findings | None:
    """The passages that an overview made by code describes, in order, as findings; None where it describes none."""
    if not overview.hits:
        return None
    return Findings(
        question=overview.question,
        query=overview.query,
        hits=overview.hits,
        top_k=len(overview.hits),
        confidence=overview.confidence,
        answerable=True,
        rarity=rarity,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What is described, for the composer's model; `overview` stands in place of a reply of which nothing holds.

    What is to be translated is shown `as_it_is`, as far as the budget holds: a part's reply would leave sentences out.
    """

    composer: Composer
    found: Findings
    history: tuple[Message, ...]
    overview: Answer
    as_it_is: bool = False

    def show(self, tell: Tell) -> tuple[Shown, Usage]:
        """What is shown for the last reply, and the tokens that those about the parts took. Raises: ModelError."""
        parts, answers, usage = self._parts(), list[Answer](), Usage()
        for number, part in enumerate(parts[:-1] and parts, start=1):
            tell(number, len(parts))
            answers.append(_last(*self._reader.write(part, self.found, usage=usage)))
            usage = answers[-1].usage
        return self._gathered(parts, answers), usage

    async def ashow(self, tell: Tell) -> tuple[Shown, Usage]:
        """`show`, awaiting the model."""
        parts, answers, usage = await asyncio.to_thread(self._parts), list[Answer](), Usage()
        for number, part in enumerate(parts[:-1] and parts, start=1):
            tell(number, len(parts))
            events = [event async for event in self._reader.awrite(part, self.found, usage=usage)]
            answers.append(_last(*events))
            usage = answers[-1].usage
        return await asyncio.to_thread(self._gathered, parts, answers), usage

    @property
    def _reader(self) -> Composer:
        """The composer as it reads a part: only what is supported counts of the reply, and no second call checks it."""
        return replace(self.composer, unsupported="drop", check="rules")

    def _parts(self) -> Sequence[Shown]:
        """The passages in order, as many at a time as the budget holds, and one that is longer in several.

        Where those would be too many parts, every so many-th.
        """
        if self.as_it_is:
            return (self._shown(self.found.hits),)
        parts: list[Shown] = []
        rest = self.found.hits
        while rest:
            parts.append(replace(self._shown(rest), notes=()))
            *_, last = shown = parts[-1].passages
            hit = rest[len(shown) - 1]
            left = hit.passage.units[len(last.units) :]
            rest = rest[len(shown) :]
            rest = (replace(hit, passage=replace(last, units=left)), *rest) if left else rest
        return parts[:: -(-len(parts) // PARTS)]

    def _shown(self, hits: Sequence[Hit]) -> Shown:
        found = replace(self.found, hits=tuple(hits), top_k=len(hits))
        return replace(self.composer.show(found, self.history), instead=self.overview)

    def _gathered(self, parts: Sequence[Shown], answers: Sequence[Answer]) -> Shown:
        """The one part, or what is cited of each part as far as the budget holds as much of every one."""
        if not answers:
            return replace(parts[0], notes=self._about_sample(parts) or parts[0].notes)
        most = max(len(answer.citations) for answer in answers)
        while True:
            kept = [
                each for part, answer in zip(parts, answers, strict=True) for each in _cited(part, answer, most=most)
            ]
            shown = self._shown([Hit(passage=each, score=1.0, rank=rank) for rank, each in enumerate(kept, start=1)])
            if len(shown.passages) == len(kept) or most <= 1:
                how = self.composer.by_estimate
                read = [f"the text was read in {len(parts)} parts{how}"] * bool(how)
                return replace(shown, notes=(*self._about_sample(parts), *read, *shown.notes, *_about_parts(answers)))
            most -= max(1, most // LESS)

    def _about_sample(self, parts: Sequence[Shown]) -> tuple[str, ...]:
        """What is to be said where a document is so long that some of its passages are left out between others."""
        ends = {hit.passage.document: hit.passage.ordinal + 1 for hit in self.found.hits}
        read, there = len({each.id for part in parts for each in part.passages}), sum(ends.values())
        return (f"{read:,} of some {there:,} passages were shown to the model",) if read < there else ()


def _last(*events: Event) -> Answer:
    """The answer, which is the last of its events."""
    answer = events[-1]
    assert isinstance(answer, Answer)
    return answer


def _cited(part: Shown, answer: Answer, *, most: int) -> Iterator[Passage]:
    """The passages of a part with the units of the first so many quotes of it that are cited, and the headings."""
    quotes = [each for each in answer.citations if any(_is_in(each, passage) for passage in part.passages)][:most]
    for passage in part.passages:
        own = [each for each in quotes if _is_in(each, passage)]
        units = tuple(
            unit
            for unit in passage.units
            if unit.kind in SILENT or any(each.start <= unit.start < each.end for each in own)
        )
        if any(unit.kind not in SILENT for unit in units):
            yield replace(passage, units=units)


def _is_in(quote: Citation, passage: Passage) -> bool:
    return quote.document == passage.document and passage.start <= quote.start < passage.end


def _about_parts(answers: Sequence[Answer]) -> Iterator[str]:
    """What is to be said of the parts whose replies are incomplete, or of no use."""
    for number, answer in enumerate(answers, start=1):
        if answer.overview or answer.incomplete:
            how = "was read by code alone" if answer.overview else "is incomplete"
            yield f"part {number} of {len(answers)} {how}: {'; '.join(answer.notes)}"
