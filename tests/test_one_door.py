"""Every question goes one way, with a language model or without: the same checks, events, runs and reading."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate

from chroma_server import ChromaServer, Proxy
from openai_server import OpenAIServer, Step
from qa import Answer, Chatbot, Citation, Short
from qa.errors import QuestionError

QUESTION = "When did the old mill in Arden burn down?"
HISTORY = [{"role": "user", "content": "Where is the old mill?"}, {"role": "assistant", "content": "In Arden."}]
REPLY = Step(pieces=("The old mill in Arden burned down in 1891. [1.1]",))
REWRITE = Step(pieces=("When did the old mill in Arden burn down?",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "mill.txt").write_text("The old mill in Arden burned down in 1891.\n", encoding="utf-8")
    (folder / "ferry.txt").write_text("The ferry of Arden leaves at nine each day.\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def bot(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home = tmp_path_factory.mktemp("home")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=folder) as opened:
        yield opened


def with_model(bot: Chatbot, server: OpenAIServer, **chosen: Any) -> Chatbot:
    return bot.adjusted(model="openai:gpt-test", base_url=server.url, **chosen)


class Runs(BaseCallbackHandler):
    """The names of the runs as they begin, each with its parent's, what a retriever found and a prompt was given."""

    def __init__(self) -> None:
        self.names: dict[object, str] = {}
        self.begun: list[tuple[str, str]] = []
        self.found: list[str] = []
        self.filled: list[tuple[str, str]] = []  # prompts, with the question that was filled in

    def _begin(self, *, run_id: object, parent_run_id: object, name: str, **rest: Any) -> None:
        self.names[run_id] = name
        self.begun.append((self.names.get(parent_run_id, ""), self.names[run_id]))

    def on_chain_start(self, serialized: Any, inputs: Any, **rest: Any) -> None:
        self._begin(**rest)
        if rest.get("run_type") == "prompt":
            self.filled.append((rest["name"], inputs["question"]))

    def on_retriever_start(self, serialized: Any, query: str, **rest: Any) -> None:
        self._begin(**rest)

    def on_chat_model_start(self, serialized: Any, messages: Any, **rest: Any) -> None:
        self._begin(**{**rest, "name": "model"})

    def on_retriever_end(self, documents: list[Document], **rest: Any) -> None:
        self.found += [document.metadata["document"] for document in documents]


STEPS = [("", "qa"), ("qa", "accept"), ("qa", "rewrite"), ("qa", "find"), ("find", "retrieve"), ("qa", "prompt")]


def test_traces_show_each_step_by_name_and_the_documents_that_were_retrieved(bot: Chatbot) -> None:
    runs = Runs()
    bot.ask(QUESTION, config={"callbacks": [runs]})
    assert runs.begun == [*STEPS, ("qa", "answer")]
    assert runs.found == ["mill.txt", "ferry.txt"]


@pytest.mark.parametrize("awaited", [False, True])
def test_a_language_model_is_called_inside_the_steps_that_need_it(bot: Chatbot, awaited: bool) -> None:
    runs = Runs()
    with OpenAIServer(REWRITE, REPLY) as server:
        model = with_model(bot, server)
        told: dict[str, Any] = {"history": HISTORY, "config": {"callbacks": [runs], "run_name": "mine"}}
        asyncio.run(model.aask("And when did it burn?", **told)) if awaited else model.ask("And when?", **told)
    steps = [(above.replace("qa", "mine"), name.replace("qa", "mine")) for above, name in (*STEPS, ("qa", "answer"))]
    called = [[(step, "reply"), ("reply", "model")] for step in ("rewrite", "answer")]
    prompts = [("rewrite", "rewrite.md"), ("prompt", "answer.md")]
    assert runs.begun == [*steps[:3], prompts[0], *called[0], *steps[3:6], prompts[1], *steps[6:], *called[1]]
    assert runs.found == ["mill.txt", "ferry.txt"]
    asked = "And when did it burn?" if awaited else "And when?"
    assert runs.filled == [("rewrite.md", asked), ("answer.md", asked)]


def test_a_template_of_a_program_is_what_the_model_is_sent(bot: Chatbot) -> None:
    ours = bot.prompts["answer"]
    rules = ChatPromptTemplate([("system", "Answer as a pirate."), *ours.messages], name="pirate")
    runs = Runs()
    with OpenAIServer(REPLY, REPLY) as server:
        mine = with_model(bot, server, prompts={"answer": rules}).narrowed(["document=mill*"]).adjusted(top_k=3)
        plain = mine.adjusted(prompts=None)
        answers = [asked.ask(QUESTION, config={"callbacks": [runs]}) for asked in (mine, plain)]
    assert [each["messages"][0]["content"][:19] for each in server.requests] == [
        "Answer as a pirate.",
        "You answer question",
    ]
    assert [name for name, _ in runs.filled] == ["pirate", "answer.md"]
    assert answers[0].text == answers[1].text
    assert answers[0].prompt != answers[1].prompt


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_the_same_events_come_with_a_model_and_without_sync_and_async(bot: Chatbot) -> None:
    async def collect(asked: Chatbot) -> list[Any]:
        return [event async for event in asked.astream(QUESTION)]

    def check(events: list[Any]) -> None:
        assert {*kinds(events)} - {"Short"} == {"str", "Citation", "Answer"}
        assert [event for event in events if isinstance(event, Short)] == list(filter(None, [events[-1].opening]))
        assert kinds(events).index("Citation") < kinds(events).index("Answer") == len(events) - 1
        assert "".join(event for event in events if isinstance(event, str)) == events[-1].text

    check(list(bot.stream(QUESTION)))
    check(asyncio.run(collect(bot)))
    check(list(bot.chain.stream({"question": QUESTION})))
    with OpenAIServer(REPLY, REPLY, REPLY) as server:
        model = with_model(bot, server)
        check(list(model.stream(QUESTION)))
        check(asyncio.run(collect(model)))
        check(list(model.chain.stream({"question": QUESTION})))


def test_the_short_answer_comes_between_its_citation_and_the_text(bot: Chatbot) -> None:
    events = list(bot.stream(QUESTION))
    assert kinds(events) == ["Citation", "Short", "str", "Answer"]
    assert str(events[-1]).startswith(f"{events[1]}\n\n{events[2]}\n\n")


def test_the_chain_keeps_to_the_conditions_of_the_question_and_of_its_chatbot(bot: Chatbot) -> None:
    with OpenAIServer(*[REPLY] * 3) as server:
        for asked in (bot, with_model(bot, server)):
            for chain, where in ((asked.chain, ["document=ferry*"]), (asked.narrowed(["document=ferry*"]).chain, [])):
                answer = chain.invoke({"question": QUESTION, "where": where})
                assert isinstance(answer, Answer)
                assert {hit.passage.document for hit in answer.hits} == {"ferry.txt"}
            with pytest.raises(QuestionError):
                asked.chain.invoke({"question": QUESTION, "where": ["nonsense"]})


FAILING = Step(status=401, error="bad key")


@pytest.mark.parametrize("history", [(), HISTORY])
def test_the_chain_falls_back_on_the_documents_own_words_as_ask_does(bot: Chatbot, history: Any) -> None:
    with OpenAIServer(*[FAILING] * 3) as server:
        chain = with_model(bot, server, fallback="extractive").chain
        invoked = chain.invoke({"question": QUESTION, "history": history})
        streamed = list(chain.stream({"question": QUESTION, "history": history}))
        awaited = asyncio.run(chain.ainvoke({"question": QUESTION, "history": history}))
        assert len(server.requests) == 3
    for answer in (invoked, streamed[-1], awaited):
        assert isinstance(answer, Answer)
        assert ("1891" in answer.text, answer.model) == (True, "extractive")
        assert answer.notes[0].startswith(
            "the language model failed, so these are the documents' own sentences: openai"
        )
    assert isinstance(streamed[0], Citation)


def test_the_hits_of_an_answer_are_those_it_was_made_of_and_no_part_of_the_contract(bot: Chatbot) -> None:
    answer = bot.ask(QUESTION)
    assert answer.hits == bot.search(QUESTION)
    assert "hits" not in answer.to_dict()
    assert Answer.from_dict(answer.to_dict()) == answer


def test_a_question_asks_a_chroma_server_three_times_with_a_model_and_without(
    chroma_server: ChromaServer, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CHROMA_TOKEN", "correct horse")
    reply = Step(pieces=("It burned down in 1891. [1.1] Forty sacks burned in its cellar. [1.1] He wept. [2.1]",))
    with Proxy(chroma_server.url) as proxy, OpenAIServer(reply, REWRITE, reply) as server:
        place = {"chroma": proxy.url, "collection": "one-door", "home": tmp_path, "seeds": folder}
        with Chatbot.open(model="extractive", **place) as bot:
            model = with_model(bot, server)
            bot.ask(QUESTION)
            for ask in (bot.ask, model.ask, lambda question: model.ask(question, history=HISTORY)):
                before = len(proxy.requests)
                assert ask(QUESTION).citations
                assert len(proxy.requests) - before == 3, proxy.requests[before:]


def test_what_is_judged_after_the_search_is_judged_by_the_generation_that_was_searched(
    folder: Path, tmp_path: Path
) -> None:
    with Chatbot.open(model="extractive", chroma=str(tmp_path / "index"), home=tmp_path, seeds=folder) as bot:
        found = bot.library.find(QUESTION, QUESTION, top_k=5, strictness=0.5)
        before = found.rarity("mill")
        assert before == bot.library.rarity("mill")
        (tmp_path / "more.txt").write_text("A mill is a mill.\n\n" * 200, encoding="utf-8")
        bot.ingest(tmp_path / "more.txt")
        assert found.rarity("mill") == before > bot.library.rarity("mill")
        bot.ingest(folder, rebuild=True)
        assert found.rarity("mill") == before


def test_an_ingest_while_a_model_writes_changes_nothing_of_the_answer_under_way(folder: Path, tmp_path: Path) -> None:
    documents = shutil.copytree(folder, tmp_path / "documents")
    place = {"chroma": str(tmp_path / "index"), "home": tmp_path / "home", "seeds": documents}
    reply = Step(pieces=("It burned down in 1891. [1.1]", " It was ", "the old mill in Arden. [1.1]"))
    with Chatbot.open(model="extractive", **place) as bot, OpenAIServer(reply, reply) as server:
        model = with_model(bot, server)
        before = model.ask(QUESTION)
        events = model.stream(QUESTION)
        first = next(events)
        (documents / "mill.txt").write_text("The old mill in Arden burned down in 1925.\n", encoding="utf-8")
        bot.ingest(documents)
        *_, answer = (first, *events)
        assert isinstance(answer, Answer)
        assert (answer.text, answer.sentences, answer.citations) == (before.text, before.sentences, before.citations)
        assert "1925" in bot.ask(QUESTION).text
