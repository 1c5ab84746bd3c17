from __future__ import annotations

from collections import Counter

import pytest

from qa.search.spelling import mended, respellings
from qa.words import terms

TEXT = "The office thermostat is set to 20 degrees. Lorenzo Guerini gets a holiday allowance. Marcel Proust wrote it."
FREQUENCY = Counter(terms(TEXT))


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("Who sets the thermosatt in the offiec?", "Who sets the thermostat in the office?"),
        ("How high is the HOLLIDAY alowance?", "How high is the Holiday allowance?"),
        ("Where is Lorenzo Guernii's house?", "Where is Lorenzo Guerini's house?"),
        ("Where is Guernii?", "Where is Guerini?"),
    ],
    ids=["letters changed places", "one too many or missing", "of a name", "a name"],
)
def test_a_word_of_one_slip_is_read_as_the_documents_spell_it(query: str, meant: str) -> None:
    assert mended(query, respellings(query, frequency=FREQUENCY.__getitem__)) == meant


@pytest.mark.parametrize(
    "query",
    [
        "Who sets the thermostats?",
        "What is the price of a house?",
        "Is E4O2 a code of offiec_2 or INV20?",
        "Is Marce a name?",
        "Where is the ofifec?",
        f"What is {'x' * 5_000}?",
    ],
    ids=["it stands there", "common words", "codes", "a short one", "two slips", "of any length"],
)
def test_no_other_word_is_touched(query: str) -> None:
    assert respellings(query, frequency=FREQUENCY.__getitem__) == {}


def test_of_several_spellings_a_common_word_goes_first_and_then_what_more_passages_have() -> None:
    assert respellings("stroage", frequency={"storag": 1, "stroag": 0}.get) == {"stroage": "storage"}  # type: ignore[arg-type]
    counts = Counter({"guerini": 1, "guerrini": 3})
    assert respellings("guerrinni", frequency=counts.__getitem__) == {"guerrinni": "guerrini"}
