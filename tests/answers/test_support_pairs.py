from __future__ import annotations

from collections import Counter

import pytest
from support_pairs import HALVES, read, tally


def test_both_halves_hold_every_kind_and_no_claim_stands_twice() -> None:
    pairs = read()
    kinds = [Counter(pair.kind for pair in pairs if pair.half == half) for half in HALVES]
    assert len(pairs) == len({(pair.claim, pair.evidence) for pair in pairs}) >= 150
    assert all(abs(kinds[0][kind] - kinds[1][kind]) <= 1 for kind in {*kinds[0], *kinds[1]})
    assert len({pair.style for pair in pairs}) == 5


@pytest.mark.parametrize("half", HALVES)
def test_true_claims_are_seldom_flagged_and_contradicted_ones_seldom_supported(half: str) -> None:
    pairs = [pair for pair in read() if pair.half == half]
    true = [pair for pair in pairs if pair.verdict == "supported"]
    contradicted = [pair for pair in pairs if pair.verdict == "contradicted"]
    flagged = tally(true)
    assert flagged["fact"] + flagged["contradicted"] <= 0.05 * len(true)
    assert tally(contradicted)["supported"] <= 0.08 * len(contradicted)
