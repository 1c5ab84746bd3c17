"""Where Chroma runs: a real server on loopback behind a real proxy, this process's memory, and what can go wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import chromadb
import pytest

from chroma_server import AUTHORITY, ChromaServer, Proxy, free_port, silent_server
from make_index import connect_to, lease
from qa import Chatbot
from qa.errors import SettingsError, StoreBusyError, StoreError
from qa.index import deadlines, locks
from qa.index.locks import Lease

TEXT = "The old mill in Arden burned down in 1891.\n"
QUESTION = "When did the old mill in Arden burn down?"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "mill.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "documents"


@pytest.fixture
def proxy(chroma_server: ChromaServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("QA_CHROMA_TOKEN", "correct horse")
    with Proxy(chroma_server.url) as running:
        yield running


@pytest.fixture
def quick_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "LEASE_S", 1.0)
    monkeypatch.setattr(locks, "RENEW_S", 0.2)


def open_bot(chroma: str, documents: Path, *, collection: str) -> Chatbot:
    home = documents.parent / "home"
    return Chatbot.open(model="extractive", chroma=chroma, collection=collection, home=home, seeds=documents)


def test_a_server_that_does_not_run_is_named_with_what_to_do() -> None:
    with pytest.raises(StoreError, match=r"index http://127.*: the connection failed.*refused.*Is the server running"):
        connect_to(f"http://127.0.0.1:{free_port()}")


def test_a_server_that_never_answers_is_named_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "OPENING_S", 1.0)
    with silent_server() as url:
        began = time.monotonic()
        with pytest.raises(
            StoreError, match=rf"index {url}: the server took the question and did not answer within 1 s"
        ):
            connect_to(url)
        assert time.monotonic() - began < 5


def test_chroma_cloud_that_never_answers_is_named_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMA_API_KEY", "key-1234")
    monkeypatch.setattr(deadlines, "OPENING_S", 1.0)
    with silent_server() as url:
        port = int(url.rpartition(":")[2])
        here = partial(chromadb.CloudClient, cloud_host="127.0.0.1", cloud_port=port, enable_ssl=False)
        monkeypatch.setattr(chromadb, "CloudClient", here)
        with pytest.raises(StoreError, match=r"index cloud://acme/papers: .* did not answer within 1 s"):
            connect_to("cloud://acme/papers")


def test_a_server_that_falls_silent_is_waited_for_longer_and_then_named(
    proxy: Proxy, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "ANSWER_S", 3.0)
    with open_bot(proxy.url, documents, collection="silent") as bot:
        proxy.silent = True
        with pytest.raises(StoreError, match=r"did not answer within 3 s\. .*See its log and QA_CHROMA, then run"):
            bot.ask(QUESTION)
        proxy.silent = False
        assert "1891" in bot.ask(QUESTION).text


@pytest.mark.parametrize("token", ["", "wrong horse"])
def test_a_wrong_token_is_refused_and_never_shown(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("QA_CHROMA_TOKEN", token)
    with pytest.raises(StoreError, match=r"does not let us in \(status 401\)\. Set QA_CHROMA_TOKEN") as caught:
        connect_to(proxy.url)
    assert "horse" not in str(caught.value)


@pytest.mark.parametrize("token", ["two\nlines", "café"])
def test_a_token_that_no_header_can_carry_is_refused_and_never_shown(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("QA_CHROMA_TOKEN", token)
    with pytest.raises(SettingsError, match="cannot be sent in a header") as caught:
        connect_to(proxy.url)
    assert token not in str(caught.value)


def test_a_password_in_the_address_is_refused_and_never_shown() -> None:
    with pytest.raises(SettingsError, match="Set QA_CHROMA_TOKEN instead") as caught:
        connect_to("http://me:hunter2@127.0.0.1")
    assert "hunter2" not in str(caught.value)


def test_a_server_over_tls_is_trusted_by_its_authority_alone(
    chroma_server: ChromaServer, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CHROMA_TOKEN", "correct horse")
    with Proxy(chroma_server.url, tls=True) as proxy:
        with pytest.raises(StoreError, match=r"certificate is not trusted \(.*SSL_CERT_FILE"):
            connect_to(proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
        with open_bot(proxy.url, documents, collection="over-tls") as bot:
            assert "1891" in bot.ask(QUESTION).text
    with pytest.raises(StoreError, match="does not speak TLS as we do"):
        connect_to(chroma_server.url.replace("http://", "https://"))


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_fails_says_so_and_works_when_it_is_back(proxy: Proxy, documents: Path, status: int) -> None:
    with open_bot(proxy.url, documents, collection=f"failing-{status}") as bot:
        proxy.failing = status
        with pytest.raises(StoreError, match=rf"the server failed \(status {status}: the upstream is away\)"):
            bot.ask(QUESTION)
        with pytest.raises(StoreError, match=f"status {status}"):
            connect_to(proxy.url)
        proxy.failing = None
        assert "1891" in bot.ask(QUESTION).text


def test_what_is_not_chroma_is_not_taken_for_it(proxy: Proxy) -> None:
    with pytest.raises(StoreError, match=r"the server refused \(status 404.*Is QA_CHROMA right"):
        connect_to(f"{proxy.url}/somewhere")
    with pytest.raises(SettingsError, match=r"chroma = 'ftp://x' is no folder, :memory:, http"):
        connect_to("ftp://x")


def test_a_server_may_stop_and_start_in_mid_session(tmp_path: Path, documents: Path) -> None:
    with (
        ChromaServer(tmp_path / "chroma") as server,
        open_bot(server.url, documents, collection="documents") as bot,
    ):
        assert "1891" in bot.ask(QUESTION).text
        server.stop()
        with pytest.raises(StoreError, match="the connection failed"):
            bot.ask(QUESTION)
        server.start()
        assert "1891" in bot.ask(QUESTION).text
        (documents / "mill.txt").write_text(TEXT.replace("1891", "1902"), encoding="utf-8")
        bot.ingest(documents)
        assert "1902" in bot.ask(QUESTION).text


def test_two_indexes_in_memory_are_two_and_leave_nothing_behind(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    other = documents.with_name("other")
    other.mkdir()
    (other / "ferry.txt").write_text("The ferry leaves at nine.\n", encoding="utf-8")
    with (
        open_bot(":memory:", documents, collection="documents") as one,
        open_bot(":memory:", other, collection="documents") as two,
    ):
        assert [record.id for bot in (one, two) for record in bot.documents()] == ["mill.txt", "ferry.txt"]
        assert one.ask("When does the ferry leave?").abstained
        assert not two.ask("When does the ferry leave?").abstained
    with open_bot(":memory:", documents, collection="documents") as three:
        assert [record.id for record in three.documents()] == ["mill.txt"]
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "home").exists()


# -- Chroma Cloud, up to the network ---------------------------------------------------------------


def test_chroma_cloud_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMA_API_KEY", raising=False)
    with pytest.raises(SettingsError, match=r"'cloud://acme/papers' needs a key\. Set CHROMA_API_KEY"):
        connect_to("cloud://acme/papers")


def test_chroma_cloud_is_used_within_its_limits(
    chroma_server: ChromaServer, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own client, with the key in its own header, against a Chroma server that has its tenant and its quota."""
    monkeypatch.setenv("CHROMA_API_KEY", "key-1234")
    admin = chromadb.AdminClient(connect_to(chroma_server.url).get_settings())
    admin.create_tenant("acme")
    admin.create_database("papers", tenant="acme")
    for number in range(400):
        (documents / f"{number}.txt").write_text(f"House {number} stands in street {number}.\n", encoding="utf-8")
    identity = {"user_id": "me", "tenant": "acme", "databases": ["papers"]}
    cloud = Proxy(chroma_server.url, header="x-chroma-token", secret="key-1234", records=300, identity=identity)
    with cloud as proxy:
        here = partial(chromadb.CloudClient, cloud_host="127.0.0.1", cloud_port=proxy.port, enable_ssl=False)
        monkeypatch.setattr(chromadb, "CloudClient", here)
        with open_bot("cloud://acme/papers", documents, collection="documents") as bot:
            assert len(bot.documents()) == 401
            assert "1891" in bot.ask(QUESTION).text
            (documents / "0.txt").unlink()
            assert bot.ingest(documents).removed == ("0.txt",)
        assert proxy.refused == []
        monkeypatch.setenv("CHROMA_API_KEY", "another")
        with pytest.raises(StoreError, match=r"status 401\)\. Set CHROMA_API_KEY"):
            connect_to("cloud://acme/papers")
    with pytest.raises(StoreError, match="index cloud://acme/papers: the connection failed"):
        connect_to("cloud://acme/papers")


# -- several writers and readers of one server -----------------------------------------------------


def test_of_two_ingesters_on_two_machines_one_is_told_and_readers_see_both_in_the_end(
    chroma_server: ChromaServer, documents: Path, tmp_path: Path
) -> None:
    mine = documents.with_name("mine")
    mine.mkdir()
    (mine / "ferry.txt").write_text("The ferry leaves at nine.\n", encoding="utf-8")

    def ingest(folder: Path, machine: str) -> subprocess.CompletedProcess[str]:
        home = {"QA_HOME": str(tmp_path / machine), "QA_CHROMA": chroma_server.url, "QA_COLLECTION": "two-machines"}
        command = [sys.executable, "-m", "qa", "ingest", str(folder)]
        return subprocess.run(command, env={**os.environ, **home}, capture_output=True, text=True, check=False)

    with open_bot(chroma_server.url, documents, collection="two-machines") as reader:
        held = lease(chroma_server.url, "two-machines")
        held.acquire()
        told = ingest(mine, "second")
        held.release()
        assert (told.returncode, told.stderr.count("\n")) == (1, 1)
        assert f"another process ({os.uname().nodename}, process {os.getpid()}) is writing to it" in told.stderr
        assert reader.ask("When does the ferry leave?").abstained
        assert ingest(mine, "second").returncode == 0
        assert "nine" in reader.ask("When does the ferry leave?").text
        assert [record.id for record in reader.documents()] == ["ferry.txt", "mill.txt"]


@pytest.mark.usefixtures("quick_lease")
def test_a_lease_is_renewed_for_as_long_as_it_is_held(chroma_server: ChromaServer) -> None:
    held = lease(chroma_server.url, "renewed")
    held.acquire()
    time.sleep(1.5)
    held.check()
    with pytest.raises(StoreBusyError, match="another process"):
        lease(chroma_server.url, "renewed").acquire()
    held.release()
    assert not [each.name for each in connect_to(chroma_server.url).list_collections() if "renewed" in each.name]


@pytest.mark.usefixtures("quick_lease")
def test_the_lease_of_a_killed_writer_runs_out_and_one_of_many_takes_it(chroma_server: ChromaServer) -> None:
    script = (
        "import sys, os, signal; from qa.index import locks; from make_index import lease\n"
        "locks.LEASE_S = 1.5; lease(sys.argv[1], 'killed').acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script, chroma_server.url], env=environment, check=False)
    leases = [lease(chroma_server.url, "killed") for _ in range(6)]
    with pytest.raises(StoreBusyError, match=r"if it was killed, in [01] s"):
        leases[0].acquire()
    time.sleep(1.6)
    won: list[Lease] = []
    told: list[str] = []
    together = threading.Barrier(len(leases))

    def contend(contender: Lease) -> None:
        together.wait()
        try:
            contender.acquire()
        except StoreBusyError as error:
            told.append(str(error))
        else:
            won.append(contender)

    threads = [threading.Thread(target=contend, args=(each,)) for each in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(told)) == (1, 5)
    won[0].release()


@pytest.mark.usefixtures("quick_lease")
def test_a_writer_whose_server_fell_silent_waits_for_it_once(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "ANSWER_S", 2.0)
    held = lease(proxy.url, "silent-lease")
    held.acquire()
    proxy.silent = True
    time.sleep(1.3)
    began = time.monotonic()
    held.release()
    assert time.monotonic() - began < 3
    proxy.silent = False
    after = lease(proxy.url, "silent-lease")
    after.acquire()
    after.release()


@pytest.mark.usefixtures("quick_lease")
def test_a_writer_that_lost_its_lease_stops(proxy: Proxy) -> None:
    held = lease(proxy.url, "lost")
    held.acquire()
    held.check()
    proxy.failing = 503
    time.sleep(1.3)
    with pytest.raises(StoreError, match="the right to write was lost"):
        held.check()
    proxy.failing = None
    held.release()
