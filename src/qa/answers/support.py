"""Does the cited text hold the sentence? A verdict with its score and its reason, without a model.

Numbers, dates, times, names, direction and negation are rules; the rest is how much of the wording is found.
What the text lacks is called missing; contradicted is what it says the other way round in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.answers import facts
from qa.search.directions import clauses, denials, negation, opposed, says_denied
from qa.search.languages import differ
from qa.types import Support
from qa.words import STOP_WORDS, same_root, stem, terms, words

# Chosen on BEGIN's three dev sets, reported on its test set: docs/support.md.
PAIR_WEIGHT = 0.3
SUPPORTED = 0.65
PARTLY = 0.40
# Added to how rare a term is: among four passages one that is in none of them would outweigh ten that are in all.
EVEN = 1.0

CLAUSES = 12  # of a sentence that are compared: time stays in proportion to the text
_REPLY_WORD = re.compile(  # "No.: 3" and "No. 3" are no reply
    r"\W*+(?:yes|no(?!\.(?::|\s*\d))|yeah|nope|ja|nein|oui|non|sí)\b[.,:;!\s–—-]*+(?=\w)", re.I
)
_TEXTS = r"(?:provided |given )?(?:documents?|passages?|sources?|texts?|context|excerpts?)(?: provided)?"
_LIST_HEAD = re.compile(r"^\s*+(?:[-*+•]\s++)?(?:\d{1,3}[.)]\s++)?(?=\S)")
_PREFACE = re.compile(
    rf"^\W*+(?:(?:according to|based on|(?:as )?(?:stated|mentioned|described) in) the {_TEXTS},"
    rf"|the {_TEXTS} (?:says?|states?|mentions?|indicates?) that\b)\s*+",
    re.I,
)
_SMALL_WORD = re.compile(r"\b[^\W\d_A-Z][^\W\d_]*+")
_DIGITS = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*+")
_COMPANIES = frozenset({"ltd", "inc", "plc", "llc", "corp", "gmbh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a sentence is supported; `score`, 0 to 1, is how much of its wording the cited text holds.

    `missing` says that a number, date, name or negation was looked for and is not there; `compared` that its words
    could be held against the text at all.
    """

    support: Support
    score: float
    reason: str | None = None
    missing: bool = False
    compared: bool = True


def check(sentence: str, quotes: Sequence[str], *, idf: Callable[[str], float], context: str = "") -> Verdict:
    """The verdict on a sentence, from the quotes it cites.

    `idf` says how rare a stem is. A name may also stand in `context`, the rest of the cited
    passages, because a quote may say "he". Of "No, it is not" only what follows the comma is checked, and nothing of
    "According to the documents", nor of the number of a list's item.
    """
    for pattern in (_LIST_HEAD, _PREFACE):
        sentence = pattern.sub("", sentence)
    if not (quotes and (terms(sentence) or words(sentence) in map(words, quotes))):
        reason = "it has no word that could be found in the cited text" if quotes else "it cites nothing"
        return Verdict(support="unsupported", score=0.0, reason=reason)
    replied = _REPLY_WORD.match(sentence)
    if replied and not _verbatim(sentence, quotes):
        verdict = check(sentence[replied.end() :], quotes, idf=idf, context=context)
        reason = f"whether it is “{replied[0].strip(' .,:;!–—-')}” was not checked, only the rest of it"
        return replace(verdict, support="partly", reason=reason) if verdict.support == "supported" else verdict
    as_cited = "\n".join(quotes)
    if _is_foreign(sentence, f"{as_cited}\n{context}"):
        return _across_languages(sentence, f"{as_cited}\n{context}")
    sentence, context, *quotes = map(facts.plain, (sentence, context, *quotes))
    evidence = "\n".join(quotes)
    score = wording(facts.untimed(sentence), [*map(facts.untimed, quotes)], idf=idf, context=context)
    missing = _missing_fact(sentence, f"{evidence}\n{as_cited}", context)
    said, cited = clauses(sentence)[:CLAUSES], clauses(evidence)
    undenied = None if denials(evidence) or says_denied(said, cited) else negation(sentence)
    turned = None if missing else opposed(said, cited)
    if turned:
        reason = f"the cited text says “{turned[1]}” where the sentence says “{turned[0]}”"
        return Verdict(support="contradicted", score=score, reason=reason, missing=undenied is not None)
    if missing or undenied:
        reason = f"{missing or f'the negation “{undenied}”'} is not found in the cited text"
        return Verdict(support="unsupported", score=score, reason=reason, missing=True)
    if _verbatim(sentence, quotes):
        return Verdict(support="supported", score=1.0)
    if score >= SUPPORTED:
        return Verdict(support="supported", score=score)
    absent = ", ".join(f"“{word}”" for word in _absent(sentence, evidence, idf)[:3]) or "its order of words"
    if score >= PARTLY:
        return Verdict(support="partly", score=score, reason=f"{absent} is not found in the cited text")
    reason = f"most of its wording ({absent}) is not found in the cited text"
    return Verdict(support="unsupported", score=score, reason=reason)


def _is_foreign(sentence: str, cited: str) -> bool:
    """Whether a sentence is in another language than the cited text, and hardly shares a word with it but names."""
    common = {word for found in _SMALL_WORD.findall(sentence) for word in words(found)}
    return differ(sentence, cited) and 3 * len(common & set(words(cited))) <= len(common)


def _across_languages(sentence: str, cited: str) -> Verdict:
    """The verdict on a sentence in another language than the cited text, by its numbers and names."""
    told = {_plain_digits(number) for number in _DIGITS.findall(cited)}
    for number in _DIGITS.findall(sentence):
        if _plain_digits(number) not in told:
            reason = f"the number {number} is not found in the cited text, which is in another language"
            return Verdict(support="unsupported", score=0.0, reason=reason, missing=True)
    held = set(words(cited))
    named = any(set(name) <= held for name in facts.names(sentence))
    if named or _DIGITS.search(sentence):
        reason = "the cited text is in another language, so only numbers and names were compared"
        return Verdict(support="partly", score=PARTLY, reason=reason)
    reason = "the cited text is in another language, and there is no number or name to compare"
    return Verdict(support="unsupported", score=0.0, reason=reason, compared=False)


def _plain_digits(number: str) -> str:
    """A number without its separators: 7,900 and 7.900 are alike, and so are 41.2 and 41,2."""
    return "".join(filter(str.isdigit, number))


def wording(sentence: str, quotes: Sequence[str], *, idf: Callable[[str], float], context: str = "") -> float:
    """How much of a sentence's wording the quotes hold, 0 to 1: rare terms count for more, pairs of words for order.

    Left out are numbers in digits, which are found or missing by rule, and names that `context` holds.
    """
    held = {term for quote in quotes for term in terms(quote)}
    aside = _words_of_names(sentence, context)
    said = [word for word in words(sentence) if word not in aside]
    weights = {stem(word): EVEN + idf(stem(word)) for word in said if word not in STOP_WORDS and not word[0].isdigit()}
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
    """The first time, number, date or name of the sentence that the evidence lacks."""
    strict = not facts.times(evidence)  # 7.30 is a time where the text tells times
    for time, when in facts.times(sentence, strict=strict).items():
        if not _told(when, evidence):
            return f"the time “{time}”"
    held = facts.readings(evidence)
    for number in sorted(facts.numbers(facts.untimed(sentence, strict=strict)) - held):
        if not (number.as_tuple().exponent == -3 and number * 1000 in held):
            return f"the number {number:,}"
    for month, day in sorted(facts.dates(sentence) - facts.dates(evidence)):
        return f"the date {facts.month_name(month)} {day}"
    for month in sorted(facts.months(sentence) - facts.months(evidence)):
        return f"the month {facts.month_name(month)}"
    surroundings = f"{evidence}\n{context}"
    for name, written in facts.names(sentence).items():
        if not _names(surroundings, name):
            return f"the name “{written}”"
    return None


def _told(when: frozenset[int], evidence: str) -> bool:
    """Whether a text has a time of day, or where it is a full hour the bare number of it."""
    hours = facts.numbers(facts.untimed(evidence), strict=False)
    told = (when & minutes for minutes in facts.times(evidence, strict=False).values())
    return any(told) or any(minute % 60 == 0 and minute // 60 % 12 in hours for minute in when)


def _names(text: str, name: tuple[str, ...]) -> bool:
    """Whether a text has the last word of a name, a word of its root, or its initials."""
    held = set(words(text))
    last = next((part for part in reversed(name) if part not in _COMPANIES), name[-1])
    if last in held or last in facts.initials(text) or "".join(part[0] for part in name) in held:
        return True
    roots = held if last.isalpha() else {word for word in held if word.isalpha()}  # KX20 is no form of KX200
    return any(same_root(stem(last), stem(other)) for other in roots)


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
