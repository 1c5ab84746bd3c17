"""What a page does for a new visitor after others have asked too much of it.

After each flood a new visitor loads the page and searches; printed are the seconds that took, and the memory of the
page before any flood and after it. The last flood is asked of a page whose language model never ends.

    python benchmarks/flood.py
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from measure import memory_mb, report
from starting import PATIENCE_S, free_port, wait_for

COLUMNS = ("flood", "what came of it", "a new visitor's page", "memory before", "after")
JSON = {"content-type": "application/json"}
SETTLE_S = 5.0


class Endless(BaseHTTPRequestHandler):
    """An OpenAI-compatible model that says "and" for ever."""

    def do_POST(self) -> None:  # as the library calls it
        """Stream until the reader goes away."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        piece = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "and "}, "finish_reason": None}]}
        line = f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'model': 'endless', **piece})}\n\n"
        with suppress(OSError):
            while True:
                self.wfile.write(line.encode())
                time.sleep(0.002)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Visited:
    """A running page, and what is done to it."""

    def __init__(self, port: int, process: int) -> None:
        self.port, self.process = port, process

    def send(self, method: str, path: str, body: bytes | None = None, *, timeout_s: float = 120) -> bytes:
        """The body of an answer, whatever its status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, JSON)
            return connection.getresponse().read()
        finally:
            connection.close()

    def call(self, endpoint: str, data: list[Any]) -> str:
        """The path at which the answer to a call is streamed."""
        id = json.loads(self.send("POST", f"/gradio_api/call/{endpoint}", json.dumps({"data": data}).encode()))
        return f"/gradio_api/call/{endpoint}/{id['event_id']}"

    def visit(self) -> float:
        """How many seconds a new visitor waits for the page and a search."""
        started = time.perf_counter()
        assert b"<html" in self.send("GET", "/")
        assert b"dependencies" in self.send("GET", "/config")
        assert b"event: complete" in self.send("GET", self.call("search", ["Who met whom in Rome?", 5, []]))
        return time.perf_counter() - started

    def cut_off(self, path: str, *, after_s: float) -> None:
        """Begin to read an answer, and go away."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as reader:
            reader.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            time.sleep(after_s)


def many_questions(page: Visited) -> str:
    """200 people ask at once."""
    with ThreadPoolExecutor(200) as people:
        answers = people.map(
            lambda n: page.send("GET", page.call("ask", [f"Who met whom in Rome? {n}", [], []])), range(200)
        )
        return f"{sum(b'event: complete' in each for each in answers)} of 200 answered"


def half_requests(page: Visited) -> str:
    """300 connections send the first half of a request and stay."""
    half = [socket.create_connection(("127.0.0.1", page.port), timeout=60) for _ in range(300)]
    for each in half:
        each.sendall(b"POST /gradio_api/call/ask HTTP/1.1\r\nhost: loc")
    page.visit()
    closed = sum(each.recv(1) == b"" for each in half)
    for each in half:
        each.close()
    return f"{closed} of 300 closed by the page"


def cancelled_streams(page: Visited) -> str:
    """200 people ask and go away at once."""
    with ThreadPoolExecutor(50) as people:
        list(people.map(lambda _: page.cut_off(page.call("ask", ["Who met whom?", [], []]), after_s=0.05), range(200)))
    return "200 left"


def large_body(page: Visited) -> str:
    """300 MB of JSON, announced and in pieces of unknown length."""

    def pieces() -> Iterator[bytes]:
        yield b'{"data": ["'
        for _ in range(300):
            yield b"a" * 1_000_000

    said = []
    for headers in ({**JSON, "content-length": str(300_000_000)}, {**JSON, "transfer-encoding": "chunked"}):
        connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
        try:
            connection.request(
                "POST", "/gradio_api/call/ask", pieces(), headers, encode_chunked="transfer-encoding" in headers
            )
            said.append(str(connection.getresponse().status))
        except OSError:  # it closed while we were sending; what it said may be lost with that
            said.append("closed")
        finally:
            connection.close()
    return " and ".join(said)


def endless_models(page: Visited) -> str:
    """Eight people ask a model that never ends."""
    paths = [page.call("ask", ["Who met whom in Rome?", [], []]) for _ in range(8)]
    readers = [threading.Thread(target=page.send, args=("GET", path), daemon=True) for path in paths]
    for reader in readers:
        reader.start()
    time.sleep(2)
    during = page.visit()
    started = time.perf_counter()
    for reader in readers:
        reader.join(300)
    ended = sum(not reader.is_alive() for reader in readers)
    return (
        f"a search during it took {during:.1f} s; {ended} of 8 ended after {time.perf_counter() - started:.0f} s more"
    )


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Visited]:
    """A page in a process of its own, over our seeds."""
    port = free_port()
    chosen = {"QA_CHROMA": str(folder / "index"), "QA_HOME": str(folder / "home"), "QA_MODEL": "extractive", **settings}
    environment = {**os.environ, **chosen, "QA_QUESTIONS_PER_MINUTE": "0"}
    command = [sys.executable, "-m", "qa", "chat", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, cwd=folder, stdout=quiet, stderr=quiet) as process:
        wait_for(f"http://127.0.0.1:{port}/health", process, until=time.perf_counter() + PATIENCE_S)
        page = Visited(port, process.pid)
        with ThreadPoolExecutor(8) as people:
            list(people.map(lambda _: page.visit(), range(40)))
        yield page
        process.terminate()


def measure(page: Visited, flood: Callable[[Visited], str], before: float) -> tuple[object, ...]:
    """One line of the table."""
    name = " ".join((flood.__doc__ or "").split()).rstrip(".")
    print(f"{name} …", flush=True)
    outcome = flood(page)
    time.sleep(SETTLE_S)
    seconds = page.visit()
    return name, outcome, f"{seconds:.2f} s", f"{before:,.0f} MB", f"{memory_mb(page.process):,.0f} MB"


def main() -> None:
    """Prints a line for each flood."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder)) as page:
            before = memory_mb(page.process)
            for flood in (many_questions, half_requests, cancelled_streams, large_body):
                rows.append(measure(page, flood, before))
        with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            model = {"QA_MODEL": "openai:endless", "QA_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}
            with serving(Path(folder), **model) as page:
                page.send("GET", page.call("ask", ["Who met whom in Rome?", [], []]))  # which loads what models need
                rows.append(measure(page, endless_models, memory_mb(page.process)))
            server.shutdown()
    report("flood", COLUMNS, rows, details={})


if __name__ == "__main__":
    main()
