"""What the tests of the page begin with: a browser, a chatbot over two documents, and a page of it.

The quick tests load this too, so it imports the page where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from qa.chatbot import Chatbot


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from page_driver import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    from page_driver import open_bot

    with open_bot(tmp_path_factory.mktemp("page")) as bot:
        yield bot


@pytest.fixture(scope="module")
def address(bot: Chatbot) -> Iterator[str]:
    from page_driver import serving

    with serving(bot) as address:
        yield address
