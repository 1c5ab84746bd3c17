"""Near misses as users make them: a question with one name, year or number put in place of another.

The new one is from the questions about the same article, or about any of the same half, and is not in the
passage that answered; so nothing is learnt from what is reported on.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from question_sets import Case, QuestionSet

NAME = re.compile(r"(?<=[a-z,’'0-9] )[A-Z][\w’-]*(?: (?:(?:of|de|la|the|von|van) )?[A-Z][\w’-]*)*")
YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
NUMBER = re.compile(r"(?<![\w.,-])(?!(?:1\d|20)\d\d\b)\d[\d,.]*\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What can be swapped in a question; only parts of one `kind` stand in for each other."""

    kind: tuple[str, ...]
    start: int
    text: str


def swap_names(squad: QuestionSet, *, parity: int) -> list[Case]:
    """The answerable questions about the articles of one parity, each with a part swapped where it has any."""
    chance = random.Random(0)
    cases = [case for case in squad.cases if case.answerable and case.article % 2 == parity]
    near: dict[tuple[int, tuple[str, ...]], set[str]] = defaultdict(set)
    anywhere: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for case in cases:
        for part in _parts(case.question):
            near[case.article, part.kind].add(part.text)
            anywhere[part.kind].add(part.text)
    swapped = []
    for case in cases:
        if not (parts := list(_parts(case.question))):
            continue
        part = chance.choice(parts)
        pool = near[case.article, part.kind] if chance.random() < 0.5 else anywhere[part.kind]
        said = f"{squad.passages[case.passage].headed}\n{case.question}".casefold()
        if others := sorted(each for each in pool if each.casefold() not in said and not _share_words(each, part.text)):
            end = part.start + len(part.text)
            question = case.question[: part.start] + chance.choice(others) + case.question[end:]
            swapped.append(replace(case, question=question, answerable=False, sentences=frozenset()))
    return swapped


def _parts(question: str) -> Iterator[_Part]:
    for match in NAME.finditer(question):
        before = question[: match.start()].split()[-1].casefold()  # "in" goes with places, "did" with people
        text = re.sub(r"’s$", "", match[0])
        yield _Part(kind=("name", before, str(" " in text)), start=match.start(), text=text)
    for kind, pattern in (("year", YEAR), ("number", NUMBER)):
        yield from (_Part(kind=(kind,), start=match.start(), text=match[0]) for match in pattern.finditer(question))


def _share_words(one: str, other: str) -> bool:
    return not set(one.casefold().split()).isdisjoint(other.casefold().split())
