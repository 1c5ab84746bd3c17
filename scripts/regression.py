"""Two small convex fits by Newton's method: which of several rows is right, and whether a row is.

Weights come back on the scale of the features as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RIDGE = 1e-3
STEPS = 50


def fit_choice(choices: Sequence[tuple[Array, NDArray[np.bool_]]]) -> Array:
    """The weights under which a softmax over each question's rows gives the right ones most.

    Source: McFadden, Conditional logit analysis of qualitative choice behavior (1974).
    """
    kept = [(rows, right) for rows, right in choices if right.any() and not right.all()]
    rows = np.concatenate([each for each, _ in kept])
    wanted = np.concatenate([right / right.sum() for _, right in kept])
    sizes = np.array([len(right) for _, right in kept])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    scale = rows.std(axis=0) + 1e-9
    rows = (rows - rows.mean(axis=0)) / scale
    ridge = RIDGE * np.eye(rows.shape[1])

    def state(weights: Array) -> tuple[float, Array]:
        scores = rows @ weights
        highest = np.maximum.reduceat(scores, starts)
        powers = np.exp(scores - np.repeat(highest, sizes))
        totals = np.add.reduceat(powers, starts)
        loss = (np.log(totals) + highest).sum() - wanted @ scores
        return loss / len(sizes) + weights @ ridge @ weights / 2, powers / np.repeat(totals, sizes)

    weights = np.zeros(rows.shape[1])
    loss, shares = state(weights)
    for _ in range(STEPS):
        gradient = rows.T @ (shares - wanted) / len(sizes) + ridge @ weights
        means = np.add.reduceat(rows * shares[:, None], starts)
        hessian = ((rows.T * shares) @ rows - means.T @ means) / len(sizes) + ridge
        step = np.linalg.solve(hessian, gradient)
        while (lower := state(weights - step))[0] > loss and np.abs(step).max() > 1e-9:
            step /= 2
        weights, gained, (loss, shares) = weights - step, loss - lower[0], lower
        if gained < 1e-10:
            break
    found: Array = weights / scale
    return found


def fit_logistic(rows: Array, labels: NDArray[np.bool_], *, weights: Array) -> tuple[Array, float]:
    """Weighted logistic regression: the weights of the features, and the bias."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    standard = np.column_stack([(rows - mean) / scale, np.ones(len(rows))])
    ridge = RIDGE * np.diag([*np.ones(rows.shape[1]), 0.0])
    found = np.zeros(standard.shape[1])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-standard @ found))
        gradient = standard.T @ (weights * (chances - labels)) / weights.sum() + ridge @ found
        hessian = (standard.T * (weights * chances * (1 - chances))) @ standard / weights.sum() + ridge
        step = np.linalg.solve(hessian, gradient)
        found -= step
        if np.abs(step).max() < 1e-9:
            break
    return found[:-1] / scale, float(found[-1] - (found[:-1] * mean / scale).sum())
