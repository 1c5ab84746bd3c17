"""Signs that a sentence worded like the question does not answer it: a denial, an opposite, another time or name.

Each test compares a question with one sentence and needs no model. None proves anything alone; their
weights were measured, and docs/answering.md says how often each fires on answerable questions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache

from qa.words import REMEMBERED_CHARS, same_root, stem, terms, words

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|nobody|nothing|fail\w*|refus\w*|lack\w*)\b|n['’]t\b", re.I
)
_INITIAL = re.compile(r"\b[A-Z]")
_SPELT_LETTERS = 5  # from which one wrong letter makes no other name
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")

_PAIRS = """first/last first/second most/least more/less more/fewer many/few largest/smallest larger/smaller big/small
    before/after increase/decrease increase/decline rise/fall north/south northern/southern east/west eastern/western
    high/low higher/lower highest/lowest begin/end start/end win/lose won/lost rich/poor old/new oldest/youngest
    early/late earliest/latest always/never all/none open/closed public/private add/subtract accept/reject legal/illegal
    same/different male/female men/women best/worst positive/negative upper/lower inside/outside above/below
    front/behind minor/major weak/strong simple/complex longest/shortest import/export buy/sell bought/sold
    arrive/depart attack/defend support/oppose above/under import/export husband/wife father/mother son/daughter"""
_OPPOSITES: dict[str, set[str]] = defaultdict(set)
for _one, _other in (pair.split("/") for pair in _PAIRS.split()):
    _OPPOSITES[stem(_one)].add(stem(_other))
    _OPPOSITES[stem(_other)].add(stem(_one))
_ASKS_FUTURE = re.compile(r"\b(?:will|shall|going to|next|upcoming)\b", re.I)
_SPEAKS_OF_FUTURE = re.compile(
    r"\b(?:will|shall|would|going to|plan(?:s|ned)?|scheduled|expected|due|set to|next|upcoming|future|to be"
    r"|(?:is|are) to)\b",
    re.I,
)


def mismatches(question: str, sentence: str) -> int:
    """How many of three things are wrong: what is denied, which way round it is, whether it is yet to come."""
    return denied(question, sentence) + reversed_sense(question, sentence) + other_tense(question, sentence)


def denied(question: str, sentence: str) -> bool:
    """Whether the question asks about what is not so, and the sentence denies nothing."""
    return _NEGATION.search(question) is not None and _NEGATION.search(sentence) is None


def reversed_sense(question: str, sentence: str) -> bool:
    """Whether the sentence has the opposite of a word of the question, and not the word itself."""
    asked = _stems(question)
    reversible = asked & _OPPOSITES.keys()  # few questions have such a word: the others are done here
    if not reversible:
        return False
    said = _stems(sentence)
    return any((_OPPOSITES[one] & said) - asked for one in reversible - said)


def other_numbers(question: str, sentence: str) -> bool:
    """Whether the question names a number in digits that the sentence does not have."""
    return not _numbers(question) <= _numbers(sentence)


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


def other_tense(question: str, sentence: str) -> bool:
    """Whether the question asks about the future and the sentence says nothing of it."""
    return _ASKS_FUTURE.search(question) is not None and _SPEAKS_OF_FUTURE.search(sentence) is None


@lru_cache(maxsize=50_000)
def _without_a_letter(word: str) -> frozenset[str]:
    return frozenset((word, *(word[:place] + word[place + 1 :] for place in range(len(word)))))


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}


@lru_cache(maxsize=100)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text))
