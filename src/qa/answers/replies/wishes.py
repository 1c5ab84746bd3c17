"""The wish for an overview: recognised from its first word to its last, and the documents that it names.

As small talk is, by phrases of `_data/small_talk.toml`, so that "summarize the report" is one and "what is the summary
judgment about costs?" is not. What is said in reply stands in `overview`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from qa.answers.replies.courtesies import TALK_CHARS, phrasebook, spelt_out, without_courtesies, without_joining
from qa.search.mismatch import other_names
from qa.types import Record
from qa.words import WORD, stem, terms, words

Scope = Literal["all", "at hand", "named", "both"]

SLOT = "…"
CLOSE = 0.5  # of the words of a title or a file's name, which a name has at least if it says no sort of document
_START = 2  # letters in which a word and its forms agree
_ALL = frozenset("documents files docs sources collection library corpus everything".split())  # noqa: SIM905
_ONE = frozenset("document file doc text".split())  # noqa: SIM905
_INTO = frozenset(("into", "to", "in"))
_JOINING = frozenset(("and", "with", "to", "vs", "versus"))
_POINTING = frozenset("it this that these those".split())  # noqa: SIM905
_DETERMINERS = frozenset("the a an all of my our your whole entire full complete indexed open content contents".split())  # noqa: SIM905
_FILE = re.compile(
    r"[\w)]\.(?:pdf|docx?|xls[xmb]?|ods|pptx?|csv|tsv|jsonl?|ya?ml|eml|epub|html?|md|txt|rtf|odt)\b", re.I
)
# What a document of a format is called, and what else by those who ask for it.
FORMATS = {
    ".eml": ("mail", "email message"),
    ".pptx": ("slides", "presentation deck"),
    ".csv": ("table (CSV)", "spreadsheet list"),
    ".tsv": ("table (TSV)", "spreadsheet list"),
    ".xlsx": ("workbook", "excel table spreadsheet"),
    ".docx": ("Word document", ""),
    ".pdf": ("PDF", ""),
    ".md": ("Markdown", ""),
    ".txt": ("text", ""),
    ".html": ("web page", "website"),
    ".htm": ("web page", "website"),
    ".epub": ("book (EPUB)", ""),
}
SORTS = frozenset(
    stem(word)
    for word in """report handbook manual minutes mail email message letter policy contract agreement guide list budget
    plan presentation slides deck notes spreadsheet table workbook article paper memo brochure book pdf csv docx
    pptx xlsx html txt md audit rules faq glossary
    document study survey""".split()  # noqa: SIM905  # legible as prose
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A wish for an overview of what bears a name, of two such side by side, of the document at hand, or of all.

    `is_sure` is off where it is one only if a document bears the name: "What is the tide mill about?"; `is_file` on
    where the name is a file's. `points_back` says that "it" or "this" is all it says, `translates` that the document is
    to be translated.
    """

    scope: Scope
    name: tuple[str, ...] = ()
    is_sure: bool = True
    is_file: bool = False
    points_back: bool = False
    translates: bool = False

    def called(self, question: str) -> str:
        """The name as it stands in the question."""
        found = list(WORD.finditer(question))
        said = [(words(each[0]) or [""])[0] for each in found]
        places = range(len(said) - len(self.name) + 1)
        at = next((place for place in places if tuple(said[place : place + len(self.name)]) == self.name), None)
        return " ".join(self.name) if at is None else question[found[at].start() : found[at + len(self.name) - 1].end()]

    @property
    def stems(self) -> tuple[str, ...]:
        """What the name says, as stems."""
        return tuple(dict.fromkeys(terms(" ".join(word for word in self.name if word not in _ONE))))

    @property
    def sorts(self) -> frozenset[str]:
        """The sorts of document that the name says, as stems: a report, a mail."""
        return SORTS.intersection(self.stems)


def read_wish(question: str) -> Wish | None:
    """The wish for an overview that is all of a question; None when it is anything else."""
    if len(question) > TALK_CHARS:
        return None
    said = without_joining(tuple(words(without_courtesies(question))))
    if said in _phrases()["bare"]:
        return Wish(scope="all" if "overview" in said else "at hand")
    if name := _name(said, "both"):
        return Wish(scope="both", name=name, is_sure=False)
    is_file = bool(_FILE.search(question))
    for sort in ("named", "about"):
        if name := _name(said, sort):
            return _wish(name, is_sure=sort == "named", is_file=is_file)
    if name := _before_language(_name(said, "translation")):
        wish = _wish(name, is_sure=False, is_file=is_file)
        is_sure = wish.is_sure or is_file or bool(wish.sorts)
        return None if wish.scope == "all" or wish.points_back else replace(wish, is_sure=is_sure, translates=True)
    return None


def _before_language(name: tuple[str, ...]) -> tuple[str, ...]:
    """What is to be translated: the words before the last "into German", or all."""
    at = max((at for at, word in enumerate(name) if at and word in _INTO), default=len(name))
    return name[:at]


def _wish(name: tuple[str, ...], *, is_sure: bool, is_file: bool) -> Wish:
    core = tuple(word for word in name if word not in _DETERMINERS | _POINTING)
    if _ALL.issuperset(core) and (core or "all" in name):
        return Wish(scope="all")
    if _ONE.issuperset(core):
        return Wish(scope="at hand", points_back=not core, is_sure=is_sure or bool(core))
    while name[0] in _DETERMINERS | _POINTING and len(name) > 1:
        name = name[1:]
    return Wish(scope="named", name=name, is_sure=is_sure, is_file=is_file)


def _name(said: tuple[str, ...], sort: str) -> tuple[str, ...]:
    """The words in the place of the slot of the phrase that fits best, which has most words."""
    phrases = _phrases()[sort]
    fitting = (
        (len(said) - at - len(closing), said[at : len(said) - len(closing)])
        for at in range(1, len(said))
        for closing in phrases.get(said[:at], ())
        if said[at:][len(said) - at - len(closing) :] == closing
    )
    return min((each for each in fitting if each[1]), default=(0, ()))[1]


@cache
def _phrases() -> dict[str, dict[tuple[str, ...], set[tuple[str, ...]]]]:
    """The words after the slot, by those before it, of each sort of phrase."""
    found: dict[str, dict[tuple[str, ...], set[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(set))
    for sort, lines in phrasebook()["overviews"].items():
        for each in (each for line in lines for each in spelt_out(line)):
            before, _, after = each.partition(SLOT)
            found[sort][tuple(words(before))].add(tuple(words(after)))
    return found


def named(wish: Wish, records: Sequence[Record]) -> list[Record]:
    """The documents that bear the name: those whose title or file is called just so, else all that are called near it.

    Every word of the name is in the title, the path or the format of each.
    """
    stems = wish.stems
    if not any(map(str.isalpha, stems)):
        return []
    close = [each for each in records if bears(each, stems)]
    exact = [each for each in close if set(stems) in _names(each)]
    return exact or [
        each
        for each in close
        if wish.sorts or any(len(stems) >= CLOSE * len(name) and not _misses(stems, name) for name in _names(each))
    ]


def both(wish: Wish, records: Sequence[Record]) -> list[Record]:
    """The two documents whose names a name joins: "brook-40.md and brook-60.docx"; none where it is anything else."""
    for at in (at for at, word in enumerate(wish.name) if word in _JOINING):
        halves = (wish.name[:at], wish.name[at + 1 :])
        found = [named(replace(wish, name=half), records) for half in halves]
        if all(len(each) == 1 for each in found) and found[0] != found[1]:
            return [*found[0], *found[1]]
    return []


def bears(record: Record, stems: Sequence[str]) -> bool:
    """Whether a document is called by all of these stems."""
    called = " ".join((record.id, record.title, *FORMATS.get(suffix(record.id), ())))
    folded = called.casefold()
    return all(each[:_START] in folded for each in stems) and not _misses(stems, terms(called.replace("_", " ")))


def _misses(stems: Sequence[str], name: Iterable[str]) -> bool:
    return other_names(stems, " ".join(name))


def suffix(document: str) -> str:
    """The suffix of a document's file, in lower case."""
    return f".{document.rpartition('.')[2].lower()}"


def nearest(wish: Wish, records: Sequence[Record], *, most: int) -> list[Record]:
    """The documents whose names share a word with the name, those that share most first."""
    shared = ((sum(bears(each, [stem]) for stem in wish.stems), each) for each in records)
    return [each for count, each in sorted(shared, key=lambda pair: -pair[0]) if count][:most]


def _names(record: Record) -> Iterator[set[str]]:
    """The stems of the title, and of the file's name with its suffix and without."""
    name = record.id.rpartition("/")[2]
    for each in (record.title, name, name.rpartition(".")[0]):
        yield set(terms(each.replace("_", " ")))
