"""The running headers and footers of a PDF: lines at the edges of its pages that differ in a number only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from qa.documents.formats.pdf_lines import Line

NUMBER = re.compile(r"\d{1,5}")

EDGE_LINES = 2  # how many lines of a page may be its running header, and how many its footer
RUNNING_PAGES = 3  # a line at the edge of this many pages, or of all, is a running one
NUMBERS = 3  # how many numbers of a line may be the page's

# What stands before and after a number, and how far that is from the page's place; None for a whole line.
Key = tuple[str, str, int | None]


class Running:
    """The running lines of a document, and which of them were met."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        seen = Counter(
            key
            for number, lines in enumerate(pages)
            for key in {key for place in _edges(lines) for key in _keys(lines[place].text, number)}
        )
        least = max(2, min(RUNNING_PAGES, len(pages)))
        self._running = {key for key, count in seen.items() if count >= least}
        self._met: set[Key] = set()

    def set_apart(self, lines: Sequence[Line], number: int) -> tuple[list[Line], list[Line]]:
        """The running lines of a page that are met for the first time and say more than a number; its other lines."""
        front: list[Line] = []
        body: list[Line] = []
        edges = set(_edges(lines))
        for place, line in enumerate(lines):
            keys = self._running.intersection(_keys(line.text, number)) if place in edges else set()
            if not keys:
                body.append(line)
            elif not keys & self._met and any(character.isalpha() for key in keys for character in key[0] + key[1]):
                front.append(line)
            self._met |= keys
        return front, body


def _edges(lines: Sequence[Line]) -> list[int]:
    """The places of the lines at the top and the bottom of a page."""
    places = {*range(EDGE_LINES), *range(len(lines) - EDGE_LINES, len(lines))}
    return sorted(place for place in places if 0 <= place < len(lines))


def _keys(text: str, page: int) -> Iterator[Key]:
    """By what a line is known on other pages: its text, and what is left of it without a number that rises."""
    yield text, "", None
    for found, _ in zip(NUMBER.finditer(text), range(NUMBERS), strict=False):
        yield text[: found.start()], text[found.end() :], int(found.group()) - page
