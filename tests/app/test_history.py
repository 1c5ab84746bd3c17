"""Conversations kept on disk, and exported."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.answers.verification import read_answers
from qa.app.export import to_html, to_json, to_markdown
from qa.app.history import KEPT, Conversation, History, Turn, new_conversation
from qa.index.private import write_whole
from qa.types import Answer, Citation, Message, Sentence, Short


def turn(question: str = "When was it lit?", text: str = "In 1901. [1]", **rest: object) -> Turn:
    quote = "It was lit in 1901."
    citation = Citation(
        number=1, document="lamp.txt", title="Lamp", start=4, end=23, page=2, quote=quote, version="0123456789abcdef"
    )
    sentence = Sentence(text="In 1901.", citations=(1,), support="partly", reason="the year is all there is")
    answer = Answer(
        question=question, query=question, text=text, abstained=False, sentences=(sentence,), citations=(citation,)
    )
    return Turn(answer=answer, **rest)  # type: ignore[arg-type]


def conversation(*turns: Turn) -> Conversation:
    return Conversation(id=new_conversation().id, turns=turns)


def test_a_conversation_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = conversation(turn(), turn("Why?", liked=False, wanted="For the ships."))
    History(tmp_path).save(saved)
    assert History(tmp_path).load(saved.id) == saved


def test_the_latest_conversation_is_listed_first_under_its_first_question(tmp_path: Path) -> None:
    history = History(tmp_path)
    for question in ("First?", "Second?"):
        history.save(conversation(turn(question), turn("More?")))
    assert [each.title for each in history.summaries()] == ["Second?", "First?"]


def test_a_conversation_keeps_its_name_and_its_place_and_without_one_has_its_first_question_again(
    tmp_path: Path,
) -> None:
    history, first, second = History(tmp_path), conversation(turn("First?")), conversation(turn("Second?"))
    for each in (first, second):
        history.save(each)
    history.rename(first.id, f"  The\nlamp {'x' * 90}")
    assert [each.title for each in history.summaries()] == ["Second?", f"The lamp {'x' * 71}"]
    assert history.load(first.id) == replace(first, name=f"The lamp {'x' * 71}")
    history.rename(first.id, " ")
    assert history.load(first.id) == first
    history.rename("0" * 32, "Nobody's")
    assert len(history.summaries()) == 2


def test_conversations_are_found_by_all_words_of_their_titles_questions_and_answers(tmp_path: Path) -> None:
    history, lamp, ships = History(tmp_path), conversation(turn()), conversation(turn("Why?", "For the ships."))
    for each in (lamp, ships):
        history.save(each)
    history.rename(ships.id, "Harbour")
    found = {
        words: [each.id for each in history.summaries(words)] for words in ("LIT 1901", "harbour ships", "lit ships")
    }
    assert found == {"LIT 1901": [lamp.id], "harbour ships": [ships.id], "lit ships": []}


def test_one_visitor_does_not_see_what_another_asked(tmp_path: Path) -> None:
    mine, theirs = History(tmp_path / "a"), History(tmp_path / "b")
    secret = conversation(turn())
    mine.save(secret)
    assert (theirs.load(secret.id), theirs.summaries()) == (None, ())


@pytest.mark.parametrize("id", ["", "../../etc/passwd", "0" * 31, "Z" * 32, "0" * 32])
def test_an_id_that_was_never_given_out_opens_nothing(tmp_path: Path, id: str) -> None:
    assert History(tmp_path).load(id) is None


@pytest.mark.parametrize("damage", ["", "{", '{"turns": 3}', '{"turns": [{"answer": {}}]}'])
def test_a_damaged_file_is_no_conversation_and_spoils_no_list(tmp_path: Path, damage: str) -> None:
    history, good = History(tmp_path), conversation(turn())
    history.save(good)
    (tmp_path / f"{'1' * 32}.json").write_text(damage)
    assert [each.id for each in history.summaries()] == [good.id]


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    for _ in range(KEPT + 3):
        history.save(conversation(turn()))
    assert len(history.summaries()) == KEPT


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    history, grown = History(tmp_path), conversation(*(turn() for _ in range(50)))
    history.save(grown)
    writers = [threading.Thread(target=lambda: [history.save(grown) for _ in range(20)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert history.load(grown.id) == grown
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json"]


def test_half_a_surrogate_pair_is_kept_as_it_was_asked(tmp_path: Path) -> None:
    history, odd = History(tmp_path), conversation(turn("When \ud83d?"))
    history.save(odd)
    assert history.load(odd.id) == odd
    assert [path.name for path in tmp_path.iterdir()] == [f"{odd.id}.json"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.json"]


def test_a_conversation_that_goes_while_the_list_is_made_is_left_out(tmp_path: Path) -> None:
    history, kept = History(tmp_path), conversation(turn())
    history.save(kept)
    (tmp_path / f"{'1' * 32}.json").symlink_to(tmp_path / "gone")  # listed, but not there any more
    assert [each.id for each in history.summaries()] == [kept.id]


def test_a_turn_stopped_before_its_first_word_is_not_told_to_the_model() -> None:
    stopped = turn("And then?", text="")
    assert conversation(turn(), stopped).messages == (
        Message(role="user", content="When was it lit?"),
        Message(role="assistant", content="In 1901. [1]"),
    )


def test_the_json_export_holds_the_answers_that_verify_reads(tmp_path: Path) -> None:
    exported, path = conversation(turn(), turn("Why?")), tmp_path / "chat.json"
    path.write_text(to_json(exported), encoding="utf-8")
    assert read_answers(path) == tuple(each.answer for each in exported.turns)
    assert json.loads(path.read_text(encoding="utf-8"))["title"] == "When was it lit?"


def test_the_markdown_export_carries_quotes_documents_pages_and_doubts_and_nothing_for_makers() -> None:
    assert to_markdown(conversation(turn())) == (
        "# When was it lit?\n\n## When was it lit?\n\nIn 1901. [1]\n\n"
        "“In 1901.” is partly supported: the year is all there is.\n\n"
        "Answered by: Quotes only (no AI model)\n\n[1] Lamp (lamp.txt, page 2)\n\n> It was lit in 1901.\n"
    )


def test_the_markdown_export_keeps_the_lines_of_small_talk_and_names_no_model() -> None:
    text = "There are 2 documents to ask about:\n\n- a.txt\n- b.txt"
    answer = Answer(question="list documents", query="list documents", text=text, abstained=False, talk=True)
    assert to_markdown(conversation(Turn(answer=answer))).endswith(
        "## list documents\n\nThere are 2 documents to ask about:\n\n\\- a.txt\\\n\\- b.txt\n"
    )


def test_the_markdown_export_begins_with_the_short_answer() -> None:
    answer = replace(turn().answer, short=Short(text="*19*\n01", citation=1, start=14, end=18))
    written = to_markdown(conversation(Turn(answer=answer)))
    assert "## When was it lit?\n\n**\\*19\\* 01** [1]\n\nIn 1901. [1]\n" in written


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<script>alert(1)</script>", "\\<script>alert(1)\\</script>"),
        ("![x](http://evil.example)", "!\\[x](http\\://evil.example)"),
        ("[1](http://evil.example)", "\\[1](http\\://evil.example)"),
        ("www.evil.example a@b.c", "www\\.evil.example a\\@b.c"),
        ("- item\n1. item\n# head", "\\- item\\\n1\\. item\\\n\\# head"),
        ("a | b\n|---|", "a | b\\\n\\|---|"),
        ("`code` *bold* &amp; __init__ a_b", "\\`code\\` \\*bold\\* \\&amp; \\_\\_init\\_\\_ a_b"),
        ("at 10:30, 1/2 of it [3]!", "at 10:30, 1/2 of it [3]!"),
        ("cod\u202etxt", "cod‹U+202E›txt"),
    ],
)
def test_the_markdown_export_escapes_what_markdown_would_read(hostile: str, shown: str) -> None:
    assert shown in to_markdown(conversation(turn(text=hostile)))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a1 \n\t\\`*_[]<>&!|~$#@:/.-+=()^\"'", max_size=60).filter(lambda text: text.strip()))
def test_whatever_a_text_holds_a_markdown_reader_shows_just_its_characters(text: str) -> None:
    answer = Answer(question="q", query="q", text=text, abstained=False, talk=True)
    html = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .render(to_markdown(conversation(Turn(answer=answer))))
    )
    said = html.partition("<h2>q</h2>\n")[2]
    assert set(re.findall(r"</?\w+", said)) <= {"<p", "</p", "<br"}
    assert unescape(re.sub(r"<.*?>", " ", said)).split() == text.split()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", "{title}"])
def test_the_page_to_keep_shows_what_is_hostile_and_has_notes_with_quotes_titles_and_pages(hostile: str) -> None:
    held = turn(hostile, f"{hostile} [1]").answer
    citation = replace(held.citations[0], title=hostile, quote=hostile, document=hostile)
    refused = replace(held, text="No.", abstained=True, sentences=(), citations=(), nearest=(citation,))
    written = to_html(conversation(Turn(answer=replace(held, citations=(citation,))), Turn(answer=refused)))
    assert set(re.findall(r"<(\w+)", written)) == {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "article", "p", "a", "ol", "li", "q",
        "br",
    }  # fmt: skip
    assert unescape(written).count(hostile) == 11
    for note in ("note-1-1", "note-2-1"):
        assert f'<li id="{note}"><q>' in written
    assert unescape(written).count(f"{hostile} ({hostile}, page 2)") == 2
