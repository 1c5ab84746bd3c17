"""Security headers, the addresses that may be listened on, and errors without keys and folders."""

from __future__ import annotations

import ipaddress
import re
import socket

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import QAError, SettingsError, without_keys

# Gradio compiles its templates in the browser, hence 'unsafe-eval'; nothing may come from, or go to, another host.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_PATH = re.compile(r"(?<![\w:/.])(?:~|[A-Za-z]:)?[/\\](?:[^\s'\"“”,;:()/\\]+[/\\])+(?P<name>[^\s'\"“”,;:()/\\]*)")


class Headers:
    """ASGI middleware that adds the security headers to every response, streams included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and the response back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def tell(error: QAError) -> str:
    """The words of an error for a visitor: without keys and folders of this machine."""
    return without_secrets(str(error))


def without_secrets(text: str) -> str:
    """The text with keys struck out and every absolute path cut down to its last name."""
    return _PATH.sub(lambda found: found["name"] or "…", without_keys(text))


def check_binding(host: str, *, has_logins: bool, open_: bool) -> None:
    """Refuse to show the documents to a network by accident.

    Raises: SettingsError when `host` is not this machine alone, nobody must log in, and it is not said to be meant.
    """
    if not (has_logins or open_ or is_loopback(host)):
        raise SettingsError(
            f"--host {host} lets everybody on the network read the documents. "
            "Ask for a login with --auth-file FILE (qa config login NAME makes it), or say --open if that is meant"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address[4][0]).partition("%")[0]).is_loopback for address in found)
