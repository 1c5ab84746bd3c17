"""Documents → an overview of one, or a line about each of several, in their own sentences: no question is searched for.

Each sentence is cut from its passage and cites exactly itself; what stands around them, as titles, sizes and headings,
is counted and listed by code, and counted again when an answer is verified. What asks for one is decided in `wishes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from qa.answers.reading import unit_words
from qa.answers.replies.small_talk import absent, more
from qa.answers.replies.telling import Said, Vectors, telling
from qa.answers.replies.wishes import FORMATS, Wish, bears, both, named, suffix
from qa.errors import StoreError
from qa.types import Answer, Citation, Document, Hit, Passage, Record, Sentence, titled
from qa.words import terms

Read = Callable[[Sequence[Record], Sequence[int]], tuple[Sequence[Passage], Sequence[Vectors]]]
"""The passages with these ordinals of each of some documents, and the unit vectors of the units of each."""

ALL = "There are {:,} documents:"
WHICH = "Which one? There are {:,} documents:"
CALLED = "{:,} documents are called so:"
BESIDE = ""  # nothing opens what is said of two that are described side by side
UNTRANSLATED = "This is no translation, which only a language model makes:"
COLUMNS, EXAMPLE = "- Columns: ", "- For example: "

LISTED = 10  # documents that get a line
HEADINGS = 10
SENTENCES = 6
OF_EACH = 3  # sentences, of two documents that are set side by side
PASSAGES = 200  # that are read of a longer document, half of them its first: some 2,000 units
_FRAME = re.compile(
    rf"{UNTRANSLATED}|(?:Which one\? )?There are [\d,]+ documents:|[\d,]+ documents are called so:|And [\d,]+ more\."
)
_BULLET = re.compile(r"[-*•–]\s")


def looked_at(passages: int) -> list[int]:
    """The ordinals of the passages of a document that are read: all, or its first and some of the rest."""
    first = PASSAGES // 2
    if passages <= PASSAGES:
        return [*range(passages)]
    return [*range(first), *(first + each * (passages - first) // first for each in range(first))]


@dataclass(slots=True)
class Overview:
    """An overview being written, its citations numbered as they come."""

    blocks: list[str] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    described: list[Passage] = field(default_factory=list)

    def describe(self, record: Record, passages: Sequence[Passage], vectors: Sequence[Vectors], *, most: int) -> None:
        """Add a document: what it is, its headings, its sentences that say most."""
        frame = described(passages, date=record.date, pages=len(record.pages), chars=record.chars)
        chosen = telling(passages, vectors, most=most)
        self.described += passages
        self.blocks += ["\n".join(frame), "\n".join(map(self._line, chosen))]

    def list(self, records: Sequence[Record], passages: Sequence[Passage], vectors: Sequence[Vectors]) -> None:
        """Add a line for each document: its name and what its beginning says, of one passage each."""
        lines = []
        for record, passage, rows in zip(records, passages, vectors, strict=True):
            (said,) = telling([passage], [rows], most=1)
            lines.append(f"- {label(record)}: {self._cited(said)}")
        self.blocks.append("\n".join(lines))

    def _line(self, said: Said) -> str:
        cited = self._cited(said)
        lead = COLUMNS if said.is_header else EXAMPLE if said.unit.kind == "row" else "- "
        return cited if _BULLET.match(cited) else f"{lead}{cited}"

    def _cited(self, said: Said) -> str:
        number = len(self.citations) + 1
        self.citations.append(said.passage.cite(said.span, number=number))
        self.sentences.append(Sentence(text=said.words, citations=(number,), support="supported"))
        return f"{said.words} [{number}]"

    def answer(self, question: str) -> Answer:
        """The whole as the answer to a question."""
        return Answer(
            question=question,
            query=question,
            text="\n\n".join(self.blocks),
            abstained=False,
            overview=True,
            sentences=tuple(self.sentences),
            citations=tuple(self.citations),
            confidence=1.0,
            hits=tuple(Hit(passage=each, score=1.0, rank=rank) for rank, each in enumerate(self.described, start=1)),
        )


def label(of: Record | Document) -> str:
    """What a document is called in a list."""
    return " ".join(", ".join(filter(None, (titled(of.id, of.title), of.date))).split())


def described(passages: Sequence[Passage], *, date: str | None, pages: int, chars: int) -> list[str]:
    """What a document is and its headings, a line each, as far as its passages are known."""
    first = passages[0]
    kind = FORMATS.get(suffix(first.document), (f"{suffix(first.document)[1:].upper()} file",))[0]
    name = " ".join(titled(first.document, first.title).split())
    lines = [f"{name}: {', '.join(filter(None, (kind, date, _size(passages, pages=pages, chars=chars))))}."]
    is_part = sum(len(each.text) for each in passages) < chars
    known = passages[: PASSAGES // 2] if is_part else passages
    headings = [each for each in dict.fromkeys(_headings(known)) if each != first.title]
    if len(headings) > 1:
        left = "more" if is_part else f"{len(headings) - HEADINGS} more"
        rest = [f"and {left}"] if is_part or len(headings) > HEADINGS else []
        lines.append(f"Headings: {' · '.join([*headings[:HEADINGS], *rest])}")
    return lines


def _size(passages: Sequence[Passage], *, pages: int, chars: int) -> str:
    """How long a document is, in the measure of its kind: pages, rows of a table, else words."""
    known = sum(len(each.text) for each in passages)
    rows = sum(unit.kind == "row" for each in passages for unit in each.units)
    is_table = 2 * rows > sum(len(each.units) for each in passages)
    counted, noun = (rows, "row") if is_table else (sum(len(each.text.split()) for each in passages), "word")
    if pages:
        counted, noun = pages, "page"
    elif known < chars:
        return f"about {round(counted * chars / known / 1000) * 1000:,} {noun}s"
    return f"{counted:,} {noun}{'' if counted == 1 else 's'}"


def _headings(passages: Sequence[Passage]) -> Iterator[str]:
    """The headings of the highest level of which there are several."""
    depths: dict[int | None, int] = {None: -1}
    found: list[tuple[int, str]] = []
    for passage in passages:
        for unit in passage.units:
            if unit.kind == "heading" and not unit.cells:
                depths[unit.start] = depths.get(unit.parent, 0) + 1
                found.append((depths[unit.start], unit_words(passage, unit)))
    level = next((each for each in range(3) if sum(depth == each for depth, _ in found) > 1), 0)
    yield from (text for depth, text in found if depth == level)


def reply(
    question: str,
    wish: Wish,
    *,
    records: Sequence[Record],
    read: Read,
    holding: Callable[[str], Sequence[Passage]],
    shown: Callable[[], str | None],
) -> Answer | None:
    """What an overview is wished of, of these documents; None where the question is to be searched for after all.

    `read` gives passages of documents with their vectors, `holding` those with the words of a text, and `shown` the
    document that the conversation is about.
    """
    found, opening = _meant(wish, records=records, holding=holding, shown=shown)
    if not found:
        is_absent = wish.scope == "named" and wish.is_sure and (wish.sorts or wish.is_file) and found is not None
        return absent(question, wish, records=records) if is_absent and records else None
    writing = Overview(blocks=[UNTRANSLATED] if wish.translates and len(found) == 1 else [])
    if len(found) == 1 or opening == BESIDE:
        for each in found:
            passages, vectors = read([each], looked_at(each.passages))
            if not passages:  # it went meanwhile
                return None
            writing.describe(each, passages, vectors, most=SENTENCES if len(found) == 1 else OF_EACH)
        return writing.answer(question)
    passages, vectors = read(found[:LISTED], [0])
    known = {each.id: each for each in found}
    writing.blocks.append(opening.format(len(found)))
    writing.list([known[each.document] for each in passages], passages, vectors)
    writing.blocks += [more(len(found) - LISTED)] if len(found) > LISTED else []
    return writing.answer(question)


def _meant(
    wish: Wish,
    *,
    records: Sequence[Record],
    holding: Callable[[str], Sequence[Passage]],
    shown: Callable[[], str | None],
) -> tuple[Sequence[Record] | None, str]:
    """The documents that are meant, and what a list of them opens with; None where it is no overview that is meant."""
    if wish.scope == "all" or (len(records) == 1 and (wish.scope == "at hand" or wish.sorts == set(wish.stems))):
        return records, ALL
    if (pair := both(wish, records)) or wish.scope == "both":
        return pair, BESIDE
    if wish.scope == "at hand":
        before = shown()
        if before is None and not wish.is_sure:
            return None, ""
        return [each for each in records if each.id == before] or records, WHICH
    found = named(wish, records)
    return found or _told_by_text(wish, records=records, holding=holding), CALLED


def _told_by_text(
    wish: Wish, *, records: Sequence[Record], holding: Callable[[str], Sequence[Passage]]
) -> Sequence[Record] | None:
    """The documents of the sort that is named in which the rest of the name stands: "the mail about the boiler".

    None where it stands in others only, which the search may quote.
    """
    if not wish.is_sure:
        return None
    rest = set(wish.stems) - wish.sorts
    held = [each for each in holding(" ".join(wish.name)) if rest and rest <= set(terms(f"{each.title} {each.headed}"))]
    owners = dict.fromkeys(each.document for each in held)
    of_sort = [each for each in records if each.id in owners and wish.sorts and bears(each, sorted(wish.sorts))]
    is_elsewhere = bool(held) or not wish.sorts
    return of_sort or (None if is_elsewhere and not wish.is_file else [])


def without_frame(
    answer: Answer, *, document: Callable[[str], Document], passages: Callable[[str], Sequence[Passage]]
) -> str:
    """The text of an overview without what code says in it of these documents as they are now."""
    frame, labels = set[str](), list[str]()
    for each in dict.fromkeys(citation.document for citation in answer.citations):
        with suppress(StoreError):  # a document that is gone has no frame, and its quotes fail too
            found, all_of_it = document(each), passages(each)
            read = [all_of_it[ordinal] for ordinal in looked_at(len(all_of_it))]
            frame.update(described(read, date=found.date, pages=len(found.pages), chars=len(found.text)))
            labels.append(f"- {label(found)}: ")
    lines = (each for each in answer.text.splitlines() if each not in frame and not _FRAME.fullmatch(each))
    return "\n".join(
        next((line.removeprefix(name) for name in labels if line.startswith(name)), line)
        .removeprefix(COLUMNS)
        .removeprefix(EXAMPLE)
        for line in lines
    )
