"""What the numbers behind ranking and abstaining say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.search.features import SENTENCE_FEATURES, analyse, sentence_features, term_weight
from qa.search.kinds import asks_for_several, expected_answer, find_candidates
from qa.search.mismatch import denied, one_slip, other_names, other_numbers, other_tense, reversed_sense
from qa.search.quoting import quoted
from qa.types import Passage
from qa.words import rarity, same_root, stem, words

TEXT = (
    "Mayor Ada Brook opened the Lark Bridge on 4 May 1931. It was paid for by the town's 40 mills. "
    "The Italian engineer Carlo Neri had drawn it in Turin."
)


def _passage(text: str = TEXT) -> Passage:
    units = find_units(text, find_marks(text))
    return Passage(document="d", version="v", title="", ordinal=0, start=0, end=len(text), text=text, units=units)


def test_the_title_counts_where_the_passage_leaves_it_out() -> None:
    passage = _passage("The city has 300,000 inhabitants. It lies on a river.")
    analysed = analyse("How many inhabitants does Warsaw have?", frequency=lambda _: 1, count=3)
    covered = [
        sentence_features(analysed, each, quotes=quoted(each), cosines=[0.0, 0.0], relevance=0.0)[
            :, SENTENCE_FEATURES.index(name)
        ].tolist()
        for each in (passage, replace(passage, header="Warsaw"))
        for name in ("passage_coverage", "coverage")
    ]
    assert covered[2] == [1.0, 1.0] > covered[0]
    assert covered[3] == covered[1]


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
    named = analyse(question, frequency=lambda _: 1, count=3).named
    assert other_names(named, f"Bridges of Hexley\n{TEXT}") is expected


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


def _column(question: str, name: str) -> list[float]:
    passage = _passage()
    analysed = analyse(question, frequency=lambda _: 1, count=3)
    rows = sentence_features(
        analysed, passage, quotes=quoted(passage), cosines=[0.0] * len(passage.units), relevance=0.0
    )
    return np.round(rows[:, SENTENCE_FEATURES.index(name)], 2).tolist()


def test_coverage_is_one_where_every_term_of_the_question_stands() -> None:
    assert _column("Who opened the Lark Bridge?", "coverage") == [1.0, 0.0, 0.0]


def test_a_shared_root_counts_for_most_of_a_term() -> None:
    assert _column("Italy?", "coverage") == [0.0, 0.0, 0.8]


def test_a_term_that_few_sentences_have_is_distinctive() -> None:
    text = "The bridge is old. The bridge is red. The bridge burned."
    passage = _passage(text)
    analysed = analyse("When was the bridge burned?", frequency=lambda _: 1, count=1)
    rows = sentence_features(analysed, passage, quotes=quoted(passage), cosines=[0.0] * 3, relevance=0.0)
    first, _, last = rows[:, SENTENCE_FEATURES.index("distinctive")]
    assert last == 1.0
    assert first < 0.2


def test_the_predicate_leaves_the_questions_names_out() -> None:
    assert (
        _column("What did Ada Brook pay for?", "predicate")[1] > _column("What did Ada Brook pay for?", "coverage")[1]
    )


def test_shape_tells_a_sentence_with_a_new_date_from_one_without() -> None:
    assert _column("When was the bridge opened?", "shape") == [1.0, -1.0, -1.0]


def test_weights_of_a_question_sum_to_one_and_a_question_of_stop_words_has_none() -> None:
    assert sum(analyse("Who opened the bridge?", frequency=lambda _: 1, count=9).weights) == pytest.approx(1)
    assert analyse("Who is it?", frequency=lambda _: 1, count=9).terms == ()


def test_in_a_small_index_a_rare_english_word_outweighs_a_common_one() -> None:
    assert term_weight(stem("frigate"), frequency=1, count=1) > term_weight(stem("water"), frequency=1, count=1)


def test_in_a_large_index_the_rarer_term_outweighs_the_commoner_whatever_english_says() -> None:
    assert term_weight(stem("water"), frequency=1, count=5_000) > term_weight(
        stem("frigate"), frequency=900, count=5_000
    )


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


@pytest.mark.parametrize(
    ("question", "sentence", "found"),
    [
        ("When did it open?", "It opened on 4 and 5 May 1931.", ["4 and 5 May 1931"]),
        ("When did it open in 1931?", "It opened in 1931.", []),
        ("How many mills paid?", "In 1931 the town had 40 old mills and two bridges.", ["40"]),
        ("How many soldiers fell?", "A two-day visit ended in 1931.", []),
        ("How much did it cost?", "It took 40 men and $2,500.", ["$2,500"]),
        ("How long was the visit?", "A two-day visit to 12 towns.", ["two"]),
        ("Who opened it?", "The bridge was opened by Ada Brook.", ["Ada Brook"]),
        ("Where was it drawn?", "It was drawn in Turin.", ["Turin"]),
        ("What was it?", "It was drawn in Turin in 1931.", []),
    ],
)
def test_candidates_are_of_the_kind_asked_for_and_new(question: str, sentence: str, found: list[str]) -> None:
    spans = find_candidates(sentence, expected=expected_answer(question))
    assert [sentence[span.start : span.end] for span in spans] == found


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Why was it built?", True),
        ("Which two ships took part?", True),
        ("What was opened, and where?", True),
        ("Who opened it?", False),
        ("When was it opened?", False),
    ],
)
def test_reasons_lists_and_double_questions_ask_for_several_sentences(question: str, several: bool) -> None:
    assert asks_for_several(question) is several


def test_mismatches_fire_only_on_their_own_kind() -> None:
    assert denied("Who did not sign?", "Brook signed.")
    assert not denied("Who did not sign?", "Neri refused to sign.")
    assert reversed_sense("What was the largest mill?", "The smallest mill was Dunn's.")
    assert not reversed_sense("What was the largest mill?", "The largest mill, not the smallest, was Dunn's.")
    assert other_numbers("What opened in 1931?", "It opened in 1932.")
    assert not other_numbers("How much is 1,000?", "It is 1000.")
    assert other_tense("When will she visit?", "She visited in May.")
    assert not other_tense("When will she visit?", "She is scheduled to visit in May.")
