"""Whose conversations these are: a key made of what the browser keeps secret and who is logged in."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from qa.app.history import History

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """The conversations of everybody, each for who holds its key."""

    folder: Path

    def key(self, browser: str, user: str | None) -> str:
        """The key of one browser with one user logged in; nobody else can guess it."""
        return hashlib.sha256(json.dumps([browser, user or ""]).encode()).hexdigest()

    def history(self, key: str) -> History:
        """The conversations behind a key.

        Raises: gr.Error when it is no key, as from a page that was left open too long.
        """
        if not _KEY.fullmatch(key):
            raise gr.Error("This page is out of date. Please reload it.", print_exception=False)
        return History(self.folder / hashlib.sha256(key.encode()).hexdigest())
