"""Intervals and tests against published values and counts worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from qa.evals import statistics


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert statistics.wilson(hits / n, n) == pytest.approx((low, high), abs=6e-5)


def test_clustered_cases_are_worth_fewer() -> None:
    values = [1.0] * 10 + [0.0] * 10 + [1.0] * 10 + [0.0] * 10
    documents = [number // 5 for number in range(40)]  # each document's five cases agree
    assert statistics.effective_size(values, documents) == pytest.approx(40 / 5)
    assert statistics.effective_size(values, range(40)) == 40


def test_a_handful_of_documents_is_not_resampled() -> None:
    assert statistics.effective_size([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"]) == 4
    two_among_many = ["a"] * 20 + ["b"] * 20 + list(range(12))
    assert statistics.effective_size([1.0] * 20 + [0.0] * 32, two_among_many) == 52


def test_the_bootstrap_covers_a_known_mean_about_as_often_as_it_says() -> None:
    import numpy as np

    generator = np.random.default_rng(7)
    samples = [generator.uniform(0, 1, 40) for _ in range(100)]
    held = sum(low <= 0.5 <= high for low, high in (statistics.bootstrap_mean(list(s), range(40)) for s in samples))
    assert 0.89 <= held / 100 <= 0.99


def test_the_bootstrap_is_wider_when_documents_agree() -> None:
    values = [float(number % 2) for number in range(10) for _ in range(10)]
    low, high = statistics.bootstrap_mean(values, [number for number in range(10) for _ in range(10)])
    alone_low, alone_high = statistics.bootstrap_mean(values, range(100))
    assert high - low > 2 * (alone_high - alone_low)


def test_any_statistic_can_be_bootstrapped_and_says_when_it_cannot() -> None:
    assert statistics.bootstrap(lambda picks: float(picks.mean()), range(50)) is not None
    assert statistics.bootstrap(lambda picks: None, range(50)) is None
    assert statistics.bootstrap(lambda picks: 1.0, range(50)) is None
    assert statistics.bootstrap(lambda picks: 1.0, []) is None


def test_a_draw_without_a_case_of_one_kind_tells_nothing() -> None:
    kinds = np.array([True] + [False] * 20)
    seen = []

    def both(picks: NDArray[np.intp]) -> float:
        seen.append({*kinds[picks].tolist()})
        return float(kinds[picks].mean())

    interval = statistics.bootstrap(both, range(21), kinds=kinds)
    assert all(each == {True, False} for each in seen)
    assert interval is not None
    assert interval[0] >= 1 / 21
    alone = np.array([True] * 21)
    assert statistics.bootstrap(lambda picks: float(picks.mean()), range(21), kinds=alone) is not None


def test_no_change_at_all_still_leaves_a_paired_interval_with_width() -> None:
    # Bonett and Price with no discordant pair among 40: 1/42 each way.
    half = 1.959963984540054 * ((2 / 42) / 42) ** 0.5
    assert statistics.paired_interval([0.0] * 40, range(40)) == pytest.approx((-half, half))
    assert statistics.paired_interval([], []) == (-1, 1)


def test_mcnemar_is_the_exact_binomial_test() -> None:
    for lost, won in ((0, 0), (1, 5), (10, 2), (7, 7), (600, 700)):
        expected = stats.binomtest(lost, lost + won, 0.5).pvalue if lost + won else 1.0
        assert statistics.mcnemar(lost, won) == pytest.approx(expected)


def test_the_swap_test_agrees_with_counting_every_swap() -> None:
    def gains(deltas: list[float]) -> Callable[[NDArray[np.bool_]], float]:
        return lambda swapped: float(np.where(swapped, -np.array(deltas), deltas).sum())

    # Of the 2**4 ways to swap, only two make a difference as far from zero as four.
    assert statistics.swap_test(gains([1.0, 1.0, 1.0, 1.0]), "abcd") == pytest.approx(2 / 16, abs=0.01)
    assert statistics.swap_test(gains([0.0, 0.0]), "ab") == 1
    assert statistics.swap_test(gains([]), []) == 1


def test_holm_steps_down() -> None:
    adjusted = statistics.holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert adjusted == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_the_smallest_visible_change_is_seen_four_times_in_five() -> None:
    n, changed = 400, 0.1
    change = statistics.minimum_detectable_change(n, changed=changed)
    assert change == pytest.approx(0.0439, abs=1e-3)
    generator = np.random.default_rng(3)
    won, lost = (changed + change) / 2, (changed - change) / 2
    draws = generator.multinomial(n, [won, lost, 1 - changed], size=400)
    seen = sum(statistics.mcnemar(int(b), int(a)) < 0.05 for a, b, _ in draws) / 400
    assert 0.7 <= seen <= 0.88  # the exact test is a little conservative
