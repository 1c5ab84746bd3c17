"""The replies by which `right` is measured itself: whole, labelled twice, half of them kept for the report."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from qa.evals.suites import load_suite

LABELS = {"right", "partly", "wrong"}


def test_every_reply_answers_a_case_and_has_a_label_with_a_reason_from_each_reader(project: Path) -> None:
    rows = [json.loads(line) for line in (project / "evals/judge/replies.jsonl").read_text("utf-8").splitlines()]
    cases = {
        name: {case.id for case in load_suite(project / "evals" / name).cases} for name in {r["suite"] for r in rows}
    }

    assert len(rows) == 200
    assert Counter(row["half"] for row in rows) == {"tune": 100, "report": 100}
    assert set(Counter(row["kind"] for row in rows).values()) == {20}
    for row in rows:
        assert row["case"] in cases[row["suite"]]
        assert {label for label, _ in row["labels"]} <= LABELS
        assert all(reason for _, reason in row["labels"])


def test_a_third_reader_settles_exactly_what_two_disagree_on(project: Path) -> None:
    rows = [json.loads(line) for line in (project / "evals/judge/replies.jsonl").read_text("utf-8").splitlines()]

    for row in rows:
        labels = [label for label, _ in row["labels"]]
        assert len(labels) == (2 if labels[0] == labels[1] else 3)
        assert Counter(labels).most_common(1)[0][1] == 2
