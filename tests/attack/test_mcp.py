"""MCP tool calls: where they go, and what they may name."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from attack.test_door import foreign, kept, post
from page_driver import serving
from qa.chatbot import Chatbot

pytest.importorskip("mcp", reason="the extra qa[mcp] is not installed")


@pytest.fixture(scope="module")
def address(bot: Chatbot) -> Iterator[str]:
    with serving(bot, mcp=True, allowed_hosts=("qa.example.com",)) as address:
        yield address


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """Another server of this machine, and what was asked of it."""
    asked: list[str] = []

    class Trap(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_POST = do_GET  # noqa: N815  # as the library calls it

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Trap) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()


def call(address: str, tool: str, arguments: dict[str, object], **headers: str) -> tuple[int, str]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    return post(address, "/gradio_api/mcp/", body, accept="application/json, text/event-stream", **headers)


def test_a_tool_call_goes_to_this_very_server_whatever_the_first_one_named(
    bot: Chatbot, trap: tuple[str, list[str]]
) -> None:
    elsewhere, asked = trap
    question = {"question": "When was the lighthouse opened?"}
    with serving(bot, mcp=True, allowed_hosts=("qa.example.com",)) as address:
        for host in ("evil.example", elsewhere.replace("127.0.0.1", "192.0.2.1")):
            assert call(address, "ask", question, host=host)[0] == 421
        for headers in ({"host": elsewhere}, {"x_forwarded_host": elsewhere}, {"host": "qa.example.com"}, {}):
            status, said = call(address, "ask", question, **headers)
            assert (status, "1844" in said) == (200, True)
    assert asked == []


def test_another_site_may_not_call_a_tool(address: str) -> None:
    assert call(address, "search", {"query": "honey"}, origin="http://evil.example")[0] == 403
    assert call(address, "search", {"query": "honey"}, origin=address)[0] == 200


def test_no_tool_takes_a_file_of_the_machine(address: str, bot: Chatbot, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("The vault code is 7741.")
    for shape in foreign(str(tmp_path / "notes.txt")):
        for tool in ("ask", "search"):
            arguments = {"question": shape, "query": shape, "history": shape, "where": shape}
            status, said = call(address, tool, arguments)
            assert (status, str(tmp_path) in said) == (400, False)
    assert kept(bot) == []


@pytest.mark.parametrize(
    "arguments", [{"question": ["x"]}, {"question": {"x": 1}}, {"question": "Who?", "history": "x"}]
)
def test_arguments_of_another_type_are_refused(address: str, arguments: dict[str, object]) -> None:
    status, said = call(address, "ask", arguments)
    assert (status, '"isError":true' in said) == (200, True)
