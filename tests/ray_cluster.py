"""A real Ray cluster on this machine: a head that works on nothing, and two nodes of one core each.

Run as a program it holds the cluster until its standard input ends; only its own processes are stopped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self


class RayCluster:
    """The cluster, running while its context is open; `folder` is short, as sockets are made below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._holder = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, "RAY_TMPDIR": str(self._folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._holder.stdout is not None
        self.address = self._holder.stdout.readline().strip()
        assert self.address, "the cluster did not start"
        return self

    def __exit__(self, *error: object) -> None:
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait(timeout=60)

    def embedding_workers(self) -> list[int]:
        """The processes of this cluster that embed."""
        parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
        return [pid for pid in parents if "ray::MapWorker" in _title(pid) and self._is_ours(pid, parents)]

    def _is_ours(self, pid: int, parents: dict[int, int]) -> bool:
        while pid in parents and pid != self._holder.pid:
            pid = parents[pid]
        return pid == self._holder.pid


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return 0


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def hold() -> None:
    """Start the cluster, print its address, and stop it when standard input ends."""
    from ray.cluster_utils import Cluster

    (Path(os.environ["RAY_TMPDIR"]) / "ray").mkdir(exist_ok=True)  # it notes the address there before it makes it
    quiet = {"include_dashboard": False, "object_store_memory": 200_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **quiet})
    for _ in range(2):
        cluster.add_node(num_cpus=1, **quiet)
    print(cluster.address, flush=True)
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    hold()
