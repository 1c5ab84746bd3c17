"""A model that the operator connects from the page: tried, used in this tab, and nobody else's to connect."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openai_server import OpenAIServer, Step
from page_caller import VIEW, Caller
from page_driver import PHONE, WIDE, Reader, open_bot, serving, violations, write_logins
from qa.app import Hosting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTION = "When was the lighthouse opened?"
HELLO = Step(pieces=("Hello!",))
OPENED = Step(pieces=("The lighthouse was opened in 1844 [1.2].",))
KEY = "sk-the-operators-own-0123456789"


@contextmanager
def operator(browser: Browser, address: str, *, size: dict[str, int] = WIDE, scheme: str = "light") -> Iterator[Reader]:
    """Somebody at the page, with the place to connect a model open."""
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context, address)
    show(reader, is_phone=size is PHONE)
    yield reader
    context.close()


def show(reader: Reader, *, is_phone: bool = False) -> None:
    if is_phone:
        reader.page.click("#menu")
    reader.page.click("#settings > .label-wrap")
    reader.page.click("#connect .label-wrap")
    reader.page.wait_for_selector("#use")


def enter(reader: Reader, *, address: str, name: str = "", key: str = "") -> None:
    for part, text in (("address", address), ("served", name), ("secret", key)):
        reader.page.fill(f"#{part} :is(input, textarea)", text)


def told(reader: Reader, words: str) -> str:
    reader.page.wait_for_selector(f"#told p:has-text({json.dumps(words, ensure_ascii=False)})")
    return reader.page.inner_text("#told")


def test_a_model_is_tried_used_in_this_tab_and_disconnected_and_its_key_stays_on_the_server(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        OpenAIServer(HELLO, HELLO, OPENED) as server,
        open_bot(tmp_path) as bot,
        serving(bot) as address,
        operator(browser, address) as reader,
    ):
        page = reader.page
        enter(reader, address=server.url, name="my:model", key=KEY)
        page.click("#test")
        assert "scripted at 127.0.0.1" in told(reader, "answers “Hello!”")
        assert page.locator("#model input").count() == 1
        page.click("#use")
        page.wait_for_selector("#about:has-text('my:model')")
        assert "my:model · 127.0.0.1" in page.inner_text("#about")
        assert page.input_value("#secret input") == ""
        assert "in 1844 [1]" in reader.ask(QUESTION)
        assert [each["model"] for each in server.requests] == ["my:model"] * 3
        assert {each["authorization"] for each in server.headers} == {f"Bearer {KEY}"}
        page.click("#disconnect")
        told(reader, "Nothing is connected.")
        page.wait_for_selector("#about:not(:has-text('my:model'))")
        assert "1844" in reader.ask(QUESTION)
        assert len(server.requests) == 3
        assert KEY not in page.content()
        assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert "my:model" in json.dumps([each.to_dict() for each in kept_answers(tmp_path)])
        assert reader.problems == []


def kept_answers(folder: Path) -> list[object]:
    from qa.app.history import History

    return [
        turn.answer
        for path in (folder / "home" / "conversations").iterdir()
        for each in History(path).summaries()
        for turn in History(path).load(each.id).turns  # type: ignore[union-attr]
    ]


def test_nothing_that_is_sent_back_holds_the_key_whatever_the_server_says(tmp_path: Path) -> None:
    said = Step(status=401, error=f"Incorrect API key provided: {KEY}")
    with OpenAIServer(said, HELLO) as server, open_bot(tmp_path) as bot, serving(bot) as address:
        caller = Caller(address)
        refused = caller.send(caller.named("test", "click"), [server.url, "m", KEY])
        used = caller.send(caller.named("use", "click"), [server.url, "m", KEY, True, None])
        assert "refused the key" in refused
        assert "Hello" in used
        assert KEY not in refused + used + json.dumps(Caller(address).config)
        assert json.loads((tmp_path / "home" / "server.json").read_bytes()) == [server.url, "m"]


def test_a_server_that_repeats_the_key_is_not_repeated(tmp_path: Path) -> None:
    key = "no key by its looks"
    with OpenAIServer(Step(pieces=(f"I got {key}",))) as server, open_bot(tmp_path) as bot, serving(bot) as address:
        server.models = [key]
        caller = Caller(address)
        sent = [caller.send(caller.named("test", "click"), [server.url, name, key]) for name in ("m", "")]
    assert "I got" in sent[0]
    assert "name one of its models" in sent[1]
    assert key not in "".join(sent)


def test_an_exported_key_is_not_sent_to_an_address_that_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-exported-0123456789abcdef")
    with OpenAIServer(HELLO) as server, open_bot(tmp_path) as bot, serving(bot) as address:
        caller = Caller(address)
        assert "answers" in caller.send(caller.named("test", "click"), [server.url, "m", ""])
    assert server.headers[0]["authorization"] == "Bearer no-key"


def test_an_address_and_a_name_are_kept_if_it_is_wished_and_presets_fill_them_in(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        OpenAIServer(*[HELLO] * 2) as server,
        open_bot(tmp_path) as bot,
        serving(bot) as address,
        operator(browser, address) as reader,
    ):
        page, kept = reader.page, tmp_path / "home" / "server.json"
        for name, place in (("Ollama", "127.0.0.1:11434"), ("LM Studio", "127.0.0.1:1234"), ("vLLM", ":8000")):
            page.click(f"#preset label:has-text('{name}')")
            page.wait_for_function(
                f"document.querySelector('#address textarea, #address input').value.includes('{place}')"
            )
        for is_kept in (True, False):
            enter(reader, address=server.url.replace("://", "://me:pass@"), key=KEY)  # the name is found
            page.set_checked("#keep input", is_kept)
            page.click("#use")
            page.wait_for_selector("#about:has-text('scripted')")
            assert kept.exists() == is_kept
            if is_kept:
                assert json.loads(kept.read_bytes()) == [server.url, "scripted"]
                assert kept.stat().st_mode & 0o077 == 0
            reader.arrive()
            show(reader)
            page.wait_for_function(f"document.querySelector('#keep input').checked == {str(is_kept).lower()}")
            assert (page.input_value("#address :is(input, textarea)") == server.url) == is_kept
            assert page.input_value("#secret input") == ""


def test_what_is_wrong_is_said_where_it_was_tried_in_words_of_the_page(browser: Browser, tmp_path: Path) -> None:
    wrong = Step(status=404, error="model 'x' not found")
    with (
        OpenAIServer(wrong) as server,
        open_bot(tmp_path) as bot,
        serving(bot) as address,
        operator(browser, address) as reader,
    ):
        for typed, name, words in (
            (server.url, "x", "is unknown to the server. Check the name of the model and the address"),
            ("http://127.0.0.1:9/v1", "x", "cannot be reached, or broke off. Check the address"),
            ("file:///etc/passwd", "x", "is no address"),
        ):
            enter(reader, address=typed, name=name)
            reader.page.click("#use")
            told(reader, words)
            assert reader.page.locator("#model input").count() == 1
        server.models = ["one", "<b>two</b>"]
        enter(reader, address=server.url)
        reader.page.click("#test")
        told(reader, "name one of its models: one, <b>two</b>")
        assert reader.problems == []


@pytest.mark.parametrize(
    "shown",
    [
        {"auth_file": "logins"},
        {"root_path": "/qa"},
        {"allowed_hosts": ("qa.example.com",)},
        {"proxies": ("127.0.0.1",)},
    ],
    ids=lambda shown: next(iter(shown)),
)
def test_a_page_that_others_may_reach_has_no_such_controls_and_no_such_events(
    tmp_path: Path, shown: dict[str, object]
) -> None:
    login = ("ann", "s3cret-ann") if "auth_file" in shown else None
    if login:
        shown = {"auth_file": write_logins(tmp_path, ann="s3cret-ann")}
    with OpenAIServer() as server, open_bot(tmp_path) as bot:
        with serving(bot) as address:
            usual = Caller(address)
            operators = {
                usual.named("test", "click"): [server.url, "m", ""],
                usual.named("use", "click"): [server.url, "m", "", False, None],
            }
        with serving(bot, **shown) as address:
            caller = Caller(address, login)
            parts = {each["props"].get("elem_id") for each in caller.config["components"]}
            assert not {"connect", "address", "served", "secret", "test", "use"} & parts
            for number in range(len(usual.config["dependencies"]) + 1):
                for sent in operators.values():
                    caller.join(number, sent)
        assert server.headers == []


def test_on_a_network_nobody_may_connect_a_model_unless_it_is_allowed() -> None:
    assert Hosting().operators == "this machine"
    assert Hosting(host="0.0.0.0", open_=True).operators == "nobody"
    assert Hosting(host="0.0.0.0", open_=True, allow_models=True).operators == "everybody"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_a_proxy_that_the_page_was_not_told_of_makes_nobody_the_operator(tmp_path: Path, header: str) -> None:
    with OpenAIServer(HELLO) as server, open_bot(tmp_path) as bot:
        for allowed, words in ((False, "came through a proxy"), (True, "answers")):
            with serving(bot, allow_models=allowed) as address:
                caller = Caller(address)
                caller._opener.addheaders.append((header, "203.0.113.7"))
                assert words in caller.send(caller.named("test", "click"), [server.url, "m", ""])
    assert len(server.requests) == 1


def test_what_one_tab_has_connected_another_cannot_use(tmp_path: Path) -> None:
    with OpenAIServer(HELLO) as server, open_bot(tmp_path) as bot, serving(bot) as address:
        caller, other = Caller(address), Caller(address)
        caller.send(caller.named("use", "click"), [server.url, "m", KEY, False, None])
        for model in ("m", "openai:m", secrets.token_hex(16)):
            assert "does not offer that model" in other.send(other.named("where", "blur"), [model, *VIEW[1:]])
    assert len(server.requests) == 1


def test_when_its_tab_is_closed_a_connection_is_let_go_of(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_IS_E2E_TEST", "1")  # a second after it is closed instead of an hour
    with OpenAIServer(HELLO) as server, open_bot(tmp_path) as bot, serving(bot) as address:
        with operator(browser, address) as reader:
            enter(reader, address=server.url, name="m", key=KEY)
            reader.page.click("#use")
            reader.page.wait_for_selector("#about:has-text('m · 127.0.0.1')")
            chosen = [reader.page.evaluate("document.querySelector('#model input:checked').value"), *VIEW[1:]]
            caller = Caller(address)
            assert "does not offer" not in caller.send(caller.named("where", "blur"), chosen)
        until = time.monotonic() + 30
        while "does not offer" not in Caller(address).send(caller.named("where", "blur"), chosen):
            assert time.monotonic() < until
            time.sleep(0.5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_where_a_model_is_connected(
    browser: Browser, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    with (
        OpenAIServer(HELLO) as server,
        open_bot(tmp_path) as bot,
        serving(bot) as address,
        operator(browser, address, size=size, scheme=scheme) as reader,
    ):
        assert violations(reader.page) == []
        enter(reader, address="http://127.0.0.1:9/v1", name="x")
        reader.page.click("#test")
        told(reader, "cannot be reached")
        assert violations(reader.page) == []
        enter(reader, address=server.url, name="x")
        reader.page.click("#use")
        told(reader, "answers")
        reader.page.wait_for_selector("#about:has-text('x · 127.0.0.1')", state="attached")
        assert violations(reader.page) == []
