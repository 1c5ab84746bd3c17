"""A language model of one's own: a GGUF file, served by llama.cpp to this process and nobody else.

The server is a process of its own, on a free port of this machine, and wants a key that is made for it and told to it
alone. It ends with this process. A file that crashes it, or fills its memory, ends no more than it. And how its threads
wait for each other can be chosen for it alone: while they turn in circles, as llama.cpp has it, they write 0.9 tokens a
second on two cores that others use too; asleep, 11 to 40.
"""

import atexit
import json
import os
import re
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from qa.errors import ModelError, SettingsError, shown

LOCAL = "local:"
MAGIC = b"GGUF"
OPENING_S = 600  # until a model is loaded: 40 GB from a disk that reads 70 MB a second
OTHER_TOKENS = 2_000  # of a prompt besides the passages and the conversation
REASON_CHARS = 300

PACKAGES = str(Path(__file__).parents[2])
# What the library says of a file that it cannot use, behind the time and the place in its code.
_REASON = re.compile(r"error loading model: ([^\n]++)")


def is_local(model: str) -> bool:
    """Whether this name is that of a file on this machine."""
    return model.startswith(LOCAL)


def public_name(model: str) -> str:
    """The name of a model as answers, errors and pages tell it: of a file, without the folder it is in."""
    return LOCAL + Path(model.removeprefix(LOCAL)).name if is_local(model) else model


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A model that is served: the address and key of its server, and how many tokens it reads and writes together."""

    url: str
    key: str
    window: int
    process: subprocess.Popen[str]

    def end(self) -> None:
        """End the server. Nothing is kept of it."""
        self.process.kill()
        self.process.communicate()


_opening = threading.Lock()
_opened: dict[tuple[Path, int], LocalServer] = {}


def local_server(model: str, *, context_tokens: int) -> LocalServer:
    """The server of the file that `local:FILE` names, the only one of this process; one that has ended is started anew.

    `context_tokens` is how many tokens it should read and write; the model's own limit counts when it is lower.

    Raises: SettingsError when the file is no model or llama.cpp is not installed, ModelError when it cannot be opened.
    """
    path = checked_file(model)
    if find_spec("xllamacpp") is None:
        raise SettingsError(f"{model!r} needs llama.cpp, which is not installed. Run: pip install 'qa[local]'")
    with _opening:
        server = _opened.get((path, context_tokens))
        if server is None or server.process.poll() is not None:
            server = _opened[path, context_tokens] = _start(model, path, context_tokens=context_tokens)
        return server


def checked_file(model: str) -> Path:
    """The file of this name, as far as it looks like a model. Raises: SettingsError."""
    named = os.path.expanduser(model.removeprefix(LOCAL))  # noqa: PTH111  # Path's is an error for who has no home
    mend = "Check QA_MODEL, such as local:models/model.gguf, or answer without a model: QA_MODEL=extractive"
    try:
        path = Path(os.path.abspath(named))  # noqa: PTH100  # not where links lead: a model's parts are found by name
        if not path.is_file():
            what = "a folder" if named and path.is_dir() else "no file"
            raise SettingsError(f"{shown(model)} names {what}. {mend}")
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(f"{shown(model)} cannot be read: {why}. {mend}") from error
    if begins != MAGIC:
        raise SettingsError(f"{shown(model)} is no GGUF file: it begins with {begins!r}, not with {MAGIC!r}. {mend}")
    return path


def _start(model: str, path: Path, *, context_tokens: int) -> LocalServer:
    """The server of a file, once it can be asked. Raises: ModelError with the library's reason when it ends instead."""
    key = secrets.token_urlsafe(32)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = {"path": str(path), "key": key, "context_tokens": context_tokens, "threads": threads}
    environment = {
        "PYTHONPATH": os.pathsep.join([PACKAGES, *filter(None, sys.path)]),
        "PYTHONUTF8": "1",
        "OMP_WAIT_POLICY": "passive",
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "qa.models.local_server"],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    ready = ""
    late = threading.Timer(OPENING_S, process.kill)
    late.start()
    try:
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        ready = process.stdout.readline()
    except BrokenPipeError:
        pass  # it has ended already, and says why
    finally:
        late.cancel()
        if not ready:
            process.kill()
    if not ready:
        raise ModelError(f"{shown(model)} {_failure(process, path)}. Fetch the file again, or name another: QA_MODEL")
    said = json.loads(ready)
    server = LocalServer(url=f"{said['address']}/v1", key=key, window=said["window"], process=process)
    atexit.register(_end_at_exit, server, os.getpid())
    return server


def _failure(process: subprocess.Popen[str], path: Path) -> str:
    """What kept a server from beginning, in the library's words where it gave any."""
    _, log = process.communicate()
    reason = _REASON.search(log)
    lines = [reason[1]] if reason else log.strip().splitlines()[-1:] or ["it ended without a reason"]
    return f"cannot be opened: {lines[0].replace(str(path), path.name):.{REASON_CHARS}}"


def _end_at_exit(server: LocalServer, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked from it
        server.end()
