from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.answers.quotes import QuoteCheck, verify_quotes
from qa.answers.verification import read_answers
from qa.errors import DocumentError, StoreMissingError
from qa.types import Answer, Citation, Document, Sentence, Span

TEXT = "The mill burned in 1891. It was rebuilt."
ANSWER = Answer(
    question="When did the mill burn?",
    query="When did the mill burn?",
    text="The mill burned in 1891. [1]",
    abstained=False,
    sentences=(
        Sentence(
            text="The mill burned in 1891.", citations=(1,), support="supported", highlight=Span(start=19, end=23)
        ),
    ),
    citations=(
        Citation(number=1, document="mill.txt", title="mill", start=0, end=24, page=None, quote=TEXT[:24], version="v"),
    ),
)


def check_against(text: str | None) -> QuoteCheck:
    def document(identifier: str) -> Document:
        if text is None:
            raise StoreMissingError(identifier)
        return Document(id=identifier, text=text, title="mill")

    (check,) = verify_quotes(ANSWER, document=document)
    return check


@pytest.mark.parametrize(
    ("text", "finding", "start", "holds"),
    [
        (TEXT, "exact", 0, True),
        (f"News. {TEXT}", "moved", 6, True),
        (f"News. {TEXT} {TEXT}", "moved", None, True),
        ("The mill burned in 1892.", "changed", None, False),
        (None, "gone", None, False),
    ],
)
def test_a_quote_is_exact_moved_changed_or_gone(text: str | None, finding: str, start: int | None, holds: bool) -> None:
    check = check_against(text)
    assert (check.finding, check.start, check.holds) == (finding, start, holds)


def test_the_nearest_passages_of_an_abstention_are_checked_too() -> None:
    nearest = Citation(document="a", title="a", start=3, end=6, page=None, quote="abc", version="v")
    answer = Answer(question="q", query="q", text="No.", abstained=True, nearest=(nearest,))
    (check,) = verify_quotes(answer, document=lambda name: Document(id=name, text="...abc", title=name))
    assert check.finding == "exact"


def test_an_answer_survives_its_json(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text(ANSWER.to_json(), encoding="utf-8")
    assert read_answers(file) == (ANSWER,)


def test_an_answer_with_half_a_surrogate_pair_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    asked = replace(ANSWER, question="When \ud83d?")
    file.write_text(json.dumps(asked.to_dict()), encoding="utf-8")
    assert read_answers(file) == (asked,)


def test_the_turns_of_a_conversation_are_all_read(tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    file.write_text(f'{{"turns": [{ANSWER.to_json()}, {ANSWER.to_json()}]}}', encoding="utf-8")
    assert read_answers(file) == (ANSWER, ANSWER)


@pytest.mark.parametrize("content", ["", "[]", "[" * 100_000, "{}", '{"turns": 3}', '{"question": "only"}'])
def test_a_file_that_is_no_export_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DocumentError, match=r"other\.json is no exported answer"):
        read_answers(file)
    with pytest.raises(DocumentError, match="absent"):
        read_answers(tmp_path / "absent")


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"start": "0"}, "citations.0.start"),
        ({"end": None}, "citations.0.end"),
        ({"start": True}, "citations.0.start"),
        ({"quote": 7}, "citations.0.quote"),
    ],
)
def test_a_value_of_another_type_is_named_with_its_file(tmp_path: Path, changed: dict[str, Any], where: str) -> None:
    file = tmp_path / "answer.json"
    plain = ANSWER.to_dict()
    plain["citations"] = [{**plain["citations"][0], **changed}]
    file.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(DocumentError, match=rf"answer\.json is no exported answer.*{where}: input should be a valid"):
        read_answers(file)
