"""Ingestion on a real Ray cluster of two workers, into a real Chroma server on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chroma_server import ChromaServer
from qa import Chatbot
from ray_cluster import RayCluster

if "QA_REQUIRE_RAY" not in os.environ:
    pytest.importorskip("ray", reason="Ray is not installed: make ray")

FILES = 680
QUICK = 512  # as many passages as are written at a time, so that the first are visible while the rest takes its time


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for number in range(FILES):
        text = f"The clerk of village {number} counted {number * 7} sacks.\n"
        (folder / f"village-{number:03}.txt").write_text(text * (1 if number < QUICK else 20), encoding="utf-8")
    (folder / "bad.txt").write_bytes(b"caf\0")
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    folder = Path(tempfile.mkdtemp(prefix="qaray"))
    with RayCluster(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def contents(bot: Chatbot) -> dict[str, tuple[object, ...]]:
    """Everything that is indexed, by document, but the files' times: one too new to be trusted is left out."""
    index = bot.library.index
    return {
        record.id: (
            replace(record, modified_ns=0),
            index.passages(record.passage_ids),
            index.vectors(record.passage_ids).tobytes(),
        )
        for record in bot.documents()
    }


def test_an_ingest_whose_worker_is_killed_half_way_ends_like_a_plain_one(
    cluster: RayCluster, chroma_server: ChromaServer, documents: Path, tmp_path: Path
) -> None:
    place = {"chroma": chroma_server.url, "collection": "on-ray", "home": tmp_path / "home"}
    settings = {f"QA_{name.upper()}": str(value) for name, value in place.items()}
    command = [sys.executable, "-m", "qa", "ingest", str(documents), "--ray", cluster.address]
    log = tmp_path / "ingest.log"
    with (
        Chatbot.open(model="extractive", fill=False, **place) as bot,
        log.open("w") as written,
        subprocess.Popen(command, env={**os.environ, **settings}, stdout=written, stderr=written) as ingest,
    ):
        while not bot.documents() and ingest.poll() is None:
            time.sleep(0.1)
        workers = cluster.embedding_workers()
        assert 0 < len(bot.documents()) < FILES, log.read_text()
        os.kill(workers[0], signal.SIGKILL)
        assert ingest.wait(timeout=300) == 1  # for the bad file
        said = log.read_text()
        assert f"{'added':10} {FILES:6}" in said
        assert "bad.txt" in said
        with Chatbot.open(model="extractive", chroma=str(tmp_path / "plain"), home=tmp_path, fill=False) as plain:
            plain.ingest(documents)
            assert contents(bot) == contents(plain)
        assert not bot.status().unfinished
        assert bot.search("How many sacks did the clerk of village 77 count?")[0].passage.document == "village-077.txt"


def test_what_ray_ingested_is_unchanged_the_next_time(documents: Path, tmp_path: Path, cluster: RayCluster) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(20):
        shutil.copy(documents / f"village-{number:03}.txt", few)
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), home=tmp_path, fill=False) as bot:
        bot.ingest(few)
        (few / "village-003.txt").write_text("The clerk of village 3 lost count.\n", encoding="utf-8")
        (few / "village-004.txt").unlink()
    command = [sys.executable, "-m", "qa", "ingest", "few", "--ray", cluster.address, "--json"]
    settings = {"QA_CHROMA": str(tmp_path / "index"), "QA_HOME": str(tmp_path)}
    ran = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), home=tmp_path, fill=False) as bot:
        assert '"replaced": ["village-003.txt"], "removed": ["village-004.txt"]' in ran.stdout
        assert bot.document("village-003.txt").text == "The clerk of village 3 lost count.\n"
        assert len(bot.documents()) == 19


def test_a_cluster_that_does_not_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x\n", encoding="utf-8")
    command = [sys.executable, "-m", "qa", "ingest", str(tmp_path / "a.txt"), "--ray", "127.0.0.1:1"]
    settings = {"QA_CHROMA": str(tmp_path / "index"), "QA_HOME": str(tmp_path)}
    ran = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.strip().splitlines()[-1].startswith("qa: no Ray cluster answers at '127.0.0.1:1'")
