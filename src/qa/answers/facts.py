"""The parts of a sentence that must be found, not resembled: numbers, dates, names and negation.

Spelling does not matter (two, 2; 1,000, 1000; July 4, 4 July, 2021-07-04; UK, United Kingdom).
Each function reads one text; the comparison of two is in support.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from qa.words import MONTHS, STOP_WORDS, words

_UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""".split()  # noqa: SIM905  # legible as prose, not as a list
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = """zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split()  # noqa: SIM905  # legible as prose, not as a list
_SMALL = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
    **{word: value for value, word in enumerate(_ORDINALS)},
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NUMBER_TOKEN = re.compile(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d|[a-z]+|[^\w\s]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LOOSE = re.compile(
    r"(?<![\w-])(?<!ty )(?:one|first|second)\b(?!-)(?!\s+(?:hundred|thousand|million|billion|trillion)\b)", re.I
)

_MONTH = r"(?P<month>" + "|".join(rf"{month[:3].title()}(?:{month[3:]})?" for month in MONTHS) + r"|Sept)\b\.?"
_DAY = r"\d{1,2}(?!\d)(?:st|nd|rd|th)?"
_DAYS = rf"(?P<days>{_DAY}(?:\s{{0,2}}(?:,|and|&|to|[–—-])\s{{0,2}}{_DAY}){{0,4}})"
_DATES = (re.compile(rf"{_MONTH}\s{{1,2}}{_DAYS}"), re.compile(rf"(?<!\d){_DAYS}(?:\s{{1,2}}of)?\s{{1,2}}{_MONTH}"))
_DAY_NUMBER = re.compile(r"\d+")
_ISO = re.compile(r"(?<!\d)\d{4}-(?P<month>\d\d)-(?P<days>\d\d)(?!\d)")
_BARE_MONTH = re.compile(r"\b" + _MONTH)

_NAME = re.compile(r"[A-Z][\w’'-]*(?:\.?\s+(?:(?:of|de|da|di|van|von|bin|al|the|and)\s+)?(?=[A-Z])[\w’'-]+){0,8}")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s{1,3}|[\n“\"(•-]\s{0,3})$")  # sought in four characters

_NEGATION = re.compile(
    r"\b(?:not(?! only\b)|no(?!\.\s*\d)|never|none|neither|nor|without|cannot|nobody|nothing|nowhere)\b|n['’]t\b", re.I
)
_DENIAL = re.compile(
    r"\b(?:fail|refus|den(?:y|ied|ies)|lack|unable|absen|reject|declin|prevent|avoid|non-?|un\w{4,})", re.I
)


def numbers(text: str, *, strict: bool = True) -> frozenset[Decimal]:
    """The numbers in a text, in digits or words.

    Strict leaves out "one", "first" and "second" where they stand alone, which seldom count anything.
    """
    folded = unicodedata.normalize("NFKC", _LOOSE.sub(" ", text) if strict else text).casefold()
    found: set[Decimal] = set()
    reading = _Number()
    for token in [*_NUMBER_TOKEN.findall(folded), "."]:
        if not reading.takes(token):
            if reading.value is not None:
                found.add(reading.value)
            reading = _Number()
            reading.takes(token)
    return frozenset(found)


class _Number:
    """A number being read, token by token: "two", "hundred", "and", "five"."""

    def __init__(self) -> None:
        self.value: Decimal | None = None
        self._scaled = Decimal(0)  # what is settled by thousand, million, …
        self._last = ""

    def takes(self, token: str) -> bool:
        """Whether one more token was taken; False where it belongs to no number, or to the next one."""
        if token in ("and", "-"):
            return self.value is not None
        if token == "hundred" or token in _SCALES:
            self._multiply(_SCALES.get(token, 100))
        elif not (token[0].isdigit() or token in _SMALL) or not self._continued_by(_value(token)):
            return False
        else:
            self.value = (self.value or 0) + _value(token)
        self._last = token
        return True

    def _multiply(self, scale: int) -> None:
        part = (Decimal(1) if self.value is None else self.value - self._scaled) * scale
        self.value = self._scaled + part
        self._scaled = self.value if scale >= 1000 else self._scaled

    def _continued_by(self, value: Decimal) -> bool:
        """Whether a value goes on with this number: twenty-one, two hundred and five, not July 4 and 5."""
        scaled = self._last in _SCALES or self._last == "hundred"
        return self.value is None or scaled or (self._last in _TENS and 0 < value < 10)


def _value(token: str) -> Decimal:
    if token in _SMALL:
        return Decimal(_SMALL[token])
    plain = token.replace(",", "") if _THOUSANDS.fullmatch(token) else token.replace(",", ".")
    return Decimal(plain) if plain.count(".") < 2 else Decimal(plain.replace(".", ""))


def dates(text: str) -> frozenset[tuple[int, int]]:
    """Month and day of every date in a text."""
    return frozenset(
        (_month(match["month"]), int(day))
        for pattern in (*_DATES, _ISO)
        for match in pattern.finditer(text)
        for day in _DAY_NUMBER.findall(match["days"])
    )


def months(text: str) -> frozenset[int]:
    """The months named in a text."""
    named = frozenset(_month(match["month"]) for match in _BARE_MONTH.finditer(text))
    return named | frozenset(_month(match["month"]) for match in _ISO.finditer(text))


def _month(name: str) -> int:
    if name.isdigit():
        return int(name)
    return next(number for number, month in enumerate(MONTHS, start=1) if month.startswith(name.casefold()[:3]))


def month_name(month: int) -> str:
    """The English name of a month, from 1 to 12."""
    return MONTHS[(month - 1) % 12].title()


def names(text: str) -> tuple[tuple[str, ...], ...]:
    """The capitalised names in a text, each as its words; a single word that opens a sentence is not one."""
    found = []
    for match in _NAME.finditer(text):
        if match.start() and (text[match.start() - 1].isalnum() or text[match.start() - 1] in "’'-"):
            continue
        parts = [part for part in words(match[0]) if part not in STOP_WORDS]
        opens = _SENTENCE_START.search(text, max(0, match.start() - 4), match.start()) is not None
        if len(parts) > 1 or (parts and not opens):
            found.append(tuple(parts))
    return tuple(dict.fromkeys(found))


def initials(text: str) -> frozenset[str]:
    """The initials of every multi-word name in a text, as acronyms are made: United Kingdom → uk."""
    return frozenset("".join(part[0] for part in name) for name in names(text) if len(name) > 1)


def negation(text: str) -> str | None:
    """The first word that negates, such as "not"; None without one."""
    match = _NEGATION.search(text)
    return match[0] if match else None


def denies(text: str) -> bool:
    """Whether a text negates in any way, "failed to" and "unable" included."""
    return negation(text) is not None or _DENIAL.search(text) is not None


def negated(text: str) -> tuple[str, ...]:
    """What follows each word that negates: the next word that carries meaning."""
    after = (words(text[match.end() : match.end() + 80]) for match in _NEGATION.finditer(text))
    return tuple(next(iter(word for word in following if word not in STOP_WORDS), "") for following in after)
