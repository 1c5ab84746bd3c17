"""Conversations in great number and size: the list stays quick, and the disk is not filled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.app.history import KEPT_BYTES, History, Turn, new_conversation
from qa.types import Answer


def test_the_list_reads_the_beginning_of_each_conversation_only(tmp_path: Path) -> None:
    for number, title in enumerate(["\U0001f600" * 80 + "…", '"\\' * 40, "\x00" * 81, "Plain?"]):
        start = json.dumps({"title": title, "turns": []}, ensure_ascii=False)[:-2]
        (tmp_path / f"{number:032x}.json").write_text(start + "never read" * 1000)
    assert len(History(tmp_path).summaries()) == 4


def test_conversations_are_bounded_by_size_and_visitors_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.app.history.VISITORS", 2)
    monkeypatch.setattr("qa.app.history.KEPT_BYTES", 10_000)
    (tmp_path / "somebody's own").mkdir()
    turn = Turn(answer=Answer(question="Why?", query="Why?", text="So. " * 50, abstained=False))
    for number in range(3):
        history = History(tmp_path / f"{number:064x}")
        for _ in range(20):
            history.save(new_conversation().with_turn(0, turn))
        assert sum(path.stat().st_size for path in (tmp_path / f"{number:064x}").iterdir()) <= 10_000
        assert history.summaries()
    assert {path.name for path in tmp_path.iterdir()} == {"somebody's own", f"{1:064x}", f"{2:064x}"}
    assert KEPT_BYTES > 46_000_000  # a hundred conversations of 300 questions
