"""The socket that the page listens on, and the connections to it; the requests on them are read elsewhere."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from qa.errors import SettingsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HEAD_S = 10.0  # for the first lines of a request
CONNECTIONS = 800  # a process may have 1,024 files open on most machines


class Patient(H11Protocol):
    """A connection that is closed when a request is begun on it, or could be, and its head does not come.

    Of h11, as httptools takes a head of any length.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on for as long as a head is incomplete."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self.conn.trailing_data[0] and self._late is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def listen(host: str, port: int) -> socket.socket:
    """A socket on this address; with port 0, on a free one. Raises: SettingsError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}. Choose another: --port") from error


def server(app: ASGIApp, *, root_path: str = "") -> uvicorn.Server:
    """The web server of the application, within bounds; which proxies are believed is decided in `names.py`."""
    bounds: dict[str, Any] = {"http": Patient, "ws": "none", "limit_concurrency": CONNECTIONS, "proxy_headers": False}
    quiet: dict[str, Any] = {"log_level": "critical", "server_header": False, "timeout_graceful_shutdown": 1}
    return uvicorn.Server(uvicorn.Config(app, root_path=root_path, **bounds, **quiet))
