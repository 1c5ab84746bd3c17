"""A server on loopback that says anything at all: what a framework would refuse to send."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

CHUNKED = "transfer-encoding: chunked"
Play = Callable[[], Iterator[bytes]]


class RawServer:
    """Answers every request with what `play` yields, then closes; `requests` holds each one's head and body.

    `left` is set once a client has hung up before the end.
    """

    def __init__(self, play: Play) -> None:
        self.play = play
        self.requests: list[tuple[str, str]] = []
        self.left = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End whatever is being played."""
        self._over.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._read(connection)
                for piece in self.play():
                    if self._over.is_set():
                        return
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                self.left.set()

    def _read(self, connection: socket.socket) -> None:
        come = b""
        while b"\r\n\r\n" not in come:
            come += received(connection)
        head, _, body = come.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += received(connection)
        self.requests.append((head.decode("latin-1"), body.decode()))


def received(connection: socket.socket) -> bytes:
    """What came next. Raises: ConnectionError when the client has hung up, which would else be read for ever."""
    if come := connection.recv(65_536):
        return come
    raise ConnectionError


def head(*headers: str, status: str = "200 OK", kind: str = "text/event-stream") -> bytes:
    """The first lines of a response whose body ends with the connection, unless the headers say otherwise."""
    lines = (f"HTTP/1.1 {status}", f"content-type: {kind}", "connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode()


def event(*, delta: Any = None, **said: Any) -> bytes:
    """One event of a stream of chat completions, with whatever else it is to say."""
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    chunk = {"id": "raw", "object": "chat.completion.chunk", "created": 0, "model": "raw", "choices": [choice]}
    return data({**chunk, **said})


def data(said: Any) -> bytes:
    """One event that holds this as JSON."""
    return f"data: {json.dumps(said)}\n\n".encode()
