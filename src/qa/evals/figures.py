"""The figures of a run: each with its interval and the number of cases behind it.

Cases for which a figure is not defined are counted beside it, never averaged in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from qa.evals import metrics
from qa.evals.scoring import SHOWN, Scored
from qa.evals.statistics import Interval, bootstrap, bootstrap_mean, effective_size, paired_interval, wilson

Unit = Literal["share", "seconds", "tokens", "dollars"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number; `value` is None when no case defines it, the interval when none can be given.

    `n` cases are behind it; the others, for which it has no meaning, are `undefined`. `about` defines it in a line.
    """

    name: str
    about: str
    value: float | None
    interval: Interval | None = None
    n: int
    undefined: int = 0
    unit: Unit = "share"

    @property
    def shown(self) -> str:
        """The number as people read it."""
        return "undefined" if self.value is None else self._show(self.value)

    @property
    def shown_interval(self) -> str:
        """The 95 % interval as people read it, or nothing."""
        return "" if self.interval is None else " – ".join(map(self._show, self.interval))

    def _show(self, value: float) -> str:
        if self.unit == "seconds":
            return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"
        if self.unit == "dollars":
            return f"${value:.4f}"
        if self.unit == "tokens":
            return f"{value:,.0f}"
        return f"{value:.3f}" if self.name in ("aurc", "nDCG@10", "RR@10") else f"{value:.1%}"


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


def figures(scored: Sequence[Scored], *, price: tuple[float, float] = (0.0, 0.0)) -> list[Figure]:
    """Every figure that at least one case defines; `price` is dollars per million tokens read and written."""
    made = [_averaged(name, about, scored) for name, about in (RATES | MEANS).items()]
    made += [_abstention_f1(scored), _aurc(scored), *_latency(scored), *_usage(scored, price)]
    return [each for each in made if each.n]


def by_tag(scored: Sequence[Scored]) -> list[Figure]:
    """`right`, and for twins `pair`, over the cases of each tag, named `tag: right`."""
    made = []
    for tag in dict.fromkeys(tag for each in scored for tag in each.record.case.tags):
        tagged = [each for each in scored if tag in each.record.case.tags]
        made += [replace(_averaged(name, "", tagged), name=f"{tag}: {name}") for name in ("right", "pair")]
    return [each for each in made if each.n]


def answered(scored: Sequence[Scored]) -> tuple[list[float], list[bool], list[str]]:
    """Of every answer given: its confidence, whether it was right, and the cluster of its case."""
    given = [
        (answer.confidence, each.scores["right"] == 1, each.record.cluster)
        for each in scored
        if (answer := each.record.answer) is not None and not answer.abstained and "right" in each.scores
    ]
    return [row[0] for row in given], [row[1] for row in given], [row[2] for row in given]


def _averaged(name: str, about: str, scored: Sequence[Scored]) -> Figure:
    defined = [each for each in scored if name in each.scores]
    values, clusters = [each.scores[name] for each in defined], [each.record.cluster for each in defined]
    n, undefined = len(values), len(scored) - len(values)
    if not values:
        return Figure(name=name, about=about, value=None, n=n, undefined=undefined)
    value, interval = sum(values) / n, _interval(values, clusters, may_be_negative=name.startswith("rewrite_gain"))
    return Figure(name=name, about=about, value=value, interval=interval, n=n, undefined=undefined)


def _interval(values: Sequence[float], clusters: Sequence[str], *, may_be_negative: bool) -> Interval:
    if may_be_negative:
        return paired_interval(values, clusters)
    # Resampling values that are all the same would give an interval without width.
    if all(value in (0, 1) for value in values) or len(set(values)) == 1:
        return wilson(sum(values) / len(values), effective_size(values, clusters))
    return bootstrap_mean(values, clusters)


def _abstention_f1(scored: Sequence[Scored]) -> Figure:
    records = [each.record for each in scored if "abstention" in each.scores]
    return _resampled(
        "abstention_f1",
        "harmonic mean of the precision and recall of refusing",
        metrics.abstention_f1,
        [record.ending == "abstained" for record in records],
        [record.case.answerable for record in records],
        clusters=[record.cluster for record in records],
        of=len(scored),
    )


def _aurc(scored: Sequence[Scored]) -> Figure:
    about = "risk averaged over every coverage, answers ordered by confidence; lower is better"
    confidence, right, clusters = answered(scored)
    return _resampled("aurc", about, metrics.aurc, confidence, right, clusters=clusters, of=len(scored))


def _latency(scored: Sequence[Scored]) -> Iterator[Figure]:
    records = [each.record for each in scored]
    for stage in dict.fromkeys(stage for record in records for stage in record.seconds):
        timed = [record for record in records if stage in record.seconds]
        seconds, cases = [record.seconds[stage] for record in timed], [record.case.id for record in timed]
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            about, quantile = f"{share:.0%} of the cases take no longer", partial(np.quantile, q=share)
            made = _resampled(f"{stage}_{name}", about, quantile, seconds, clusters=cases, of=len(records))
            yield replace(made, unit="seconds")


def _resampled(
    name: str,
    about: str,
    statistic: Callable[..., float | None],
    *columns: Sequence[float],
    clusters: Sequence[str],
    of: int,
) -> Figure:
    """The figure of a statistic that is no mean, of columns that run along the clusters; `of` cases were run."""
    value = statistic(*columns)
    interval = bootstrap(lambda picks: statistic(*([column[n] for n in picks] for column in columns)), clusters)
    n = len(clusters) if value is not None else 0
    return Figure(name=name, about=about, value=value, interval=interval, n=n, undefined=of - n)


def _usage(scored: Sequence[Scored], price: tuple[float, float]) -> list[Figure]:
    used = [each.record.answer.usage for each in scored if each.record.answer is not None]
    read, written = sum(each.input_tokens for each in used), sum(each.output_tokens for each in used)
    if not read + written:
        return []
    rows: list[tuple[str, str, float, Unit]] = [
        ("tokens_read", "by the language model, a case", read / len(used), "tokens"),
        ("tokens_written", "by the language model, a case", written / len(used), "tokens"),
        ("cost", "of the whole run", (read * price[0] + written * price[1]) / 1e6, "dollars"),
    ]
    return [
        Figure(name=name, about=about, value=value, n=len(used), unit=unit)
        for name, about, value, unit in rows
        if value
    ]
