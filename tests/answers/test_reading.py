"""A quote is read in lines, a row under its columns' names, and cited to the character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import Chatbot
from qa.answers.reading import reading_form
from qa.documents.commonmark import markdown_marks
from qa.documents.units import find_units
from qa.types import Cell, Passage, Span, Unit

PUMP = """# Pump

To prime it:

1. Fill the **housing** with water.
2. Close the lid.

| Model | Flow [3] | Price |
|---|---|---|
| P1 | 30 l/min | 129 € |
| P2 | 55 l/min | 189 € |

Run it once:

```sh
pump --once
pump --log
```
"""


def passage(text: str) -> Passage:
    return Passage(
        document="d", version="v", title="d", ordinal=0, start=0, end=len(text), text=text,
        units=find_units(text, markdown_marks(text)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quote", "read"),
    [
        ("# Pump", "Pump"),
        (
            "To prime it:\n\n1. Fill the **housing** with water.\n2. Close the lid.",
            "To prime it:\n1. Fill the housing with water.\n2. Close the lid.",
        ),
        ("| P2 | 55 l/min | 189 € |", "Model: P2 · Flow (3): 55 l/min · Price: 189 €"),
        ("Run it once:\n\n```sh\npump --once\npump --log\n```", "Run it once:\npump --once\npump --log"),
    ],
)
def test_a_quote_is_read_as_its_author_meant_it(quote: str, read: str) -> None:
    start = PUMP.index(quote)
    assert reading_form(passage(PUMP), Span(start=start, end=start + len(quote))) == read


def test_a_row_that_names_its_columns_itself_is_read_the_same() -> None:
    text = "Model: P2 | Flow: 55 l/min | Price: 189 €"
    cells = [(7, 9), (18, 26), (36, 41)]
    assert [text[start:end] for start, end in cells] == ["P2", "55 l/min", "189 €"]
    unit = Unit(
        kind="row",
        start=0,
        end=len(text),
        cells=tuple(Cell(start=start, end=end, column=column) for column, (start, end) in enumerate(cells)),
    )
    row = Passage(
        document="d", version="v", title="d", ordinal=0, start=0, end=len(text), text=text, units=(unit,)
    )  # fmt: skip
    assert reading_form(row, unit) == "Model: P2 · Flow: 55 l/min · Price: 189 €"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("pump")
    rows = "\n".join(f"| P{number} | {number} l/min | {number}9 € |" for number in range(1, 200))
    steps = "\n".join(f"{number}. Turn the valve with the number {number} to the left." for number in range(1, 81))
    text = f"{PUMP}\n## All models\n\n| Model | Flow | Price |\n|---|---|---|\n{rows}\n\nTo drain it:\n\n{steps}\n"
    bolts = "\n".join(
        f"{number}. Loosen bolt {number} by half a turn with the long spanner." for number in range(1, 31)
    )
    text += f"\nTo open the lid:\n\n{bolts}\n"
    (folder / "pump.md").write_text(text, encoding="utf-8")
    with Chatbot.open(
        chroma=":memory:", home=folder.parent / "home", model="extractive", strictness=0.2, fill=False
    ) as opened:
        opened.ingest(folder)
        yield opened


def test_a_row_far_below_its_header_cites_both(bot: Chatbot) -> None:
    answer = bot.ask("What is the price of the model P177?")
    text = bot.document("pump.md").text
    assert answer.sentences[0].text == "Model: P177 · Flow: 177 l/min · Price: 1779 €"
    assert answer.sentences[0].citations == (1, 2)
    assert [each.quote for each in answer.citations] == ["| P177 | 177 l/min | 1779 € |", "| Model | Flow | Price |"]
    assert all(text[each.start : each.end] == each.quote for each in answer.citations)


def test_a_list_is_quoted_whole_though_it_runs_over_passages(bot: Chatbot) -> None:
    answer = bot.ask("How do I open the lid?")
    said = [int(number) for number in re.findall(r"Loosen bolt (\d+) by", answer.text)]
    cited = {each.start for each in answer.citations if "Loosen bolt" in each.quote}
    assert said == list(range(1, 31))
    assert len(cited) > 1
    assert answer.notes == ()
    assert bot.verify(answer).holds


def test_a_very_long_list_says_how_many_more_there_are(bot: Chatbot) -> None:
    answer = bot.ask("How do I drain it?")
    said = [int(number) for number in re.findall(r"number (\d+) to the left", answer.text)]
    assert said == list(range(1, said[-1] + 1))
    assert answer.notes == (f"“To drain it:” goes on: {80 - said[-1]} more in pump.md",)
    text = bot.document("pump.md").text
    assert [text[each.start : each.end] for each in answer.citations] == [each.quote for each in answer.citations]


def test_no_hit_is_a_heading_alone(bot: Chatbot) -> None:
    hits = bot.search("All models")
    assert all(any(hit.quotes) for hit in hits)
    assert "All models" not in {each.text for each in bot.adjusted(strictness=0.0).ask("All models").sentences}
