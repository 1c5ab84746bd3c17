"""Public question sets as passages and questions, for training and for measuring.

A passage is one paragraph or abstract, its own document, whatever its length. Their licences keep
these texts out of the project: the path to them is an argument.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.documents.headers import header_above, make_header
from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.index.sentence_vectors import bounds, texts_to_embed
from qa.models.minilm import MiniLM
from qa.models.reader import reader
from qa.search.retrieval import Query
from qa.types import Hit, Passage, Span

Vectors = NDArray[np.float32]
CountPieces = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question; when answerable, the passage and the numbers of the sentences that hold its answer.

    Where that is in several passages, `places` names them: documents with the characters that count.
    """

    question: str
    answerable: bool
    passage: int = -1
    places: tuple[tuple[str, int, int], ...] = ()
    sentences: frozenset[int] = frozenset()
    answers: tuple[str, ...] = ()
    article: int = 0


@dataclass(frozen=True, kw_only=True)
class QuestionSet:
    """Passages with the questions about them; `grades` holds each question's relevant passages, where graded."""

    name: str
    passages: tuple[Passage, ...]
    cases: tuple[Case, ...]
    grades: tuple[dict[int, int], ...] = ()

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The place of each passage by its id."""
        return {passage.id: number for number, passage in enumerate(self.passages)}

    @property
    def key(self) -> str:
        """The name with a digest of all that is embedded, under which it is kept."""
        embedded = [f"{bounds(each)} {each.headed}" for each in self.passages]
        read = "\0".join(embedded + [case.question for case in self.cases])
        return f"{self.name}-{hashlib.sha256(read.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The vectors of a question set: passages, their sentences, and questions by text."""

    passages: Vectors
    sentences: tuple[Vectors, ...]
    questions: dict[str, Vectors] = field(repr=False)


def load_squad(path: Path, *, count_pieces: CountPieces) -> QuestionSet:
    """SQuAD 2.0 JSON: every paragraph a passage under its article's title, every article numbered."""
    passages: list[Passage] = []
    cases: list[Case] = []
    for article, entry in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        header = make_header(entry["title"], count_pieces=count_pieces)
        for paragraph in entry["paragraphs"]:
            number = len(passages)
            passages.append(make_passage(f"squad/{number:05d}", paragraph["context"], header=header))
            for asked in paragraph["qas"]:
                starts = {answer["answer_start"] for answer in asked["answers"]}
                case = Case(
                    question=asked["question"].strip(),
                    answerable=not asked["is_impossible"],
                    passage=number,
                    sentences=frozenset(_holding(passages[number], starts)),
                    answers=tuple(answer["text"] for answer in asked["answers"]),
                    article=article,
                )
                cases.append(case)
    return QuestionSet(name="squad", passages=tuple(passages), cases=tuple(cases))


def load_nq(path: Path, *, count_pieces: CountPieces) -> QuestionSet:
    """Natural Questions with one gold passage each, as JSON lines, under its article's title; equal ones are pooled."""
    numbers: dict[tuple[str, str], int] = {}
    cases: list[Case] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            gold = row["ctxs"][0]
            number = numbers.setdefault((gold["title"], gold["text"]), len(numbers))
            cases.append(Case(question=row["question"], answerable=True, passage=number, answers=tuple(row["answers"])))
    passages = tuple(
        make_passage(f"nq/{number:05d}", text, header=make_header(title, count_pieces=count_pieces))
        for (title, text), number in numbers.items()
    )
    return QuestionSet(name="nq", passages=passages, cases=tuple(cases))


def load_cranfield(folder: Path) -> QuestionSet:
    """Cranfield's abstracts; grade 1 is best and becomes gain 4, grade 4 becomes 1, -1 is not relevant."""
    abstracts = (folder / "cran.all.1400").read_text(encoding="utf-8").split(".I ")[1:]
    passages = tuple(
        make_passage(f"cranfield/{number:05d}", " ".join(text.split(".W", 1)[1].split()))
        for number, text in enumerate(abstracts)
    )
    queries = (folder / "cran.qry").read_text(encoding="utf-8").split(".W\n")[1:]
    grades: list[dict[int, int]] = [{} for _ in queries]
    for line in (folder / "cranqrel").read_text(encoding="utf-8").splitlines():
        query, abstract, grade = (int(each) for each in line.split()[:3])
        if grade > 0:
            grades[query - 1][abstract - 1] = 5 - grade
    texts = [" ".join(query.split("\n.I ")[0].split()) for query in queries]
    cases = tuple(Case(question=text, answerable=True) for text in texts)
    return QuestionSet(name="cranfield", passages=passages, cases=cases, grades=tuple(grades))


def make_passage(document: str, text: str, *, header: str = "") -> Passage:
    """The whole text as the one passage of a document, under a header unless it begins with it."""
    return Passage(
        document=document,
        version="1",
        title="",
        ordinal=0,
        start=0,
        end=len(text),
        text=text,
        units=find_units(text, find_marks(text)),
        header=header_above(text, header),
    )


def embed(texts: QuestionSet, *, embedder: MiniLM, cache: Path) -> Embedded:
    """The vectors of a question set, kept in `cache` under its key."""
    kept = cache / f"{texts.key}.npz"
    asked = list(dict.fromkeys(case.question for case in texts.cases))
    if not kept.exists():
        passages, sentences = embedder.embed_spans(*texts_to_embed(texts.passages))
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(kept, passages=passages, sentences=np.concatenate(sentences), questions=embedder.embed(asked))
    stored = np.load(kept)
    ends = np.cumsum([len(each.units) for each in texts.passages])
    return Embedded(
        passages=stored["passages"],
        sentences=tuple(np.split(stored["sentences"], ends[:-1])),
        questions=dict(zip(asked, stored["questions"], strict=True)),
    )


def make_query(question: str, texts: QuestionSet, vectors: Embedded, *, asked: Vectors) -> Query:
    """The question as a query whose vectors were made before, of the passages of this set too; the reader reads."""

    def cosines(passages: Sequence[Passage]) -> list[Vectors]:
        return [vectors.sentences[texts.numbers[passage.id]] @ asked for passage in passages]

    return Query(text=question, vector=asked, sentence_cosines=cosines, read=partial(reader().read, question))


def units_that_answer(case: Case, texts: QuestionSet, hit: Hit) -> list[bool]:
    """For each unit of a hit whether its quote is in the question's passage and holds what answers it."""
    passage = hit.passage
    if case.places:
        return [quote is not None and _meets(passage.document, quote, case.places) for quote in hit.quotes]
    if passage.id != texts.passages[case.passage].id:
        return [False] * len(passage.units)
    starts = [passage.units[each].start for each in case.sentences]
    return [
        quote is not None
        and (
            any(quote.start <= start < quote.end for start in starts)
            if case.sentences
            else any(answer.casefold() in passage.cut(quote).casefold() for answer in case.answers)
        )
        for quote in hit.quotes
    ]


def _meets(document: str, quote: Span, places: Sequence[tuple[str, int, int]]) -> bool:
    """Whether a quote has at least half of a place, or lies by half in it."""
    return any(
        document == name and 2 * (min(end, quote.end) - max(start, quote.start)) >= min(end - start, len(quote))
        for name, start, end in places
    )


def _holding(passage: Passage, starts: Sequence[int] | set[int]) -> list[int]:
    return [
        number for number, span in enumerate(passage.units) if any(span.start <= start < span.end for start in starts)
    ]
