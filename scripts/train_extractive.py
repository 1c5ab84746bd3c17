"""Make src/qa/_data/extractive.json: the weights behind ranking, answering and abstaining.

    python scripts/train_extractive.py --data PATH [--cache FOLDER]

PATH holds squad2_half/dev-v2.0.json and nq_oracle/nq-open-oracle.jsonl.gz. Only the SQuAD articles with
an even number (counted from 0) and every other NQ question are learnt from; the rest is for reporting.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memory_index import MemoryIndex
from qa.models.minilm import MiniLM
from qa.search.confidence import SIGNALS, signals
from qa.search.features import SENTENCE_FEATURES, ParsedQuestion, analyse, sentence_features
from qa.search.quoting import quoted
from qa.search.retrieval import READ, fuse, read_passage
from qa.search.weights import load_weights
from qa.types import Hit, Passage
from question_sets import Case, Embedded, QuestionSet, embed, load_nq, load_squad, make_passage
from regression import fit_choice, fit_logistic
from swapped_names import swap_names

TARGET = Path(__file__).parents[1] / "src/qa/_data/extractive.json"
Array = NDArray[np.float64]

# What each kind of example counts for. Near misses were written to fool a reader and would drown the rest.
NEAR_MISS, OFF_TOPIC, SIBLING, REMOVED, SEARCHED, SWAPPED = 0.3, 1.0, 1.0, 1.0, 0.5, 0.1
STEPS = ((0.1, 0.01), (0.25, 0.04), (0.5, 0.1), (0.75, 0.25), (0.9, 0.5))  # strictness → false refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question before its candidates: passages with the cosines of their sentences and their own score."""

    case: Case
    question: ParsedQuestion
    candidates: tuple[tuple[Passage, NDArray[np.float32], float], ...]
    weight: float = 1.0

    def hits(self, weights: Array) -> list[Hit]:
        """The candidates with their sentences scored."""
        return [
            read_passage(self.question, passage, cosines=cosines, relevance=relevance, weights=weights)
            for passage, cosines, relevance in self.candidates
        ]


def is_learnt_from(case: Case) -> bool:
    """Whether a SQuAD question belongs to the articles that weights are learnt from."""
    return case.article % 2 == 0


def in_corpus(
    case: Case, *, texts: QuestionSet, vectors: Embedded, index: MemoryIndex, asked: NDArray[np.float32]
) -> Example:
    """The question asked of all passages of a set."""
    rows = {passage.id: row for row, passage in enumerate(texts.passages)}
    relevance = fuse(case.question, asked, index=index)
    best = sorted(relevance, key=lambda key: (-relevance[key], key))[:READ]
    return Example(
        case=case,
        question=analyse(case.question, frequency=index.frequencies(), count=index.passage_count),
        candidates=tuple(
            (texts.passages[rows[key]], vectors.sentences[rows[key]] @ asked, relevance[key]) for key in best
        ),
    )


def alone(case: Case, *, number: int, texts: QuestionSet, vectors: Embedded, asked: NDArray[np.float32]) -> Example:
    """The question asked of one passage that is the whole corpus."""
    passage = texts.passages[number]
    index = MemoryIndex([passage], vectors.passages[number : number + 1])
    return Example(
        case=case,
        question=analyse(case.question, frequency=index.frequencies(), count=1),
        candidates=((passage, vectors.sentences[number] @ asked, fuse(case.question, asked, index=index)[passage.id]),),
    )


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


def examples(squad: QuestionSet, nq: QuestionSet, *, embedder: MiniLM, cache: Path) -> Iterator[Example]:
    """Everything that is learnt from, in the set-ups that docs/answering.md names."""
    removed = without_answers(squad)
    vectors, nq_vectors = embed(squad, embedder=embedder, cache=cache), embed(nq, embedder=embedder, cache=cache)
    removed_vectors = embed(removed, embedder=embedder, cache=cache)
    index = MemoryIndex(squad.passages, vectors.passages)
    chance = random.Random(0)
    articles = {case.passage: case.article for case in squad.cases}
    for number, case in enumerate(squad.cases):
        if not is_learnt_from(case):
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
    for case in filter(is_learnt_from, removed.cases):
        asked = removed_vectors.questions[case.question]
        example = alone(case, number=case.passage, texts=removed, vectors=removed_vectors, asked=asked)
        yield replace(example, weight=REMOVED)
    swapped = swap_names(squad, parity=0)
    for case, asked in zip(swapped, embedder.embed([case.question for case in swapped]), strict=True):
        yield replace(in_corpus(case, texts=squad, vectors=vectors, index=index, asked=asked), weight=SWAPPED)
        yield replace(alone(case, number=case.passage, texts=squad, vectors=vectors, asked=asked), weight=SWAPPED)
    for number, case in enumerate(nq.cases):
        asked = nq_vectors.questions[case.question]
        if number % 4 == 0:
            off_topic = replace(case, answerable=False)
            yield replace(
                in_corpus(off_topic, texts=squad, vectors=vectors, index=index, asked=asked), weight=OFF_TOPIC
            )
        # Asked before the event and answered after it, they would teach that tense does not matter.
        if number % 2 == 0 and not {"will", "next"} & set(case.question.split()):
            yield replace(alone(case, number=case.passage, texts=nq, vectors=nq_vectors, asked=asked), weight=SEARCHED)


def choices(found: Sequence[Example], squad: QuestionSet) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """For each question asked of the whole corpus: the features of all candidate sentences, and which are right."""
    for example in found:
        if not example.case.sentences or len(example.candidates) == 1:
            continue
        right = squad.passages[example.case.passage].id
        rows = [
            sentence_features(
                example.question, passage, quotes=quoted(passage), cosines=cosines.tolist(), relevance=relevance
            )
            for passage, cosines, relevance in example.candidates
        ]
        holds = [
            passage.id == right and row in example.case.sentences
            for passage, _, _ in example.candidates
            for row in range(len(passage.units))
        ]
        yield np.concatenate(rows), np.array(holds)


def _is_counted(example: Example) -> bool:
    """Whether the false refusals of `STEPS` are counted on it: a SQuAD question of all paragraphs, or a search."""
    case = example.case
    return case.answerable and (len(example.candidates) > 1 if case.sentences else True)


def main() -> None:
    """Learn the weights of sentences, then of signals, then read the thresholds off; write them down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/quality"))
    given = parser.parse_args()
    embedder = MiniLM()
    squad = load_squad(given.data / "squad2_half/dev-v2.0.json", count_pieces=embedder.count_pieces)
    nq = load_nq(given.data / "nq_oracle/nq-open-oracle.jsonl.gz", count_pieces=embedder.count_pieces)
    found = list(examples(squad, nq, embedder=embedder, cache=given.cache))
    sentence = fit_choice(list(choices(found, squad)))
    table = [signals(each.question, hits=each.hits(sentence)) for each in found]
    rows = np.array([[row[name] for name in SIGNALS] for row in table])
    answerable = np.array([each.case.answerable for each in found])
    confidence, bias = fit_logistic(rows, answerable, weights=np.array([each.weight for each in found]))
    estimates = 1 / (1 + np.exp(-(rows @ confidence + bias)))
    # Half of them worded like the text and asked of a whole corpus, half as people search.
    refusable = np.array([_is_counted(each) for each in found])
    steps = [(step, float(np.quantile(estimates[refusable], share)), share) for step, share in STEPS]
    stored = {
        "made_by": "python scripts/train_extractive.py --data PATH, on the even articles of half of SQuAD 2.0's "
        "development set (CC BY-SA 4.0) and half of 2,655 Natural Questions",
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
    TARGET.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
