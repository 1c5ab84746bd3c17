"""Words of any length, of which nothing is kept in memory."""

from __future__ import annotations

import secrets

from qa.search.mismatch import _without_a_letter, one_slip
from qa.words import _known_stem, terms


def test_stems_of_long_words_are_not_remembered() -> None:
    before = _known_stem.cache_info().currsize
    terms(" ".join(secrets.token_hex(500) for _ in range(50)))
    assert _known_stem.cache_info().currsize == before


def test_what_a_long_word_might_have_been_takes_no_square_of_its_length() -> None:
    before = _without_a_letter.cache_info().currsize
    assert not one_slip("y" * 2_000, "y" * 2_001)
    assert one_slip("bismark", "bismarck")
    assert _without_a_letter.cache_info().currsize <= before + 2
