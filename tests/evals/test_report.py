"""The report: everything escaped, nothing asked of the network; summaries for people and machines."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from evals_systems import Crashes, opening, write_suite
from qa.evals.metrics import Region
from qa.evals.report import junit, markdown, overview, pieces, recall_by_context, render
from qa.evals.results import Results, load_results
from qa.evals.runner import make_plan, run_suite
from qa.evals.suites import load_suite


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run with answers, failures and a crash."""
    root = tmp_path_factory.mktemp("town")
    suite = load_suite(write_suite(root))
    run_suite(suite, folder=root / "run", open_system=opening(Crashes), plan=make_plan(suite, {"top_k": "5"}))
    return load_results(root / "run")


class Page(HTMLParser):
    """What a page would load, and the elements it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attributes if name in ("src", "href", "srcset", "action", "data")]


def test_the_page_asks_nothing_of_the_network(results: Results) -> None:
    html = render(results)
    assert Page(html).loads == ["data:,"]
    assert not re.search(r"url\(|@import|https?://|fetch\(", html)
    assert "default-src 'none'" in html


def test_what_documents_and_questions_say_is_never_markup(results: Results) -> None:
    evil = "<script>alert(1)</script>"
    first, *others = results.scored
    assert first.record.answer is not None
    citations = tuple(replace(each, quote=evil, document=evil) for each in first.record.answer.citations)
    answer = replace(first.record.answer, text=evil, citations=citations, notes=(evil,))
    case = first.record.case.model_copy(update={"question": evil, "answers": (evil,), "tags": (evil,)})
    record = replace(first.record, case=case, answer=answer)
    html = render(replace(results, scored=[replace(first, record=record), *others]))
    assert Page(html).tags.count("script") == 1
    assert html.count("alert(1)") >= 5


def test_the_page_shows_every_case_with_its_stage(results: Results) -> None:
    html = render(results)
    assert html.count("<details>") == len(results.scored)
    groups = re.findall(r'<section data-stage="(.*?)">(.*?)</section>', html, re.DOTALL)
    assert [(stage, cases.count("<details>")) for stage, cases in groups] == [
        ("should have abstained", 3),
        ("crashed", 1),
        ("nothing went wrong", 11),
    ]
    assert "RuntimeError: the model has left" in html
    assert "<mark>by the engineer Ruth Calloway</mark>" in html
    assert "91.7%" in html


def test_the_page_draws_a_chart_of_recall_and_one_of_risk_and_a_bar_for_every_rate(results: Results) -> None:
    html = render(results)
    assert re.findall(r'<svg class="chart".*? aria-label="(.*?)">', html) == [
        "evidence over characters of context",
        "wrong over answers given, surest first",
    ]
    assert 'aria-label="91.7%, between 64.6% – 98.5%"' in html
    assert "nan" not in html


def test_at_its_top_the_page_shows_the_headline_with_both_halves(results: Results) -> None:
    cards = re.findall(r'<div class="card"><span class="soft">(.*?)</span>', render(results))
    assert cards == ["headline", "right", "refused"]


def test_of_several_runs_no_figure_is_shown_that_rests_on_too_few_cases(results: Results) -> None:
    rows = [row.split(" | ")[1:3] for row in overview([results]).splitlines()[2:]]
    assert rows == [["right", "91.7%"], ["citation_exact", "100.0%"]]  # three cases to refuse, so no headline either


def test_of_a_stage_with_many_cases_the_page_shows_some_and_says_so(results: Results) -> None:
    html = render(replace(results, scored=[*results.scored] * 20))
    assert html.count("<details>") == 200 + 20 + 60
    assert "20 more are in records.jsonl and not shown." in html


def test_quotes_are_cut_where_they_share_characters() -> None:
    others = [Region("d", 12, 14), Region("d", 16, 30), Region("e", 10, 20)]
    assert pieces("abcdefghij", Region("d", 10, 20), others) == [
        ("ab", False),
        ("cd", True),
        ("ef", False),
        ("ghij", True),
    ]
    assert pieces("abc", Region("d", 0, 3), []) == [("abc", False)]


def test_recall_rises_with_context(results: Results) -> None:
    points = recall_by_context([each.record for each in results.scored])
    assert points == sorted(points)
    assert points[-1][1] == 1


def test_the_summary_says_what_the_figures_rest_on(results: Results) -> None:
    text = markdown(results)
    assert "15 of 15 cases: 14 answered, 0 abstained, 1 crashed; 11 came out as they should." in text
    assert "The first crash: RuntimeError: the model has left" in text
    assert "| right | 91.7% | 64.6% – 98.5% | 12 | 3 |" in text
    assert "| refused |" not in text  # three cases are too few to show
    assert "| token_f1 |" not in text
    assert "| token_f1 |" in markdown(results, everything=True)
    assert "Smallest change that a comparison sees: 18.5 points." in text


def test_junit_tells_failures_from_crashes(results: Results) -> None:
    suite = ElementTree.fromstring(junit(results))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("15", "3", "1")
    [error] = suite.iter("error")
    assert (error.text or "").startswith("To whose crew is the memorial in the reading room?\nRuntimeError: the model")


def test_what_xml_cannot_hold_is_spelt_out(results: Results) -> None:
    first = next(each for each in results.scored if each.stage == "should have abstained")
    case = first.record.case.model_copy(update={"question": "Who\x1b[2J\ud800?"})
    suite = ElementTree.fromstring(
        junit(replace(results, scored=[replace(first, record=replace(first.record, case=case))]))
    )
    [failure] = suite.iter("failure")
    assert (failure.text or "").startswith("Who‹U+001B›[2J‹U+D800›?\n")
