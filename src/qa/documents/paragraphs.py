"""The lines of one paragraph → marks: prose, "Key: value" lines, questions with their answers, a title in bold.

Markdown and plain text are read alike here. Lists, tables and code are known before.
"""

import re
from collections.abc import Iterator, Sequence

from qa.documents.marks import WRAPPED_CHARS, Line
from qa.types import Mark, UnitKind

# As in "Opening hours: 9 to 5", "**Depot:** Oslo", ":Author: Anna", "> To: all" and "名称：秤".
PAIR = re.compile(
    r"[\s>]*(?:\*\*|__)?:?(?P<key>[^\W_][^:：.!?;,\r\n]{0,47})(?:\*\*|__)?[:：](?:\*\*|__)?(?:(?<=：)|\s)\s*(?P<value>\S.*)",
    re.DOTALL,
)
ASKED = re.compile(r"[\s>]*(?:\*\*|__)?(?P<asks>Q(?:uestion)?|A(?:nswer)?) ?\d{0,3}(?:\*\*|__)?:", re.IGNORECASE)
BOLD = re.compile(r"[\s>]*(?:\*\*[^*]+\*\*|__[^_]+__):?\s*")
SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")

KEY_WORDS = 5
PAIR_WORDS = 12  # a line of more that stands alone is a sentence that happens to have a colon
VALUE_WORDS = 3  # and so is one of which more words than this follow the colon and end with a full stop
BOLD_LEVEL = 6


def paragraph_marks(lines: Sequence[Line], *, level: int = 0) -> Iterator[Mark]:
    """The marks of a paragraph's lines, none of which is blank, in the item of a list that deep."""
    is_bold = len(lines) == 1 and BOLD.fullmatch(lines[0].words)
    if is_bold and not level and not lines[0].words.rstrip(" *_").endswith((".", "!")):  # else it is a sentence
        yield Mark(kind="heading", start=lines[0].start, end=lines[0].end, level=BOLD_LEVEL)
        return
    pairs = _pairs(lines)
    kind: UnitKind = "sentence"
    start = lines[0].start
    for number, line in enumerate(lines):
        if number and _begins(lines, pairs, number):
            yield Mark(kind=kind, start=start, end=line.start, level=level)
            start, kind = line.start, "sentence"
        if start == line.start:
            kind = "pair" if pairs[number] else "sentence"
    yield Mark(kind=kind, start=start, end=lines[-1].end, level=level)


def is_pair(words: str, *, alone: bool = True) -> bool:
    """Whether a line is a key with its value; one that stands alone must not read as a sentence."""
    found = PAIR.match(words)
    if not found or len(found["key"].split()) > KEY_WORDS or len(words) > WRAPPED_CHARS:
        return False
    if not alone:
        return True
    value = found["value"]
    reads_on = value.endswith(SENTENCE_ENDS) and len(value.split()) > VALUE_WORDS
    return len(words.split()) <= PAIR_WORDS and not reads_on


def _pairs(lines: Sequence[Line]) -> list[bool]:
    """Which lines are pairs: the only one, or one of several that follow each other; and each question after "Q:"."""
    alone = len(lines) == 1
    alike = [is_pair(line.words, alone=alone) for line in lines]
    beside = [before or after or alone for before, after in zip([False, *alike], [*alike[1:], False], strict=False)]
    pairs = []
    for number, line in enumerate(lines):
        asked = ASKED.match(line.words)
        pairs.append(asked["asks"][0] in "Qq" if asked else alike[number] and beside[number])
    return pairs


def _begins(lines: Sequence[Line], pairs: Sequence[bool], number: int) -> bool:
    """Whether a line begins a mark: where nobody wrapped the one before it."""
    before, line = lines[number - 1], lines[number]
    if pairs[number] or ASKED.match(line.words):
        return True
    if pairs[number - 1] and not ASKED.match(before.words) and line.indent <= before.indent:
        return True
    return max(len(before.words), len(line.words)) > WRAPPED_CHARS
