"""How sure are we that the hits hold the answer? One calibrated number from a few named signals.

Used before any sentence is shown or any language model is called. It estimates, it decides
nothing: the threshold is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qa.search.features import SENTENCE_FEATURES, ParsedQuestion, sentence_features
from qa.search.kinds import holds_role
from qa.search.mismatch import other_names, other_numbers
from qa.search.weights import load_weights
from qa.types import Hit
from qa.words import terms

SIGNALS = ("cosine", "coverage", "both", "passage_coverage", "mismatch", "other_numbers", "other_names", "misfit")


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

    All look at the best unit as it is quoted: its features, and what in it does not fit the question (1) or does (0);
    a name of the question may stand in the title too, or anywhere in the hits from the same document.
    `both` is the product of the first two: a sentence may be like the question in meaning or in words, and
    one that is like it in both should not count twice.
    """
    best = max(hits, key=lambda hit: hit.sentence_scores[hit.best])
    passage, quote = best.passage, best.quotes[best.best]
    assert quote is not None
    features = sentence_features(
        question, passage, quotes=best.quotes, cosines=best.sentence_cosines, relevance=best.relevance
    )
    named = dict(zip(SENTENCE_FEATURES, features[best.best].tolist(), strict=True))
    sentence = passage.cut(quote)
    around = [hit.passage.headed for hit in hits if hit.passage.document == best.passage.document]
    return {
        "cosine": named["cosine"],
        "coverage": named["coverage"],
        "both": named["cosine"] * named["coverage"],
        "passage_coverage": named["passage_coverage"],
        "mismatch": named["mismatch"],
        "other_numbers": float(other_numbers(question.text, sentence)),
        "other_names": float(other_names(question.named, "\n".join(around))),
        "misfit": float(named["shape"] < 0 or not holds_role(terms(sentence), expected=question.expected)),
    }
