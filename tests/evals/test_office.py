"""The office suite: its gold stands in its documents, and its halves are those that the rule gives."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

from qa.evals.lint import lint
from qa.evals.suites import Case, Suite, load_suite


@pytest.fixture(scope="module")
def office(project: Path) -> Suite:
    return load_suite(project / "evals" / "office")


def test_its_gold_stands_in_its_documents(office: Suite) -> None:
    assert lint(office) == []


def test_of_each_kind_the_half_with_the_lower_digests_is_for_the_report(office: Suite) -> None:
    kinds: defaultdict[str, list[Case]] = defaultdict(list)
    for case in office.cases:
        kinds[case.tags[0]].append(case)
    assert (len(kinds), len(kinds["near-miss"]), len(kinds["remark"])) == (15, 35, 15)
    for cases in kinds.values():
        ranked = sorted(cases, key=lambda case: hashlib.sha256(case.id.encode()).hexdigest())
        halves = [case.tags[1] for case in ranked]
        assert halves == ["report"] * (len(ranked) // 2) + ["tune"] * (len(ranked) - len(ranked) // 2)
