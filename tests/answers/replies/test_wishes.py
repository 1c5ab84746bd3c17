"""What asks for an overview, and which documents it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.answers.replies.wishes import Wish, both, named, nearest, read_wish
from qa.types import Record

SUITES = Path(__file__).parents[3] / "evals"


def record(document: str, title: str = "") -> Record:
    name = document.rpartition("/")[2]
    return Record(id=document, version="", title=title or name, root="", mirrored=True, passages=1, chars=1)


SHELF = [
    record("tide-mill.txt"),
    record("reports/annual-report-2023.pdf", "Annual report 2023"),
    record("reports/annual-report-2024.pdf", "Annual report 2024"),
    record("mail/boiler.eml", "Boiler off on Thursday"),
    record("budget_2026.xlsx"),
    record("staff.docx", "Handbook for the staff of the museum"),
]


@pytest.mark.parametrize(
    "asked",
    [
        "summarize the annual report",
        "Could you please summarise staff.docx for me?",
        "tl;dr of the boiler mail",
        "TLDR tide mill",
        "Give me a short summary of the handbook.",
        "give me an overview of the budget",
        "What are the main points of the handbook?",
        "Hi! Can you sum up the annual report? Thanks!",
    ],
)
def test_the_wish_for_an_overview_is_recognised_in_many_spellings(asked: str) -> None:
    wish = read_wish(asked)
    assert wish is not None
    assert wish.is_sure
    assert named(wish, SHELF)


@pytest.mark.parametrize(
    "asked",
    ["give me an overview", "What are these documents about?", "summarize all documents", "an overview of the files"],
)
def test_an_overview_of_nothing_else_is_one_of_all_documents(asked: str) -> None:
    assert read_wish(asked) == Wish(scope="all")


@pytest.mark.parametrize("asked", ["What is this document about?", "summarize this", "tl;dr", "sum it up", "summary"])
def test_what_names_nothing_means_the_document_at_hand(asked: str) -> None:
    wish = read_wish(asked)
    assert wish is not None
    assert wish.scope == "at hand"


@pytest.mark.parametrize(
    "asked",
    [
        "what is the summary judgment in Smith v. Jones",
        "what is the fee about to change",
        "summary judgment",
        "What about London?",
        "how about the budget",
        "what does the handbook say about leave?",
        "Who wrote the annual report?",
        "what are the documents that the court asked for",
        "tell me about the tide mill",
    ],
)
def test_what_only_sounds_like_one_is_a_question(asked: str) -> None:
    assert read_wish(asked) is None


def test_what_something_is_about_is_such_a_wish_only_where_a_document_is_called_so() -> None:
    mill, fee = read_wish("what is the tide mill about?"), read_wish("what is the fee about?")
    assert mill is not None
    assert not mill.is_sure
    assert [each.id for each in named(mill, SHELF)] == ["tide-mill.txt"]
    assert fee is not None
    assert not fee.is_sure
    assert not named(fee, SHELF)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("summarize the annual report 2024", ["reports/annual-report-2024.pdf"]),
        ("summarize annual-report-2023.pdf", ["reports/annual-report-2023.pdf"]),
        ("summarize the anual report of 2023", ["reports/annual-report-2023.pdf"]),
        ("summarize the annual report", ["reports/annual-report-2023.pdf", "reports/annual-report-2024.pdf"]),
        ("summarize the mail", ["mail/boiler.eml"]),
        ("summarize the spreadsheet", ["budget_2026.xlsx"]),
        ("summarize “Boiler off on Thursday”", ["mail/boiler.eml"]),
        ("summarize the museum", []),
        ("summarize 2024", []),
        ("summarize the annual report of the mill", []),
    ],
)
def test_a_document_is_named_by_its_title_its_file_or_its_sort(asked: str, ids: list[str]) -> None:
    wish = read_wish(asked)
    assert wish is not None
    assert [each.id for each in named(wish, SHELF)] == ids


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("Translate the mail into German", ["mail/boiler.eml"]),
        ("Could you translate staff.docx to French, please?", ["staff.docx"]),
        ("translate “Boiler off on Thursday”", ["mail/boiler.eml"]),
        ("Give me a translation of the tide mill text in simple English", ["tide-mill.txt"]),
    ],
)
def test_a_translation_is_of_the_document_before_its_language(asked: str, ids: list[str]) -> None:
    wish = read_wish(asked)
    assert wish is not None
    assert wish.translates
    assert [each.id for each in named(wish, SHELF)] == ids


@pytest.mark.parametrize("asked", ["Translate it into German", "translate that", "translate everything into German"])
def test_what_was_just_said_and_all_documents_are_not_translated_as_a_whole(asked: str) -> None:
    assert read_wish(asked) is None


def test_the_nearest_names_share_most_words() -> None:
    wish = read_wish("summarize the annual budget 2024")
    assert wish is not None
    assert wish.called("summarize the annual Budget 2024") == "annual Budget 2024"
    assert [each.id for each in nearest(wish, SHELF, most=2)] == [
        "reports/annual-report-2024.pdf",
        "reports/annual-report-2023.pdf",
    ]


def test_two_documents_are_set_side_by_side_by_their_names() -> None:
    wish = read_wish("compare the annual report 2023 and the annual report 2024")
    assert wish is not None
    assert [each.id[-8:] for each in both(wish, SHELF)] == ["2023.pdf", "2024.pdf"]
    wish = read_wish("compare the tide mill with the windmill")
    assert wish is not None
    assert both(wish, SHELF) == []


def test_few_questions_of_our_suites_are_such_wishes_and_none_of_them_is_a_question_for_a_fact() -> None:
    cases = [json.loads(line) for path in SUITES.glob("*/cases.jsonl") for line in path.open(encoding="utf-8")]
    seen = [case for case in cases if "report" not in case["tags"]]
    sure = [case for case in seen if (wish := read_wish(case["question"])) and wish.is_sure]
    assert all("summary" in case["tags"] for case in sure)
