"""Question × sentence → numbers that say how well the sentence answers the question.

Every feature lies near 0 to 1, has one documented meaning, and ignores where in its passage a
sentence stands. Weights and decisions are not here: see `retrieval` and `extractive`.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qa.search.kinds import ExpectedAnswer, expected_answer, find_candidates
from qa.search.mismatch import mismatches
from qa.types import Passage, Span
from qa.words import ROOT_CHARS, STOP_WORDS, WORD, rarity, same_root, stem, terms

SENTENCE_FEATURES = (
    "cosine",
    "coverage",
    "distinctive",
    "predicate",
    "passage_coverage",
    "pairs",
    "shape",
    "mismatch",
    "relevance",
)
_CAPITALISED = re.compile(r"(?<!^)\b[A-Z][\w’']*")
ROOT_CREDIT = 0.8  # for "Italian" where the question says "Italy"
REMEMBERED = 1_000  # characters of a sentence whose terms are kept; longer ones are no sentences
PAIR_REACH = 3  # terms between two that still stand together
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
    expected: ExpectedAnswer
    terms: tuple[str, ...]
    weights: tuple[float, ...]
    named: frozenset[str]


def analyse(question: str, *, frequency: Callable[[str], int], count: int) -> ParsedQuestion:
    """The question's kind, and its terms with how much each matters.

    `frequency` says in how many of the `count` passages a term occurs.
    """
    every = tuple(dict.fromkeys(terms(question)))
    found = tuple(term for term in every if term not in FRAME_WORDS) or every
    raw = [term_weight(term, frequency=frequency(term), count=count) for term in found]
    total = sum(raw) or 1.0
    return ParsedQuestion(
        text=question,
        expected=expected_answer(question),
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


def sentence_features(
    question: ParsedQuestion,
    passage: Passage,
    *,
    quotes: Sequence[Span | None],
    cosines: Sequence[float],
    relevance: float,
) -> NDArray[np.float64]:
    """A row for each unit of a passage, a column for each of `SENTENCE_FEATURES`.

    Its words are those as which it is quoted and, for the terms of the question, those of all that it hangs on.
    """
    texts = [passage.cut(quote or unit) for quote, unit in zip(quotes, passage.units, strict=True)]
    stems = [(*_terms(text), *above) for text, above in zip(texts, _read_under(passage), strict=True)]
    matches = _Matches(question, [frozenset(found) for found in stems], header=_terms(passage.header))
    whole = matches.coverage([*_terms(passage.header), *(term for found in stems for term in found)])
    rows = [
        (
            cosine,
            matches.coverage(found),
            matches.distinctive(found),
            matches.predicate(found),
            whole,
            pair_coverage(question, found),
            shape(question, text),
            mismatches(question.text, text),
            relevance,
        )
        for cosine, text, found in zip(cosines, texts, stems, strict=True)
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(SENTENCE_FEATURES))


def _read_under(passage: Passage) -> list[list[str]]:
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


class _Matches:
    """The terms of a question among the stems of a passage, found once for all of its sentences."""

    def __init__(self, question: ParsedQuestion, sentences: Sequence[frozenset[str]], *, header: Sequence[str]) -> None:
        beginning: dict[str, list[str]] = defaultdict(list)
        for each in frozenset(header).union(*sentences):
            beginning[each[:ROOT_CHARS]].append(each)
        self._question = question
        self._roots = [
            frozenset(each for each in beginning.get(term[:ROOT_CHARS], ()) if same_root(term, each))
            for term in question.terms
        ]
        holding = np.array([self.credits(sentence) for sentence in sentences]) > 0
        self._local = [inverse_frequency(int(held), count=len(sentences)) for held in holding.sum(axis=0)]

    def credits(self, found: Collection[str]) -> list[float]:
        """For each term of the question: 1 if it is among `found`, less if only its root is, else 0."""
        return [
            1.0 if term in found else 0.0 if roots.isdisjoint(found) else ROOT_CREDIT
            for term, roots in zip(self._question.terms, self._roots, strict=True)
        ]

    def coverage(self, found: Collection[str]) -> float:
        """The weight of the question's terms that are among `found`, 0 to 1."""
        return float(np.dot(self._question.weights, self.credits(found)))

    def distinctive(self, found: Collection[str]) -> float:
        """The same, a term weighing more the fewer of the passage's sentences have it."""
        return float(np.dot(self._local, self.credits(found))) / (sum(self._local) or 1.0)

    def predicate(self, found: Collection[str]) -> float:
        """The same, without the question's names, which a sentence may replace by "he" or "the company"."""
        asked = [
            0.0 if term in self._question.named else weight
            for term, weight in zip(self._question.terms, self._local, strict=True)
        ]
        return float(np.dot(asked, self.credits(found))) / (sum(asked) or 1.0)


def pair_coverage(question: ParsedQuestion, found: Sequence[str]) -> float:
    """The share of the question's neighbouring terms that stand close together in the sentence too."""
    pairs = list(pairwise(question.terms))
    if not pairs:
        return 0.0
    places: dict[str, list[int]] = {}
    for place, term in enumerate(found):
        places.setdefault(term, []).append(place)
    close = sum(
        any(abs(here - there) <= PAIR_REACH for here in places.get(one, ()) for there in places.get(other, ()))
        for one, other in pairs
    )
    return close / len(pairs)


def shape(question: ParsedQuestion, sentence: str) -> float:
    """1 if the sentence holds something new of the kind asked for, −1 if not, 0 if no kind is known."""
    if question.expected.kind == "other":
        return 0.0
    return 1.0 if any(find_candidates(sentence, expected=question.expected)) else -1.0


def _terms(sentence: str) -> tuple[str, ...]:
    return _known_terms(sentence) if len(sentence) <= REMEMBERED else tuple(terms(sentence))


@lru_cache(maxsize=50_000)
def _known_terms(sentence: str) -> tuple[str, ...]:
    return tuple(terms(sentence))
