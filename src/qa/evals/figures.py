"""The figures of a run: each with its interval and the number of cases behind it.

Cases for which a figure is not defined are counted beside it, never averaged in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

import numpy as np

from qa.evals import metrics
from qa.evals.records import CaseRecord
from qa.evals.scoring import SHOWN, Scores
from qa.evals.statistics import Interval, bootstrap, bootstrap_mean, effective_size, paired_interval, wilson

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")
Unit = Literal["share", "seconds", "tokens", "dollars"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number; `value` is None when no case defines it, the interval when none can be given.

    `n` cases are behind it, for `undefined` it has no meaning. `about` is its definition in a line.
    """

    name: str
    about: str
    value: float | None
    interval: Interval | None
    n: int
    undefined: int = 0
    unit: Unit = "share"


RATES = {
    "right": "came out as it should: answered rightly, or abstained where the documents hold no answer",
    "right_cited": "right, and citing some of the gold evidence where there is any",
    "pair": "a twin and its original both right",
    "unharmed": "nothing that a hostile document asked for was said",
    "answer_contained": "a gold answer stands in the answer",
    "exact_match": "the short answer equals a gold answer (SQuAD)",
    "judged_right": "the judge finds a gold answer in the answer",
    "abstention": "abstained exactly where the documents hold no answer",
    "abstention_precision": "refusals of questions that the documents do not answer",
    "abstention_recall": "questions that the documents do not answer that were refused",
    "citation_exact": "every quote is the document's own text at its offsets",
    f"all_evidence@{SHOWN}": f"all of the evidence is in the first {SHOWN} passages",
}
MEANS = {
    "token_f1": "words shared between the short answer and a gold answer (SQuAD)",
    "parts_contained": "sub-answers that stand in the answer (ALCE's exact-match recall)",
    "evidence_recall@1": "evidence wholly in the first passage",
    "evidence_recall@3": "evidence wholly in the first 3 passages",
    "evidence_recall@5": "evidence wholly in the first 5 passages",
    "evidence_recall@10": "evidence wholly in the first 10 passages",
    "nDCG@10": "evidence (or graded documents) near the top of the ranking",
    "RR@10": "one over the rank of the first evidence (or relevant document)",
    "R@10": "evidence (or relevant documents) among the first 10",
    f"retrieved_precision@{SHOWN}": f"characters of the first {SHOWN} passages that are evidence",
    f"retrieved_iou@{SHOWN}": f"characters shared by evidence and the first {SHOWN} passages, of all in either",
    f"rewrite_gain@{SHOWN}": "evidence recall with the system's wording less that with the gold wording",
    "citation_recall": "sentences that their citations entail (ALCE)",
    "citation_precision": "citations that are needed (ALCE)",
    "cited_precision": "cited characters that are evidence",
    "cited_recall": "characters of evidence that are cited",
    "cited_iou": "characters shared by evidence and citations, of all in either",
    "supported": "sentences that the system itself calls supported",
}

COMPARED = (*RATES, *MEANS)
"""The figures that every case has a score for, so that runs can be compared case by case."""
JUDGED = ("judged_right", "citation_recall", "citation_precision")
"""The figures that rest on a judge."""


def figures(
    records: Sequence[CaseRecord], scores: Sequence[Scores], *, price: tuple[float, float] = (0.0, 0.0)
) -> list[Figure]:
    """Every figure that at least one case defines; `price` is dollars per million tokens read and written."""
    made = [_averaged(name, about, records, scores) for name, about in (RATES | MEANS).items()]
    made += [_abstaining(records, scores), _confidence(records, scores)]
    made += _latency(records)
    made += _usage(records, price)
    return [each for each in made if each.n]


def by_tag(records: Sequence[CaseRecord], scores: Sequence[Scores]) -> list[Figure]:
    """`right`, and for twins `pair`, over the cases of each tag, named `tag: right`."""
    made = []
    for tag in dict.fromkeys(tag for record in records for tag in record.case.tags):
        chosen = [n for n, record in enumerate(records) if tag in record.case.tags]
        for name in ("right", "pair"):
            each = _averaged(name, "", [records[n] for n in chosen], [scores[n] for n in chosen])
            made += [replace(each, name=f"{tag}: {name}")] if each.n else []
    return made


def _averaged(name: str, about: str, records: Sequence[CaseRecord], scores: Sequence[Scores]) -> Figure:
    chosen = [(each[name], record.cluster) for record, each in zip(records, scores, strict=True) if name in each]
    values, clusters = [value for value, _ in chosen], [cluster for _, cluster in chosen]
    value = sum(values) / len(values) if values else None
    interval = _interval(values, clusters, may_be_negative=name.startswith("rewrite_gain")) if values else None
    return Figure(
        name=name, about=about, value=value, interval=interval, n=len(values), undefined=len(records) - len(values)
    )


def _interval(values: Sequence[float], clusters: Sequence[str], *, may_be_negative: bool) -> Interval:
    if may_be_negative:
        return paired_interval(values, clusters)
    # Resampling values that are all the same would give an interval without width.
    if all(value in (0, 1) for value in values) or len(set(values)) == 1:
        return wilson(sum(values) / len(values), effective_size(values, clusters))
    return bootstrap_mean(values, clusters)


def _sampled(
    name: str, about: str, sample: Sequence[tuple[T, str]], statistic: Callable[[list[T]], float | None], *, of: int
) -> Figure:
    """The figure of values with their clusters, where it is no mean of them; `of` cases were run."""
    values, clusters = [value for value, _ in sample], [cluster for _, cluster in sample]
    value = statistic(values)
    n = len(values) if value is not None else 0
    interval = bootstrap(lambda picks: statistic([values[n] for n in picks]), clusters)
    return Figure(name=name, about=about, value=value, interval=interval, n=n, undefined=of - n)


def _abstaining(records: Sequence[CaseRecord], scores: Sequence[Scores]) -> Figure:
    sample = [
        ((record.ending == "abstained", record.case.answerable), record.cluster)
        for record, each in zip(records, scores, strict=True)
        if "abstention" in each
    ]
    about = "harmonic mean of the precision and recall of refusing"
    return _sampled(
        "abstention_f1", about, sample, lambda pairs: metrics.abstention_f1(*_apart(pairs)), of=len(records)
    )


def answered(records: Sequence[CaseRecord], scores: Sequence[Scores]) -> list[tuple[tuple[float, bool], str]]:
    """The confidence of every answer given and whether it was right, with its cluster."""
    return [
        ((record.answer.confidence, each["right"] == 1), record.cluster)
        for record, each in zip(records, scores, strict=True)
        if record.answer is not None and not record.answer.abstained and "right" in each
    ]


def _confidence(records: Sequence[CaseRecord], scores: Sequence[Scores]) -> Figure:
    about = "risk averaged over every coverage, answers ordered by confidence; lower is better"
    sample = answered(records, scores)
    return _sampled("aurc", about, sample, lambda pairs: metrics.aurc(*_apart(pairs)), of=len(records))


def _latency(records: Sequence[CaseRecord]) -> list[Figure]:
    made = []
    for stage in dict.fromkeys(stage for record in records for stage in record.seconds):
        sample = [(record.seconds[stage], record.case.id) for record in records if stage in record.seconds]
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            about = f"{share:.0%} of the cases take no longer"
            figure = _sampled(f"{stage}_{name}", about, sample, partial(np.quantile, q=share), of=len(records))
            made.append(replace(figure, unit="seconds"))
    return made


def _apart(pairs: Sequence[tuple[A, B]]) -> tuple[list[A], list[B]]:
    return [first for first, _ in pairs], [second for _, second in pairs]


def _usage(records: Sequence[CaseRecord], price: tuple[float, float]) -> list[Figure]:
    used = [record.answer.usage for record in records if record.answer is not None]
    read, written = sum(each.input_tokens for each in used), sum(each.output_tokens for each in used)
    if not read + written:
        return []
    rows: list[tuple[str, str, float, Unit]] = [
        ("tokens_read", "by the language model, a case", read / len(used), "tokens"),
        ("tokens_written", "by the language model, a case", written / len(used), "tokens"),
        ("cost", "of the whole run", (read * price[0] + written * price[1]) / 1e6, "dollars"),
    ]
    return [
        Figure(name=name, about=about, value=value, interval=None, n=len(used), unit=unit)
        for name, about, value, unit in rows
        if value
    ]
