from __future__ import annotations

from collections import Counter

from support_pairs import HALVES, read


def test_both_halves_hold_every_kind_and_no_claim_stands_twice() -> None:
    pairs = read()
    kinds = [Counter(pair.kind for pair in pairs if pair.half == half) for half in HALVES]
    assert len(pairs) == len({(pair.claim, pair.evidence) for pair in pairs}) >= 150
    assert all(abs(kinds[0][kind] - kinds[1][kind]) <= 1 for kind in {*kinds[0], *kinds[1]})
    assert len({pair.style for pair in pairs}) == 5
