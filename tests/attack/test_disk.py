"""What lies on the disk: who may read it, what is left behind, and a disk that is full or cannot be written to."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from make_index import entry, open_index, vector
from qa import Chatbot
from qa.errors import StoreError
from qa.index.chroma import connect
from qa.index.lexical import Lexical
from qa.index.private import tighten, tighten_ours
from qa.index.segments import remove_orphans
from qa.index.store import Index
from qa.index.writer import writing

QUESTION = "When did the old mill in Arden burn down?"
LINES = "".join(f"line {number} of the mill\n" for number in range(1_100))  # Chroma writes vectors every 1,000
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
FULL = r"the disk is full \(\d+ kB free\)\. Make room, then run the command again"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "mill.txt").write_text("The old mill in Arden burned down in 1891.\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def wider(folder: Path) -> list[str]:
    """What others have some right to, of a folder and all below."""
    return [str(each) for each in (folder, *folder.rglob("*")) if each.lstat().st_mode & 0o077]


def widen(folder: Path) -> None:
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)


def vectors(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if UUID.fullmatch(each.name))


def known_vectors(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "chroma.sqlite3")
    found = sorted(row[0] for row in connection.execute("SELECT id FROM segments WHERE scope = 'VECTOR'"))
    connection.close()
    return found


def open_bot(index: Path, documents: Path, *, fill: bool = False) -> Chatbot:
    home = documents.parent / ".qa"
    return Chatbot.open(model="extractive", chroma=str(index), home=home, seeds=documents, fill=fill)


def run(script: str, *arguments: Path, before: str = "", cwd: Path) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, after some lines of shell in a mount table of its own."""
    command = f'{before} exec {sys.executable} -c "$0" "$@"'
    shell = ["unshare", "--mount", "sh", "-c", command] if before else ["sh", "-c", command]
    environment = {**os.environ, "QA_MODEL": "extractive"}
    return subprocess.run(
        [*shell, script, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@contextmanager
def small_disk(folder: Path, *, size: str) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


# -- who may read it -------------------------------------------------------------------------------


def test_nobody_else_may_read_anything_that_the_commands_write(documents: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "qa", "ingest", documents], cwd=tmp_path, check=True, capture_output=True)
    assert wider(tmp_path / ".qa") == []


def test_nobody_else_may_enter_what_a_program_or_the_page_makes(documents: Path, tmp_path: Path) -> None:
    from qa.app import Hosting, build

    home = tmp_path / "home"
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "deep/index"), home=home, seeds=documents) as bot:
        build(bot, Hosting())
    made = [tmp_path / "deep", tmp_path / "deep/index", tmp_path / "deep/index/cache", home]
    made.append(Path(os.environ["GRADIO_TEMP_DIR"]))
    assert {str(each): oct(stat.S_IMODE(each.stat().st_mode)) for each in made} == {str(each): "0o700" for each in made}


def test_what_an_earlier_version_left_open_to_others_is_shut_when_it_is_opened(documents: Path, tmp_path: Path) -> None:
    with open_bot(tmp_path / ".qa/index", documents, fill=True):
        pass
    (tmp_path / ".qa/feedback").mkdir()
    (tmp_path / ".qa/feedback/cases.jsonl").write_text("{}\n", encoding="utf-8")
    shutil.copytree(tmp_path / ".qa/index", tmp_path / "elsewhere")
    for index, ours in ((tmp_path / ".qa/index", tmp_path / ".qa"), (tmp_path / "elsewhere", tmp_path / "elsewhere")):
        widen(ours)
        with open_bot(index, documents):
            assert wider(ours) == []


def test_a_folder_of_the_users_own_things_keeps_its_rights_when_an_index_is_put_in_it(
    documents: Path, tmp_path: Path
) -> None:
    (documents / "cache").mkdir()
    (documents / "cache/holiday.txt").write_text("The sea.\n", encoding="utf-8")
    (documents / "later").symlink_to(tmp_path)
    before = {each: each.stat().st_mode for each in (tmp_path, documents, *documents.rglob("*"))}
    for _ in range(2):
        with Chatbot.open(model="extractive", chroma=str(documents), home=documents, fill=False) as bot:
            bot.ingest(documents / "mill.txt")
    assert {each: each.stat().st_mode for each in before} == before
    written = [documents / "chroma.sqlite3", *(documents / name for name in vectors(documents))]
    assert [each for each in written if each.stat().st_mode & 0o077] == []
    assert (documents / "cache/documents").stat().st_mode & 0o077 == 0


def test_no_link_is_followed_and_no_home_is_shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "runs").mkdir(parents=True)
    (tmp_path / ".qa").mkdir()
    (tmp_path / ".qa/runs").symlink_to(theirs / "runs")
    tighten_ours(tmp_path / ".qa")
    assert (tmp_path / ".qa").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("HOME", str(theirs))
    tighten_ours(theirs)
    assert [each for each in (theirs, theirs / "runs") if each.stat().st_mode & 0o077 != 0o055] == []


# -- what is left behind ---------------------------------------------------------------------------


def test_rebuilds_leave_no_vectors_behind_and_do_not_grow_the_database(tmp_path: Path) -> None:
    folder, sizes = tmp_path / "index", []
    for number in range(5):
        index = open_index(folder)
        with writing(index, rebuild=number > 0) as writer:
            writer.put([entry("a.txt", LINES)])
        assert vectors(folder) == known_vectors(folder)
        assert index.search_dense(vector("line 5 of the mill\n"), k=1)
        index.connection.close()
        sizes.append((folder / "chroma.sqlite3").stat().st_size)
    assert sizes[4] < 1.2 * sizes[2], sizes  # the room of the build before last is used again
    assert open_index(folder).passage_count == 1_100


def stop_half_way(index: Index) -> None:
    with writing(index, rebuild=True) as writer:
        writer.put([entry("a.txt", LINES)])
        raise ZeroDivisionError


def test_the_vectors_of_a_killed_rebuild_are_removed_by_the_next_ingest(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry("a.txt", LINES)])
    with pytest.raises(ZeroDivisionError):
        stop_half_way(index)
    assert len(vectors(tmp_path / "index")) == 3
    again = open_index(tmp_path / "index")
    with writing(again):
        pass
    assert vectors(tmp_path / "index") == known_vectors(tmp_path / "index")
    assert again.passage_count == 1_100


def test_only_what_no_collection_has_and_chroma_wrote_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    theirs = connect(str(folder)).create_collection("theirs", embedding_function=None)
    theirs.add(ids=["a"], embeddings=[[1.0, 2.0]], documents=["their words"])
    spared = {
        "11111111-2222-3333-4444-555555555555": "thesis.txt",
        "not-a-uuid": "header.bin",
    }
    for name, file in spared.items():
        (folder / name).mkdir()
        (folder / name / file).write_bytes(b"mine")
    (tmp_path / "outside").mkdir()
    (folder / "66666666-2222-3333-4444-555555555555").symlink_to(tmp_path / "outside")
    (folder / "77777777-2222-3333-4444-555555555555").mkdir()
    (folder / "77777777-2222-3333-4444-555555555555/header.bin").write_bytes(b"left")
    with writing(open_index(folder)) as writer:
        writer.put([entry("a.txt", "one\n")])
    assert all((folder / name / file).exists() for name, file in spared.items())
    assert (tmp_path / "outside").is_dir()
    assert not (folder / "77777777-2222-3333-4444-555555555555").exists()
    assert set(known_vectors(folder)) <= set(vectors(folder))
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 1_000)
    before = vectors(folder)
    remove_orphans(folder)  # nothing is sure any more
    assert vectors(folder) == before
    (folder / "chroma.sqlite3").unlink()
    remove_orphans(folder)
    assert vectors(folder) == before


def test_a_damaged_leftover_does_not_make_a_good_index_refused(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry("a.txt", LINES)])
    whole = next((tmp_path / "index").glob("*/index_metadata.pickle")).parent
    left = shutil.copytree(whole, whole.with_name("11111111-2222-3333-4444-555555555555"))
    (left / "data_level0.bin").write_bytes(b"noise")
    again = open_index(tmp_path / "index")
    again.connection.check_files()
    assert again.search_dense(vector("line 5 of the mill\n"), k=1)
    with writing(again):
        pass
    assert not left.exists()
    (whole / "data_level0.bin").write_bytes(b"noise")
    with pytest.raises(StoreError, match="it is damaged"):
        open_index(tmp_path / "index")


# -- a disk that cannot be written to --------------------------------------------------------------


ASK = f"""
import sys
from qa import Chatbot, QAError
bot = Chatbot.open(model="extractive", chroma=sys.argv[1], home="home", fill=False)
print(" ".join(bot.ask({QUESTION!r}).text.split()))
"""
ASK_AND_CHANGE = f"""{ASK}
ingest = (bot.ingest, sys.argv[2:])
changes = (*ingest, {{}}), (*ingest, {{"rebuild": True}}), (bot.remove, ["mill.txt"], {{}})
for change, arguments, more in changes:
    try:
        change(*arguments, **more)
    except QAError as error:
        print(error)
bot.close()
"""


@pytest.fixture
def read_only(documents: Path, tmp_path: Path) -> tuple[Path, str]:
    """An index, and the shell that makes its file system read-only, or nothing where its rights do."""
    index = tmp_path / "index"
    with Chatbot.open(model="extractive", chroma=str(index), home=tmp_path / "home", seeds=documents):
        pass
    if os.geteuid():
        for each in (*index.rglob("*"), index):
            each.chmod(0o500 if each.is_dir() else 0o400)
        return index, ""
    before = f"mount --bind {index} {index} && mount -o remount,ro,bind {index} &&"
    if subprocess.run(["unshare", "--mount", "sh", "-c", f"{before} true"], capture_output=True).returncode:
        pytest.skip("no file system can be mounted read-only here")
    return index, before


def test_a_read_only_index_is_asked_and_says_that_it_cannot_be_changed(
    read_only: tuple[Path, str], documents: Path, tmp_path: Path
) -> None:
    index, before = read_only
    (tmp_path / "temporary").mkdir()
    content = (index / "chroma.sqlite3").read_bytes()
    done = run(ASK_AND_CHANGE, index, documents, before=f"export TMPDIR={tmp_path}/temporary; {before}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("read-only: what is asked is a copy") == 1
    answer, *told = done.stdout.splitlines()
    assert "1891" in answer
    said = f"index {index}: it is read-only. Make the folder writable, or choose another with QA_CHROMA"
    assert told == [said, said, said]
    assert (index / "chroma.sqlite3").read_bytes() == content
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_read_only_index_larger_than_the_room_for_a_copy_is_refused(
    read_only: tuple[Path, str], tmp_path: Path
) -> None:
    index, before = read_only
    if not before:
        pytest.skip("only root may mount a small disk")
    (tmp_path / "small").mkdir()
    small = f"mount -t tmpfs -o size=64k tmpfs {tmp_path}/small && export TMPDIR={tmp_path}/small &&"
    told = run(ASK, index, before=f"{small} {before}", cwd=tmp_path)
    assert (told.returncode, "has no room for one" in told.stderr, "Set TMPDIR" in told.stderr) == (1, True, True)


def test_the_journal_of_a_killed_writer_is_rolled_back_in_the_copy(
    read_only: tuple[Path, str], documents: Path, tmp_path: Path
) -> None:
    index, before = read_only
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('DELETE FROM collection_metadata'); c.execute('CREATE TABLE junk AS SELECT * FROM migrations')\n"
        "c.execute('UPDATE embedding_metadata SET string_value = hex(randomblob(9000))'); os._exit(1)"
    )
    index.chmod(0o700)
    (index / "chroma.sqlite3").chmod(0o600)
    subprocess.run([sys.executable, "-c", script, index / "chroma.sqlite3"], check=False)
    assert (index / "chroma.sqlite3-journal").stat().st_size > 0
    if os.geteuid():
        index.chmod(0o500)
    assert "1891" in run(ASK, index, before=before, cwd=tmp_path).stdout


# -- a disk that is full ---------------------------------------------------------------------------


def test_a_full_disk_is_named_with_what_is_free_and_answers_come_back_with_room(
    documents: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", size="8m") as small:
        with open_bot(small / "index", documents, fill=True) as bot:
            (documents / "more.txt").write_text("The ferry leaves at nine each day.\n\n" * 9_000, encoding="utf-8")
            for left in (60_000, 0):
                (small / "filler").unlink(missing_ok=True)
                room = os.statvfs(small)
                (small / "filler").write_bytes(bytes(room.f_bavail * room.f_frsize - left))
                with pytest.raises(StoreError, match=FULL):
                    bot.ingest(documents)
            assert "1891" in bot.ask(QUESTION).text
        with pytest.raises(StoreError, match=FULL):
            open_bot(small / "index", documents)
        (small / "filler").unlink()
        (documents / "more.txt").write_text("The ferry leaves at nine.\n", encoding="utf-8")
        with open_bot(small / "index", documents) as bot:
            assert bot.ingest(documents).added == ("more.txt",)
            assert "1891" in bot.ask(QUESTION).text


def test_a_limit_on_what_may_be_written_is_named_and_is_no_damage(documents: Path, tmp_path: Path) -> None:
    with open_bot(tmp_path / "index", documents, fill=True):
        limit = (tmp_path / "index/chroma.sqlite3").stat().st_size + 4_096
    (documents / "more.txt").write_text("The ferry of Arden leaves at nine each day.\n\n" * 1_000, encoding="utf-8")
    script = (
        "import resource, sys; from qa import Chatbot\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "Chatbot.open(chroma=sys.argv[1], home='home', fill=False, repair=True).ingest(sys.argv[2], rebuild=True)"
    )
    told = run(script, tmp_path / "index", documents, cwd=tmp_path).stderr
    assert re.search(r"writing failed \(.*MB free\. Lift the quota or limit, then run the command again", told)
    assert not list(tmp_path.glob("index.damaged*"))
    with open_bot(tmp_path / "index", documents) as bot:
        assert "1891" in bot.ask(QUESTION).text


def test_what_is_temporary_goes_when_the_page_is_told_to_end(tmp_path: Path) -> None:
    for each in ("home", "temporary"):
        (tmp_path / each).mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "qa", "chat", "--model", "extractive", "--port", "0"], cwd=tmp_path / "home",
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")}, stdout=subprocess.PIPE, encoding="utf-8",
    ) as page:  # fmt: skip
        assert page.stdout is not None
        assert "Ask your documents at" in page.stdout.readline()
        assert list((tmp_path / "temporary").glob("qa-*"))
        page.terminate()
        page.communicate(timeout=60)
    assert (page.returncode, list((tmp_path / "temporary").glob("qa-*"))) == (143, [])


def test_a_user_without_a_home_is_kept_apart_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open.txt").write_text("x")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it gives where there is none
    tighten(tmp_path / "open.txt")
    assert wider(tmp_path / "open.txt") == []


@pytest.mark.parametrize("state", ["[]", "null", '{"generation": "g", "versions": 3}'])
def test_an_odd_state_of_the_word_index_is_as_good_as_none(tmp_path: Path, state: str) -> None:
    held = {"versions": {"mill.txt": "1"}, "generation": "g", "texts": lambda _: [("mill.txt#0", "The old mill.")]}
    Lexical(tmp_path).sync(**held)  # type: ignore[arg-type]
    (tmp_path / "state.json").write_text(state)
    again = Lexical(tmp_path)
    again.sync(**held)  # type: ignore[arg-type]
    assert [id for id, _ in again.search("mill", k=5)] == ["mill.txt#0"]
