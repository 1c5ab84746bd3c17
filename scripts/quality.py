"""Measure ranking, sentence selection and abstention on public question sets, through the real index.

    python scripts/quality.py PATH [--cache FOLDER] [--rates src/qa/_data/strictness.json]

PATH holds squad2_half, nq_oracle and cranfield. SQuAD figures are of the articles with an odd number:
the weights were learnt on the others (scripts/train_extractive.py), as were those of every other NQ question.
With --rates, what each strictness refuses is written to the file that the page tells it from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from memory_index import MemoryIndex
from qa.evals.ranking import ndcg
from qa.index.store import Index
from qa.index.writer import Entry, writing
from qa.models.minilm import MiniLM
from qa.search.retrieval import Query, Searchable, find
from qa.search.weights import load_weights
from qa.types import Findings, Hit, Passage, Record
from question_sets import Case, Embedded, QuestionSet, Vectors, embed, load_cranfield, load_nq, load_squad
from swapped_names import swap_names

Ask = Callable[[str], Findings]
TOP_K = 5  # the default of the settings
DEPTH = 8  # passages looked at for the place of the right one


def stored(texts: QuestionSet, vectors: Embedded, *, folder: Path) -> Index:
    """A real index of a question set, made once in `folder`."""
    index = Index(
        str(folder / texts.key), collection="passages", embeddings=MiniLM.name, dimension=MiniLM.dimension, home=folder
    )
    if index.passage_count != len(texts.passages):
        with writing(index) as writer:
            writer.put(
                [_entry(passage, vector) for passage, vector in zip(texts.passages, vectors.passages, strict=True)]
            )
    return index


def asker(texts: QuestionSet, vectors: Embedded, *, index: Searchable, top_k: int) -> Ask:
    """`find` on an index, with the vectors that were made before."""
    sentences = {passage.id: rows for passage, rows in zip(texts.passages, vectors.sentences, strict=True)}

    def ask(question: str) -> Findings:
        asked = vectors.questions[question]

        def cosines(passages: Sequence[Passage]) -> list[Vectors]:
            return [sentences[passage.id] @ asked for passage in passages]

        query = Query(text=question, vector=asked, sentence_cosines=cosines)
        return find(query, question=question, index=index, top_k=top_k, strictness=0.5)

    return ask


def ranks(cases: Iterable[Case], texts: QuestionSet, *, ask: Ask) -> Iterator[tuple[int, int]]:
    """For each case the place, from 0, of its passage among the hits and of its first right sentence among theirs."""
    for case in cases:
        right = texts.passages[case.passage].id
        hits = ask(case.question).read
        passage = next((row for row, hit in enumerate(hits) if hit.passage.id == right), DEPTH)
        scored = [
            (-score, hit.rank, row, hit.passage.id == right and _holds(hit, row, case.sentences))
            for hit in hits
            for row, score in enumerate(hit.sentence_scores)
        ]
        yield passage, next((row for row, each in enumerate(sorted(scored)) if each[3]), len(scored))


def _holds(hit: Hit, row: int, sentences: frozenset[int]) -> bool:
    """Whether the quote of a unit holds one of these units."""
    quote = hit.quotes[row]
    return quote is not None and any(quote.start <= hit.passage.units[each].start < quote.end for each in sentences)


def share(places: Iterable[int], *, below: int) -> float:
    """The percentage of places that are below a number."""
    return 100 * float(np.mean([place < below for place in places]))


def mean_ndcg(texts: QuestionSet, *, ask: Ask, graded: bool) -> float:
    """The mean nDCG@10, with the grades as gains or 1 for whatever is relevant."""
    numbers = {passage.id: number for number, passage in enumerate(texts.passages)}
    values = []
    for case, judged in zip(texts.cases, texts.grades, strict=True):
        found = [numbers[hit.passage.id] for hit in ask(case.question).read[:10]]
        values.append(ndcg(found, {number: grade if graded else 1 for number, grade in judged.items()}))
    return float(np.mean(values))


def confidences(cases: Iterable[Case], *, ask: Ask) -> list[float]:
    """How sure the shipped weights are of each question's answer."""
    return [ask(case.question).confidence for case in cases]


def alone(cases: Iterable[Case], texts: QuestionSet, vectors: Embedded) -> list[float]:
    """How sure they are when the question's own passage is the whole corpus."""
    found = []
    for case in cases:
        number = case.passage
        index = MemoryIndex([texts.passages[number]], vectors.passages[number : number + 1])
        found += confidences([case], ask=asker(texts, vectors, index=index, top_k=1))
    return found


def refusals(name: str, *, answerable: Sequence[float], unanswerable: Sequence[float]) -> None:
    """Print how much is refused when one good question in ten is, and at the default strictness."""
    level = float(np.quantile(answerable, 0.1))
    default = load_weights().required_confidence(0.5)
    order = np.argsort(np.argsort([*answerable, *unanswerable]))
    good = len(answerable)
    area = (order[:good].sum() - good * (good - 1) / 2) / (good * len(unanswerable))
    print(
        f"{name:52} AUROC {area:.3f}   refused {share_below(unanswerable, level):5.1f} % at 10 % false refusals; "
        f"at strictness 0.5: {share_below(unanswerable, default):5.1f} % and {share_below(answerable, default):4.1f} %"
    )


def rates(*, answerable: Sequence[float], off_topic: Sequence[float], near: Sequence[float]) -> list[dict[str, float]]:
    """The percentage of each kind of question that each strictness refuses; printed, too."""
    rows = []
    for strictness in (step / 10 for step in range(11)):
        level = load_weights().required_confidence(strictness)
        shares = [round(share_below(values, level), 1) for values in (answerable, off_topic, near)]
        rows.append(dict(zip(("strictness", "answerable", "off_topic", "near"), (strictness, *shares), strict=True)))
        print(
            "strictness {:.1f} refuses {:5.1f} % answerable  {:5.1f} % off-topic  {:5.1f} % near".format(
                *rows[-1].values()
            )
        )
    return rows


def share_below(values: Sequence[float], level: float) -> float:
    """The percentage of values below a level."""
    return 100 * float(np.mean(np.array(values) < level))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".cache/quality"))
    parser.add_argument("--rates", type=Path)
    given = parser.parse_args()
    embedder = MiniLM()
    squad = load_squad(given.data / "squad2_half/dev-v2.0.json", count_pieces=embedder.count_pieces)
    nq = load_nq(given.data / "nq_oracle/nq-open-oracle.jsonl.gz", count_pieces=embedder.count_pieces)
    cranfield = load_cranfield(given.data / "cranfield")
    vectors = {each.name: embed(each, embedder=embedder, cache=given.cache) for each in (squad, nq, cranfield)}
    index = {each.name: stored(each, vectors[each.name], folder=given.cache) for each in (squad, nq, cranfield)}
    ask = asker(squad, vectors["squad"], index=index["squad"], top_k=TOP_K)
    for parity, name in ((1, "held out"), (0, "learnt from")):
        cases = [case for case in squad.cases if case.answerable and case.article % 2 == parity]
        places = list(ranks(cases, squad, ask=asker(squad, vectors["squad"], index=index["squad"], top_k=DEPTH)))
        passages, sentences = [each for each, _ in places], [each for _, each in places]
        print(
            f"SQuAD, 646 passages, {name}, {len(cases)} questions: "
            f"R@1 {share(passages, below=1):.1f}  R@5 {share(passages, below=5):.1f}  "
            f"sentence first {share(sentences, below=1):.1f}  first two {share(sentences, below=2):.1f}"
        )
    searched = asker(nq, vectors["nq"], index=index["nq"], top_k=DEPTH)
    found = [passage for passage, _ in ranks(nq.cases, nq, ask=searched)]
    print(f"NQ, {len(nq.passages)} passages: R@1 {share(found, below=1):.1f}  R@5 {share(found, below=5):.1f}")
    searched = asker(cranfield, vectors["cranfield"], index=index["cranfield"], top_k=10)
    binary, graded = (mean_ndcg(cranfield, ask=searched, graded=graded) for graded in (False, True))
    print(f"Cranfield, {len(cranfield.passages)} abstracts: nDCG@10 {binary:.3f}; with gains of 4 to 1 {graded:.3f}")
    held_out = [case for case in squad.cases if case.article % 2 == 1]
    good, near = ([case for case in held_out if case.answerable is wanted] for wanted in (True, False))
    sure = confidences(good, ask=ask)
    foreign = [case for number, case in enumerate(nq.cases) if number % 2 == 1]
    both = replace(vectors["squad"], questions=vectors["nq"].questions)
    off = confidences(foreign, ask=asker(squad, both, index=index["squad"], top_k=TOP_K))
    refusals("NQ questions asked of the 646 passages", answerable=sure, unanswerable=off)
    nearly = confidences(near, ask=ask)
    refusals("SQuAD near misses asked of the 646 passages", answerable=sure, unanswerable=nearly)
    steps = rates(answerable=sure, off_topic=off, near=nearly)
    if given.rates:
        made_by = "python scripts/quality.py PATH --rates src/qa/_data/strictness.json"
        rows = ",\n".join(f"    {json.dumps(step)}" for step in steps)
        text = f'{{\n  "made_by": {json.dumps(made_by)},\n  "steps": [\n{rows}\n  ]\n}}\n'
        given.rates.write_text(text, encoding="utf-8")
    swapped = swap_names(squad, parity=1)
    questions = [case.question for case in swapped]
    renamed = replace(vectors["squad"], questions=dict(zip(questions, embedder.embed(questions), strict=True)))
    refusals(
        "with a name swapped, asked of the 646 passages",
        answerable=sure,
        unanswerable=confidences(swapped, ask=asker(squad, renamed, index=index["squad"], top_k=TOP_K)),
    )
    one, missed = alone(good, squad, vectors["squad"]), alone(near, squad, vectors["squad"])
    refusals("SQuAD near misses asked of their passage alone", answerable=one, unanswerable=missed)


def _entry(passage: Passage, vector: Vectors) -> Entry:
    record = Record(
        id=passage.document,
        version=passage.version,
        title=passage.title,
        root="",
        mirrored=False,
        passages=1,
        chars=len(passage.text),
    )
    return Entry(record=record, passages=(passage,), vectors=vector[None])


if __name__ == "__main__":
    main()
