"""Cells of a column → amounts and days that may be compared and added: exact decimals, or nothing.

Read strictly: a column is read as a whole, in one custom of writing numbers and in one unit, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from qa.words import MONTHS, stem

CELL_CHARS = 60  # a longer cell is text
DIGITS = 40  # of a number; nobody counts further
PRECISION = 200  # digits of a result: sums and quotients of such numbers lose none that is shown
_SCALES = {"k": 3, "m": 6, "bn": 9, "thousand": 3, "million": 6, "billion": 9}
_CURRENCIES = {"eur": "€", "usd": "$", "gbp": "£", "us$": "$", "jpy": "¥", "inr": "₹"}
_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[-−+])?(?P<before>US\$|[$€£¥₹]|(?:EUR|USD|GBP|JPY|INR|CHF)\b)?\s?(?P<sign2>[-−])?"
    r"(?P<digits>\d(?:[\d.,'’\u00a0\u202f ]{0,58}\d)?)"
    r"(?:(?P<letter>k|K|M|m|bn)\b|\s(?P<scale>thousand|million|billion)\b)?"
    r"(?:\s?(?P<after>[%€£$¥₹]|per ?cent|°\s?[CFK]?|[^\W\d_]+[²³]?(?:/[^\W\d_]+)?(?: [^\W\d_]+){0,3}))?(?P<close>\))?"
)
_CUSTOMS = {  # by the mark before the decimals
    ".": re.compile(r"\d{1,3}(?:([,'’ \u00a0\u202f])\d{3}(?:\1\d{3})*)(?:\.\d+)?|\d+(?:\.\d+)?"),
    ",": re.compile(r"\d{1,3}(?:([.'’ \u00a0\u202f])\d{3}(?:\1\d{3})*)(?:,\d+)?|\d+(?:,\d+)?"),
}
_THOUSANDS_OR_THOUSANDTHS = re.compile(r"[1-9]\d{0,2}\.\d{3}")

_MONTH = "(?P<month>" + "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS) + r"|sept)\.?"
_DAYS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"(?P<year>\d{4})(?:-(?P<number>\d\d)(?:-(?P<day>\d\d))?)?",
        r"(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?P<year>\d{4})",
        rf"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? {_MONTH}(?:,? (?P<year>\d{{4}}))?",
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?",
        rf"{_MONTH} (?P<year>\d{{4}})",
    )
)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")

_PLAIN = r"\d+(?:[.,]\d+)?"
_RANGE = re.compile(
    rf"(?:(?P<below>up to|under|below|less than|at most|max\.?|maximum|until)|(?P<above>more than|over|above|from"
    rf"|at least|min\.?|minimum|after)|(?P<low>{_PLAIN})(?: ?(?P<of>[^\W\d_]+))? ?(?:to|–|—|-|and|until))"
    rf" ?(?P<bound>{_PLAIN}) ?(?P<unit>[^\W\d_]*)|(?P<least>{_PLAIN}) ?(?P<counted>[^\W\d_]*)"
    r" ?(?:\+|(?:and|or) (?:more|over|older|above|longer|heavier))",
    re.I,
)

Day = tuple[int, ...]
"""Year, month and day, as many as are written; or month and day where no year is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One number of a column: its exact value, its unit as written before and after it, and how its digits look."""

    value: Decimal
    before: str = ""
    after: str = ""
    decimals: int = 0
    grouping: str = ""
    point: str = "."


def read_amounts(texts: Sequence[str]) -> tuple[Amount, ...] | None:
    """The amounts in these cells, all of one unit; None where one is no number, or it is not sure what they mean.

    "1.234" is a thousand in one custom and one in another: a column in which nothing tells which is not read.
    """
    found = [_AMOUNT.fullmatch(text) if len(text) <= CELL_CHARS else None for text in texts]
    parts = [each for each in found if each is not None]
    if not parts or len(parts) < len(found):
        return None
    for point in _CUSTOMS:
        amounts = tuple(filter(None, (_amount(each, point) for each in parts)))
        if len(amounts) == len(parts):
            is_sure = point == "," or not _is_open([each["digits"] for each in parts])
            return amounts if is_sure and len({unit_of(each) for each in amounts}) == 1 else None
    return None


def _is_open(digits: Sequence[str]) -> bool:
    """Whether every number that has a point has it before three digits, where thousands may be meant."""
    pointed = [each for each in digits if "." in each]
    return bool(pointed) and all(_THOUSANDS_OR_THOUSANDTHS.fullmatch(each) for each in pointed)


def _amount(found: re.Match[str], point: str) -> Amount | None:
    digits = found["digits"]
    written = _CUSTOMS[point].fullmatch(digits)
    letter, before, after = found["letter"] or "", found["before"] or "", found["after"] or ""
    is_million = letter != "m" or bool(before)  # "4 m" are metres, "£4m" are not
    if not written or len(digits) > DIGITS or bool(found["open"]) != bool(found["close"]):
        return None
    if found["sign"] and (found["sign2"] or found["open"]):
        return None
    if letter and not is_million:
        letter, after = "", f"{letter} {after}".strip()
    plain, _, fraction = digits.rpartition(point) if point in digits else (digits, "", "")
    whole = "".join(filter(str.isdigit, plain))
    value = Decimal(f"{whole}.{fraction}" if fraction else whole)
    value = value.scaleb(_SCALES.get((letter or found["scale"] or "").casefold(), 0))
    is_negative = found["open"] or (found["sign"] or found["sign2"] or "") in ("-", "−")
    return Amount(
        value=-value if is_negative else value,
        before=before,
        after=after,
        decimals=len(fraction) if not (letter or found["scale"]) else 0,
        grouping=written[1] or "",
        point=point,
    )


def read_range(text: str) -> tuple[Decimal, Decimal, str] | None:
    """The least and the most that a cell such as "2 to 5 kg", "up to 2 kg" or "more than 10 years" means, and of what.

    Bounds belong to it: who is asked for at the bound of two is in both.
    """
    found = _RANGE.fullmatch(text) if len(text) <= CELL_CHARS else None
    if found is None:
        return None
    bound = Decimal((found["bound"] or found["least"]).replace(",", "."))
    low = Decimal(found["low"].replace(",", ".")) if found["low"] else bound if not found["below"] else Decimal(0)
    high = Decimal("Infinity") if found["above"] or found["least"] else bound
    return low, high, stem((found["unit"] or found["counted"] or found["of"] or "").casefold())


def unit_of(amount: Amount) -> tuple[str, ...]:
    """What an amount counts, in one spelling: a currency before or after it, a unit in the singular."""
    parts = (amount.before.casefold(), " ".join(amount.after.casefold().replace("per cent", "%").split()))
    return tuple(sorted(_CURRENCIES.get(part, stem(part)) for part in parts if part))


def written(value: Decimal, *, like: Sequence[Amount], decimals: int | None = None) -> str:
    """A result in the writing of the amounts that it was computed from, with as many decimals as theirs at most."""
    first = max(like, key=lambda each: (bool(each.grouping), bool(each.before)))
    places = max(each.decimals for each in like) if decimals is None else decimals
    with localcontext() as context:
        context.prec = PRECISION
        rounded = round(abs(value), places) if places else abs(value)
        text = f"{rounded:,f}"
    whole, _, fraction = text.partition(".")
    whole = whole.replace(",", first.grouping)
    number = f"{whole}{first.point}{fraction}" if fraction else whole
    space = " " if first.after[:1].isalpha() or first.after.startswith("°") else ""
    before = f"{first.before} " if first.before.isalpha() else first.before
    return f"{'−' if value < 0 else ''}{before}{number}{space}{first.after}"


def read_days(texts: Sequence[str]) -> tuple[Day, ...] | None:
    """The days in these cells, all written as exactly; None where one is no day, or 3/4/2025 may be two."""
    slashed = [each for text in texts if (each := _SLASHED.fullmatch(text))]
    if texts and len(slashed) == len(texts):
        pairs = [(int(each[1]), int(each[2]), int(each[3])) for each in slashed]
        by_day, by_month = any(first > 12 for first, _, _ in pairs), any(second > 12 for _, second, _ in pairs)
        if by_day == by_month:
            return None
        return tuple((year, second, first) if by_day else (year, first, second) for first, second, year in pairs)
    days = [_day(text) if len(text) <= CELL_CHARS else None for text in texts]
    shapes = {each and each[0] for each in days}
    if not texts or len(shapes) > 1 or None in shapes:
        return None
    return tuple(each[1] for each in days if each)


def _day(text: str) -> tuple[str, Day] | None:
    """What is written of a day, and the day."""
    for pattern in _DAYS:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            month = parts.get("number") or (parts.get("month") and month_number(str(parts["month"])))
            named = {"year": parts.get("year"), "month": month, "day": parts.get("day")}
            day = {name: int(value) for name, value in named.items() if value}
            if day.get("month", 1) <= 12 and day.get("day", 1) <= 31:
                return "".join(day), tuple(day.values())
    return None


def month_number(name: str) -> int:
    """The number of a month by its first three letters, from 1."""
    return 1 + next(place for place, month in enumerate(MONTHS) if month.startswith(name[:3].casefold()))
