"""Question × what was found of a unit → numbers that say how well it answers.

Every feature lies near 0 to 1 or −1 to 1, has one documented meaning, and ignores where in its passage a unit stands.
Weights and decisions are not here: see `retrieval` and `confidence`.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qa.types import Hit, Passage
from qa.words import ROOT_CHARS, STOP_WORDS, WORD, rarity, same_root, stem, terms

SENTENCE_FEATURES = ("cosine", "coverage", "row_coverage", "relevance", "span", "support")
SURE = 10.0  # logits of the reader, beyond which more says nothing
_CAPITALISED = re.compile(r"(?<!^)\b[A-Z][\w’']*")
ROOT_CREDIT = 0.8  # for "Italian" where the question says "Italy"
REMEMBERED = 1_000  # characters of a sentence whose terms are kept; longer ones are no sentences
FEW_PASSAGES = 50  # an index this small says as much about a term's rarity as English at large does
# Words that say how a question is put rather than what it is about; the answer seldom repeats them, so they count
# only in a question that has no others.
FRAME_WORDS = frozenset(
    stem(word)
    for word in """accord according along also another become call called city come comprise consist contain count
    country cover date day example exist feature find form form get give go group held hold include involve kind know
    known like locate located long main make many mean much name number occur part people percent percentage person
    place play refer take term thing together took two three four five type typically use us want way within year
    happen""".split()  # noqa: SIM905  # legible as prose, not as a list
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuestion:
    """A question taken apart once, to be compared with many sentences.

    `weights` runs along `terms` and sums to 1: the rarer a term, the more it asks for.
    """

    text: str
    terms: tuple[str, ...]
    weights: tuple[float, ...]
    named: frozenset[str]


def analyse(question: str, *, frequency: Callable[[str], int], count: int) -> ParsedQuestion:
    """The question's terms with how much each matters.

    `frequency` says in how many of the `count` passages a term occurs.
    """
    every = tuple(dict.fromkeys(terms(question)))
    found = tuple(term for term in every if term not in FRAME_WORDS) or every
    raw = [term_weight(term, frequency=frequency(term), count=count) for term in found]
    total = sum(raw) or 1.0
    return ParsedQuestion(
        text=question,
        terms=found,
        weights=tuple(weight / total for weight in raw),
        named=_names(question) & frozenset(found),
    )


def _names(question: str) -> frozenset[str]:
    """The terms with a capital that does not merely open the question; none where "The" and "Of" have one too."""
    small = [word for word in WORD.findall(question)[1:] if word.casefold() in STOP_WORDS]
    if small and all(word[0].isupper() for word in small):
        return frozenset()
    return frozenset(terms(" ".join(_CAPITALISED.findall(question))))


def term_weight(term: str, *, frequency: int, count: int) -> float:
    """How much a term asks for, 0 to 1: its rarity in the index, or in English where the index is small.

    Over one short document every term is rare, and what it lacks would outweigh all that it has.
    """
    known = count / (count + FEW_PASSAGES)
    idf = inverse_frequency(frequency, count=count) / inverse_frequency(0, count=count)
    return known * idf + (1 - known) * rarity(term)


def inverse_frequency(frequency: int, *, count: int) -> float:
    """The weight that BM25 gives a term found in `frequency` of `count` passages.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), as in Lucene.
    """
    return math.log(1 + (max(count - frequency, 0) + 0.5) / (frequency + 0.5))


def sentence_features(question: ParsedQuestion, hit: Hit) -> NDArray[np.float64]:
    """A row for each unit of a passage that was found, a column for each of `SENTENCE_FEATURES`.

    Covered are the question's terms by the words as which the unit is quoted and those of all that it hangs on; of a
    table's row and of a key with its value that counts once more. The reader's two, how likely the best short answer
    of the unit is and how much the unit supports one, are -1 for a unit that was not read.
    """
    passage = hit.passage
    texts = [passage.cut(quote or unit) for quote, unit in zip(hit.quotes, passage.units, strict=True)]
    stems = [frozenset((*_terms(text), *above)) for text, above in zip(texts, _terms_above(passage), strict=True)]
    covered = _coverage(question, stems)
    rows = [
        (
            cosine,
            coverage,
            coverage if unit.kind in ("row", "pair") else 0.0,
            hit.relevance,
            -1.0 if part is None else part.score / SURE,
            -1.0 if part is None else part.support / SURE,
        )
        for cosine, coverage, unit, part in zip(hit.sentence_cosines, covered, passage.units, hit.parts, strict=True)
    ]
    return np.clip(np.array(rows, dtype=np.float64).reshape(len(rows), len(SENTENCE_FEATURES)), -1, 1)


def _terms_above(passage: Passage) -> list[list[str]]:
    """For each unit the terms of all that it hangs on: its lead-in, its table's header, its headings."""
    said = {each.start: (each.parent, each.text) for each in passage.above}
    said.update((each.start, (each.parent, passage.cut(each))) for each in passage.units)
    found: dict[int | None, list[str]] = {}

    def above(start: int | None) -> list[str]:
        if start not in said:
            return []
        if start not in found:
            parent, text = said[start]
            found[start] = [*above(parent), *_terms(text)]
        return found[start]

    return [above(unit.parent) for unit in passage.units]


def _coverage(question: ParsedQuestion, units: Collection[frozenset[str]]) -> list[float]:
    """For each unit's stems the weight of the question's terms among them, less of it where only the root is there."""
    beginning: dict[str, list[str]] = defaultdict(list)
    for each in frozenset().union(*units):
        beginning[each[:ROOT_CHARS]].append(each)
    roots = [
        frozenset(each for each in beginning.get(term[:ROOT_CHARS], ()) if same_root(term, each))
        for term in question.terms
    ]
    weighed = list(zip(question.terms, roots, question.weights, strict=True))
    return [
        sum(
            weight if term in stems else 0.0 if root.isdisjoint(stems) else ROOT_CREDIT * weight
            for term, root, weight in weighed
        )
        for stems in units
    ]


def _terms(sentence: str) -> tuple[str, ...]:
    return _known_terms(sentence) if len(sentence) <= REMEMBERED else tuple(terms(sentence))


@lru_cache(maxsize=50_000)
def _known_terms(sentence: str) -> tuple[str, ...]:
    return tuple(terms(sentence))
