"""What the tests of language models' servers begin with: a chatbot over two documents, and no memory of a server.

The quick tests load this too, so it imports what it opens where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from qa.chatbot import Chatbot


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    from page_driver import open_bot

    with open_bot(tmp_path_factory.mktemp("library")) as bot:
        yield bot


@pytest.fixture
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    from qa.models import refusals

    monkeypatch.setattr(refusals, "_remembered", {})
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
