"""Words of any length, of which nothing is kept in memory."""

from __future__ import annotations

import secrets

from qa.words import _known_stem, terms


def test_stems_of_long_words_are_not_remembered() -> None:
    before = _known_stem.cache_info().currsize
    terms(" ".join(secrets.token_hex(500) for _ in range(50)))
    assert _known_stem.cache_info().currsize == before
