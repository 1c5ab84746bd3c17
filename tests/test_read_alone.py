"""The figures of the reader's card: from questions beside their own passages, as scripts/read_alone.py takes them."""

from __future__ import annotations

import numpy as np
import pytest

from qa.models.reader import reader
from question_sets import Case, QuestionSet, make_passage
from read_alone import area, near_misses, read_all, short_answers

TEXT = "The tide mill was built in 1170. It ground corn for the priory until its oak shaft broke in 1957."


def asked(question: str, *answers: str, sentence: int = 0, article: int = 1) -> Case:
    """A question about the mill, unanswerable without answers."""
    sentences = frozenset([sentence] if answers else [])
    return Case(
        question=question, answerable=bool(answers), passage=0, sentences=sentences, answers=answers, article=article
    )


CASES = (
    asked("When was the tide mill built?", "1170", "in 1170"),
    asked("What wood was the shaft made of?", "oak", sentence=1),
    asked("When did the shaft break?", "1170"),  # said to be so, to be marked wrong
    asked("Who designed the opera house?"),
    asked("When was the tide mill built?", "1170", article=2),  # of the other half
)
MILL = QuestionSet(name="squad", passages=(make_passage("mill", TEXT, header="Woodbridge"),), cases=CASES)


@pytest.mark.parametrize("headed", [False, True])
def test_only_the_odd_half_is_read_and_answers_are_judged_by_their_words_and_sentence(headed: bool) -> None:
    readings = read_all(reader(), MILL, headed=headed)
    assert [case for case, _, _ in readings] == list(CASES[:4])
    assert short_answers([each for each in readings if each[0].answerable], headed=headed) == (
        "3 questions: EM 66.7  F1 66.7  in one sentence EM 66.7  F1 66.7  right sentence 66.7"
    )
    assert near_misses(readings)[0] == "1 near misses by answerable: AUROC 1.000  refused at 10 % 100.0"


def test_the_area_is_the_share_of_pairs_in_their_right_order() -> None:
    assert area(np.array([3.0, 1.0]), np.array([2.0, 0.0])) == 3 / 4
