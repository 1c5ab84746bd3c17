"""The numbers behind ranking, answering and abstaining: read from `_data/extractive.json`.

That file says which command made it, from which data. Nothing is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

STORED = resources.files("qa") / "_data/extractive.json"  # another file, to try other weights out


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Linear weights by feature, and the thresholds that stand on them.

    `strictness` pairs each step of the setting with the confidence that it asks for, both rising.
    """

    made_by: str
    dense_share: float
    sentence: dict[str, float]
    confidence: dict[str, float]
    strictness: tuple[tuple[float, float], ...]

    def sentence_vector(self, names: Sequence[str]) -> NDArray[np.float64]:
        """The weights of sentence features in the order of `names`."""
        return np.array([self.sentence[name] for name in names])

    def required_confidence(self, strictness: float) -> float:
        """The confidence below which to abstain, from 0 at strictness 0 to 1 at strictness 1."""
        steps, levels = zip(*self.strictness, strict=True)
        return float(np.interp(strictness, steps, levels))


@cache
def load_weights() -> Weights:
    """The weights that come with the package."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    steps = tuple((step["strictness"], step["confidence"]) for step in stored.pop("strictness"))
    return Weights(**stored, strictness=steps)
