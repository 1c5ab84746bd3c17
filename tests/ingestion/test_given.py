"""Documents that a program hands over, beside those of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from openai_server import OpenAIServer, Step
from qa.errors import DocumentError

TEXT = "Ticket 4711 was opened by Ada Hansen on 3 May.\n\n- The pump leaks.\n- The lid is broken.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "mill.txt").write_text("The mill was built by Ida Hansen in 1750.\n", encoding="utf-8")
    return tmp_path / "docs"


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[qa.Chatbot]:
    places = {"chroma": str(tmp_path / "index"), "home": tmp_path / "home"}
    with qa.Chatbot.open(model="extractive", fill=False, **places) as opened:
        yield opened


def ticket(id: str = "tickets/4711", text: str = TEXT) -> qa.Document:
    return qa.Document(id=id, text=text, title="A ticket", date="2026-05-03")


def ids(bot: qa.Chatbot) -> list[str]:
    return [record.id for record in bot.documents()]


def test_a_given_document_is_asked_and_cited_like_a_file(bot: qa.Chatbot, folder: Path) -> None:
    bot.ingest(folder)
    assert bot.add([ticket()]).added == ("tickets/4711",)
    answer = bot.ask("Who opened ticket 4711?")
    (cited,) = answer.citations
    assert (cited.document, cited.title) == ("tickets/4711", "A ticket")
    assert bot.document("tickets/4711").text[cited.start : cited.end] == cited.quote
    assert bot.document("tickets/4711") == ticket()
    assert bot.verify(answer).holds


def test_the_same_id_replaces_and_the_same_text_is_unchanged(bot: qa.Chatbot) -> None:
    bot.add([ticket(), ticket("tickets/4712")])
    again = bot.add([ticket(), ticket("tickets/4712", text="Ticket 4712 is closed.\n")])
    assert (again.unchanged, again.replaced) == (("tickets/4711",), ("tickets/4712",))
    assert bot.document("tickets/4712").text == "Ticket 4712 is closed.\n"
    bot.remove("tickets/4712")
    assert ids(bot) == ["tickets/4711"]


def test_no_ingest_and_no_rebuild_of_all_takes_it_out(bot: qa.Chatbot, folder: Path, tmp_path: Path) -> None:
    bot.add([ticket()])
    assert bot.ingest().is_empty
    bot.ingest(folder)
    assert (bot.ingest().removed, bot.checkup().findings) == ((), ())
    assert bot.ingest(rebuild=True).added == ("mill.txt", "tickets/4711")
    assert bot.document("tickets/4711") == ticket()
    assert bot.checkup().is_good
    assert bot.ingest(folder, rebuild=True).added == ("mill.txt",)
    assert ids(bot) == ["mill.txt"]


def test_it_and_a_file_never_take_each_others_place(bot: qa.Chatbot, folder: Path) -> None:
    bot.add([ticket("farm.txt")])
    (folder / "farm.txt").write_text("The farm was built by Eva Hansen in 1751.\n", encoding="utf-8")
    ((_, reason),) = bot.ingest(folder).failed
    assert "already indexed from a program. Rename it, or run: qa remove farm.txt" in reason
    with pytest.raises(DocumentError, match=r"'mill\.txt' is already indexed from .*Give it another id"):
        bot.add([ticket(), ticket("mill.txt")])
    assert ids(bot) == ["farm.txt", "mill.txt"]
    assert bot.document("farm.txt").text == TEXT


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (ticket(text=" \n"), "holds no text"),
        (ticket(id=""), "or none"),
        (ticket(id="two\nlines"), "control or undecodable"),
        (ticket(text="half \ud83d"), "half of a pair"),
        (ticket(), "is given twice"),
    ],
)
def test_where_one_is_not_right_none_is_taken(bot: qa.Chatbot, wrong: qa.Document, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        bot.add([ticket(), wrong])
    assert ids(bot) == []
    assert bot.add([]).is_empty


def test_a_control_token_in_a_document_is_text_like_any_other(bot: qa.Chatbot) -> None:
    bot.add([ticket(text="The last line of the log was <|endoftext|> at noon, says \0 Ada Hansen.\n")])
    answer = bot.ask("What was the last line of the log?")
    assert "<|endoftext|>" in answer.text
    assert bot.verify(answer).holds
    with OpenAIServer(Step(pieces=("The last line was <|endoftext|> [1.1].",))) as server:
        told = bot.adjusted(model="openai:scripted", base_url=server.url).ask("What was the last line of the log?")
    (request,) = server.requests
    assert "< |endoftext|>" in request["messages"][1]["content"]
    assert not any("<|endoftext|>" in message["content"] for message in request["messages"])
    assert told.text.startswith("The last line was <|endoftext|>")
    assert [each.quote for each in told.citations] == [answer.citations[0].quote]
