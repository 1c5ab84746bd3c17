"""Make src/qa/_data/extractive.json: the weights behind ranking, answering and abstaining.

    python scripts/train_extractive.py --data PATH [--cache FOLDER] [--learnt 1 --target FILE]

PATH holds squad2_half/dev-v2.0.json and nq_oracle/nq-open-oracle.jsonl.gz. Learnt from are the SQuAD articles with
an even number and every other NQ question; the rest is for reporting, and the reader was trained on none of them. With
--learnt 1 it is the odd articles. Of our own texts (`written`) those are learnt from that the reader was not.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import written
from memory_index import MemoryIndex
from qa.models.minilm import MiniLM
from qa.search.confidence import SIGNALS, signals
from qa.search.features import SENTENCE_FEATURES, ParsedQuestion, analyse, sentence_features
from qa.search.retrieval import BEYOND, candidates, scored
from qa.search.weights import load_weights
from qa.types import Hit, Passage
from question_sets import (
    Case,
    Embedded,
    QuestionSet,
    Vectors,
    embed,
    load_nq,
    load_squad,
    make_passage,
    make_query,
    units_that_answer,
)
from regression import fit_choice, fit_logistic
from swapped_names import swap_names

TARGET = Path(__file__).parents[1] / "src/qa/_data/extractive.json"
Array = NDArray[np.float64]

# What each kind of example counts for. Near misses were written to fool a reader and would drown the rest, and all
# questions to our own texts so that their words are no help.
NEAR_MISS, OFF_TOPIC, SIBLING, REMOVED, SEARCHED, SWAPPED, WRITTEN = 0.3, 1.0, 1.0, 1.0, 0.25, 1.0, 0.3
STEPS = ((0.1, 0.01), (0.25, 0.03), (0.5, 0.12), (0.75, 0.25), (0.9, 0.5))  # strictness → false refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question before its candidates: passages that were compared and read, not scored yet."""

    case: Case
    texts: QuestionSet
    question: ParsedQuestion
    hits: tuple[Hit, ...]
    weight: float = 1.0


def in_corpus(case: Case, *, vectors: Embedded, index: MemoryIndex, texts: QuestionSet, asked: Vectors) -> Example:
    """The question asked of all passages of an index, which are of `texts`."""
    query = make_query(case.question, texts, vectors, asked=asked)
    return Example(
        case=case,
        texts=texts,
        question=analyse(case.question, frequency=index.frequencies(), count=index.passage_count),
        hits=tuple(candidates(query, index, BEYOND)),
    )


def alone(case: Case, *, number: int, texts: QuestionSet, vectors: Embedded, asked: Vectors) -> Example:
    """The question asked of one passage that is the whole corpus."""
    index = MemoryIndex([texts.passages[number]], vectors.passages[number : number + 1])
    return in_corpus(case, vectors=vectors, index=index, texts=texts, asked=asked)


def without_answers(squad: QuestionSet) -> QuestionSet:
    """Every paragraph without the sentence that answers, once for each, with the questions it answered."""
    passages: dict[tuple[int, int], Passage] = {}
    cases: list[Case] = []
    for case in squad.cases:
        paragraph = squad.passages[case.passage]
        if len(case.sentences) != 1 or len(paragraph.units) < 3:
            continue
        (answering,) = case.sentences
        kept = [paragraph.cut(span) for row, span in enumerate(paragraph.units) if row != answering]
        text = " ".join(kept)
        if any(answer.casefold() in text.casefold() for answer in case.answers):
            continue
        key = (case.passage, answering)
        passages.setdefault(key, make_passage(f"removed/{key[0]:05d}-{key[1]}", text, header=paragraph.header))
        cases.append(replace(case, answerable=False, passage=list(passages).index(key), sentences=frozenset()))
    return QuestionSet(name="removed", passages=tuple(passages.values()), cases=tuple(cases))


def examples(squad: QuestionSet, nq: QuestionSet, *, learnt: int, embedder: MiniLM, cache: Path) -> Iterator[Example]:
    """Everything that is learnt from, in the set-ups that docs/answering.md names."""
    removed = without_answers(squad)
    vectors, nq_vectors = embed(squad, embedder=embedder, cache=cache), embed(nq, embedder=embedder, cache=cache)
    removed_vectors = embed(removed, embedder=embedder, cache=cache)
    index = MemoryIndex(squad.passages, vectors.passages)
    nq_index = MemoryIndex(nq.passages, nq_vectors.passages)
    chance = random.Random(0)
    articles = {case.passage: case.article for case in squad.cases if case.article % 2 == learnt}
    for number, case in enumerate(squad.cases):
        if case.article % 2 != learnt:
            continue
        asked = vectors.questions[case.question]
        weight = 1.0 if case.answerable else NEAR_MISS
        yield replace(in_corpus(case, texts=squad, vectors=vectors, index=index, asked=asked), weight=weight)
        yield replace(alone(case, number=case.passage, texts=squad, vectors=vectors, asked=asked), weight=weight)
        if not case.answerable or number % 3 == 2:
            continue
        same = number % 3 == 1
        others = [row for row, article in articles.items() if (article == case.article) == same and row != case.passage]
        lost = replace(case, answerable=False, sentences=frozenset())
        elsewhere = alone(lost, number=chance.choice(others), texts=squad, vectors=vectors, asked=asked)
        yield replace(elsewhere, weight=SIBLING if same else OFF_TOPIC)
    for case in removed.cases:
        if case.article % 2 == learnt:
            asked = removed_vectors.questions[case.question]
            example = alone(case, number=case.passage, texts=removed, vectors=removed_vectors, asked=asked)
            yield replace(example, weight=REMOVED)
    swapped = swap_names(squad, parity=learnt)
    for case, asked in zip(swapped, embedder.embed([case.question for case in swapped]), strict=True):
        yield replace(in_corpus(case, texts=squad, vectors=vectors, index=index, asked=asked), weight=SWAPPED)
        yield replace(alone(case, number=case.passage, texts=squad, vectors=vectors, asked=asked), weight=SWAPPED)
    for number, case in enumerate(nq.cases):
        asked = nq_vectors.questions[case.question]
        if number % 4 == 0:
            example = in_corpus(
                replace(case, answerable=False, answers=()), texts=squad, vectors=vectors, index=index, asked=asked
            )
            yield replace(example, weight=OFF_TOPIC)
        # Asked before the event and answered after it, they would teach that tense does not matter.
        if number % 2 == 0 and not {"will", "next"} & set(case.question.split()):
            example = in_corpus(case, texts=nq, vectors=nq_vectors, index=nq_index, asked=asked)
            yield replace(example, weight=SEARCHED)
            yield replace(alone(case, number=case.passage, texts=nq, vectors=nq_vectors, asked=asked), weight=SEARCHED)


def own_texts(*, embedder: MiniLM, cache: Path) -> Iterator[Example]:
    """The questions to our own texts that are kept from the reader, each asked of its document alone: "it" is that."""
    for document in written.load("weights", count_pieces=embedder.count_pieces):
        texts = written.question_set(document)
        vectors = embed(texts, embedder=embedder, cache=cache)
        index = MemoryIndex(texts.passages, vectors.passages)
        for case in texts.cases:
            asked = vectors.questions[case.question]
            yield replace(in_corpus(case, texts=texts, vectors=vectors, index=index, asked=asked), weight=WRITTEN)


def choices(found: Sequence[Example]) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """For each question asked of a whole corpus: the features of all units that may answer, and which are right."""
    for example in found:
        if _is_of_corpus(example):
            right = [units_that_answer(example.case, example.texts, hit) for hit in example.hits]
            may = np.concatenate([[quote is not None for quote in hit.quotes] for hit in example.hits])
            rows = np.concatenate([sentence_features(example.question, hit) for hit in example.hits])
            yield rows[may], np.concatenate(right)[may]


def _is_of_corpus(example: Example) -> bool:
    """Whether it is an answerable question of a whole corpus."""
    return example.case.answerable and len(example.hits) > 1


def _is_counted(example: Example) -> bool:
    """Whether the false refusals of `STEPS` are counted on it: such a question of a public corpus."""
    return _is_of_corpus(example) and example.texts.name != "written"


def learn(found: Sequence[Example]) -> dict[str, Any]:
    """What is stored: the weights of sentences, then of signals, then the thresholds read off."""
    sentence = fit_choice(list(choices(found)))
    table = [
        signals(each.question, hits=[scored(hit, question=each.question, weights=sentence) for hit in each.hits])
        for each in found
    ]
    rows = np.array([[row[name] for name in SIGNALS] for row in table])
    answerable = np.array([each.case.answerable for each in found])
    confidence, bias = fit_logistic(rows, answerable, weights=np.array([each.weight for each in found]))
    estimates = 1 / (1 + np.exp(-(rows @ confidence + bias)))
    refusable = np.array([_is_counted(each) for each in found])
    steps = [(step, float(np.quantile(estimates[refusable], share)), share) for step, share in STEPS]
    return {
        "made_by": "python scripts/train_extractive.py --data PATH, on the even articles of half of SQuAD 2.0's "
        "development set (CC BY-SA 4.0), half of 2,655 Natural Questions and a tenth of scripts/written",
        "dense_share": load_weights().dense_share,
        "sentence": dict(zip(SENTENCE_FEATURES, np.round(sentence, 3).tolist(), strict=True)),
        "confidence": {"bias": round(bias, 3), **dict(zip(SIGNALS, np.round(confidence, 3).tolist(), strict=True))},
        "strictness": [
            {"strictness": 0.0, "confidence": 0.0, "false_refusals": 0.0},
            *(
                {"strictness": step, "confidence": round(level, 3), "false_refusals": share}
                for step, level, share in steps
            ),
            {"strictness": 1.0, "confidence": 1.0, "false_refusals": 1.0},
        ],
    }


def main() -> None:
    """Learn from the sets, and write down what was learnt."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/quality"))
    parser.add_argument("--learnt", type=int, default=0, help="the half of SQuAD that is learnt from")
    parser.add_argument("--target", type=Path, default=TARGET)
    given = parser.parse_args()
    embedder = MiniLM()
    squad = load_squad(given.data / "squad2_half/dev-v2.0.json", count_pieces=embedder.count_pieces)
    nq = load_nq(given.data / "nq_oracle/nq-open-oracle.jsonl.gz", count_pieces=embedder.count_pieces)
    found = list(examples(squad, nq, learnt=given.learnt, embedder=embedder, cache=given.cache))
    found += own_texts(embedder=embedder, cache=given.cache)
    stored = learn(found)
    given.target.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
