"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chroma_server import ChromaServer, Proxy, Store


@pytest.fixture(scope="session")
def project() -> Path:
    """The top of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    """A `chroma run` for the whole session."""
    with ChromaServer(tmp_path_factory.mktemp("chroma") / "data") as server:
        yield server


@pytest.fixture(scope="module", params=["folder", "server", "memory"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each kind of store in turn: a folder, a server that wants a token, and this process's memory."""
    if request.param != "server":
        yield Store(request.param)
        return
    with (
        Proxy(request.getfixturevalue("chroma_server").url) as proxy,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("QA_CHROMA_TOKEN", proxy.secret.removeprefix("Bearer "))
        yield Store(request.param, proxy.url)
