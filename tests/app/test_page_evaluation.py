"""The Quality view of the page: which runs it lists, and that a report can reach nothing."""

from __future__ import annotations

import html
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evals_systems import Reference, opening, write_suite
from page_driver import PHONE, WIDE, Reader, open_bot, serving, violations, write_logins
from qa.app.evaluation import report_opener, runs_html
from qa.evals.report import render
from qa.evals.results import load_results, write_results
from qa.evals.runner import begin, make_plan, run_suite
from qa.evals.suites import load_suite

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ATTACK = '"><img src=x onerror="document.title=1"> ${document.title=2} `x` [a](javascript:1)'


def make_runs(runs: Path, scratch: Path) -> None:
    """A finished run under a hostile title, and one that has only begun."""
    suite = replace(
        load_suite(write_suite(scratch, head='primary = ["evidence_recall@5"]\n')), title=f"A town {ATTACK}"
    )
    run = runs / "town-1"
    run_suite(suite, folder=run, open_system=opening(Reference), plan=make_plan(suite, {"model": "extractive"}))
    results = load_results(run)
    write_results(results)
    (run / "report.html").write_text(render(results), encoding="utf-8")
    begin(runs / "town-2", replace(make_plan(suite, {}), title="Only begun", started="2020-01-01"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    make_runs(folder / "home" / "runs", tmp_path_factory.mktemp("suite"))
    return folder


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with open_bot(home) as bot, serving(bot) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_runs_are_listed_with_their_figures_and_a_report_opens_in_place(
    browser: Browser, address: str, scheme: str, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)
    page = reader.page
    if size is PHONE:
        page.click("#menu")
    page.get_by_role("button", name="Quality").click()
    page.wait_for_selector("#runs li")
    assert page.inner_text("#runs h2") == "Quality for those who maintain this page"
    assert "Evaluation" not in page.inner_text("body")
    titles = page.locator("#runs h3").all_inner_texts()
    assert titles == [f"A town {ATTACK}", "Only begun"]
    assert "100.0% 75.8% – 100.0%, n = 12" in page.locator("#runs li dd").first.inner_text()
    assert page.locator("#runs li").nth(1).locator("button").count() == 0
    assert not page.locator("#ask").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert violations(page) == []
    page.click("#runs [data-run]")
    report = page.frame_locator("#report-frame iframe")
    assert ATTACK in report.locator("h1").inner_text()
    report.locator("details").first.locator("summary").click()
    page.click("#runs [data-do='runs']")
    page.click("#runs [data-do='leave']")
    assert page.locator("#ask").is_visible()
    assert reader.problems == []
    assert page.title() == "Ask your documents"
    context.close()


def test_a_report_may_reach_neither_the_page_nor_a_host(browser: Browser, address: str, home: Path) -> None:
    reaching = (
        "<script>try { parent.document.title = 'reached' } catch (error) { document.title = error.name }"
        "fetch('/health').then(() => document.body.id = 'fetched', () => document.body.id = 'refused')</script>"
    )
    path = home / "home" / "runs" / "town-1" / "report.html"
    whole = path.read_text()
    path.write_text(whole.replace("</body>", f"{reaching}</body>"))
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.page.click("#evaluate")
    reader.page.click("#runs [data-run]")
    report = reader.page.frame_locator("#report-frame iframe")
    report.locator("body#refused").wait_for()
    assert report.locator("head > title").text_content() == "SecurityError"
    assert reader.page.title() == "Ask your documents"
    assert all(url.startswith((address, "data:", "blob:", "about:")) for url in reader.requests)
    path.write_text(whole)
    context.close()


@pytest.mark.parametrize(
    "name", ["../../index", "town-1/../../runs/town-1", "/etc", "town-2", "town-1/", "", ".", "nothing"]
)
def test_only_the_report_of_a_listed_run_is_given(home: Path, name: str) -> None:
    opened = report_opener(home / "home" / "runs")
    assert opened({"run": "town-1"}) is not None
    assert opened({"run": name}) is None


def test_without_a_login_no_report_is_given(home: Path) -> None:
    with open_bot(home) as bot, serving(bot, auth_file=write_logins(home, ann="s3cret-ann")) as address:
        asked = {"data": {"run": "town-1"}, "component_id": 1, "fn_name": "open_report", "session_hash": "x"}
        request = urllib.request.Request(
            f"{address}/gradio_api/component_server",
            data=json.dumps(asked).encode(),
            headers={"content-type": "application/json"},
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request)


def test_no_runs_and_broken_runs_are_said(tmp_path: Path) -> None:
    assert "There are no runs yet" in runs_html(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{}")
    said = runs_html(tmp_path)
    assert "is not a run" in said.replace("&#32;", " ")
    assert str(tmp_path) not in said


def test_a_broken_run_hides_no_other_and_keeps_no_report_back(tmp_path: Path) -> None:
    make_runs(tmp_path / "runs", tmp_path)
    for name, file in (("bad", "run.json"), ("town-2", "figures.json")):
        (tmp_path / "runs" / name).mkdir(exist_ok=True)
        (tmp_path / "runs" / name / file).write_text("{")
    said = html.unescape(runs_html(tmp_path / "runs"))
    assert all(each in said for each in ('data-run="town-1"', "is not a run", "holds no figures"))
    assert report_opener(tmp_path / "runs")({"run": "town-1"}) is not None
