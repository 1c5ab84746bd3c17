"""Documents told as a whole by a language model: the real client over HTTP, against a scripted server on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openai_server import OpenAIServer, Step
from qa.answers.drafting import whole
from qa.answers.drafting.composer import Composer, load_prompts
from qa.answers.drafting.draft import DECLINED, NOT_SHOWN
from qa.answers.drafting.whole import Whole, described
from qa.answers.replies.overview import UNTRANSLATED
from qa.answers.stages import Found
from qa.chatbot import Chatbot
from qa.errors import ModelError
from qa.models.chat import chat_model
from qa.types import Answer, Hit, Message, Usage

TOWNS = (
    "Arvika",
    "Borlange",
    "Dalby",
    "Eksjo",
    "Falun",
    "Gavle",
    "Hagfors",
    "Kalmar",
    "Laholm",
    "Motala",
    "Nora",
    "Orsa",
    "Pitea",
    "Rattvik",
)
FERRIES = (
    "# Ferries of the lake\n\nThis report describes the ferries of the lake and who sails on them.\n\n"
    + "\n\n".join(
        f"## {town}\n\nThe ferry to {town} was built in {1900 + number} by the yard of {town}. "
        f"It carries {30 + number} cars and {200 + number} passengers across the lake. "
        f"In winter the crew of {town} breaks the ice with a steel bow and a second engine."
        for number, town in enumerate(TOWNS)
    )
)
SENTENCES = 1 + 3 * len(TOWNS)
RULES = "Rules of the harbour\n\nThe harbour is open from May to October. Dogs stay on a leash beside the cranes.\n"
WISH = "Summarize the ferries report"
ID = re.compile(r"^\[(\d+\.\d+)\] (.*)$", re.MULTILINE)


class Reader(OpenAIServer):
    """A model that says of each prompt what a function makes of the sentences shown, by id."""

    def __init__(self, reply: Callable[[dict[str, str]], str], *, failing: int = 0) -> None:
        super().__init__()
        self.reply, self.failing = reply, failing
        self.prompts: list[str] = []

    def step(self, body: dict[str, Any]) -> Step:
        self.prompts.append(body["messages"][-1]["content"])
        if len(self.prompts) == self.failing:
            return Step(status=401, error="bad key")
        return Step(pieces=tuple(self.reply(dict(ID.findall(self.prompts[-1]))).partition("]")), read=0)


def years(shown: dict[str, str]) -> str:
    """One cited sentence for each that says when a ferry was built."""
    return " ".join(f"{text[:-1]} [{named}]." for named, text in shown.items() if "was built" in text)


def everything(shown: dict[str, str]) -> str:
    return " ".join(f"{text[:-1]} [{named}]." for named, text in shown.items())


def nonsense(shown: dict[str, str]) -> str:
    return "Bananas ripen on 7 moons [1.1]. Whales read newspapers."


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("documents")
    (folder / "ferries-report.md").write_text(FERRIES, encoding="utf-8")
    (folder / "harbour.txt").write_text(RULES, encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=folder) as opened:
        yield opened


def ask(bot: Chatbot, server: OpenAIServer, question: str = WISH, *, history: Any = (), **chosen: Any) -> Answer:
    return bot.adjusted(model="openai:gpt-test", base_url=server.url, **chosen).ask(question, history=history)


def quoted_exactly(bot: Chatbot, answer: Answer) -> bool:
    cut = [bot.document(each.document).text[each.start : each.end] for each in answer.citations]
    return cut == [each.quote for each in answer.citations] and bot.verify(answer).holds


def test_a_document_within_the_budget_is_shown_in_order_and_told_in_the_models_words(bot: Chatbot) -> None:
    with Reader(years) as server:
        answer = ask(bot, server)
    (prompt,) = server.prompts
    shown = ID.findall(prompt)
    assert [prompt.index(f"# {town}\n") for town in TOWNS] == sorted(prompt.index(f"# {town}\n") for town in TOWNS)
    assert (len(shown), "harbour is open" in prompt) == (SENTENCES, False)
    assert (answer.kind, answer.model, answer.notes) == ("answer", "openai:gpt-test", ())
    assert [each.support for each in answer.sentences] == ["supported"] * len(TOWNS)
    assert quoted_exactly(bot, answer)


GERMAN = "Der Hafen ist von Mai bis Oktober offen {0}. Hunde bleiben neben den Kranen an der Leine {1}."


@pytest.mark.parametrize(
    "asked", ["Translate harbour.txt into German", "Translate the harbour text to German, please."]
)
def test_a_document_to_be_translated_is_shown_whole_and_its_translation_cites_what_it_translates(
    bot: Chatbot, asked: str
) -> None:
    def translated(shown: dict[str, str]) -> str:
        return GERMAN.format(*(f"[{named}]" for named, text in shown.items() if text.startswith(("The har", "Dogs"))))

    with Reader(translated) as server:
        answer = ask(bot, server, asked)
    assert (len(server.prompts), answer.kind) == (1, "answer")
    assert "ferry" not in server.prompts[0]
    assert [[answer.citations[number - 1].quote for number in each.citations] for each in answer.sentences] == [
        ["The harbour is open from May to October."],
        ["Dogs stay on a leash beside the cranes."],
    ]
    assert quoted_exactly(bot, answer)


def test_of_a_document_that_is_too_long_the_beginning_is_translated_and_a_note_says_so(bot: Chatbot) -> None:
    with Reader(everything) as server:
        answer = ask(bot, server, "Translate the ferries report into plain English", context_tokens=500)
    assert len(server.prompts) == 1
    assert "# Arvika\n" in server.prompts[0]
    assert any("passages were shown to the model" in note for note in answer.notes)


def test_without_a_model_and_where_nothing_of_its_reply_holds_it_is_said_that_this_is_no_translation(
    bot: Chatbot,
) -> None:
    plain = bot.ask("Translate harbour.txt into German")
    with Reader(nonsense) as server:
        told = ask(bot, server, "Translate harbour.txt into German")
    assert plain.text.startswith(UNTRANSLATED)
    assert (plain.kind, told.kind, told.text) == ("overview", "overview", plain.text)
    assert NOT_SHOWN in told.notes
    assert quoted_exactly(bot, plain)


def test_two_documents_that_are_set_side_by_side_are_both_shown(bot: Chatbot) -> None:
    with Reader(everything) as server:
        answer = ask(bot, server, "Compare ferries-report.md and harbour.txt")
    assert {each.document for each in answer.citations} == {"ferries-report.md", "harbour.txt"}
    assert (len(server.prompts), answer.kind) == (1, "answer")


def test_of_one_past_the_budget_each_part_is_read_then_what_the_replies_cite(bot: Chatbot) -> None:
    told: list[tuple[int, int]] = []
    found = Found(lambda: None, tell_part=lambda number, count: told.append((number, count)))
    with Reader(years) as server:
        asked = bot.adjusted(model="openai:gpt-test", base_url=server.url, context_tokens=500)
        answer = asked.ask(WISH, config={"callbacks": [found]})
    *parts, last = server.prompts
    assert len(parts) > 2
    assert told == [(number, len(parts)) for number in range(1, len(parts) + 1)]
    read = [text for part in parts for _, text in ID.findall(part)]
    assert len(read) == len(set(read)) == SENTENCES  # every sentence once, none left out
    assert [text for _, text in ID.findall(last)] == [text for text in read if "was built" in text]
    assert [town for town in TOWNS if f"ferry to {town}" in answer.text] == list(TOWNS)
    assert answer.usage.output_tokens == 20 * len(server.prompts)
    note = f"the text was read in {len(parts)} parts, by an estimate: its own tokens are not known"
    assert (answer.kind, answer.notes) == ("answer", (note,))
    assert quoted_exactly(bot, answer)


def test_of_what_a_model_cites_without_choosing_the_last_reply_is_made_of_some_of_every_part(bot: Chatbot) -> None:
    with Reader(everything) as server:
        answer = ask(bot, server, context_tokens=500)
    *parts, last = server.prompts
    shown = [text for _, text in ID.findall(last)]
    for part in parts:
        assert any(text in shown for _, text in ID.findall(part))
    note = f"the text was read in {len(parts)} parts, by an estimate: its own tokens are not known"
    assert (answer.kind, answer.notes) == ("answer", (note,))
    assert quoted_exactly(bot, answer)


@pytest.mark.parametrize(
    ("reply", "note"),
    [(nonsense, NOT_SHOWN), (lambda shown: "NOT_IN_DOCUMENTS", DECLINED)],
    ids=["nonsense", "declines"],
)
@pytest.mark.parametrize("budget", [6000, 500])
@pytest.mark.parametrize("unsupported", ["mark", "abstain"])
def test_the_overview_made_by_code_stands_in_place_of_a_reply_of_which_nothing_holds(
    bot: Chatbot, reply: Callable[[dict[str, str]], str], note: str, budget: int, unsupported: str
) -> None:
    with Reader(reply) as server:
        answer = ask(bot, server, context_tokens=budget, unsupported=unsupported)
    by_code = bot.ask(WISH)
    assert (answer.kind, answer.text, answer.citations) == ("overview", by_code.text, by_code.citations)
    assert (answer.model, note in answer.notes) == ("openai:gpt-test", True)
    assert quoted_exactly(bot, answer)


def test_a_part_of_which_nothing_is_cited_is_read_by_code_and_a_note_says_so(bot: Chatbot) -> None:
    def but_the_first(shown: dict[str, str]) -> str:
        said = " ".join(shown.values())
        return "NOT_IN_DOCUMENTS" if "This report" in said and "In winter" in said else years(shown)

    with Reader(but_the_first) as server:
        answer = ask(bot, server, context_tokens=500)
    assert f"part 1 of {len(server.prompts) - 1} was read by code alone: {DECLINED}" in answer.notes
    assert "This report describes" in server.prompts[-1]


def test_a_model_that_fails_in_a_part_is_named_unless_a_fallback_was_chosen(bot: Chatbot) -> None:
    with Reader(years, failing=2) as server, pytest.raises(ModelError, match="gpt-test"):
        ask(bot, server, context_tokens=500)
    for failing, budget in ((2, 500), (1, 6000)):
        with Reader(years, failing=failing) as server:
            answer = ask(bot, server, context_tokens=budget, fallback="extractive")
        assert (answer.kind, answer.text, answer.model) == ("overview", bot.ask(WISH).text, "extractive")
        assert "gpt-test" in answer.notes[0]


@pytest.mark.parametrize("budget", [6000, 500])
def test_awaited_it_is_the_same(bot: Chatbot, budget: int) -> None:
    with Reader(years) as server:
        asked = bot.adjusted(model="openai:gpt-test", base_url=server.url, context_tokens=budget)
        awaited, calls = asyncio.run(asked.aask(WISH)), len(server.prompts)
        answer = asked.ask(WISH)
        assert (awaited.text, awaited.citations, awaited.notes) == (answer.text, answer.citations, answer.notes)
        assert len(server.prompts) == 2 * calls


def test_the_document_of_the_conversation_is_told_and_the_model_is_given_the_conversation(bot: Chatbot) -> None:
    history = [
        Message(role="user", content="How many cars does the ferry to Falun carry?"),
        Message(role="assistant", content="It carries 34 cars [1]."),
    ]
    with Reader(years) as server:
        answer = ask(bot, server, "Summarize this document", history=history)
    (prompt,) = server.prompts  # nothing is rewritten, as nothing is searched for
    assert "user: How many cars does the ferry to Falun carry?" in prompt
    assert {each.document for each in answer.citations} == {"ferries-report.md"}


def test_of_a_document_so_long_that_passages_between_others_are_left_out_a_note_counts_them(bot: Chatbot) -> None:
    passages = [each for each in bot.passages("ferries-report.md") if each.ordinal % 2 == 0]
    hits = tuple(Hit(passage=each, score=1.0, rank=rank) for rank, each in enumerate(passages, start=1))
    overview = replace(bot.ask(WISH), hits=hits)
    found = described(overview, rarity=lambda stem: 1.0)
    assert found
    composer = Composer(
        model=chat_model("openai:gpt-test", base_url="http://127.0.0.1:9/v1", timeout_s=5),
        name="openai:gpt-test",
        prompts=load_prompts(Path(__file__).parents[3] / "prompts"),
    )
    shown, usage = Whole(composer=composer, found=found, history=(), overview=overview).show(lambda number, count: None)
    assert shown.notes == (f"{len(passages)} of some {passages[-1].ordinal + 1} passages were shown to the model",)
    assert (shown.passages, usage) == (tuple(passages), Usage())


def test_a_passage_past_the_budget_is_read_in_several_parts(bot: Chatbot) -> None:
    with Reader(years) as server:
        answer = ask(bot, server, context_tokens=200)
    *parts, _ = server.prompts
    read = [text for part in parts for _, text in ID.findall(part)]
    assert len(parts) > len(bot.passages("ferries-report.md"))
    assert len(read) == len(set(read)) == SENTENCES
    assert quoted_exactly(bot, answer)


def test_of_more_parts_than_are_read_every_so_many_th_is_and_a_note_says_so(
    bot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "PARTS", 3)
    with Reader(years) as server:
        answer = ask(bot, server, context_tokens=200)
    assert len(server.prompts) == 4
    assert answer.notes[0].endswith("passages were shown to the model")
    assert quoted_exactly(bot, answer)
