"""Ours and a stock LangChain system, through the one door of the evals."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from langchain_core.documents import Document

import qa.evals
from evals_systems import enter_town, records
from qa import Chatbot
from qa.evals.suites import Suite
from versus import split_document, versus


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return enter_town(tmp_path, monkeypatch)


def test_our_chatbot_goes_through_the_same_door(suite: Suite, tmp_path: Path) -> None:
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), seeds=suite.corpora[""]) as bot:
        asked, given = qa.evals.run(suite, bot.ask), qa.evals.run(suite, bot)
        as_printed = qa.evals.run(suite, lambda question, history: bot.ask(question, history=history).to_dict())
    assert records(asked) == records(given)
    for ours, printed in zip(records(asked), records(as_printed), strict=True):
        assert (ours.answer, ours.cuts) == (printed.answer, printed.cuts)


def test_a_stock_langchain_system_is_measured_beside_ours_with_the_same_embeddings(
    suite: Suite, tmp_path: Path
) -> None:
    changes = {each.name: each for each in versus(suite, out=tmp_path / "out")}
    assert list(changes) == ["evidence_recall@5", "nDCG@10", "RR@10"]
    assert [each.n for each in changes.values()] == [12, 12, 12]
    # Each document is one passage, in its splits as in ours: both find every one among the first two.
    assert (changes["evidence_recall@5"].before, changes["evidence_recall@5"].after) == (1, 1)


def test_stock_splits_are_places_in_the_document() -> None:
    text = (
        "\n\n".join(" ".join(f"word{n}" for n in range(start, start + 90)) for start in range(0, 900, 90)) + "x" * 1500
    )
    splits = split_document(Document(text, metadata={"source": "a"}))
    places = [(each.metadata["start_index"], each.metadata["start_index"] + len(each.page_content)) for each in splits]
    assert [text[start:end] for start, end in places] == [each.page_content for each in splits]
    assert 900 < max(end - start for start, end in places) <= 1000
    overlaps = [end - start for (_, end), (start, _) in pairwise(places)]
    assert 150 < max(overlaps) <= 200
