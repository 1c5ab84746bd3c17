"""A file read, or a page of it drawn, in a process of its own, so that no file can crash, stall or fill this one.

The process may not write a file, its memory and time are bounded, and it is given no keys. A library that fails,
however it fails, thereby fails for one file, and the last line it leaves says why.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from qa.documents.formats.content import Content
from qa.errors import DocumentError

# The module and the function that read each format: a library is loaded only when it is needed.
EXTRACTED: Mapping[str, str] = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), "web:read_html"),
    ".pdf": "pdf:read_pdf",
    ".docx": "word:read_docx",
    ".pptx": "slides:read_pptx",
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "sheets:read_workbook"),
    **dict.fromkeys((".csv", ".tsv"), "tables:read_csv"),
    ".json": "objects:read_json",
    **dict.fromkeys((".jsonl", ".ndjson"), "objects:read_json_lines"),
    ".eml": "mail:read_mail",
    ".epub": "books:read_epub",
}

# Read as text, unchanged.
SOURCE_CODE = tuple(
    f".{suffix}"
    for suffix in """
    adoc asm awk bash bat bib c cc cfg clj cljs cmake conf cpp cs css cxx dart diff elm erl ex exs f90 fish fs go
    gradle graphql groovy h hh hpp hs ini java jl js jsx kt kts less lisp log lua m mjs mk ml mm nim org patch php pl
    pm proto ps1 py pyi r rb rs rst s scala scss sh sol sql svelte swift tex tf toml ts tsx vb vue xml xsd xsl yaml
    yml zig zsh""".split()  # noqa: SIM905  # legible as prose, not as a list
)

MEMORY_BYTES = 640_000_000  # of address space
PROCESSOR_S = 60
TIMEOUT_S = 120  # ends a process that waits, too

PACKAGES = str(Path(__file__).parents[3])

Run = tuple[int, int, int, int]  # where it begins in the text, its page from 0, its first character there, how many

# The environment variables that the process is given: no key is among them.
INHERITED = re.compile(r"PATH|HOME|LANG|LC_\w+|TMPDIR|TEMP|SYSTEMROOT|PYTHON\w*")


def extract(path: Path) -> Content:
    """The content of a file, found by the reader of its format in another process.

    Raises: DocumentError when the file is damaged or protected, holds no text, or needs too much time or memory.
    """
    return Content.from_json(_run(path))


def find_places(path: Path) -> tuple[str, list[Run]]:
    """The version of the text of a PDF, and where its characters are printed. Raises: as `extract` does."""
    version, runs = json.loads(_run(path, "places"))
    return version, [(start, page, first, count) for start, page, first, count in runs]


def draw_page(path: Path, page: int, ranges: Sequence[tuple[int, int]]) -> dict[str, object]:
    """A picture of a PDF's page (from 0) with the boxes of these runs of characters. Raises: as `extract` does."""
    drawn: dict[str, object] = json.loads(_run(path, "page", json.dumps([page, list(ranges)])))["drawn"]
    return drawn


def _run(path: Path, *task: str) -> bytes:
    """What the process of this file prints."""
    program = [sys.executable, "-P", "-W", "ignore", "-m", "qa.documents.formats"]
    inherited = {name: value for name, value in os.environ.items() if INHERITED.fullmatch(name)}
    python_path = os.pathsep.join([PACKAGES, *filter(None, sys.path)])
    try:
        done = subprocess.run(
            [*program, str(path.absolute()), str(MEMORY_BYTES), str(PROCESSOR_S), *task],
            env={**inherited, "PYTHONPATH": python_path, "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise DocumentError(f"{path} took more than {TIMEOUT_S} s. Divide it, or convert it to text") from error
    if done.returncode:
        raise DocumentError(f"{path} {_failure(done)}. Check that it opens, or convert it to text")
    if done.stdout.startswith(b'{"error"'):
        raise DocumentError(json.loads(done.stdout)["error"].replace(str(path.absolute()), str(path)))
    return done.stdout


def _failure(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == -signal.SIGXCPU:
        return f"took more than {PROCESSOR_S} s of processor time"
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return f"could not be read: its reader ended with {name}, out of memory or over a damaged file"
    lines = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
    return f"could not be read: {lines[-1][:300] if lines else 'its reader gave no reason'}"
