"""A question × a table → which rows and which column it means, and what these amount to.

Exact, and unsure rather than wrong: a word of the question that the table does not explain is told, and a sum is of a
whole table or of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.answers.tables.amounts import read_amounts, unit_of
from qa.answers.tables.computing import RELATIONS, Result, compute, meets
from qa.answers.tables.inquiry import FRAME, SAME, Asked, Limit
from qa.answers.tables.ledger import Row, Table, cell_stems
from qa.answers.tables.picking import (
    Picked,
    explains,
    find_column,
    in_range,
    is_measured,
    known_stems,
    name_stems,
    named_columns,
    naming,
    pick,
    sample,
    told_columns,
    with_values,
)


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
    if asked.operation == "count" and not asked.limit and (column is not None or _is_unit(asked.head, table)):
        return cell(asked, table)
    is_wanting = column is None and asked.operation not in ("count", "cell")
    if not table.whole or is_wanting or _splits(asked, table, column):
        return None
    bound = naming(asked, table, column) | {each for each, measured in SAME.items() if guessed and measured == "price"}
    picked = pick([word for word in asked.terms if word.stem not in bound], table, but=column)
    if picked is None:
        return None
    meant = Tally(table=table, picked=picked, column=column, score=score, guessed=guessed)
    found = limited(meant, asked.limit, [column, *named_columns(asked, table)]) if asked.limit else meant
    if found is None or not found.picked.rows:
        return None
    return _reckon(replace(found, item=_item(asked, table, column)), asked)


def _is_unit(head: str | None, table: Table) -> bool:
    """Whether what "how many" asks for is what the amounts of a column count: weeks, of "4 weeks" and "6 weeks"."""
    columns = (read_amounts(sample(table, each)) for each in table.names)
    return any(head in unit_of(each) for amounts in columns for each in (amounts or ())[:1])


def is_near(asked: Asked, table: Table) -> bool:
    """Whether it is worth it to read the whole table: whether what is asked for may be one of its columns or rows."""
    if asked.is_open:
        return False
    if asked.limit or asked.operation == "count":
        return any(explains(known_stems(table), word.stem) for word in asked.terms)
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
    """Whether a result is asked for each value of a column ("per region"), not one over all rows.

    An average over rows each of which has its own value there is one for each of them.
    """
    others = [each for each in table.names if each != column and not asked.groups.isdisjoint(name_stems(table, each))]
    is_each = asked.operation == "average" and not any(_has_twice(each, table) for each in others)
    return asked.operation != "cell" and bool(others) and not is_each


def _repeats(rows: Sequence[Row], asked: Asked, table: Table) -> bool:
    """Whether what is to be counted stands in a column in which rows have the same: they are more than it is."""
    counted = [each for each in table.names if asked.head in name_stems(table, each)]
    values = [[row.texts.get(each) for row in rows] for each in counted[:1]]
    return any(len(set(each)) < len(each) for each in values)


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


def every(asked: Asked, table: Table) -> Tally | None:
    """All rows of a table that the question means, with their number; None where no condition chooses among them."""
    picked = pick(asked.terms, table, but=None, several=False)
    if not picked or not picked.rows or not picked.words or picked.unexplained:
        return None
    result = compute("count", ["" for _ in picked.rows])
    return Tally(table=table, picked=picked, column=None, winners=picked.rows, result=result)


def _item(asked: Asked, table: Table, column: int | None) -> int | None:
    """The column that names what is asked for: one that the question names, else the first that is no code.

    None where the value itself is asked for, as in "What is the highest price?".
    """
    if not asked.wants_item and column is not None and asked.head in name_stems(table, column):
        return None
    others = [each for each in sorted(table.names) if each != column and not is_measured(sample(table, each))]
    named = [each for each in named_columns(asked, table) if each in others]
    worded = [each for each in others if not all(map(_is_code, sample(table, each)))]
    telling = [each for each in worded if not _has_twice(each, table)]
    return next(iter([*named, *telling, *worded, *others]), None)


def _has_twice(column: int, table: Table) -> bool:
    """Whether rows have the same in a column, so that it does not tell them apart."""
    values = [row.texts[column] for row in with_values(table.body, column)]
    return len(set(values)) < len(values)


def _is_code(text: str) -> bool:
    return " " not in text and (text.isupper() or any(map(str.isdigit, text)))


def cell(asked: Asked, table: Table) -> Tally | None:
    """The row in which most of the question stands, all of which the table must explain, and the cell asked for.

    Of rows that have as much of it that is meant which has a cell of just these words; else all of them are. For
    "which" and "list" all rows that meet the conditions are, where no column is asked for.
    """
    column, score, _ = find_column(asked, table)
    known, bound = known_stems(table), naming(asked, table, column)
    stems = frozenset(word.stem for word in asked.terms if word.stem not in bound and word.stem not in FRAME)
    fitting, within = in_range(asked.terms, table, but=column)
    meant = stems & {word.stem for word in within}  # "3 kg", which a row says as "2 to 5 kg"
    able = fitting if within else table.rows
    held = {row: meant | _held(row, stems, but=1 if row.unit.kind == "pair" else column) for row in able}
    if column is not None and not any(held.values()):  # "part 4460": the row is named by its cell of that column
        column, held = None, {row: meant | _held(row, stems, but=None) for row in able}
    rows = [row for row in able if held[row] and all(each in held[row] or explains(known, each) for each in stems)]
    if not rows:
        return None
    most = max(len(held[row]) for row in rows)
    alike = tuple(row for row in rows if len(held[row]) == most)
    if asked.wants_item and (len(alike) > 1 or column is None) and table.names:
        return every(asked, table) if table.whole else Tally(table=table, picked=Picked(rows=alike), column=None)
    exact = [row for row in alike if any(cell_stems(text) == held[row] - meant for text in row.texts.values())]
    first = [row for row in exact if cell_stems(row.texts.get(min(row.texts), "")) == held[row] - meant]
    winners = next((tuple(each) for each in (first, exact) if len(each) == 1), alike)
    if column is None and len(winners) == 1:
        column, score, _ = find_column(asked, table, but=told_columns(asked, winners[0]))
        if column is None:
            column = _told(winners[0], held[winners[0]], asked=asked, table=table)
    words = tuple(word for word in asked.terms if word.stem in held[winners[0]])
    picked = Picked(rows=winners, words=words)
    return Tally(table=table, picked=picked, column=column, score=score, winners=winners)


def _told(row: Row, held: frozenset[str], *, asked: Asked, table: Table) -> int | None:
    """The first cell that says what the question does not: of two, or in words where it asks what the row is."""
    said = held | {SAME.get(each, each) for each in held}
    key = {each for each in row.texts if said & cell_stems(row.texts[each])}
    rest = [each for each in sorted(row.texts) if each not in key]
    is_thing = any(asked.thing in name_stems(table, each) | cell_stems(row.texts[each]) for each in key)
    if is_thing and len(row.texts) > 2:
        worded = [each for each in rest if not _is_code(row.texts[each])]
        rest = sorted(worded, key=lambda each: " " not in row.texts[each])  # a lamp that is "red" says less
    return rest[0] if rest and (is_thing or len(row.texts) == 2) else None


def _held(row: Row, stems: frozenset[str], *, but: int | None) -> frozenset[str]:
    """Those of the stems that stand in a row outside of one column, or measure what its first cell names."""
    key = cell_stems(row.texts.get(0, ""))
    return row.holds(stems, but=but) | frozenset(each for each in stems if SAME.get(each) in key)
