"""Reference systems for the tests of the evaluation: each has a behaviour whose figures can be known beforehand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.documents.sentences import split_sentences
from qa.evals.judge import FIELDS, Judge
from qa.evals.records import CaseRecord
from qa.evals.results import Results
from qa.evals.runner import Opener
from qa.evals.suites import Case, Evidence, Suite, load_suite, locate, read_corpus
from qa.settings.resources import resource
from qa.types import Answer, Citation, Hit, Message, Passage, Sentence, Unit
from qa.words import terms

if TYPE_CHECKING:
    from qa.answers.prompts import PromptMessage


class Reference:
    """Passages are sentences, ranked by the terms they share with the query; the first is copied as the answer."""

    def __init__(self, corpus: Path) -> None:
        self.texts = read_corpus(corpus)
        self.passages = [
            Passage(
                document=name, version="", title=name, ordinal=number, start=span.start, end=span.end,
                text=text[span.start : span.end],
                units=(Unit(kind="sentence", start=span.start, end=span.end),),
            )
            for name, text in self.texts.items()
            for number, span in enumerate(split_sentences(text))
        ]  # fmt: skip

    def search(self, query: str, *, top_k: int) -> tuple[Hit, ...]:
        wanted = set(terms(query))
        scored = sorted(self.passages, key=lambda each: -len(wanted & set(terms(each.text))))
        return tuple(
            Hit(passage=each, score=float(len(wanted & set(terms(each.text)))), rank=rank)
            for rank, each in enumerate(scored[:top_k], start=1)
        )

    def ask(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        top = self.search(question, top_k=1)[0]
        return quoting(question, [top.passage], confidence=min(1.0, top.score / 10))


class Abstains(Reference):
    """Refuses everything."""

    def ask(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        return Answer(question=question, query=question, text="The documents do not say.", abstained=True)


class Shuffled(Reference):
    """Finds the passages in an order that has nothing to do with the query."""

    def search(self, query: str, *, top_k: int) -> tuple[Hit, ...]:
        picked = random.Random(query).sample(self.passages, k=min(top_k, len(self.passages)))
        return tuple(Hit(passage=each, score=1 / rank, rank=rank) for rank, each in enumerate(picked, start=1))


class WrongCitations(Reference):
    """Says what `Reference` says, and cites another passage for it."""

    def ask(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        hits = self.search(question, top_k=2)
        return quoting(question, [hits[0].passage], citing=[hits[1].passage])


class Oracle(Reference):
    """Knows the cases: quotes the sentence that holds the evidence, abstains where there is none."""

    def __init__(self, corpus: Path, cases: Sequence[Case]) -> None:
        super().__init__(corpus)
        self.cases = {case.question: case for case in cases}

    def ask(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        held = self.holding(question)
        return quoting(question, held) if held else Abstains.ask(self, question)

    def search(self, query: str, *, top_k: int) -> tuple[Hit, ...]:
        held = self.holding(query)
        rest = [each for each in self.passages if each not in held]
        return tuple(
            Hit(passage=each, score=1 / rank, rank=rank) for rank, each in enumerate([*held, *rest][:top_k], start=1)
        )

    def holding(self, question: str) -> list[Passage]:
        found = [locate(evidence, self.texts) for evidence in self.cases[question].evidence]
        return [
            each
            for each in self.passages
            if any(r and r.document == each.document and each.start <= r.start < each.end for r in found)
        ]


class Crashes(Reference):
    """Fails at every question with `crash` in it."""

    def ask(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        if "memorial" in question:
            raise RuntimeError("the model has left")
        return super().ask(question, history=history)


def word_judge(folder: Path) -> Judge:
    """A judge whose model finds a claim supported when the text holds all its words; its verdicts are kept there."""
    from qa.answers.prompts import load_prompt

    def complete(messages: Sequence[PromptMessage]) -> str:
        text, claim = (set(terms("\n".join(part.split("\n")[1:-1]))) for part in messages[-1].content.split("<claim "))
        return json.dumps({"supported": claim <= text})

    prompt = load_prompt(resource("prompts"), name="judge", fields=FIELDS)
    return Judge("words", prompt=prompt, complete=complete, verdicts=folder / "verdicts.jsonl")


def opening(make: Callable[[Path], object]) -> Opener:
    """An opener of systems made from a corpus."""

    @contextmanager
    def opened(corpus: Path) -> Iterator[object]:
        yield make(corpus)

    return opened


def quoting(
    question: str, passages: Sequence[Passage], *, citing: Sequence[Passage] | None = None, confidence: float = 1.0
) -> Answer:
    """An answer made of whole passages, each citing the one in the same place of `citing`, or itself."""
    pairs = list(zip(passages, citing or passages, strict=True))
    return Answer(
        question=question,
        query=question,
        text=" ".join(f"{each.text} [{number}]" for number, each in enumerate(passages, start=1)),
        abstained=False,
        confidence=confidence,
        sentences=tuple(
            Sentence(text=each.text, citations=(number,), support="supported")
            for number, each in enumerate(passages, start=1)
        ),
        citations=tuple(
            Citation(
                number=number, document=each.document, title=each.title, start=each.start, end=each.end,
                page=None, quote=each.text, version="",
            )
            for number, (_, each) in enumerate(pairs, start=1)
        ),
    )  # fmt: skip


HARBOUR = """The harbour of Port Elmet was dug in 1874 by the engineer Ruth Calloway.
It is nine metres deep at low tide.

A lighthouse has stood on the north mole since 1891. Its lamp is visible for 22 nautical miles.
The keeper, Jonas Thrane, retired in 1967.

Every spring the Herring Fair fills the quay for three days. The fair was first held in 1902, after the railway came.
"""
LIBRARY = """The town library opened in 1911 with 4,200 books. Its founder was the shipowner Edmund Vale.

A memorial to the crew of the Marlin hangs in the reading room. The Marlin sank off Cape Durrow in 1899.

Since 2015 the library has lent out tools as well as books. A member may borrow six items for three weeks.
"""
QUESTIONS = """
harbour-dug | Who dug the harbour of Port Elmet? | Ruth Calloway | harbour.txt | by the engineer Ruth Calloway
harbour-year | In which year was the harbour dug? | 1874 | harbour.txt | was dug in 1874
harbour-deep | How deep is the harbour at low tide? | nine metres | harbour.txt | nine metres deep at low tide
light-since | Since when has the lighthouse stood on the north mole? | 1891 | harbour.txt | since 1891
light-far | How far is the lamp visible? | 22 nautical miles | harbour.txt | visible for 22 nautical miles
keeper | Who was the keeper that retired? | Jonas Thrane | harbour.txt | The keeper, Jonas Thrane
fair-days | For how long does the Herring Fair fill the quay? | three days | harbour.txt | for three days
library-open | When did the town library open? | 1911 | library.txt | opened in 1911
library-books | With how many books did the library open? | 4,200 | library.txt | 4,200 books
founder | Which shipowner was the founder? | Edmund Vale | library.txt | the shipowner Edmund Vale
memorial | To whose crew is the memorial in the reading room? | Marlin | library.txt | the crew of the Marlin
items | How many items may a member borrow? | six | library.txt | borrow six items
"""
NOWHERE = ("Who is the mayor of Port Elmet?", "What does a ticket for the fair cost?", "Who wrote Hamlet?")


def write_suite(folder: Path, *, head: str = "", cases: Sequence[Case] | None = None) -> Path:
    """A suite about a small invented town, with its documents, in `folder/town`."""
    corpus = folder / "corpora" / "town"
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "harbour.txt").write_text(HARBOUR, encoding="utf-8")
    (corpus / "library.txt").write_text(LIBRARY, encoding="utf-8")
    suite = folder / "town"
    suite.mkdir(exist_ok=True)
    (suite / "suite.toml").write_text(f'title = "A town"\ncorpus = "../corpora/town"\n{head}', encoding="utf-8")
    lines = [case.model_dump_json(exclude_defaults=True) for case in (town_cases() if cases is None else cases)]
    (suite / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return suite


def town_cases() -> list[Case]:
    """Twelve questions with evidence and three that the documents do not answer."""
    answerable = [
        Case(
            id=name, question=question, answers=(answer,), evidence=(Evidence(document=document, quote=quote),),
            tags=("answerable",),
        )
        for name, question, answer, document, quote in (line.split(" | ") for line in QUESTIONS.strip().splitlines())
    ]  # fmt: skip
    rest = [
        Case(id=f"nowhere-{n}", question=each, answerable=False, tags=("nowhere",)) for n, each in enumerate(NOWHERE)
    ]
    return [*answerable, *rest]


def enter_town(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """The town's suite, `evals/town` in `folder`, which becomes the working folder."""
    monkeypatch.chdir(folder)
    return load_suite(write_suite(folder / "evals"))


def records(results: Results) -> list[CaseRecord]:
    """The records of a run without times."""
    found = [replace(each.record, seconds={}) for each in results.scored]
    return [replace(each, answer=replace(each.answer, seconds={})) if each.answer else each for each in found]
