"""What strangers send to the page's events, past the page: nothing of it is believed, kept, or said again."""

from __future__ import annotations

import ast
import json
import math
import secrets
from pathlib import Path
from typing import Any

import pytest

from page_caller import BROWSER, Caller
from page_driver import open_bot, serving, write_logins
from qa.app.history import TURNS, History, Turn, new_conversation
from qa.app.visitors import Visitors
from qa.chatbot import Chatbot

ROOT = Path(__file__).parents[2]
OPENED = "When was the lighthouse opened?"
SECRET = "xyzzy-7741"
JUNK: list[Any] = [
    None, True, -2, 10**30, 0.5, math.nan, SECRET, SECRET * 9000, [SECRET], [-2], {"id": SECRET}, {"id": [SECRET]},
    {"index": True, "value": SECRET}, {"index": -2, "value": SECRET, "liked": True}, {"value": {"text": [SECRET]}},
    {"link": 5, "key": SECRET, "tab": [SECRET], "run": [SECRET]},
]  # fmt: skip


def kept(folder: Path) -> dict[str, str]:
    """Every file that the page keeps, but the examples that it finds by itself."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "examples.json")
    return {str(path): path.read_text("utf-8", "replace") for path in files if "cache" not in path.parts}


def conversations(bot: Chatbot) -> list[dict[str, Any]]:
    folder = bot.settings.home / "conversations"
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.rglob("*.json"))]


def test_no_event_believes_keeps_or_repeats_what_is_no_value_of_the_page(bot: Chatbot, address: str) -> None:
    caller, tab = Caller(address), secrets.token_hex(16)
    assert "Alan Stevenson" in caller.ask(OPENED, tab)
    before, documents = kept(bot.settings.home), bot.documents()
    private = [each for each in caller.events if each["api_visibility"] == "private"]
    assert len(private) > 20
    for each in private:
        caller.session = secrets.token_hex(6)
        right = {"key": BROWSER, "tab": tab}
        ids = {part["id"]: part["props"].get("elem_id") for part in caller.config["components"]}
        names = [ids.get(number) for number in each["inputs"]]
        answers = [caller.join(each["id"], [junk] * len(names), junk)[1] for junk in JUNK]
        answers += [caller.join(each["id"], [right.get(name, junk) for name in names], junk)[1] for junk in JUNK]
        answers.append(caller.fetch(f"/gradio_api/queue/data?session_hash={caller.session}")[1])
        effect = "process_completed" in answers[-1]
        assert effect, each
        assert not any(SECRET in answer for answer in answers), (each["targets"], answers)
    assert kept(bot.settings.home) == before
    assert bot.documents() == documents


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: str(junk)[:20])
def test_the_parts_that_ask_the_server_by_themselves_give_nothing_for_junk(address: str, junk: Any) -> None:
    caller = Caller(address)
    parts = {name: part["id"] for part in caller.config["components"] for name in part["props"].get("server_fns", ())}
    assert set(parts) == {"open_source", "open_report", "follow_up"}
    for name, number in parts.items():
        body = {"data": junk, "component_id": number, "fn_name": name, "session_hash": caller.session}
        status, answer = caller.fetch("/gradio_api/component_server/", body)
        assert answer in ("null", "[]") or status >= 400
        assert SECRET not in answer


@pytest.mark.parametrize(
    "chosen",
    [
        ["openai:gpt-5-pro", 5, 0.5, "", "[]"], ["anthropic:claude", 5, 0.5, "", "[]"],
        ["local:/etc/passwd", 5, 0.5, "", "[]"],
        ["", 5, 0.5, "", "[]"], ["auto", 5, 0.5, "", "[]"], [None, 5, 0.5, "", "[]"],
        [["extractive"], 5, 0.5, "", "[]"],
        ["extractive", 0, 0.5, "", "[]"], ["extractive", 21, 0.5, "", "[]"], ["extractive", True, 0.5, "", "[]"],
        ["extractive", "5", 0.5, "", "[]"], ["extractive", math.nan, 0.5, "", "[]"], ["extractive", 5, -0.1, "", "[]"],
        ["extractive", 5, 1.1, "", "[]"], ["extractive", 5, math.inf, "", "[]"], ["extractive", 5, None, "", "[]"],
        ["extractive", 5, 0.5, None, "[]"], ["extractive", 5, 0.5, "document=a," * 200, "[]"],
    ],
    ids=lambda chosen: str(chosen)[:40],
)  # fmt: skip
def test_a_choice_that_the_page_does_not_offer_is_refused_before_anything_is_kept(
    bot: Chatbot, address: str, chosen: list[Any]
) -> None:
    before = kept(bot.settings.home)
    answer = Caller(address).ask(OPENED, secrets.token_hex(16), chosen)
    assert '"success":false' in answer or answer == "this is not JSON"
    assert "Alan Stevenson" not in answer
    assert str(chosen[0]) not in answer or chosen[0] in ("", "extractive", None)
    assert kept(bot.settings.home) == before


@pytest.mark.parametrize("browser", ["", "0" * 31, "g" * 32, "0" * 33, "0" * 32 + "\n", "../" * 10, None, ["0" * 32]])
def test_a_browser_without_a_secret_has_no_conversations(bot: Chatbot, address: str, browser: Any) -> None:
    before = kept(bot.settings.home)
    assert '"success":false' in Caller(address).ask(OPENED, secrets.token_hex(16), browser=browser)
    assert kept(bot.settings.home) == before


@pytest.mark.parametrize("index", [-2, -1, 2, 10**20, True, 1.0, "1", [1], None])
def test_a_verdict_on_no_answer_changes_nothing(bot: Chatbot, address: str, index: Any) -> None:
    caller, tab = Caller(address), secrets.token_hex(16)
    caller.ask(OPENED, tab)
    before = kept(bot.settings.home)
    judge = caller.named("chat", "like")
    caller.send(judge, [BROWSER, tab], {"index": index, "value": "x", "liked": True})
    assert kept(bot.settings.home) == before
    caller.send(judge, [BROWSER, tab], {"index": 1, "value": "x", "liked": True})
    assert kept(bot.settings.home) != before


def test_a_verdict_in_many_words_is_refused(bot: Chatbot, address: str) -> None:
    caller, tab = Caller(address), secrets.token_hex(16)
    caller.ask(OPENED, tab)
    caller.send(caller.named("chat", "like"), [BROWSER, tab], {"index": 1, "value": "x", "liked": False})
    before = kept(bot.settings.home)
    assert '"success":false' in caller.send(caller.named("save-wanted", "click"), [BROWSER, tab, None, "w" * 1001])
    assert kept(bot.settings.home) == before


def test_a_suite_of_verdicts_does_not_grow_for_ever(
    tmp_path: Path, bot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qa.app.feedback import Feedback
    from qa.errors import SuiteError

    monkeypatch.setattr("qa.app.feedback.CASES", 2)
    feedback, turn = Feedback(tmp_path / "feedback", bot=bot), Turn(answer=bot.ask(OPENED), liked=True)
    first, second, third = (new_conversation().with_turn(0, turn) for _ in range(3))
    for conversation in (first, second, first):
        folder = feedback.save(conversation, 0)
    with pytest.raises(SuiteError, match="2 verdicts"):
        feedback.save(third, 0)
    assert len((folder / "cases.jsonl").read_text("utf-8").splitlines()) == 2
    assert (tmp_path / "feedback").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("other", [("bob", "pa55-of-bob"), None])
def test_a_conversation_opens_for_its_own_login_only(tmp_path: Path, other: tuple[str, str] | None) -> None:
    with open_bot(tmp_path) as bot:
        with serving(bot, auth_file=write_logins(tmp_path, ann="s3cret-ann", bob="pa55-of-bob")) as address:
            ann, tab = Caller(address, ("ann", "s3cret-ann")), secrets.token_hex(16)
            assert "Alan Stevenson" in ann.ask(OPENED, tab)
            citation = bot.ask(OPENED).citations[0]
            bot.remove(citation.document)
            shown = json.loads(source(ann, tab, citation))
            assert shown["cited"] == citation.quote
            if other is not None:
                assert_nothing_opens(Caller(address, other), tab, citation)
        if other is None:
            with serving(bot) as address:
                assert_nothing_opens(Caller(address), tab, citation)
        assert [len(each["turns"]) for each in conversations(bot)] == [1]


def source(caller: Caller, tab: str, citation: Any) -> str:
    """What the panel gets for a citation of a document that is gone: the words that the conversation knows."""
    (part,) = (
        each["id"] for each in caller.config["components"] if "open_source" in each["props"].get("server_fns", ())
    )
    link = f"#cite/{citation.document}/{citation.version}/{citation.start}-{citation.end}"
    body = {"data": {"link": link, "key": BROWSER, "tab": tab}, "component_id": part, "fn_name": "open_source"}
    return caller.fetch("/gradio_api/component_server/", {**body, "session_hash": caller.session})[1]


def assert_nothing_opens(caller: Caller, tab: str, citation: Any) -> None:
    """Somebody who has ann's browser and knows her tab reads, changes and deletes nothing of hers."""
    for each in caller.events:
        if each["api_visibility"] != "private":
            continue
        ids = {part["id"]: part["props"].get("elem_id") for part in caller.config["components"]}
        right = {
            "key": BROWSER,
            "tab": tab,
            "where": "",
            "model": "extractive",
            "wanted": "x",
            "picked": "[]",
            "find": "",
            "order": "Name",
        }
        data = [right.get(ids.get(number)) for number in each["inputs"]]
        answer = caller.send(each["id"], data, {"id": tab, "index": 1, "value": {"text": ""}, "liked": True})
        assert "Alan Stevenson" not in answer, each["targets"]
        assert OPENED not in answer or each["targets"][0][1] in ("load", "then"), each["targets"]
    assert json.loads(source(caller, tab, citation))["cited"] == ""


def test_conversations_from_before_are_still_there(tmp_path: Path) -> None:
    import hashlib

    import gradio as gr

    key = hashlib.sha256(json.dumps([BROWSER, "ann"]).encode()).hexdigest()  # how a folder has always been named
    conversation = new_conversation()
    History(tmp_path / hashlib.sha256(key.encode()).hexdigest()).save(conversation)
    found = Visitors(folder=tmp_path).history(BROWSER, gr.Request(username="ann"))
    assert found.load(conversation.id) == conversation


def test_a_full_conversation_takes_no_more_questions(bot: Chatbot, address: str) -> None:
    import gradio as gr

    history = Visitors(folder=bot.settings.home / "conversations").history(BROWSER, gr.Request(client=None))
    turn, full = Turn(answer=bot.ask(OPENED)), new_conversation()
    for number in range(TURNS):
        full = full.with_turn(number, turn)
    history.save(full)
    assert f"{TURNS} questions" in Caller(address).ask(OPENED, full.id)
    assert history.load(full.id) == full


def test_a_question_reads_its_conversation_before_and_after_the_answer_only(
    bot: Chatbot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, tab, read = Caller(address), secrets.token_hex(16), []
    caller.ask(OPENED, tab)
    load = History.load
    monkeypatch.setattr(History, "load", lambda self, id: read.append(id) or load(self, id))
    assert "1897" in caller.ask("When was Marta Kowalczyk born?", tab)
    assert read == [tab, tab]


def test_the_words_of_a_toast_are_made_inert_in_one_place_only() -> None:
    for path in sorted((ROOT / "src/qa/app").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in ("Error", "Warning", "Info", "Success") and path.name not in (
                "events.py",
                "endpoints.py",
            ):
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"
