"""The certainty of figures: intervals, paired tests, the smallest change that can be seen.

Cases that rest on the same document are not independent: they are resampled together, as a cluster.
Nothing here knows what the numbers measure.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Z_95 = 1.959963984540054
Z_80 = 0.8416212335729143
SEED = 0  # of whatever is drawn, so that a figure comes out the same again
FEWEST_CLUSTERS = 8  # with fewer the cases themselves are resampled: a handful gives no usable interval


def wilson(share: float, n: float) -> Interval:
    """The 95 % interval of a rate over `n` cases; `n` may be an effective size.

    Source: Wilson (1927); Newcombe, "Two-sided confidence intervals for the single proportion" (1998), method 3.
    """
    z2 = Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (middle - half if share > 0 else 0.0), (middle + half if share < 1 else 1.0)


def groups(clusters: Sequence[Hashable]) -> NDArray[np.intp]:
    """The number of each case's cluster; each case its own when the clusters are too few to resample.

    A few large clusters among many small ones count as few: n² over the sum of squared sizes.
    """
    numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    group = np.array([numbers[name] for name in clusters], dtype=np.intp)
    sizes = np.bincount(group)
    if len(group) ** 2 < FEWEST_CLUSTERS * float(sizes @ sizes):
        return np.arange(len(clusters))
    return group


def effective_size(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """How many independent cases these clustered ones are worth: n over the design effect, at most n.

    Source: Kish, "Survey Sampling" (1965), §5.4, with the variance of the mean taken over clusters.
    """
    array = np.asarray(values, dtype=float)
    residuals = array - array.mean()
    spread = float(residuals @ residuals)
    if spread == 0:
        return float(len(array))
    between = float((np.bincount(groups(clusters), weights=residuals) ** 2).sum())
    return float(len(array) / max(1.0, between / spread))


def bootstrap_mean(values: Sequence[float], clusters: Sequence[Hashable]) -> Interval:
    """The interval of a mean, by 2,000 draws of `bootstrap`; without width where all values are the same."""
    array = np.asarray(values, dtype=float)
    drawn = bootstrap(lambda picks: float(array[picks].mean()), clusters, draws=2000)
    return drawn or (float(array.mean()), float(array.mean()))


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float | None],
    clusters: Sequence[Hashable],
    *,
    kinds: NDArray[np.bool_] | None = None,
    draws: int = 500,
) -> Interval | None:
    """The 95 % percentile interval of any statistic of the cases with the given positions, by so many draws.

    Whole clusters are drawn with replacement.
    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), §13.3; clusters as in §8.
    Draws in which it is undefined are left out, as are those without a case of one of the `kinds` that there are;
    None when that is more than half of them, or when all give the same, which says nothing of how sure it is.
    """
    group = groups(clusters)
    members = [np.flatnonzero(group == number) for number in range(group.max(initial=-1) + 1)]
    if not members:
        return None
    generator = np.random.default_rng(SEED)
    drawn = []
    for _ in range(draws):
        picks = generator.integers(0, len(members), len(members))
        cases = np.concatenate([members[pick] for pick in picks])
        whole = kinds is None or len(np.unique(kinds[cases])) == len(np.unique(kinds))
        value = statistic(cases) if whole else None
        if value is not None:
            drawn.append(value)
    if 2 * len(drawn) < draws:
        return None
    low, high = np.quantile(drawn, (0.025, 0.975))
    return (float(low), float(high)) if low < high else None


def paired_interval(deltas: Sequence[float], clusters: Sequence[Hashable]) -> Interval:
    """The 95 % interval of a mean paired difference of figures between 0 and 1.

    The wider of two: the adjusted Wald interval, which adds one pair of +1 and one of -1 and so does
    not shrink to nothing when no case changed, and the bootstrap over clusters.
    Source: Bonett and Price, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data" (2012); for differences that are not whole numbers the same two pairs are added.
    """
    padded = np.append(np.asarray(deltas, dtype=float), (1.0, -1.0))
    half = Z_95 * math.sqrt(float(padded.var()) / len(padded))
    middle = float(padded.mean())
    if not deltas:
        return -1.0, 1.0
    low, high = bootstrap_mean(deltas, clusters)
    return max(-1.0, min(low, middle - half)), min(1.0, max(high, middle + half))


def swap_test(change: Callable[[NDArray[np.bool_]], float], clusters: Sequence[Hashable]) -> float:
    """The two-sided p of no difference between two runs, of any statistic of them.

    `change` gives the difference after the cases marked in its argument have changed sides. Whole clusters do, at
    random, 2,000 times, and p is the share of differences at least as far from zero as the one seen.
    Source: Fisher's randomization test; Smucker, Allan and Carterette (CIKM 2007), §2.3.
    """
    group = groups(clusters)
    size = group.max(initial=-1) + 1
    seen = abs(change(np.zeros(len(group), dtype=bool)))
    generator = np.random.default_rng(SEED)
    draws = (generator.integers(0, 2, size).astype(bool)[group] for _ in range(2_000))
    as_far = sum(abs(change(swapped)) >= seen - 1e-12 for swapped in draws)
    return (as_far + 1) / 2_001


def mcnemar(lost: int, won: int) -> float:
    """The exact two-sided p of as lopsided a split of the cases that changed.

    Source: McNemar (1947), exact by the binomial distribution with one half.
    """
    changed = lost + won
    tail = sum(math.comb(changed, k) for k in range(min(lost, won) + 1))
    return min(1.0, 2 * tail / (1 << changed))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p values adjusted so that the chance of any false alarm among them stays what it says.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979).
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for position, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(p_values) - position) * p))
        adjusted[name] = highest
    return adjusted


def minimum_detectable_change(n: float, *, changed: float = 0.1) -> float:
    """The smallest change of a rate that a paired comparison over `n` cases sees 4 times in 5 at 95 %.

    It solves d = (z_.975 + z_.80) · sqrt((changed - d²) / n), with the share of cases that come out differently.
    Source: Connor, "Sample Size for Testing Differences in Proportions for the Paired-Sample Design" (1987).
    """
    z = Z_95 + Z_80
    return min(1.0, z * math.sqrt(changed / (n + z * z)))
