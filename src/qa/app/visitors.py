"""Visitors and their conversations, which a secret of the browser and the login open together."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import gradio as gr
from starlette.requests import Request as BareRequest

from qa.app.history import History
from qa.app.limits import Pace
from qa.app.names import named
from qa.app.render import inert

ARRIVALS = 300
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """The conversations of everybody; `arrivals` counts who comes without any, as each may displace another."""

    folder: Path
    arrivals: Pace = field(default_factory=lambda: Pace(ARRIVALS, "new browsers an hour", span_s=HOUR_S))

    def history(self, browser: str, request: gr.Request) -> History:
        """The conversations of one browser with the user who is logged in now; nobody else's can be named."""
        whose = hashlib.sha256(json.dumps([browser, login(request) or ""]).encode()).hexdigest()
        folder = self.folder / hashlib.sha256(whose.encode()).hexdigest()  # twice, as folders made before are
        return History(folder, arrive=partial(self.arrivals.count, visitor(request)))


def login(request: gr.Request | BareRequest) -> str | None:
    """The login that sent a request; None where there are no logins."""
    if isinstance(request, gr.Request):
        return request.username
    # What a part of the page asks of the server comes with the bare request of the web framework.
    held = [request.cookies.get(f"access-token-{kind}{request.app.cookie_id}") for kind in ("", "unsecure-")]
    user: str | None = request.app.tokens.get(held[0] or held[1])
    return user


def account_html(request: gr.Request) -> str:
    """The name of who is logged in, and the way out; nothing where there are no logins."""
    name = login(request)
    return f'<p><b>{inert(name)}</b><a href="logout">Log out</a></p>' if name else ""


def visitor(request: gr.Request | BareRequest | None) -> str:
    """The name that the sender of a request is counted under: a login, or else an address."""
    if request is None:
        return ""
    return named(login(request), getattr(request, "client", None))
