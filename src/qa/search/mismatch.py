"""Signs that a sentence worded like the question does not answer it: another number or name, an opposite, a denial.

Each test compares a question with one text and needs no model. None proves anything alone; their
weights were measured, and docs/answering.md says how often each fires on answerable questions.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from qa.search.directions import clauses, denials, opposed
from qa.words import REMEMBERED_CHARS, same_root, terms

CLAUSES = 30  # of a question and of a sentence that are compared, each with each; longer ones are neither
_INITIAL = re.compile(r"\b[A-Z]")
_SPELT_LETTERS = 5  # from which one wrong letter makes no other name
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def goes_otherwise(question: str, sentence: str) -> bool:
    """Whether the sentence says the opposite of what the question asks about."""
    return opposed(clauses(question)[:CLAUSES], clauses(sentence)[:CLAUSES]) is not None


def denied(question: str, sentence: str) -> bool:
    """Whether the question asks about what is not so, and the sentence denies nothing."""
    return denials(question) > 0 and denials(sentence) == 0


def other_numbers(question: str, text: str) -> bool:
    """Whether the question names a number in digits that the text does not have."""
    return not _numbers(question) <= _numbers(text)


def other_names(names: Collection[str], text: str) -> bool:
    """Whether one of the names, as stems, stands nowhere in a text: not as such, nor misspelt, nor in full words.

    "UK" is found in "United Kingdom" and "Bismark" in "Bismarck".
    """
    held, initials = frozenset(terms(text)), "".join(_INITIAL.findall(text)).casefold()
    return not all(
        name in held or name in initials or any(same_root(name, each) or one_slip(name, each) for each in held)
        for name in names
    )


def one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter too many, missing, wrong or out of its place."""
    if not _SPELT_LETTERS <= min(len(one), len(other)) <= REMEMBERED_CHARS or abs(len(one) - len(other)) > 1:
        return False
    return not _without_a_letter(one).isdisjoint(_without_a_letter(other))


@lru_cache(maxsize=50_000)
def _without_a_letter(word: str) -> frozenset[str]:
    return frozenset((word, *(word[:place] + word[place + 1 :] for place in range(len(word)))))


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}
