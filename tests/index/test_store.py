"""The index on a real Chroma folder, with small vectors made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chromadb.api.models.Collection import Collection

from make_index import entry, found, ids, open_index, vector
from qa.errors import StoreBusyError, StoreDamagedError, StoreError, StoreMismatchError
from qa.index.rows import passage_metadata, to_passage
from qa.index.writer import ef_search, writing
from qa.types import Above, Cell, Passage, Unit


def test_an_index_that_was_never_written_is_empty_and_creates_no_collection(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    assert index.manifest() is None
    assert (index.documents(), index.passage_count) == ((), 0)
    assert index.search_dense(vector("x"), k=3) == []
    assert index.search_lexical("anything", k=3) == []
    assert index.connection.client.list_collections() == []


def test_what_goes_in_comes_out_to_the_character(tmp_path: Path) -> None:
    one = entry("a@b#1/ü.txt", "First line.\r\nSecond “line”.\n")
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([one])
    again = open_index(tmp_path / "index")
    assert again.documents() == (one.record,)
    assert again.passages(one.record.passage_ids) == list(one.passages)
    assert again.document("a@b#1/ü.txt").text == "First line.\r\nSecond “line”.\n"
    np.testing.assert_allclose(again.vectors(one.record.passage_ids[::-1]), one.vectors[::-1], atol=1e-6)


def test_a_passage_is_kept_with_all_that_is_known_of_its_units() -> None:
    cell = Cell(start=62, end=63, column=1)
    above = Above(
        kind="heading", start=10, end=13, parent=2, leads=2, cells=(replace(cell, start=12, end=13),), text="A|B"
    )
    units = (
        Unit(kind="sentence", start=50, end=54),
        Unit(kind="item", start=55, end=58, leads=1),
        Unit(kind="row", start=60, end=63, parent=10, cells=(replace(cell, start=60, end=61, column=0), cell)),
    )
    passage = Passage(
        document="d", version="v", title="T", ordinal=3, start=50, end=64, text="One.\n two 1|2\n", units=units,
        above=(above,), page=2, header="T",
    )  # fmt: skip
    assert to_passage(passage.text, passage_metadata(passage), document="d", location="here") == passage


@pytest.mark.parametrize(
    "units",
    [
        "[[0,99]]",
        "[[3,1]]",
        "[[0,1,77]]",
        "[[0,1,-1]]",
        "[[0,1,0,5]]",
        "[[0,1,0,0]]",
        "[[2,3],[0,1]]",
        "[[0,4,3,null,0,[[2,9,0]]]]",
        "[[0]]",
        '[["a",1]]',
        "[[0,1,0,null,0,[[0]]]]",
    ],
)
def test_units_that_we_did_not_write_are_named_as_damage(units: str) -> None:
    passage = entry("d", "One two.").passages[0]
    metadata = {**passage_metadata(passage), "units": units}
    with pytest.raises(StoreDamagedError, match="'d' is incomplete"):
        to_passage(passage.text, metadata, document="d", location="here")


def test_dense_search_gives_cosines_best_first(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    one = entry("a.txt", "\n".join(f"line {number}" for number in range(40)))
    with writing(index) as writer:
        writer.put([one])
    query = vector("a question")
    exact = sorted(((float(row @ query), each.id) for row, each in zip(one.vectors, one.passages, strict=True)))[::-1]
    hits = index.search_dense(query, k=5)
    assert [key for key, _ in hits] == [key for _, key in exact[:5]]
    assert [score for _, score in hits] == pytest.approx([score for score, _ in exact[:5]], abs=1e-5)


def test_lexical_search_finds_other_forms_of_a_word_and_forgets_what_was_replaced(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry("a.txt", "The ships sailed.\nNothing else.\n"), entry("b.txt", "A harbour.\n")])
    assert [each.text for each in found(index, "Which ship is sailing?")] == ["The ships sailed.\n"]
    assert index.frequencies()("ship") == 1
    with writing(index) as writer:
        writer.put([entry("a.txt", "The planes landed.\n")])
    assert found(index, "ship") == []
    assert [each.text for each in found(index, "plane")] == ["The planes landed.\n"]


def test_the_lexical_cache_is_built_again_when_it_was_deleted_or_damaged(tmp_path: Path) -> None:
    with writing(open_index(tmp_path / "index")) as writer:
        writer.put([entry("a.txt", "The ships sailed.\n")])
    cache = open_index(tmp_path / "index").cache / "lexical"
    shutil.rmtree(cache)
    assert len(found(open_index(tmp_path / "index"), "ships")) == 1
    (cache / "meta.json").write_text("{", encoding="utf-8")
    assert len(found(open_index(tmp_path / "index"), "ships")) == 1


def test_what_a_generation_cannot_change_is_asked_once_and_another_generation_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(open_index(tmp_path / "index")) as writer:
        writer.put([entry("a.txt", "one\ntwo\n")])
    reader, asked = open_index(tmp_path / "index"), []
    for name in ("count", "get"):
        ask = getattr(Collection, name)
        monkeypatch.setattr(Collection, name, lambda *a, ask=ask, name=name, **k: asked.append(name) or ask(*a, **k))

    def search() -> tuple[int, list[str], int]:
        asked.clear()
        found = reader.search_dense(vector("one\n"), k=1)
        return reader.passage_count, [key for key, _ in found], len(asked)

    first = search()
    assert search() == (2, first[1], 0)
    with writing(open_index(tmp_path / "index")) as writer:
        writer.put([entry("a.txt", "one\n")])
    assert search()[0] == 1
    assert search()[1] != first[1]


def test_searches_look_farther_in_a_larger_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [ef_search(passages) for passages in (0, 100_000, 1_000_000, 9_000_000)] == [400, 500, 5_000, 10_000]
    with writing(open_index(tmp_path / "index")) as writer:
        writer.put([entry("a.txt", "\n".join(f"line {number}" for number in range(9)))])
    monkeypatch.setattr("qa.index.writer.EF_SEARCH", 900)  # as if it had grown
    with writing(open_index(tmp_path / "index")) as writer:
        writer.put([entry("b.txt", "one more")])
    again = open_index(tmp_path / "index")
    assert again._passage_collection().configuration["hnsw"]["ef_search"] == 900
    assert len(again.search_dense(vector("x"), k=20)) == 10


def test_replacing_a_document_leaves_no_passage_of_the_old_version(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry("a.txt", "one\ntwo\nthree\n")])
    with writing(index) as writer:
        writer.put([entry("a.txt", "four\n")])
    assert index.passage_count == 1
    assert index.document("a.txt").text == "four\n"
    with writing(index) as writer:
        writer.delete(["a.txt", "never-there.txt"])
    assert (index.passage_count, ids(index)) == (0, [])


def test_passages_whose_record_was_not_written_are_never_found_and_are_swept(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry("a.txt", "old words\n")])
    half = entry("a.txt", "new words\n")

    def stop_half_way() -> None:
        with writing(index) as writer:
            writer._begin()
            writer._put_passages(list(zip(half.passages, half.vectors, strict=True)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    assert index.passage_count == 2
    assert [index.passages([key])[0].text for key, _ in index.search_dense(vector("new words\n"), k=5)] == [
        "old words\n"
    ]
    with writing(open_index(tmp_path / "index")):
        pass
    assert index.passage_count == 1


def test_a_rebuild_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry("a.txt", "kept\n")])

    def fail() -> None:
        with writing(index, rebuild=True) as writer:
            writer.put([entry("b.txt", "new\n")])
            assert ids(index) == ["a.txt"]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert ids(index) == ["a.txt"]
    assert len(found(index, "kept")) == 1


def test_a_rebuild_replaces_an_index_of_another_embedder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with writing(open_index(tmp_path / "index", embeddings="other", dimension=4)):
        pass
    index = open_index(tmp_path / "index")
    with pytest.raises(StoreMismatchError, match=r"built with other \(4 dimensions\).*toy \(8\).*--rebuild"):
        index.manifest()
    with writing(index, rebuild=True) as writer:
        writer.put([entry("b.txt", "new\n")])
    assert ids(index) == ["b.txt"]
    assert len(index.connection.client.list_collections()) == 2


def test_an_index_of_an_earlier_format_is_refused_until_it_is_rebuilt(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index):
        pass
    collection = index.connection.client.get_collection("documents", embedding_function=None)
    collection.modify(metadata={**collection.metadata, "format": 1})
    with pytest.raises(StoreMismatchError, match="format 1;"):
        index.documents()
    with writing(index, rebuild=True) as writer:
        writer.put([entry("b.txt", "new\n")])
    assert ids(index) == ["b.txt"]


def test_a_collection_of_somebody_else_is_never_touched(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    index.connection.client.create_collection("documents", embedding_function=None, metadata={"theirs": 1})
    for rebuild in (False, True):
        with pytest.raises(StoreError, match="not made by qa"), writing(index, rebuild=rebuild):
            pass
    assert index.connection.client.get_collection("documents", embedding_function=None).metadata == {"theirs": 1}


def test_a_second_writer_is_told_to_wait_also_in_another_process(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    script = (
        "import sys; from pathlib import Path; from make_index import open_index; from qa.index.writer import writing\n"
        "with writing(open_index(Path(sys.argv[1]))): pass"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tests"])}
    command = [sys.executable, "-c", script, str(tmp_path / "index")]
    with writing(index):
        with pytest.raises(StoreBusyError, match="another process is writing"), writing(open_index(tmp_path / "index")):
            pass
        second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "StoreBusyError" in second.stderr
    subprocess.run(command, env=environment, check=True)


def test_a_damaged_index_and_a_file_in_its_place_are_named(tmp_path: Path) -> None:
    with writing(open_index(tmp_path / "index")):
        pass
    copy = shutil.copytree(tmp_path / "index", tmp_path / "copy")
    (copy / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match="copy: it is damaged"):
        open_index(copy).documents()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="it is a file, not a folder"):
        open_index(tmp_path / "file")


def test_scores_after_edits_are_those_of_an_index_built_afresh(tmp_path: Path) -> None:
    index, fresh = open_index(tmp_path / "index"), open_index(tmp_path / "fresh")
    with writing(index) as writer:
        writer.put([entry("a.txt", "old mill old mill\nmill by the sea\n"), entry("b.txt", "a mill\na farm\n")])
    with writing(index) as writer:
        writer.put([entry("a.txt", "the new farm and its mill\n")])
        writer.put([entry("c.txt", "a mill on the hill\n")])
    with writing(fresh) as writer:
        writer.put([entry("b.txt", "a mill\na farm\n"), entry("c.txt", "a mill on the hill\n")])
        writer.put([entry("a.txt", "the new farm and its mill\n")])
    assert index.search_lexical("mill farm hill", k=9) == fresh.search_lexical("mill farm hill", k=9)
    assert index.frequencies()("mill") == 3


def test_an_index_of_thousands_of_documents_opens_again(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    with writing(index) as writer:
        writer.put([entry(f"{number}.txt", f"note {number}\n") for number in range(2_500)])
    assert len(open_index(tmp_path / "index").documents()) == 2_500
