"""The web server around the page: health, headers, logins, and what programs may call."""

from __future__ import annotations

import concurrent.futures
import json
import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from page_caller import VIEW
from page_driver import open_bot, serving, write_logins
from qa.app import Hosting, build, serve
from qa.app.safety import POLICY
from qa.chatbot import Chatbot
from qa.errors import SettingsError


def client(address: str, **options: Any) -> Any:
    from gradio_client import Client

    return Client(address, verbose=False, analytics_enabled=False, **options)


def fetch(url: str, body: object = None) -> tuple[int, str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def add(address: str, upload: int, name: str) -> None:
    """Upload a file as the page does, and wait until it is dealt with."""
    sent = {"path": send(address, name), "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    session = secrets.token_hex(5)
    body = {"data": [[sent], *VIEW], "fn_index": upload, "session_hash": session}
    assert fetch(f"{address}/gradio_api/queue/join", body)[0] == 200
    assert '"msg":"process_completed"' in fetch(f"{address}/gradio_api/queue/data?session_hash={session}")[1]


def send(address: str, name: str) -> str:
    """Send a text file; where the server keeps it."""
    text = f"{name} was built in 1750. " + " ".join(f"Its wheel number {number} is of oak." for number in range(400))
    body = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n{text}\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    request = urllib.request.Request(f"{address}/gradio_api/upload", data=body.encode(), headers=headers)
    with urllib.request.urlopen(request) as response:
        (path,) = json.load(response)
    return str(path)


def test_health_answers_without_a_login(bot: Chatbot, tmp_path: Path) -> None:
    with serving(bot, auth_file=write_logins(tmp_path, ann="s3cret-ann")) as address:
        assert fetch(f"{address}/health")[:2] == (200, '{"status":"ok"}')
        assert fetch(f"{address}/config")[0] == 401
        assert fetch(f"{address}/gradio_api/call/ask", {"data": ["Who?", None]})[0] == 401


@pytest.mark.parametrize("path", ["/", "/health", "/nothing-here", "/gradio_api/info"])
def test_every_response_forbids_other_hosts(address: str, path: str) -> None:
    headers = fetch(address + path)[2]
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert "http" not in POLICY


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_the_web_framework_shows_no_pages_of_its_own(address: str, path: str) -> None:
    assert fetch(address + path)[0] == 404


def test_telemetry_is_off_before_gradio_is_imported() -> None:
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_ask_returns_the_answer_contract(address: str, bot: Chatbot) -> None:
    answer = client(address).predict("When was the lighthouse opened?", api_name="/ask")
    expected = bot.ask("When was the lighthouse opened?").to_dict()
    assert {**answer, "seconds": 0} == {**json.loads(json.dumps(expected)), "seconds": 0}
    citation = answer["citations"][0]
    assert bot.document(citation["document"]).text[citation["start"] : citation["end"]] == citation["quote"]


def test_ask_takes_the_conversation_so_far(address: str) -> None:
    history = [
        {"role": "user", "content": "Where was Marta Kowalczyk born?"},
        {"role": "assistant", "content": "Marta Kowalczyk was born in Gdansk on 3 May 1897. [1]"},
    ]
    answer = client(address).predict("And when?", history, api_name="/ask")
    assert (answer["query"], "3 May 1897" in answer["answer"]) == ("When was Marta Kowalczyk born?", True)


def test_search_returns_passages_best_first(address: str) -> None:
    hits = client(address).predict("honey cake", 2, api_name="/search")
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert hits[0]["document"] == "bakery.md"


def test_programs_can_ask_and_search_some_documents_only(address: str) -> None:
    caller, where = client(address), ["document=bakery*"]
    assert caller.predict("When was the lighthouse opened?", [], where, api_name="/ask")["abstained"]
    hits = caller.predict("the lighthouse", 5, where, api_name="/search")
    assert {hit["document"] for hit in hits} == {"bakery.md"}


def test_curl_can_ask(address: str) -> None:
    status, started, _ = fetch(f"{address}/gradio_api/call/ask", {"data": ["When was the lighthouse opened?", [], []]})
    assert status == 200
    result = fetch(f"{address}/gradio_api/call/ask/{json.loads(started)['event_id']}")[1]
    assert "event: complete" in result
    assert "1844" in result


def test_programs_are_offered_ask_and_search_and_nothing_else(address: str) -> None:
    assert set(json.loads(fetch(f"{address}/gradio_api/info")[1])["named_endpoints"]) == {"/ask", "/search"}


def test_no_event_of_the_page_has_a_part_of_it_show_progress_which_would_be_copied_each_time(address: str) -> None:
    events = json.loads(fetch(f"{address}/config")[1])["dependencies"]
    ours = [each for each in events if each["api_visibility"] == "private" and each["backend_fn"]]
    assert len(ours) > 20
    assert all(each["show_progress_on"] == [] for each in ours), "which is not None: that stands for all outputs"


def test_a_wrong_question_is_refused_with_a_reason_and_no_path(address: str, bot: Chatbot) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="the question is empty") as caught:
        client(address).predict("  ", api_name="/ask")
    assert str(bot.settings.home) not in str(caught.value)


def test_twenty_people_at_once_get_the_right_answers(address: str) -> None:
    asked = [("When was the lighthouse opened?", "1844"), ("Who founded the bakery?", "Marta Kowalczyk")] * 10
    clients = [client(address) for _ in asked]
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as people:
        answers = people.map(
            lambda pair: pair[0].predict(pair[1][0], api_name="/ask"), zip(clients, asked, strict=True)
        )
        for answer, (question, held) in zip(answers, asked, strict=True):
            assert (answer["question"], held in answer["answer"]) == (question, True)


def test_four_uploads_at_once_are_all_taken_in(tmp_path: Path) -> None:
    with open_bot(tmp_path) as bot, serving(bot) as address:
        config = json.loads(fetch(f"{address}/config")[1])
        (upload,) = (each["id"] for each in config["dependencies"] if "upload" in str(each["targets"]))
        names = [f"mill-{number}.txt" for number in range(4)]
        with concurrent.futures.ThreadPoolExecutor(len(names)) as people:
            list(people.map(lambda name: add(address, upload, name), names))
        assert {record.id for record in bot.documents()} >= set(names)


def test_login_opens_the_endpoints(bot: Chatbot, tmp_path: Path) -> None:
    with serving(bot, auth_file=write_logins(tmp_path, ann="s3cret-ann", bob="pa:55,bob")) as address:
        answer = client(address, auth=("bob", "pa:55,bob")).predict("Who founded the bakery?", api_name="/ask")
        assert "Marta Kowalczyk" in answer["answer"]


def test_mcp_and_a_login_do_not_go_together(bot: Chatbot, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Choose one"):
        build(bot, Hosting(auth_file=write_logins(tmp_path, ann="s3cret-ann"), mcp=True))


def test_a_network_address_is_refused_before_anything_is_served(bot: Chatbot) -> None:
    with pytest.raises(SettingsError, match="--open"):
        serve(bot, Hosting(host="0.0.0.0"))


def test_an_address_that_is_taken_is_refused_with_advice(bot: Chatbot, address: str) -> None:
    with pytest.raises(SettingsError, match="Choose another: --port"):
        serve(bot, Hosting(port=int(address.rpartition(":")[2])))


def test_files_of_the_machine_and_of_the_index_are_not_served(address: str, bot: Chatbot, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    for path in (
        tmp_path / "secret.txt",
        bot.settings.home / "examples.json",
        Path(bot.settings.chroma) / "chroma.sqlite3",
    ):
        assert fetch(f"{address}/gradio_api/file={path}")[0] in (403, 404)


def test_the_page_can_stand_below_a_path_of_a_proxy(bot: Chatbot) -> None:
    with serving(bot, root_path="/docs/qa") as address:
        config = json.loads(fetch(f"{address}/config")[1])
    assert config["root"].endswith("/docs/qa")


def test_mcp_offers_ask_and_search(bot: Chatbot) -> None:
    pytest.importorskip("mcp", reason="the extra qa[mcp] is not installed")
    with serving(bot, mcp=True) as address:
        tools = json.loads(fetch(f"{address}/gradio_api/mcp/schema")[1])
    assert {tool["name"] for tool in tools} == {"ask", "search"}


def test_without_its_library_mcp_says_what_to_install(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.app.server.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'qa\[mcp\]'"):
        build(bot, Hosting(mcp=True))
