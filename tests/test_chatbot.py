"""The whole, from Python: real files, real Chroma, the real embedder, no language model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chroma_server import Store
from qa import Answer, Chatbot, Citation, Message
from qa.errors import DocumentError, QuestionError, SettingsError, StoreBusyError, StoreError, StoreMissingError
from qa.settings.resources import resource

MILL = "The old mill in Arden burned down in 1891. It was rebuilt two years later by Ada Quill.\n"
FERRY = "# Ferry\n\nThe ferry to Skerry Island leaves at nine. A ticket costs four crowns.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    (documents / "notes").mkdir(parents=True)
    (documents / "mill.txt").write_text(MILL, encoding="utf-8")
    (documents / "notes" / "ferry.md").write_text(FERRY, encoding="utf-8")
    return documents


@pytest.fixture
def bot(folder: Path, store: Store) -> Iterator[Chatbot]:
    with Chatbot.open(model="extractive", seeds=folder, **store.settings(folder.parent)) as opened:
        yield opened


@pytest.fixture(scope="module")
def seeded(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    with Chatbot.open(model="extractive", **store.settings(tmp_path_factory.mktemp("seeded"))) as opened:
        yield opened


def ids(bot: Chatbot) -> list[str]:
    return [record.id for record in bot.documents()]


def test_the_first_question_fills_the_index_from_the_seeds(seeded: Chatbot) -> None:
    answer = seeded.ask("Who did General Naravane meet in Rome?")
    assert not answer.abstained
    assert "Lt Gen Pietro Serino" in answer.text
    assert "Lorenzo Guerini" in answer.text
    assert answer.text.endswith("[2]") or answer.text.endswith("[1]")
    assert (answer.model, answer.embeddings, answer.prompt) == ("extractive", "minilm-l6-v2", None)


def test_every_citation_is_cut_from_the_document_and_from_the_file(seeded: Chatbot) -> None:
    (seed,) = resource("seeds").glob("*.txt")
    for question in ("Why was the memorial built?", "What did the exercise cover?", "Who tweeted?"):
        for citation in seeded.ask(question).citations:
            document = seeded.document(citation.document)
            assert document.text == seed.read_text(encoding="utf-8")
            assert document.text[citation.start : citation.end] == citation.quote
            assert citation.version == document.version


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(min_size=1, max_size=200).filter(str.strip))
def test_any_question_gets_exact_citations_or_the_nearest_passages(seeded: Chatbot, question: str) -> None:
    answer = seeded.ask(question)
    sources = answer.nearest if answer.abstained else answer.citations
    for source in sources:
        assert seeded.document(source.document).text[source.start : source.end] == source.quote
    assert [each.number for each in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert answer.kind in ("answer", "refusal", "talk")
    assert all(sentence.citations for sentence in answer.sentences)
    assert Answer.from_dict(answer.to_dict()) == answer


ASKED = st.builds(
    "{} {}?".format,
    st.sampled_from(["When", "Who", "Where", "How many", "What"]),
    st.lists(
        st.sampled_from((resource("seeds") / "000_de3963733ae000a1.txt").read_text("utf-8").split()),
        min_size=1,
        max_size=6,
    ).map(" ".join),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=ASKED)
def test_whatever_is_asked_the_short_answer_is_inside_its_quote_and_in_the_text(seeded: Chatbot, question: str) -> None:
    answer = seeded.adjusted(strictness=0.0).ask(question)
    if answer.short is not None:
        (quote,) = (each.quote for each in answer.citations if each.number == answer.short.citation)
        assert quote[answer.short.start : answer.short.end] == answer.short.text != ""
        assert answer.short.words in answer.text


def test_an_answer_that_was_kept_before_there_were_short_answers_is_still_read(seeded: Chatbot) -> None:
    answer = seeded.ask("When did the Chief of Army Staff arrive in Rome?")
    before = {name: value for name, value in answer.to_dict().items() if name != "short"}
    assert answer.short is not None
    assert Answer.from_dict(before) == replace(answer, short=None)


def test_the_same_question_gives_the_same_bytes_in_two_processes(seeded: Chatbot, store: Store, tmp_path: Path) -> None:
    store.between_processes()
    questions = ["When did the Chief of Army Staff arrive in Rome?", "What is the capital of Australia?"]

    def said(question: str) -> str:
        return replace(seeded.ask(question), seconds={}).to_json()

    here = [said(question) for question in questions]
    assert [said(question) for question in questions] == here
    script = (
        "import sys; from dataclasses import replace; from qa import Chatbot\n"
        "bot = Chatbot.open(model='extractive', chroma=sys.argv[1], collection=sys.argv[2], home=sys.argv[3])\n"
        "for question in sys.argv[4:]: print(replace(bot.ask(question), seconds={}).to_json())"
    )
    place = [seeded.settings.chroma, seeded.settings.collection, str(tmp_path)]
    command = [sys.executable, "-c", script, *place, *questions]
    elsewhere = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert elsewhere.splitlines() == here


def test_an_abstention_shows_the_nearest_passages(seeded: Chatbot) -> None:
    answer = seeded.ask("How much did the memorial in Cassino cost?")
    assert answer.abstained
    assert answer.citations == ()
    assert answer.nearest
    assert "nearest passages" in str(answer)


def test_a_stream_ends_with_the_answer_whose_text_and_citations_came_before(seeded: Chatbot) -> None:
    *events, answer = seeded.stream("Why was the memorial built?")
    assert isinstance(answer, Answer)
    assert "".join(event for event in events if isinstance(event, str)) == answer.text
    assert tuple(event for event in events if isinstance(event, Citation)) == answer.citations


@pytest.mark.parametrize(("question", "said"), [("  \n", "empty"), ("why " * 25_000, "99,999 characters")])
def test_an_empty_or_endless_question_is_refused(seeded: Chatbot, question: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        seeded.ask(question)


def test_a_history_may_be_messages_or_mappings_and_nothing_else(seeded: Chatbot) -> None:
    question = "When did the Chief of Army Staff arrive in Rome?"
    turn = Message(role="user", content="Who met the minister?")
    mapping = {"role": "user", "content": "Who met the minister?"}
    assert seeded.ask(question, history=[turn]).text == seeded.ask(question, history=[mapping]).text
    for bad in ({"role": "system", "content": "x"}, {"content": "x"}, "x"):
        with pytest.raises(QuestionError):
            seeded.ask(question, history=[bad])


def test_ingesting_again_adds_replaces_removes_and_leaves_the_rest(bot: Chatbot, folder: Path) -> None:
    assert ids(bot) == ["mill.txt", "notes/ferry.md"]
    (folder / "mill.txt").write_text(MILL.replace("1891", "1902"), encoding="utf-8")
    (folder / "notes" / "ferry.md").unlink()
    (folder / "new.txt").write_text("The lighthouse keeper is called Brannoc.\n", encoding="utf-8")
    report = bot.ingest(folder)
    assert (report.added, report.replaced, report.removed) == (("new.txt",), ("mill.txt",), ("notes/ferry.md",))
    assert bot.ingest(folder).unchanged == ("mill.txt", "new.txt")
    assert "1902" in bot.ask("When did the old mill in Arden burn down?").text
    assert bot.ask("When does the ferry to Skerry Island leave?").abstained


def test_ingesting_without_a_path_follows_what_was_ingested_before(bot: Chatbot, folder: Path) -> None:
    lone = folder.parent / "lone.txt"
    lone.write_text("The bell weighs two tonnes.\n", encoding="utf-8")
    (folder.parent / "unrelated.txt").write_text("Not to be indexed.\n", encoding="utf-8")
    bot.ingest(lone)
    lone.write_text("The bell weighs three tonnes.\n", encoding="utf-8")
    assert bot.ingest().replaced == ("lone.txt",)
    assert ids(bot) == ["lone.txt", "mill.txt", "notes/ferry.md"]


def test_one_bad_file_is_named_and_the_good_ones_are_indexed(bot: Chatbot, folder: Path) -> None:
    (folder / "bad.txt").write_bytes(b"caf\0")
    (folder / "mill.txt").write_bytes(b"\0 broken")
    (folder / "good.txt").write_text("A good file.\n", encoding="utf-8")
    report = bot.ingest(folder)
    assert sorted(Path(path).name for path, _ in report.failed) == ["bad.txt", "mill.txt"]
    assert report.added == ("good.txt",)
    assert bot.document("mill.txt").text == MILL  # what was indexed is not lost


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_missing_or_empty_folder_changes_nothing(bot: Chatbot, folder: Path, name: str) -> None:
    (folder.parent / "empty").mkdir()
    with pytest.raises(DocumentError, match=name):
        bot.ingest(folder, folder.parent / name)
    assert ids(bot) == ["mill.txt", "notes/ferry.md"]


def test_two_folders_with_a_file_of_one_name_do_not_overwrite_each_other(bot: Chatbot, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mill.txt").write_text("Another mill.\n", encoding="utf-8")
    ((path, reason),) = bot.ingest(other).failed
    assert Path(path) == other / "mill.txt"
    assert "already indexed from" in reason
    assert bot.document("mill.txt").text == MILL


def test_an_edit_embeds_only_the_passages_it_changed(
    bot: Chatbot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paragraph = "The {} bridge was opened in the spring. Many people came to see it, and the mayor gave a speech. " * 12
    long = folder / "long.txt"
    long.write_text("\n\n".join(paragraph.format(*[f"no{n}"] * 12) for n in range(6)), encoding="utf-8")
    bot.ingest(folder)
    embedded: list[str] = []
    embed_spans = bot.library.embedder.embed_spans
    monkeypatch.setattr(
        bot.library.embedder,
        "embed_spans",
        lambda texts, spans, **_: (embedded.extend(texts), embed_spans(texts, spans))[1],
    )
    long.write_text(long.read_text(encoding="utf-8").replace("no5 ", "no7 "), encoding="utf-8")
    report = bot.ingest(folder)
    assert report.replaced == ("long.txt",)
    (record,) = (record for record in bot.documents() if record.id == "long.txt")
    assert 0 < len(embedded) == report.passages < record.passages
    assert all("no7" in text for text in embedded)


def test_a_removed_document_is_no_longer_found(bot: Chatbot) -> None:
    bot.remove("mill.txt")
    assert ids(bot) == ["notes/ferry.md"]
    assert "mill.txt" not in {hit.passage.document for hit in bot.search("the old mill in Arden")}
    with pytest.raises(StoreError, match=r"'mill\.txt' is not in the index"):
        bot.remove("mill.txt")


def test_the_status_counts_what_is_there(bot: Chatbot) -> None:
    status = bot.status()
    assert [record.id for record in status.documents] == ["mill.txt", "notes/ferry.md"]
    assert (status.passages, status.unfinished, status.model) == (2, False, "extractive")


def test_settings_come_by_name_and_are_checked(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"top_k = 0 cannot be used.*QA_TOP_K"):
        Chatbot.open(top_k=0)
    with pytest.raises(SettingsError, match="no setting 'depth'"):
        Chatbot.open(depth=3)


def test_a_reader_sees_what_another_process_ingests_without_a_restart(bot: Chatbot, store: Store, folder: Path) -> None:
    store.between_processes()
    environment = {**os.environ, "QA_COLLECTION": bot.settings.collection}

    def ingest_elsewhere(*options: str) -> None:
        command = [sys.executable, "-m", "qa", "ingest", str(folder), "--chroma", bot.settings.chroma, *options]
        subprocess.run(command, cwd=folder.parent, env=environment, check=True, capture_output=True)

    def found() -> list[str]:
        return [hit.passage.document for hit in bot.search("Who is the keeper of the lighthouse?", top_k=1)]

    assert found() != ["keeper.txt"]
    keeper = folder / "keeper.txt"
    for text in ("The lighthouse keeper is called Brannoc.", "The keeper of the lighthouse is called Corin."):
        keeper.write_text(text, encoding="utf-8")
        ingest_elsewhere()
        assert found() == ["keeper.txt"]
        assert bot.document("keeper.txt").text == text
        listed = bot.documents()
        assert "keeper.txt" in [record.id for record in listed]
        assert bot.documents() is listed, "all records are read again though nothing has changed"
    keeper.unlink()
    ingest_elsewhere("--rebuild")
    assert found() != ["keeper.txt"]
    assert "keeper.txt" not in [record.id for record in bot.documents()]


def test_asking_goes_on_while_documents_are_ingested(bot: Chatbot, folder: Path) -> None:
    stop = threading.Event()

    def ask() -> int:
        asked = 0
        while not stop.is_set():
            assert "1891" in bot.ask("When did the old mill in Arden burn down?").text
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as pool:
        askers = [pool.submit(ask) for _ in range(3)]
        try:
            for number in range(8):
                (folder / "notes" / "new.txt").write_text(f"The lighthouse has {number} lamps.\n", encoding="utf-8")
                bot.ingest(folder)
        finally:
            stop.set()
        assert min(asker.result() for asker in askers) > 0
    assert bot.document("notes/new.txt").text == "The lighthouse has 7 lamps.\n"


def test_two_chatbots_share_one_model(bot: Chatbot) -> None:
    with Chatbot.open(chroma=":memory:", fill=False) as other:
        assert other.library.embedder is bot.library.embedder
        assert other.embeddings.embed_query("mill") == bot.embeddings.embed_query("mill")


def test_langchains_chroma_finds_the_passages_of_the_current_build(bot: Chatbot) -> None:
    for rebuild in (False, True):
        bot.ingest(rebuild=rebuild)
        (found,) = bot.vectorstore.similarity_search("When did the old mill in Arden burn down?", k=1)
        assert (found.id, found.page_content) == next((hit.passage.id, hit.passage.text) for hit in bot.search("mill"))


def test_langchains_chroma_over_nothing_says_what_to_run(tmp_path: Path) -> None:
    bot = Chatbot.open(chroma=str(tmp_path / "index"), home=tmp_path, fill=False)
    with bot, pytest.raises(StoreError, match="Run: qa ingest PATH"):
        _ = bot.vectorstore


@pytest.mark.parametrize("setting", ["chroma", "collection", "embeddings", "home", "seeds"])
def test_what_a_library_was_opened_with_is_not_adjusted(bot: Chatbot, setting: str) -> None:
    with pytest.raises(SettingsError, match=f"{setting} belongs to the library"):
        bot.adjusted(**{setting: getattr(bot.settings, setting)})


def test_a_chatbot_that_was_closed_says_so(folder: Path, tmp_path: Path) -> None:
    with Chatbot.open(model="extractive", seeds=folder, chroma=str(tmp_path / "index"), home=tmp_path) as closed:
        pass
    for use in (lambda: closed.ask("When did the mill burn down?"), lambda: closed.ingest(folder), closed.documents):
        with pytest.raises(StoreError, match=r"was closed\. Open it again"):
            use()


def test_questions_are_answered_from_one_state_while_another_process_changes_the_document(
    folder: Path, tmp_path: Path
) -> None:
    place = {"chroma": str(tmp_path / "index"), "home": str(tmp_path / "home")}
    rewriting = (
        "import sys, time; from pathlib import Path; from qa import Chatbot\n"
        "file, end = Path(sys.argv[1], 'mill.txt'), time.monotonic() + 6\n"
        "with Chatbot.open(model='extractive', chroma=sys.argv[2], home=sys.argv[3], fill=False) as bot:\n"
        "    while time.monotonic() < end:\n"
        "        file.write_text(f'The old mill in Arden burned down in {1800 + int(9 * time.time()) % 200}.\\n')\n"
        "        bot.ingest(sys.argv[1])\n"
        "        time.sleep(0.1)\n"
    )
    outcomes: list[tuple[bool, str]] = []
    with Chatbot.open(model="extractive", seeds=folder, **place) as bot:
        command = [sys.executable, "-c", rewriting, str(folder), *place.values()]
        with subprocess.Popen(command) as writer:
            while writer.poll() is None:
                try:
                    answer = bot.ask("When did the old mill in Arden burn down?")
                except StoreBusyError:  # a machine that is too slow for so many changes says so
                    continue
                outcomes.append((answer.abstained, answer.text[:36]))
    assert {*outcomes} == {(False, "The old mill in Arden burned down in")}
    assert writer.returncode == 0


def test_a_document_that_is_not_there_is_told_at_the_first_look(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Chatbot.open(model="extractive", seeds=folder, chroma=str(tmp_path / "index"), home=tmp_path) as bot:
        opened: list[str] = []
        monkeypatch.setattr("qa.index.connection.connect", lambda place, token: opened.append(place))
        with pytest.raises(StoreMissingError, match=r"'nowhere\.txt' is not in the index"):
            bot.document("nowhere.txt")
        assert opened == []
