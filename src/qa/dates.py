"""The date that a text gives itself. Dates inside the text are read in `facts.py`."""

from __future__ import annotations

import re
from datetime import date

FRONT_DATE = re.compile(r"^date:[ \t]*[\"']?(\d{4}-\d{2}-\d{2})(?!\d)", re.MULTILINE)
FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
LEADING_DATE = re.compile(r"\s*date:?[ \t]+(\d{4}-\d{2}-\d{2})(?!\d)", re.IGNORECASE)


def own_date(text: str) -> str | None:
    """The date in the front matter, else one that the text begins with as `date 2021-07-08`, in ISO form."""
    front = FRONT_MATTER.match(text)
    found = FRONT_DATE.search(front[1]) if front else LEADING_DATE.match(text)
    return calendar_date(found[1]) if found else None


def calendar_date(text: str) -> str | None:
    """The text when it is a day of the calendar as `2021-07-08`, else None."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
