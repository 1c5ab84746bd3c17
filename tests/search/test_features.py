"""What the numbers behind ranking and abstaining say."""

from __future__ import annotations

import numpy as np
import pytest

from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.search.features import SENTENCE_FEATURES, ParsedQuestion, analyse, sentence_features, term_weight
from qa.search.mismatch import denied, goes_otherwise, one_slip, other_names, other_numbers
from qa.search.quoting import quoted
from qa.types import Hit, Passage, Reading, ShortAnswer
from qa.words import rarity, same_root, stem, terms, words

TEXT = (
    "Mayor Ada Brook opened the Lark Bridge on 4 May 1931. It was paid for by the town's 40 mills. "
    "The Italian engineer Carlo Neri had drawn it in Turin."
)


def _hit(text: str = TEXT, *, reading: Reading | None = None) -> Hit:
    units = find_units(text, find_marks(text))
    passage = Passage(document="d", version="v", title="", ordinal=0, start=0, end=len(text), text=text, units=units)
    cosines = (0.5, 0.25, 0.1)[: len(units)]
    return Hit(
        passage=passage,
        score=0.7,
        rank=0,
        relevance=0.7,
        sentence_cosines=cosines,
        quotes=quoted(passage),
        reading=reading,
    )


def _analysed(question: str) -> ParsedQuestion:
    return analyse(question, frequency=lambda _: 1, count=3)


def _column(question: str, name: str, *, hit: Hit | None = None) -> list[float]:
    rows = sentence_features(_analysed(question), hit or _hit())
    return np.round(rows[:, SENTENCE_FEATURES.index(name)], 2).tolist()


def test_a_unit_that_was_not_read_has_the_least_that_the_reader_can_say() -> None:
    assert _column("Who?", "span") == _column("Who?", "support") == [-1, -1, -1]


def test_what_the_reader_says_counts_up_to_where_it_is_sure() -> None:
    parts = (
        ShortAnswer(start=6, end=15, score=5.0, support=-2.0),
        None,
        ShortAnswer(start=0, end=3, score=-70.0, support=40.0),
    )
    read = _hit(reading=Reading(answerable=3.0, parts=parts))
    assert _column("Who?", "span", hit=read) == [0.5, -1, -1]
    assert _column("Who?", "support", hit=read) == [-0.2, -1, 1]


def test_coverage_is_one_where_every_term_of_the_question_stands() -> None:
    assert _column("Who opened the Lark Bridge?", "coverage") == [1.0, 0.0, 0.0]


def test_a_shared_root_counts_for_most_of_a_term() -> None:
    assert _column("Italy?", "coverage") == [0.0, 0.0, 0.8]


def test_a_row_is_covered_once_more_than_a_sentence() -> None:
    pairs = _hit("Opened: 1931\nBuilder: Ada Brook\nLength: 40 m\n")
    assert _column("Who was the builder?", "row_coverage", hit=pairs) == [0.0, 1.0, 0.0]
    assert _column("Who opened the Lark Bridge?", "row_coverage") == [0.0, 0.0, 0.0]


def test_weights_of_a_question_sum_to_one_and_a_question_of_stop_words_has_none() -> None:
    assert sum(_analysed("Who opened the bridge?").weights) == pytest.approx(1)
    assert _analysed("Who is it?").terms == ()


def test_in_a_small_index_a_rare_english_word_outweighs_a_common_one() -> None:
    assert term_weight(stem("frigate"), frequency=1, count=1) > term_weight(stem("water"), frequency=1, count=1)


def test_in_a_large_index_the_rarer_term_outweighs_the_commoner_whatever_english_says() -> None:
    assert term_weight(stem("water"), frequency=1, count=5_000) > term_weight(
        stem("frigate"), frequency=900, count=5_000
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who opened the Lark Bridge?", False),
        ("Who opened the Swan Bridge?", True),
        ("Did Carlo Neri draw it in Italy?", False),
        ("Did Carlo Neri draw it in Paris?", True),
        ("Did Cárlo Neri draw the bridge of Hexley?", False),
        ("What did Ada Broook open in Torin?", False),
        ("What did AB pay for in the LB?", False),
        ("What did XY pay for?", True),
        ("Who Is The Mayor Of Paris?", False),
        ("WHO IS THE MAYOR OF PARIS?", False),
        ("Paris?", False),
    ],
)
def test_a_name_that_neither_the_passage_nor_its_title_has_is_told(question: str, expected: bool) -> None:
    assert other_names(_analysed(question).named, f"Bridges of Hexley\n{TEXT}") is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("bismark", "bismarck", True),
        ("bismarck", "bismark", True),
        ("moncalm", "montcalm", True),
        ("warsaw", "warsew", True),
        ("guerini", "geurini", True),
        ("warsaw", "warsaw", True),
        ("rome", "romes", False),
        ("austria", "australia", False),
        ("london", "lodnno", False),
    ],
)
def test_one_slip_makes_no_other_name(one: str, other: str, expected: bool) -> None:
    assert one_slip(one, other) is expected


def test_words_are_found_without_their_accents() -> None:
    assert words("Möngke’s Beauséjour, Ångström; Straße, 北京, İzmir") == [
        *("mongke", "beausejour", "angstrom", "strasse", "北京", "izmir")
    ]


def test_rarity_runs_from_nought_to_one() -> None:
    assert 0 <= rarity(stem("time")) < rarity(stem("ambassador")) < rarity("zzyzx") == 1


def test_irregular_past_forms_share_the_stem_of_their_verb() -> None:
    assert [stem(word) for word in ("met", "built", "wrote", "began")] == [
        stem(word) for word in ("meet", "build", "write", "begin")
    ]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("itali", "italian", True), ("india", "indian", True), ("cat", "cats", False), ("port", "portfolio", False)],
)
def test_stems_share_a_root_when_one_begins_the_other(one: str, other: str, shared: bool) -> None:
    assert same_root(one, other) is same_root(other, one) is shared


def test_a_sentence_that_denies_or_says_the_opposite_does_not_fit() -> None:
    assert denied("Who did not sign?", "Brook signed.")
    assert not denied("Who did not sign?", "Neri refused to sign.")
    assert goes_otherwise("What increased the flow of the river?", "The dam decreased the flow of the river.")
    assert not goes_otherwise("What increased the flow of the river?", "The weir increased the flow of the river.")
    assert other_numbers("What opened in 1931?", "It opened in 1932.")
    assert not other_numbers("How much is 1,000?", "It is 1000.")


def test_a_contraction_of_stop_words_says_nothing() -> None:
    assert terms("I've heard they're late: why can't Ines help, doesn’t she?") == ["heard", "late", "ine", "help"]
    assert terms("D'Artagnan arrived at five o'clock") == ["d'artagnan", "arriv", "five", "o'clock"]
