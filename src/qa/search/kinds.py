"""The kind of answer that a question asks for, and the parts of a sentence that are of that kind.

English rules as regular expressions, no recogniser: they feed weights that were measured, they
highlight a short answer, and alone they decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from qa.types import Span
from qa.words import MONTHS, STOP_WORDS, rarity, same_root, stem, terms, words

Kind = Literal["count", "when", "who", "where", "other"]

_MONTH = "(?:" + "|".join(rf"{month.title()}|{month[:3].title()}" for month in MONTHS) + r"|Sept)\b\.?"
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b(?! century)"
_DAYS = rf"{_DAY}(?:(?:, | and | to | or |[–-]){_DAY}){{0,30}}"
_YEAR = r"(?:1\d|20)\d\d(?:s\b|\b(?!,\d))"
_NUMBER_WORD = (
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?"
    r"|trillions?|half|dozens?|several|both|once|twice)\b"
)
_NUMBER = re.compile(
    rf"(?<![\w.,-])[$€£¥₹]?(?!{_YEAR})\d[\d,]*(?:\.\d+)?(?!\d|st\b|nd\b|rd\b|th\b)(?: ?%)?(?:[ -]{_NUMBER_WORD})*"
    rf"|\b{_NUMBER_WORD}(?:[ -]{_NUMBER_WORD})*",
    re.I,
)
_DATE = re.compile(
    rf"\b(?:{_WEEKDAY},? )?(?:(?:the )?{_DAYS} (?:of )?{_MONTH}|{_MONTH} {_DAYS}|{_MONTH})"
    rf"(?:,? (?:of )?{_YEAR}| (?:last|this|next) year)?"
    rf"|\b{_WEEKDAY}|\b\d{{4}}-\d\d-\d\d\b|\b{_YEAR}(?: ?(?:BC|AD|BCE|CE)\b)?|\b\d{{1,3}} ?(?:BC|AD|BCE|CE)\b"
    r"|\b(?:early |mid-?|late )?(?:the )?\w+[ -]centur(?:y|ies)\b|\b(?:yesterday|today|tomorrow|tonight)\b"
    r"|(?<=\bin )\d{3}\b"
)
_NAME = re.compile(r"\b[A-Z][\w’'-]*(?:\.? (?:(?:of|de|la|the|von|van|bin) )?[A-Z][\w’'-]*)*")
_PLACE_NOUN = (
    r"(?:area|airport|bank|beach|border|bridge|building|capital|castle|cathedral|cent(?:re|er)|church|city|coast|college"
    r"|continent|countr(?:y|ies)|district|east|factory|farm|field|forest|garden|hall|harbou?r|hill|home|hospital|hotel"
    r"|house|island|lake|library|market|mountains?|museum|north|ocean|office|palace|park|port|province|region|river|road"
    r"|room|school|sea|shore|south|square|stadium|state|station|street|temple|theat(?:re|er)|town|university|valley"
    r"|village|west|world)s?\b"
)
_PLACE = re.compile(
    r"\b(?:in|at|on|near|to|from|into|of|across|through|around|off|over|throughout|between|along|outside|inside)"
    rf" (?P<place>(?:the |its? |an? )?(?!{_MONTH}|{_WEEKDAY})[A-Z][\w’'-]*(?:[ -](?:of )?[A-Z][\w’'-]*)*"
    rf"(?: {_PLACE_NOUN})?|(?:the |its? |an? |\w+ ){{1,3}}?{_PLACE_NOUN})"
)
_HOW = re.compile(r"\bhow (many|much|long|old|far|tall|high|deep|big|large|wide|fast|often)\b\s*(.{0,40})", re.I)
_LENGTH = r"mile|km\b|kilomet|met(?:er|re)|feet|foot|ft\b|inch|yard|acre|hectare|square"
_TIME = r"second|minute|hour|day|week|month|year|decade|centur"
_UNIT_NAMES = {
    "much": r"[$€£¥₹%]|per ?cent|dollar|euro|pound|rupee|yen|crore|lakh|[mbtr]illion|tons?\b|tonne|gram"
    rf"|lit(?:er|re)|gallon|times\b|fold\b|barrel|half|third|quarter|degree|watt|volt|{_LENGTH}",
    "long": rf"{_TIME}|{_LENGTH}",
    "old": r"year|aged?\b|month|centur",
    "far": rf"{_LENGTH}|hour|minute|light",
    "fast": r"mile|km|mph|second|hour|knot|times|minute",
    "often": rf"{_TIME}|once|twice|times|annual|daily",
}
_UNITS = {measure: re.compile(names, re.I) for measure, names in _UNIT_NAMES.items()}
_LENGTH_UNIT = re.compile(_LENGTH, re.I)
_NEXT_NUMBER = re.compile(r"[\d$€£¥₹]")
_UNIT_REACH = 25  # characters after a number within which its unit stands
_NOUN_REACH = 5  # words after a number within which the counted noun stands
_NOUN_CHARS = 200  # that they take up at most
_AUXILIARIES = frozenset(
    """is are was were do does did has have had can could will would should of in on at to be by for a an
    there""".split()  # noqa: SIM905  # legible as prose, not as a list
)
_QUESTIONS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("count", _HOW),
    (
        "when",
        re.compile(r"\bwhen\b|\b(?:what|which) (?:years?|dates?|days?|months?|century|decade)\b", re.I),
    ),
    ("who", re.compile(r"^\W*(?:\w+ )?who(?:m|se)?\b", re.I)),
    ("where", re.compile(r"^\W*where\b|[,;] ?(?:and )?where\b", re.I)),
)
_ROLE = re.compile(
    r"^\W*who(?:m|se)? (?:is|are|was|were) (?:the |an? )?(?:[\w’'.-]+ ){0,4}?(?P<role>[a-z][\w-]*)"
    r" *(?:\b(?:of|to|in|at|for|on|during|under|from|when|after|before)\b|\?|$)",
    re.I,
)
_SEVERAL = re.compile(
    r"\bwhy\b|\bhow (?:do|does|did|is|are|was|were|can|could|has|have|would|should|to)\b|[,;] ?(?:and )?(?:wh\w+|how)\b"
    rf"|\b(?:list|describe|explain)\b|\bwhat (?:are|were)\b|\b(?:what|which) (?:{_NUMBER_WORD}|\w+[^s\W]s)\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAnswer:
    """The kind of answer that a question asks for, and how to tell one.

    `seen` holds the question's words, `counted` the stems after "how many", `unit` a pattern of what "how long" is
    measured in, `role` what "who is" asks somebody to be.
    """

    kind: Kind
    seen: frozenset[str]
    counted: frozenset[str] = frozenset()
    unit: re.Pattern[str] | None = None
    role: str = ""


def expected_answer(question: str) -> ExpectedAnswer:
    """The kind of answer that the question asks for."""
    kind: Kind = next((kind for kind, pattern in _QUESTIONS if pattern.search(question)), "other")
    seen = frozenset(words(question))
    how = _HOW.search(question)
    role = _ROLE.search(question) if kind == "who" else None
    if role is not None:
        return ExpectedAnswer(kind=kind, seen=seen, role=stem(words(role["role"])[0]))
    if kind != "count" or how is None:
        return ExpectedAnswer(kind=kind, seen=seen)
    measure = how[1].casefold()
    if measure != "many":
        return ExpectedAnswer(kind=kind, seen=seen, unit=_UNITS.get(measure, _LENGTH_UNIT))
    following = list(takewhile(lambda word: word not in _AUXILIARIES, words(how[2])[:3]))
    return ExpectedAnswer(kind=kind, seen=seen, counted=frozenset(stem(word) for word in following))


def asks_for_several(question: str) -> bool:
    """Whether one sentence may not be enough: a reason, a manner, a list, two questions in one."""
    return bool(_SEVERAL.search(question))


def holds_role(stems: Collection[str], *, expected: ExpectedAnswer) -> bool:
    """Whether what "who is" asks somebody to be is among the stems of a sentence, or nothing is asked for."""
    role = expected.role
    return not role or any(role == term or same_root(role, term) for term in stems)


def find_candidates(sentence: str, *, expected: ExpectedAnswer) -> Iterator[Span]:
    """The parts of a sentence that are of the kind asked for and say more than the question did."""
    for span in _FINDERS[expected.kind](sentence, expected) if expected.kind != "other" else ():
        if any(word not in expected.seen for word in words(sentence[span.start : span.end])):
            yield span


def _counts(sentence: str, expected: ExpectedAnswer) -> Iterator[Span]:
    for match in _NUMBER.finditer(sentence):
        after = sentence[match.end() : match.end() + _NOUN_CHARS]
        if expected.unit:
            near = _NEXT_NUMBER.split(after[:_UNIT_REACH])[0]
            if expected.unit.search(match[0] + near) is None:
                continue
        elif expected.counted:
            following = terms(" ".join(after.split()[:_NOUN_REACH]))
            if not any(noun == term or same_root(noun, term) for noun in expected.counted for term in following):
                continue
        yield Span(start=match.start(), end=match.end())


def _dates(sentence: str, expected: ExpectedAnswer) -> Iterator[Span]:
    yield from (Span(start=match.start(), end=match.end()) for match in _DATE.finditer(sentence))


def _names(sentence: str, expected: ExpectedAnswer) -> Iterator[Span]:
    for match in _NAME.finditer(sentence):
        named = words(match[0])
        if match.start() == 0 and len(named) == 1 and rarity(stem(named[0])) < 1:
            continue  # a capital that only opens the sentence
        if any(word not in STOP_WORDS and word not in expected.seen for word in named):
            yield Span(start=match.start(), end=match.end())


def _places(sentence: str, expected: ExpectedAnswer) -> Iterator[Span]:
    for match in _PLACE.finditer(sentence):
        yield Span(start=match.start("place"), end=match.end("place"))


_FINDERS = {"count": _counts, "when": _dates, "who": _names, "where": _places}
