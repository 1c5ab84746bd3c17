"""The whole with a language model: the real client over HTTP, against a scripted server on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from openai_server import OpenAIServer, Step
from qa import Answer, Chatbot, Citation
from qa.errors import ModelError, SettingsError

QUESTION = "Who did General Naravane meet in Rome?"
REPLY = ("He met Lt Gen Pietro Serino and Lorenzo Guerini. [1", ".2] Talks followed on military", " cooperation. [1.2]")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Chatbot:
    home = tmp_path_factory.mktemp("seeded")
    return Chatbot.open(model="extractive", chroma=str(home / "index"), home=home)


def with_model(seeded: Chatbot, server: OpenAIServer, **chosen: object) -> Chatbot:
    return seeded.adjusted(model="openai:gpt-test", base_url=server.url, **chosen)


def test_a_model_writes_the_answer_and_code_cuts_the_quotes(seeded: Chatbot) -> None:
    with OpenAIServer(Step(pieces=REPLY)) as server:
        *events, answer = with_model(seeded, server).stream(QUESTION)
    assert isinstance(answer, Answer)
    assert "".join(event for event in events if isinstance(event, str)) == answer.text
    (citation,) = [event for event in events if isinstance(event, Citation)]
    assert seeded.document(citation.document).text[citation.start : citation.end] == citation.quote
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (1,)]
    assert (answer.model, answer.embeddings) == ("openai:gpt-test", "minilm-l6-v2")
    assert answer.prompt is not None
    assert answer.usage.output_tokens == 20
    assert set(answer.seconds) == {"retrieve", "answer"}
    assert answer.confidence == seeded.ask(QUESTION).confidence > 0.5


def test_the_strictness_for_quotes_keeps_no_question_from_the_model(seeded: Chatbot) -> None:
    asked = "What did the army chief do in Italy?"
    with OpenAIServer(Step(pieces=("NOT_IN_DOCUMENTS",))) as server:
        answer = with_model(seeded, server, strictness=1).ask(asked)
        assert len(server.requests) == 1
    assert answer.abstained
    assert answer.nearest
    assert seeded.adjusted(strictness=1).ask(asked).abstained


def test_a_question_of_which_nothing_is_found_does_not_reach_the_model(seeded: Chatbot) -> None:
    with OpenAIServer() as server:
        answer = with_model(seeded, server).ask("Which moons orbit Jupiter?")
        assert server.requests == []
    assert answer.abstained


def test_a_model_that_fails_is_named_unless_a_fallback_was_chosen(seeded: Chatbot) -> None:
    with OpenAIServer(*[Step(status=401, error="bad key")] * 2) as server:
        with pytest.raises(ModelError, match="openai:gpt-test"):
            with_model(seeded, server).ask(QUESTION)
        answer = with_model(seeded, server, fallback="extractive").ask(QUESTION)
    assert answer.model == "extractive"
    assert "Serino" in answer.text
    assert "openai:gpt-test" in answer.notes[0]


def test_a_follow_up_is_rewritten_with_the_model_and_by_rule_without_one(seeded: Chatbot) -> None:
    history = [
        {"role": "user", "content": "Who did General Naravane meet in Rome?"},
        {"role": "assistant", "content": "He met Lt Gen Pietro Serino."},
    ]
    rewrite = Step(pieces=("When did General Naravane arrive in Rome?",))
    with OpenAIServer(rewrite, Step(pieces=("He arrived on Wednesday. [1.3]",))) as server:
        answer = with_model(seeded, server).ask("And when did he arrive?", history=history)
    assert answer.query == "When did General Naravane arrive in Rome?"
    by_rule = seeded.ask("And when did he arrive?", history=history)
    assert (by_rule.question, by_rule.query) == ("And when did he arrive?", "When did General Naravane arrive?")


def test_the_chain_and_the_retriever_work_in_somebody_elses_pipeline(seeded: Chatbot) -> None:
    assert (seeded.chain | (lambda answer: answer.abstained)).invoke({"question": QUESTION}) is False
    assert asyncio.run(seeded.chain.ainvoke({"question": QUESTION})).text == seeded.ask(QUESTION).text
    (first, *_) = seeded.retriever.invoke("the memorial in Cassino")
    assert first.page_content in seeded.document(first.metadata["document"]).text


def test_a_server_without_a_model_is_refused(seeded: Chatbot) -> None:
    with pytest.raises(SettingsError, match="QA_MODEL"):
        seeded.adjusted(model="auto", base_url="http://127.0.0.1:9/v1").ask(QUESTION)


def test_the_command_line_streams_from_any_server_and_shows_no_key(tmp_path: Path) -> None:
    def ask(server: OpenAIServer, *options: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "QA_BASE_URL": server.url, "OPENAI_API_KEY": "sk-very-secret-key"}
        command = [sys.executable, "-m", "qa", "ask", QUESTION, "--model", "openai:gpt-test", *options]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    steps = [Step(pieces=REPLY), Step(pieces=REPLY), Step(status=401, error="Incorrect API key: sk-very-secret-key")]
    with OpenAIServer(*steps) as server:
        shown, plain, failed = ask(server), ask(server, "--json"), ask(server)
        assert server.headers[0]["authorization"] == "Bearer sk-very-secret-key"
    assert shown.stdout.startswith("He met Lt Gen Pietro Serino and Lorenzo Guerini. [1]")
    assert "characters" in shown.stdout
    assert json.loads(plain.stdout)["model"] == "openai:gpt-test"
    assert failed.returncode == 1
    assert "openai:gpt-test" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "sk-very-secret-key" not in shown.stdout + plain.stdout + failed.stdout + failed.stderr


def test_a_key_goes_to_the_server_that_it_was_chosen_with_and_to_no_other(
    seeded: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-exported")
    with OpenAIServer() as one, OpenAIServer() as other:
        chosen = with_model(seeded, one, key="sk-chosen")
        for asked in (chosen, chosen.narrowed(["document=*"]), chosen.adjusted(top_k=3)):
            asked.ask(QUESTION)
        chosen.adjusted(base_url=other.url).ask(QUESTION)
    assert [each["authorization"] for each in one.headers] == ["Bearer sk-chosen"] * 3
    assert [each["authorization"] for each in other.headers] == ["Bearer sk-exported"]
