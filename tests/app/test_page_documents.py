"""The list of documents in a real browser: each of many can be found, opened, and chosen to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from page_caller import Caller
from page_driver import BAKERY, LIGHTHOUSE, PHONE, WIDE, Reader, open_bot, serving, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MANY = 250
SHELF = {
    **{f"notes/note-{number:03}.txt": f"Note {number} is about shelf {number}." for number in range(MANY)},
    "lighthouse.md": LIGHTHOUSE,
    "bakery, old.md": BAKERY,
    "mill [1].md": "---\ndate: 2021-07-08\n---\n# The mill\n\nThe mill at Glen Garry was burned down in 1911.",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with open_bot(tmp_path_factory.mktemp("shelf"), documents=SHELF) as bot, serving(bot) as address:
        yield address


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Reader]:
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.page.wait_for_selector("#documents .found")
    yield reader
    context.close()
    assert reader.problems == []


def find(reader: Reader, words: str, told: str) -> None:
    reader.page.fill("#find :is(input, textarea)", words)
    reader.page.wait_for_selector(f"#documents :is(.found, .empty):has-text({told!r})")


def tick(reader: Reader, title: str) -> None:
    reader.page.check(f"#documents li:has-text({title!r}) input")


def test_each_of_many_documents_is_reached_by_turning_the_pages(reader: Reader) -> None:
    page, seen = reader.page, set()
    for first in range(1, MANY + 4, 50):
        page.wait_for_selector(f"#documents .found:has-text('{first}–')")
        seen |= set(page.eval_on_selector_all("#documents input", "boxes => boxes.map(box => box.dataset.pick)"))
        following = page.get_by_role("button", name="Documents after these")
        if following.is_enabled():
            following.click()
    assert seen == set(SHELF)


def test_a_document_far_down_is_found_by_words_of_its_name_and_opened(reader: Reader) -> None:
    find(reader, "note-249", "1–1 of 1")
    reader.page.click("#documents li a")
    reader.page.wait_for_selector("#panel :text('Note 249 is about shelf 249')")
    find(reader, "zeppelin", f"None of {len(SHELF)} documents")


def test_the_list_shows_kind_and_date_and_is_sorted_by_them(reader: Reader) -> None:
    page = reader.page
    page.get_by_label("Date", exact=True).check()
    page.wait_for_selector("#documents li:first-child:has-text('The mill')")
    assert page.inner_text("#documents li:first-child small") == "MD · 2021-07-08 · 84 bytes"
    page.get_by_label("Kind", exact=True).check()
    page.wait_for_selector("#documents li:nth-child(3):has-text('The mill')")
    page.get_by_label("Size", exact=True).check()
    page.wait_for_selector("#documents li:first-child:has-text('The lighthouse')")


def test_in_order_of_their_folders_each_is_named_counted_and_asked_alone(reader: Reader) -> None:
    page = reader.page
    page.get_by_label("Folder", exact=True).check()
    page.wait_for_selector("#documents .folder")
    assert page.locator("#documents .folder").all_inner_texts() == ["In no folder · 3", f"notes/ · {MANY}"]
    page.click("#documents .folder :text('notes/')")
    page.wait_for_selector(f"#documents .found:has-text('of {MANY}')")
    page.click("#documents [data-do=only]")
    page.wait_for_selector(f"#narrowed :text('Only {MANY} of {len(SHELF)} documents')")
    assert "1844" not in reader.ask("When was the lighthouse opened?")


def test_only_the_ticked_documents_are_asked_until_none_is(reader: Reader) -> None:
    page, question = reader.page, "When was the lighthouse opened?"
    for words, title in (("OLD bakery,", "The bakery"), ("[1]", "The mill")):  # both have signs of a pattern
        find(reader, words, "1–1 of 1")
        tick(reader, title)
    page.wait_for_selector(f"#narrowed :text('Only 2 of {len(SHELF)} documents')")
    assert "1844" not in reader.ask(question)
    assert "1921" in reader.ask("When was the bakery founded?")
    assert "1911" in reader.ask("When was the mill at Glen Garry burned down?")
    page.click("#narrowed [data-pick=none]")
    page.wait_for_selector("#narrowed p", state="detached")
    assert page.locator("#documents input:checked").count() == 0
    assert "1844" in reader.ask(question)


def test_all_that_was_found_is_asked_with_one_click(reader: Reader) -> None:
    page = reader.page
    find(reader, "notes/", f"of {MANY}")
    page.click("#documents [data-do=only]")
    page.wait_for_selector(f"#narrowed :text('Only {MANY} of {len(SHELF)} documents')")
    assert page.locator("#documents input:not(:checked)").count() == 0
    assert "1844" not in reader.ask("When was the lighthouse opened?")
    find(reader, "light", "1–1 of 1")
    assert not page.is_checked("#documents input")
    page.focus("#documents input")
    page.keyboard.press("Space")
    page.wait_for_selector(f"#narrowed :text('Only {MANY + 1} of {len(SHELF)} documents')")
    assert page.evaluate("document.activeElement.dataset.pick") == "lighthouse.md"
    assert "1844" in reader.ask("When was the lighthouse opened?")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_in_the_list(browser: Browser, address: str, scheme: str, size: dict[str, int]) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)
    if size is PHONE:
        reader.page.click("#menu")
        reader.page.click("#find")  # waits until the side bar stands still
    assert violations(reader.page) == []
    find(reader, "note-1", "of 100")
    tick(reader, "note-100")
    reader.page.wait_for_selector("#narrowed p")
    assert violations(reader.page) == []
    context.close()


@pytest.mark.parametrize("picked", ["", "{}", "[1]", "[" * 5_000, '["a"' + ',"a"' * 1_000 + "]"])
def test_what_is_ticked_is_bounded_and_typed(address: str, picked: str) -> None:
    caller = Caller(address)
    sent = caller.send(caller.named("picked", "change"), ["extractive", "", picked, "", "Name"])
    assert "reload" in str(sent)
