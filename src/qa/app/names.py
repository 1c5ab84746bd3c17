"""The names that the page answers to, and the proxies that are believed about names and addresses."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from qa.app.safety import is_loopback
from qa.errors import SettingsError

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
_FORWARDED = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"x-gradio-server")  # Gradio believes the last, too
_OF_PROXIES = (b"x-forwarded-for", b"x-forwarded-proto")


class Names:
    """The names that the page answers to; any address too, when other machines can reach it."""

    def __init__(self, host: str, *, allowed: Sequence[str]) -> None:
        """Those of a page that listens on `host`. Raises: SettingsError when one that is allowed is no host name."""
        for name in allowed:
            if not _HOST.fullmatch(name) or ":" in name.rpartition("]")[2]:
                raise SettingsError(f"--allowed-host {name!r} is no host name. Example: --allowed-host qa.example.com")
        self._any_address = not is_loopback(host)
        own = [socket.gethostname(), socket.getfqdn()] if self._any_address else []
        self._known = frozenset(map(_plain, ("localhost", host, *allowed, *own)))

    def __contains__(self, host: str) -> bool:
        """Whether a `Host` header names this page."""
        found = _HOST.fullmatch(host)
        if not found:
            return False
        name = _plain(found[1])
        try:
            return name in self._known or ipaddress.ip_address(name).is_loopback or self._any_address
        except ValueError:  # a name that is not ours
            return False


class Forwarded:
    """ASGI middleware: what `X-Forwarded-*` says counts when a proxy that was named sends it, and else is dropped."""

    def __init__(self, app: ASGIApp, *, proxies: Sequence[str]) -> None:
        """Raises: SettingsError when a proxy is no address."""
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

        try:
            for proxy in proxies:
                ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SettingsError(f"--proxy {error}. Example: --proxy 127.0.0.1") from error
        self._app = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]  # ASGI, typed anew

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under the name and address that it really has."""
        if scope["type"] == "http":
            told = scope["headers"]
            kept = [(name, value) for name, value in told if not name.startswith(_FORWARDED)]
            if len(kept) < len(told):  # what a proxy says may be made up, but that there is one stays
                kept.append((b"via", b"1.1 unknown"))
            client = scope.get("client")
            if client and client[0] in self._app.trusted_hosts:
                kept += [(name, value) for name, value in told if name in _OF_PROXIES]
                if public := next((value for name, value in told if name == b"x-forwarded-host"), None):
                    kept = [(name, value) for name, value in kept if name != b"host"]
                    kept.append((b"host", public.split(b",")[0].strip()))
            scope = {**scope, "headers": kept}
        await self._app(scope, receive, send)  # type: ignore[arg-type]


def site(origin: str) -> str:
    """The host and port of an origin; nothing for one that is none, as that of a file."""
    scheme, _, site = origin.lower().partition("://")
    return site if scheme in ("http", "https") else ""


def _plain(name: str) -> str:
    """A host name as it is compared: without brackets, its case, and the dot of the root."""
    return name.strip("[]").rstrip(".").lower()


def network(address: str) -> str:
    """The address of one visitor: of IPv6 its first 64 bits, as one machine has all that begin with them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a socket of this machine
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def named(login: str | None, client: Any) -> str:
    """The name that a visitor is counted under: a login, or else an address."""
    return login or f"address {network(client.host) if client else ''}"
