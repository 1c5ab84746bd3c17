"""Findings → an answer out of a table: the cell that is asked for, or what its rows amount to, each of them cited.

Also the other way: whether such a statement still is what the rows say. No language model, and no guess: where a table
does not explain the question, nothing is said here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from qa.answers.reading import header_above, reading_form
from qa.answers.short import asks_how_to, highlight
from qa.answers.tables.computing import LABELS, STATEMENT, compute, value_in
from qa.answers.tables.inquiry import FRAME, Asked, Limit, ask
from qa.answers.tables.ledger import Row, Table, cell_stems, find_tables, read_words, whole
from qa.answers.tables.picking import Picked, column_stems, in_range, is_priced, pick, with_values
from qa.answers.tables.tallying import Tally, is_near, limited, tally
from qa.search.identifiers import identifiers
from qa.types import Answer, Citation, Findings, Passage, Sentence, Short, Span

TABLES = 4  # of those found that are looked at whole
QUOTED = 8  # rows that are quoted where several answer, and citations that are marked in the text
QUOTE_CHARS = 20_000  # that one citation of rows side by side may have before another begins
FEWEST_WORDS = 2  # of a question that mean something, below the level of confidence
_COMPUTED = re.compile(r"computed from (\d+) rows?")


def answer(findings: Findings, *, refused: Answer) -> Answer | None:
    """The answer that a table among the hits gives; None where none does.

    Where the confidence is under the level, every word of the question must be found in the table.
    """
    asked = ask(findings.query)
    tables = find_tables(hit.passage for hit in findings.hits)
    tallies = list(_tallies(asked, tables, findings)) if asked.terms else []
    if not tallies:
        return None
    best = _checked(max(tallies, key=lambda each: (*_worth(each), -tallies.index(each))), asked, findings)
    if best is None or not _is_sure(best, asked, findings):
        return None
    if best.column is not None and not best.result and not with_values(best.winners, best.column):
        return None  # the row that is meant has nothing there
    others = [each for each in tallies if each.table.document != best.table.document]
    best = _with_alike(best, tallies)
    return _Writing().answer(best, others=others, refused=refused)


def _tallies(asked: Asked, tables: Sequence[Table], findings: Findings) -> Iterator[Tally]:
    """What the tables say, of which those are read whole whose columns and headings have most of the question."""
    if asked.operation != "cell" or asked.limit:
        stems = {word.stem for word in asked.terms}
        named = [table for table in tables if table.names and is_near(asked, table)]
        closest = sorted(named, key=lambda table: -len(stems & _stems(table)))[:TABLES]
        tables = [read for table in closest if (read := whole(table, findings.beside))]
    return filter(None, (tally(asked, table) for table in tables))


def _checked(found: Tally, asked: Asked, findings: Findings) -> Tally | None:
    """What the whole table says where a part of it was asked: another row may be meant as well, or be the one."""
    if found.table.whole or not found.table.names:
        return found
    read = whole(found.table, findings.beside)
    return tally(asked, read) if read else None if found.is_part else found


def _with_alike(best: Tally, tallies: Sequence[Tally]) -> Tally:
    """What was found in keys with values, with what answers as well under other keys of the document."""
    if best.table.names:
        return best
    alike = [each for each in tallies if each.table.document == best.table.document and _worth(each) == _worth(best)]
    winners = dict.fromkeys(row for each in alike for row in each.winners)
    return replace(best, winners=tuple(winners)) if best.winners else best


def _stems(table: Table) -> frozenset[str]:
    return table.about | column_stems(table)


def _worth(found: Tally) -> tuple[float, ...]:
    return -len(found.picked.unexplained), not found.guessed, len(found.picked.words), found.score


def _is_sure(found: Tally, asked: Asked, findings: Findings) -> bool:
    """Whether the table explains the question well enough, the less so the surer the search is.

    A word that it does not explain may be a condition, which nothing but the choice of the highest or lowest outlives:
    that shows with which rows it was compared.
    """
    unexplained = found.picked.unexplained
    if found.result and found.result.winners and findings.answerable and not found.guessed:
        return all(word.text.isalpha() and word.text.islower() for word in unexplained) and len(unexplained) <= 1
    if asked.operation == "count" and not (found.picked.words or asked.limit or _is_found(found, findings)):
        return False
    if found.guessed and not findings.answerable and not is_priced(asked):
        return False
    if unexplained or (asks_how_to(findings.query) and not _is_named(found, asked)):
        return False
    meaning = [word for word in asked.terms if word.stem not in FRAME or word.stem in _stems(found.table)]
    is_enough = findings.answerable or len(meaning) >= FEWEST_WORDS - (asked.operation != "cell")
    return is_enough and (found.result is not None or found.column is not None or _is_one(found, asked, findings.query))


def _is_found(found: Tally, findings: Findings) -> bool:
    """Whether what answers best is a row of the table: how many there are may also be said in a sentence."""
    best = max(findings.answering, key=lambda hit: hit.sentence_scores[hit.best])
    quote = best.quotes[best.best]
    return any(quote and (row.passage.id, row.unit.start) == (best.passage.id, quote.start) for row in found.table.rows)


def _is_named(found: Tally, asked: Asked) -> bool:
    """Whether the question has all words of a cell of the row, as one that asks what to do with its matter has."""
    said = {word.stem for word in asked.terms}
    return any((stems := cell_stems(text)) and stems <= said for row in found.winners for text in row.texts.values())


def _is_one(found: Tally, asked: Asked, question: str) -> bool:
    """Whether the question names one row by its code ("A11") or range, so that it is meant whichever cell of it is."""
    codes = {each.casefold() for each in identifiers(question)}
    is_coded = any(text.casefold() in codes for row in found.winners for text in row.texts.values())
    return len(found.winners) == 1 and (is_coded or bool(in_range(asked.terms, found.table, but=None)[1]))


@dataclass(slots=True)
class _Writing:
    """An answer being put together, its citations numbered in the order in which they are first made."""

    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)

    def answer(self, found: Tally, *, others: Sequence[Tally], refused: Answer) -> Answer:
        """The rows that answer, then what was computed of all rows that were used."""
        sentences: list[Sentence] = []
        short: Short | None = None
        column = found.column if found.item is None else found.item
        is_one = len({row.texts.get(-1 if column is None else column) for row in found.winners}) == 1
        for row in found.winners[:QUOTED]:
            sentence, said = self._row(row, column=column)
            short = short or (said if is_one else None)
            sentences.append(replace(sentence, best=not sentences))
        if found.result:
            numbers, count = self._cite(found.picked.rows), len(found.picked.rows)
            reason = f"computed from {count} row{'s' * (count != 1)}"
            computed = Sentence(text=state(found), citations=numbers, support="supported", reason=reason)
            sentences.append(replace(computed, best=not sentences))
            short = short if found.winners else Short(text=value_in(found.result.text))
        return replace(
            refused,
            text="\n\n".join(f"{each.text} {_marks(each.citations)}" for each in sentences),
            abstained=False,
            short=short,
            sentences=tuple(sentences),
            citations=tuple(self.citations.values()),
            nearest=(),
            notes=(*refused.notes, *_notes(found, others)),
        )

    def _row(self, row: Row, *, column: int | None) -> tuple[Sentence, Short | None]:
        """A row as it is read, with the cell that answers."""
        numbers = self._cite([row])
        text, quote = reading_form(row.passage, row.unit), row.passage.cut(row.unit)
        span = row.spans.get(-1 if column is None else column)
        if span is None:
            return Sentence(text=text, citations=numbers, support="supported"), None
        inside = Span(start=span.start - row.unit.start, end=span.end - row.unit.start)
        short = Short(text=row.passage.cut(span), citation=numbers[0], start=inside.start, end=inside.end)
        place = highlight(text, quote, inside)
        return Sentence(text=text, citations=numbers, support="supported", highlight=place), short if place else None

    def _cite(self, rows: Sequence[Row]) -> tuple[int, ...]:
        """The numbers of the citations of these rows, of those side by side as one, and of their header."""
        cited: list[Citation] = []
        before: Passage | None = None
        for row in rows:
            between = _between(before, cited[-1].end, row) if before else None
            quote = row.passage.cut(row.unit)
            if between is not None and len(cited[-1].quote) < QUOTE_CHARS:
                cited[-1] = replace(cited[-1], end=row.unit.end, quote=cited[-1].quote + between + quote)
            else:
                cited.append(row.passage.cite(row.unit))
            before = row.passage
        cited += [row.passage.cite(header) for row in rows[:1] if (header := header_above(row.passage, row.unit))]
        numbers = []
        for each in cited:
            numbered = replace(each, number=len(self.citations) + 1)
            numbers.append(self.citations.setdefault((each.document, each.start, each.end), numbered).number or 0)
        return tuple(dict.fromkeys(numbers))


def _between(before: Passage, end: int, row: Row) -> str | None:
    """The blank characters from a place in a passage up to a row of the same or the next one; None where more stands
    between."""
    after = row.passage
    if after.id == before.id:
        text = before.cut(Span(start=end, end=row.unit.start)) if end <= row.unit.start else "-"
    elif (after.document, after.version, after.start) == (before.document, before.version, before.end):
        text = before.cut(Span(start=end, end=before.end)) + after.cut(Span(start=after.start, end=row.unit.start))
    else:
        text = "-"
    return None if text.strip() else text


def _marks(numbers: Sequence[int]) -> str:
    """The marks of citations, of many the first ones and the last."""
    if len(numbers) <= QUOTED:
        return "".join(f"[{number}]" for number in numbers)
    return f"{_marks(numbers[: QUOTED - 1])} … [{numbers[-1]}]"


def state(found: Tally) -> str:
    """The sentence that says what was computed, of which column, for which words of the question and in which limit."""
    assert found.result
    names = found.table.names
    name = f" “{names[found.column]}”" if found.column is not None else ""
    condition = f" for “{' '.join(word.text for word in found.picked.words)}”" if found.picked.words else ""
    limit = ""
    if found.limit and found.limited is not None:
        limit = f" where “{names[found.limited]}” {found.limit.relation} {found.limit.value}"
    return f"{found.result.label}{name}{condition}{limit}: {found.result.text}"


def _notes(found: Tally, others: Sequence[Tally]) -> Iterator[str]:
    """What was taken for granted: the column, the table, words that the table does not have, rows without a value."""
    if found.guessed and found.column is not None:
        yield f"the column “{found.table.names[found.column]}” was taken, which the question does not name"
    if found.unread:
        yield f"nothing was computed of “{found.table.names[found.column or 0]}”: {found.unread}"
    for word in found.picked.unexplained:
        yield f"“{word.text}” stands nowhere in the table, so no rows were chosen by it"
    if found.skipped:
        yield f"{found.skipped} more row{'s have' if found.skipped > 1 else ' has'} no value there"
    if len(found.winners) > QUOTED:
        yield f"{len(found.winners) - QUOTED} more rows in {found.table.document}"
    if found.result and any(_worth(each)[:2] == _worth(found)[:2] for each in others):
        yield f"the table is that of {found.table.document}; {others[0].table.document} has one like it"


def recomputed(
    sentence: Sentence, cited: Sequence[Citation], passages: Callable[[str], Sequence[Passage]]
) -> str | None:
    """Why a statement is not what the rows that it cites amount to; None where it is, to the last character."""
    said, count = STATEMENT.fullmatch(sentence.text), _COMPUTED.fullmatch(sentence.reason or "")
    tables = find_tables(passages(cited[0].document)) if cited else []
    held = (each for each in tables if any(_covers(citation, row) for citation in cited for row in each.rows))
    table = next(held, None)
    if said is None or count is None or table is None:
        return "it is no computation that can be made again from what it cites"
    columns = {name: column for column, name in table.names.items()}
    column = columns.get(said["name"] or "")
    picked = pick(read_words(said["words"] or ""), table, but=column)
    found: Tally | None = Tally(table=table, picked=picked or Picked(rows=()), column=column)
    if found and said["relation"]:
        found = limited(found, Limit(relation=said["relation"], value=said["value"]), [columns.get(said["limited"])])
    rows = with_values(found.picked.rows, column) if found else ()
    if not found or len(rows) != int(count[1]) or not all(any(_covers(each, row) for each in cited) for row in rows):
        return f"the rows that it is about are {len(rows)}, and not those that it cites"
    result = compute(LABELS[said["label"]], [row.texts[column] if column is not None else "" for row in rows])
    text = state(replace(found, result=result)) if result else "nothing that can be computed"
    return None if text == sentence.text else f"the rows say: {text}"


def is_computed(sentence: Sentence) -> bool:
    """Whether a sentence claims to be computed from the rows that it cites."""
    return sentence.support == "supported" and bool(_COMPUTED.fullmatch(sentence.reason or ""))


def is_result(text: str, sentence: Sentence) -> bool:
    """Whether this is what a computed sentence comes to."""
    said = STATEMENT.fullmatch(sentence.text)
    return said is not None and value_in(said["result"]) == text


def _covers(citation: Citation, row: Row) -> bool:
    document = citation.document == row.passage.document
    return document and citation.start <= row.unit.start and row.unit.end <= citation.end
