"""Does the cited text hold the sentence? A verdict with its score and its reason, without a model.

Numbers, dates, names and negation are rules; the rest is how much of the wording is found. Words that
the text lacks are called missing, never contradicted: these rules cannot tell that a text says the opposite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answers import facts
from qa.types import Support
from qa.words import STOP_WORDS, same_root, stem, terms, words

# Chosen on BEGIN's three dev sets, reported on its test set: docs/support.md.
PAIR_WEIGHT = 0.3
SUPPORTED = 0.65
PARTLY = 0.40


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a sentence is supported; `score`, 0 to 1, is how much of its wording the cited text holds.

    `missing` says that a number, date, name or negation was looked for and is not there.
    """

    support: Support
    score: float
    reason: str | None = None
    missing: bool = False


def check(sentence: str, quotes: Sequence[str], *, idf: Callable[[str], float], context: str = "") -> Verdict:
    """The verdict on a sentence, from the quotes it cites.

    `idf` says how rare a stem is. A name may also stand in `context`, the rest of the cited
    passages, because a quote may say "he".
    """
    if not quotes:
        return Verdict(support="unsupported", score=0.0, reason="it cites nothing")
    evidence = "\n".join(quotes)
    score = wording(sentence, quotes, idf=idf, context=context)
    missing = _missing_fact(sentence, evidence, context)
    if missing:
        reason = f"{missing} is not found in the cited text"
        return Verdict(support="unsupported", score=score, reason=reason, missing=True)
    denied = _denied(sentence, evidence)
    if denied:
        reason = f"the cited text says “{denied}” and the sentence does not"
        return Verdict(support="partly", score=score, reason=reason)
    if _verbatim(sentence, quotes):
        return Verdict(support="supported", score=1.0)
    if score >= SUPPORTED:
        return Verdict(support="supported", score=score)
    absent = ", ".join(f"“{word}”" for word in _absent(sentence, evidence, idf)[:3]) or "its order of words"
    if score >= PARTLY:
        return Verdict(support="partly", score=score, reason=f"{absent} is not found in the cited text")
    reason = f"most of its wording ({absent}) is not found in the cited text"
    return Verdict(support="unsupported", score=score, reason=reason)


def wording(sentence: str, quotes: Sequence[str], *, idf: Callable[[str], float], context: str = "") -> float:
    """How much of a sentence's wording the quotes hold, 0 to 1: rare terms count for more, pairs of words for order.

    Left out are numbers in digits, which are found or missing by rule, and names that `context` holds.
    """
    held = {term for quote in quotes for term in terms(quote)}
    aside = _words_of_names(sentence, context)
    said = [word for word in words(sentence) if word not in aside]
    weights = {stem(word): idf(stem(word)) for word in said if word not in STOP_WORDS and not word[0].isdigit()}
    total = sum(weights.values())
    found = sum(weight * _credit(term, held) for term, weight in weights.items())
    pairs = list(pairwise(said))
    held_pairs = {pair for quote in quotes for pair in pairwise(words(quote))}
    covered = found / total if total else 0.0
    in_order = sum(pair in held_pairs for pair in pairs) / len(pairs) if pairs else covered
    return (1 - PAIR_WEIGHT) * covered + PAIR_WEIGHT * in_order


def _words_of_names(sentence: str, context: str) -> set[str]:
    """The words of the sentence's names that the context holds."""
    held = set(words(context))
    return {part for name in facts.names(sentence) for part in name if part in held}


def _credit(term: str, held: set[str]) -> float:
    if term in held:
        return 1.0
    return 0.8 if any(same_root(term, other) for other in held) else 0.0


def _missing_fact(sentence: str, evidence: str, context: str) -> str | None:
    """The first number, date, name or negation of the sentence that the evidence lacks."""
    for number in sorted(facts.numbers(sentence) - facts.numbers(evidence, strict=False)):
        return f"the number {number:,}"
    for month, day in sorted(facts.dates(sentence) - facts.dates(evidence)):
        return f"the date {facts.month_name(month)} {day}"
    for month in sorted(facts.months(sentence) - facts.months(evidence)):
        return f"the month {facts.month_name(month)}"
    surroundings = f"{evidence}\n{context}"
    for name in facts.names(sentence):
        if not _names(surroundings, name):
            return f"the name “{_as_written(name, sentence)}”"
    negation = facts.negation(sentence)
    if negation and not facts.denies(evidence):
        return f"the negation “{negation}”"
    return None


def _names(text: str, name: tuple[str, ...]) -> bool:
    """Whether a text has the last word of a name, a word of its root, or its initials."""
    held = set(words(text))
    last = name[-1]
    if last in held or last in facts.initials(text) or "".join(part[0] for part in name) in held:
        return True
    return any(same_root(stem(last), stem(other)) for other in held)


def _as_written(name: tuple[str, ...], sentence: str) -> str:
    folded = sentence.casefold()
    start, last = folded.find(name[0]), folded.find(name[-1])
    return sentence[start : last + len(name[-1])] if 0 <= start <= last else " ".join(name)


def _denied(sentence: str, evidence: str) -> str | None:
    """What the evidence negates and the sentence, which says it too, does not."""
    if facts.denies(sentence):
        return None
    said = set(terms(sentence))
    return next((f"not {word}" for word in facts.negated(evidence) if word and stem(word) in said), None)


def _verbatim(sentence: str, quotes: Sequence[str]) -> bool:
    wanted = f" {' '.join(words(sentence))} "
    return any(wanted in f" {' '.join(words(quote))} " for quote in quotes) and wanted.strip() != ""


def _absent(sentence: str, evidence: str, idf: Callable[[str], float]) -> list[str]:
    """The words of the sentence that the evidence lacks, rarest first."""
    held = set(terms(evidence))
    absent = {
        word: idf(stem(word)) for word in words(sentence) if word not in STOP_WORDS and not _credit(stem(word), held)
    }
    return sorted(absent, key=lambda word: -absent[word])
