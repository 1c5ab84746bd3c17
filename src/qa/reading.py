"""Token vectors → a vector for each sentence of a passage ("late chunking").

The encoder reads a whole passage once, so each sentence's vector knows its surroundings, and no
sentence is embedded by itself. Measured in docs/answering.md against embedding each alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.types import Passage

Vectors = NDArray[np.float32]
Tokens = tuple[Vectors, Sequence[tuple[int, int]]]  # a row for each piece, and the characters it stands for


def pool_sentences(passage: Passage, tokens: Tokens) -> Vectors:
    """A unit vector for each sentence: the mean of the vectors of the pieces that touch it.

    A sentence that the encoder did not reach gets the mean of all pieces. Markers such as [CLS]
    stand for no characters and count for no sentence.
    """
    vectors, offsets = tokens
    first, last = np.array(offsets).T
    pooled = np.empty((len(passage.sentences), vectors.shape[1]), dtype=np.float32)
    for row, span in enumerate(passage.sentences):
        touching = (last > first) & (first < span.end - passage.start) & (last > span.start - passage.start)
        pooled[row] = (vectors[touching] if touching.any() else vectors).mean(axis=0)
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    return pooled
