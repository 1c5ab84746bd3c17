"""How the page looks and who can use it: contrast, names, layouts, dark and light."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from page_driver import PHONE, WIDE, Reader, open_bot, serving, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with open_bot(tmp_path_factory.mktemp("page")) as bot, serving(bot) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_at_the_start_in_an_answer_and_in_the_panel(
    browser: Browser, address: str, scheme: str, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.page.wait_for_selector("#chat .example")
    assert violations(reader.page) == []
    reader.ask("When was the lighthouse opened?")
    reader.ask("Who painted the lighthouse of Skerry Vore in 1900?")
    assert violations(reader.page) == []
    reader.cite()
    assert violations(reader.page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_in_the_settings_and_under_a_filter(
    browser: Browser, address: str, scheme: str, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)
    page = reader.page
    if size is PHONE:
        page.click("#menu")
    page.click("#settings .label-wrap")
    for conditions, told in (
        ("document=bakery*", "Only 1 of 2 documents"),
        ("colour=red", "cannot be read as a condition"),
    ):
        reader.narrow(conditions, told)
        assert violations(page) == []
    if size is PHONE:
        page.keyboard.press("Escape")
        page.wait_for_selector("#new", state="hidden")
        assert violations(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_until_the_reader_chooses(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)

    def dark() -> bool:
        luminance = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        return bool(reader.page.evaluate(f"{luminance}.every(value => value < 64)"))

    assert dark() is (scheme == "dark")
    reader.page.click("#theme")
    reader.rest()
    assert dark() is (scheme != "dark")
    reader.arrive()
    assert dark() is (scheme != "dark")
    context.close()


def test_a_phone_shows_one_column_a_menu_and_a_sheet(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    reader = Reader(context, address)
    page = reader.page
    assert not page.locator("#new").is_visible()
    reader.ask("When was the lighthouse opened?")
    page.tap("#chat a.cite")
    page.wait_for_selector("#panel mark")
    reader.rest()
    mark = page.locator("#panel mark").bounding_box()
    assert mark is not None
    assert 0 < mark["y"] < PHONE["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.tap("#panel [aria-label='Close the source panel']")
    page.tap("#menu")
    page.wait_for_selector("#new")
    page.tap("#documents a >> nth=0")
    page.wait_for_selector("#panel .text")
    assert page.locator("#menu").get_attribute("aria-expanded") == "false"
    context.close()


def test_everything_on_the_way_to_a_source_is_reached_by_tab(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.ask("When was the lighthouse opened?")
    reader.page.locator("#new").focus()
    reached = set()
    for _ in range(40):
        reader.page.keyboard.press("Tab")
        reached.add(
            reader.page.evaluate(
                "(node => node.id || node.dataset.do || node.ariaLabel || node.className)(document.activeElement)"
            )
        )
    assert {"open", "remove", "theme", "cite", "Like", "Dislike"} <= reached
    context.close()


def test_the_page_has_one_heading_of_the_first_rank(browser: Browser, address: str) -> None:
    context = browser.new_context()
    reader = Reader(context, address)
    assert reader.page.locator("h1").all_inner_texts() == ["Ask your documents"]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_number_shows_its_quote_title_and_heading_on_hover_and_focus(
    browser: Browser, address: str, scheme: str
) -> None:
    context = browser.new_context(viewport=WIDE, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.ask("When was the lighthouse opened?")
    page = reader.page
    assert "The lighthouse of Skerry Vore" in page.inner_text("#chat .sources")
    assert not page.locator("#source").is_visible()
    page.hover("#chat a.cite")
    page.wait_for_selector("#card q:has-text('opened in 1844')")
    assert page.inner_text("#card b") == "The lighthouse of Skerry Vore"
    assert violations(page) == []
    page.hover("#about")
    page.wait_for_selector("#card", state="hidden")
    page.locator("#new").focus()
    page.keyboard.press("Escape")
    reader.cite()
    assert page.locator("#source").is_visible()
    page.click("#panel [aria-label='Close the source panel']")
    page.wait_for_selector("#source", state="hidden")
    context.close()


def test_a_long_press_on_a_number_shows_its_card_and_opens_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.ask("When was the lighthouse opened?")
    page = reader.page
    box = page.locator("#chat a.cite").first.bounding_box()
    assert box is not None
    touch = context.new_cdp_session(page)
    at = [{"x": box["x"] + 8, "y": box["y"] + 8}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    page.wait_for_selector("#card q:has-text('opened in 1844')")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert not page.locator("#source").is_visible()
    context.close()


@pytest.mark.parametrize(("size", "least"), [(WIDE, 24), (PHONE, 44)], ids=["wide", "phone"])
def test_what_is_pressed_is_large_enough_for_a_finger(
    browser: Browser, address: str, size: dict[str, int], least: int
) -> None:
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.ask("When was the lighthouse opened?")
    sizes = reader.page.locator("#chat :is(button, summary):visible").evaluate_all(
        "all => all.map(each => [each.ariaLabel || each.textContent, each.offsetWidth, each.offsetHeight])"
    )
    assert [each for each in sizes if min(each[1:]) < least] == []
    box = reader.page.locator("#chat a.cite").first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    context.close()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_opening_details_leaves_the_text_as_wide_and_large_as_it_was(
    browser: Browser, address: str, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    reader = Reader(context, address)
    page = reader.page
    reader.ask("What is the lighthouse?")
    measured = (
        "[...document.querySelectorAll('#chat .answer, #chat .answer p')]"
        ".map(each => [each.offsetWidth, each.matches('p') && each.offsetHeight, getComputedStyle(each).fontSize])"
    )
    before = page.evaluate(measured)
    page.click("#chat summary")
    page.wait_for_selector("#chat dd")
    assert page.evaluate(measured) == before
    context.close()


def test_on_a_phone_nothing_of_the_conversation_lies_over_the_source(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    reader = Reader(context, address)
    page = reader.page
    for _ in range(4):
        reader.ask("When was the lighthouse opened?")
    page.locator("#chat .answer").first.scroll_into_view_if_needed()
    page.wait_for_selector("#chat .scroll-down-button-container button")
    page.tap("#chat a.cite >> nth=0")
    page.wait_for_selector("#panel mark")
    reader.rest()
    over = """[...document.querySelectorAll('#chat button')].filter(each => {
        const {x, y, width, height} = each.getBoundingClientRect();
        return each.contains(document.elementFromPoint(x + width / 2, y + height / 2))
            && y + height > document.querySelector('#source').getBoundingClientRect().y;
    }).map(each => each.ariaLabel)"""
    assert page.evaluate(over) == []
    context.close()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_below_an_answer_and_its_sources_all_buttons_stand_in_one_row(
    browser: Browser, address: str, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    reader = Reader(context, address)
    reader.ask("When was the lighthouse opened?")
    parts = [reader.page.locator(f"#chat {each}") for each in (".again", "summary", "[aria-label='Like']")]
    middles = [box["y"] + box["height"] / 2 for each in parts if (box := each.bounding_box())]
    assert len(middles) == 3
    assert max(middles) - min(middles) < 6
    parts[1].click()
    below, details = parts[2].bounding_box(), reader.page.locator("#chat details").bounding_box()
    assert below
    assert details
    assert below["y"] >= details["y"] + details["height"]
    context.close()
