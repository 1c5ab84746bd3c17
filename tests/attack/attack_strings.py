"""A regular expression → the texts that would keep it busy longest, derived from its own parsed form.

For every repeat: what leads up to it, what its body accepts many times over, and a character on which
the rest fails. The characters are one of each class that the pattern tells apart, so that overlaps count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product
from re import _constants as op  # type: ignore[attr-defined]  # only here is a pattern to be had as a tree
from re import _parser  # type: ignore[attr-defined]
from typing import Any

Texts = Callable[[int], str]  # a size → a text of about so many characters

ALPHABET = [*map(chr, range(128)), *"\x85\xa0\xad\u0300é’“”•–—【】中۹\u200b\u2028İſ\ufffe€。"]
FAILS = ("", "\n", "\0", "!", " x")
MOST_PUMPS = 16
MOST_CLASSES = 12
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
ONE_CHARACTER = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
MANY = 16  # a repeat that may go on as long as this is attacked
CATEGORIES = {
    op.CATEGORY_DIGIT: re.compile(r"\d"),
    op.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    op.CATEGORY_SPACE: re.compile(r"\s"),
    op.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    op.CATEGORY_WORD: re.compile(r"\w"),
    op.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def attacks(pattern: re.Pattern[Any]) -> dict[str, Texts]:
    """The texts to try on a pattern, by what they are."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    grammar = _Grammar(tree, flags=tree.state.flags)
    found: dict[str, Texts] = {}

    def add(before: str, pump: str, after: str) -> None:
        if pump:
            found.setdefault(
                f"{before!r} + {pump!r} * n + {after!r}", lambda size: before + pump * (size // len(pump)) + after
            )

    for before, pump in grammar.pumps():
        for after in FAILS:
            add(before, pump, after)
        add("", before + pump, "\0")
        add("", f"{before}{pump}\n", "")
        if before:
            add("", f"{before}{pump}".lstrip(), "")
    for one, other in product(grammar.classes, repeat=2):
        add("", one + other if one != other else one, "")
        add("", one + other if one != other else one, "\0")
        found[f"{one!r} * n + {other!r} * n"] = lambda size, one=one, other=other: (one + other).join(  # type: ignore[misc]
            (one * (size // 2), other * (size // 2))
        )
    return found


class _Grammar:
    """A parsed pattern: which characters it tells apart, and where it repeats what."""

    def __init__(self, tree: Any, *, flags: int) -> None:
        self._tree = tree
        self._flags = flags
        self._groups: dict[int, Any] = {}
        items = [item for item in _items(tree) if item[0] in ONE_CHARACTER]
        self._groups = {item[1][0]: item[1][3] for item in _items(tree) if item[0] is op.SUBPATTERN and item[1][0]}
        written = {chr(item[1]) for item in items if item[0] is op.LITERAL}
        ranged = {chr(low) for item in items if item[0] is op.IN for kind, low in item[1] if kind is op.LITERAL}
        told_apart: dict[tuple[bool, ...], str] = {}
        for character in [*"a A1.,\t\n-", *sorted(written | ranged), *ALPHABET]:
            told_apart.setdefault(tuple(self._accepts(item, character) for item in items), character)
        self.all_classes = list(told_apart.values())
        self.classes = self.all_classes[:MOST_CLASSES]

    def pumps(self) -> Iterator[tuple[str, str]]:
        """For every repeat that may go on: what leads up to it, and each of the things that it repeats."""
        for before, body in self._repeats(self._tree, [""]):
            yield from product(dict.fromkeys(before), islice(self._samples(body), MOST_PUMPS))

    def _repeats(self, sequence: Any, before: list[str]) -> Iterator[tuple[list[str], Any]]:
        for item in sequence:
            kind, value = item
            if kind in REPEATS and value[1] >= MANY:
                yield before, value[2]
                yield before, [*value[2], *value[2]]
            for inner in _inner(item):
                yield from self._repeats(inner, before)
            before = [before[0] + self._sample(item, full=False), before[-1] + self._sample(item, full=True)]

    def _sample(self, item: Any, *, full: bool) -> str:
        """A short text that an item accepts; with what is optional when `full`."""
        kind, value = item
        if kind in ONE_CHARACTER:
            return next((each for each in self.all_classes if self._accepts(item, each)), "")
        if kind in REPEATS:
            times = max(value[0], min(value[1], 1) if full else 0)
            return "".join(self._sample(each, full=full) for each in value[2]) * times
        if kind is op.BRANCH:
            return "".join(self._sample(each, full=full) for each in value[1][-1 if full else 0])
        if kind is op.GROUPREF:
            return "".join(self._sample(each, full=full) for each in self._groups[value])
        if kind in (op.SUBPATTERN, op.ATOMIC_GROUP) or (kind is op.ASSERT and value[0] < 0):
            inner = value[3] if kind is op.SUBPATTERN else value[1] if kind is op.ASSERT else value
            return "".join(self._sample(each, full=full) for each in inner)
        return ""  # stands between characters

    def _samples(self, sequence: Any) -> Iterator[str]:
        """Short texts that a sequence accepts, one part varied at a time."""
        items = list(sequence)
        shortest = [self._sample(item, full=False) for item in items]
        yield "".join(shortest)
        yield "".join(self._sample(item, full=True) for item in items)
        for place, item in enumerate(items):
            for each in self._variants(item):
                yield "".join([*shortest[:place], each, *shortest[place + 1 :]])

    def _variants(self, item: Any) -> Iterator[str]:
        if item[0] in ONE_CHARACTER:
            yield from (each for each in self.all_classes if self._accepts(item, each))
        elif item[0] is op.BRANCH:
            for branch in item[1][1]:
                yield from self._samples(branch)
        else:
            for inner in _inner(item):
                yield from self._samples(inner)

    def _accepts(self, item: Any, character: str) -> bool:
        return any(self._is_one(item, each) for each in self._cases(character))

    def _cases(self, character: str) -> set[str]:
        cases = {character, character.lower(), character.upper()} if self._flags & re.I else {character}
        return {each for each in cases if len(each) == 1}

    def _is_one(self, item: Any, character: str) -> bool:
        kind, value = item
        if kind is op.ANY:
            return character != "\n" or bool(self._flags & re.S)
        if kind in (op.LITERAL, op.NOT_LITERAL):
            return (character == chr(value)) == (kind is op.LITERAL)
        wanted = True
        for part, inside in value:
            if part is op.NEGATE:
                wanted = False
            elif (
                (part is op.LITERAL and character == chr(inside))
                or (part is op.RANGE and inside[0] <= ord(character) <= inside[1])
                or (part is op.CATEGORY and CATEGORIES[inside].match(character))
            ):
                return wanted
        return not wanted


def _items(sequence: Any) -> Iterator[Any]:
    for item in sequence:
        yield item
        for inner in _inner(item):
            yield from _items(inner)


def _inner(item: Any) -> Iterable[Any]:
    """The sequences inside an item."""
    kind, value = item
    if kind in REPEATS:
        return [value[2]]
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.BRANCH:
        return list(value[1])
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    return [each for each in value[1:] if each] if kind is op.GROUPREF_EXISTS else []
