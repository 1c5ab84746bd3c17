"""The metrics against fractions worked by hand, and against independent references."""

from __future__ import annotations

import collections
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.evals import metrics
from qa.evals.metrics import Cited, Region, overlap


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("The  Cat, the hat!", "cat hat"),
        ("An apple a day", "apple day"),
        ("theatre", "theatre"),
        ("3.5 m", "35 m"),
        ("a-b", "ab"),
        ("«Ä»", "«ä»"),
        ("", ""),
    ],
)
def test_normalising_follows_squad(text: str, normalised: str) -> None:
    assert metrics.normalise(text) == normalised


@pytest.mark.parametrize(
    ("answer", "golds", "exact", "f1"),
    [
        ("The Eiffel Tower", ["eiffel tower"], 1, 1),
        ("in 1889", ["1889"], 0, 2 * (1 / 2) * 1 / (1 / 2 + 1)),
        ("b b c", ["b c c"], 0, 2 / 3),  # as multisets two words are shared, of three and three
        ("x", ["y", "x z"], 0, 2 * 1 * (1 / 2) / (1 + 1 / 2)),
        ("", ["x"], 0, 0),
        ("the", ["a"], 1, 1),  # nothing is left on either side
    ],
)
def test_exact_match_and_f1_are_squads(answer: str, golds: list[str], exact: float, f1: float) -> None:
    assert metrics.exact_match(answer, golds) == exact
    assert metrics.token_f1(answer, golds) == pytest.approx(f1, abs=1e-15)


def official_f1(gold: str, answer: str) -> float:
    """SQuAD's evaluate-v2.0.py, compute_f1, step by step as published."""

    def tokens(text: str) -> list[str]:
        text = "".join(ch for ch in text.lower() if ch not in set(string.punctuation))
        return re.compile(r"\b(a|an|the)\b", re.UNICODE).sub(" ", text).split()

    gold_tokens, answer_tokens = tokens(gold), tokens(answer)
    same = sum((collections.Counter(gold_tokens) & collections.Counter(answer_tokens)).values())
    if not gold_tokens or not answer_tokens:
        return float(gold_tokens == answer_tokens)
    if same == 0:
        return 0
    precision, recall = same / len(answer_tokens), same / len(gold_tokens)
    return 2 * precision * recall / (precision + recall)


WORDS = st.lists(st.sampled_from(["a", "The", "cat", "sat.", "on", "mat", "-"]), max_size=6).map(" ".join)


@given(WORDS, WORDS)
def test_f1_agrees_with_the_published_script(gold: str, answer: str) -> None:
    assert metrics.token_f1(answer, [gold]) == pytest.approx(official_f1(gold, answer), abs=1e-12)


@pytest.mark.parametrize(
    ("text", "golds", "held"),
    [
        ("It opened in 1911.", ["1911"], 1),
        ("It opened in 2017.", ["7"], 0),
        ("By the engineer Ruth Calloway.", ["Smith", "ruth calloway"], 1),
        ("Anything", ["the"], 0),
    ],
)
def test_an_answer_is_contained_as_whole_words(text: str, golds: list[str], held: float) -> None:
    assert metrics.contains_answer(text, golds) == held


def test_brevity_costs_nothing_up_to_eighty_words_beyond_the_evidence_and_then_ever_more() -> None:
    assert metrics.brevity(0, evidence=20) == metrics.brevity(100, evidence=20) == 1
    assert metrics.brevity(200, evidence=20) == 1 / 2
    assert metrics.brevity(500, evidence=20) == 1 / 5


@pytest.mark.parametrize(
    ("right", "refused", "headline"),
    [(1, 0, 0), (0, 1, 0), (0, 0, 0), (0.5, 0.5, 0.5), (0.6, 0.3, 0.4), (0.7, None, 0.7), (None, 0.7, 0.7)],
)
def test_the_headline_falls_to_nothing_with_either_of_answering_and_refusing(
    right: float | None, refused: float | None, headline: float
) -> None:
    assert metrics.headline(right, refused) == pytest.approx(headline)


def test_overlap_counts_every_character_once() -> None:
    found = [Region("d", 0, 10), Region("d", 5, 20), Region("e", 0, 5)]
    gold = [Region("d", 15, 35)]
    assert overlap(found, gold) == (5 / 25, 5 / 40)


def test_overlap_is_undefined_when_a_side_is_empty() -> None:
    assert overlap([], [Region("d", 0, 1)]) is None
    assert overlap([Region("d", 3, 3)], [Region("d", 0, 1)]) is None


REGIONS = st.lists(
    st.builds(lambda d, a, n: Region(d, a, a + n), st.sampled_from("de"), st.integers(0, 30), st.integers(0, 12)),
    max_size=5,
)


@given(REGIONS, REGIONS)
def test_overlap_agrees_with_sets_of_characters(found: list[Region], gold: list[Region]) -> None:
    one, two = ({(r.document, n) for r in regions for n in range(r.start, r.end)} for regions in (found, gold))
    expected = (len(one & two) / len(one), len(one & two) / len(one | two)) if one and two else None
    assert overlap(found, gold) == expected


def test_evidence_across_a_border_is_found_with_both_its_passages() -> None:
    gold = [Region("d", 8, 12), Region("d", 40, 41)]
    assert metrics.evidence_recall([Region("d", 0, 10)], gold) == 0
    assert metrics.evidence_recall([Region("d", 0, 10), Region("d", 10, 20)], gold) == 1 / 2
    assert metrics.evidence_recall([], []) is None


def entails(premise: str, hypothesis: str) -> bool:
    """Every letter of the hypothesis is in the premise."""
    return set(hypothesis) <= set(premise)


@pytest.mark.parametrize(
    ("sentences", "recall", "precision"),
    [
        ([Cited("ab", ("ab",))], 1, 1),
        ([Cited("ab", ("a", "b"))], 1, 1),  # neither alone, but both are needed
        ([Cited("ab", ("ab", "c"))], 1, 1 / 2),  # the second is irrelevant
        ([Cited("ab", ("a", "b", "c"))], 1, 2 / 3),
        ([Cited("ab", ("a",))], 0, 0),
        ([Cited("ab", ("ab",)), Cited("cd", ())], 1 / 2, 1),
        ([Cited("ab", ("ab", "ab")), Cited("cd", ("c",))], 1 / 2, 2 / 3),  # a doubled citation is not dropped
        ([Cited("ab", ())], 0, 0),
    ],
)
def test_citation_scores_are_alces(sentences: list[Cited], recall: float, precision: float) -> None:
    assert metrics.citing(sentences, entails) == (recall, precision)


def official_alce(sentences: list[Cited]) -> tuple[float, float]:
    """ALCE's eval.py, compute_autoais, for one example, step by step as published."""
    entail, precise, total = 0, 0, 0
    for sentence in sentences:
        docs = list(sentence.premises)
        joint = 0
        if docs:
            total += len(docs)
            joint = int(entails("\n".join(docs), sentence.text))
        entail += joint
        if joint and len(docs) > 1:
            for number, doc in enumerate(docs):
                if not entails(doc, sentence.text):
                    rest = docs[:number] + docs[number + 1 :]
                    if not entails("\n".join(rest), sentence.text):
                        precise += 1
                else:
                    precise += 1
        else:
            precise += joint
    return entail / len(sentences), precise / total if total > 0 else 0


LETTERS = st.text("abc", max_size=3)


@given(
    st.lists(
        st.builds(Cited, st.text("abc", min_size=1, max_size=3), st.lists(LETTERS, max_size=3).map(tuple)),
        min_size=1,
        max_size=4,
    )
)
def test_citation_scores_agree_with_alces_script(sentences: list[Cited]) -> None:
    assert metrics.citing(sentences, entails) == official_alce(sentences)


def test_calibration_is_the_gap_between_confidence_and_being_right_bin_by_bin() -> None:
    # 0.05 and 0.15: right in 1 of 2 bins' answers; (|0.1 - 1| + |0.3 - 1|) / 4, the answers of a bin counted together.
    assert metrics.calibration([0.05, 0.05, 0.15, 0.15], [1, 0, 0, 1]) == pytest.approx((0.9 + 0.7) / 4)
    assert metrics.calibration([1.0, 1.0], [1, 1]) == 0
    assert metrics.calibration([], []) is None


def test_the_risk_coverage_curve_admits_equal_confidences_together() -> None:
    curve = metrics.risk_coverage([0.9, 0.5, 0.5, 0.1], [True, False, True, False])
    assert curve == [(1 / 4, 0), (3 / 4, 1 / 3), (1, 1 / 2)]
    assert metrics.aurc([0.9, 0.5, 0.5, 0.1], [True, False, True, False]) == pytest.approx(
        0 + 1 / 2 * 1 / 3 + 1 / 4 * 1 / 2
    )
    assert metrics.aurc([], []) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The pump weighs 12 kg.", True),
        ("No.: 7 · Item: Pump · Colour: none", True),
        ("No.: 7 · Item: Valve", False),
        ("The answer: 7", False),
    ],
    ids=["a sentence", "a row under its header", "with another cell", "with words of its own"],
)
def test_what_is_quoted_is_known_in_the_form_in_which_a_row_is_read(text: str, expected: bool) -> None:
    quotes = ["The pump weighs 12 kg.", "No. | Item | Colour", "7 | Pump | none"]
    assert metrics.is_quoted(text, quotes) is expected
