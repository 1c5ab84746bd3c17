"""How sure are we that the hits hold the answer? One calibrated number from a few named signals.

Used before any sentence is shown or any language model is called. It estimates, it decides
nothing: the threshold is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qa.search.features import ParsedQuestion, Signals, signals
from qa.search.weights import load_weights
from qa.types import Hit


def estimate_confidence(question: ParsedQuestion, *, hits: Sequence[Hit]) -> float:
    """The estimated probability, 0 to 1, that the best sentences of `hits` answer the question."""
    if not hits:
        return 0.0
    weights = load_weights().confidence
    found: Signals = signals(question, hits=hits)
    logit = weights["bias"] + sum(weights[name] * value for name, value in found.items())
    return round(1 / (1 + math.exp(-logit)), 4)
