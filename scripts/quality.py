"""Measure ranking, short answers and abstention on public question sets, through the real index.

    python scripts/quality.py PATH [--cache FOLDER] [--learnt 1 --weights FILE] [--rates src/qa/_data/strictness.json]

PATH holds squad2_half, nq_oracle and cranfield. SQuAD figures are of the articles with an odd number, which
neither the reader nor the weights have seen, those of Natural Questions of every other question. With --learnt 1 they
are of the even articles, for weights that `train_extractive.py --learnt 1` wrote to a file.
With --rates, what each strictness refuses is written to the file that the page tells it from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from memory_index import MemoryIndex
from qa.evals.metrics import exact_match, ndcg, token_f1
from qa.index.store import Index
from qa.index.writer import Entry, writing
from qa.models.minilm import MiniLM
from qa.search import weights
from qa.search.retrieval import Searchable, find
from qa.search.weights import load_weights
from qa.types import Findings, Hit, Passage, Record
from question_sets import (
    Case,
    Embedded,
    QuestionSet,
    Vectors,
    embed,
    load_cranfield,
    load_nq,
    load_squad,
    make_query,
    units_that_answer,
)
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
    """`find` on an index of these texts, with the vectors that were made before."""

    def ask(question: str) -> Findings:
        query = make_query(question, texts, vectors, asked=vectors.questions[question])
        return find(query, question=question, index=index, top_k=top_k, strictness=0.5)

    return ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the right passage came, from 0, and the first right unit; how good the words of the first unit are."""

    passage: int
    unit: int
    exact: float
    f1: float


def places(cases: Iterable[Case], texts: QuestionSet, *, ask: Ask) -> Iterator[Place]:
    """The place of each case."""
    for case in cases:
        hits = ask(case.question).read
        right = texts.passages[case.passage].id
        units = sorted(
            (-score, hit.rank, row, good)
            for hit in hits
            for row, (score, good) in enumerate(
                zip(hit.sentence_scores, units_that_answer(case, texts, hit), strict=True)
            )
            if hit.quotes[row]
        )
        _, rank, row, _ = units[0]
        said = _short(hits[rank - 1], row)
        yield Place(
            passage=next((place for place, hit in enumerate(hits) if hit.passage.id == right), DEPTH),
            unit=next((place for place, each in enumerate(units) if each[3]), len(units)),
            exact=exact_match(said, case.answers),
            f1=token_f1(said, case.answers),
        )


def _short(hit: Hit, row: int) -> str:
    part = hit.parts[row]
    return hit.passage.cut(part) if part else ""


def show_places(name: str, found: Sequence[Place]) -> None:
    """Print what share of the places is good."""
    passages, units = [each.passage for each in found], [each.unit for each in found]
    exact, f1 = (100 * float(np.mean([getattr(each, what) for each in found])) for what in ("exact", "f1"))
    print(
        f"{name}, {len(found)} questions: R@1 {share(passages, below=1):.1f}  R@5 {share(passages, below=5):.1f}  "
        f"right unit first {share(units, below=1):.1f}  in two {share(units, below=2):.1f}  "
        f"short answer EM {exact:.1f}  F1 {f1:.1f}",
        flush=True,
    )


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


KINDS = ("answerable", "searched", "off_topic", "near")


def rates(*confidences: Sequence[float]) -> list[dict[str, float]]:
    """The percentage of each of `KINDS` of question that each strictness refuses; printed, too."""
    rows = []
    for strictness in (step / 10 for step in range(11)):
        level = load_weights().required_confidence(strictness)
        shares = [round(share_below(values, level), 1) for values in confidences]
        rows.append(dict(zip(("strictness", *KINDS), (strictness, *shares), strict=True)))
        print(f"strictness {strictness:.1f} refuses " + "  ".join(map("{:5.1f} % {}".format, shares, KINDS)))
    return rows


def share_below(values: Sequence[float], level: float) -> float:
    """The percentage of values below a level."""
    return 100 * float(np.mean(np.array(values) < level))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".cache/quality"))
    parser.add_argument("--learnt", type=int, default=0, help="the half of SQuAD that the weights were learnt from")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--rates", type=Path)
    given = parser.parse_args()
    if given.weights:
        weights.STORED = given.weights
    embedder = MiniLM()
    squad = load_squad(given.data / "squad2_half/dev-v2.0.json", count_pieces=embedder.count_pieces)
    nq = load_nq(given.data / "nq_oracle/nq-open-oracle.jsonl.gz", count_pieces=embedder.count_pieces)
    cranfield = load_cranfield(given.data / "cranfield")
    vectors = {each.name: embed(each, embedder=embedder, cache=given.cache) for each in (squad, nq, cranfield)}
    index = {each.name: stored(each, vectors[each.name], folder=given.cache) for each in (squad, nq, cranfield)}
    held_out = [case for case in squad.cases if case.article % 2 != given.learnt]
    good, near = ([case for case in held_out if case.answerable is wanted] for wanted in (True, False))
    searches = nq.cases[1::2]
    ask = asker(squad, vectors["squad"], index=index["squad"], top_k=DEPTH)
    ask_nq = asker(nq, vectors["nq"], index=index["nq"], top_k=DEPTH)
    show_places(f"SQuAD, {len(squad.passages)} passages", list(places(good, squad, ask=ask)))
    show_places(f"NQ, {len(nq.passages)} passages", list(places(searches, nq, ask=ask_nq)))
    ask_cranfield = asker(cranfield, vectors["cranfield"], index=index["cranfield"], top_k=10)
    binary, graded = (mean_ndcg(cranfield, ask=ask_cranfield, graded=graded) for graded in (False, True))
    print(f"Cranfield, {len(cranfield.passages)} abstracts: nDCG@10 {binary:.3f}; with gains of 4 to 1 {graded:.3f}")

    ask = asker(squad, vectors["squad"], index=index["squad"], top_k=TOP_K)
    sure = confidences(good, ask=ask)
    searched = confidences(searches, ask=asker(nq, vectors["nq"], index=index["nq"], top_k=TOP_K))
    both = replace(vectors["squad"], questions=vectors["nq"].questions)
    off = confidences(searches, ask=asker(squad, both, index=index["squad"], top_k=TOP_K))
    refusals("NQ questions asked of the SQuAD passages", answerable=sure, unanswerable=off)
    nearly = confidences(near, ask=ask)
    refusals("SQuAD near misses asked of all passages", answerable=sure, unanswerable=nearly)
    swapped = swap_names(squad, parity=1 - given.learnt)
    questions = [case.question for case in swapped]
    renamed = replace(vectors["squad"], questions=dict(zip(questions, embedder.embed(questions), strict=True)))
    refusals(
        "with a name swapped, asked of all passages",
        answerable=sure,
        unanswerable=confidences(swapped, ask=asker(squad, renamed, index=index["squad"], top_k=TOP_K)),
    )
    one, missed = alone(good, squad, vectors["squad"]), alone(near, squad, vectors["squad"])
    refusals("SQuAD near misses asked of their passage alone", answerable=one, unanswerable=missed)
    steps = rates(sure, searched, off, nearly)
    if given.rates:
        made_by = "python scripts/quality.py PATH --rates src/qa/_data/strictness.json"
        rows = ",\n".join(f"    {json.dumps(step)}" for step in steps)
        text = f'{{\n  "made_by": {json.dumps(made_by)},\n  "steps": [\n{rows}\n  ]\n}}\n'
        given.rates.write_text(text, encoding="utf-8")


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
