from __future__ import annotations

import pytest

from qa.search.languages import differ, language


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("What was the revenue in 2025?", "English"),
        ("Was war der Gewinn in Berlin?", "German"),
        ("Quel est le loyer annuel ?", "French"),
        ("¿Cuándo termina el contrato?", "Spanish"),
        ("Quando scade il contratto?", "Italian"),
        ("Qual é a receita?", "Portuguese"),
        ("Wat is de prijs van het apparaat?", "Dutch"),
        ("Hur lång är garantin?", "Swedish"),
        ("Jaka jest gwarancja?", "Polish"),
        ("Который час?", "CYRILLIC"),
        ("他到达罗马。", "CJK"),
        ("CEO salary", None),
        ("41,2 %", None),
        ("", None),
    ],
)
def test_small_words_or_the_script_tell_the_language(text: str, name: str | None) -> None:
    assert language(text) == name


def test_two_texts_differ_only_where_both_languages_are_sure() -> None:
    assert differ("Der Umsatz ist gestiegen.", "The revenue has risen.")
    assert not differ("Umsatz 2025", "The revenue has risen.")
    assert not differ("The ship was late.", "The revenue has risen.")
