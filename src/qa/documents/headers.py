"""The header of a passage: the title of its document, where that is made of words, and what the passage goes on with.

A passage from the middle of a document seldom says what it is about. Its header is embedded and indexed
with it, and is no part of its text: nothing is cut or quoted from a header.
"""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate

from qa.words import words

CountPieces = Callable[[Sequence[str]], list[int]]

HEADER_PIECES = 24  # word pieces that every passage leaves free for its header
LEAST_LETTERS = 2  # a title with fewer has no word

_JOINED = re.compile(r"[\W_]+")


def make_header(title: str, *, count_pieces: CountPieces) -> str:
    """The first words of a title, `HEADER_PIECES` at most; empty for one like `000_de3963733ae000a1`.

    A name that joins its words, as `annual-report_2021` does, is taken apart.
    """
    if not _is_worded(title):
        return ""
    shown = title.split() if " " in title else _JOINED.sub(" ", title).split()
    fitting = [total for total in accumulate(count_pieces(shown)) if total <= HEADER_PIECES]
    return " ".join(shown[: len(fitting)])


def header_above(text: str, header: str) -> str:
    """The header of a passage with this text: none where the text begins with the same words."""
    said = words(header)
    return "" if words(text[: 2 * len(header) + 20])[: len(said)] == said else header


def header_context(lines: Sequence[str], *, room: int, count_pieces: CountPieces) -> str:
    """The last of these lines that fit into so many word pieces: what a passage from within a section goes on with."""
    kept: list[str] = []
    for line, size in zip(reversed(lines), reversed(count_pieces(lines) if lines else []), strict=True):
        room -= size
        if room < 0:
            break
        kept.insert(0, line)
    return "\n".join(kept)


def _is_worded(title: str) -> bool:
    """Whether more of a title is words than is letters and digits mixed, as in a hash."""
    found = words(title.replace("_", " "))
    letters = sum(len(word) for word in found if word.replace("'", "").isalpha())
    mixed = sum(len(word) for word in found if not word.replace("'", "").isalpha() and not word.isdecimal())
    return letters >= LEAST_LETTERS and letters > mixed
