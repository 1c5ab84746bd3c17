"""Somebody who calls the page's events past the page: by their numbers, with whatever they like."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from typing import Any

BROWSER = "0123456789abcdef" * 2
BASIC = ["extractive", 5, 0.5, "", "[]"]
VIEW = ["extractive", "", "[]", "", "Name"]


class Caller:
    """Somebody without a browser: posts to the events by their numbers and reads what comes back."""

    def __init__(self, address: str, login: tuple[str, str] | None = None) -> None:
        self.address = address
        self.session = secrets.token_hex(6)
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        if login is not None:
            form = f"username={login[0]}&password={login[1]}".encode()
            self._opener.open(f"{address}/login", form)
        self.config = json.loads(self.fetch("/config")[1])
        self.events = [each for each in self.config["dependencies"] if each["backend_fn"]]

    def fetch(self, path: str, body: object = None) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"content-type": "application/json"})
        try:
            with self._opener.open(request) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def named(self, target: str, name: str) -> int:
        """The number of the first event of this kind of the part with this id."""
        ids = {each["id"]: each["props"].get("elem_id") for each in self.config["components"]}
        return next(
            each["id"]
            for each in self.events
            if any((ids.get(of), kind) == (target, name) for of, kind in each["targets"])
        )

    def join(self, event: int, data: list[Any], said: Any = None) -> tuple[int, str]:
        body = {"data": data, "fn_index": event, "session_hash": self.session, "event_data": said}
        return self.fetch("/gradio_api/queue/join", body)

    def send(self, event: int, data: list[Any], said: Any = None) -> str:
        """What comes back of one event."""
        status, joined = self.join(event, data, said)
        return self.fetch(f"/gradio_api/queue/data?session_hash={self.session}")[1] if status == 200 else joined

    def ask(self, question: str, tab: str, chosen: list[Any] = BASIC, browser: str = BROWSER) -> str:
        return self.send(self.named("ask", "submit"), [question, browser, tab, None, *chosen])
