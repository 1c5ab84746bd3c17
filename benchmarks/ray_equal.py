"""A folder ingested by a Ray cluster of two workers into a Chroma server, one killed half-way, against a plain ingest.

    make ray
    PYTHONPATH=tests python benchmarks/ray_equal.py --data FOLDER_OF_TEXTS

The plain index is that of `scale.py`, `.bench/base-…`, made when it is not there. Prints how long Ray took and whether
all records, passages and vectors are the same; ends with 1 when they are not.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import scale
from chroma_server import ChromaServer
from qa import Chatbot
from ray_cluster import RayCluster

PART = 50  # documents that are compared at a time


def contents(bot: Chatbot) -> Iterator[tuple[object, ...]]:
    """Everything that is indexed but the files' times, in the order of the documents, a part at a time."""
    index, records = bot.library.index, bot.documents()
    for first in range(0, len(records), PART):
        part = records[first : first + PART]
        ids = [key for record in part for key in record.passage_ids]
        timeless = [replace(record, modified_ns=0) for record in part]  # one too new to be trusted is left out
        yield timeless, index.passages(ids), index.vectors(ids).tobytes()


def main() -> None:
    """Ingests, kills, compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    plain_folder = scale.base(data)
    with (
        tempfile.TemporaryDirectory(prefix="qaray") as short,
        RayCluster(Path(short)) as cluster,
        ChromaServer(Path(short) / "server") as server,
        Chatbot.open(model="extractive", chroma=server.url, home=Path(short) / "home", fill=False) as bot,
        scale.opened(plain_folder) as plain,
    ):
        wanted = len(plain.documents())
        command = [sys.executable, "-m", "qa", "ingest", str(data), "--ray", cluster.address]
        place = {"QA_CHROMA": server.url, "QA_HOME": str(Path(short) / "home")}
        started = time.perf_counter()
        with subprocess.Popen(command, env={**os.environ, **place}) as ingest:
            while len(bot.documents()) < wanted / 2 and ingest.poll() is None:
                time.sleep(1)
            os.kill(cluster.embedding_workers()[0], signal.SIGKILL)
            print(f"killed a worker at {len(bot.documents())} of {wanted} documents", flush=True)
        took = time.perf_counter() - started
        same = all(one == other for one, other in zip(contents(bot), contents(plain), strict=True))
        found = f"{len(bot.documents())} documents, {bot.status().passages:,} passages"
        print(f"{found} in {took / 60:.1f} minutes, exit code {ingest.returncode}")
        print("the same as the plain index" if same else "NOT the same as the plain index")
    sys.exit(not same)


if __name__ == "__main__":
    main()
