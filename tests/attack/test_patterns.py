"""No regular expression of the package takes longer than in proportion, whatever a stranger sends."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attack_strings import attacks

import qa
from attack_times import SIZE, grows, growth, seconds
from qa.search.identifiers import written_as

HOME = Path(str(qa.__file__)).parent
QUICK_S = 0.0002  # the mildest quadratic pattern that was found took 0.4 ms for SIZE characters, most linear ones 0.05
METHODS: Mapping[str, Callable[[re.Pattern[Any], Any], object]] = {
    "search": lambda pattern, text: sum(1 for _ in pattern.finditer(text)),  # finds the first, and goes on as sub does
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
}
WAYS = dict.fromkeys(("search", "sub", "subn", "finditer", "findall", "split"), "search")
WAYS |= {"match": "match", "fullmatch": "fullmatch"}


def modules() -> list[ModuleType]:
    """Every module of the package but the one that runs when it is imported."""
    names = (found.name for found in pkgutil.walk_packages(qa.__path__, "qa."))
    return [qa, *(importlib.import_module(name) for name in names if not name.endswith("__main__"))]


def patterns_in(value: object, name: str, depth: int = 4) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns in a value, in what it holds and, of our classes, in what they hold."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif depth and isinstance(value, (tuple, list, set, frozenset)):
        for position, each in enumerate(value):
            yield from patterns_in(each, f"{name}[{position}]", depth - 1)
    elif depth and isinstance(value, dict):
        for key, each in [*value.items()]:
            yield from patterns_in((key, each), f"{name}[{key!r:.20}]", depth - 1)
    elif depth and isinstance(value, type) and value.__module__.startswith("qa"):
        for key, each in vars(value).items():
            yield from patterns_in(each, f"{name}.{key}", depth - 1)


def ways_used() -> dict[str, set[str]]:
    """How each name of a pattern is used anywhere: name → search, match, fullmatch."""
    used: dict[str, set[str]] = {}
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in WAYS:
                name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
                used.setdefault(f"{path.stem}.{name}", set()).add(WAYS[node.attr])
                used.setdefault(f"*.{name}", set()).add(WAYS[node.attr])
    return used


def patterns() -> dict[str, tuple[re.Pattern[Any], set[str]]]:
    """Every pattern by where it stands, with the ways it is used; all of them where that cannot be told."""
    used = ways_used()
    found: dict[str, tuple[re.Pattern[Any], set[str]]] = {}
    for module in modules():
        for name, value in vars(module).items():
            for place, pattern in patterns_in(value, name):
                own = used.get(f"{module.__name__.rpartition('.')[2]}.{place}") or used.get(f"*.{place}")
                found.setdefault(f"{module.__name__}.{place}", (pattern, own or set(METHODS)))
    return found


def slow(pattern: re.Pattern[Any], ways: set[str]) -> Iterator[str]:
    """The attacks that a pattern takes too long for."""
    for (name, text), way in product(attacks(pattern).items(), sorted(ways)):

        def run(size: int, way: str = way, text: Callable[[int], str] = text) -> object:
            attack = text(size)
            return METHODS[way](pattern, attack.encode() if isinstance(pattern.pattern, bytes) else attack)

        if is_suspicious(run) and (found := grows(run)) and grows(run):
            yield f"{way} of {name}: {found}"


def is_suspicious(run: Callable[[int], object]) -> bool:
    """Whether it takes long, and it takes much more than four times as long as a quarter of it: two quick looks."""
    try:
        return seconds(run, SIZE) > QUICK_S and growth(run, SIZE) > 5
    except TimeoutError:
        return True


PATTERNS = patterns()


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_pattern_takes_longer_than_in_proportion_to_what_it_reads(name: str) -> None:
    assert next(slow(*PATTERNS[name]), None) is None


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"\s+$", "search"),
        (r"(a+)+$", "match"),
        (r"(?:a|a)*b", "match"),
        (r"(?:\w+\s?)+$", "match"),
        (r"\s*x", "search"),
        (r"title:[ \t]*([\"']?)(.*?\S)\1[ \t]*$", "match"),
        (r"\W*(?:none)?\W*", "fullmatch"),
        (r"\[[^)]*\)", "search"),
        (r"(?:ab|cd)*(?:cd|ef)*!", "fullmatch"),
        (r"(\w+)-\1x", "search"),
        (r"\d+(?:, \d+)* May", "search"),
    ],
)
def test_the_attacks_find_what_is_worse_than_linear(pattern: str, way: str) -> None:
    assert next(slow(re.compile(pattern), {way}), None) is not None


@pytest.mark.parametrize(
    ("pattern", "way"),
    [(r"(?<!\s)\s++$", "search"), (r"(?>a+)+$", "match"), (r"\s*x", "match"), (r"\W*+(?:none)?\W*+", "fullmatch")],
)
def test_the_attacks_leave_alone_what_is_linear(pattern: str, way: str) -> None:
    assert next(slow(re.compile(pattern), {way}), None) is None


def test_every_pattern_stands_where_it_is_tested() -> None:
    """At the top of its module, but for the one that is made of a question.

    Compiled inside a function, or by `re.sub` and its like, none is found above.
    """
    elsewhere = []
    for path in HOME.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            node
            for function in ast.walk(tree)
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for node in ast.walk(function)
        }
        for node in ast.walk(tree):
            is_ours = isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "re"
            if is_ours and (node.attr in WAYS or (node.attr == "compile" and node in inside)):
                elsewhere.append(f"{path.name}:{node.lineno}: re.{node.attr}")
            if isinstance(node, ast.ImportFrom) and node.module == "re":
                elsewhere.append(f"{path.name}:{node.lineno}: from re import")
    assert [each for each in elsewhere if not each.startswith("identifiers.py:")] == []


@pytest.mark.parametrize("runs", [["E", "42"], ["a"] * 8, ["INV", "2024", "0999"], ["1" * 30, "1" * 30]])
def test_the_pattern_of_an_identifier_takes_time_in_proportion_to_the_text(runs: list[str]) -> None:
    assert next(slow(written_as(runs), {"search"}), None) is None
