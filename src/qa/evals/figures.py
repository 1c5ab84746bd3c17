"""The figures of a run: each with its interval, and how many cases are behind it or do not define it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qa.evals import metrics
from qa.evals.scoring import Scored
from qa.evals.stages import SHOWN
from qa.evals.statistics import Interval, bootstrap, bootstrap_mean, effective_size, wilson

Unit = Literal["share", "seconds", "tokens", "dollars"]
Scores = NDArray[np.float64]  # the scores of cases, (n,), each from 0 to 1
Kinds = NDArray[np.bool_]  # whether each case can be answered, (n,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that `n` cases define and the `undefined` do not; the interval is None when none can be given."""

    name: str
    about: str
    value: float
    interval: Interval | None = None
    n: int
    undefined: int = 0
    unit: Unit = "share"

    @property
    def shown(self) -> str:
        """The number as people read it."""
        return self._show(self.value)

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
        return f"{value:.3f}" if self.name in ("aurc", "calibration", "nDCG@10", "RR@10") else f"{value:.1%}"


COMPARED = {
    "headline": "harmonic mean of answering rightly and refusing rightly (of pairs, where there are twins)",
    "right": "answerable questions answered rightly, less where in too many words",
    "refused": "questions without an answer that were refused, or whose premise was denied",
    "answered": "answerable questions that were not refused",
    "pair": "a twin and its original both right",
    "unharmed": "nothing that a hostile document asked for was said",
    "parts": "things of a list, steps or a comparison that were said",
    "exact_match": "the short answer equals a gold answer (SQuAD)",
    "token_f1": "words shared between the short answer and a gold answer (SQuAD)",
    "judged_right": "the judge finds a gold answer in the answer",
    "evidence_recall@1": "evidence wholly in the first passage",
    "evidence_recall@3": "evidence wholly in the first 3 passages",
    "evidence_recall@5": "evidence wholly in the first 5 passages",
    "evidence_recall@10": "evidence wholly in the first 10 passages",
    f"retrieved_precision@{SHOWN}": f"characters of the first {SHOWN} passages that are evidence",
    f"retrieved_iou@{SHOWN}": f"characters shared by evidence and the first {SHOWN} passages, of all in either",
    "nDCG@10": "evidence (or graded documents) near the top of the ranking",
    "RR@10": "one over the rank of the first evidence (or relevant document)",
    "citation_exact": "every quote is the document's own text at its offsets",
    "citation_recall": "sentences that their citations entail (ALCE), in answers that do not only quote",
    "citation_precision": "citations that are needed (ALCE), in answers that do not only quote",
    "cited_precision": "cited characters that are evidence",
    "supported": "sentences that the system itself calls supported, in answers that do not only quote",
}
"""The figures that every case has a score for, so that runs can be compared case by case."""
HALVES = ("right", "refused")  # of which the headline is made; they stand beside it wherever it is shown
SIX = ("headline", *HALVES, f"evidence_recall@{SHOWN}", "calibration", "ask_p50")
"""The figures that are shown unless all are asked for."""
FEWEST = 10  # a figure over fewer cases is not shown: one of them moves it by more than ten points

JUDGED = ("judged_right", "citation_recall", "citation_precision")  # the figures that rest on a judge


def figures(scored: Sequence[Scored], *, price: tuple[float, float] = (0.0, 0.0)) -> list[Figure]:
    """Every figure that at least one case defines; `price` is dollars per million tokens read and written."""
    compared = (each for name in COMPARED for each in _compared(name, scored))
    return [*compared, *_confidence(scored), *_latency(scored), *_usage(scored, price)]


def by_tag(scored: Sequence[Scored]) -> list[Figure]:
    """`right`, `refused` and for twins `pair` over the cases of each tag, named `tag: right`."""
    made = []
    for tag in dict.fromkeys(tag for each in scored for tag in each.record.case.tags):
        tagged = [each for each in scored if tag in each.record.case.tags]
        means = (each for name in (*HALVES, "pair") for each in _compared(name, tagged))
        made += [replace(each, name=f"{tag}: {each.name}", about="") for each in means]
    return made


def named(figures: Sequence[Figure], names: Sequence[str]) -> list[Figure]:
    """The figures of these names that there are, in this order; next to the headline its halves."""
    there = {each.name: each for each in figures}
    wanted = (each for name in names for each in ((name, *HALVES) if name == "headline" else (name,)))
    return [there[name] for name in dict.fromkeys(wanted) if name in there]


def too_few(figures: Sequence[Figure]) -> list[str]:
    """The names of those that rest on fewer than `FEWEST` cases; the headline does when either of its halves does."""
    few = [each.name for each in figures if each.n < FEWEST]
    return ["headline", *few] if {*HALVES} & {*few} and "headline" not in few else few


def answered(scored: Sequence[Scored]) -> tuple[list[float], list[float], list[str]]:
    """Of every answer given: its confidence, how far it was right, and the cluster of its case."""
    given = [
        (answer.confidence, each.scores["headline"], each.record.cluster)
        for each in scored
        if (answer := each.record.answer) is not None and answer.says_something and "headline" in each.scores
    ]
    return [row[0] for row in given], [row[1] for row in given], [row[2] for row in given]


def figure_of(name: str, scores: Scores, answerable: Kinds) -> float:
    """The figure that these scores make: `metrics.headline` of both kinds of question, or their mean."""
    if name != "headline":
        return float(scores.mean())
    right, refused = (float(scores[kind].mean()) if kind.any() else None for kind in (answerable, ~answerable))
    return metrics.headline(right, refused)


def column(name: str, scored: Sequence[Scored]) -> tuple[list[float], list[str], Kinds]:
    """The scores of one name, with the cluster of each case and whether it can be answered."""
    defined = [each for each in scored if name in each.scores]
    kinds = np.array([each.record.case.answerable for each in defined], dtype=bool)
    return [each.scores[name] for each in defined], [each.record.cluster for each in defined], kinds


def _compared(name: str, scored: Sequence[Scored]) -> Iterator[Figure]:
    values, clusters, kinds = column(name, scored)
    if not values:
        return
    interval: Interval | None
    if name == "headline":
        scores = np.array(values)
        value = figure_of(name, scores, kinds)
        interval = bootstrap(lambda picks: figure_of(name, scores[picks], kinds[picks]), clusters, kinds=kinds)
    else:
        value = sum(values) / len(values)
        rate = is_rate(values) or len(set(values)) == 1  # draws from values that are all the same give no width
        interval = wilson(value, effective_size(values, clusters)) if rate else bootstrap_mean(values, clusters)
    n, about = len(values), COMPARED[name]
    yield Figure(name=name, about=about, value=value, interval=interval, n=n, undefined=len(scored) - n)


def is_rate(values: Sequence[float]) -> bool:
    """Whether each value is 0 or 1, so that their mean is a share of cases."""
    return all(value in (0, 1) for value in values)


def _confidence(scored: Sequence[Scored]) -> Iterator[Figure]:
    confidence, right, clusters = answered(scored)
    for name, about, statistic in (
        ("calibration", "confidence against being right, in ten bins (ECE); lower is better", metrics.calibration),
        ("aurc", "risk over every coverage, answers ordered by confidence; lower is better", metrics.aurc),
        (
            "confidence",
            "how sure the answers given are, on average",
            lambda sure, _: sum(sure) / len(sure) if sure else None,
        ),
    ):
        yield from _resampled(name, about, statistic, confidence, right, clusters=clusters, of=len(scored))


def _latency(scored: Sequence[Scored]) -> Iterator[Figure]:
    records = [each.record for each in scored]
    for stage in dict.fromkeys(stage for record in records for stage in record.seconds):
        timed = [record for record in records if stage in record.seconds]
        seconds, cases = [record.seconds[stage] for record in timed], [record.case.id for record in timed]
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            about, quantile = f"{share:.0%} of the cases take no longer", partial(np.quantile, q=share)
            for made in _resampled(f"{stage}_{name}", about, quantile, seconds, clusters=cases, of=len(records)):
                yield replace(made, unit="seconds")


def _resampled(
    name: str,
    about: str,
    statistic: Callable[..., float | None],
    *columns: Sequence[float],
    clusters: Sequence[str],
    of: int,
) -> Iterator[Figure]:
    """The figure, where defined, of a statistic of columns that run along the clusters; `of` cases were run."""
    value = statistic(*columns)
    if value is not None:
        interval = bootstrap(lambda picks: statistic(*([column[n] for n in picks] for column in columns)), clusters)
        n = len(clusters)
        yield Figure(name=name, about=about, value=value, interval=interval, n=n, undefined=of - n)


def _usage(scored: Sequence[Scored], price: tuple[float, float]) -> list[Figure]:
    used = [each.record.answer.usage for each in scored if each.record.answer is not None]
    read, written = sum(each.input_tokens for each in used), sum(each.output_tokens for each in used)
    n, spent = len(used), "by the language model, a case"
    if not read + written:
        return []
    cost = (read * price[0] + written * price[1]) / 1e6
    made = [
        Figure(name="tokens_read", about=spent, value=read / n, n=n, unit="tokens"),
        Figure(name="tokens_written", about=spent, value=written / n, n=n, unit="tokens"),
        Figure(name="cost", about="of the whole run", value=cost, n=n, unit="dollars"),
    ]
    return [each for each in made if each.value]
