"""Citation markers as models write them: `[2.1]`, `【2.1, 2.3】`, `[[passage 2, sentence 1]]`, `[2.1-2.3]`.

Patterns and parsing only: which bracket is a marker, which ids it names, and whether an unfinished
one may still become a marker. Every pattern takes linear time. Spans and numbers are in citations.
"""

from __future__ import annotations

import re

LONGEST = 120
OPENING = "[【［〔"
_OPEN = rf"[{re.escape(OPENING)}]"
_CLOSE = r"[\]】］〕]"
_BODY = rf"[^{re.escape(OPENING)}\]】］〕\\\n]{{1,{LONGEST}}}+"

_DOUBLE = re.compile(rf"{_OPEN}{{2}}({_BODY}){_CLOSE}{{2}}")
_SINGLE = re.compile(rf"\\?{_OPEN}({_BODY})\\?{_CLOSE}")
_UNFINISHED = re.compile(rf"\\?{_OPEN}{{0,2}}([a-zA-Z0-9 \t.,;:，、&#§^†–—-]{{0,{LONGEST}}}+)(?:\\|(?<=.){_CLOSE})?")

_LABELS = frozenset(
    """cite citation citations doc document documents id ids l line lines p passage passages ref reference references
    refs s see sentence sentences source sources""".split()  # noqa: SIM905  # legible as prose, not as a list
)
_WORDS = _LABELS | {"and", "to"}
_LETTERS = re.compile(r"[a-z]+")
_PASSAGE_AND_SENTENCE = re.compile(r"passage (\d+)[,;:]? ?sentence (\d+)")
_LABEL = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(_LABELS, key=len, reverse=True))})(?![a-z])[:.#]?|[#§^]")
_DASH = re.compile(r" ?(?:[–—-]|\bto\b) ?")
_SEPARATOR = re.compile(r"[ ,;，、&]+")
_ID = re.compile(r"([1-9]\d?)(?:\.([1-9]\d{0,2}))?(?:-(?:([1-9]\d?)\.)?([1-9]\d{0,2}))?", re.ASCII)

IdRange = tuple[str, str]


def find_marker(text: str, at: int) -> tuple[tuple[IdRange, ...], int] | None:
    """The ids of the marker that begins at an offset, each as first and last, and where the marker ends."""
    match = _DOUBLE.match(text, at) or _SINGLE.match(text, at)
    ids = parse_ids(match[1]) if match else ()
    return (ids, match.end()) if match and ids else None


def parse_ids(body: str) -> tuple[IdRange, ...]:
    """The ids between two brackets, `"2"` being a whole passage; empty when these are other words."""
    body = " ".join(body.casefold().partition("†")[0].split())
    body = _PASSAGE_AND_SENTENCE.sub(r"\1.\2", body)
    body = _LABEL.sub(" ", body).replace(" and ", ",")
    items = [item for item in _SEPARATOR.split(_DASH.sub("-", body).strip(" .")) if item]
    matches = [match for item in items if (match := _ID.fullmatch(item))]
    return tuple(_first_and_last(match) for match in matches) if len(matches) == len(items) else ()


def _first_and_last(match: re.Match[str]) -> IdRange:
    passage, sentence, last_passage, last = match.groups()
    first = f"{passage}.{sentence}" if sentence else passage
    if last is None:
        return first, first
    if sentence is None and last_passage is None:
        return first, last
    return first, f"{last_passage or passage}.{last}"


def may_become_marker(text: str, at: int) -> bool:
    """Whether more text could turn what begins at an offset and is unfinished into a marker."""
    unfinished = _UNFINISHED.fullmatch(text, at)
    if unfinished is None:
        return False
    words = _LETTERS.findall(unfinished[1].casefold())
    return all(word in _WORDS for word in words[:-1]) and all(
        any(word.startswith(last) for word in _WORDS) for last in words[-1:]
    )


def ids_between(first: str, last: str) -> list[str]:
    """The ids from the first to the last of one passage, or of whole passages; else just the two."""
    stem, dot, low = first.rpartition(".")
    last_stem, _, high = last.rpartition(".")
    if stem != last_stem or int(high) < int(low):
        return [first, last]
    return [f"{stem}{dot}{number}" for number in range(int(low), int(high) + 1)]
