"""How long a Chroma server is waited for: its own client waits for ever (chromadb 1.5.9).

Chroma makes the component that its settings name for telemetry, starts it before the first request
and tells it when a client is open; this one sends nothing, and sets the client's timeout.
"""

from typing import Any

import httpx
from chromadb.api import ServerAPI
from chromadb.api.fastapi import FastAPI
from chromadb.config import Settings
from chromadb.telemetry.product import ProductTelemetryClient, ProductTelemetryEvent
from chromadb.telemetry.product.events import ClientStartEvent
from overrides import override  # Chroma's components insist on this one

CONNECT_S = 10.0
OPENING_S = 20.0  # for each of the three small questions by which a client opens
ANSWER_S = 300.0  # listing a million records takes a server more than a minute


class Deadlines(ProductTelemetryClient):
    """The timeouts of one client: short while it opens, then long enough for the largest answers."""

    @override
    def start(self) -> None:
        """Bound the wait for the requests by which the client opens."""
        super().start()
        self._wait(OPENING_S)

    @override
    def capture(self, event: ProductTelemetryEvent) -> None:
        """Be patient once the client is open."""
        if isinstance(event, ClientStartEvent):
            self._wait(ANSWER_S)

    def _wait(self, seconds: float) -> None:
        server = self._system.instance(ServerAPI)  # type: ignore[type-abstract]  # Chroma makes the one it is set to
        assert isinstance(server, FastAPI), server
        server._session.timeout = httpx.Timeout(seconds, connect=CONNECT_S)


def server_settings(**chosen: Any) -> Settings:
    """Chroma's settings for a client of a server: these, and our own component."""
    return Settings(**chosen, chroma_product_telemetry_impl=f"{Deadlines.__module__}.{Deadlines.__qualname__}")
