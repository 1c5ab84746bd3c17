"""Which line of a plain text is a title that nobody marked: short, alone, and above what it names.

A line that only looks like one may be the answer to a question, so several in a row are none.
"""

import re
from collections.abc import Sequence

from qa.documents.columns import ROW
from qa.documents.marks import BULLET, ITEM_NUMBER, Line
from qa.documents.paragraphs import is_pair
from qa.words import MONTHS

NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4}|[IVX]{1,5}(?=\.))\.?\s+(?=[^\W\d_])")
# Numbers that a title may have; a line with any other says how many, how much or which, and may answer.
COUNTED = re.compile(
    r"\b(?:(?:chapter|part|section|appendix|annex|step|phase|article|day|week|lesson|unit|module|volume|level) \d+"
    rf"|\d{{1,2}} (?:{'|'.join(MONTHS)})|q[1-4]|(?:1[5-9]|20)\d\d)\b",
    re.IGNORECASE,
)
DIGIT = re.compile(r"\d")

CLOSING = ")”\"'’»]"  # with these a title may end

TITLE_WORDS = 12
CAPITALS = 5  # letters of a title in capitals; fewer may be a name, as V3 or NATO
PROSE_CHARS = 60  # a line as long as this is one of prose
TOP_LEVEL, SECTION_LEVEL = 1, 2  # of a title at the top or in capitals, and of any other that has no number


def title_level(lines: Sequence[Line], at: int, *, is_first: bool, after_short: bool) -> int:
    """The level of a line as a heading, 0 when it is none.

    `is_first` says that nothing but front matter stands above; `after_short`, that this is one of several short lines.
    """
    below = next_words(lines, at)
    if below is None or not is_short(lines, at):
        return 0
    words = lines[at].words.strip()
    number = NUMBERED.match(words) or ITEM_NUMBER.match(words)
    named = words[number.end() :] if number else words
    if not named[0].isalnum() or named[0].islower():
        return 0
    depth = numbering_depth(words)
    is_capital = words.isupper() and sum(map(str.isalpha, words)) >= CAPITALS
    is_above_its_own = 0 < depth < numbering_depth(lines[below].words)
    if not (depth > 1 or (is_capital and not lines[below].words.isupper()) or is_above_its_own):
        further = next_words(lines, below) if is_first and is_short(lines, below) else below  # a byline, a date
        if after_short or DIGIT.search(COUNTED.sub("", named)):
            return 0
        if further is None or is_short(lines, further):
            return 0
    return depth or (TOP_LEVEL if is_first or is_capital else SECTION_LEVEL)


def is_short(lines: Sequence[Line], at: int) -> bool:
    """Whether a line stands alone, has few words, and ends as no sentence does."""
    if (at and lines[at - 1].words) or not _ends_early(lines, at):
        return False
    words = lines[at].words.strip()
    return (
        (words[-1].isalnum() or words[-1] in CLOSING)
        and len(words.split(None, TITLE_WORDS)) <= TITLE_WORDS
        and not (BULLET.match(words) or ROW.match(words) or is_pair(words))
    )


def next_words(lines: Sequence[Line], at: int) -> int | None:
    """The next line that is not blank; None below the last one."""
    return next((number for number in range(at + 1, len(lines)) if lines[number].words), None)


def _ends_early(lines: Sequence[Line], at: int) -> bool:
    """Whether a line ends by intent: above a blank one or a section of its own, or with room above full prose."""
    words, below = lines[at].words, lines[at + 1].words if at + 1 < len(lines) else ""
    if not below or 0 < numbering_depth(words) < numbering_depth(below):
        return True
    return had_room(words, below) and len(below) >= PROSE_CHARS and not below[0].isspace()


def had_room(words: str, below: str) -> bool:
    """Whether a line ended although the first word of the next one, a capital or a number, had room on it."""
    first = below.split(None, 1)[0]
    return len(words) + 1 + len(first) <= len(below) and not first[0].islower()


def numbering_depth(words: str) -> int:
    """How many parts the number of a section has with which a line begins, 2 in "2.1 Storage"; 0 where none does."""
    number = NUMBERED.match(words.strip())
    return len(number[1].split(".")) if number else 0
