"""The metrics of one answer, each a pure function with its definition and source.

A metric that is not defined for an answer returns None, never a number that stands for nothing.
Nothing here reads a record, averages over cases or knows a language model.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

Entails = Callable[[str, str], bool]  # whether a premise (cited text) entails a hypothesis (a sentence of the answer)

ALLOWED = 80  # the words, about three sentences, that an answer may have beyond the gold evidence at no cost

_CELLS = re.compile(r" · |: |\n")  # between the names and cells of a row as it is read
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


class Region(NamedTuple):
    """A half-open range of characters of one document."""

    document: str
    start: int
    end: int


class Overlap(NamedTuple):
    """How the characters of two sets of regions agree, each from 0 to 1."""

    precision: float
    iou: float


class Cited(NamedTuple):
    """A sentence without its markers, with the text of each of its citations in order."""

    text: str
    premises: tuple[str, ...]


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Lower case, without punctuation and articles, white space squeezed.

    Source: SQuAD's evaluate-v1.1.py and evaluate-v2.0.py, `normalize_answer`.
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(answer: str, golds: Sequence[str]) -> float:
    """1 when the normalised answer equals any normalised gold answer, else 0.

    Source: SQuAD's evaluate-v2.0.py, `compute_exact`, the best over the golds.
    """
    return float(normalise(answer) in {normalise(gold) for gold in golds})


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """The harmonic mean of precision and recall of the words shared, counted as multisets; the best over the golds.

    When either side has no words: 1 if neither has, else 0.
    Source: SQuAD's evaluate-v2.0.py, `compute_f1`.
    """
    return max(_f1(normalise(answer).split(), normalise(gold).split()) for gold in golds)


def _f1(answer: list[str], gold: list[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    shared = (Counter(answer) & Counter(gold)).total()
    return 2 * shared / (len(answer) + len(gold))


def contains_answer(text: str, golds: Sequence[str]) -> float:
    """1 when any normalised gold answer stands in the normalised text as whole words, else 0.

    Source: ALCE (Gao et al. 2023, §3.2) takes any substring; ours ends at words, so that "7" is not in "2017".
    """
    padded = f" {normalise(text)} "
    return float(any(f" {wanted} " in padded for gold in golds if (wanted := normalise(gold))))


def is_quoted(text: str, quotes: Iterable[str]) -> bool:
    """Whether any of the quotes holds the text, both normalised; or each name and cell of a row or record in it."""
    held = [normalise(quote) for quote in quotes]
    pieces = [normalise(piece) for piece in _CELLS.split(text)]
    return any(normalise(text) in each for each in held) or all(any(piece in each for each in held) for piece in pieces)


def brevity(words: int, *, evidence: int) -> float:
    """What the length of an answer leaves of its being right, from 1 down towards 0.

    1 up to `ALLOWED` words more than the gold evidence has, then (evidence + ALLOWED) / words.
    """
    return min(1.0, (evidence + ALLOWED) / words) if words else 1.0


def headline(right: float | None, refused: float | None) -> float:
    """The harmonic mean of how far questions are answered rightly and how far unanswerable ones are refused.

    Where all questions are of one kind, the other is None, and theirs is the figure. Source: Xian et al., "Zero-Shot
    Learning: The Good, the Bad and the Ugly" (CVPR 2017), §3.3, "H".
    """
    if right is None or refused is None:
        return (refused if right is None else right) or 0.0
    return 2 * right * refused / (right + refused) if right + refused else 0.0


def merge(regions: Iterable[Region]) -> list[Region]:
    """The same characters as regions that neither touch nor overlap, in order."""
    merged: list[Region] = []
    for region in sorted(each for each in regions if each.end > each.start):
        last = merged[-1] if merged else None
        if last is not None and last.document == region.document and region.start <= last.end:
            merged[-1] = last._replace(end=max(last.end, region.end))
        else:
            merged.append(region)
    return merged


def length(regions: Iterable[Region]) -> int:
    """How many characters the regions hold, each counted once."""
    return sum(region.end - region.start for region in merge(regions))


def shared(left: Iterable[Region], right: Iterable[Region]) -> list[Region]:
    """The characters that both sets of regions hold."""
    rights = merge(right)
    return [
        Region(a.document, max(a.start, b.start), min(a.end, b.end))
        for a in merge(left)
        for b in rights
        if a.document == b.document and a.start < b.end and b.start < a.end
    ]


def overlap(found: Sequence[Region], gold: Sequence[Region]) -> Overlap | None:
    """Precision and intersection over union, in characters. None unless both hold some.

    Source: Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma 2024), §Metrics.
    """
    found_chars, gold_chars = length(found), length(gold)
    if not found_chars or not gold_chars:
        return None
    both = length(shared(found, gold))
    return Overlap(both / found_chars, both / (found_chars + gold_chars - both))


def evidence_recall(found: Sequence[Region], gold: Sequence[Region]) -> float | None:
    """The share of gold regions of which every character was found, in however many passages. None without gold."""
    if not gold:
        return None
    return sum(length(shared(found, [region])) == length([region]) for region in gold) / len(gold)


def citing(sentences: Sequence[Cited], entails: Entails) -> tuple[float, float]:
    """The recall and the precision of the citations of one sentence or more.

    Recall is the share of sentences that all their citations together entail; one without citations counts 0.
    Precision is the share of citations that are needed: alone they entail the sentence, or without them the rest does
    not. Those of a sentence that is not entailed count 0. An answer without citations has precision 0.
    Source: ALCE (Gao et al. 2023, §3.3 and eval.py, `compute_autoais`).
    """
    entailed = [each for each in sentences if each.premises and entails("\n".join(each.premises), each.text)]
    cited = sum(len(each.premises) for each in sentences)
    needed = sum(_needed(each, entails) for each in entailed)
    return len(entailed) / len(sentences), needed / cited if cited else 0.0


def _needed(sentence: Cited, entails: Entails) -> int:
    """How many of the citations that entail a sentence are needed for it."""
    count = 0
    for position, premise in enumerate(sentence.premises):
        rest = "\n".join(sentence.premises[:position] + sentence.premises[position + 1 :])
        count += entails(premise, sentence.text) or not entails(rest, sentence.text)
    return count


def ndcg(found: Sequence[Hashable], grades: Mapping[Hashable, int]) -> float:
    """The gain of what was found over that of the best order of what is graded, from 0 to 1.

    The gain is the sum of grade / log2(rank + 1) over the first 10.
    Source: Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques" (TOIS 2002), §2, with the
    discount of trec_eval's `ndcg_cut`.
    """
    return _gain([grades.get(name, 0) for name in found]) / _gain(sorted(grades.values(), reverse=True)[:10])


def _gain(grades: Sequence[int]) -> float:
    gain = 0.0  # added in order, as trec_eval does; `sum` rounds otherwise from Python 3.12 on
    for rank, grade in enumerate(grades, start=1):
        gain += grade / math.log2(rank + 1)
    return gain


def reciprocal_rank(found: Sequence[Hashable], grades: Mapping[Hashable, int]) -> float:
    """One over the rank of the first found that is graded; 0 when none is.

    Source: Voorhees, "The TREC-8 Question Answering Track Report" (1999), §2; trec_eval's `recip_rank`.
    """
    return next((1 / rank for rank, name in enumerate(found, start=1) if name in grades), 0.0)


def risk_coverage(confidence: Sequence[float], right: Sequence[float]) -> list[tuple[float, float]]:
    """The points (coverage, risk) of answering only above each confidence, most confident first.

    Equal confidences enter together. Risk is what the answered lack of being right, on average.
    Source: El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification" (JMLR 2010).
    """
    ordered = sorted(zip(confidence, right, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0.0
    for count, (level, good) in enumerate(ordered, start=1):
        wrong += 1 - good
        if count == len(ordered) or ordered[count][0] != level:
            points.append((count / len(ordered), wrong / count))
    return points


def aurc(confidence: Sequence[float], right: Sequence[float]) -> float | None:
    """The area under the risk-coverage curve, from 0 (best) to 1; None without answers.

    Source: Geifman, Uziel and El-Yaniv, "Bias-Reduced Uncertainty Estimation" (ICLR 2019), §3.
    """
    area, covered = 0.0, 0.0
    for coverage, risk in risk_coverage(confidence, right):
        area += (coverage - covered) * risk
        covered = coverage
    return area if right else None


def calibration(confidence: Sequence[float], right: Sequence[float]) -> float | None:
    """The expected calibration error, 0 (best) to 1: how far confidence is from being right; None without answers.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), §2, "ECE", with ten bins.
    """
    bins: dict[int, list[tuple[float, float]]] = {}
    for pair in zip(confidence, right, strict=True):
        bins.setdefault(min(9, int(10 * pair[0])), []).append(pair)
    gaps = (abs(sum(sure for sure, _ in each) - sum(good for _, good in each)) for each in bins.values())
    return sum(gaps) / len(right) if right else None
