"""What several attacks begin with: a chatbot over two documents, and a page of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from page_driver import open_bot, serving
from qa.chatbot import Chatbot


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    with open_bot(tmp_path_factory.mktemp("page")) as bot:
        yield bot


@pytest.fixture(scope="module")
def address(bot: Chatbot) -> Iterator[str]:
    with serving(bot) as address:
        yield address
