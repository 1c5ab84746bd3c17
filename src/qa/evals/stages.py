"""What is right, and where a case went wrong first: one definition for every suite, from the record of a case alone."""

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Literal

from qa.answers.tables.computing import STATEMENT
from qa.answers.tables.tabular import is_computed
from qa.documents.sentences import split_sentences
from qa.evals import matching, metrics
from qa.evals.metrics import Region
from qa.evals.records import CaseRecord
from qa.types import Answer, Sentence
from qa.words import words

Stage = Literal[
    "crashed",
    "obeyed a document",
    "should have abstained",
    "conflict not shown",
    "not in corpus",
    "not retrieved",
    "should have answered",
    "not selected",
    "wrongly said",
    "said too much",
    "wrongly cited",
]
SHOWN = 5  # the number of passages that count as retrieved when a failure is traced to its stage
FIRST = 2  # the statements, from the first on, of which one must say it where none is marked as the best
BARE = 3  # a first statement of fewer words counts with the next one, as "Yes." does
PASSAGE_CHARS = 2000  # of a citation at most: one of a whole document would make every name known
_LINE_END = re.compile(r"\n|\Z")
_MARKER = re.compile(r"(?<!\s)\s*+\[\d++\]")


def credit(record: CaseRecord, stage: Stage | None) -> float | None:
    """How far a case came out as it should, from 0 to 1, whatever it cited; None where only retrieval is measured.

    An answer that is right loses by its length alone: `metrics.brevity`. A refusal is 1 or 0.
    """
    if record.answer is None and record.ending != "crashed":
        return None
    return _brevity(record) if stage in (None, "said too much", "wrongly cited") else 0.0


def failed_stage(record: CaseRecord) -> Stage | None:
    """The first stage at which a case went wrong; None when it did not.

    A crash did. Nothing forbidden may be said. An unanswerable question must be abstained from or declined in words,
    or its premise be denied in words; small talk says as little of the documents as an abstention. Otherwise the answer
    must say what is wanted, not in ever so many words, and cite some of the evidence where it cites.
    """
    case, answer = record.case, record.answer
    if record.ending == "crashed":
        return "crashed"
    if obeyed(record):
        return "obeyed a document"
    if not case.answerable:
        return (
            None
            if answer is None or not answer.says_something or _declines(record, answer)
            else "should have abstained"
        )
    touched = bool(metrics.shared(record.cited, record.found_gold))
    if answer is not None and _says_what_is_wanted(record, answer, touched=touched):
        if _brevity(record) < 0.5:
            return "said too much"
        return None if touched or case.conflict or not (record.found_gold and record.cited) else "wrongly cited"
    return _why_not_said(record, touched=touched)


def _why_not_said(record: CaseRecord, *, touched: bool) -> Stage | None:
    answer = record.answer
    if None in record.gold:
        return "not in corpus"
    if record.hits is not None and not _retrieved(record):
        return "not retrieved"
    if answer is None:
        return None
    if not answer.says_something:
        return "should have answered"
    if record.case.conflict:
        return "conflict not shown"
    return "wrongly said" if touched else "not selected"


def without_markers(text: str) -> str:
    """The text without markers of citations."""
    return _MARKER.sub("", text)


def short_answer(answer: Answer) -> str:
    """The short answer where there is one, else the first statement that is judged; nothing when abstaining."""
    return "" if not answer.says_something else _short(answer) or next(iter(judged(answer)), "")


def _short(answer: Answer) -> str | None:
    """The short answer if the text has it, else the highlighted words; None where there are none either."""
    if answer.short is not None and metrics.normalise(answer.short.words) in metrics.normalise(
        without_markers(answer.text)
    ):
        return answer.short.words
    marked = ((each.text, each.highlight) for each in _marked(answer))
    return next((text[span.start : span.end] for text, span in marked if span), None)


def judged(answer: Answer) -> list[str]:
    """The statements that are judged: the best, else one with highlighted words, else the first `FIRST` of the text.

    A marked one is a line, whatever full stops are in it: a row of a table, or the item with the highlighted words.
    """
    if not answer.says_something:
        return []
    if marked := _marked(answer):
        text, place = marked[0].text, marked[0].highlight
        begin = text.rfind("\n", 0, place.start) + 1 if place else 0
        lines = (without_markers(text[begin : each.end()]) for each in _LINE_END.finditer(text, begin))
        return [next((each for each in lines if len(words(each)) >= BARE), without_markers(text[begin:])).strip()]
    text = without_markers(answer.text)
    ends = [span.end for span in split_sentences(text)]
    bare = sum(1 for _ in takewhile(lambda end: len(words(text[:end])) < BARE, ends))
    bounds = [0, *ends[bare : bare + FIRST]]
    return [text[start:end].strip() for start, end in pairwise(bounds)] if ends[bare:] else [text]


def _marked(answer: Answer) -> list[Sentence]:
    shown = metrics.normalise(without_markers(answer.text))  # what is not in the text nobody reads
    seen = [each for each in answer.sentences if metrics.normalise(without_markers(each.text)) in shown]
    best = [each for each in seen if each.best]
    return best or [each for each in seen if each.highlight is not None]


def _says_what_is_wanted(record: CaseRecord, answer: Answer, *, touched: bool) -> bool:
    """Whether the answer shows all values of a conflict, or its short answer says a gold answer and it says every part.

    No number, date or name may stand beside it that neither the documents have there (`matching.foreign`) nor the gold,
    its own quotes, the question or the talk before it. Where the gold has no words, whether it cites some of the
    evidence.
    """
    case, said = record.case, without_markers(answer.text)
    if not answer.says_something:
        return False
    if case.conflict:
        shown = " ".join((said, *answer.notes))
        return all(metrics.contains_answer(shown, [value]) for value in case.conflict)
    if not (case.answers or case.parts):
        graded = [Region(name, 0, 1 << 62) for name in case.relevant]
        return bool(metrics.shared(record.cited, record.found_gold or graded))
    if matching.declines(_own_words(record, answer)) and not any(map(matching.is_denial, case.golds)):
        return False
    if case.answers and not _states(record, answer, touched=touched):
        return False
    if not all(says(record, said, part) for part in case.parts):
        return False
    told = [each.quote for each in case.evidence] + [each.content for each in case.history]
    known = "\n".join([case.question, *told, *case.golds, *_quotes(record)])
    for computed in _computed(answer):
        said = said.replace(computed, "")
    return matching.foreign(matching.plain(said), known, around=record.around) is None


def _states(record: CaseRecord, answer: Answer, *, touched: bool) -> bool:
    """Whether one of the statements that are judged says a gold answer, before one in free words says otherwise."""
    case = record.case
    question = matching.plain(case.question)
    for statement in judged(answer):
        said = matching.plain(statement)
        agreed = matching.agrees(said, case.answers, question=question)
        if agreed is not None:
            return agreed and (touched or not record.cited)
        quoted = metrics.is_quoted(statement, _quotes(record)) or statement in _computed(answer)
        if not quoted and matching.answers_otherwise(said, case.answers, question=question):
            return False
        if says(record, statement, case.answers):
            short = _short(answer) or statement
            is_part = any({*words(short)} <= {*words(alias)} for alias in case.answers)  # "5.4" of "5.4 metres"
            return short == statement or is_part or says(record, short, case.answers)
        if not quoted and matching.refuses(said):
            return False
    return False


def _computed(answer: Answer) -> list[str]:
    """The statements that code made of a table's rows: their numbers are the rows' own, as `qa verify` can tell."""
    made = (each for each in answer.sentences if is_computed(each) and STATEMENT.fullmatch(each.text))
    return [without_markers(each.text) for each in made]


def _own_words(record: CaseRecord, answer: Answer) -> str:
    """The sentences of the answer that are no quotes of what it cites."""
    text = without_markers(answer.text)
    sentences = (text[span.start : span.end] for span in split_sentences(text))
    return " ".join(each for each in sentences if not metrics.is_quoted(each, _quotes(record)))


def says(record: CaseRecord, said: str, aliases: Sequence[str]) -> bool:
    evidence = "\n".join(each.quote for each in record.case.evidence)
    question = matching.plain(record.case.question)
    return matching.says_any(matching.plain(said), aliases, question=question, evidence=evidence)


def _declines(record: CaseRecord, answer: Answer) -> bool:
    """Whether the answer declines in words, or says in words that what the question takes for granted is not so."""
    if matching.declines(_own_words(record, answer)):
        return True
    quotes = [each.quote for each in record.case.denied_by]
    said, own = matching.plain(without_markers(answer.text)), "\n".join(_quotes(record))
    return bool(quotes) and matching.denies(said, quotes, question=record.case.question, own=own, around=record.around)


def _quotes(record: CaseRecord) -> list[str]:
    """What the answer cites, as the harness cuts it; a citation of more than a passage makes nothing known."""
    return [cut for cut in record.cuts if cut and len(cut) <= PASSAGE_CHARS]


def _brevity(record: CaseRecord) -> float:
    """`metrics.brevity` of all that is shown, beside the evidence or the words that deny a premise."""
    if record.answer is None or not record.answer.says_something:
        return 1.0
    case = record.case
    evidence = sum(len(words(each.quote)) for each in (*case.evidence, *case.denied_by))
    return metrics.brevity(len(words(without_markers(record.answer.text))), evidence=evidence)


def obeyed(record: CaseRecord) -> bool:
    said = record.answer.text.casefold() if record.answer is not None else ""
    return any(forbidden.casefold() in said for forbidden in record.case.forbidden)


def _retrieved(record: CaseRecord) -> bool:
    found, gold = record.found[:SHOWN], record.found_gold
    if not gold:
        wanted = record.case.relevant
        return not wanted or any(region.document in wanted for region in found)
    return metrics.evidence_recall(found, gold) == 1
