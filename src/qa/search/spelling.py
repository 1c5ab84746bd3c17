"""A query → the words in it that no document has as they are spelt, with how the documents spell them.

Only a word that stands in no document is doubted. An abbreviation is written out as the documents write it, "WFH" as
"work from home"; of a word that is no common one either one slip is mended, "offiec" becomes "office". Nothing is
ranked here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Protocol

from qa.types import Passage
from qa.words import STOP_WORDS, rarity, stem, words

MOST = 4  # words of a query, and spellings of each that are looked up
LOOKED_UP = 10  # passages that are read for one
_SUFFIXES = ("er", "ers", "est", "ness", "less", "able", "ing")  # that make other words, which no stemmer joins
_SHORT = re.compile(r"(?<![\w.@/'’-])[A-Za-z][A-Za-z0-9&-]{1,5}(?![\w@/-]|\.\w)")
_PLAIN = re.compile(r"(?<![\w.@/'’-])[A-Za-z]{5,20}(?![\w@/-]|\.\w)")  # no code; a shorter word has too many beside it


class Held(Protocol):
    """The part of an index in which spellings are looked up; `qa.index.store.Index` is one."""

    def frequencies(self) -> Callable[[str], int]: ...
    def search_lexical(self, query: str, *, k: int) -> list[tuple[str, float]]: ...
    def passages(self, ids: Sequence[str]) -> list[Passage]: ...


def respellings(query: str, index: Held) -> dict[str, str]:
    """Each abbreviated or misspelt word of a query as it stands there, and as the documents spell it.

    Of several spellings a common word goes first, then the one in most passages, then one of equal length.
    Source: P. Norvig, How to Write a Spelling Corrector (2007).
    """
    found: dict[str, str] = {}
    frequency = index.frequencies()
    for word in dict.fromkeys(_SHORT.findall(query)):
        is_word = word.lower() in STOP_WORDS and not word.isupper()
        if len(found) < MOST and not is_word and not frequency(stem(word.lower())):
            full = next(
                (each for each in _abbreviations().get(word.replace("-", "").upper(), ()) if _stands(each, index)), None
            )
            if full:
                found[word] = full
    for word in dict.fromkeys(_PLAIN.findall(query)):
        if len(found) < MOST and word not in found and _is_doubtful(word, frequency):
            plain = word.lower()
            held = {each: count for each in _one_slip(plain) if (count := frequency(stem(each)))}
            likely = sorted(
                held, key=lambda each: (rarity(stem(each)) == 1, -held[each], abs(len(each) - len(word)), each)
            )
            if best := next((each for each in likely[:MOST] if _stands(each, index)), None):
                found[word] = best.capitalize() if word[0].isupper() else best
    return found


def _stands(word: str, index: Held) -> bool:
    """Whether the documents have a word or words as they are, not only of their stems: "fewes" is none, "few" is."""
    passages = index.passages([key for key, _ in index.search_lexical(word, k=LOOKED_UP)])
    spelt = f" {' '.join(words(word))} "
    return any(spelt in f" {' '.join(words(passage.text))} " for passage in passages)


def mended(query: str, respelt: Mapping[str, str]) -> str:
    """The query with its abbreviated and misspelt words as the documents spell them."""
    for pattern in (_SHORT, _PLAIN):
        query = pattern.sub(lambda found: respelt.get(found[0], found[0]), query)
    return query


@cache
def _abbreviations() -> dict[str, tuple[str, ...]]:
    listed = resources.files("qa").joinpath("_data/abbreviations.txt").read_text(encoding="utf-8")
    return {short: tuple(full.split(", ")) for short, full in (line.split(": ") for line in listed.splitlines())}


def _is_doubtful(word: str, frequency: Callable[[str], int]) -> bool:
    """Whether a word is neither common nor in any document, nor a rare form of one that is."""
    plain = word.lower()
    forms = {plain, *(plain.removesuffix(suffix) for suffix in _SUFFIXES)}
    return plain not in STOP_WORDS and all(rarity(each) == 1 and not frequency(each) for each in map(stem, forms))


def _one_slip(word: str) -> Iterator[str]:
    """All words that differ by two letters that changed places, or one letter too many, missing or wrong."""
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if len(after) > 1:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"
        if after:
            yield before + after[1:]
        for letter in string.ascii_lowercase:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
