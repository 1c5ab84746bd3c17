"""What kind of answer a question asks for, and which parts of a sentence are of that kind.

English rules as regular expressions, no recogniser: they feed weights that were measured, they
highlight a short answer, and alone they decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from qa.types import Span
from qa.words import words

Kind = Literal["who", "when", "where", "count", "other"]

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_COUNT_WORD = (
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?"
    r"|trillions?|half|third|quarter|dozens?|once|twice)\b"
)
_QUESTIONS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "count",
        re.compile(
            r"\bhow (?:many|much|long|far|old|tall|big|large|high|deep|often|fast)\b"
            r"|\b(?:what|which) (?:\w+ )?(?:number|percentage|percent|proportion|amount|fraction)\b",
            re.I,
        ),
    ),
    (
        "when",
        re.compile(
            r"\bwhen\b|\b(?:what|which|whose) (?:\w+ )?(?:years?|dates?|days?|months?|century|decade|period)\b", re.I
        ),
    ),
    ("who", re.compile(r"\bwho(?:m|se)?\b", re.I)),
    (
        "where",
        re.compile(
            r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:city|cities|country|countries|town|state|place|river|sea)\b", re.I
        ),
    ),
)
_ANSWERS: dict[Kind, re.Pattern[str]] = {
    "count": re.compile(rf"\d[\d,.]*\d|\d|\b{_COUNT_WORD}", re.I),
    "when": re.compile(
        rf"\b\d{{4}}-\d\d-\d\d\b|(?:\b\d{{1,2}}(?:st|nd|rd|th)? )?\b{_MONTH}(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?"
        r"(?:,? \d{4}\b)?"
        rf"|\b{_DAY}\b|\b(?:1\d|20)\d\d(?:s|\b)|\b(?:century|centuries|decades?|years?|yesterday|today|tomorrow)\b"
    ),
    "who": re.compile(r"\b[A-Z][\w’'-]*(?:\.? (?:of |de |la |the |von |van )?[A-Z][\w’'-]*)*"),
    "where": re.compile(
        r"(?<=\b(?:in|at|on|of|to|by) )(?:the )?[A-Z]\w+(?:[ -][A-Z]\w+)*"
        r"|(?<=\b(?:near|from|into) )(?:the )?[A-Z]\w+(?:[ -][A-Z]\w+)*"
    ),
}


_SEVERAL = re.compile(
    r"\bwhy\b|\bhow (?:do|does|did|is|are|was|were|can|could|has|have|would|should|to)\b"
    r"|\b(?:list|name|describe|explain)\b"
    rf"|\bwhat (?:are|were)\b|\b(?:what|which) (?:{_COUNT_WORD}|\w+s)\b",
    re.I,
)


def asks_for_several(question: str) -> bool:
    """Whether one sentence may not be enough: a reason, a manner, a list."""
    return bool(_SEVERAL.search(question))


def question_kind(question: str) -> Kind:
    """What kind of answer the question asks for."""
    return next((kind for kind, pattern in _QUESTIONS if pattern.search(question)), "other")


def find_candidates(sentence: str, *, kind: Kind, seen: frozenset[str]) -> Iterator[Span]:
    """The parts of a sentence that are of a kind and say more than the words already `seen` in the question."""
    pattern = _ANSWERS.get(kind)
    for match in pattern.finditer(sentence) if pattern else ():
        if any(word not in seen for word in words(match.group())):
            yield Span(start=match.start(), end=match.end())
