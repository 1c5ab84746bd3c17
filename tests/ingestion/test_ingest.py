"""A folder that changes, and what an ingest makes of it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interrupts import heed_interrupts
from qa import Chatbot
from qa.documents.selection import Selection
from qa.errors import DocumentError
from qa.ingestion import cluster
from qa.ingestion.changes import SETTLED_NS, Look
from qa.ingestion.ingest import IngestReport

LONG_AGO = 1_600_000_000


def write(path: Path, text: str, *, modified_s: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (modified_s, modified_s))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("mill", "farm", "port"):
        write(tmp_path / f"docs/{name}.txt", f"The {name} was built by {name.title()} Hansen in 1750.")
    return tmp_path / "docs"


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Chatbot]:
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), home=tmp_path / "home", fill=False) as opened:
        yield opened


def ids(bot: Chatbot) -> list[str]:
    return [record.id for record in bot.documents()]


def test_an_unchanged_file_is_not_opened(bot: Chatbot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time.sleep(SETTLED_NS / 1e9)
    bot.ingest(folder)
    opened: list[Path] = []
    monkeypatch.setattr("qa.ingestion.changes._digest", lambda path: opened.append(path))
    monkeypatch.setattr("qa.ingestion.changes.read_document", lambda path, *, root: opened.append(path))
    assert bot.ingest(folder).unchanged == ("farm.txt", "mill.txt", "port.txt")
    assert opened == []


def test_a_file_of_the_same_size_and_time_of_change_is_read_again_when_it_was_written_too_lately_to_tell(
    bot: Chatbot, folder: Path
) -> None:
    now = int(time.time())
    write(folder / "mill.txt", "The mill was sold to Anna.", modified_s=now)
    bot.ingest(folder)
    write(folder / "mill.txt", "The mill was sold to Olga.", modified_s=now)
    assert bot.ingest(folder).replaced == ("mill.txt",)
    assert bot.document("mill.txt").text == "The mill was sold to Olga."


def test_a_touched_file_is_not_embedded_again_and_readers_are_not_disturbed_by_an_ingest_without_changes(
    bot: Chatbot, folder: Path
) -> None:
    bot.ingest(folder)
    os.utime(folder / "mill.txt", (LONG_AGO + 9, LONG_AGO + 9))
    time.sleep(SETTLED_NS / 1e9)
    report = bot.ingest(folder)
    assert (len(report.unchanged), report.passages) == (3, 0)
    before = bot.library.index.manifest()
    assert bot.ingest(folder) == report
    assert bot.library.index.manifest() == before


def test_a_moved_file_keeps_its_vectors(bot: Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    (folder / "old").mkdir()
    (folder / "mill.txt").rename(folder / "old/mill.txt")
    report = bot.ingest(folder)
    assert (report.added, report.removed, report.passages) == (("old/mill.txt",), ("mill.txt",), 0)
    assert bot.search("Who built the mill?")[0].passage.document == "old/mill.txt"


def test_a_renamed_file_is_read_under_its_new_name(bot: Chatbot, folder: Path) -> None:
    write(folder / "Warsaw.txt", "The city has 300,000 inhabitants.")
    bot.ingest(folder)
    assert [key for key, _ in bot.library.index.search_lexical("Warsaw", k=9)] == [bot.documents()[0].passage_ids[0]]
    (folder / "Warsaw.txt").rename(folder / "Gdynia.txt")
    report = bot.ingest(folder)
    assert (report.added, report.removed, report.passages) == (("Gdynia.txt",), ("Warsaw.txt",), 1)
    assert bot.library.index.search_lexical("Warsaw", k=9) == []
    assert bot.search("How many people live in Gdynia?")[0].passage.document == "Gdynia.txt"
    assert bot.document("Gdynia.txt").text == "The city has 300,000 inhabitants."


def test_a_folder_or_file_inside_a_known_folder_is_a_part_of_it(bot: Chatbot, folder: Path) -> None:
    write(folder / "north/mine.txt", "The mine was built by Ada Hansen in 1751.")
    bot.ingest(folder)
    every = ids(bot)
    write(folder / "north/quay.txt", "The quay was built by Ida Hansen in 1752.")
    write(folder / "south.txt", "The south gate was built by Eva Hansen in 1753.")
    assert bot.ingest(folder / "north").added == ("north/quay.txt",)
    assert bot.ingest(folder / "south.txt").added == ("south.txt",)
    (folder / "north/mine.txt").unlink()
    (folder / "mill.txt").unlink()
    assert bot.ingest(folder / "north").removed == ("north/mine.txt",)
    assert ids(bot) == sorted({*every, "north/quay.txt", "south.txt"} - {"north/mine.txt"})
    assert bot.ingest(folder).removed == ("mill.txt",)


def test_a_folder_above_takes_in_what_was_ingested_below_it(bot: Chatbot, folder: Path) -> None:
    write(folder / "north/mine.txt", "The mine was built by Ada Hansen in 1751.")
    bot.ingest(folder / "north")
    report = bot.ingest(folder)
    assert ("north/mine.txt" in report.added, report.removed) == (True, ("mine.txt",))
    assert bot.ingest().unchanged == tuple(ids(bot)) == ("farm.txt", "mill.txt", "north/mine.txt", "port.txt")


def test_a_folder_above_takes_in_a_file_below_whose_name_it_has_too(bot: Chatbot, folder: Path) -> None:
    below = write(folder / "north/mill.txt", "The north mill was built by Ada Hansen in 1751.")
    bot.ingest(folder / "north")
    report = bot.ingest(folder)
    assert (report.failed, report.removed) == ((), ())
    assert ids(bot) == ["farm.txt", "mill.txt", "north/mill.txt", "port.txt"]
    assert bot.document("north/mill.txt").text == below.read_text(encoding="utf-8") != bot.document("mill.txt").text


def test_what_a_run_over_the_folder_above_leaves_out_stays_as_it_was(bot: Chatbot, folder: Path) -> None:
    write(folder / "north/mine.txt", "The mine was built by Ada Hansen in 1751.")
    bot.ingest(folder / "north")
    assert bot.ingest(folder, selection=Selection(exclude=("north/",))).removed == ()
    assert "mine.txt" in ids(bot)


@pytest.mark.parametrize("name", [".hidden", "left-out"])
def test_what_a_known_folder_passes_by_is_a_folder_of_its_own(bot: Chatbot, folder: Path, name: str) -> None:
    (folder / ".qaignore").write_text("left-out/\n", encoding="utf-8")
    write(folder / name / "mine.txt", "The mine was built by Ada Hansen in 1751.")
    bot.ingest(folder)
    assert bot.ingest(folder / name).added == ("mine.txt",)
    assert bot.ingest(folder).removed == ()
    assert bot.ingest().unchanged == ("farm.txt", "mill.txt", "mine.txt", "port.txt")


def test_a_new_title_over_the_same_text_is_embedded_and_indexed(bot: Chatbot, folder: Path) -> None:
    page = "<html><head><title>{}</title></head><body><p>The city has 300,000 inhabitants.</p></body></html>"
    write(folder / "page.html", page.format("All about Warsaw"))
    bot.ingest(folder)
    write(folder / "page.html", page.format("All about Gdynia"))
    assert bot.ingest(folder).passages == 1
    assert [len(bot.library.index.search_lexical(name, k=9)) for name in ("Warsaw", "Gdynia")] == [0, 1]


def test_a_single_file_that_is_gone_leaves_the_index_with_the_next_ingest_of_all(
    bot: Chatbot, folder: Path, tmp_path: Path
) -> None:
    single = write(tmp_path / "single.txt", "The school was built in 1900.")
    bot.ingest(folder)
    bot.ingest(single)
    single.unlink()
    write(folder / "new.txt", "The bridge is new.")
    with pytest.raises(DocumentError, match="does not exist"):
        bot.ingest(single)
    assert bot.ingest(folder).removed == ()
    assert "single.txt" in ids(bot)
    assert bot.survey().removed == ("single.txt",)
    assert bot.ingest().removed == ("single.txt",)
    assert ids(bot) == ["farm.txt", "mill.txt", "new.txt", "port.txt"]


def test_the_last_file_that_is_gone_is_not_replaced_by_the_seeds(bot: Chatbot, tmp_path: Path) -> None:
    single = write(tmp_path / "single.txt", "The school was built in 1900.")
    bot.ingest(single)
    single.unlink()
    assert bot.ingest().removed == ("single.txt",)
    assert ids(bot) == []


def test_a_moved_folder_is_taken_over_without_embedding_and_a_copied_one_is_not(bot: Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    moved, copied = folder.rename(folder.with_name("moved")), folder.with_name("copied")
    report = bot.ingest(moved)
    assert (report.unchanged, report.passages) == (("farm.txt", "mill.txt", "port.txt"), 0)
    assert {record.root for record in bot.documents()} == {str(moved)}
    shutil.copytree(moved, copied)
    assert len(bot.ingest(copied).failed) == 3
    (moved / "port.txt").unlink()
    assert bot.ingest().removed == ("port.txt",)


def test_one_file_of_a_moved_folder_does_not_bring_the_others_along(bot: Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    moved = folder.rename(folder.with_name("moved"))
    bot.ingest(moved / "mill.txt")
    assert {record.id for record in bot.documents() if not record.mirrored} == {"mill.txt"}


def test_a_file_that_takes_the_place_and_another_that_takes_the_text_of_one_are_both_right(
    bot: Chatbot, folder: Path
) -> None:
    bot.ingest(folder)
    (folder / "farm.txt").rename(folder / "zoo.txt")
    (folder / "port.txt").rename(folder / "farm.txt")
    report = bot.ingest(folder)
    assert (report.added, report.replaced, report.removed) == (("zoo.txt",), ("farm.txt",), ("port.txt",))
    assert {name: bot.document(name).text for name in ids(bot)} == {
        path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()
    }


def test_a_survey_says_what_an_ingest_would_do_and_changes_nothing(bot: Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    write(folder / "mill.txt", "The mill burned down.")
    write(folder / "new.txt", "The school is new.")
    (folder / "bad.txt").write_bytes(b"\xff\xfe\x00")
    (folder / "port.txt").unlink()
    before = bot.documents(), bot.library.index.manifest()
    would = bot.survey(folder)
    assert (bot.documents(), bot.library.index.manifest()) == before
    assert replace(bot.ingest(folder), passages=0) == would
    assert (would.added, would.replaced, would.removed) == (("new.txt",), ("mill.txt",), ("port.txt",))


def test_ignore_files_leave_out_for_good_and_the_deepest_decides(bot: Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    write(folder / "old/keep.txt", "Kept.")
    write(folder / "old/drop.txt", "Dropped.")
    write(folder / "build/out.txt", "Made.")
    write(folder / ".gitignore", "build/\n*.txt\n!mill.txt\n")
    write(folder / "old/.qaignore", "!keep.txt\n# a comment\n")
    report = bot.ingest(folder)
    assert (report.added, report.removed) == (("old/keep.txt",), ("farm.txt", "port.txt"))
    assert ids(bot) == ["mill.txt", "old/keep.txt"]


def test_patterns_limit_one_run_and_leave_the_rest_as_it_is(bot: Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    for path in folder.iterdir():
        path.unlink()
    write(folder / "notes/a.md", "# A")
    write(folder / "b.md", "# B")
    report = bot.ingest(folder, selection=Selection(include=("*.md", "mill.*"), exclude=("notes/",)))
    assert (report.added, report.removed) == (("b.md",), ("mill.txt",))
    assert ids(bot) == ["b.md", "farm.txt", "port.txt"]
    with pytest.raises(DocumentError, match="--include"):
        bot.ingest(folder, selection=Selection(include=("!",)))


def test_a_record_has_the_date_of_its_document(bot: Chatbot, folder: Path) -> None:
    write(folder / "dated.md", "---\ndate: 2021-07-08\n---\nThe general met his counterpart in Rome.")
    bot.ingest(folder)
    assert {record.id: record.date for record in bot.documents() if record.date} == {"dated.md": "2021-07-08"}
    assert bot.document("dated.md").date == "2021-07-08"


def test_watching_follows_changes_until_it_is_interrupted(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qa", "ingest", str(folder), "--watch", "--chroma", str(tmp_path / "index")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, preexec_fn=heed_interrupts
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert next(line for line in lines if line.startswith("added")).split() == ["added", "3"]
        time.sleep(2)  # until it watches
        write(folder / "new.txt", "The school is new.")
        (folder / "mill.txt").unlink()
        assert next(line for line in lines if line.startswith("added")).split() == ["added", "1"]
        assert next(line for line in lines if line.startswith("removed")).split() == ["removed", "1"]
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0


def test_a_report_without_changes_is_empty() -> None:
    assert IngestReport(unchanged=("a.txt",)).is_empty
    assert not IngestReport(failed=(("a.txt", "is bad"),)).is_empty


def kept(bot: Chatbot) -> tuple[object, ...]:
    """All that an ingest leaves: passages, their vectors, and those of their sentences."""
    index = bot.library.index
    ids = [key for record in bot.documents() for key in record.passage_ids]
    with closing(sqlite3.connect(index.cache / "sentences.sqlite")) as connection:
        sentences = connection.execute("SELECT key, vectors FROM sentences ORDER BY key").fetchall()
    return index.passages(ids), index.vectors(ids).tobytes(), sentences


def test_what_workers_of_ray_embedded_is_taken_in_as_by_a_plain_ingest(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(looks: list[Look]) -> Iterator[cluster.Prepared]:
        """What the job of Ray Data does, in this process."""
        read = [cluster._read({"look": look}) for look in looks]
        changes = np.array([None, *(row["change"] for row in read)], dtype=object)[1:]
        yield from cluster._Embedding()({"change": changes})["prepared"]

    monkeypatch.setattr(cluster, "_prepare", prepare)
    monkeypatch.setattr(cluster, "_cluster", nullcontext)
    left = []
    for ray in (None, "local"):
        shutil.copytree(folder, tmp_path / "files", dirs_exist_ok=True)
        place = {"chroma": str(tmp_path / f"{ray}" / "index"), "home": tmp_path / f"{ray}"}
        with Chatbot.open(model="extractive", fill=False, **place) as bot:
            bot.ingest(tmp_path / "files", ray=ray)
            before = kept(bot)
            first = next(path for path in sorted((tmp_path / "files").rglob("*.txt")))
            first.write_text(first.read_text() + "\nA line was added.\n")
            first.rename(first.with_name("zz.txt"))
            report = bot.ingest(tmp_path / "files", ray=ray)
            left.append((before, replace(report, set_aside=None), kept(bot)))
        shutil.rmtree(tmp_path / "files")
    assert left[0] == left[1]
    assert left[0][1].removed
