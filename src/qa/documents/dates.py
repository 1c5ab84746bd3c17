"""A document's own date, from its text or its file's properties. Other dates in a text: `answers/facts.py`."""

import re
from datetime import date

from qa.documents.markdown import front_matter
from qa.words import MONTHS

FRONT_DATE = re.compile(r"[\"']?(\d{4}-\d{2}-\d{2})(?!\d)")
LEADING_DATE = re.compile(r"\s*date:?[ \t]+(\d{4}-\d{2}-\d{2})(?!\d)", re.IGNORECASE)

WRITTEN_DATE = re.compile(r"\s*(?:D:)?(\d{4})([-/.]?)(\d{2})\2(\d{2})(?=\D|\d{4}|\Z)", re.ASCII)  # D: as PDF has it
MAIL_DATE = re.compile(r"\s*(?:[a-z]+,?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})\b", re.ASCII | re.IGNORECASE)
SHORT_MONTHS = [month[:3] for month in MONTHS]
FIRST_YEAR, LAST_YEAR = 1400, 2099
# The days on which clocks begin that nobody set, with their neighbours in other time zones; and the dates in the
# templates of python-docx and python-pptx.
NOBODYS_DATES = frozenset(
    """1600-12-31 1601-01-01 1899-12-30 1899-12-31 1900-01-01 1904-01-01 1969-12-31 1970-01-01 1979-12-31 1980-01-01
    2013-01-27 2013-12-23""".split()  # noqa: SIM905  # legible as prose, not as a list
)


def own_date(text: str) -> str | None:
    """The date in the front matter, else one that the text begins with as `date 2021-07-08`, in ISO form."""
    fields, end = front_matter(text)
    found = FRONT_DATE.match(fields.get("date", "")) if end else LEADING_DATE.match(text)
    return calendar_date(found[1]) if found else None


def written_date(written: str) -> str | None:
    """The day that a property of a file names, as ISO 8601, PDF or mail write it; None where nobody chose it."""
    if found := WRITTEN_DATE.match(written):
        day = calendar_date(f"{found[1]}-{found[3]}-{found[4]}")
    elif (found := MAIL_DATE.match(written)) and found[2].lower() in SHORT_MONTHS:
        day = calendar_date(f"{found[3]}-{SHORT_MONTHS.index(found[2].lower()) + 1:02}-{int(found[1]):02}")
    else:
        return None
    return day if day and day not in NOBODYS_DATES and FIRST_YEAR <= int(day[:4]) <= LAST_YEAR else None


def calendar_date(text: str) -> str | None:
    """The text when it is a day of the calendar as `2021-07-08`, else None."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
