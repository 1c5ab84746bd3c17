"""Requests that are small and cost much: memory, connections, room for uploads, and a header that is believed."""

from __future__ import annotations

import http.client
import secrets
import socket
import time

import pytest

from page_caller import Caller
from page_driver import serving
from qa.app import door
from qa.chatbot import Chatbot


def test_small_bytes_that_are_large_in_memory_are_refused(address: str) -> None:
    caller = Caller(address)
    event = caller.named("ask", "submit")
    many = [{}] * (door.VALUES + 1)
    assert caller.join(event, many)[0] == 413
    assert caller.fetch("/gradio_api/call/ask", {"data": ["Who?", many, []]})[0] == 413


def test_the_name_of_a_session_is_short(address: str) -> None:
    caller = Caller(address)
    caller.session = "s" * (door.SESSION_CHARS + 1)
    assert caller.join(caller.named("ask", "submit"), [])[0] == 400
    assert caller.fetch(f"/gradio_api/heartbeat/{caller.session}")[0] == 404


def test_one_address_cannot_take_every_connection(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "STREAMS", 3)
    with serving(bot) as address:
        place = address.removeprefix("http://")
        held = [http.client.HTTPConnection(place, timeout=10) for _ in range(4)]
        statuses = []
        for each in held:
            each.request("GET", f"/gradio_api/heartbeat/{secrets.token_hex(5)}")
            statuses.append(each.getresponse().status)
        assert statuses == [200, 200, 200, 429]
        for each in held:
            each.close()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            again = http.client.HTTPConnection(place, timeout=10)
            again.request("GET", "/health")
            if again.getresponse().status == 200:
                return
            time.sleep(0.2)
        pytest.fail("what was let go still counts")


def test_a_body_that_drips_is_not_waited_for(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IDLE_S", 1.0)
    with serving(bot) as address, socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as slow:
        slow.settimeout(0.3)
        head = "POST /gradio_api/upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000000\r\n"
        slow.sendall(f"{head}content-type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode())
        said = b""
        for _ in range(40):
            slow.sendall(b"a")
            try:
                said = slow.recv(1000)
                break
            except TimeoutError:
                pass
        assert b" 408 " in said


def test_the_address_of_the_page_is_not_what_a_header_says(address: str) -> None:
    there = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    there.request("GET", "/config", headers={"x-gradio-server": "http://evil.example"})
    assert b"evil.example" not in there.getresponse().read()
