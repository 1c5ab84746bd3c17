"""The values that pass between the rooms: documents, passages, hits, citations, answers.

All are frozen, made by keyword, and hold tuples; offsets count characters, half-open.
Nothing here reads a file, opens a connection or needs more than the standard library.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from textwrap import shorten
from typing import Any, Literal, TypeAlias

ABSTENTION = "The documents do not seem to answer this question."
FELL_BACK = "the language model failed, so these are the documents' own sentences"
NEAREST_CHARS = 240  # of each nearest passage, in readable text

Event: TypeAlias = "str | Short | Citation | Answer"
SILENT = ("heading", "front")  # the kinds of unit that never answer alone
UnitKind = Literal["sentence", "item", "step", "row", "pair", "code", "heading", "front"]
Kind = Literal["answer", "overview", "refusal", "talk"]
Support = Literal["supported", "partly", "unsupported", "contradicted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open range of characters: `document.text[span.start:span.end]` is its text."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Span):
    """One value of a table's row, or one name of its header; `column` counts from 0."""

    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Span):
    """Lines of a document that are of one kind. Prose has the kind of its sentences, which are sought later.

    `level` of a heading is 1 to 6, as in HTML, then `CAPTION`, `HEADER` and `SECTION`. Of an item or a step it is how
    deep its list lies, from 1; of prose, a pair, code or a row the depth of the item that it goes on with, 0 outside of
    lists.
    `cells` are those of a row or of a header.
    """

    kind: UnitKind
    level: int = 0
    cells: tuple[Cell, ...] = ()

    def moved(self, by: int) -> Mark:
        """The mark where its text stands so many characters further on."""
        cells = tuple(replace(cell, start=cell.start + by, end=cell.end + by) for cell in self.cells)
        return replace(self, start=self.start + by, end=self.end + by, cells=cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit(Span):
    """The smallest part of a document that is scored and quoted.

    `parent` is where the unit begins that it hangs on: the lead-in, the list item or the header row above it, else
    its heading. `leads` counts the units that a lead-in leads to, without the first of which it is not quoted; 0 for a
    unit that stands alone. `cells` are those of a table's row, or of the header that such a row hangs on.
    """

    kind: UnitKind
    parent: int | None = None
    leads: int = 0
    cells: tuple[Cell, ...] = ()


def hanging_on(units: Sequence[Unit], place: int) -> Iterator[Unit]:
    """The units right below one that hang on it, at any depth; the prose of a section is not its heading's."""
    first = units[place]
    inside = {first.start}
    for unit in map(units.__getitem__, range(place + 1, len(units))):
        is_over = first.kind == "heading" and unit.kind == "sentence" and unit.parent == first.start
        if is_over or (unit.kind != "front" and unit.parent not in inside):
            return
        inside.add(unit.start)
        yield unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Above(Unit):
    """A unit of an earlier passage that units of this one hang on, with its text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One source as read.

    `id` is the path relative to the ingested root, with `/`; `pages` holds the offset at which
    each page begins, and is empty for a format without pages; `date` is the one it gives itself,
    as `2021-07-08`. `marks` say what its lines are; without any, that is found when it is split.
    """

    id: str
    text: str
    title: str
    pages: tuple[int, ...] = ()
    date: str | None = None
    marks: tuple[Mark, ...] = field(default=(), compare=False, repr=False)

    @property
    def version(self) -> str:
        """16 hexadecimal digits of the SHA-256 of the text: equal text, equal version."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The contiguous slice of a document that is embedded and retrieved.

    `units` are its parts in order, without the white space between them; `above` are the units before it that they
    hang on, the outermost first. `page` counts from 1 and is the page on which the passage begins. `header` says what
    it is about where it may not say so itself, and is no part of its text.
    """

    document: str
    version: str
    title: str
    ordinal: int
    start: int
    end: int
    text: str
    units: tuple[Unit, ...]
    above: tuple[Above, ...] = ()
    page: int | None = None
    header: str = ""

    @property
    def headed(self) -> str:
        """The text under its header: what is embedded, and where the words of a query are sought."""
        return f"{self.header}\n{self.text}" if self.header else self.text

    @property
    def id(self) -> str:
        """The same for the same document, version and ordinal; `passage_id` makes it too."""
        return passage_id(self.document, version=self.version, ordinal=self.ordinal)

    def cut(self, span: Span) -> str:
        """The exact text of a span of the document that lies within this passage."""
        assert self.start <= span.start <= span.end <= self.end, (self.id, span)
        return self.text[span.start - self.start : span.end - self.start]

    def unit_at(self, start: int) -> Unit:
        """The unit that begins there; one does."""
        return next(unit for unit in self.units if unit.start == start)

    def cite(self, span: Span, *, number: int | None = None) -> Citation:
        """The citation of a span within this passage, or of a unit above it, its quote cut here and nowhere else."""
        return Citation(
            number=number,
            document=self.document,
            title=self.title,
            start=span.start,
            end=span.end,
            page=None if isinstance(span, Above) else self.page,  # it may stand on an earlier one
            quote=span.text if isinstance(span, Above) else self.cut(span),
            version=self.version,
        )


def passage_id(document: str, *, version: str, ordinal: int) -> str:
    """The id under which a passage is stored."""
    return f"{document}@{version}#{ordinal}"


def owner(passage: str) -> str:
    """The id of the document to which the passage with this id belongs."""
    return passage.rsplit("@", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One document as the index lists it: which version is current and how many passages it has.

    `root` is the folder it was ingested from, all of which is kept in step when `mirrored`; empty, a program gave it.
    `chars` is the length of its text. Of the file as it was read, `size` is in bytes, `digest` the
    first 16 hexadecimal digits of its SHA-256, and `modified_ns` when it was last changed or
    moved; 0 where it was read so soon afterwards that a later change could bear the same time.
    """

    id: str
    version: str
    title: str
    root: str
    mirrored: bool
    passages: int
    chars: int
    pages: tuple[int, ...] = ()
    date: str | None = None
    size: int = 0
    modified_ns: int = 0
    digest: str = ""

    @property
    def passage_ids(self) -> list[str]:
        """The ids of all its passages, in the order of the text."""
        return [passage_id(self.id, version=self.version, ordinal=each) for each in range(self.passages)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAnswer(Span):
    """The words of one part of a text that answer a question best, as a span of that text.

    `score` is how much likelier they are than that nothing in the text answers, in logits: 0 is even. `support` is
    how much the whole part belongs to what an answer rests on, in logits too.
    """

    score: float
    support: float

    def moved(self, by: int) -> ShortAnswer:
        """The same words where their text stands so many characters further on."""
        return replace(self, start=self.start + by, end=self.end + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one reading of a text for a question found.

    `answerable` says whether the text answers the question, in logits: 0 is even. `parts` runs along the spans that
    were asked about; None is one in which no whole word was read.
    """

    answerable: float
    parts: tuple[ShortAnswer | None, ...]

    @property
    def best(self) -> ShortAnswer | None:
        """The best of all parts, the first of equals."""
        return max((part for part in self.parts if part), key=lambda part: part.score, default=None)

    def moved(self, by: int) -> Reading:
        """The same reading where its text stands so many characters further on."""
        return replace(self, parts=tuple(part and part.moved(by) for part in self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was retrieved; `score` rises with relevance, `rank` counts from 1.

    `sentence_scores` runs along `passage.units`: how well each answers the query, of which
    `sentence_cosines` are one part. `quotes` has for each of them the span as which it is quoted, None where it never
    answers. `relevance` is the passage's own score, before its sentences were read. `reading` is what the reader found
    in it, in characters of the document, its parts along `quotes`; None where it did not read it.
    """

    passage: Passage
    score: float
    rank: int
    relevance: float = 0.0
    sentence_scores: tuple[float, ...] = ()
    sentence_cosines: tuple[float, ...] = ()
    quotes: tuple[Span | None, ...] = ()
    reading: Reading | None = None

    @property
    def parts(self) -> Sequence[ShortAnswer | None]:
        """What the reader found in each unit; None everywhere where it did not read."""
        return self.reading.parts if self.reading else [None] * len(self.quotes)

    @property
    def best(self) -> int:
        """The place of the unit that answers best, of those that may answer."""
        return max((place for place, quote in enumerate(self.quotes) if quote), key=self.sentence_scores.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that one reading of the index found for a question.

    `query` is what was searched for. `hits` are all passages that were ranked, of which the first `top_k` are read.
    `parts` are what was found for each of several queries, where the question has several parts.
    `confidence`, 0 to 1, estimates that those hold the answer, which `answerable` says is as sure as was asked for.
    `rarity` gives the weight of a stem among the passages of the index as it then was. `beside` gives the passages of
    a passage's document at some ordinals, fewer where it ends, None where it has changed since; read only where a table
    is needed whole. `date` gives the date that a document bears, as `2021-07-08`. `seconds` says how long it all took.
    Of `read`, the first `able` are of documents that have the identifiers asked for; `absent` are those that no
    document has. `indexed` counts the passages of the index. `slips` are the words of the question that are spelt
    wrongly, each with its spelling in the query.
    """

    question: str
    query: str
    hits: tuple[Hit, ...]
    top_k: int
    confidence: float
    answerable: bool
    rarity: Callable[[str], float] = field(compare=False, repr=False)
    beside: Callable[[Passage, range], Sequence[Passage] | None] = field(
        default=lambda _passage, _ordinals: None, compare=False, repr=False
    )
    date: Callable[[str], str | None] = field(default=lambda _document: None, compare=False, repr=False)
    able: int | None = None
    absent: tuple[str, ...] = ()
    slips: tuple[tuple[str, str], ...] = ()
    indexed: int = 0
    embeddings: str = ""
    seconds: float = field(default=0.0, compare=False)
    parts: tuple[Findings, ...] = ()

    @property
    def queries(self) -> tuple[str, ...]:
        """What was searched for: one query for each part of the question."""
        return tuple(part.query for part in self.parts) or (self.query,)

    @property
    def answering(self) -> tuple[Hit, ...]:
        """Those that are read which may answer in the documents' own words."""
        return self.read[: self.able]

    @property
    def read(self) -> tuple[Hit, ...]:
        """The hits from which the question is answered, the first `top_k`."""
        return self.hits[: self.top_k]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A reference to exact characters of a document.

    One with a number is cited in the answer; one without is merely near to the question.
    """

    number: int | None = None
    document: str
    title: str
    start: int
    end: int
    page: int | None
    quote: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer, with the verdict on what it cites.

    `highlight` is what answers in it as a range of `text`, where that is known.
    `reason` says why the sentence is not fully supported, or from how many rows it was computed. `best` marks the one
    sentence that answers best, or each part of a question best, where that is known: they stand in the order of the
    text.
    """

    text: str
    citations: tuple[int, ...]
    support: Support
    reason: str | None = None
    highlight: Span | None = None
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """The short answer: exact words of the quote of the citation with this number, `quote[start:end] == text`.

    What was computed stands in no quote, and has none of the three, nor has what several documents say. `date` is that
    of the document, given where documents disagree.
    """

    text: str
    citation: int | None = None
    start: int | None = None
    end: int | None = None
    date: str | None = None

    @property
    def words(self) -> str:
        """The text on one line, as it is read; between two cells of a row stands what a quote of one has there."""
        return " ".join(self.text.split()).replace(" | ", " · ")

    @property
    def marker(self) -> str:
        """The marker of its citation; nothing where it has none."""
        return "" if self.citation is None else f"[{self.citation}]"

    @classmethod
    def either(cls, values: Sequence[Short]) -> Short | None:
        """The one value, or of several that documents give all, each once; None without any."""
        said = " or ".join(dict.fromkeys(each.text for each in values))
        return cls(text=said) if len(values) > 1 else next(iter(values), None)

    def __str__(self) -> str:
        return f"{self.words} {self.marker}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation, as chat models know it."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that the language model read and wrote; zero without one."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens, output_tokens=self.output_tokens + other.output_tokens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question, or, when `abstained`, the passages nearest to one, or the reply to small talk.

    `queries` are what was searched for: one for each part of the question, none where nothing was searched for.
    `confidence`, 0 to 1, estimates that the documents hold the answer. `text` carries the markers
    `[1]`, `[2]`, numbered in reading order; `incomplete` means that the model's stream broke. `short` are the words
    that answer, where a few do; `conflicts` the values that documents give for the same thing, where they disagree.
    `talk` marks what code replies to a greeting, to thanks, or to a question about itself or what is indexed: without a
    search, a citation or a language model. `overview` marks what code says of a whole document, or of all, in their own
    sentences: without a search too.
    `seconds` is the only field that differs when the same question is asked of the same index
    without a language model. `hits` are all passages that were ranked for it, those that were read
    first; they are no part of the contract, and kept in memory only.
    """

    question: str
    query: str
    text: str
    abstained: bool
    talk: bool = False
    overview: bool = False
    incomplete: bool = False
    short: Short | None = None
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    conflicts: tuple[Short, ...] = ()
    confidence: float = 0.0
    model: str = "extractive"
    embeddings: str = ""
    prompt: str | None = None
    notes: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: Mapping[str, float] = field(default_factory=dict)
    queries: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = field(default=(), compare=False, repr=False)

    @property
    def kind(self) -> Kind:
        """What it is, in a word."""
        return "talk" if self.talk else "overview" if self.overview else "refusal" if self.abstained else "answer"

    @property
    def says_something(self) -> bool:
        """Whether it says something of what the documents hold, which a refusal and small talk do not."""
        return self.kind in ("answer", "overview")

    @property
    def opening(self) -> Short | None:
        """The short answer as it is shown before the text; None where a sentence says no more than it."""
        said = [each.text.rstrip(".") for each in self.sentences]
        return None if self.short and self.short.words.rstrip(".") in said else self.short

    def to_dict(self) -> dict[str, Any]:
        """The answer contract: what `qa ask --json` prints, as plain values."""
        plain = asdict(replace(self, hits=()))
        del plain["hits"], plain["talk"], plain["overview"]
        first = {"kind": self.kind, **{name: plain.pop(name) for name in ("question", "query", "queries")}}
        return {**first, "answer": plain.pop("text"), **plain}

    def to_json(self) -> str:
        """The answer contract as one JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Answer:
        """The answer that `to_dict` described, now or before there were short answers and small talk.

        Raises: KeyError or TypeError when a field is missing or unknown.
        """
        rest = dict(plain)
        short, kind = rest.pop("short", None), rest.pop("kind", None)
        return cls(
            text=rest.pop("answer"),
            talk=kind == "talk",
            overview=kind == "overview",
            short=None if short is None else Short(**short),
            sentences=tuple(_sentence(each) for each in rest.pop("sentences")),
            citations=tuple(Citation(**each) for each in rest.pop("citations")),
            nearest=tuple(Citation(**each) for each in rest.pop("nearest")),
            conflicts=tuple(Short(**each) for each in rest.pop("conflicts", ())),
            notes=tuple(rest.pop("notes")),
            queries=tuple(rest.pop("queries", ())),
            usage=Usage(**rest.pop("usage")),
            **rest,
        )

    def __str__(self) -> str:
        """Readable text: the short answer, the whole, then every quote with its document, title and characters."""
        sources = self.nearest if self.abstained else self.citations
        blocks = [str(self.opening), self.text] if self.opening else [self.text]
        if self.abstained and sources:
            blocks.append("The nearest passages:")
        for position, source in enumerate(sources, start=1):
            page = "" if source.page is None else f", page {source.page}"
            where = f"{titled(source.document, source.title)}{page}, characters {source.start}-{source.end}"
            quote = " ".join(source.quote.split())
            if self.abstained:
                quote = shorten(quote, NEAREST_CHARS, placeholder=" …")
            blocks.append(f"[{position}] {where}\n    “{quote}”")
        for sentence in self.sentences:
            if sentence.reason:
                blocks.append(f"Note: “{sentence.text}” is {sentence.support}: {sentence.reason}.")
        blocks.extend(f"Note: {note}." for note in self.notes)
        return "\n\n".join(blocks)


def _sentence(plain: Mapping[str, Any]) -> Sentence:
    highlight = plain["highlight"]
    return Sentence(
        text=plain["text"],
        citations=tuple(plain["citations"]),
        support=plain["support"],
        reason=plain["reason"],
        highlight=None if highlight is None else Span(**highlight),
        best=plain.get("best", False),
    )


def titled(document: str, title: str) -> str:
    """The id of a document, with its title where that says more than the file's name."""
    name = document.rpartition("/")[2]
    return document if title in (name, name.rpartition(".")[0]) else f"{document} ({title})"
