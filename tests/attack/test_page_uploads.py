"""Uploads and removals that a kill stops between two steps: the next page finishes them, and touches nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from page_driver import open_bot
from qa.app.page import build_page, page_examples
from qa.app.uploads import Uploads
from qa.chatbot import Chatbot

KILLED = """
import os, sys
from pathlib import Path
home, step = Path(sys.argv[1]), sys.argv[2]
os.environ["GRADIO_TEMP_DIR"] = str(home / "incoming")
sys.path[:0] = sys.argv[3:]
from page_driver import open_bot
from qa.app.uploads import Uploads
bot = open_bot(home.parent)
uploads = Uploads(home.resolve() / "uploads", bot=bot)
die = lambda *_, **__: os.kill(os.getpid(), 9)
if step == "ingest":
    bot.ingest = die
elif step == "replace":
    Path.replace = die
elif step == "remove":
    bot.remove = die
else:
    remove = bot.remove
    bot.remove = lambda id: (remove(id), die())
if step in ("ingest", "replace"):
    uploads.take(home / "incoming" / "mill.txt", lambda _: None)
else:
    uploads.remove(next(each for each in bot.documents() if each.id == "mill.txt"))
"""
MILL = "The mill at Glen Garry was burned down in 1911."
BURNED = "When was the mill at Glen Garry burned down?"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "home" / "incoming"))
    return tmp_path / "home"


def send(home: Path, text: str = MILL) -> Path:
    (home / "incoming").mkdir(parents=True, exist_ok=True)
    (home / "incoming" / "mill.txt").write_text(text)
    return home / "incoming" / "mill.txt"


def kill_at(home: Path, step: str) -> None:
    """Add or remove `mill.txt` in a process of its own, which is killed at this step."""
    command = [sys.executable, "-c", KILLED, str(home), step, *filter(None, sys.path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def names(home: Path) -> set[str]:
    return {path.name for path in (home / "uploads").iterdir()}


def uploads_of(bot: Chatbot) -> Uploads:
    return Uploads(bot.settings.home.resolve() / "uploads", bot=bot)


@pytest.mark.parametrize("replaced", [False, True])
def test_an_upload_killed_before_it_was_indexed_is_indexed_by_the_next_page(home: Path, replaced: bool) -> None:
    with open_bot(home.parent) as bot:
        if replaced:
            assert uploads_of(bot).take(send(home, MILL.replace("1911", "1887")), lambda _: None) is None
    send(home)
    kill_at(home, "ingest")
    with open_bot(home.parent) as bot:
        assert "1911" not in bot.ask(BURNED).text
        examples = page_examples(bot, folder=home)
        build_page(bot, folder=home.resolve(), examples=examples)
        examples.close()
        assert "1911" in bot.ask(BURNED).text
        assert names(home) == {"mill.txt"}


def test_half_a_file_is_never_indexed(home: Path) -> None:
    send(home)
    kill_at(home, "replace")
    (left,) = (home / "uploads").iterdir()
    with open_bot(home.parent) as bot:
        uploads_of(bot).mend()
        assert len(bot.documents()) == 2
        assert left.exists()  # another page may be moving it at this moment
        os.utime(left, (0, 0))
        uploads_of(bot).mend()
        assert names(home) == set()


@pytest.mark.parametrize("step", ["remove", "removed"])
def test_a_removal_that_was_killed_is_finished_and_not_undone(home: Path, step: str) -> None:
    with open_bot(home.parent) as bot:
        assert uploads_of(bot).take(send(home), lambda _: None) is None
    kill_at(home, step)
    with open_bot(home.parent) as bot:
        uploads_of(bot).mend()
        assert {record.id for record in bot.documents()} == {"lighthouse.md", "bakery.md"}
        assert names(home) == set()


def test_a_removal_that_fails_leaves_file_and_document(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qa.errors import StoreBusyError

    def busy(_: str) -> None:
        raise StoreBusyError("another process is writing")

    with open_bot(home.parent) as bot:
        uploads = uploads_of(bot)
        uploads.take(send(home), lambda _: None)
        (record,) = (each for each in bot.documents() if each.id == "mill.txt")
        with monkeypatch.context() as patch:
            patch.setattr(bot, "remove", busy)
            with pytest.raises(StoreBusyError):
                uploads.remove(record)
        assert names(home) == {"mill.txt"}
        assert "1911" in bot.ask(BURNED).text
        uploads.remove(record)
        assert names(home) == set()


def test_what_cannot_be_read_goes_and_what_is_not_ours_stays(home: Path) -> None:
    folder = home / "uploads"
    folder.mkdir(parents=True)
    (home.parent / "elsewhere.txt").write_text("Not an upload.")
    (folder / "broken.txt").write_bytes(b"\xff\xfe\xfa\x00broken")
    (folder / "bakery.md").write_text("The name of this one is taken by a document of another folder.")
    (folder / "notes.unknown").write_text("of no format that is read")
    (folder / "link.txt").symlink_to(home.parent / "elsewhere.txt")
    with open_bot(home.parent) as bot:
        uploads_of(bot).mend()
        assert {record.id for record in bot.documents()} == {"lighthouse.md", "bakery.md"}
    assert names(home) == {"bakery.md", "notes.unknown", "link.txt"}
    assert (home.parent / "elsewhere.txt").exists()


@pytest.mark.parametrize("name", [".removed-mill.txt", ".moving-mill.txt", ".mill.txt"])
def test_no_upload_is_named_as_what_is_under_way(home: Path, name: str) -> None:
    with open_bot(home.parent) as bot:
        why = uploads_of(bot).take(send(home).rename(home / "incoming" / name), lambda _: None)
        assert "is hidden by its dot" in str(why)
    assert not (home / "uploads").exists()


def test_a_disk_without_room_for_an_upload_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qa.app.uploads.shutil.move", full)
    with open_bot(home.parent) as bot:
        assert "No space left" in str(uploads_of(bot).take(send(home), lambda _: None))
    assert names(home) == set()


@pytest.mark.parametrize("way", ["plain", "dots", "link"])
def test_a_file_that_was_not_uploaded_is_not_taken(home: Path, way: str) -> None:
    secret = home.parent / "secret.txt"
    secret.write_text("The vault code is 7741.")
    (home / "incoming").mkdir(parents=True)
    named = {
        "plain": secret,
        "dots": home / "incoming" / ".." / ".." / "secret.txt",
        "link": home / "incoming" / "x.txt",
    }
    if way == "link":
        named["link"].symlink_to(secret)
    with open_bot(home.parent) as bot:
        why = uploads_of(bot).take(named[way], lambda _: None)
        assert why is not None
        assert "was not uploaded here" in why
        assert len(bot.documents()) == 2
    assert secret.exists()
