"""The command line as a shell sees it: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa.settings import KEYS, load_settings

QUESTION = "Who did General Naravane meet in Rome?"
CONTRACT = {
    "kind", "question", "query", "queries", "answer", "abstained", "incomplete", "short", "sentences", "citations",
    "nearest", "conflicts", "confidence", "model", "embeddings", "prompt", "notes", "usage", "seconds",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs `qa` in a folder of its own, without settings or keys from outside."""

    folder: Path

    def __call__(self, *arguments: str, **variables: str) -> Ran:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("QA_", "OPENAI_"))}
        ran = subprocess.run(
            [sys.executable, "-m", "qa", *arguments],
            cwd=self.folder,
            env={**ours, **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = Shell(tmp_path_factory.mktemp("seeded"))
    assert shell("ask", QUESTION).code == 0
    return shell


def assert_one_line(ran: Ran, *said: str) -> None:
    """One clear message on the error output, and nothing else anywhere."""
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("qa: ")
    assert ran.err.count("\n") == 1
    assert [part for part in said if part not in ran.err] == []


def test_ask_prints_the_answer_then_its_numbered_quotes(seeded: Shell) -> None:
    ran = seeded("ask", QUESTION)
    assert (ran.code, ran.err) == (0, "")
    _, answer, *sources = ran.out.split("\n\n")
    assert "Lt Gen Pietro Serino" in answer
    assert "[1]" in answer
    assert sources[0].startswith("[1] 000_de3963733ae000a1.txt, characters 17-284\n    “Chief of Army Staff")


def test_ask_prints_the_short_answer_first_and_nothing_twice(seeded: Shell) -> None:
    ran = seeded("ask", "When did the Chief of Army Staff arrive in Rome?")
    short, text, source = ran.out.split("\n\n")
    assert short == "Wednesday [1]"
    assert text.startswith("The Chief of Army Staff arrived in Rome on Wednesday")
    assert source.startswith("[1] 000_de3963733ae000a1.txt, characters 286-419\n")


def test_ask_prints_the_same_bytes_every_time(seeded: Shell) -> None:
    assert seeded("ask", QUESTION) == seeded("ask", QUESTION)


def test_ask_prints_a_reply_to_small_talk_and_verify_accepts_it(seeded: Shell) -> None:
    ran = seeded("ask", "hi")
    assert ran.out.startswith("Hello. Ask me something about the document here.\n\nFor example:\n\n- ")
    assert ran.out.count("\n- ") == 3
    seeded.folder.joinpath("hi.txt").write_text(seeded("ask", "--json", "hi").out, encoding="utf-8")
    assert seeded("verify", "hi.txt").code == 0


def test_ask_json_prints_the_contract_and_nothing_else(seeded: Shell) -> None:
    ran = seeded("ask", "--json", QUESTION)
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    assert set(answer) == CONTRACT
    assert (answer["question"], answer["query"], answer["abstained"]) == (QUESTION, QUESTION, False)
    text = seeded.folder.joinpath("seed.txt")
    text.write_text(json.dumps(answer), encoding="utf-8")
    assert seeded("verify", "seed.txt").code == 0


def test_ask_abstains_with_exit_0_and_shows_where_it_looked(seeded: Shell) -> None:
    ran = seeded("ask", "How much did the memorial in Cassino cost?")
    assert ran.code == 0
    assert "The nearest passages:" in ran.out


def test_status_config_and_ingest_say_what_is_there(seeded: Shell) -> None:
    assert "000_de3963733ae000a1.txt" in seeded("status").out
    assert json.loads(seeded("status", "--json").out)["unfinished"] is False
    ran = seeded("ingest", "--json")
    assert json.loads(ran.out)["unchanged"] == ["000_de3963733ae000a1.txt"]
    assert (ran.code, ran.err) == (0, "")


def test_config_never_shows_a_key(shell: Shell) -> None:
    ran = shell("config", OPENAI_API_KEY="sk-secret", QA_TOP_K="7")
    assert "sk-secret" not in ran.out + ran.err
    assert "OPENAI_API_KEY          set, not shown (environment)" in ran.out
    assert json.loads(shell("config", "--json", QA_TOP_K="7").out)["top_k"] == 7


def test_config_says_where_each_setting_and_key_comes_from(shell: Shell) -> None:
    shell.folder.joinpath(".env").write_text("QA_STRICTNESS=0.9\nOPENAI_API_KEY=sk-folder\n", encoding="utf-8")
    found = json.loads(shell("config", "--json", QA_TOP_K="7").out)
    assert {name: found["origins"][name] for name in ("top_k", "strictness", "model")} == {
        "top_k": "environment", "strictness": ".env", "model": "default",
    }  # fmt: skip
    assert found["keys"] == dict.fromkeys(KEYS) | {"OPENAI_API_KEY": ".env"}
    shell.folder.joinpath("answer.md").touch()
    files = json.loads(shell("config", "--json", QA_PROMPTS=str(shell.folder)).out)["prompt_files"]
    assert files["answer"] == str(shell.folder / "answer.md")
    assert files["rewrite"].endswith("prompts/rewrite.md")
    assert "prompt answer" in shell("config").out
    assert re.search(r"^QA_TOP_K +7 +environment ", shell("config", QA_TOP_K="7").out, re.MULTILINE)


def test_a_folder_of_prompts_with_one_file_is_used_and_one_that_lost_what_it_needs_is_refused_in_one_line(
    seeded: Shell, project: Path
) -> None:
    ours = (project / "prompts" / "answer.md").read_text(encoding="utf-8")
    folder = seeded.folder / "words"
    folder.mkdir()
    with OpenAIServer(Step(pieces=("He met Lt Gen Pietro Serino in Rome [1.1].",))) as server:

        def ask(text: str) -> Ran:
            folder.joinpath("answer.md").write_text(text, encoding="utf-8")
            places = {"QA_BASE_URL": server.url, "QA_PROMPTS": str(folder)}
            return seeded("ask", QUESTION, QA_MODEL="openai:scripted", **places)

        assert ask(ours.replace("do not guess", "never guess")).code == 0
        assert_one_line(ask(ours.replace("{{ question }}", "{{ question")), "answer.md is no template: line ")
        assert_one_line(ask(re.sub(r"\[\d\.\d\]", "", ours)), "answer.md lacks a line that shows the model how to cite")
    assert ["never guess" in each["messages"][0]["content"] for each in server.requests] == [True]


def test_config_lists_all_else_where_the_folder_of_prompts_is_none_or_holds_none_of_ours(shell: Shell) -> None:
    shell.folder.joinpath("anwser.md").touch()
    for folder, told in ((shell.folder / "no", "no is no folder"), (shell.folder, "anwser.md is no prompt of ours")):
        ran = shell("config", "--json", QA_PROMPTS=str(folder))
        assert (ran.code, json.loads(ran.out)["prompts"], json.loads(ran.out)["prompt_files"]) == (0, str(folder), {})
        assert ran.err.startswith("qa: no language model can be asked: ")
        assert told in ran.err
        assert "QA_TOP_K" in shell("config", QA_PROMPTS=str(folder)).out


def test_a_misspelt_variable_is_named_with_the_setting_it_is_like(shell: Shell) -> None:
    ran = shell("config", "--json", QA_TOPK="7", QA_NOTHING_LIKE_IT="1")
    assert ran.err.splitlines() == [
        "qa: 'QA_NOTHING_LIKE_IT' (environment) is no setting, and not used",
        "qa: 'QA_TOPK' (environment) is no setting, and not used. Do you mean QA_TOP_K?",
    ]
    assert shell("remove", "--help", QA_TOPK="7", QA_NOTHING_LIKE_IT="1").err.count("\n") == 1


def test_settings_come_from_a_dotenv_file_and_the_environment_beats_it(shell: Shell) -> None:
    shell.folder.joinpath(".env").write_text("QA_TOP_K=3\nQA_STRICTNESS=0.9\n", encoding="utf-8")
    found = json.loads(shell("config", "--json", QA_TOP_K="4").out)
    assert (found["top_k"], found["strictness"]) == (4, 0.9)


def test_verify_exits_1_when_a_quote_no_longer_holds(shell: Shell) -> None:
    documents = shell.folder / "documents"
    documents.mkdir()
    mill = documents / "mill.txt"
    mill.write_text("The old mill in Arden burned down in 1891. It was rebuilt by Ada Quill.", encoding="utf-8")
    shell("ingest", "documents")
    answer = shell("ask", "--json", "When did the old mill in Arden burn down?").out
    shell.folder.joinpath("answer.json").write_text(answer, encoding="utf-8")
    assert "1 of 1 quotes hold" in shell("verify", "answer.json").out
    mill.write_text("The old mill in Arden burned down in 1902.", encoding="utf-8")
    shell("ingest", "documents")
    ran = shell("verify", "answer.json")
    assert ran.code == 1
    assert ran.out.startswith("changed  mill.txt")


def test_a_bad_file_among_good_ones_exits_1_while_the_good_ones_are_in(shell: Shell) -> None:
    documents = shell.folder / "documents"
    documents.mkdir()
    (documents / "good.txt").write_text("The lighthouse keeper is called Brannoc.", encoding="utf-8")
    (documents / "bad.txt").write_bytes(b"caf\0 au lait")
    ran = shell("ingest", "documents")
    assert ran.code == 1
    assert "1 file could not be read" in ran.err
    assert "bad.txt" in ran.err
    assert "Brannoc" in shell("ask", "Who is the lighthouse keeper?").out


def test_what_cannot_work_is_said_in_one_line(seeded: Shell, shell: Shell) -> None:
    assert_one_line(seeded("ask", ""), "the question is empty", "qa ask")
    assert_one_line(seeded("ask", "why " * 25_000), "99,999 characters")
    assert_one_line(shell("ingest", "absent"), "absent")
    (shell.folder / "empty").mkdir()
    assert_one_line(shell("ingest", "empty"), "empty")
    assert_one_line(shell("ask", QUESTION, QA_TOP_K="many"), "top_k = 'many'", "QA_TOP_K")
    assert_one_line(shell("ask", QUESTION, QA_CHROMA="ftp://x"), "ftp://x", "QA_CHROMA")
    assert_one_line(shell("ask", QUESTION, QA_CHROMA="http://127.0.0.1:9"), "http://127.0.0.1:9", "server")
    (shell.folder / "file").write_text("x", encoding="utf-8")
    assert_one_line(shell("ask", QUESTION, QA_CHROMA="file"), "it is a file, not a folder")


def test_usage_errors_exit_2(shell: Shell) -> None:
    assert shell("ask").code == 2
    assert shell("nonsense").code == 2


def test_a_damaged_index_is_named_with_the_command_that_recovers_it(shell: Shell) -> None:
    shell("ask", QUESTION)
    index = shell.folder / ".qa" / "index"
    (index / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    assert_one_line(shell("ask", QUESTION), "it is damaged", "qa ingest --rebuild")


def test_an_index_of_another_embedder_is_refused_until_it_is_rebuilt(shell: Shell) -> None:
    shell("ask", QUESTION)
    script = (
        "import chromadb; client = chromadb.PersistentClient('.qa/index')\n"
        "collection = client.get_collection('documents', embedding_function=None)\n"
        "collection.modify(metadata={**collection.metadata, 'embeddings': 'other', 'dimension': 5})"
    )
    subprocess.run([sys.executable, "-c", script], cwd=shell.folder, check=True)
    assert_one_line(shell("ask", QUESTION), "built with other (5 dimensions)", "Run: qa ingest --rebuild")
    assert shell("ingest", "--rebuild").code == 0
    assert "Serino" in shell("ask", QUESTION).out


def test_a_document_is_forgotten_by_its_id(shell: Shell) -> None:
    shell("ask", QUESTION)
    assert shell("remove", "000_de3963733ae000a1.txt").out == "removed 000_de3963733ae000a1.txt\n"
    assert json.loads(shell("status", "--json").out)["documents"] == []
    assert_one_line(shell("remove", "absent.txt"), "'absent.txt' is not in the index")


def test_an_empty_variable_is_no_choice(shell: Shell) -> None:
    assert json.loads(shell("config", "--json", QA_CHROMA="").out)["chroma"] == ".qa/index"


def test_a_terminal_without_the_right_characters_still_gets_an_answer(shell: Shell) -> None:
    ran = shell("ask", QUESTION, PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert "Serino" in ran.out


def test_the_seeds_are_taken_where_there_is_no_index_and_a_line_says_so(shell: Shell) -> None:
    ran = shell("ask", QUESTION)
    assert re.fullmatch(r"qa: nothing is indexed yet, so .*seeds is\. .*: qa ingest PATH\n", ran.err)
    assert shell("ask", QUESTION).err == ""


def test_a_subfolder_uses_the_index_above_and_a_line_says_so(shell: Shell) -> None:
    below = Shell(shell.folder / "notes" / "old")
    below.folder.mkdir(parents=True)
    below.folder.joinpath("ferry.txt").write_text("The ferry to Brann runs twice a day.", encoding="utf-8")
    shell.folder.joinpath("mill.txt").write_text("The old mill in Arden burned down in 1891.", encoding="utf-8")
    shell.folder.joinpath(".env").write_text("QA_COLLECTION=mills\nQA_PROMPTS=words\n", encoding="utf-8")
    shell.folder.joinpath("words").mkdir()
    shell("ingest", "mill.txt")
    ran = below("ask", "When did the old mill in Arden burn down?")
    assert ran.out.startswith("1891 [1]\n\nThe old mill in Arden burned down in 1891. [1]")
    assert ran.err == f"qa: there is no index in this folder, so that of {shell.folder} is used\n"
    assert json.loads(below("ingest", ".", "--json").out)["added"] == ["ferry.txt"]
    assert "documents   2" in shell("status").out
    assert "documents   0" in below("status", "--chroma", "elsewhere").out
    found = json.loads(below("config", "--json").out)
    places = {name: (found[name], found["origins"][name]) for name in ("chroma", "home", "collection", "prompts")}
    assert places == {
        "chroma": (str(shell.folder / ".qa" / "index"), "above"),
        "home": (str(shell.folder / ".qa"), "above"),
        "collection": ("mills", ".env"),
        "prompts": (str(shell.folder / "words"), ".env"),
    }
    assert sorted(path.name for path in below.folder.iterdir()) == ["elsewhere", "ferry.txt"]


@pytest.mark.parametrize("reach", ["home", "open to all", "open to all itself", "another user's", "a file"])
def test_no_index_is_used_that_others_may_have_put_above(
    reach: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "top" / "docs" / "notes"
    below.mkdir(parents=True)
    planted = tmp_path / "top" / ".qa"
    planted.touch() if reach == "a file" else planted.mkdir()
    monkeypatch.chdir(below)
    if reach == "home":
        assert load_settings().home == planted
        monkeypatch.setenv("HOME", str(tmp_path / "top" / "docs"))
    elif reach == "another user's":
        os.chown(planted, 12_345, -1) if os.geteuid() == 0 else pytest.skip("only root can give a folder away")
    elif reach != "a file":
        (planted if reach == "open to all itself" else planted.parent).chmod(0o777)
    assert (load_settings().chroma, load_settings().above) == (".qa/index", None)


def test_the_home_folders_own_index_serves_what_is_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".qa").mkdir()
    (tmp_path / "docs").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "docs")
    assert load_settings().above == tmp_path
    assert load_settings(chroma="here").above is None
    (tmp_path / "docs" / ".env").write_text("QA_CHROMA=mine\n", encoding="utf-8")
    assert (load_settings().chroma, load_settings().above) == ("mine", None)


def test_show_prints_how_a_file_and_an_indexed_document_were_understood(shell: Shell) -> None:
    (shell.folder / "docs").mkdir()
    (shell.folder / "docs" / "press.md").write_text("# Press\n\nTo start:\n\n1. Fill it.\n2. Wait.\n", encoding="utf-8")
    lines = [
        "       0  heading   Press",
        "       9  sentence    To start:  (2 hang on it)",
        "      20  step          1. Fill it.",
        "      32  step          2. Wait.",
    ]
    assert shell("show", "docs/press.md").out.splitlines() == lines
    assert shell("ingest", "docs").code == 0
    assert shell("show", "press.md").out.splitlines() == lines
    found = json.loads(shell("show", "press.md", "--json").out)
    assert [(unit["kind"], unit["depth"], unit["leads"]) for unit in found["units"]] == [
        *(("heading", 0, 0), ("sentence", 1, 2), ("step", 2, 0), ("step", 2, 0))
    ]
    assert "'gone.md' is no file here, and no id that qa status lists" in shell("show", "gone.md").err
