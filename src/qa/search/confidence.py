"""How sure are we that the hits hold the answer? One calibrated number from a few named signals.

Used before any sentence is shown or any language model is called. The estimate decides nothing, its threshold is the
caller's; what is plainly hopeless is said here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qa.search.features import SURE, ParsedQuestion
from qa.search.languages import language
from qa.search.mismatch import denied, goes_otherwise, other_names, other_numbers
from qa.search.weights import load_weights
from qa.types import Findings, Hit
from qa.words import terms

SIGNALS = ("cosine", "answerable", "opposed", "denied", "other_numbers", "other_names")

FLOOR = 0.028  # under it are 0.5 % of 1,299 answerable SQuAD questions and none of 1,312 Natural Questions


def estimate_confidence(question: ParsedQuestion, *, hits: Sequence[Hit]) -> float:
    """The estimated probability, 0 to 1, that the best sentences of `hits` answer the question."""
    if not hits:
        return 0.0
    weights = load_weights().confidence
    found = signals(question, hits=hits)
    logit = weights["bias"] + sum(weights[name] * value for name, value in found.items())
    return round(1 / (1 + math.exp(-logit)), 4)


def signals(question: ParsedQuestion, *, hits: Sequence[Hit]) -> dict[str, float]:
    """Numbers for and against the hits holding the answer, by the names in `SIGNALS`; needs at least one hit.

    All look at the best unit as it is quoted: its cosine, how sure the reader is that its passage answers (-1 to 1),
    whether it says the opposite (1), or denies nothing where the question does (1). A number or name of the question
    is another one (1) where it stands nowhere in the hits from the same document, their titles included.
    """
    best = max(hits, key=lambda hit: hit.sentence_scores[hit.best])
    passage, quote = best.passage, best.quotes[best.best]
    assert quote is not None
    sentence = passage.cut(quote)
    around = "\n".join(hit.passage.headed for hit in hits if hit.passage.document == passage.document)
    return {
        "cosine": best.sentence_cosines[best.best],
        "answerable": max(-1.0, min(1.0, best.reading.answerable / SURE)) if best.reading else -1.0,
        "opposed": float(goes_otherwise(question.text, sentence)),
        "denied": float(denied(question.text, sentence)),
        "other_numbers": float(other_numbers(question.text, around)),
        "other_names": float(other_names(question.named, around)),
    }


def hopeless(findings: Findings) -> bool:
    """Whether not even a language model could answer from what was found: nothing was, or nothing of the question is.

    The latter is said only at a confidence under `FLOOR`, of a question that is surely in their language.
    """
    if not findings.hits or findings.confidence >= FLOOR:
        return not findings.hits
    found = "\n".join(hit.passage.headed for hit in findings.hits)
    asked = {*terms(findings.question), *terms(findings.query)}
    spoken = language(findings.question)
    return spoken is not None and spoken == language(found) and bool(asked) and asked.isdisjoint(terms(found))
