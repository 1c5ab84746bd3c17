"""Whatever the command line prints, no document, model, file or name steers the terminal that shows it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from interrupts import heed_interrupts
from openai_server import OpenAIServer, Step
from qa.types import Answer, Citation, Sentence

ESCAPES = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\x85\x7f\b\u202e\u2066\x0c"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FACT = f"Brannoc keeps{ESCAPES} the lighthouse of Arden."
QUESTION = "Who keeps the lighthouse of Arden?"


def qa(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `qa` prints in a folder of its own; neither output may steer a terminal."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("QA_", "OPENAI_"))}
    command = [sys.executable, "-m", "qa", *arguments]
    ran = subprocess.run(
        command, cwd=folder, env={**ours, **variables}, capture_output=True, encoding="utf-8", timeout=120
    )
    assert STEERS.findall(ran.stdout + ran.stderr) == []
    assert "Traceback" not in ran.stderr
    return ran


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of hostile documents, one of them with a hostile name and title."""
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "docs").mkdir()
    (folder / "docs" / "lamp\u202e.txt").write_text(FACT, encoding="utf-8")
    (folder / "docs" / "title.md").write_text(f"# A {ESCAPES} title\n\nThe mill is old.\n", encoding="utf-8")
    assert qa(folder, "ingest", "docs").returncode == 0
    return folder


def test_answers_and_lists_of_hostile_documents_are_harmless(folder: Path) -> None:
    answer = qa(folder, "ask", QUESTION).stdout
    assert "‹U+001B›]52;c;" in answer
    assert "‹U+202E›" in answer
    assert "‹U+009B›" in answer
    assert "‹U+202E›" in qa(folder, "status").stdout
    assert "‹U+202E›" in qa(folder, "status", "--check").stdout
    assert qa(folder, "ingest", "docs", "--dry-run").returncode == 0


@pytest.mark.parametrize("command", [("ask", QUESTION), ("status",), ("ingest", "docs"), ("config",)])
def test_json_is_harmless_too_and_means_the_same(folder: Path, command: tuple[str, ...]) -> None:
    printed = qa(folder, *command, "--json").stdout
    found: dict[str, Any] = json.loads(printed)
    if command[0] == "ask":
        assert found["citations"][0]["quote"] == FACT
        assert "\\u202e" in printed


def test_errors_repeat_nothing_that_steers(folder: Path) -> None:
    for arguments in (
        ("ask", QUESTION, "--chroma", f"ftp://{ESCAPES}"),
        ("ask", QUESTION, "--where", f"colour={ESCAPES}"),
        ("ask", QUESTION, "--model", f"openai:{ESCAPES}"),
        ("remove", f"a{ESCAPES}"),
        ("verify", f"a{ESCAPES}.json"),
        ("ingest", f"a{ESCAPES}"),
        ("eval", "lint", f"a{ESCAPES}"),
    ):
        assert qa(folder, *arguments).returncode == 1
    assert qa(folder, "ask", QUESTION, f"--{ESCAPES}").returncode == 2
    bad = folder / "bad"
    bad.mkdir(exist_ok=True)
    (bad / "caf\u202e.txt").write_bytes(b"caf\0")
    (bad / os.fsdecode(b"half\xff\x1b[2J.txt")).write_text("x", encoding="utf-8")
    (bad / "good.txt").write_text("The mill is old.", encoding="utf-8")
    failed = qa(folder, "ingest", "bad", "--chroma", "other")
    assert failed.returncode == 1
    assert "2 files could not be read" in failed.stderr


def test_a_models_reply_is_harmless_however_it_is_cut(folder: Path) -> None:
    reply = ("Brannoc \x1b", "[2J keeps\x9b", "31m it.\r", "\nAnd ", "\u202e so. [1.1]")
    with OpenAIServer(Step(pieces=reply)) as server:
        ran = qa(folder, "ask", QUESTION, "--model", "openai:toy", QA_BASE_URL=server.url, OPENAI_API_KEY="k")
    assert ran.returncode == 0
    assert "‹U+001B›[2J keeps‹U+009B›31m" in ran.stdout


def test_a_foreign_export_is_checked_without_harm(folder: Path, tmp_path: Path) -> None:
    citation = Citation(
        number=1, document=f"a{ESCAPES}", title=ESCAPES, start=0, end=9, page=None, quote=f"it {ESCAPES}", version="v"
    )
    sentence = Sentence(text=f"So {ESCAPES} it is.", citations=(1,), support="supported")
    answer = Answer(
        question=ESCAPES, query="q", text=f"So {ESCAPES} it is. [1]", abstained=False, sentences=(sentence,),
        citations=(citation,),
    )  # fmt: skip
    (tmp_path / "a.json").write_text(answer.to_json(), encoding="utf-8")
    for options in ((), ("--json",)):
        assert qa(folder, "verify", str(tmp_path / "a.json"), *options).returncode == 1
    (tmp_path / "b.json").write_text(json.dumps({ESCAPES: ESCAPES, "answer": "x"}), encoding="utf-8")
    assert qa(folder, "verify", str(tmp_path / "b.json")).returncode == 1


def test_the_progress_bar_still_draws_itself_and_names_steer_nothing(folder: Path) -> None:
    """On a real terminal: the bar's own sequences come through, those of documents do not."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "qa", "ingest", "docs", "--chroma", "terminal"]
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        ready = select.poll()  # which takes numbers above 1,024, as a process with many files open has
        ready.register(ours)
        while ready.poll(60_000):
            try:
                shown += os.read(ours, 65_536)
            except OSError:  # the other side is closed
                break
        assert process.wait(60) == 0
    os.close(ours)
    assert b"\x1b[" in shown
    assert b"\x1b]52" not in shown
    assert b"added" in shown


def test_ctrl_c_in_an_ingest_says_what_is_kept(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(400):
        sentences = (f"Sentence {line} of document {number} names lamp {line * number}." for line in range(60))
        (many / f"{number:04}.txt").write_text("\n\n".join(sentences), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "qa", "ingest", "many"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=heed_interrupts,
    )
    kept = tmp_path / ".qa" / "index" / "chroma.sqlite3"
    ends = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < ends:
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    found = re.fullmatch(
        r"qa: stopped; the index keeps (\d+) documents?\. Run it again: it goes on where it stopped\n", said
    )
    assert found, said
    status = json.loads(qa(tmp_path, "status", "--json").stdout)
    assert len(status["documents"]) == int(found[1]) < 400
