"""What reaches the page at all: names, origins, paths, sizes, and files that were never uploaded."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from page_caller import Caller
from page_driver import open_bot, serving
from qa.app import Hosting, build, connections, door, limits, names
from qa.app.door import BODY_BYTES, PATHS
from qa.chatbot import Chatbot
from qa.errors import QuestionError, SettingsError

SECRET = "The vault code is 7741."


def send(
    address: str,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None = None,
    *,
    encode_chunked: bool = False,
    **headers: str,
) -> tuple[int, str]:
    """The status and the text of the answer to a request with exactly these headers, where `_` is a dash."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, bytes):
            named.setdefault("content-length", str(len(body)))
        for name, value in {"host": address.removeprefix("http://"), **named}.items():
            connection.putheader(name, value)
        connection.endheaders(body, encode_chunked=encode_chunked)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def post(address: str, path: str, body: object, **headers: str) -> tuple[int, str]:
    return send(address, "POST", path, json.dumps(body).encode(), **{"content_type": "application/json", **headers})


def config(address: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(send(address, "GET", "/config")[1])
    return found


# -- files of the machine ----------------------------------------------------------------------------


def foreign(path: str) -> list[object]:
    """A file of the server as something that was uploaded, in every shape that Gradio may look for one."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    named = {**file, "orig_name": "notes.txt", "url": None, "size": 5, "mime_type": "text/plain", "is_stream": False}
    shapes: list[object] = [file, [file], named, [named], {"role": "user", "content": file}, [{"content": [named]}]]
    return [*shapes, {"files": [file], "text": "x"}, {"value": file}, {"a": {"b": [[{"c": file}]]}}]


def outcome(address: str, fn_index: int, data: list[object]) -> str:
    """All that the server says of an event of the page."""
    session = secrets.token_hex(5)
    body = {"data": data, "event_data": data[:1], "fn_index": fn_index, "session_hash": session}
    status, said = post(address, "/gradio_api/queue/join", body)
    return said if status != 200 else said + send(address, "GET", f"/gradio_api/queue/data?session_hash={session}")[1]


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text(SECRET)
    return path


def test_no_event_takes_a_file_of_the_machine_for_an_upload(address: str, bot: Chatbot, vault: Path) -> None:
    before = bot.documents()
    events = config(address)["dependencies"]
    assert len(events) > 20
    for event in events:
        for shape in foreign(str(vault)):
            said = outcome(address, event["id"], [shape] * (len(event["inputs"]) or 1))
            assert "not uploaded" in said, (event["id"], shape)
            assert str(vault) not in said
    assert bot.documents() == before
    assert not any(SECRET in each.read_text(errors="replace") for each in kept(bot))


@pytest.mark.parametrize("path", ["/gradio_api/call/{}", "/gradio_api/run/{}", "/gradio_api/api/{}"])
def test_no_endpoint_takes_a_file_of_the_machine(address: str, bot: Chatbot, vault: Path, path: str) -> None:
    for name in ("ask", "search", "predict"):
        for shape in foreign(str(vault)):
            status, said = post(address, path.format(name), {"data": ["Who?", [shape], []], "session_hash": "abc"})
            assert (status, str(vault) in said) == (400, False)
    assert not any(SECRET in each.read_text(errors="replace") for each in kept(bot))


@pytest.mark.parametrize(
    "file", ["/dev/zero", "/proc/self/environ", "../../secret", "\0", "x" * 5_000, "http://[::1]/", 5]
)
def test_no_path_that_was_not_given_by_an_upload_is_opened(address: str, file: str) -> None:
    shape = {"path": file, "meta": {"_type": "gradio.FileData"}}
    assert post(address, "/gradio_api/call/ask", {"data": ["Who?", [shape], []]})[0] == 400
    assert post(address, "/gradio_api/component_server", {"data": [shape], "fn_name": "x"})[0] == 400
    assert send(address, "GET", "/health")[0] == 200


def test_without_the_door_gradio_itself_refuses_a_foreign_file(bot: Chatbot, vault: Path) -> None:
    from gradio.context import LocalContext
    from gradio.exceptions import InvalidPathError
    from gradio.processing_utils import _check_allowed

    app = build(bot, Hosting())
    (mounted,) = (route.app for route in app.routes if hasattr(getattr(route, "app", None), "get_blocks"))
    token = LocalContext.blocks.set(mounted.get_blocks())
    try:
        with pytest.raises(InvalidPathError):
            _check_allowed(str(vault), True)
    finally:
        LocalContext.blocks.reset(token)


def kept(bot: Chatbot) -> list[Path]:
    """Every file that visitors have brought here."""
    folders = (Path(os.environ["GRADIO_TEMP_DIR"]), bot.settings.home / "uploads")
    return [each for folder in folders for each in folder.rglob("*") if each.is_file()]


# -- paths -------------------------------------------------------------------------------------------


def test_every_route_of_the_web_framework_is_open_on_purpose_or_shut(bot: Chatbot, address: str) -> None:
    paths = {re.sub(r"\{[^}]*\}", "x", path) for path in routes(build(bot, Hosting()))}
    assert len(paths) > 50
    shut = {path for path in paths if not PATHS.fullmatch(path)}
    for path in shut:
        for method in ("GET", "POST"):
            assert send(address, method, path)[0] == 404, path
    opened = {"run", "api", "call", "queue", "upload", "info", "heartbeat", "component_server", "cancel", "reset"}
    opened |= {"upload_progress", "user", "app_id", "login_check"}
    parts = {path.split("/")[2] for path in paths - shut if path.startswith("/gradio_api/")}
    assert parts == opened


def routes(app: Any) -> Iterator[str]:
    """The paths of a web application and of all that is mounted or included in it."""
    for route in app.routes:
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if hasattr(inner, "routes"):
            yield from routes(inner)
        elif hasattr(route, "path"):
            yield route.path


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=http://127.0.0.1:1/", "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=http://127.0.0.1:1/", "/gradio_api/stream/x/y/z/playlist.m3u8", "/monitoring",
        "/gradio_api/vibe-code/", "/assets/../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/gradio_api/token", "//etc/passwd",
        "/gradio_api/mcp/../file=/etc/passwd", "/gradio_api/call/ask/../../file=/etc/passwd", "/health/../config/x",
    ],
)  # fmt: skip
def test_a_path_that_the_page_does_not_use_is_not_there(address: str, path: str) -> None:
    status, said = send(address, "GET", path)
    assert (status in (403, 404), "root:" in said) == (True, False)


# -- names and origins -------------------------------------------------------------------------------

LOCAL = ["localhost", "localhost.", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:80", "127.8.8.8", "[::1]:7860"]
FOREIGN = [
    "evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "evil@127.0.0.1", "0x7f.1",
    "127.0.0.1@evil", "127.0.0.1, evil.example", "127.0.0.1:80:80", "127.0.0.1/x", "127.0.0.1\tx", "192.0.2.7", "::1",
    "[2001:db8::1]", "",
]  # fmt: skip


@pytest.mark.parametrize("host", LOCAL)
def test_a_page_of_this_machine_answers_to_its_names(address: str, host: str) -> None:
    assert send(address, "GET", "/config", host=host)[0] == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/config", "/health", "/gradio_api/call/ask"])
def test_a_page_of_this_machine_answers_to_no_other(address: str, host: str, path: str) -> None:
    status, said = send(address, "GET", path, host=host)
    assert status in (400, 421)
    assert "evil" not in said


def test_a_name_that_is_allowed_is_answered_and_others_are_not(bot: Chatbot) -> None:
    with serving(bot, allowed_hosts=("qa.example.com",)) as address:
        assert send(address, "GET", "/config", host="qa.example.com")[0] == 200
        assert send(address, "GET", "/config", host="xqa.example.com")[0] == 421


def test_a_page_for_a_network_answers_to_addresses_and_to_no_foreign_name() -> None:
    found = names.Names("0.0.0.0", allowed=["qa.example.com"])
    assert all(
        host in found for host in [*LOCAL, "192.0.2.7:7860", "[2001:db8::1]", "qa.example.com", socket.gethostname()]
    )
    assert not any(host in found for host in ["evil.example", "192.0.2.7.evil.example", "qa.example.com.evil.example"])


@pytest.mark.parametrize("name", ["a b", "http://x", "x:80", "", "*"])
def test_an_allowed_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="--allowed-host"):
        names.Names("127.0.0.1", allowed=[name])


ORIGINS = [
    "http://evil.example",
    "null",
    "http://127.0.0.1:1",
    "http://127.0.0.1",
    "file://",
    "https://",
    "http://{}@evil",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_site_may_neither_ask_nor_upload(address: str, bot: Chatbot, origin: str) -> None:
    host = address.removeprefix("http://")
    before = len(kept(bot))
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhi\r\n--x--\r\n'
    given = origin.format(host)
    assert post(address, "/gradio_api/call/ask", {"data": ["Who?", [], []]}, origin=given)[0] == 403
    kind = "multipart/form-data; boundary=x"
    assert send(address, "POST", "/gradio_api/upload", form, content_type=kind, origin=given)[0] == 403
    assert len(kept(bot)) == before
    assert post(address, "/gradio_api/call/ask", {"data": ["Who?", [], []]}, origin=address)[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_what_a_form_of_another_site_could_send_is_no_question(address: str, kind: str) -> None:
    body = json.dumps({"data": ["Who?", [], []]}).encode()
    assert send(address, "POST", "/gradio_api/call/ask", body, content_type=kind)[0] == 415


# -- proxies -----------------------------------------------------------------------------------------

TOLD = {"x_forwarded_host": "evil.example", "x_forwarded_proto": "https", "x_forwarded_for": "192.0.2.9"}


def test_nobody_but_a_named_proxy_says_where_a_request_was_sent(address: str) -> None:
    assert send(address, "GET", "/config", **TOLD)[0] == 200
    assert json.loads(send(address, "GET", "/config", **TOLD)[1])["root"] == address


@pytest.mark.parametrize("proxy", ["127.0.0.1", "127.0.0.0/8"])
def test_a_named_proxy_says_the_public_name_which_must_be_allowed(bot: Chatbot, proxy: str) -> None:
    with serving(bot, proxies=(proxy,), allowed_hosts=("qa.example.com",)) as address:
        public = {"x_forwarded_host": "qa.example.com", "x_forwarded_proto": "https", "x_forwarded_for": "192.0.2.9"}
        status, said = send(address, "GET", "/config", **public)
        assert (status, json.loads(said)["root"]) == (200, "https://qa.example.com")
        assert send(address, "GET", "/config", **TOLD)[0] == 421
        asked = {"data": ["Who?", [], []]}
        assert post(address, "/gradio_api/call/ask", asked, origin="https://qa.example.com", **public)[0] == 200
        assert post(address, "/gradio_api/call/ask", asked, origin=address, **public)[0] == 403


def test_a_proxy_that_is_no_address_is_refused(bot: Chatbot) -> None:
    with pytest.raises(SettingsError, match="--proxy"):
        names.Forwarded(build, proxies=["proxy.example"])  # type: ignore[arg-type]  # never called


# -- sizes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/gradio_api/call/ask", "/gradio_api/queue/join", "/login", "/gradio_api/upload"])
def test_a_body_that_says_it_is_too_large_is_not_read(address: str, path: str) -> None:
    started = time.monotonic()
    status, _ = send(address, "POST", path, content_length="300000000", content_type="application/json")
    assert (status, time.monotonic() - started < 5) == (413, True)


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "9" * 40, "٣"])
def test_a_length_that_is_none_is_refused(address: str, length: str) -> None:
    connection = socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=10)
    with connection:
        head = f"POST /gradio_api/call/ask HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] in (b"400", b"413")


@pytest.mark.parametrize("path", ["/gradio_api/call/ask", "/gradio_api/upload", "/login", "/health"])
def test_a_body_without_a_length_is_not_read(address: str, bot: Chatbot, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(60):
            yield b"a" * 500_000

    before = len(kept(bot))
    try:
        status, _ = send(address, "POST", path, pieces(), encode_chunked=True, transfer_encoding="chunked")
    except OSError:  # it did not wait for the end
        status = 411
    assert status == 411
    assert send(address, "GET", "/health")[0] == 200
    assert len(kept(bot)) == before


def test_an_upload_that_breaks_off_leaves_nothing(address: str, bot: Chatbot) -> None:
    before = len(kept(bot))
    start = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    head = "POST /gradio_api/upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900000\r\n"
    head += "content-type: multipart/form-data; boundary=x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=10) as half:
        half.sendall(head.encode() + start + b"a" * 200_000)
        time.sleep(0.5)
    until = time.monotonic() + 10
    while len(kept(bot)) > before and time.monotonic() < until:
        time.sleep(0.1)
    assert len(kept(bot)) == before


@pytest.mark.parametrize(
    "body", [b"[" * 900_000, b"NaN", b'{"data": Infinity}', b"9" * 900_000, b"\xff", b"{", b'{"a":' * 100_000]
)
def test_what_is_not_json_is_refused(address: str, body: bytes) -> None:
    assert send(address, "POST", "/gradio_api/call/ask", body, content_type="application/json")[0] == 400


def test_a_refusal_never_repeats_what_was_sent(address: str) -> None:
    sent = {"data": "x9q7-secret", "event_data": "x9q7-secret", "session_hash": ["x9q7-secret"]}
    for path in (
        "call/ask",
        "call/x9q7-secret",
        "queue/join",
        "run/ask",
        "api/ask",
        "cancel",
        "reset",
        "component_server",
    ):
        status, said = post(address, f"/gradio_api/{path}", sent)
        assert (status >= 400, "x9q7" in said) == (True, False), path


def test_a_body_just_within_the_limit_is_read(address: str) -> None:
    body = {"data": ["Who?" + " " * (BODY_BYTES - 200), [], []]}
    assert post(address, "/gradio_api/call/ask", body)[0] == 200


# -- what never comes --------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nhost: loc", b"GET /" + b"a" * 9_000])
def test_a_request_that_does_not_go_on_is_closed(bot: Chatbot, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    with serving(bot) as address, socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as half:
        half.settimeout(10)
        half.sendall(start)
        assert half.recv(100) == b""


def test_a_second_request_on_a_connection_that_does_not_go_on_is_closed(
    bot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    with serving(bot) as address, socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as half:
        half.settimeout(20)
        half.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\nGET /heal")
        said = b""
        while piece := half.recv(1_000):
            said += piece
        assert said.count(b"HTTP/1.1 200") == 1


def test_a_head_without_end_is_refused(address: str) -> None:
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=10) as endless:
        sent = 0
        with suppress(OSError):  # of a connection that was closed
            while sent < 20_000_000:
                sent += endless.send(b"a" * 10_000)
    assert sent < 20_000_000
    assert send(address, "GET", "/health")[0] == 200


@pytest.mark.parametrize("path", ["/gradio_api/call/ask", "/gradio_api/upload", "/login"])
def test_a_body_that_does_not_come_is_not_waited_for(bot: Chatbot, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(door, "IDLE_S", 0.3)
    with serving(bot) as address:
        kind = "multipart/form-data; boundary=x" if "upload" in path else "application/json"
        assert send(address, "POST", path, content_length="100", content_type=kind)[0] == 408


# -- quotas ------------------------------------------------------------------------------------------


def test_uploads_end_where_the_quota_does(tmp_path: Path) -> None:
    with open_bot(tmp_path, upload_mb=1) as bot, serving(bot) as address:
        form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n%s\r\n--x--\r\n'
        kind = "multipart/form-data; boundary=x"
        statuses = [
            send(address, "POST", "/gradio_api/upload", form % (b"%d" % n * 400_000), content_type=kind)[0]
            for n in range(4)
        ]
        assert statuses == [200, 200, 507, 507]


def test_uploads_on_their_way_take_room(tmp_path: Path) -> None:
    room = limits.Room(tmp_path / "incoming", tmp_path, most=100)
    with room.taken(60, held=0), pytest.raises(limits.HTTPException), room.taken(60, held=0):
        pass
    with room.taken(60, held=40):
        pass
    with pytest.raises(limits.HTTPException), room.taken(60, held=41):
        pass


def test_many_small_files_take_room_as_larger_ones_do(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / "incoming" / str(number)).mkdir(parents=True)
        (tmp_path / "incoming" / str(number) / "a.txt").write_text("hi")
    assert limits.Room(tmp_path / "incoming", tmp_path / "uploads", most=1).held() == 20 * limits.SMALLEST


def test_questions_are_counted_for_each_visitor_wherever_they_are_asked(tmp_path: Path) -> None:
    with open_bot(tmp_path, questions_per_minute=3) as bot, serving(bot) as address:
        for path, data in (("ask", ["Who?", [], []]), ("search", ["Who?", 5, []]), ("ask", ["Who?", [], []])):
            assert "complete" in result(address, path, data)
        assert "Wait" in result(address, "ask", ["Who?", [], []])
        assert "Wait" in result(address, "search", ["Who?", 5, []])
        assert "Wait" in Caller(address).ask("Who?", "")


def result(address: str, endpoint: str, data: list[object]) -> str:
    id = json.loads(post(address, f"/gradio_api/call/{endpoint}", {"data": data})[1])["event_id"]
    return send(address, "GET", f"/gradio_api/call/{endpoint}/{id}")[1]


def test_a_pace_forgets_what_is_a_minute_old_and_whoever_was_not_seen_for_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace = limits.Pace(2, "questions a minute")
    pace.count("ann")
    pace.count("ann")
    pace.count("bob")
    with pytest.raises(QuestionError, match="Wait 60 s"):
        pace.count("ann")
    now = time.monotonic()
    monkeypatch.setattr(limits.time, "monotonic", lambda: now + 61)
    pace.count("ann")
    monkeypatch.setattr(limits, "VISITORS", 10)
    for number in range(50):
        pace.count(str(number))
    assert len(pace._asked) <= 11


def test_a_pace_of_none_is_without_limit() -> None:
    pace = limits.Pace(0, "questions a minute")
    for _ in range(1_000):
        pace.count("ann")
