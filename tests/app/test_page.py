"""The page in a real browser: asking, reading the source, documents, history, verdicts, export."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from page_driver import PHONE, WIDE, Reader, chromium, open_bot, serving, violations, write_logins
from qa.app.choices import measured_rates
from qa.app.layout import HERE
from qa.chatbot import Chatbot
from qa.evals.lint import lint
from qa.evals.suites import load_suite


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Chatbot]:
    with open_bot(tmp_path) as bot:
        yield bot


@pytest.fixture
def address(bot: Chatbot) -> Iterator[str]:
    with serving(bot) as address:
        yield address


@pytest.fixture
def reader(browser, address: str) -> Iterator[Reader]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    reader = Reader(context, address)
    yield reader
    context.close()
    assert reader.problems == []
    assert [url for url in reader.requests if not url.startswith((address, "blob:", "data:"))] == []


def test_a_number_opens_the_exact_words_in_their_document(reader: Reader, bot: Chatbot) -> None:
    assert "1844" in reader.ask("When was the lighthouse opened?")
    citation = bot.ask("When was the lighthouse opened?").citations[0]
    assert reader.cite() == citation.quote
    panel = reader.page.locator("#panel").text_content() or ""
    assert "lighthouse.md" in panel
    assert f"Characters {citation.start}–{citation.end}" in panel
    assert reader.page.locator("#panel mark").is_visible()
    shown = reader.page.locator("#panel .text > *").all_text_contents()
    words = bot.document("lighthouse.md").text.removeprefix("# ")
    assert [each.split() for each in shown] == [each.split() for each in words.split("\n\n")]


def test_the_highlight_is_there_in_about_a_tenth_of_a_second(reader: Reader) -> None:
    reader.ask("When was the lighthouse opened?")
    reader.cite()
    milliseconds = sorted(
        reader.page.evaluate(
            """async () => {
                document.querySelector('#panel header button').click();
                const begun = performance.now();
                document.querySelector('#chat a.cite').click();
                while (!document.querySelector('#panel mark')) await new Promise(requestAnimationFrame);
                return performance.now() - begun;
            }"""
        )
        for _ in range(9)
    )
    print(f"click to highlight, median of 9: {milliseconds[4]:.0f} ms")
    assert milliseconds[4] < 500  # a loaded machine may be slow; the measured figure is in docs/page.md


def test_the_keyboard_opens_a_source_steps_through_it_and_comes_back(reader: Reader) -> None:
    page = reader.page
    reader.ask("How high is the lighthouse, and what does the bakery sell?")
    page.locator("#chat a.cite").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel mark")
    assert page.evaluate("document.activeElement.id") == "panel"
    first = page.locator("#panel mark").first.text_content()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("first => document.querySelector('#panel mark').textContent !== first", arg=first)
    page.click("#panel [aria-label='Previous citation']")
    page.wait_for_function("first => document.querySelector('#panel mark').textContent === first", arg=first)
    page.locator("#panel").focus()
    page.keyboard.press("Escape")
    assert page.locator("#panel mark").count() == 0
    assert page.evaluate("document.activeElement.className").startswith("cite")


def test_the_short_answer_comes_first_and_opens_the_quote_that_is_one_step_of_the_panel(reader: Reader) -> None:
    page = reader.page
    assert reader.ask("Where was Marta Kowalczyk born, and when?")
    assert reader.ask("When was the lighthouse opened?").startswith("1844 [1]The lighthouse was opened in 1844")
    first = page.locator("#chat .answer").last.locator(":scope > :first-child")
    assert first.get_attribute("class") == "short"
    assert "opened in 1844 by Alan Stevenson" in reader.cite()
    assert page.locator("#panel nav").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('.short') !== null")


def test_a_follow_up_is_answered_and_shows_what_was_searched(reader: Reader) -> None:
    assert "Gdansk" in reader.ask("Where was Marta Kowalczyk born?")
    answer = reader.ask("And when?")
    assert "3 May 1897" in answer
    assert not reader.page.locator("#chat dd").last.is_visible()
    reader.page.locator("#chat summary").last.click()
    assert "When was Marta Kowalczyk born?" in reader.page.locator("#chat details").last.inner_text()


def test_what_only_its_makers_would_say_waits_in_details_that_the_keyboard_opens(reader: Reader) -> None:
    page = reader.page
    reader.ask("When was the lighthouse opened?")
    reader.cite()
    face = page.locator("#main").inner_text() + page.locator("#panel").inner_text()
    assert not re.search(r"\d m?s\b|extractive|[Cc]haracters|[Vv]ersion|[Cc]onfidence|tokens|Searched for", face), face
    page.locator("#chat summary").focus()
    page.keyboard.press("Enter")
    details = page.locator("#chat details").inner_text()
    assert all(
        told in details for told in ("When was the lighthouse opened?", "Confidence", "Quotes only (no AI model)")
    )
    assert violations(page) == []
    page.locator("#panel summary").click()
    assert page.locator("#panel details :text('Characters')").is_visible()


def test_an_abstention_offers_the_nearest_passages(reader: Reader) -> None:
    answer = reader.ask("Who painted the lighthouse of Skerry Vore in 1900?")
    assert "The nearest passages are:" in answer
    assert reader.cite() in answer or len(reader.cite()) > 100


def test_an_uploaded_file_is_indexed_with_progress_and_answers(reader: Reader, bot: Chatbot, tmp_path: Path) -> None:
    page = reader.page
    files = {name: tmp_path / name for name in ("harbour.txt", "mill.txt", "broken.txt", "quarry.txt")}
    files["harbour.txt"].write_text("The harbour of Port Ellen was dredged in 1826 by Walter Campbell.")
    files["mill.txt"].write_text("The mill at Glen Garry was burned down in 1911.")
    files["broken.txt"].write_bytes(b"\xff\xfe\xfa\x00broken")
    files["quarry.txt"].write_text("The quarry at Ross was closed in 1960.")
    page.evaluate(
        "window.bars = []; new MutationObserver(() => { const bar = document.querySelector('#report progress');"
        " if (bar) window.bars.push(bar.value); })"
        ".observe(document.querySelector('#report'), {subtree: true, childList: true, attributes: true})"
    )
    page.set_input_files("#upload input[type=file]", list(files.values()))
    page.wait_for_selector("#report .report")
    assert "3 files added." in page.inner_text("#report")
    assert "broken.txt" in page.inner_text("#report .bad")
    assert str(tmp_path) not in page.inner_text("#report")
    bars = page.evaluate("window.bars")
    assert bars == sorted(bars)
    assert len(set(bars)) >= 3
    assert "5 documents" in page.inner_text("#about")
    assert "1826" in reader.ask("When was the harbour of Port Ellen dredged?")
    assert "1826" in reader.cite()
    kept = bot.settings.home / "uploads"
    assert {path.name for path in kept.iterdir()} == set(files) - {"broken.txt"}


def test_the_bar_moves_inside_one_large_file(reader: Reader, tmp_path: Path) -> None:
    page, file = reader.page, tmp_path / "ships.txt"
    file.write_text(
        "\n\n".join(f"Ship {number} left the harbour with {number * 7} sacks of salt. " * 6 for number in range(400))
    )
    page.evaluate(
        "window.bars = []; new MutationObserver(() => { const bar = document.querySelector('#report .progress');"
        " if (bar) window.bars.push([bar.querySelector('progress').value, bar.textContent]); })"
        ".observe(document.querySelector('#report'), {subtree: true, childList: true, attributes: true})"
    )
    page.set_input_files("#upload input[type=file]", [file])
    page.wait_for_selector("#report .good")
    values, texts = zip(*page.evaluate("window.bars"), strict=True)
    assert list(values) == sorted(values)
    assert len({value for value in values if 0 < value < 100}) >= 3
    assert any("passages" in text for text in texts)


def test_a_file_can_be_dropped_on_its_box(reader: Reader) -> None:
    reader.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['The quarry at Ross was opened in 1838.'], 'quarry.txt', {type: 'text/plain'}));
            const target = document.querySelector('#upload button');
            for (const type of ['dragenter', 'dragover', 'drop']) {
                target.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}));
            }
        }"""
    )
    reader.page.wait_for_selector("#report .good")
    assert "1838" in reader.ask("When was the quarry at Ross opened?")


def test_a_file_too_large_or_of_another_kind_is_refused(reader: Reader, bot: Chatbot) -> None:
    page = reader.page
    too_large = {"name": "large.txt", "mimeType": "text/plain", "buffer": b"a" * (26 * 1024 * 1024)}
    page.set_input_files("#upload input[type=file]", [too_large])
    page.wait_for_selector(".toast-body.error")
    page.click(".toast-close")
    page.set_input_files("#upload input[type=file]", [{**too_large, "name": "run.exe", "buffer": b"MZ"}])
    page.wait_for_selector("#report .bad")
    assert len(bot.documents()) == 2
    reader.problems.clear()  # the browser reports the refused upload


def test_values_that_differ_stand_side_by_side_with_their_dates_and_are_said_once(browser, tmp_path: Path) -> None:
    said = "---\ndate: {}-02-10\n---\n# Staff handbook\n\nEmployees get {} days of annual leave.\n"
    documents = {f"handbook-{year}.md": said.format(year, days) for year, days in ((2023, 25), (2025, 28))}
    with open_bot(tmp_path, documents=documents) as bot, serving(bot) as address:
        context = browser.new_context(viewport=WIDE)
        reader = Reader(context, address)
        reader.ask("How many days of annual leave do employees get?")
        page = reader.page
        assert sorted(page.locator("#chat .conflicts .where").all_text_contents()) == [
            f"handbook-{year}.md (Staff handbook) · {year}-02-10" for year in (2023, 2025)
        ]
        assert page.locator("#chat .note").count() == 0
        assert page.inner_text("#chat .sources").count("(Staff handbook)") == 2
        assert violations(page) == []
        context.close()


def test_a_copied_answer_is_words_and_sources(reader: Reader) -> None:
    reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.ask("When was the lighthouse opened?")
    reader.page.locator("#chat [aria-label='Copy message']").last.click()
    reader.page.wait_for_selector("#chat .copied")
    reader.page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('[1]'))")
    assert reader.page.evaluate("navigator.clipboard.readText()") == (
        "1844 [1]\nThe lighthouse was opened in 1844 by Alan Stevenson. [1]\n"
        "[1] The lighthouse of Skerry Vore: “The lighthouse was opened in 1844 by Alan Stevenson.”"
    )


def test_a_removed_document_is_no_longer_cited(reader: Reader, bot: Chatbot) -> None:
    page = reader.page
    reader.ask("When was the lighthouse opened?")
    page.hover("#documents li:has-text('lighthouse')")
    page.click("#documents [aria-label*='lighthouse'][data-do=remove]")
    assert "will no longer be searched or cited" in page.inner_text("dialog")
    page.click("dialog button:has-text('Keep')")
    assert len(bot.documents()) == 2
    page.click("#documents [aria-label*='lighthouse'][data-do=remove]")
    page.click("dialog button:has-text('Remove')")
    page.wait_for_selector("#documents li:has-text('lighthouse')", state="detached")
    page.locator("#chat a.cite").first.click()
    page.wait_for_selector("#panel .changed")
    assert "no longer indexed" in page.inner_text("#panel")
    assert "1844" in page.inner_text("#panel blockquote")
    reader.ask("When was the lighthouse opened?")
    assert not page.locator("#chat .answer").last.locator("a[href*=lighthouse]").count()


def test_a_changed_document_is_said_to_have_changed(reader: Reader, bot: Chatbot, tmp_path: Path) -> None:
    reader.ask("When was the lighthouse opened?")
    (tmp_path / "documents" / "lighthouse.md").write_text("# The lighthouse\n\nNobody knows when it was opened.\n")
    bot.ingest(tmp_path / "documents")
    reader.page.locator("#chat a.cite").first.click()
    reader.page.wait_for_selector("#panel .changed")
    assert "no longer stand in it" in reader.page.inner_text("#panel .changed")
    assert "1844" in reader.page.inner_text("#panel blockquote")
    assert reader.page.locator("#panel mark").count() == 0
    quote = reader.page.inner_text("#panel blockquote")
    (tmp_path / "documents" / "lighthouse.md").write_text(f"# News\n\n{quote}\n\nAgain: {quote}\n")
    bot.ingest(tmp_path / "documents")
    reader.page.locator("#chat a.cite").first.click()
    reader.page.wait_for_selector("#panel .changed:has-text('more than once')")
    assert reader.page.inner_text("#panel blockquote") == quote
    assert reader.page.locator("#panel mark").count() == 0


def test_a_thumb_down_becomes_a_case_of_a_suite_that_can_be_run(reader: Reader, bot: Chatbot) -> None:
    page = reader.page
    reader.ask("When was the lighthouse opened?")
    page.click("#chat button[aria-label='Dislike']")
    page.fill("#wanted input, #wanted textarea", "10 October 1844")
    page.click("#save-wanted")
    page.wait_for_selector("text=What it should have said is kept")
    page.wait_for_selector("#wish", state="hidden")
    reader.ask("Who founded the bakery?")
    page.locator("#chat button[aria-label='Like']").last.click()
    folder = wait_for_cases(bot.settings.home / "feedback", count=2)
    suite = load_suite(folder)
    down, up = suite.cases
    assert (down.question, down.answers, down.tags) == (
        "When was the lighthouse opened?", ("10 October 1844",), ("feedback", "disliked"),
    )  # fmt: skip
    assert up.history[0].content == "When was the lighthouse opened?"
    assert up.evidence[0].quote in bot.document("bakery.md").text
    assert lint(suite) == []
    observed = [json.loads(line) for line in (folder / "observed.jsonl").read_text("utf-8").splitlines()]
    assert observed[0]["answer"]["citations"][0]["document"] == "lighthouse.md"
    assert observed[0]["passages"]
    assert len(observed[0]["index"]["version"]) == 16


def test_reload_and_restart_keep_the_conversation_and_its_sources(browser, tmp_path: Path) -> None:
    context = browser.new_context()
    with open_bot(tmp_path) as bot:
        with serving(bot) as address:
            reader = Reader(context, address)
            reader.ask("When was the lighthouse opened?")
            reader.page.click("#chat button[aria-label='Like']")
            reader.arrive()
            assert "1844" in reader.answer
        with serving(bot, port=int(address.rpartition(":")[2])):
            reader.arrive()
            assert "1844" in reader.answer
            assert "1844" in reader.cite()
            assert "When was the lighthouse opened?" in reader.page.inner_text("#history")
            assert "Gdansk" in reader.ask("Where was Marta Kowalczyk born?")
            assert reader.page.locator("#history li").count() == 1
            reader.page.click("#new")
            reader.page.wait_for_selector("#chat .answer", state="detached")
            reader.page.click("#history .name")
            reader.page.wait_for_selector("#chat .answer")
            assert "Gdansk" in reader.answer
    context.close()


def test_a_second_tab_begins_anew_and_another_browser_sees_nothing(browser, address: str) -> None:
    context, stranger = browser.new_context(), browser.new_context()
    Reader(context, address).ask("When was the lighthouse opened?")
    second, other = Reader(context, address), Reader(stranger, address)
    assert second.page.locator("#chat .answer").count() == 0
    assert other.page.locator("#chat .answer").count() == 0
    assert other.page.locator("#history li").count() == 0
    second.ask("Who founded the bakery?")
    assert second.page.locator("#chat .answer").count() == 1
    context.close()
    stranger.close()


def test_example_questions_come_from_the_documents_and_are_answered(reader: Reader, bot: Chatbot) -> None:
    reader.page.wait_for_selector("#chat .example")
    examples = reader.page.locator("#chat .example").all_inner_texts()
    assert 2 <= len(examples) <= 4
    assert not any(bot.ask(example.strip()).abstained for example in examples)
    reader.page.locator("#chat .example").first.click()
    reader.page.wait_for_selector("#chat .answer .meta")
    assert reader.page.locator("#chat .question").inner_text() == examples[0].strip()
    assert "[1]" in reader.answer


def test_one_welcome_says_what_this_is_and_what_it_cannot_do(reader: Reader) -> None:
    reader.page.wait_for_selector("#chat :text('What would you like to know?')")
    main = reader.page.inner_text("#main")
    assert "There is no AI model: I answer in the documents' own sentences" in main.replace("’", "'")
    assert main.count("number") == 1


def test_nothing_indexed_says_what_to_do(browser, tmp_path: Path) -> None:
    context = browser.new_context()
    with open_bot(tmp_path) as bot:
        for record in bot.documents():
            bot.remove(record.id)
        with serving(bot) as address:
            reader = Reader(context, address)
            reader.page.wait_for_selector("#chat :text('Drop your documents here')")
            assert "qa ingest FOLDER" in reader.page.inner_text("#chat")
            assert "0 documents" in reader.page.inner_text("#about")
            reader.ask("When was the lighthouse opened?")
    context.close()


def test_settings_decide_how_the_next_question_is_answered(reader: Reader) -> None:
    question = "Who painted the lighthouse red?"
    assert "The nearest passages are:" in reader.ask(question)
    reader.page.click("#settings .label-wrap")
    effect = reader.page.inner_text("#effect")
    assert "Balanced" in effect
    assert f"refused {measured_rates()[0.5]['answerable']:g} % of the questions that the documents answer" in effect
    for _ in range(30):  # the drawer opens, and only then listens
        reader.page.fill("#strictness input[type=number]", "0")
        reader.page.keyboard.press("Tab")
        reader.page.wait_for_timeout(500)
        if "Answers nearly always" in reader.page.inner_text("#effect"):
            break
        reader.page.fill("#strictness input[type=number]", "0.5")
    assert "Answers nearly always" in reader.page.inner_text("#effect")
    assert "The nearest passages are:" not in reader.ask(question)


def test_a_question_can_be_asked_of_some_documents_only(reader: Reader) -> None:
    page, question = reader.page, "When was the lighthouse opened?"
    reader.narrow("document=bakery*", "Only 1 of 2 documents: document=bakery*")
    page.wait_for_selector("#narrowed :text('Only 1 of 2 documents: document=bakery*')")
    assert "Nothing in them comes near it" in reader.ask(question)
    assert page.locator("#chat .answer").last.locator("a[href*=lighthouse]").count() == 0
    page.fill("#where input, #where textarea", "document=*, colour=red")
    page.press("#where input, #where textarea", "Enter")
    page.wait_for_selector("#narrowed [role=alert]")
    for shown in ("#met", "#narrowed"):
        assert "'colour=red' cannot be read as a condition" in page.inner_text(shown)
    page.fill("#ask textarea", question)
    page.press("#ask textarea", "Enter")
    page.wait_for_selector(".toast-body.error :text('colour=red')")
    assert page.input_value("#ask textarea") == question
    page.fill("#where input, #where textarea", "")
    page.keyboard.press("Tab")
    page.wait_for_selector("#narrowed p", state="detached")
    assert "1844" in reader.ask(question)


def test_a_login_is_asked_for_and_separates_the_users_of_one_browser(browser, bot: Chatbot, tmp_path: Path) -> None:
    context = browser.new_context()
    with serving(bot, auth_file=write_logins(tmp_path, ann="s3cret-ann", bob="pa55-bob")) as address:
        page = context.new_page()

        def log_in(user: str, password: str) -> None:
            context.clear_cookies()
            page.goto(address)
            page.fill("input >> nth=0", user)
            page.fill("input >> nth=1", password)
            page.click("button:has-text('Log in')")

        log_in("ann", "wrong")
        page.wait_for_selector("[role=alert]:has-text('The name or the password is wrong.')")
        assert page.locator("#ask").count() == 0
        log_in("ann", "s3cret-ann")
        page.wait_for_selector("#ask textarea")
        reader = Reader(context, address)
        reader.ask("When was the lighthouse opened?")
        assert "1844" in reader.cite()
        assert "ann" in reader.page.inner_text("#account")
        assert violations(reader.page) == []
        reader.page.click("#account :text('Log out')")
        reader.page.wait_for_selector(".login h1:has-text('Ask your documents')")
        assert reader.page.locator("#ask, #history").count() == 0
        page.goto(address)  # every page of that login, this other one too
        page.wait_for_selector(".login h1:has-text('Ask your documents')")
        assert page.locator("#ask").count() == 0
        assert page.title() == "Ask your documents"
        log_in("bob", "pa55-bob")
        page.wait_for_selector("#ask textarea")
        other = Reader(context, address)
        assert other.page.locator("#history li").count() == 0
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_where_a_login_is_asked_for(
    browser, bot: Chatbot, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)
    with serving(bot, auth_file=write_logins(tmp_path, ann="s3cret-ann"), root_path="/docs") as address:
        page = context.new_page()
        page.goto(address)
        assert page.locator("label").all_inner_texts() == ["Name", "Password"]
        assert page.locator(".brand").is_visible()
        assert violations(page) == []
        page.fill("[name=username]", "ann")
        page.fill("[name=password]", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]:has-text('The name or the password is wrong.')")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    context.close()


def test_without_logins_nobody_is_named_and_the_icon_is_our_own(reader: Reader) -> None:
    assert reader.page.locator("#account").inner_text() == ""
    icon = reader.page.evaluate("document.querySelector('link[rel~=icon]').href")
    assert reader.page.request.get(icon).text() == (HERE / "icon.svg").read_text("utf-8")


def wait_for_cases(folder: Path, *, count: int) -> Path:
    """The one suite in `folder`, once it has that many cases."""
    for _ in range(300):
        suites = list(folder.glob("*/cases.jsonl"))
        if len(suites) == 1 and len(suites[0].read_text("utf-8").splitlines()) == count:
            return suites[0].parent
        time.sleep(0.1)
    raise AssertionError(f"no suite with {count} cases in {folder}")
