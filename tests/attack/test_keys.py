"""A `.env` that came with somebody's documents: it gets none of the reader's keys, and chooses no server elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chroma_server import ChromaServer, Proxy
from openai_server import OpenAIServer, Step
from qa import Chatbot, Settings, cli
from qa.errors import ModelError, SettingsError, StoreError
from qa.evals.opening import describe, open_judge
from qa.models.chat import chat_model, embedding_model
from qa.models.listening import guarded

READERS, FOLDERS = "sk-readers-own-0123456789", "folders own 0123456789"
NAME = "openai:gpt-test"
QUESTION = "Who did General Naravane meet in Rome?"
REPLY = ("He met Lt Gen ", "Pietro Serino [1.1].")
ELSEWHERE = [
    "https://evil.example/v1",
    "http://127.0.0.1@evil.example/v1",
    "http://127.0.0.1:80@evil.example:90/v1",
    "http://127.0.0.1.evil.example/v1",
    "http://localhost.evil.example",
    "http://evil.example#@127.0.0.1/",
    "http://evil.example\\@127.0.0.1/",
    "http://127.0.0.1\\@evil.example/",
    "http://[::ffff:192.0.2.7]/v1",
    "http://0x7f.1/v1",
    "http://2130706433/v1",
    "http://0.0.0.0/v1",
    "http://127.0.0.1/v1?to=evil.example",
    "ftp://127.0.0.1/v1",
    "//evil.example/v1",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of documents that the reader is in, with a key in the shell and nothing else of ours."""
    for name in [each for each in os.environ if each.startswith(("QA_", "OPENAI_", "CHROMA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", READERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def say(**variables: str) -> None:
    """Write the folder's `.env`."""
    Path(".env").write_text("".join(f"{name}={value!r}\n" for name, value in variables.items()), encoding="utf-8")


def ask_model(settings: Settings) -> None:
    model = chat_model(NAME, base_url=settings.base_url, timeout_s=5, key=settings.model_key(NAME))
    guarded(model, name=NAME, timeout_s=5).invoke("Hello")


def qa(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "qa", *arguments], capture_output=True, text=True, check=False)


class Thief(ThreadingHTTPServer):
    """Notes whatever it is sent, be it as a proxy, a collector of traces or a store."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                heard.append(self.rfile.readline().decode(errors="replace"))
                self.close_connection = True

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def thief() -> Iterator[Thief]:
    with Thief() as thief:
        yield thief
        thief.shutdown()


# -- the whole command -----------------------------------------------------------------------------


def test_a_hostile_env_file_gets_no_key_and_sets_no_proxy_tracing_certificate_or_store(
    server: OpenAIServer, thief: Thief
) -> None:
    server.steps = [Step(pieces=REPLY)]
    there = f"http://127.0.0.1:{thief.server_port}"
    tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": there, "LANGSMITH_API_KEY": "lsv2_x"}
    old_tracing = {"LANGCHAIN_TRACING_V2": "true", "LANGCHAIN_ENDPOINT": there, "LANGCHAIN_API_KEY": "x"}
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_PROXY"), there)
    store = {"CHROMA_SERVER_HOST": "127.0.0.1", "CHROMA_SERVER_HTTP_PORT": str(thief.server_port)}
    classes = {"CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI", "CHROMA_OTEL_COLLECTION_ENDPOINT": there}
    say(
        QA_BASE_URL=server.url, QA_MODEL=NAME, OPENAI_BASE_URL=there, OPENAI_API_BASE=there, SSL_CERT_FILE="absent.pem",
        **tracing, **old_tracing, **proxies, **store, **classes, CHROMA_OTEL_GRANULARITY="all", PYTHONPATH="evil",
    )  # fmt: skip
    ran = qa("ask", QUESTION)
    assert (ran.returncode, ran.stderr.count("\n")) == (0, 1)
    assert ran.stderr.startswith("qa: nothing is indexed yet")
    assert ran.stdout.startswith("He met Lt Gen Pietro Serino")
    assert READERS not in str(server.headers)
    assert thief.heard == []


def test_an_honest_env_file_with_its_own_server_and_key_works_and_the_key_stays_unseen(server: OpenAIServer) -> None:
    server.steps = [Step(pieces=REPLY), Step(status=401, error=f"Incorrect API key: {FOLDERS}")]
    say(QA_BASE_URL=server.url, QA_MODEL=NAME, OPENAI_API_KEY=FOLDERS)
    ran, refused = qa("ask", QUESTION), qa("ask", QUESTION)
    assert ran.stdout.startswith("He met Lt Gen Pietro Serino")
    assert [each["authorization"] for each in server.headers] == [f"Bearer {FOLDERS}"] * 2
    assert refused.returncode == 1
    assert "refused the key" in refused.stderr
    assert "only one from .env" in refused.stderr
    assert FOLDERS not in refused.stderr


def test_the_command_line_leaves_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    say(HTTPS_PROXY="http://evil.example", QA_TOP_K="7", OPENAI_API_KEY=FOLDERS, ANTHROPIC_API_KEY="x")
    before = dict(os.environ)
    monkeypatch.setattr(sys, "argv", ["qa", "config"])
    with pytest.raises(SystemExit):
        cli.main()
    assert dict(os.environ) == before
    said = capsys.readouterr()
    assert "'HTTPS_PROXY' (.env) is no setting, and not used" in caplog.text
    assert FOLDERS not in said.out + said.err + caplog.text


# -- which key goes with which address -------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "folders_key", "readers_key", "sent"),
    [
        ("argument", "", READERS, READERS),
        ("environment", "", READERS, READERS),
        ("environment", FOLDERS, READERS, READERS),
        ("environment", FOLDERS, "", FOLDERS),
        (".env", FOLDERS, READERS, FOLDERS),
        (".env", FOLDERS, "", FOLDERS),
        (".env", "", READERS, "no-key"),
        (".env", "${OPENAI_API_KEY}", READERS, "${OPENAI_API_KEY}"),
    ],
)
def test_an_address_from_the_env_file_gets_a_key_only_from_there(
    server: OpenAIServer, address: str, folders_key: str, readers_key: str, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", readers_key)
    said = {"QA_BASE_URL": server.url} if address == ".env" else {}
    say(**said, OPENAI_API_KEY=folders_key)
    if address == "environment":
        monkeypatch.setenv("QA_BASE_URL", server.url)
    settings = Settings(base_url=server.url) if address == "argument" else Settings()
    assert settings.origin("base_url") == address
    ask_model(settings)
    ask_model(settings.changed(top_k=3))
    embedding_model(NAME, base_url=settings.base_url, timeout_s=5, key=settings.model_key(NAME)).embed_query("Hello")
    assert [each["authorization"] for each in server.headers] == [f"Bearer {sent}"] * 3


def test_a_provider_without_an_address_is_given_the_folders_key_when_the_reader_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say(OPENAI_API_KEY=FOLDERS, MISTRAL_API_KEY="m", ANTHROPIC_API_KEY="a")
    assert Settings().model_key("openai:gpt-5-mini") == ""
    monkeypatch.delenv("OPENAI_API_KEY")
    keys = [Settings().model_key(name) for name in ("openai:gpt-5-mini", "mistralai:small", "anthropic:any", "xai:any")]
    assert keys == [FOLDERS, "m", "a", ""]
    model = chat_model("openai:gpt-5-mini", base_url=None, timeout_s=5, key=keys[0])
    assert model.openai_api_key.get_secret_value() == FOLDERS


def test_embedding_and_judging_keep_the_readers_key_too(server: OpenAIServer, folder: Path) -> None:
    server.steps = [Step(), Step(pieces=("{}",))]
    say(QA_BASE_URL=server.url, QA_EMBEDDINGS=NAME, QA_MODEL=NAME)
    with Chatbot.open(chroma=":memory:", fill=False) as bot:
        adjusted = bot.adjusted(top_k=3)
    assert (adjusted.settings.top_k, adjusted.settings.model_key(NAME)) == (3, "")
    open_judge(NAME, folder=folder)._complete([])  # type: ignore[attr-defined]
    assert len(server.headers) == 2
    assert READERS not in str(server.headers)


def test_a_token_goes_to_the_store_of_the_env_file_only_when_it_stands_there(
    chroma_server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(chroma_server.url) as proxy:
        token = proxy.secret.removeprefix("Bearer ")
        monkeypatch.setenv("QA_CHROMA_TOKEN", token)
        say(QA_CHROMA=proxy.url)
        with pytest.raises(StoreError, match=r"only a token from \.env"):
            Chatbot.open(fill=False)
        say(QA_CHROMA=proxy.url, QA_CHROMA_TOKEN=token)
        monkeypatch.setenv("QA_CHROMA_TOKEN", "another")
        Chatbot.open(fill=False, collection="keys").close()
        monkeypatch.setenv("QA_CHROMA_TOKEN", token)
        Chatbot.open(fill=False, chroma=proxy.url).close()


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nothing_is_sent_to_another_machine_that_the_env_file_names(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(QA_BASE_URL=address, QA_CHROMA=address, OPENAI_API_KEY=FOLDERS, QA_CHROMA_TOKEN="t")
    with pytest.raises(SettingsError, match="another machine"):
        Settings().model_key(NAME)
    if "://" in address:  # else it is a folder
        with pytest.raises(SettingsError, match="another machine"):
            Chatbot.open(fill=False)
    monkeypatch.setenv("QA_BASE_URL", address)
    assert Settings().model_key(NAME) == READERS


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:11434/v1", "https://localhost/v1", "http://[::1]:8000", "http://127.8.8.8"]
)
def test_a_server_of_this_machine_may_be_named_there(address: str) -> None:
    say(QA_BASE_URL=address)
    assert Settings().model_key(NAME) == ""


def test_the_cloud_and_the_file_of_logins_are_not_the_folders_to_choose() -> None:
    say(QA_CHROMA="cloud://acme/papers", CHROMA_API_KEY="k", QA_AUTH_FILE="logins")
    with pytest.raises(SettingsError, match="another machine"):
        Settings().store_key()
    with pytest.raises(SettingsError, match="say --auth-file"):
        Settings().logins_file()
    assert Settings(auth_file="mine").logins_file() == Path("mine")


def test_what_clients_send_besides_the_key_stays_from_that_server_too(monkeypatch: pytest.MonkeyPatch) -> None:
    say(QA_BASE_URL="http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer mine")
    with pytest.raises(SettingsError, match="would be sent your OPENAI_CUSTOM_HEADERS"):
        Settings().model_key(NAME)


# -- what is shown, and which file is believed -----------------------------------------------------


def test_keys_are_in_nothing_that_is_shown_or_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    say(OPENAI_API_KEY=FOLDERS, QA_CHROMA_TOKEN=FOLDERS)
    monkeypatch.setenv("QA_BASE_URL", "http://me:hunter2@127.0.0.1/v1?key=hunter2")
    settings = Settings()
    assert FOLDERS not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert "hunter2" not in f"{settings.shown()} {describe({'model': NAME})}"
    with pytest.raises(SettingsError, match="needs a model") as refused:
        describe({})
    assert "hunter2" not in str(refused.value)
    assert settings.shown()["base_url"] == "http://127.0.0.1/v1"


def test_nothing_of_the_environment_is_filled_in() -> None:
    say(QA_BASE_URL="http://127.0.0.1:9/${OPENAI_API_KEY}")
    with pytest.raises(SettingsError, match=r"QA_BASE_URL in \.env holds \$\{…\}") as caught:
        Settings()
    assert READERS not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="there are no such rights elsewhere")
def test_a_file_that_others_may_have_written_is_refused() -> None:
    say(QA_TOP_K="7")
    assert Settings().top_k == 7
    Path(".env").chmod(0o666)
    with pytest.raises(SettingsError, match="chmod go-w"):
        Settings()
    Path(".env").chmod(0o644)
    if os.geteuid() == 0:
        os.chown(".env", 12345, -1)
        with pytest.raises(SettingsError, match="belongs to another user"):
            Settings()


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00=\x00", b"=\n= =\nQA_TOP_K\n'", b"QA_TOP_K=\n", b"\xef\xbb\xbfQA_COLLECTION=abc\n"]
)
def test_an_odd_file_is_no_reason_to_stop(content: bytes) -> None:
    Path(".env").write_bytes(content)
    assert Settings().top_k == 5


def test_a_model_that_refuses_no_key_is_named_with_the_reason(server: OpenAIServer) -> None:
    server.steps = [Step(status=401, error="no key")]
    say(QA_BASE_URL=server.url)
    with pytest.raises(ModelError, match=r"a server that \.env names is sent only one from \.env"):
        ask_model(Settings())
