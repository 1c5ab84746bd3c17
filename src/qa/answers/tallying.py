"""A question × a table → which rows and which column it means, and what these amount to.

Exact, and unsure rather than wrong: a word of the question that the table does not explain is told, and a sum is of a
whole table or of none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from qa.answers.amounts import read_amounts, read_days
from qa.answers.computing import RELATIONS, Result, compute, meets
from qa.answers.inquiry import FRAME, SAME, Asked, Limit
from qa.answers.ledger import Row, Table, Word, cell_stems, read_words
from qa.words import STOP_WORDS, same_root

SAMPLE = 8  # rows by which it is seen whether a column has amounts
HEAD = 1.5  # what it is worth that the word asked for names a column, next to 1 for any other word
ROOT = 0.8  # of a word of the same root

_MONEY = re.compile(r"[$€£¥₹]|\b(?:EUR|USD|GBP|CHF|price|cost|fee|amount)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Rows that meet the conditions, the words that are these, and those that are found nowhere."""

    rows: tuple[Row, ...]
    words: tuple[Word, ...] = ()
    unexplained: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a table says to a question: the rows that were used, those that answer, and the result over them.

    `column` has the values, `limited` those that are compared with a limit, `item` the names of the rows. `guessed`
    says that the question does not name the column. Without a result the winners alone say it.
    """

    table: Table
    picked: Picked
    column: int | None
    score: float = 0.0
    guessed: bool = False
    winners: tuple[Row, ...] = ()
    item: int | None = None
    limited: int | None = None
    limit: Limit | None = None
    result: Result | None = None
    skipped: int = 0
    unread: str = ""

    @property
    def is_part(self) -> bool:
        """Whether several rows are meant, all of which are known only when the table is read whole."""
        return not self.winners and self.result is None


def tally(asked: Asked, table: Table) -> Tally | None:
    """What the table says to what is asked; None where that is not clear, or nothing."""
    if asked.is_open:
        return None
    if (asked.operation == "cell" and not asked.limit) or not table.names:
        return cell(asked, table)
    column, score, guessed = find_column(asked, table)
    if asked.operation == "count" and column is not None and not asked.limit:
        return cell(asked, table)
    if (
        not table.whole
        or (column is None and asked.operation not in ("count", "cell"))
        or _splits(asked, table, column)
    ):
        return None
    bound = _bound(asked, table, column)
    body = [row for row in table.rows if not row.is_total]
    picked = pick([word for word in asked.terms if word.stem not in bound], table, body, but=column)
    if picked is None:
        return None
    meant = Tally(table=table, picked=picked, column=column, score=score, guessed=guessed)
    found = limited(meant, asked.limit, [column, *_named(asked, table)]) if asked.limit else meant
    if found is None or not found.picked.rows:
        return None
    return _reckon(replace(found, item=_item(asked, table, column)), asked)


def is_near(asked: Asked, table: Table) -> bool:
    """Whether it is worth it to read the whole table: whether what is asked for may be one of its columns or rows."""
    if asked.is_open:
        return False
    if asked.limit or asked.operation == "count":
        return any(_explains(_known(table), word.stem) for word in asked.terms)
    return find_column(asked, table)[0] is not None


def _reckon(found: Tally, asked: Asked) -> Tally | None:
    """The result over the rows that are meant, the cell where it is one, or the rows where a value cannot be read."""
    rows, column, operation = found.picked.rows, found.column, asked.operation
    if operation in ("count", "cell"):
        if operation == "count" and _repeats(rows, asked, found.table):
            return None
        result = compute("count", ["" for _ in rows])
        return replace(found, result=result, winners=rows if operation == "cell" else (), column=None)
    totals = [row for row in found.table.rows if row.is_total and column in row.texts]
    if operation == "sum" and not found.picked.words and not asked.limit and len(totals) == 1:
        return replace(found, winners=(totals[0],), item=None)
    if len(rows) == 1 and operation in ("sum", "average"):
        return replace(found, winners=rows, item=None)
    filled = with_values(rows, column)
    if len(filled) < 2 or (operation == "difference" and len(filled) != 2):
        return None
    texts = [row.texts[column or 0] for row in filled]
    result = compute(operation, texts)
    if result is None:
        odd = next((f"“{each}” is no amount" for each in texts if not is_measured([each])), "its units differ")
        return replace(found, winners=rows, item=None, unread=odd)
    winners = tuple(filled[place] for place in result.winners)
    picked = replace(found.picked, rows=filled)
    return replace(found, picked=picked, winners=winners, result=result, skipped=len(rows) - len(filled))


def _splits(asked: Asked, table: Table, column: int | None) -> bool:
    """Whether a result is asked for each value of a column ("per region"), not one over all rows."""
    others = {word.stem for each, name in table.names.items() if each != column for word in read_words(name)}
    return asked.operation != "cell" and not asked.groups.isdisjoint(others)


def _repeats(rows: Sequence[Row], asked: Asked, table: Table) -> bool:
    """Whether what is to be counted stands in a column in which rows have the same: they are more than it is."""
    counted = [each for each, name in table.names.items() if asked.head in {word.stem for word in read_words(name)}]
    values = [[row.texts.get(each) for row in rows] for each in counted[:1]]
    return any(len(set(each)) < len(each) for each in values)


def with_values(rows: Sequence[Row], column: int | None) -> tuple[Row, ...]:
    """The rows that have a value in a column, all of them where no column is meant."""
    return tuple(row for row in rows if column is None or row.texts.get(column, "-") not in ("-", "–", "—"))


def limited(found: Tally, limit: Limit, columns: Sequence[int | None]) -> Tally | None:
    """The rows whose value is over, under, before or after what is asked; None where no one column can be compared.

    The columns given come first, then any other.
    """
    rows = found.picked.rows
    able = {}
    for column in found.table.names:
        filled = with_values(rows, column)
        if filled and any(
            held := meets([row.texts[column] for row in filled], RELATIONS[limit.relation], limit.value) or ()
        ):
            able[column] = tuple(row for row, kept in zip(filled, held, strict=True) if kept)
    named = [column for column in columns if column in able] or (list(able) if len(able) == 1 else [])
    if not named or named[0] is None:
        return None
    return replace(found, picked=replace(found.picked, rows=able[named[0]]), limited=named[0], limit=limit)


def pick(wanted: Sequence[Word], table: Table, rows: Sequence[Row], *, but: int | None) -> Picked | None:
    """The rows that the words mean, outside of one column; None where a number may be meant in several columns.

    A cell all of whose words are asked for is meant, and of several in one column each. Of the other words those that
    name no column and stand not above the table must stand in the row.
    """
    stems = [word.stem for word in wanted]
    meant = {column: cells for column in table.names if column != but and (cells := _meant(rows, column, stems))}
    taken = frozenset().union(*(cell for cells in meant.values() for cell in cells))
    kept = [row for row in rows if all(cell_stems(row.texts.get(each, "")) in meant[each] for each in meant)]
    known = _known(table)
    unexplained, used = [], [word for word in wanted if word.stem in taken]
    for word in wanted:
        if word.stem in taken or word.stem in FRAME or _explains(known, word.stem):
            continue
        places = {
            each for row in rows for each in row.texts if each != but and word.stem in cell_stems(row.texts[each])
        }
        if not places:
            unexplained.append(word)
            continue
        if word.stem.isdigit() and len(places) > 1:
            return None
        kept = [row for row in kept if any(word.stem in cell_stems(row.texts.get(each, "")) for each in places)]
        used.append(word)
    used.sort(key=lambda word: word.start)
    return Picked(rows=tuple(kept), words=tuple(used), unexplained=tuple(unexplained))


def every(asked: Asked, table: Table) -> Tally | None:
    """All rows of a table that the question means, with their number; None where no condition chooses among them."""
    body = [row for row in table.rows if not row.is_total]
    picked = pick(asked.terms, table, body, but=None)
    if not picked or not picked.rows or not picked.words or picked.unexplained:
        return None
    result = compute("count", ["" for _ in picked.rows])
    return Tally(table=table, picked=picked, column=None, winners=picked.rows, result=result)


def _meant(rows: Sequence[Row], column: int, stems: Collection[str]) -> set[frozenset[str]]:
    """The cells of a column all of whose words are asked for, of one in another the longer; numbers only as years."""
    cells = {cell_stems(row.texts.get(column, "")) for row in rows}
    whole = {cell for cell in cells if cell and cell <= set(stems)}
    telling = {cell for cell in whole if any(len(word) > 3 or not word.isdigit() for word in cell)}
    return {cell for cell in telling if not any(cell < other for other in telling)}


def _known(table: Table) -> frozenset[str]:
    """The words that name a column or stand above the table, and what these measure."""
    named = {word.stem for name in table.names.values() for word in read_words(name)}
    return table.about | named | {SAME.get(word, word) for word in named}


def _explains(known: Collection[str], word: str) -> bool:
    return word in known or SAME.get(word, word) in known or any(same_root(word, each) for each in known)


def _bound(asked: Asked, table: Table, column: int | None) -> frozenset[str]:
    """The words of the question that a column's name says."""
    if column is None:
        return frozenset()
    name = {SAME.get(word.stem, word.stem) for word in read_words(table.names[column])}
    return frozenset(word.stem for word in asked.terms if _explains(name, word.stem))


def _named(asked: Asked, table: Table) -> list[int]:
    """The columns that the question names."""
    return [each for each in sorted(table.names) if _bound(asked, table, each)]


def find_column(asked: Asked, table: Table) -> tuple[int | None, float, bool]:
    """The column that is asked for, how much speaks for it, and whether the question does not name it."""
    has_days = asked.operation in ("most", "least")
    able = [
        each
        for each in sorted(table.names)
        if asked.operation == "cell" or is_measured(_values(table, each), days=has_days)
    ]
    wanted = {word.stem for word in asked.terms} | {each for each in asked.signs if each in SAME}
    scores = {each: _says(table.names[each], wanted, asked.head) for each in able}
    best = sorted(scores, key=lambda each: -scores[each])
    if best and scores[best[0]] > 0:
        is_tie = len(best) > 1 and scores[best[1]] == scores[best[0]]
        return (None, 0.0, False) if is_tie else (best[0], scores[best[0]], False)
    if not asked.how_much or asked.operation not in ("sum", "average"):
        return None, 0.0, False
    priced = [each for each in able if any(map(_MONEY.search, (table.names[each], *_values(table, each)[:1])))]
    return (priced[0], 0.0, True) if len(priced) == 1 else (None, 0.0, False)


def _says(name: str, wanted: Collection[str], head: str | None) -> float:
    """How much of what is wanted a column's name says; of two that say as much the shorter one says more."""
    named = {SAME.get(word.stem, word.stem) for word in read_words(name) if word.text.casefold() not in STOP_WORDS}
    same = {SAME.get(word, word) for word in wanted}
    score = sum(0.5 if word in FRAME else 1.0 for word in same & named)
    score += sum(ROOT for word in same - named if any(same_root(word, each) for each in named))
    if head is not None and score and _explains(named, head):
        score += HEAD
    return score + score / (100 * (1 + len(named)))


def _values(table: Table, column: int) -> list[str]:
    return [row.texts[column] for row in with_values(table.rows, column)[:SAMPLE] if not row.is_total]


def is_measured(texts: Sequence[str], *, days: bool = True) -> bool:
    """Whether most of these cells are amounts, or days if these count too, each by itself."""
    return 2 * sum(bool(read_amounts([each]) or (days and read_days([each]))) for each in texts) > len(texts)


def _item(asked: Asked, table: Table, column: int | None) -> int | None:
    """The column that names what is asked for: the one that the question names, else the first that is no code."""
    if not asked.wants_item and (column is not None and asked.head is not None and column in _named(asked, table)):
        return (
            None
            if asked.head in {word.stem for word in read_words(table.names[column])}
            else _first(asked, table, column)
        )
    return _first(asked, table, column)


def _first(asked: Asked, table: Table, column: int | None) -> int | None:
    others = [each for each in sorted(table.names) if each != column and not is_measured(_values(table, each))]
    named = [each for each in _named(asked, table) if each in others]
    codes = [
        each for each in others if all(any(map(str.isdigit, text)) and " " not in text for text in _values(table, each))
    ]
    return next(iter([*named, *(each for each in others if each not in codes), *others]), None)


def cell(asked: Asked, table: Table) -> Tally | None:
    """The row in which most of the question stands, all of which the table must explain, and the cell asked for."""
    column, score, _ = find_column(asked, table)
    known, bound = _known(table), _bound(asked, table, column)
    stems = [word.stem for word in asked.terms if word.stem not in bound and word.stem not in FRAME]
    best: list[tuple[tuple[int, ...], Row, frozenset[str]]] = []
    for row in table.rows:
        key = cell_stems(row.texts.get(min(row.texts, default=0), ""))
        held = row.holds(stems, but=1 if row.unit.kind == "pair" else column)
        held |= {each for each in stems if each in SAME and SAME[each] in key}
        if held and all(each in held or _explains(known, each) for each in stems):
            first = held & key
            best.append(((len(held), len(first), -len(key - held) if first else -len(known)), row, held))
    best.sort(key=lambda each: each[0], reverse=True)
    alike = tuple(row for key, row, _ in best if key[0] == best[0][0][0]) if best else ()
    if not best or (len(best) > 1 and best[1][0] == best[0][0] and not asked.wants_item):
        return None
    _, row, held = best[0]
    if len(alike) > 1 and asked.wants_item:
        return every(asked, table) if table.whole else Tally(table=table, picked=Picked(rows=alike), column=None)
    if column is None and len(row.texts) == 2:
        column = next((each for each in sorted(row.texts) if not held & cell_stems(row.texts[each])), None)
    words = tuple(word for word in asked.terms if word.stem in held)
    return Tally(table=table, picked=Picked(rows=(row,), words=words), column=column, score=score, winners=(row,))
