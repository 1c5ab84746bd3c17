"""A folder changes and ingests are killed at any moment; the index stays whole and ends as one built afresh."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from qa import Chatbot

ROUNDS = 50
WORKER = (
    "import sys; from qa import Chatbot\n"
    "bot = Chatbot.open(chroma=sys.argv[1], home=sys.argv[2], fill=False)\n"
    "print('ready', flush=True); bot.ingest(sys.argv[3]); print('done', flush=True)"
)
LINE = "On day {} the {} reported {} sacks of grain and {} barrels, and the clerk wrote it down. "


def ingest_and_kill(index: Path, folder: Path, *, after_s: float | None) -> bool:
    """Ingest in a process of its own and kill it `after_s` seconds into the work; whether it was done by then."""
    command = [sys.executable, "-c", WORKER, str(index), str(index.parent / "home"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if after_s is not None:
            time.sleep(after_s)
            process.send_signal(signal.SIGKILL)
        return process.stdout.read() == "done\n"


def change(folder: Path, dice: random.Random) -> None:
    """Add, edit, move or delete some files."""
    for _ in range(dice.randint(1, 4)):
        files = sorted(folder.iterdir())
        action = dice.choice(["add", "edit", "edit", "move", "delete"]) if len(files) > 2 else "add"
        if action == "add":
            (folder / f"{dice.randrange(100)}.txt").write_text(story(dice), encoding="utf-8")
        elif action == "edit":
            dice.choice(files).write_text(story(dice), encoding="utf-8")
        elif action == "move":
            dice.choice(files).rename(folder / f"{dice.randrange(100)}.txt")
        else:
            dice.choice(files).unlink()


def story(dice: random.Random) -> str:
    return "".join(
        LINE.format(dice.randrange(9999), dice.choice(["mill", "farm", "ship"]), day, dice.randrange(9999))
        for day in range(dice.randint(1, 40))
    )


def open_bot(index: Path) -> Chatbot:
    return Chatbot.open(model="extractive", chroma=str(index), home=index.parent / "home")


def contents(bot: Chatbot) -> dict[str, tuple[object, ...]]:
    """Everything that is indexed, by document."""
    found = {}
    for record in bot.documents():
        vectors = bot.library.index.vectors(record.passage_ids)
        found[record.id] = (
            replace(record, modified_ns=0),
            bot.library.index.passages(record.passage_ids),
            np.asarray(vectors).tobytes(),
        )
    return found


def answers(bot: Chatbot) -> list[tuple[str, float]]:
    """What is answered, to the last digit."""
    questions = [f"How many {what} did the {who} report?" for what in ("sacks", "barrels") for who in ("mill", "ship")]
    return [(answer.text, answer.confidence) for answer in map(bot.ask, questions)]


def test_killed_ingests_leave_whole_documents_and_the_next_one_finishes(tmp_path: Path) -> None:
    dice = random.Random(20_260_708)
    folder, index = tmp_path / "folder", tmp_path / "index"
    folder.mkdir()
    (folder / "first.txt").write_text(story(dice), encoding="utf-8")
    assert ingest_and_kill(index, folder, after_s=None)
    reader = open_bot(index)
    versions: dict[str, set[str]] = {}
    killed = 0
    for _ in range(ROUNDS):
        for path in folder.iterdir():
            versions.setdefault(path.name, set()).add(path.read_text(encoding="utf-8"))
        change(folder, dice)
        for path in folder.iterdir():
            versions.setdefault(path.name, set()).add(path.read_text(encoding="utf-8"))
        killed += not ingest_and_kill(index, folder, after_s=dice.uniform(0, 0.25))
        for record in reader.documents():
            assert reader.document(record.id).text in versions[record.id]
        for hit in reader.search("How many sacks of grain did the mill report?"):
            assert hit.passage.text in reader.document(hit.passage.document).text
    assert killed > ROUNDS / 4
    assert ingest_and_kill(index, folder, after_s=None)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        record.id: reader.document(record.id).text for record in reader.documents()
    }
    fresh = tmp_path / "fresh"
    assert ingest_and_kill(fresh, folder, after_s=None)
    afresh = open_bot(fresh)
    assert contents(reader) == contents(afresh)
    assert answers(reader) == answers(afresh)
    assert reader.checkup().damage == ()
    assert reader.library.index.passage_count == sum(record.passages for record in reader.documents())
    assert not reader.status().unfinished
    shutil.rmtree(tmp_path)
