"""A query → the codes, numbers with letters and file names in it, and where the documents have them.

What is asked of INV-2024-0999 is not answered by INV-2024-0148, however alike the rest is: an identifier must occur, in
any of the ways in which it is written (E42, E-42, E 42). Nothing is ranked here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from qa.types import Hit, Passage, Record

LOOKED_UP = 30  # passages with most of an identifier's parts that are read for it
MOST = 4  # identifiers of a query
PARTS = 8  # runs of letters or digits in one
_SUFFIXES = (
    "bat|c|cfg|conf|cpp|cs|css|csv|docx?|eml|env|epub|go|html?|ini|ipynb|java|js|jsonl?|lock|log|md|odt|ods|pdf|php"
    "|pptx?|ps1|py|rb|rs|rst|rtf|sh|sql|toml|ts|tsv|txt|xlsx?|xml|ya?ml|zip"
)
_IDENTIFIER = re.compile(
    rf"(?<![\w.@/-])(?:(?P<file>[\w-]{{1,60}}\.(?:{_SUFFIXES}))(?![\w-]|\.\w)"
    r"|(?:error|code|invoice|order|ticket|case|serial|account|customer|contract|reference|ref|part|article|batch|lot)"
    r"(?: code| number| no\.?| nr\.?)?[ #]{1,2}(?P<number>\d[\d-]{1,30})(?![\w%]|[.,]\d)"
    r"|(?P<code>[A-Z][A-Za-z0-9]{0,30}(?:[-_/.][A-Za-z0-9]{1,30}){0,6})(?![\w-]))",
    re.I,
)
_RUN = re.compile(r"[^\W\d_]+|\d+")
_BETWEEN = r"[\s._/–-]?"
_MIXED = re.compile(r"(?=[A-Z-]*\d)[A-Z]{1,8}[A-Z\d]*(?:[-_/.][A-Z\d]+)*|[a-z]{1,2}\d{2,}", re.ASCII)


class Held(Protocol):
    """The part of an index in which identifiers are looked up; `qa.index.store.Index` is one."""

    def search_lexical(self, query: str, *, k: int) -> list[tuple[str, float]]: ...
    def passages(self, ids: Sequence[str]) -> list[Passage]: ...
    def listed(self) -> Sequence[Record]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier as it is asked for, as it is `spelt` where it stands, and the documents in which it was found.

    `is_name` says that it is the name of a document's file.
    """

    text: str
    pattern: re.Pattern[str]
    spelt: str = ""
    documents: frozenset[str] = frozenset()
    is_name: bool = False

    def stands_in(self, passage: Passage) -> bool:
        """Whether the passage, its title or the name of its file has it."""
        return any(self.pattern.search(text) for text in (passage.headed, passage.title, passage.document))


def look_up(query: str, index: Held) -> tuple[Identifier, ...]:
    """The identifiers of a query with where the documents have them; no document for one that occurs nowhere."""
    return tuple(_looked_up(text, index) for text in identifiers(query))


def identifiers(text: str) -> tuple[str, ...]:
    """The identifiers in a text, as they stand there, the first few."""
    found = (each["file"] or each["number"] or _code(each["code"]) for each in _IDENTIFIER.finditer(text))
    return tuple(dict.fromkeys(filter(None, found)))[:MOST]


def respelt(query: str, named: Iterable[Identifier]) -> str:
    """The query with its identifiers spelt as the documents spell them."""
    for each in named:
        query = query.replace(each.text, each.spelt or each.text)
    return query


def about(query: str, named: Iterable[Identifier]) -> str:
    """The query without the names of files, whose text seldom has them."""
    for each in named:
        query = query.replace(each.text, " ") if each.is_name else query
    return query


def bearing(hits: Sequence[Hit], named: Collection[Identifier]) -> list[Hit]:
    """The hits of documents that have the identifiers; none where one of them is in no document that was found."""
    if not named:
        return list(hits)
    found = {hit.passage.document for hit in hits}
    held = [
        (found & each.documents) | {hit.passage.document for hit in hits if each.stands_in(hit.passage)}
        for each in named
    ]
    return [hit for hit in hits if hit.passage.document in set().union(*held)] if all(held) else []


def _code(word: str | None) -> str | None:
    """The word where it is a code: it has digits, and capitals or next to no letters."""
    return word if word and _MIXED.fullmatch(word) else None


def _looked_up(text: str, index: Held) -> Identifier:
    runs = _RUN.findall(text)[:PARTS]
    pattern = written_as(runs)
    wanted = " ".join([text, *runs, "".join(runs), *map("".join, pairwise(runs))])
    held = index.passages([key for key, _ in index.search_lexical(wanted, k=LOOKED_UP)])
    found = Identifier(text=text, pattern=pattern)
    spelt = next((words[0] for passage in held if (words := pattern.search(passage.text))), "")
    called = frozenset(each.id for each in index.listed() if pattern.search(each.id) or pattern.search(each.title))
    owners = called.union(passage.document for passage in held if found.stands_in(passage))
    is_name = bool(called) and "." in text
    return replace(found, spelt=" ".join(spelt.split()), documents=owners, is_name=is_name)


def written_as(runs: Sequence[str]) -> re.Pattern[str]:
    """Finds an identifier of these runs of letters and digits in all ways in which it is written, and no longer one."""
    return re.compile(rf"(?<![^\W_])(?<!\d[.,-]){_BETWEEN.join(runs)}(?![^\W_]|[.,-]\d)", re.I)
