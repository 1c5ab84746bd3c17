"""A model in a file: opened, asked, stopped, cut, shared and ended, with a real one of 135 million parameters."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from langchain_core.messages import AIMessageChunk

from local_model import FILE, model_file
from qa.app import Hosting, serve
from qa.app.choices import Answerers
from qa.chatbot import Chatbot
from qa.errors import ModelError, SettingsError
from qa.models import local
from qa.models.chat import chat_model
from qa.models.listening import guarded
from qa.models.local import LocalServer, checked_file, local_server, public_name
from qa.types import Answer

WINDOW = 2_000
STOPPED_S = 45  # 3 s where nothing else runs; reading all of LONG takes 40 s there, and minutes on a busy machine
LONG = "word " * 7_500


@pytest.fixture(scope="module")
def file() -> Path:
    return model_file()


@pytest.fixture(scope="module")
def server(file: Path) -> LocalServer:
    """The one that the chat models of these tests share."""
    return local_server(f"local:{file}", context_tokens=12_000)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder = tmp_path_factory.mktemp("library")
    with Chatbot.open(chroma=str(folder / "index"), home=folder, model="extractive") as bot:
        yield bot


def model_of(file: Path, *, max_tokens: int = 60) -> Any:
    model: Any = chat_model(f"local:{file}", base_url=None, timeout_s=60)
    model.extra_body["max_tokens"] = max_tokens
    return model


def asked(server: LocalServer, path: str, key: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    response = connection.getresponse()
    return response.status, json.load(response)


def becomes_idle(server: LocalServer) -> bool:
    end = time.monotonic() + STOPPED_S
    while time.monotonic() < end:
        if not any(slot["is_processing"] for slot in asked(server, "/slots", server.key)[1]):
            return True
        time.sleep(0.1)
    return False


# -- files that are none ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", None, "names no file"),
        ("no.gguf", None, r"no\.gguf' names no file\. Check QA_MODEL"),
        (".", None, "names a folder"),
        ("empty.gguf", b"", r"is no GGUF file: it begins with b'', not with b'GGUF'"),
        ("page.gguf", b"<html>Not found</html>", r"is no GGUF file: it begins with b'<htm'"),
        ("nul\0.gguf", None, "names no file|cannot be read"),
    ],
)
def test_what_is_no_model_is_named_before_anything_is_started(
    name: str, content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        local_server(f"local:{name}", context_tokens=WINDOW)


def test_without_the_library_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(local, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"needs llama\.cpp.* Run: pip install 'qa\[local\]'$"):
        local_server(f"local:{tmp_path / 'a.gguf'}", context_tokens=WINDOW)


def test_a_file_that_an_env_file_names_is_not_opened(
    tmp_path: Path, library: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "came-with-the-documents.gguf").write_bytes(b"GGUF")
    (tmp_path / ".env").write_text("QA_MODEL=local:came-with-the-documents.gguf\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QA_MODEL", raising=False)
    with (
        Chatbot.open(chroma=library.settings.chroma, home=tmp_path / "home") as bot,
        pytest.raises(SettingsError, match=r"stands in \.env, not in your shell\. If you mean it, export it"),
    ):
        bot.ask("Who did General Naravane meet in Rome?")


def test_a_file_is_known_to_readers_by_its_name_alone(library: Chatbot) -> None:
    assert public_name("local:/home/somebody/secret/model.gguf") == "local:model.gguf"
    assert public_name("openai:org/model") == "openai:org/model"
    assert library.adjusted(model="local:~/secret/model.gguf").status().model == "local:model.gguf"


def test_the_page_says_that_it_runs_here_and_does_not_open_without_its_file(library: Chatbot) -> None:
    bot = library.adjusted(model="local:/no/such/model.gguf", base_url="http://embeddings.example/v1")
    assert Answerers(bot).described("local:model.gguf") == ("model.gguf", "on this machine")
    with pytest.raises(SettingsError, match="names no file"):
        serve(bot, Hosting(port=0))


@pytest.mark.parametrize("kept", [4, 24, 1_000, 1_000_000, 60_000_000])
def test_a_file_that_was_cut_short_is_an_error_with_its_reason(kept: int, file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    with file.open("rb") as whole:
        cut.write_bytes(whole.read(kept))
    with pytest.raises(ModelError, match=r"cut\.gguf' cannot be opened: .+\. Fetch the file again") as error:
        local_server(f"local:{cut}", context_tokens=WINDOW)
    assert str(tmp_path) not in str(error.value).split("cannot be opened")[1]


# -- a model that answers --------------------------------------------------------------------


def test_a_question_is_answered_or_refused_under_the_files_name_and_every_quote_is_exact(
    file: Path, library: Chatbot
) -> None:
    bot = library.adjusted(model=f"local:{file}")
    *_, answer = bot.stream("Who did General Naravane meet in Rome?")
    assert isinstance(answer, Answer)
    assert answer.model == f"local:{FILE}"
    assert str(file.parent) not in json.dumps(answer.to_dict())
    assert answer.usage.input_tokens > 500
    assert answer.usage.output_tokens > 0
    for cited in (*answer.citations, *answer.nearest):
        assert library.document(cited.document).text[cited.start : cited.end] == cited.quote


def test_a_reply_comes_piece_by_piece_and_is_the_same_every_time(file: Path) -> None:
    chat = guarded(model_of(file), name="local:it", timeout_s=60)
    replies = [[chunk.text for chunk in chat.stream("Why is the sky blue?") if chunk.text] for _ in range(2)]
    assert len(replies[0]) > 20
    assert replies[0] == replies[1]


def test_of_a_reply_that_reaches_its_limit_in_its_first_words_quotes_take_the_place(
    file: Path, library: Chatbot
) -> None:
    bot = Chatbot(library.settings, library=library.library, chat_model=model_of(file, max_tokens=3))
    answer = bot.ask("Who did General Naravane meet in Rome?")
    assert all(each.support == "supported" for each in answer.sentences)
    assert any("not shown" in note for note in answer.notes), answer.notes
    assert answer.usage.output_tokens == 3


@pytest.mark.parametrize(("question", "pieces"), [("Write a long story about a king.", 5), (LONG, 1)])
def test_what_is_stopped_while_it_writes_or_still_reads_leaves_nothing_running(
    question: str, pieces: int, file: Path, server: LocalServer
) -> None:
    chat = guarded(chat_model(f"local:{file}", base_url=None, timeout_s=60), name="local:it", timeout_s=60)
    with closing(cast("Generator[AIMessageChunk]", chat.stream(question))) as chunks:
        came = [next(chunks).text for _ in range(pieces)]
    assert any(came) == (question != LONG)  # of a long question it has only said how far it has read
    assert becomes_idle(server)


def test_a_question_longer_than_the_model_reads_is_an_error_that_says_what_to_set(file: Path) -> None:
    with pytest.raises(ModelError, match="Set a lower QA_CONTEXT_TOKENS"):
        guarded(model_of(file), name="local:it", timeout_s=60).invoke("word " * 9_000)


# -- its server ------------------------------------------------------------------------------


def test_all_chatbots_of_a_process_share_one_server(file: Path, server: LocalServer, library: Chatbot) -> None:
    for _ in range(2):
        assert library.adjusted(model=f"local:{file}").chain
    again = local_server(f"local:{os.path.relpath(file)}", context_tokens=12_000)
    assert again is server


def test_a_model_is_opened_under_the_name_it_is_given_though_that_be_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "model-00001-of-00001.gguf"
    link.symlink_to(file)
    assert checked_file(f"local:{link}") == link


def test_the_server_answers_nobody_without_its_key(server: LocalServer) -> None:
    for path in ("/v1/models", "/props", "/slots"):
        assert asked(server, path, "another")[0] == 401
    assert urlsplit(server.url).hostname == "127.0.0.1"


def test_the_models_own_limit_counts_when_less_is_asked_of_it(server: LocalServer, file: Path) -> None:
    assert server.window == 8_192
    assert chat_model(f"local:{file}", base_url=None, timeout_s=60).profile == {
        "max_input_tokens": 8_192 - 2_048 + 4_000
    }


def test_no_proxy_is_asked_for_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert guarded(model_of(file, max_tokens=2), name="local:it", timeout_s=60).invoke("Hello").text


def test_a_server_that_has_ended_is_started_anew(file: Path) -> None:
    first = local_server(f"local:{file}", context_tokens=WINDOW)
    first.end()
    second = local_server(f"local:{file}", context_tokens=WINDOW)
    assert second is not first
    assert asked(second, "/health", "")[0] == 200
    second.end()


def test_a_server_that_has_ended_under_a_question_is_an_error_that_says_so(file: Path) -> None:
    model = chat_model(f"local:{file}", base_url=None, timeout_s=60, context_tokens=WINDOW)
    local_server(f"local:{file}", context_tokens=WINDOW + 6_000).end()
    with pytest.raises(ModelError, match=r"^local:it has ended, perhaps for want of memory\. Start qa again"):
        guarded(model, name="local:it", timeout_s=60).invoke("Hello")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("end", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_server_ends_with_the_process_that_started_it(end: str, file: Path) -> None:
    code = (
        "import os, signal, sys; from qa.models.local import local_server;"
        f"print(local_server('local:' + sys.argv[1], context_tokens={WINDOW}).process.pid, flush=True); {end}"
    )
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    pid, end_by = int(done.stdout), time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < end_by:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_ctrl_c_stops_who_asks_and_not_the_model(file: Path) -> None:
    server = local_server(f"local:{file}", context_tokens=WINDOW)
    server.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert asked(server, "/health", "")[0] == 200
    server.end()
