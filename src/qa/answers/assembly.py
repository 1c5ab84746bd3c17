"""What answers each part of a question → one answer, with what is missing of it named.

The parts are the two sides of a comparison, or the questions that were asked in one. Nothing is chosen or written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qa.answers import conflicts, extractive
from qa.answers.refusing import refusal, without_answer
from qa.types import Answer, Citation, Findings, Sentence, Short

TOGETHER_CHARS = 80  # of two short answers with what stands between them
_CARRIED = re.compile(r" \([^()]*\)\Z")  # what a part was taken to be about


def own_words(findings: Findings) -> Answer:
    """The answer in the documents' own words: of each part of a question by itself, where it has several."""
    if not findings.parts:
        return conflicts.beside(extractive.answer(findings), findings)
    answered = [(_CARRIED.sub("", part.query.rstrip("?")), own_words(part)) for part in findings.parts]
    return answer(findings, [(label, None if each.abstained else each) for label, each in answered])


def answer(findings: Findings, parts: Sequence[tuple[str, Answer | None]], *, labelled: bool = False) -> Answer:
    """The answers to the parts in order, each under its label where they are `labelled`; the refusal where none is.

    What answers two parts is said once, and their short answers are one where they stand side by side. A part without
    an answer is named in a note.
    """
    citations: dict[Citation, int] = {}
    sentences: list[Sentence] = []
    blocks: list[str] = []
    for label, answered in parts:
        said = _renumbered(answered, citations) if answered else []
        new = [each for each in said if labelled or each.citations not in [known.citations for known in sentences]]
        sentences += new
        if new:
            cited = [f"{each.text} {''.join(f'[{number}]' for number in each.citations)}" for each in new]
            blocks.append(f"{label}:\n{extractive.joined(cited)}" if labelled else extractive.joined(cited))
    found = [answered for _, answered in parts if answered]
    if not found:
        return refusal(findings)
    missing = tuple(f"nothing was found about: {label}" for label, answered in parts if not answered)
    return replace(
        without_answer(findings),
        text="\n\n".join(blocks),
        abstained=False,
        short=None if labelled else _shorts(found, citations),
        sentences=tuple(sentences),
        citations=tuple(replace(each, number=number) for each, number in citations.items()),
        confidence=min(each.confidence for each in found),
        notes=(*dict.fromkeys(note for each in found for note in each.notes), *missing),
    )


def _shorts(found: Sequence[Answer], citations: Mapping[Citation, int]) -> Short | None:
    """The short answers to all parts as one span, with what stands between; None where they stand apart."""
    if len(found) == 1 and found[0].short and found[0].short.citation is None:
        return found[0].short
    places: list[int] = []
    cited: set[Citation] = set()
    for each in found:
        if each.short is None or each.short.start is None or each.short.end is None:
            return None
        places += (each.short.start, each.short.end)
        cited |= {replace(c, number=None) for c in each.citations if c.number == each.short.citation}
    start, end = min(places), max(places)
    if len(cited) > 1 or end - start > TOGETHER_CHARS:
        return None
    (citation,) = cited
    return Short(text=citation.quote[start:end], citation=citations[citation], start=start, end=end)


def _renumbered(answered: Answer, citations: dict[Citation, int]) -> list[Sentence]:
    """The sentences of one answer, their citations numbered on from those of the answers before it."""
    numbers = {
        each.number: citations.setdefault(replace(each, number=None), len(citations) + 1) for each in answered.citations
    }
    return [replace(each, citations=tuple(numbers[n] for n in each.citations)) for each in answered.sentences]
