"""Bad days: a full disk, a read-only folder, damaged and missing files."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from make_index import entry, open_index, vector
from qa import Chatbot
from qa.errors import StoreDamagedError, StoreError
from qa.index import segments
from qa.index.segments import check_segments
from qa.index.sentence_vectors import SentenceVectors
from qa.index.store import Index
from qa.index.writer import writing
from qa.ingestion.checkup import find_damage

TEXTS = {name: "".join(f"{name} {line} of the mill\n" for line in range(1_100)) for name in ("a.txt", "b.txt")}
PARTS = ("data_level0.bin", "header.bin", "length.bin", "link_lists.bin")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index so large that Chroma has written its vector index to disk, which it does every 1,000 passages."""
    folder = tmp_path_factory.mktemp("whole") / "index"
    with writing(open_index(folder)) as writer:
        writer.put([entry(name, text) for name, text in TEXTS.items()])
    assert segment(folder)
    return folder


@pytest.fixture
def index(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "index")


def segment(folder: Path) -> Path:
    """The folder of the passages' vectors."""
    return next(folder.glob("*/index_metadata.pickle")).parent


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scramble(path: Path) -> None:
    path.write_bytes(np.random.default_rng(7).bytes(path.stat().st_size))


def search(index: Index) -> list[tuple[str, float]]:
    return index.search_dense(vector("a.txt 5 of the mill\n"), k=3)


@pytest.mark.parametrize("harm", [halve, scramble, Path.unlink], ids=["halved", "scrambled", "missing"])
@pytest.mark.parametrize("part", PARTS)
def test_a_damaged_vector_index_is_named_before_it_is_read(
    index: Path, part: str, harm: Callable[[Path], None]
) -> None:
    assert search(open_index(index))[0][0].startswith("a.txt@")
    harm(segment(index) / part)
    with pytest.raises(StoreDamagedError, match=r"it is damaged \(.*qa ingest --rebuild PATH"):
        search(open_index(index))


def test_noise_that_a_sample_misses_is_named_by_a_checkup_and_after_an_unclean_end(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SAMPLE", 2)  # the first node and the last
    damage = segment(index) / "data_level0.bin"
    content = bytearray(damage.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_096] = np.random.default_rng(7).bytes(4_096)
    damage.write_bytes(content)
    opened = open_index(index)
    assert opened.documents()
    (found,) = find_damage(opened)
    assert re.search(r"it is damaged \(.*/data_level0.bin holds noise\)\. Run: qa ingest --rebuild PATH", found)
    manifest = opened.manifest()
    assert manifest is not None
    collection = opened.connection.records()
    assert collection is not None
    collection.modify(metadata=asdict(replace(manifest, finished="another")))
    opened.connection.close()
    with pytest.raises(StoreDamagedError, match=r"data_level0\.bin holds noise"):
        open_index(index).documents()


@pytest.mark.parametrize("blocks", [1, 7, 100_000])
def test_a_whole_index_is_found_whole_however_it_is_looked_at(
    index: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    monkeypatch.setattr(segments, "BLOCK", blocks)
    check_segments(index)
    check_segments(index, whole=True)


def test_links_above_the_lowest_level_to_nodes_that_do_not_exist_are_named(index: Path) -> None:
    damage = segment(index) / "link_lists.bin"
    numbers = np.fromfile(damage, dtype=np.uint32)
    first = int(np.flatnonzero(numbers)[0])  # the size of a list; its count and its links follow
    numbers[first + 2] = 1_000_000
    numbers.tofile(damage)
    with pytest.raises(StoreDamagedError, match=r"link_lists\.bin does not fit"):
        open_index(index)


def test_a_layout_that_is_not_known_is_a_warning_and_left_to_chroma(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    header = segment(index) / "header.bin"
    header.write_bytes(struct.pack("<i", 2) + header.read_bytes()[4:])
    (segment(index) / "length.bin").write_bytes(b"of another kind")
    check_segments(index, whole=True)
    assert "has layout 2, which is not known here, so it is not checked" in caplog.text
    with pytest.raises(StoreDamagedError, match="Error loading hnsw index"):  # said by Chroma 1.5.9
        search(open_index(index))


def test_a_vector_index_that_is_gone_is_named(index: Path) -> None:
    shutil.rmtree(segment(index))
    with pytest.raises(StoreDamagedError, match="it is damaged"):
        search(open_index(index))


@pytest.mark.parametrize("harm", [halve, scramble, Path.unlink], ids=["halved", "scrambled", "missing"])
def test_the_lexical_cache_is_built_again_whatever_is_wrong_with_it(index: Path, harm: Callable[[Path], None]) -> None:
    expected = open_index(index).search_lexical("mill 5", k=5)
    for name in sorted(path.name for path in (index / "cache/documents/lexical").glob("[!.]*")):
        path = index / "cache/documents/lexical" / name
        if path.exists():  # the cache was built again since, under other names
            harm(path)
            assert open_index(index).search_lexical("mill 5", k=5) == expected, name


@pytest.mark.parametrize("harm", [halve, scramble, Path.unlink], ids=["halved", "scrambled", "missing"])
def test_sentence_vectors_are_made_again_when_their_file_is_damaged(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    passages = entry("a.txt", TEXTS["a.txt"]).passages
    vectors = [np.eye(1, 384, dtype=np.float32)] * len(passages)
    cache = SentenceVectors(tmp_path / "sentences.sqlite", read=lambda missing: vectors[: len(missing)])
    cache.put(passages, vectors)
    harm(tmp_path / "sentences.sqlite")
    assert len(cache(passages)) == len(passages)


def test_a_full_disk_is_named_and_nothing_is_lost_when_there_is_room_again(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.decode().strip()}")
    try:
        small = open_index(tmp_path / "index")
        with writing(small) as writer:
            writer.put([entry("a.txt", "the mill\n")])
        room = os.statvfs(tmp_path)
        (tmp_path / "filler").write_bytes(bytes(room.f_bavail * room.f_frsize - 200_000))
        with pytest.raises(StoreError, match="the disk is full"), writing(small) as writer:
            writer.put([entry("a.txt", TEXTS["a.txt"])])
        assert open_index(tmp_path / "index").document("a.txt").text == "the mill\n"
        (tmp_path / "filler").unlink()
        again = open_index(tmp_path / "index")
        with writing(again) as writer:
            writer.put([entry("a.txt", TEXTS["a.txt"])])
        assert again.document("a.txt").text == TEXTS["a.txt"]
        assert again.passage_count == 1_100
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


@pytest.fixture
def ingested(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for name in ("mill", "farm"):
        (tmp_path / f"docs/{name}.txt").write_text(f"The {name} was built in 1750 by Ada Quill.", encoding="utf-8")
    with open_bot(tmp_path) as bot:
        bot.ingest(tmp_path / "docs")
    return tmp_path


def open_bot(home: Path, *, repair: bool = False, fill: bool = False) -> Chatbot:
    chroma, seeds = str(home / "index"), home / "docs"
    return Chatbot.open(model="extractive", chroma=chroma, home=home, seeds=seeds, fill=fill, repair=repair)


@pytest.mark.parametrize("harm", [halve, scramble], ids=["halved", "scrambled"])
def test_a_rebuild_recovers_from_a_damaged_database_and_keeps_what_is_left_of_it(
    ingested: Path, harm: Callable[[Path], None]
) -> None:
    harm(ingested / "index/chroma.sqlite3")
    with pytest.raises(StoreDamagedError, match="qa ingest --rebuild PATH"), open_bot(ingested) as bot:
        bot.ask("Who built the mill?")
    with open_bot(ingested, repair=True) as bot:
        report = bot.ingest(ingested / "docs", rebuild=True)
        assert (report.added, report.set_aside) == (("farm.txt", "mill.txt"), str(ingested / "index.damaged-1"))
        assert bot.checkup().is_good
        assert "Ada Quill" in bot.ask("Who built the mill?").text


def test_an_index_that_lost_its_database_is_not_filled_from_the_seeds_unasked(ingested: Path) -> None:
    (ingested / "index/chroma.sqlite3").unlink()
    with pytest.raises(StoreDamagedError, match="has lost its documents"):
        open_bot(ingested, fill=True)
    with open_bot(ingested, repair=True) as bot:
        assert bot.ingest(ingested / "docs", rebuild=True).added == ("farm.txt", "mill.txt")


def test_a_checkup_names_what_is_damaged_left_over_and_stale(ingested: Path) -> None:
    with open_bot(ingested) as bot:
        assert bot.checkup().findings == ()
        (ingested / "docs/new.txt").write_text("New.", encoding="utf-8")
        (ingested / "docs/farm.txt").write_text("Changed.", encoding="utf-8")
        (ingested / "docs/mill.txt").unlink()
        index = bot.library.index
        passages = index._passage_collection()
        assert passages is not None
        (record,) = index.records(["mill.txt"]).values()
        vectors = index.vectors(record.passage_ids)
        passages.update(ids=record.passage_ids, documents=["Somebody else's words."], embeddings=vectors)
        stray = entry("stray.txt", "Stray.\n").passages[0]
        passages.add(ids=[stray.id], embeddings=np.ones((1, 384), dtype=np.float32), documents=["Stray."])
        incomplete, orphans, *stale = bot.checkup().findings
    assert "'mill.txt' is incomplete" in incomplete
    assert "1 passages belong to no document, as 'stray.txt@" in orphans
    assert [line.split(". Run")[0] for line in stale] == [
        "new.txt is new",
        "farm.txt has changed since it was ingested",
        "mill.txt is gone",
    ]
    command = [sys.executable, "-m", "qa", "status", "--check", "--chroma", str(ingested / "index")]
    done = subprocess.run(command, cwd=ingested, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "mill.txt is gone" in done.stdout
