"""Measure the reader alone, each question beside its own passage: short answers, right sentences, near misses.

    python scripts/read_alone.py PATH [--weights FILE] [--headed]

PATH holds squad2_half and nq_oracle. Of both the odd half is read, which the reader was not trained on: SQuAD's
articles, and every other question of Natural Questions; and those of our own texts that are kept for it. With --headed
a passage's header stands above it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import written
from qa.evals.metrics import exact_match, token_f1
from qa.models.minilm import MiniLM
from qa.models.reader import Reader
from qa.search.quoting import quoted
from qa.search.retrieval import read_passages
from qa.types import Passage, Reading
from question_sets import Case, QuestionSet, load_nq, load_squad

Read = tuple[Case, Passage, Reading]  # the reading of its units, then of the whole text


def read_all(reader: Reader, texts: QuestionSet, *, parity: int = 1, headed: bool = False) -> list[Read]:
    """Each question of one half, read beside its own passage."""

    def read(case: Case) -> Read:
        passage = texts.passages[case.passage]
        text = passage.headed if headed else passage.text
        before = len(text) - len(passage.text)
        spans = [(before + unit.start, before + unit.end) for unit in passage.units] + [(before, len(text))]
        return case, passage, reader.read(case.question, [text], [spans])[0]

    halves = [case.article if texts.name == "squad" else number for number, case in enumerate(texts.cases)]
    half = [case for case, number in zip(texts.cases, halves, strict=True) if number % 2 == parity]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(read, half))


def short_answers(readings: Sequence[Read], *, headed: bool) -> str:
    """How good the best short answer is, of the whole text and of the best unit, and whether that is a right one."""
    rows = []
    for case, passage, reading in readings:
        text = passage.headed if headed else passage.text
        *units, whole = reading.parts
        scores = [unit.score if unit else -np.inf for unit in units]
        best = int(np.argmax(scores))
        said = [text[part.start : part.end] if part else "" for part in (whole, units[best])]
        right = best in case.sentences if case.sentences else _holds(passage, best, case.answers)
        rows.append([right, *(score(each, case.answers) for each in said for score in (exact_match, token_f1))])
    sentence, *whole_and_unit = (100 * np.array(rows, dtype=float)).mean(axis=0)
    em, f1, unit_em, unit_f1 = whole_and_unit
    return (
        f"{len(rows)} questions: EM {em:.1f}  F1 {f1:.1f}  "
        f"in one sentence EM {unit_em:.1f}  F1 {unit_f1:.1f}  right sentence {sentence:.1f}"
    )


def near_misses(readings: Sequence[Read]) -> list[str]:
    """How well those that the passage answers are told from those that it only seems to, by each score and by both."""
    answerable = np.array([case.answerable for case, _, _ in readings])
    ans = np.array([reading.answerable for _, _, reading in readings])
    span = np.array([part.score if (part := reading.parts[-1]) else -np.inf for _, _, reading in readings])
    lines = []
    for name, scores in (("answerable", ans), ("score", span), ("answerable + score / 2", ans + span / 2)):
        good, bad = scores[answerable], scores[~answerable]
        refused = 100 * float((bad < np.quantile(good, 0.1)).mean())
        lines.append(f"{len(bad)} near misses by {name}: AUROC {area(good, bad):.3f}  refused at 10 % {refused:.1f}")
    return lines


def own_texts(reader: Reader) -> list[str]:
    """How well the reader reads our own texts that nothing has learnt from: plain and reworded questions apart."""
    scores: dict[str, list[tuple[float, bool]]] = {"plain": [], "reworded": [], "unanswered": []}
    for document in written.load("report", count_pieces=MiniLM().count_pieces):
        for asked in document.asked:
            kept = [each for each in document.passages if asked.answer is None or asked.is_answered_in(each)]
            quotes = [quoted(each) for each in kept]
            best: list[tuple[float, bool]] = []
            readings = read_passages(partial(reader.read, asked.question), kept, quotes)
            for reading, spans in zip(readings, quotes, strict=True):
                found = [
                    (part.score, quote) for part, quote in zip(reading.parts, spans, strict=True) if part and quote
                ]
                if found:
                    top = max(found, key=lambda each: each[0])[1]
                    is_right = asked.answer is not None and top.start <= asked.answer[0] < top.end
                    best.append((reading.answerable, is_right))
            if best:
                scores["unanswered" if not asked.answer else "plain" if asked.plain else "reworded"].append(max(best))
    bad = np.array([score for score, _ in scores["unanswered"]])
    lines = [f"our own texts, {len(bad)} unanswered: {100 * float((bad > 0).mean()):.1f} % called answerable"]
    for kind in ("plain", "reworded"):
        good = np.array([score for score, _ in scores[kind]])
        right = 100 * float(np.mean([is_right for _, is_right in scores[kind]]))
        lines.append(
            f"our own texts, {len(good)} {kind}: right unit {right:.1f}  AUROC by answerable {area(good, bad):.3f}  "
            f"called answerable {100 * float((good > 0).mean()):.1f} %"
        )
    return lines


def area(good: NDArray[np.float64], bad: NDArray[np.float64]) -> float:
    """The share of pairs, one of each kind, in which the good one has the higher score."""
    order = np.argsort(np.argsort(np.concatenate([good, bad])))
    return float((order[: len(good)].sum() - len(good) * (len(good) - 1) / 2) / (len(good) * len(bad)))


def _holds(passage: Passage, unit: int, answers: Sequence[str]) -> bool:
    text = passage.cut(passage.units[unit]).lower()
    return any(answer.lower() in text for answer in answers)


def table(reader: Reader, data: Path, *, headed: bool = False) -> list[str]:
    """The lines of the card's table that are measured on the sets in a folder."""
    count_pieces = MiniLM().count_pieces
    squad = read_all(reader, load_squad(data / "squad2_half/dev-v2.0.json", count_pieces=count_pieces), headed=headed)
    answered = [each for each in squad if each[0].answerable]
    nq = load_nq(data / "nq_oracle/nq-open-oracle.jsonl.gz", count_pieces=count_pieces)
    searched = read_all(reader, nq, headed=headed)
    return [
        f"SQuAD, {short_answers(answered, headed=headed)}",
        *(f"SQuAD, {line}" for line in near_misses(squad)),
        f"Natural Questions, {short_answers(searched, headed=headed)}",
        *own_texts(reader),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--headed", action="store_true")
    given = parser.parse_args()
    reader = Reader(weights=given.weights.read_bytes() if given.weights else None)
    print(*table(reader, given.data, headed=given.headed), sep="\n")


if __name__ == "__main__":
    main()
