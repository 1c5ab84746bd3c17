"""A question → what it asks of a table: what is to be done with its rows, by which words, within which limit.

The words are known here and nowhere else: those that say what is to be done, those that measure something, and those
that only say how a question is put. No table is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from qa.answers.tables.computing import RELATIONS, Operation
from qa.answers.tables.ledger import Word, read_words
from qa.search.features import FRAME_WORDS
from qa.words import MONTHS, STOP_WORDS, stem, words

_SIGNS: Mapping[Operation, str] = {
    "most": """most highest largest biggest greatest maximum max latest newest priciest dearest longest heaviest tallest
    widest deepest loudest hottest warmest fastest strongest thickest""",
    "least": """least fewest lowest smallest minimum min cheapest earliest oldest shortest lightest narrowest quietest
    coldest slowest weakest thinnest""",
    "sum": "total sum summed altogether together overall combined whole entire",
    "average": "average avg",
    "difference": "difference",
}
_OPERATIONS = {word: operation for operation, listed in _SIGNS.items() for word in listed.split()}
_ENDS: Mapping[str, Operation] = {"first": "least", "last": "most"}
_HOW_MANY = re.compile(  # "phone number of" counts nothing
    r"\bhow (?:many|much)\b|(?:\A\W*|\b(?:the|total) )number of\b(?! (?:the|our|my|your|an?)\b)", re.I
)
_BY_HOW_MUCH = re.compile(r"\bby how (?:many|much)\b", re.I)
_HAVING = re.compile(r"\b(?:that|with)\b", re.I)  # "the programme that needs the least water"
_PRICE = re.compile(
    r"\bhow much (?:is|are|was|were|does|do|did|for|will|would)\b(?!(?: \w+){0,6} (?:weigh|hold|take|contain)s?\b)",
    re.I,
)
_WHAT_IS = re.compile(r"\W*what(?:['’]s| (?:is|are|was|were)) (?:an? |the )?(?P<thing>[^\W_]+)", re.I)
_WHEN = re.compile(r"\b(?:when|what (?:date|day|time)|which day)\b", re.I)
_ALL = re.compile(r"\ball\b", re.I)
_AT_END = re.compile(r"\b(?:first|last)\W*\Z", re.I)  # "Which van is inspected first?"
_WHAT = re.compile(r"\b(?:which|who|whose|what|list)\b", re.I)
_AMOUNT = r"[$€£]?\d(?:[\d.,]*\d)?(?: ?%|[kM]\b)?"
_DATE = rf"(?:\d{{1,2}} )?(?:{'|'.join(MONTHS)})(?: \d{{1,2}},)?(?: \d{{4}})?|\d{{4}}-\d\d(?:-\d\d)?"
_LIMIT = re.compile(rf"\b(?P<relation>{'|'.join(RELATIONS)}) (?P<value>{_DATE}|{_AMOUNT})", re.I)
# What is asked of rows that nothing here does: a limit that was not read, a range, an exception, a share.
_MONTH = "|".join(MONTHS)
_OTHER = re.compile(
    r"\b(?:before|after|since|until"
    r"|(?:over|above|under|below)(?= (?:[^\s?]+ ){0,2}(?:[$€£]?\d|average|mean|limit|budget|plan|target))"
    r"|(?:more|less|fewer|longer|higher|lower) than|at least"
    r"|increase[ds]?|decrease[ds]?|rose|risen|grew|grown|fell|fallen|dropped|changed?|(?:went|gone?|goes) (?:up|down)"
    r"|at most|not|no|never|without|except|excluding|other than|median|percentage|per ?cent of|share of|times)\b"
    r"|n[’']t\b"
    rf"|(?:\d|\b(?:{_MONTH})) ?(?:to|through|till|–) ?(?:\d|(?:{_MONTH})\b)",
    re.I,
)
_AFTER_A_TIME = re.compile(r"\bafter (?=[\w.]+ (?:year|month|week|day|hour)s?\b)", re.I)  # of service, not a date
_BETWEEN = re.compile(r"\bbetween\b", re.I)
_GROUPS = re.compile(r"\b(?:per|each|every|by) (\w+)", re.I)
# What an adjective measures: the names that a column may have for it.
_MEASURES = (
    "price cost fee charge expensive cheap cheapest dear dearest priciest pay",
    "weight weigh heavy heaviest light lightest kilo kilogram",
    "noise loud loudest quiet quietest sound",
    "temperature hot hottest warm warmest cold coldest",
    "height tall tallest high",
    "width wide widest narrow narrowest",
    "depth deep deepest",
    "length duration long longest short shortest",
    "thickness thick thickest thin thinnest",
    "speed fast fastest slow slowest",
    "distance far farthest kilometre kilometer mileage",
    "size area big large",
    "age old young",
    "employee people staff headcount person worker",
    "trainee apprentice",
    "date day when latest newest earliest oldest first last built",
    "state status",
)
SAME = {stem(word): stem(measure.split()[0]) for measure in _MEASURES for word in measure.split()}
LAST = {
    stem(word) for word in ("latest", "newest", "earliest", "oldest", "first", "last")
}  # which alone choose among days
_NUMBERS = {stem(word) for word in ("two", "three", "four", "five")}  # which ask for something of their own
FRAME = (FRAME_WORDS - _NUMBERS) | {
    stem(word)
    for word in """tell please show list sell buy spend sign offer need own currently now today right table row column
    value entry record file document sheet each every firm company time much rate count number amount found may might
    must shall end year plan report there per work please going belong come appear occur happen""".split()  # noqa: SIM905  # legible as prose
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the values of a column are compared with: "after 10 June 2024"."""

    relation: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about rows: what is to be done with them, its words but stop words, and what it is after.

    `signs` say what is to be done; `head` is the stem of the word that they, or "how many", stand before. `price` says
    that it asks how much something is, `is_open` that it asks for something that is not done here. `groups` are stems
    of what each is asked for ("per region"); `thing` that of what it asks to be told what it is ("What is part 4460?").
    `when` says that it asks for a time.
    """

    operation: Operation
    terms: tuple[Word, ...]
    signs: frozenset[str]
    head: str | None
    how_much: bool
    price: bool
    wants_item: bool
    is_open: bool
    groups: frozenset[str] = frozenset()
    limit: Limit | None = None
    thing: str | None = None
    when: bool = False


@lru_cache(maxsize=64)
def ask(question: str) -> Asked:
    """What a question asks of a table."""
    question = _AFTER_A_TIME.sub("in".ljust(len("after ")), question)  # each word stays in its place
    limit = _LIMIT.search(question)
    open_part = question if limit is None else question[: limit.start()] + question[limit.end() :]
    found = [word for word in read_words(question) if not limit or not limit.start() <= word.start < limit.end()]
    counted, what, thing = _HOW_MANY.search(question), _WHAT.search(question), _WHAT_IS.match(question)
    known = {**_OPERATIONS, **(_ENDS if what and _AT_END.search(question) else {})}
    signs = [word for word in found if word.text.casefold() in known]
    operations = list(dict.fromkeys(known[word.text.casefold()] for word in signs))
    if not operations and _BY_HOW_MUCH.search(question):
        operations = ["difference"]
    elif not operations and counted:
        is_many = "much" not in counted[0].casefold()
        operations = ["sum"] if _ALL.search(question, counted.end()) else ["count"] if is_many else []
    terms = [word for word in found if word.text.casefold() not in STOP_WORDS and word not in signs]
    start = counted.end() if counted else signs[0].start if signs else what.end() if what else 0
    after = [word.stem for word in terms if word.start >= start]
    is_range = bool(_BETWEEN.search(question))
    between = bool(what and signs) and any(what.end() < word.start < signs[0].start for word in terms if what)
    between = between or (bool(signs) and not what and bool(_HAVING.search(question, 0, signs[0].start)))
    return Asked(
        operation=operations[0] if operations else "cell",
        terms=tuple(terms),
        signs=frozenset(word.stem for word in signs),
        head=after[0] if after and (counted or signs or what) else None,
        how_much=bool(counted),
        price=bool(_PRICE.search(question)),
        wants_item=not counted and (between or (what is not None and what[0].casefold() != "what")),
        is_open=len(operations) > 1 or bool(_OTHER.search(open_part)) or (is_range and "difference" not in operations),
        groups=frozenset(stem(words(each)[0]) for each in _GROUPS.findall(question)),
        limit=limit and Limit(relation=limit["relation"].casefold(), value=limit["value"]),
        thing=thing and stem(words(thing["thing"])[0]),
        when=bool(_WHEN.search(question)),
    )
