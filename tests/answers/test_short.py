"""The short answer: whole, sure enough, and nothing that the question said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answers.short import SURE, highlight, short_answer
from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.types import Cell, Passage, Short, ShortAnswer, Span, Unit


def _shown(text: str, words: str, *, question: str = "What is it?", score: float = SURE) -> str | None:
    units = find_units(text, find_marks(text))
    passage = Passage(document="d", version="v", title="", ordinal=0, start=0, end=len(text), text=text, units=units)
    start = text.index(words)
    found = ShortAnswer(start=start, end=start + len(words), score=score, support=0.0)
    span = short_answer(question, passage, quote=Span(start=0, end=len(text)), found=found)
    return passage.cut(span) if span else None


@pytest.mark.parametrize(
    ("text", "words", "whole"),
    [
        ("It was struck 22 times in one night.", "22", "22 times"),
        ("The kiln reaches 565 °C within an hour.", "565", "565 °C"),
        ("Growth of 7 to 10 percent is expected.", "10", "7 to 10 percent"),
        ("Between 7–10% of it is lost.", "10%", "7–10%"),
        ("The fee is $1,200 a year.", "1,200", "$1,200"),
        ("It cost €3.5 million to build.", "3.5", "€3.5 million"),
        ("Answer within ten working days.", "ten", "ten working days"),
        ("The pool is 25 metres long.", "25", "25 metres"),
        ("The low was −12 °C.", "12", "−12 °C"),
        ("Store it at 5 kg each.", "5", "5 kg"),
        ("The office opens at 9 a.m. on weekdays.", "9", "9 a.m."),
        ("Anna has 3 brothers.", "3", "3"),
        ("She was born in 1931 in Turin.", "1931", "1931"),
        ("Room 7 to the left is hers.", "7", "7"),
        ("Section 4.2 applies.", "4.2", "4.2"),
        ("Ada Brook opened it.", "Ada Brook", "Ada Brook"),
        ("It weighs 5 more than mine.", "5", "5"),
        ("In 1931 times were hard.", "1931", "1931"),
        ("It causes COVID-19 in people.", "19", "COVID-19"),
        ("In COVID-19 times it was shut.", "19", "COVID-19"),
        ("It was written on 2021-07-08 here.", "08", "2021-07-08"),
        ("It rose by 3.5 million.", "3", "3.5 million"),
        ("The train leaves at 10:45 sharp.", "10", "10:45"),
        ("Growth of 7 to 10 percent is expected.", "7", "7 to 10 percent"),
        ("A 25-year lease was signed.", "25", "25-year"),
        ("The hall has 12 bar stools.", "12", "12"),
        ("In row 4 V. Woolf sat alone.", "4", "4"),
    ],
)
def test_what_belongs_to_a_number_is_shown_with_it(text: str, words: str, whole: str) -> None:
    assert _shown(text, words) == whole


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("We lowered the price of the lamp from 21.50 to 19.80 euros.", "19.80", "19.80 euros"),
        ("We lowered the price of the lamp from 21.50 to 19.80 euros.", "21.50", "21.50"),
        ("The launch was moved from March to September 2026.", "March to September 2026", "September 2026"),
        ("The shop is open from 8 to 18 hours.", "18", "8 to 18 hours"),
    ],
)
def test_of_two_values_between_which_there_was_a_change_one_answers(text: str, words: str, shown: str) -> None:
    assert _shown(text, words) == shown


def test_the_first_of_a_list_has_its_article_as_the_others_do() -> None:
    assert (
        _shown("It holds the lamp, a cable and the lid.", "lamp, a cable and the lid")
        == "the lamp, a cable and the lid"
    )
    assert _shown("It holds the lamp and cable.", "lamp and cable") == "lamp and cable"


def test_the_end_of_a_label_that_is_asked_about_is_no_answer() -> None:
    text = "The light:\n\n- Green. It is ready.\n- Yellow, blinking. It cools down for a while.\n"
    assert _shown(text, "blinking", question="What does a yellow light mean?") is None
    assert _shown(text, "Yellow", question="Which light is blinking?") == "Yellow"
    assert _shown(text, "It cools down", question="What does a yellow light mean?") == "It cools down"


def test_the_value_answers_where_its_key_was_found() -> None:
    text = "Rate: 2 l/h\nWeight: 1.9 kg\nFuse: 1.6 A\n"
    assert _shown(text, "Weight", question="How heavy is the pump?") == "1.9 kg"
    assert _shown(text, "1.6 A", question="Which fuse does it have?") == "1.6 A"


def test_an_item_that_says_nothing_of_the_question_is_no_answer_beside_others() -> None:
    text = "Still missing:\n\n- a second boat\n- four people\n- a cable for the crane\n"
    assert _shown(text, "a second boat", question="What is missing for the race?") is None
    assert _shown(text, "a cable", question="What is missing for the crane?") == "a cable"


def test_one_step_is_no_answer_where_all_are_asked_for() -> None:
    text = "To get a badge:\n\n1. Fill in form B-12.\n2. Have it signed.\n3. Bring it to room 0.14.\n"
    assert _shown(text, "Fill in form B-12", question="How do I get a badge?") is None
    assert _shown(text, "room 0.14", question="Which room must I bring the form to?") == "room 0.14"


def test_words_that_the_question_has_are_no_answer_unless_it_offers_them() -> None:
    text = "The Lark Bridge is a stone bridge."
    assert _shown(text, "stone", question="Is the Lark Bridge of stone or of iron?") == "stone"
    assert _shown(text, "The Lark Bridge", question="What is the Lark Bridge?") is None


def test_of_a_word_of_the_question_another_form_is_no_answer_either() -> None:
    assert _shown("Dogs need written consent.", "Dogs", question="What about a dog?") is None


def test_yes_or_no_is_not_answered_by_words_of_the_sentence() -> None:
    assert _shown("Quiet dogs may come on Fridays.", "on Fridays", question="Can I bring my dog?") is None
    assert _shown("Quiet dogs may come on Fridays.", "on Fridays", question="When can I bring my dog?") == "on Fridays"


@pytest.mark.parametrize("question", ["Could you tell me when they may come?", "Do you know when dogs may come?"])
def test_a_question_in_a_polite_one_wants_more_than_yes_or_no(question: str) -> None:
    assert _shown("Quiet dogs may come on Fridays.", "on Fridays", question=question) == "on Fridays"


def test_nothing_is_picked_out_of_a_row_of_a_table() -> None:
    table = "Plan,Storage,Price\nTeam,500 GB,19\n"
    cells = (Cell(start=19, end=23, column=0), Cell(start=24, end=30, column=1), Cell(start=31, end=33, column=2))
    row = Unit(kind="row", start=19, end=33, cells=cells)
    passage = Passage(
        document="d", version="v", title="", ordinal=0, start=0, end=len(table), text=table, units=(row,)
    )  # fmt: skip
    found = ShortAnswer(start=24, end=30, score=9.0, support=0.0)
    assert table[24:30] == "500 GB"
    assert short_answer("What does Team cost?", passage, quote=row, found=found) is None


def test_an_answer_that_the_reader_is_not_sure_of_is_not_shown() -> None:
    assert _shown("Ada Brook opened it.", "Ada Brook", score=SURE - 0.1) is None


@pytest.mark.parametrize(
    ("quote", "text", "words", "expected"),
    [
        ("It opened\non 4  May.", "It opened on 4 May.", "4  May", "4 May"),
        ("May 1 or May 2", "May 1 or May 2", "May", "May"),
        ("Ada [2] Brook", "Ada Brook", "Ada [2] Brook", None),
        ("Anna | 7", "Name: Anna · Age: 7", "7", "7"),
        ("Age | 7", "Age: Age · Value: 7", "Age", None),
    ],
)
def test_it_is_found_again_in_what_is_read(quote: str, text: str, words: str, expected: str | None) -> None:
    start = quote.index(words)
    place = highlight(text, quote, Span(start=start, end=start + len(words)))
    assert (place and text[place.start : place.end]) == expected


@given(st.text("1 \n[]ab", max_size=12), st.text("1 \n[]ab", max_size=12), st.integers(0, 12), st.integers(1, 12))
def test_whatever_is_highlighted_is_the_words_of_the_short_answer(
    text: str, quote: str, start: int, length: int
) -> None:
    span = Span(start=min(start, len(quote)), end=min(start + length, len(quote)))
    words = quote[span.start : span.end].split()
    for each in (text, quote, quote.replace(" ", "\n  ")):
        place = highlight(each, quote, span)
        assert place is None or each[place.start : place.end].split() == words


@pytest.mark.parametrize(
    ("question", "text", "words", "shown"),
    [
        (
            "Which officers did he meet?",
            "He met Ito and General Serra in Rome.",
            "General Serra",
            "Ito and General Serra",
        ),
        (
            "Which generals came?",
            "General Ito and General Serra came.",
            "General Serra",
            "General Ito and General Serra",
        ),
        ("Who are the judges?", "They are Ann Lee, Bo Vik and Cy Orr now.", "Ann Lee", "Ann Lee, Bo Vik and Cy Orr"),
        ("Who were the judges?", "They were Ann Lee, Bo Vik, and Cy Orr.", "Cy Orr", "Ann Lee, Bo Vik, and Cy Orr"),
        ("Which general did he meet?", "He met General Ito and Bo Serra in Rome.", "Bo Serra", "Bo Serra"),
        ("Which towns are named?", "The report names Arden, and it rained in Hexby.", "Arden", "Arden"),
    ],
)
def test_of_several_that_are_asked_for_all_that_are_listed_together_are_shown(
    question: str, text: str, words: str, shown: str
) -> None:
    assert _shown(text, words, question=question) == shown


LIST = "The tools are:\n\n- a soft cloth\n- a small brush\n- a bottle of lens fluid\n"
CODE = "Use this script:\n\n```\nscanctl pair\nscanctl save\n```\n"


@pytest.mark.parametrize(
    ("question", "text", "words", "shown"),
    [
        ("Which tools are needed?", LIST, "a soft cloth", None),
        ("Which one is small?", LIST, "a small brush", "a small brush"),
        ("Which one is small?", LIST, "a soft cloth\n- a small brush", None),
        ("Which script pairs it?", CODE, "scanctl pair", None),
    ],
)
def test_no_piece_of_a_list_or_of_code_is_shown_for_the_whole(
    question: str, text: str, words: str, shown: str | None
) -> None:
    assert _shown(text, words, question=question) == shown


def test_cells_side_by_side_are_read_as_in_a_quote_of_their_row() -> None:
    assert Short(text="Tomas Lind | Phone:\n4433").words == "Tomas Lind · Phone: 4433"
