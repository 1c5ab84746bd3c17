"""The replies by which `right` is measured itself: whole, labelled, and how far it agrees with their readers."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from qa.documents.sentences import split_sentences
from qa.evals.judge import kappa
from qa.evals.records import CaseRecord
from qa.evals.stages import credit, failed_stage, without_markers
from qa.evals.suites import Case, Texts, load_suite, locate, read_corpus, surroundings
from qa.types import Answer, Citation

LABELS = {"right", "partly", "wrong"}


def rows(project: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project / "evals" / "judge" / name).read_text("utf-8").splitlines()]


@cache
def asked(project: Path, name: str) -> tuple[dict[str, Case], Texts]:
    suite = load_suite(project / "evals" / name)
    return {case.id: case for case in suite.cases}, read_corpus(suite.corpora[""])


def is_right(project: Path, row: dict[str, Any]) -> bool:
    """Whether the measure calls a reply right; sentences of the documents count as quotes of them."""
    cases, texts = asked(project, row["suite"])
    case, said = cases[row["case"]], without_markers(row["reply"])
    quotes = [said[span.start : span.end] for span in split_sentences(said)]
    cited = [
        Citation(document=name, title=name, start=start, end=start + len(quote), page=None, quote=quote, version="")
        for quote in quotes
        for name, text in texts.items()
        if len(quote) > 15 and (start := text.find(quote)) >= 0
    ]
    answer = Answer(
        question=case.question,
        query=case.question,
        text=row["reply"],
        abstained=row.get("abstained", False),
        citations=tuple(cited),
    )
    record = CaseRecord(
        case=case,
        gold=tuple(locate(each, texts) for each in case.evidence),
        answer=answer,
        cuts=tuple(each.quote for each in cited),
        around=surroundings((*case.evidence, *case.denied_by), texts),
    )
    return (credit(record, failed_stage(record)) or 0) >= 0.5


def settled(row: dict[str, Any]) -> str:
    """The label that two of its readers gave."""
    return Counter(label for label, _ in row["labels"]).most_common(1)[0][0]


def test_every_reply_answers_a_case_and_has_a_label_with_a_reason_from_each_reader(project: Path) -> None:
    replies = rows(project, "replies.jsonl")

    assert len(replies) == 200
    assert Counter(row["half"] for row in replies) == {"tune": 100, "report": 100}
    assert set(Counter(row["kind"] for row in replies).values()) == {20}
    for row in replies:
        assert row["case"] in asked(project, row["suite"])[0]
        assert {label for label, _ in row["labels"]} <= LABELS
        assert all(reason for _, reason in row["labels"])


def test_a_third_reader_settles_exactly_what_two_disagree_on(project: Path) -> None:
    for row in rows(project, "replies.jsonl"):
        labels = [label for label, _ in row["labels"]]
        assert len(labels) == (2 if labels[0] == labels[1] else 3)
        assert Counter(labels).most_common(1)[0][1] == 2


def test_right_agrees_with_readers_as_far_as_the_documentation_says(project: Path) -> None:
    replies = rows(project, "replies.jsonl")
    agreed = {}
    for half in ("tune", "report"):
        chosen = [row for row in replies if row["half"] == half]
        found = kappa([is_right(project, row) for row in chosen], [settled(row) == "right" for row in chosen])
        agreed[half] = f"{found or 0:.2f}"
    said = " ".join((project / "docs" / "evaluation.md").read_text("utf-8").split())

    assert f"kappa {agreed['report']} on the half kept for the report" in said
    assert f"{agreed['tune']} on the other" in said


def test_most_replies_to_practise_on_are_judged_as_they_are(project: Path) -> None:
    counts: Counter[tuple[str, bool]] = Counter()
    for row in rows(project, "practice.jsonl"):
        assert row["label"] in LABELS
        counts[row["label"], is_right(project, row)] += 1

    assert counts["right", True] >= 0.8 * (counts["right", True] + counts["right", False])
    assert counts["wrong", True] <= 0.12 * (counts["wrong", True] + counts["wrong", False])
