"""The peers: each in an environment of its own, made once from its pinned list, driven over a pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import WORK

PEERS = Path(__file__).parent / "peers"


class Peer:
    """A running peer; `take_turn` has it do its work once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.last: dict[str, Any] = {}

    def take_turn(self) -> float:
        """Seconds that the work took, as the peer measured them; all that it says is kept in `last`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print("again", file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args!r} ended with {self._process.wait()}")
        self.last = json.loads(line)
        return float(self.last["seconds"])


@contextmanager
def running(name: str, *arguments: object) -> Iterator[Peer]:
    """The peer of this name, waiting for its turns; no peer asks the network for a model."""
    command = [str(environment(name)), str(PEERS / f"{name}.py"), *map(str, arguments)]
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true", "ANONYMIZED_TELEMETRY": "false"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=_log(name), text=True, env=_inherited() | quiet
    ) as process:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()


def environment(name: str) -> Path:
    """The Python of a peer, installed from `peers/NAME.txt` unless that was done before."""
    wanted, folder = PEERS / f"{name}.txt", WORK / "peers" / name
    done = folder / "installed.txt"
    if not done.exists() or done.read_bytes() != wanted.read_bytes():
        print(f"installing {name}", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "-r", wanted], check=True)
        shutil.copy(wanted, done)
    return folder / "bin" / "python"


def _log(name: str) -> Any:
    return (WORK / "peers" / f"{name}.log").open("w", encoding="utf-8")


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("QA_", "PYTHON"))}
