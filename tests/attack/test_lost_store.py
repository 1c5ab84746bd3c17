"""A store that lost its data or that another hand has written, and caches that are not what they were."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from chromadb.api.models.Collection import Collection

from chroma_server import ChromaServer
from make_index import entry, found, ids, open_index, vector
from qa import Chatbot
from qa.errors import StoreDamagedError, StoreError, StoreMismatchError, StoreNewerError
from qa.index import locks
from qa.index.chroma import connect
from qa.index.locks import Lease
from qa.index.sentence_vectors import SentenceVectors
from qa.index.store import Index
from qa.index.writer import writing

TEXT = "The old mill in Arden burned down in 1891.\n"
QUESTION = "When did the old mill in Arden burn down?"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/mill.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "documents"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of two documents, three passages."""
    with writing(open_index(tmp_path / "index")) as writer:
        writer.put([entry("a.txt", "The ships sailed.\nNothing else.\n"), entry("b.txt", "A harbour.\n")])
    return tmp_path / "index"


def open_bot(chroma: str, documents: Path, *, fill: bool = True, repair: bool = False) -> Chatbot:
    home = documents.parent / "home"
    return Chatbot.open(model="extractive", chroma=chroma, home=home, seeds=documents, fill=fill, repair=repair)


def passages(folder: Path) -> Collection:
    """The collection of passages, as another program sees it."""
    return next(each for each in connect(str(folder)).list_collections() if each.name.startswith("documents-"))


def records(folder: Path) -> Collection:
    return connect(str(folder)).get_collection("documents", embedding_function=None)


# -- data that was lost ----------------------------------------------------------------------------


def test_a_server_that_comes_back_empty_is_said_to_have_lost_its_documents(tmp_path: Path, documents: Path) -> None:
    lost = r"has lost its documents\. Bring them back, or run: qa ingest --rebuild PATH"
    (tmp_path / "server").mkdir()
    with ChromaServer(tmp_path / "server/data") as server:
        with open_bot(server.url, documents) as bot:
            assert "1891" in bot.ask(QUESTION).text
            server.stop()
            shutil.rmtree(tmp_path / "server/data")
            server.start()
            for ask in (lambda: bot.ask(QUESTION), bot.documents, lambda: bot.ingest(documents)):
                with pytest.raises(StoreDamagedError, match=lost):
                    ask()
        with pytest.raises(StoreDamagedError, match=lost):
            open_bot(server.url, documents)
        with open_bot(server.url, documents, fill=False) as bot, pytest.raises(StoreDamagedError, match=lost):
            bot.status()
        with open_bot(server.url, documents, fill=False, repair=True) as bot:
            assert bot.ingest(documents, rebuild=True).added == ("mill.txt",)
            assert "1891" in bot.ask(QUESTION).text


@pytest.mark.parametrize("harm", ["the collection", "all", "some"])
def test_passages_that_are_gone_are_no_answer_of_not_in_the_documents(folder: Path, harm: str) -> None:
    theirs = passages(folder)
    if harm == "the collection":
        connect(str(folder)).delete_collection(theirs.name)
    else:
        theirs.delete(ids=theirs.get()["ids"][: None if harm == "all" else 1])
    lost = {"the collection": "its passages", "all": "3 of its 3 passages", "some": "1 of its 3 passages"}[harm]
    with pytest.raises(StoreDamagedError, match=f"has lost {lost}.*Run: qa ingest --rebuild PATH"):
        open_index(folder).search_lexical("ships", k=3)
    again = open_index(folder)
    with writing(again, rebuild=True) as writer:
        writer.put([entry("a.txt", "The ships sailed.\n")])
    assert len(found(again, "ships")) == 1


def test_a_reader_of_an_index_that_is_being_written_never_takes_that_for_a_loss(folder: Path) -> None:
    reader = open_index(folder)
    assert len(found(reader, "ships")) == 1
    for number in range(4):
        with writing(open_index(folder)) as writer:
            writer.put([entry(f"{number}-{each}.txt", "More ships.\n") for each in range(3)])
            assert found(reader, "ships")
            writer.delete([f"{number}-0.txt", "a.txt"])
            found(reader, "ships")
        assert found(reader, "ships")


# -- manifests and rows of another version or hand -------------------------------------------------


def change_manifest(folder: Path, **changes: object) -> None:
    collection = records(folder)
    changed = {**collection.metadata, **changes}
    collection.modify(metadata={key: value for key, value in changed.items() if value is not None})


def test_a_newer_index_is_neither_read_nor_destroyed(folder: Path) -> None:
    change_manifest(folder, format=99, colour="blue")
    index = open_index(folder)
    for use in (index.documents, lambda: writing(index).__enter__(), lambda: writing(index, rebuild=True).__enter__()):
        with pytest.raises(StoreNewerError, match=r"has format 99; this version of qa reads format 3\. .*update qa"):
            use()
    change_manifest(folder, format=3)
    assert ids(open_index(folder)) == ["a.txt", "b.txt"]


def test_keys_of_a_manifest_that_this_version_does_not_know_are_passed_over(folder: Path) -> None:
    change_manifest(folder, colour="blue")
    assert len(found(open_index(folder), "ships")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"embeddings": None},
        {"dimension": "many"},
        {"dimension": 7.5},
        {"generation": 3},
        {"build": True},
        {"format": "2"},
    ],
    ids=str,
)
def test_a_manifest_that_cannot_be_read_is_named_and_can_be_rebuilt(folder: Path, changes: dict[str, object]) -> None:
    change_manifest(folder, **changes)
    index = open_index(folder)
    with pytest.raises(StoreMismatchError, match="Run: qa ingest --rebuild PATH"):
        index.documents()
    with writing(index, rebuild=True) as writer:
        writer.put([entry("c.txt", "new\n")])
    assert ids(index) == ["c.txt"]


@pytest.mark.parametrize(
    ("of", "changes"),
    [
        ("record", {"pages": "{"}),
        ("record", {"pages": "7"}),
        ("record", {"pages": None}),
        ("record", {"passages": "several"}),
        ("record", {"title": 7}),
        ("record", {"version": None}),
        ("passage", {"units": "[[1]]"}),
        ("passage", {"units": "[[0, 4000]]"}),
        ("passage", {"units": '{"a": 1}'}),
        ("passage", {"start": "here"}),
        ("passage", {"ordinal": None}),
        ("passage", {"page": "iv"}),
    ],
    ids=str,
)
def test_a_row_that_we_did_not_write_is_named_with_its_document(
    folder: Path, of: str, changes: dict[str, object]
) -> None:
    collection = records(folder) if of == "record" else passages(folder)
    row = next(key for key in collection.get()["ids"] if "a.txt" in key)
    collection.update(ids=[row], metadatas=[changes])
    with pytest.raises(
        StoreDamagedError, match=r"'a\.txt' is incomplete in the index .* Run: qa ingest --rebuild PATH"
    ):
        found(open_index(folder), "ships")
    again = open_index(folder)
    with writing(again, rebuild=True) as writer:
        writer.put([entry("c.txt", "new\n")])
    assert ids(again) == ["c.txt"]


def test_rows_may_have_more_in_them_than_this_version_knows(folder: Path) -> None:
    for collection in (records(folder), passages(folder)):
        collection.update(ids=collection.get()["ids"], metadatas=[{"colour": "blue"}] * collection.count())
    assert ids(open_index(folder)) == ["a.txt", "b.txt"]
    assert len(found(open_index(folder), "ships")) == 1


# -- caches that are not what they were ------------------------------------------------------------


def replace_by_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.mark.parametrize(
    "state",
    ["[]", "7", "null", '"x"', '{"versions": [1], "generation": 1}', '{"versions": {"a": [1]}}', "\udcff", None],
)
def test_the_lexical_cache_is_made_again_whatever_its_state_says(folder: Path, state: str | None) -> None:
    path = folder / "cache/documents/lexical/state.json"
    if state is None:
        replace_by_folder(path)
    else:
        path.write_bytes(state.encode("utf-8", "surrogateescape"))
    assert len(found(open_index(folder), "ships")) == 1
    assert json.loads(path.read_text("utf-8"))["versions"].keys() == {"a.txt", "b.txt"}


def test_a_lexical_cache_that_is_a_file_is_made_again_also_by_an_ingest(folder: Path) -> None:
    lexical = folder / "cache/documents/lexical"
    for use in (lambda index: found(index, "ships"), lambda index: writing(index).__enter__().finish()):
        shutil.rmtree(lexical)
        lexical.write_text("x", encoding="utf-8")
        use(open_index(folder))
    assert len(found(open_index(folder), "ships")) == 1


def test_a_link_in_place_of_the_cache_leads_nothing_to_be_deleted(folder: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("mine", encoding="utf-8")
    (thesis / "meta.json").write_text("{", encoding="utf-8")  # as if it were a damaged cache
    lexical = folder / "cache/documents/lexical"
    shutil.rmtree(lexical)
    lexical.symlink_to(thesis)
    assert len(found(open_index(folder), "ships")) == 1
    assert sorted(each.name for each in thesis.iterdir()) == ["chapter.txt", "meta.json"]


def test_a_sync_that_failed_lets_the_next_one_of_its_process_work(folder: Path) -> None:
    index = open_index(folder)
    index.refresh_lexical()
    lexical = index._lexical
    assert lexical is not None

    def fail(_: str) -> list[tuple[str, str]]:
        raise StoreError("the server has gone")

    with pytest.raises(StoreError, match="the server has gone") as kept:  # with its traceback, and so the writer
        lexical.sync({"c.txt": "1"}, generation="another", texts=fail)
    lexical.sync({"c.txt": "1"}, generation="another", texts=lambda _: [("c.txt@1#0", "The boats.")])
    assert [key for key, _ in lexical.search("boats", k=3)] == ["c.txt@1#0"]
    del kept


def other_schema(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sentences (key BLOB PRIMARY KEY, vectors BLOB, colour TEXT NOT NULL)")


def other_values(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sentences SET vectors = 'seven'")


@pytest.mark.parametrize("harm", [replace_by_folder, other_schema, other_values])
def test_sentence_vectors_are_the_same_whatever_is_wrong_with_their_file(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    path = tmp_path / "cache/sentences.sqlite"
    those = entry("a.txt", "one\ntwo\n").passages
    rows = [np.eye(2, 384, dtype=np.float32)[[number]] for number in range(2)]
    cache = SentenceVectors(path, read=lambda missing: [rows[each.ordinal] for each in missing])
    cache.put(those, rows)
    for each in path.parent.glob("sentences.sqlite-*"):
        each.unlink()
    harm(path)
    for _ in range(2):
        np.testing.assert_allclose(np.concatenate(cache(those)), np.concatenate(rows))


# -- ways to name a folder, and many who open it at once -------------------------------------------


def test_an_index_may_be_named_through_a_link_and_with_a_slash(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    for name in (f"{folder}/", str(tmp_path / "link"), f"{folder}/../index"):
        index = Index(name, collection="documents", embeddings="toy", dimension=8, home=tmp_path / "home")
        assert index.search_dense(vector("A harbour.\n"), k=1)[0][0].startswith("b.txt@")


def test_many_processes_may_open_a_new_index_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; import chromadb; from qa.index.chroma import connect; print('ready', flush=True); input()\n"
        "print(connect(sys.argv[1]).list_collections())"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "index")]
    pipe = subprocess.PIPE
    many = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for each in many:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    told = []
    for each in many:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    for each in many:
        told.append(each.communicate())
    assert told == [("[]\n", "")] * 4


# -- the clock -------------------------------------------------------------------------------------


def test_a_lease_that_ran_out_is_lost_though_the_clock_was_set_back(
    chroma_server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LEASE_S", 1.0)
    monkeypatch.setattr(locks, "RENEW_S", 60.0)
    held = Lease(connect(chroma_server.url), location=chroma_server.url, collection="set-back")
    held.acquire()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3_600)
    time.sleep(1.2)
    with pytest.raises(StoreError, match="the right to write was lost"):
        held.check()
    held.release()


FORKING = """
import os, sys
from qa import Chatbot
from qa.errors import StoreError
with Chatbot.open(model="extractive", chroma="index", fill=False) as bot:
    bot.ingest("documents")
    child = os.fork()
    if child == 0:
        try:
            bot.ask("Who?")
        except StoreError as error:
            os._exit(7 if "Open it anew in each process" in str(error) else 1)
        os._exit(2)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_is_told_to_open_the_index_itself(documents: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKING]
    with subprocess.Popen(
        command, cwd=documents.parent, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as forking:
        try:
            assert forking.communicate(timeout=60)[0] == "7\n"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(forking.pid, signal.SIGKILL)
