"""What the lines of a plain text are, and that the marks of any text cover it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marks_read import Found, found, hanging

from qa.documents.commonmark import markdown_marks
from qa.documents.plain import find_marks
from qa.documents.source import code_marks, settings_marks
from qa.documents.units import find_units
from qa.types import Mark

PLAIN: dict[str, Found] = {
    # Headings by their marks
    "# Bees\nThey fly.\n## Hives ##\n": [
        ("heading", 1, "# Bees"),
        ("sentence", 0, "They fly."),
        ("heading", 2, "## Hives ##"),
    ],
    "Bees\n====\n\nHives\n~~~~~\nThey hum.\n\nCombs\n^^^^^\n\nFrames\n-----\n": [
        ("heading", 1, "Bees\n===="),
        ("heading", 2, "Hives\n~~~~~"),
        ("sentence", 0, "They hum."),
        ("heading", 2, "Combs\n^^^^^"),
        ("heading", 2, "Frames\n-----"),
    ],
    "* oak\n-----\n> ash\n-----\nDry.\n-----\n": [
        ("item", 1, "* oak"),
        ("front", 0, "-----"),
        ("sentence", 0, "> ash"),
        ("front", 0, "-----"),
        ("sentence", 0, "Dry."),
        ("front", 0, "-----"),
    ],
    "== Hives\nThey hum.\n=== Combs ===\n": [
        ("heading", 2, "== Hives"),
        ("sentence", 0, "They hum."),
        ("heading", 3, "=== Combs ==="),
    ],
    # Clauses under numbered titles, and what goes on below a list
    "2. SERVICES\n2.1 Included are:\n  (a) lamps,\n  (b) oil.\n2.2 Tax is extra.\n\n3. Times\n3.1 Fast.\n": [
        ("heading", 1, "2. SERVICES"),
        ("sentence", 0, "2.1 Included are:"),
        ("step", 1, "(a) lamps,"),
        ("step", 1, "(b) oil."),
        ("sentence", 0, "2.2 Tax is extra."),
        ("heading", 1, "3. Times"),
        ("sentence", 0, "3.1 Fast."),
    ],
    "Offers:\n- Ash 40 euros\n- Oak 50\nOak has no depot nearby.\n\n- stir in the\nMilan rice\n- add\n2.5 l water\n": [
        ("sentence", 0, "Offers:"),
        ("item", 1, "- Ash 40 euros"),
        ("item", 1, "- Oak 50"),
        ("sentence", 0, "Oak has no depot nearby."),
        ("item", 1, "- stir in the\nMilan rice"),
        ("item", 1, "- add\n2.5 l water"),
    ],
    # Titles that nobody marked
    "Keeping bees\n\nWintering\n\nThey sleep little, and\neat a lot.\n\nSwarms\n\n- in May\n": [
        ("heading", 1, "Keeping bees"),
        ("sentence", 0, "Wintering"),
        ("sentence", 0, "They sleep little, and\neat a lot."),
        ("heading", 2, "Swarms"),
        ("item", 1, "- in May"),
    ],
    "They hum.\n\nTHE HIVE\n\n3.2 Combs\n\nWax.\n\n4 Frames\n\nOak.\n": [
        ("sentence", 0, "They hum."),
        ("heading", 1, "THE HIVE"),
        ("heading", 2, "3.2 Combs"),
        ("sentence", 0, "Wax."),
        ("heading", 1, "4 Frames"),
        ("sentence", 0, "Oak."),
    ],
    "1. Stings\nA sting hurts for a day, and is red for two; a wet cloth helps.\n\n2. Cold\n\nKeep it dry.\n": [
        ("heading", 1, "1. Stings"),
        ("sentence", 0, "A sting hurts for a day, and is red for two; a wet cloth helps."),
        ("heading", 1, "2. Cold"),
        ("sentence", 0, "Keep it dry."),
    ],
    # Short lines that may answer
    "They hum.\n\nHive A oak\n\nHive B ash\n\nHive C elm\n\nAll are dry.\n": [
        *(("sentence", 0, line) for line in ("They hum.", "Hive A oak", "Hive B ash", "Hive C elm", "All are dry."))
    ],
    "They hum.\n\nSome 40,000 bees\n\nThey are many.\n\nA queen\n": [
        *(("sentence", 0, line) for line in ("They hum.", "Some 40,000 bees", "They are many.", "A queen"))
    ],
    "They hum.\n\nmostly at noon\n\nWhy do they?\n\nNobody, it seems,\n\nknows.\n": [
        *(
            ("sentence", 0, line)
            for line in ("They hum.", "mostly at noon", "Why do they?", "Nobody, it seems,", "knows.")
        )
    ],
    # Lists
    "Take:\n* a veil\n  of silk\n* smoke\n": [
        ("sentence", 0, "Take:"),
        ("item", 1, "* a veil\n  of silk"),
        ("item", 1, "* smoke"),
    ],
    "1. Light it.\n   a) Puff.\n   b) Wait.\n\n      It smokes.\n2. Open it.\nSo.\n\nDone.\n": [
        ("step", 1, "1. Light it."),
        ("step", 2, "a) Puff."),
        ("step", 2, "b) Wait."),
        ("sentence", 2, "It smokes."),
        ("step", 1, "2. Open it.\nSo."),
        ("sentence", 0, "Done."),
    ],
    "1. Lift\n- slowly\n- alone\n2. Look\n\n- elsewhere\n": [
        ("step", 1, "1. Lift"),
        ("item", 2, "- slowly"),
        ("item", 2, "- alone"),
        ("step", 1, "2. Look"),
        ("item", 1, "- elsewhere"),
    ],
    "We came on May\n4. Then we left.\n1. Home\n": [
        ("sentence", 0, "We came on May\n4. Then we left."),
        ("step", 1, "1. Home"),
    ],
    # Pairs, questions and answers
    "Keeper: Ada\nHives: 12\n\nHoney: 40 kg a year\n": [
        ("pair", 0, "Keeper: Ada"),
        ("pair", 0, "Hives: 12"),
        ("pair", 0, "Honey: 40 kg a year"),
    ],
    ":Keeper: Ada\n:Place: the old\n  orchard\n": [
        ("pair", 0, ":Keeper: Ada"),
        ("pair", 0, ":Place: the old\n  orchard"),
    ],
    "Keeper: Ada. " + "She hums. " * 30 + "\nHives: 12\n": [
        ("sentence", 0, ("Keeper: Ada. " + "She hums. " * 30).strip()),
        ("sentence", 0, "Hives: 12"),
    ],
    "In the garden\nKeeper: Ada\nHives: 12\n": [
        ("sentence", 0, "In the garden"),
        ("pair", 0, "Keeper: Ada"),
        ("pair", 0, "Hives: 12"),
    ],
    "It is known: no bee flies in the rain.\n\nAt 10:30 they fly.\n": [
        ("sentence", 0, "It is known: no bee flies in the rain."),
        ("sentence", 0, "At 10:30 they fly."),
    ],
    "Q: Do they bite? Do they sting?\nA: They sting. It hurts\nfor a day.\nQ: Always?\nA: Rarely.\n": [
        ("pair", 0, "Q: Do they bite? Do they sting?"),
        ("sentence", 0, "A: They sting. It hurts\nfor a day."),
        ("pair", 0, "Q: Always?"),
        ("sentence", 0, "A: Rarely."),
    ],
    # Code
    "Run:\n```\n- x\n\nKey: v\n```\nDone.\n": [
        ("sentence", 0, "Run:"),
        ("code", 0, "```\n- x\n\nKey: v\n```"),
        ("sentence", 0, "Done."),
    ],
    # Front matter, contents, rules
    "---\ntitle: Bees\n---\nThey hum.\n": [("front", 0, "---\ntitle: Bees\n---"), ("sentence", 0, "They hum.")],
    " date 2021-07-08 They came. They hum.\n": [
        ("front", 0, "date 2021-07-08"),
        ("sentence", 0, "They came. They hum."),
    ],
    "Contents\n\nHives ........ 3\n1.2 Combs . . . . 12\nPreface ..... iv\n": [
        ("heading", 1, "Contents"),
        ("front", 0, "Hives ........ 3"),
        ("front", 0, "1.2 Combs . . . . 12"),
        ("front", 0, "Preface ..... iv"),
    ],
    "He said it\n\n[Turin, 1984]\n\n[1]\n": [
        ("sentence", 0, "He said it"),
        ("sentence", 0, "[Turin, 1984]"),
        ("sentence", 0, "[1]"),
    ],
    "They hum.\n* * *\n> So he says.\n>\nAda\n-- \nKeeper\n": [
        ("sentence", 0, "They hum."),
        ("front", 0, "* * *"),
        ("sentence", 0, "> So he says."),
        ("front", 0, ">"),
        ("sentence", 0, "Ada"),
        ("front", 0, "--"),
        ("sentence", 0, "Keeper"),
    ],
}

PIECES = st.one_of(
    st.text(
        st.one_of(
            st.sampled_from(" \n\r\t.!?\"'“”()[]#|`-*1aB:;,=+>~_<。？\u00a0\u2028\u0085\x0c\x1c\x00\u200b\u0301\ufeff"),
            st.characters(exclude_categories=["Cs"]),
        ),
        max_size=60,
    ),
    st.sampled_from(
        [
            *(
                "\r\n",
                "\n\n",
                "# Heading\n",
                "- item. Two\n",
                "  1. step\n",
                "- - x\n",
                "- a:\n",
                "> q\n",
                ">\n",
                "Key: v\n",
            ),
            *(
                "Title\n\n",
                "===\n",
                "====  ====\n",
                "a   b   c\n",
                "a\tb\n",
                "| a | b |\n",
                "|--|--|\n",
                "|===\n",
                "+--+\n",
            ),
            *("[a]: b\n", "<!-- x\n", "Q: x?\n", "    code\n", "x::\n", "```\n", "---\n", "..... 1\n", ".. a::\n"),
            "Dr. Who came. He left. ",
        ]
    ),
)
FINDERS: dict[str, Callable[[str], Sequence[Mark]]] = {
    "Markdown": markdown_marks,
    "plain": find_marks,
    "code": code_marks,
    "settings": settings_marks,
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.items())
def test_the_lines_of_plain_text_show_what_they_are(text: str, expected: Found) -> None:
    assert found(text, find_marks(text)) == expected


def test_what_is_open_above_front_matter_goes_on_below_it() -> None:
    listed = "Take:\n\n* * *\n\n- smoke\n"
    assert hanging(listed, find_marks(listed))["- smoke"] == "Take:"
    table = "| Hive | kg |\n|---|---|\n| oak | 40 |\n"
    assert hanging(table, find_marks(table))["| oak | 40 |"] == "| Hive | kg |"


@pytest.mark.parametrize(
    "heading",
    [
        "References\n----------",
        "==========\nReferences\n==========",
        "== References ==",
        "# 7 Bibliography #",
        "**See also**",
    ],
)
def test_a_section_of_references_says_nothing_of_its_own(heading: str) -> None:
    text = f"They hum.\n\n{heading}\n\nHill, Ben: On wax. Turin, 1984.\n"
    assert [unit.kind for unit in find_units(text, find_marks(text))][-1] == "front"


def test_a_question_leads_to_its_answer() -> None:
    text = "Q: Do they sting?\nA: Rarely.\n"
    question, answer = find_units(text, find_marks(text))
    assert (question.leads, answer.parent) == (1, question.start)


@pytest.mark.parametrize("finder", FINDERS)
@given(text=st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_marks_lie_in_order_with_only_white_space_between_them(finder: str, text: str) -> None:
    end = 0
    for mark in FINDERS[finder](text):
        assert end <= mark.start < mark.end
        assert not text[end : mark.start].strip()
        assert [cell.column for cell in mark.cells] == sorted({cell.column for cell in mark.cells})
        for cell in mark.cells:
            assert mark.start <= cell.start < cell.end <= mark.end
            assert text[cell.start : cell.end] == text[cell.start : cell.end].strip()
        end = mark.end
    assert not text[end:].strip()
