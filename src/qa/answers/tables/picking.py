"""Words of a question → the rows and the column of a table that they mean.

What the table does not explain is told; two columns that fit equally are none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answers.facts import numbers
from qa.answers.tables.amounts import read_amounts, read_days, read_range
from qa.answers.tables.inquiry import FRAME, LAST, SAME, Asked, ask
from qa.answers.tables.ledger import Row, Table, Word, cell_stems, find_tables, read_words
from qa.types import Passage, Span
from qa.words import MONTHS, STOP_WORDS, same_root

THOUSANDS = 3  # digits after a mark between thousands
SAMPLE = 8  # rows by which it is seen whether a column has amounts
HEAD = 1.5  # what it is worth that the word asked for names a column, next to 1 for any other word
ROOT = 0.8  # of a word of the same root

_TIME = re.compile(  # a day, a date or an hour, as an answer to "when"
    rf"\d[-/.:]\d|\b(?:1[5-9]|20)\d\d\b|\b(?:{'|'.join(MONTHS)}|mon|tues?|wed|thu|fri|sat|sun|day|week|month|year|hour)",
    re.I,
)
# What a column measures by the unit in its name.
_UNITS = {
    SAME["long"]: re.compile(r"\b(?:min|minutes|h|hrs|hours|days|weeks|months|years)\W*\Z"),
    SAME["weight"]: re.compile(r"\b(?:kg|g|lb)\b"),
    SAME["distanc"]: re.compile(r"\b[Kk]m\b"),
}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_MONEY = re.compile(r"[$€£¥₹]|\b(?:EUR|USD|GBP|CHF|price|cost|fee|amount)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Rows that meet the conditions, the words that are these, and those that are found nowhere."""

    rows: tuple[Row, ...]
    words: tuple[Word, ...] = ()
    unexplained: tuple[Word, ...] = ()


def pick(wanted: Sequence[Word], table: Table, *, but: int | None, several: bool = True) -> Picked | None:
    """The rows that the words mean, outside of one column; None where a number may be meant in several columns.

    A cell all of whose words are asked for is meant, and of several in one column each; so is a range ("2 to 5 kg") in
    which what is asked for lies ("3 kg"). Of the other words those that name no column and stand not above the table
    must stand in the row. Where two columns have a cell that is meant, it is that in which more rows have it or, where
    not `several` rows are wanted, that in which it is written as asked.
    """
    rows, within = in_range(wanted, table, but=but)
    stems = [word.stem for word in wanted]
    meant = {column: _meant(rows, column, stems) for column in table.names if column != but}
    meant = _repeated(meant, rows) if several else _literal(meant, rows, wanted)
    taken = frozenset().union(*(cell for cells in meant.values() for cell in cells))
    kept = [row for row in rows if all(cell_stems(row.texts.get(each, "")) in meant[each] for each in meant)]
    known = known_stems(table)
    unexplained, used = [], [word for word in wanted if word.stem in taken or word in within]
    for word in wanted:
        if word.stem in taken or word in within or word.stem in FRAME or explains(known, word.stem):
            continue
        places = {
            each for row in rows for each in row.texts if each != but and word.stem in cell_stems(row.texts[each])
        }
        if not places:
            unexplained.append(word)
            continue
        if word.stem.isdigit() and len(places) > 1:
            named = {
                place: [each for each in wanted if explains(name_stems(table, place), each.stem)] for place in places
            }
            places = {place for place in places if named[place]}
            if len(places) != 1:
                return None
            used += [each for place in places for each in named[place] if each not in used]
        kept = [row for row in kept if any(word.stem in cell_stems(row.texts.get(each, "")) for each in places)]
        used.append(word)
    counts = [word for word in unexplained if numbers(word.text, strict=False) == {len(kept)}]  # "the three houses"
    unexplained = [word for word in unexplained if word not in counts]
    used.sort(key=lambda word: word.start)
    return Picked(rows=tuple(kept), words=tuple(used), unexplained=tuple(unexplained))


def in_range(wanted: Sequence[Word], table: Table, *, but: int | None) -> tuple[list[Row], tuple[Word, ...]]:
    """The rows in whose ranges of a column an amount that is asked for lies, or that have that number, with its words.

    No row where it lies in none of the ranges, all rows where no such amount is asked for.
    """
    rows, outside = table.body, tuple[Word, ...]()
    for place, (number, unit) in enumerate(pairwise(wanted)):
        joined = [each for each in wanted[max(0, place - 1) : place] if each.start + len(each.text) + 1 == number.start]
        digits = [each for each in joined if each.text.isdigit() and number.text.isdigit()]  # "12.5" is two words
        mark = "" if len(number.text) == THOUSANDS else "."
        amounts = numbers("".join([*(f"{each.text}{mark}" for each in digits), number.text]), strict=False)
        for column in table.names if len(amounts) == 1 else ():
            ranges = [(row, read_range(row.texts.get(column, ""))) for row in rows if column != but]
            known = name_stems(table, column)
            fits = [
                (row, each[0] <= max(amounts) <= each[1])
                for row, each in ranges
                if each and (each[2] == unit.stem or (not each[2] and unit.stem in known))
            ]
            if len(fits) > 1 and any(is_in for _, is_in in fits):
                return [row for row, is_in in fits if is_in], (*digits, number, unit)
            outside = (*digits, number, unit) if len(fits) > 1 else outside
    return ([], outside) if outside else _having(rows, wanted, table, but=but)


def _having(
    rows: list[Row], wanted: Sequence[Word], table: Table, *, but: int | None
) -> tuple[list[Row], tuple[Word, ...]]:
    """The rows with just the number that is asked for of what a column counts, "two keys", with these words.

    All of them where none has it.
    """
    for number, unit in pairwise(wanted):
        amount = numbers(number.text, strict=False)
        columns = [each for each in table.names if each != but and explains(name_stems(table, each), unit.stem)]
        for column in columns if len(amount) == 1 and not number.text.isdigit() else ():
            found = [(row, read_amounts([row.texts.get(column, "")])) for row in rows]
            having = [row for row, read in found if read and {read[0].value} == amount]
            if having:
                return having, (number, unit)
    return rows, ()


def name_stems(table: Table, column: int) -> frozenset[str]:
    """The stems of a column's name."""
    return frozenset(word.stem for word in read_words(table.names.get(column, "")))


def _meant(rows: Sequence[Row], column: int, stems: Collection[str]) -> set[frozenset[str]]:
    """The cells of a column all of whose words are asked for, of one in another the longer; numbers only as years."""
    cells = {cell_stems(row.texts.get(column, "")) for row in rows}
    whole = {cell for cell in cells if cell and cell <= set(stems)}
    telling = {cell for cell in whole if any(len(word) > 3 or not word.isdigit() for word in cell)}
    return {cell for cell in telling if not any(cell < other for other in telling)}


def _repeated(meant: Mapping[int, set[frozenset[str]]], rows: Sequence[Row]) -> dict[int, set[frozenset[str]]]:
    """The columns with the cells that are meant; of two with the same cell that in which more rows have it."""
    often = Counter((column, cell_stems(row.texts.get(column, ""))) for row in rows for column in meant)
    kept = {
        column: {
            cell
            for cell in cells
            if all(often[column, cell] > often[each, cell] for each in meant if each != column and cell in meant[each])
        }
        for column, cells in meant.items()
    }
    return {column: cells for column, cells in kept.items() if cells}


def _literal(
    meant: Mapping[int, set[frozenset[str]]], rows: Sequence[Row], wanted: Sequence[Word]
) -> dict[int, set[frozenset[str]]]:
    """The columns with the cells that are meant; of two with the same cell that in which it is written as asked."""
    texts = {word.text.casefold() for word in wanted}
    kept = {}
    for column, cells in meant.items():
        shared = {cell for cell in cells if any(cell in others for each, others in meant.items() if each != column)}
        literal = {
            cell_stems(text)
            for text in (row.texts.get(column, "") for row in rows)
            if shared and {word.text.casefold() for word in read_words(text)} <= texts
        }
        if left := (cells - shared) | (shared & literal):
            kept[column] = left
    return kept


def column_stems(table: Table) -> frozenset[str]:
    """The stems of all columns' names."""
    return frozenset().union(*(name_stems(table, each) for each in table.names))


def known_stems(table: Table) -> frozenset[str]:
    """The words that name a column or stand above the table, and what these measure, of a column of money a price."""
    named = column_stems(table) | {"price" for name in table.names.values() if _MONEY.search(name)}
    return table.about | named | frozenset().union(*map(_meanings, table.names.values()))


def _meanings(name: str) -> set[str]:
    """The stems of a column's name, of those that measure something what that is, and what its unit measures."""
    named = {SAME.get(word.stem, word.stem) for word in read_words(name)}
    units = {} if _MONEY.search(name) else _UNITS  # "Rent, 48 months (£)" is no duration
    return named | {measure for measure, unit in units.items() if unit.search(name)}


def explains(known: Collection[str], word: str) -> bool:
    return word in known or SAME.get(word, word) in known or any(same_root(word, each) for each in known)


def naming(asked: Asked, table: Table, column: int | None) -> frozenset[str]:
    """The words of the question that a column's name says."""
    if column is None:
        return frozenset()
    name = _meanings(table.names[column])
    return frozenset(word.stem for word in asked.terms if explains(name, word.stem))


def named_columns(asked: Asked, table: Table) -> list[int]:
    """The columns that the question names."""
    return [each for each in sorted(table.names) if naming(asked, table, each)]


def find_column(asked: Asked, table: Table, *, but: Collection[int] = ()) -> tuple[int | None, float, bool]:
    """The column that is asked for, how much speaks for it, and whether the question does not name it.

    Of columns that fit equally and differ in their years it is that of the latest; the highest or lowest of several
    prices is of that, else of the first.
    """
    is_extreme = asked.operation in ("most", "least")
    has_days = is_extreme and not LAST.isdisjoint(asked.signs)
    able = [
        each
        for each in sorted(set(table.names) - set(but))
        if (asked.operation == "cell" and not (asked.price and each == min(table.names)))
        or (asked.operation != "cell" and is_measured(sample(table, each), days=has_days))
    ]
    wanted = {word.stem for word in asked.terms} | {each for each in asked.signs if each in SAME}
    scores = {each: _says(table.names[each], wanted, asked.head) for each in able}
    priced = [each for each in able if any(map(_MONEY.search, (table.names[each], *sample(table, each)[:1])))]
    best = max(scores.values(), default=0.0)
    if best > 0:
        tied = [each for each in able if scores[each] == best]
        said = wanted & name_stems(table, tied[0])
        is_year = bool(said) and all(map(str.isdigit, said)) and not is_priced(asked)
        if set(tied) <= set(priced) and {SAME[each] for each in asked.signs if each in SAME} - {"price"}:
            return None, 0.0, False  # what is shortest or latest is no price
        if len(tied) == 1:
            return tied[0], best, is_year
        is_same = len({_YEAR.sub("", table.names[each]) for each in tied}) == 1  # but for the year
        may_choose = is_same or (is_extreme and set(tied) <= set(priced))
        return (_latest(tied, table), best, True) if may_choose else (None, 0.0, False)
    is_amount = asked.price if asked.operation == "cell" else asked.how_much and asked.operation in ("sum", "average")
    if not (is_priced(asked) and is_extreme) and not is_amount:
        return None, 0.0, False
    return (priced[0], 0.0, True) if len(priced) == 1 else (None, 0.0, False)


def is_priced(asked: Asked) -> bool:
    """Whether a price is asked for, in any of its words."""
    return any(SAME.get(each) == "price" for each in (*asked.signs, *(word.stem for word in asked.terms)))


def _latest(columns: Sequence[int], table: Table) -> int:
    """The column with the latest year in its name, else the first."""
    years = {each: max(filter(str.isdigit, name_stems(table, each)), default="") for each in columns}
    return max(columns, key=lambda each: (years[each], -each))


def named_cell(question: str, passage: Passage, quote: Span) -> Span | None:
    """The cell of a quoted row, or the value of a quoted record of keys, that a question names by its column or key.

    None where it names none, or says what stands there; or several columns, none of them after "how many".
    """
    asked = ask(question)
    rows = [(table, row) for table in find_tables([passage]) for row in table.rows if row.unit.start == quote.start]
    named = [_named_place(asked, table, row) for table, row in rows]
    best = max(named, key=lambda each: each[0], default=(0.0, None))
    if best[1] and asked.when and not _TIME.search(passage.cut(best[1])):
        return None
    return best[1] if best[0] > 0 and [score for score, _ in named].count(best[0]) == 1 else None


def _named_place(asked: Asked, table: Table, row: Row) -> tuple[float, Span | None]:
    """How much of the question names a column of a row, or its key, and where the value of that stands."""
    column: int | None
    if row.unit.kind == "pair":
        column, score = 1, _says(row.texts.get(0, ""), {word.stem for word in asked.terms}, asked.head)
    else:
        told = told_columns(asked, row)
        is_one = asked.operation == "count" or asked.price or len(set(named_columns(asked, table)) - {*told}) == 1
        column, score, guessed = find_column(asked, table, but=told) if is_one else (None, 0.0, False)
        score = ROOT if guessed else score
    return (0.0, None) if column is None or column not in row.spans else (score, row.spans[column])


def empty_cell(question: str, passage: Passage, quote: Span) -> str:
    """The words of the question that name the column in which a quoted row has nothing; "" where it names another."""
    asked = ask(question)
    for table in find_tables([passage]) if asked.operation in ("cell", "count") else ():
        for row in (each for each in table.rows if each.unit.kind == "row" and each.unit.start == quote.start):
            column, _, guessed = find_column(asked, table, but=told_columns(asked, row))
            if column is not None and not guessed and not with_values([row], column):
                words = [each for each in asked.terms if each.stem in naming(asked, table, column) - FRAME]
                return question[words[0].start : words[-1].start + len(words[-1].text)] if words else ""
    return ""


def told_columns(asked: Asked, row: Row) -> list[int]:
    """The columns of which the question says what stands in the row."""
    said = {word.stem for word in asked.terms} | STOP_WORDS
    return [each for each, text in row.texts.items() if (stems := cell_stems(text)) and stems <= said]


def _says(name: str, wanted: Collection[str], head: str | None) -> float:
    """How much of what is wanted a column's name says; of two that say as much the shorter one says more."""
    named = _meanings(name) - STOP_WORDS
    same = {SAME.get(word, word) for word in wanted}
    score = sum(0.5 if word in FRAME else 1.0 for word in same & named)
    score += sum(ROOT for word in same - named if any(same_root(word, each) for each in named))
    if head is not None and score and explains(named, head):
        score += HEAD
    return score + score / (100 * (1 + len(named)))


def sample(table: Table, column: int) -> list[str]:
    return [row.texts[column] for row in with_values(table.rows, column)[:SAMPLE] if not row.is_total]


def is_measured(texts: Sequence[str], *, days: bool = True) -> bool:
    """Whether most of these cells are amounts, or days if these count too, each by itself."""
    return 2 * sum(bool(read_amounts([each]) or (days and read_days([each]))) for each in texts) > len(texts)


def with_values(rows: Sequence[Row], column: int | None) -> tuple[Row, ...]:
    """The rows that have a value in a column, all of them where no column is meant."""
    return tuple(row for row in rows if column is None or row.texts.get(column, "-") not in ("-", "–", "—"))
