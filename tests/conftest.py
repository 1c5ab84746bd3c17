"""What every test may ask for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chroma_server import ChromaServer, Proxy


@pytest.fixture(scope="session")
def project() -> Path:
    """The top of the checkout."""
    return Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Store:
    """One of the kinds of store that can run here."""

    kind: str
    server: str = ""

    def settings(self, folder: Path) -> dict[str, str]:
        """What opens an index of its own, empty at first; what is on disk is below `folder`."""
        places = {"folder": str(folder / "index"), "server": self.server, "memory": ":memory:"}
        collection = "documents" if self.kind == "folder" else f"documents-{uuid.uuid4().hex}"
        return {"chroma": places[self.kind], "collection": collection, "home": str(folder / "home")}

    def between_processes(self) -> None:
        """Skip a test in which two processes share an index, where they cannot."""
        if self.kind == "memory":
            pytest.skip("what is in memory belongs to one process")


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
