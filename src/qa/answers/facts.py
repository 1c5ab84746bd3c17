"""The parts of a sentence that must be found, not resembled: numbers, dates, times and names.

Spelling does not matter (two, 2; 1,000, 1000; July 4, 4 July, 2021-07-04; 7:30 p.m., 19:30; UK, United Kingdom).
Each function reads one text; the comparison of two is in support.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
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
_SCALES = {"dozen": 12, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NUMBER_TOKEN = re.compile(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d|[a-z]+|[^\w\s]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LOOSE = re.compile(
    r"(?<![\w-])(?<!ty )(?:one|first|second)\b(?!-)(?!\s+(?:hundred|thousand|million|billion|trillion)\b)"
    r"|\b(?:several|many|few|some) (?:hundred|thousand|million|billion|dozen)\b",
    re.I,
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

_SHOUTED = re.compile(r"\b[A-Z]{2,}(?:\s[A-Z]{2,}\b){2,}")  # a headline: its capitals make no names

_CURRENCIES = {"€": "euros", "eur": "euros", "$": "dollars", "usd": "dollars", "£": "pounds", "gbp": "pounds"}
_LARGE = {"m": " million", "bn": " billion", "k": " thousand"}
_SPELLINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"(?<![\d-])(\d{4})-(0[1-9]|1[0-2])-(\d\d)(?![\d-])"),
        lambda found: f"{int(found[3])} {month_name(int(found[2]))} {found[1]}",
    ),
    (re.compile(r"\bFY ?(?=(?:19|20)\d\d\b)"), lambda _: "fiscal "),
    (re.compile(r"\s?°\s?([CF])\b"), lambda found: f" degrees {'Celsius' if found[1] == 'C' else 'Fahrenheit'}"),
    (re.compile(r"(?<=[A-Za-z])(?=[α-ω](?![Ͱ-Ͽ]))"), lambda _: "-"),
    (re.compile(r"(?<![Ͱ-Ͽ])[α-ω](?![Ͱ-Ͽ])"), lambda found: unicodedata.name(found[0]).split()[-1].lower()),
    (re.compile(r"(?<=[^\W\d_])[-–](?=\d)(?!(?:1[5-9]|20)\d\d)"), lambda _: ""),  # CTLA-4: no number, and CTLA4
    (re.compile(r"\s?%|\bper cent\b", re.I), lambda _: " percent"),
    (re.compile(r"\b(?:[A-Z]\.){2,}|\b[A-Z]{2,}['’]?s\b"), lambda found: found[0].strip("s'’").replace(".", "")),
    (re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3}\b)+"), lambda found: "".join(found[0].split())),
    (
        re.compile(r"(?<![\d-])((?:1[5-9]|20)\d\d)\s?[–/-]\s?(\d\d)(?![\d-])"),
        lambda found: f"{found[1]}–{found[1][:2] if found[1][2:] < found[2] else ''}{found[2]}",
    ),
    (
        re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)t?\b(?:\.(?=\s[a-z\d]))?"),
        lambda found: month_name(_month(found[1])),
    ),
    (
        re.compile(r"(?:US)?([€$£]|\b(?:EUR|USD|GBP)\b)\s?(\d++(?:[.,]\d++)*+)(?:(m|bn|k)\b| ([mb]illion)\b)?", re.I),
        lambda found: f"{found[2]} {_LARGE.get(found[3], found[4] or '')} {_CURRENCIES[found[1].lower()]}",
    ),
    (re.compile(r"(?<=\d)\s?(€|£|\b(?:EUR|USD|GBP)\b)", re.I), lambda found: f" {_CURRENCIES[found[1].lower()]}"),
    (re.compile(rf"\b({'|'.join(_UNITS)}|\d{{1,3}}) and a half\b"), lambda found: f"{_value(found[1])}.5"),
)
_SHARES = {"twice": 2, "half": 50, "third": 33, "thirds": 67, "quarter": 25, "quarters": 75, "fifth": 20}
_PARTS = {20: 5, 33: 3, 66: 2, 67: 2, 75: 3}  # percent → the number in its fraction: 67 percent, two thirds
_CUSTOM = str.maketrans(",.", ".,")  # 1.234 and 1,234 are a thousand or one

_TIME = re.compile(
    r"(?<![\w.,:/])(?:(?P<hour>\d{1,2})(?:(?P<mark>[:.h])(?P<minute>[0-5]\d))?"
    r"|(?P<part>half past|quarter past|quarter to) (?P<word>[a-z]+|\d\d?))(?![\w:/]|\.\d)"
    r"(?:\s?(?P<half>[ap])(?:m\b|\.m\.)|(?P<clock>\so['’]clock\b))?",
    re.I,
)
_AFTER = {"half past": 30, "quarter past": 15, "quarter to": -15}


def plain(text: str) -> str:
    """The text in one spelling of units, currencies, months, years in short, acronyms and Greek letters."""
    for pattern, written in _SPELLINGS:
        text = pattern.sub(written, text)
    return text


def readings(text: str) -> frozenset[Decimal]:
    """Every number that a text may be read to say: in digits of either custom, and shares as percent."""
    said = numbers(text, strict=False) | numbers(text.translate(_CUSTOM), strict=False)
    parts = {Decimal(_PARTS[int(number)]) for number in said if number < 100 and int(number) in _PARTS}
    return said | parts | {Decimal(_SHARES[word]) for word in words(text) if word in _SHARES}


def times(text: str, *, strict: bool = True) -> dict[str, frozenset[int]]:
    """The times of day as written, each with the minutes it may mean; strictly, 7.30 is a price and no time."""
    return {found[0]: when for found in _TIME.finditer(text) if (when := _minutes(found, strict=strict))}


def untimed(text: str, *, strict: bool = True) -> str:
    """The text without its times of day, whose digits count nothing."""
    return _TIME.sub(lambda found: " " if _minutes(found, strict=strict) else found[0], text)


def _minutes(found: re.Match[str], *, strict: bool) -> frozenset[int]:
    half, part = (found["half"] or "").lower(), (found["part"] or "").lower()
    hour = int(found["hour"] or min(numbers(found["word"], strict=False), default=99))
    is_number = found["minute"] is None or (strict and found["mark"] == ".")
    if hour > 24 or (is_number and not (part or half or found["clock"])):
        return frozenset()
    minute = 60 * hour + (_AFTER[part] if part else int(found["minute"] or 0))
    if half:
        return frozenset({minute % 720 + 720 * (half == "p")})
    is_either = 1 <= hour <= 12 and not found[0].startswith("0")
    return frozenset({minute % 1440, (minute + 720 * is_either) % 1440})


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
    digits = token.replace(",", "") if _THOUSANDS.fullmatch(token) else token.replace(",", ".")
    return Decimal(digits) if digits.count(".") < 2 else Decimal(digits.replace(".", ""))


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


def names(text: str) -> dict[tuple[str, ...], str]:
    """The capitalised names in a text, as written, by their words; a single word that opens a sentence is not one."""
    found: dict[tuple[str, ...], str] = {}
    text = _SHOUTED.sub(lambda shouted: shouted[0].lower(), text)
    for match in _NAME.finditer(text):
        if match.start() and (text[match.start() - 1].isalnum() or text[match.start() - 1] in "’'-"):
            continue
        parts = _meaning(match[0])
        named = [each for each in match[0].split() if _meaning(each)]
        opens = _SENTENCE_START.search(text, max(0, match.start() - 4), match.start()) is not None
        if parts and not (opens and len(named) == 1 and not any(each.isdigit() for each in named[0])):
            found.setdefault(parts, match[0][match[0].find(named[0]) :].removesuffix("'s").removesuffix("’s"))
    return found


def _meaning(text: str) -> tuple[str, ...]:
    """The words of a text but stop words, such as "the" and "I'm"."""
    return tuple(word for word in words(text) if word.partition("'")[0] not in STOP_WORDS)


def initials(text: str) -> frozenset[str]:
    """The initials of every multi-word name in a text, as acronyms are made: United Kingdom → uk."""
    return frozenset("".join(part[0] for part in name) for name in names(text) if len(name) > 1)
