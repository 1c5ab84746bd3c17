"""What reads a stranger's text takes time in proportion to it: conditions, histories, files, replies, exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from attack_times import at_most, grows, seconds
from qa.answers import support
from qa.answers.drafting import markers
from qa.answers.drafting.citations import Citations, read_markers
from qa.answers.drafting.context import harmless
from qa.answers.drafting.reply import Habit, Reply, declines
from qa.answers.drafting.statements import StatementStream
from qa.answers.replies.questions import Questions
from qa.answers.short import highlight, short_answer
from qa.app import export, render
from qa.app.history import Conversation, Turn
from qa.app.safety import without_secrets
from qa.documents.commonmark import markdown_marks
from qa.documents.dates import own_date, written_date
from qa.documents.files import find_documents
from qa.documents.formats.content import tidy
from qa.documents.formats.web import html_content
from qa.documents.passages import split_passages
from qa.documents.plain import find_marks
from qa.documents.sentences import split_sentences
from qa.documents.source import code_marks, settings_marks
from qa.errors import DocumentError, QuestionError
from qa.index.conditions import parse_condition
from qa.search import mismatch
from qa.search.followup import standalone
from qa.types import Answer, Document, Message, Passage, Sentence, ShortAnswer, Span, Unit

QUICK_S = 0.012  # what grows with the square takes 30 ms or more for 8,000 characters
LIMIT_S = 8.0
UNITS = [
    " ", "\n", "\t\n", "a", "A ", "#", "# ", "a#\n", "`", "```\n", "~~~a\n", "---\n", "|", "| a |\n", "- ", "1. ",
    "[1]", "[1](a", " [1.1]", "[", "(", "\\", "<br>", "<", "{", "“", ".", ". ", "A. B", "1,", "1, 1", "20 May ",
    "\u3000", "é", "title: ", "n't ", "not ", "The Of ", "two hundred ", "it ", "he ", "there ", "/a", "://", "\r",
    "> ", ">\n", "> a\n", "- a\n", "  - a\n", "a|b\n-|-\n", "|===\n", "==  ==\n", "a  b\n", "A\n\n", "k: v\n", "::\n",
    "<!--", "[a]: b\n", "[a\n", "..... 1\n", "k = [\n",
]  # fmt: skip
PASSAGE = Passage(
    document="a",
    version="v",
    title="a",
    ordinal=0,
    start=0,
    end=9,
    text="It is so.",
    units=(Unit(kind="sentence", start=0, end=9),),
)


def refused(text: str) -> None:
    with pytest.raises(QuestionError):
        parse_condition(text)


def followed(text: str) -> None:
    for question in ("And when did he do it there?", "What about Italy?", "And when?"):
        standalone(question, [Message(role="user", content=text), Message(role="assistant", content=text)])
    standalone(f"And {text}", [Message(role="user", content="Who met Ada in Rome?")])


def split(text: str) -> None:
    split_passages(Document(id="a", text=text, title="a"), count_pieces=lambda texts: [len(t.split()) for t in texts])


def replied(text: str) -> None:
    for piece in (len(text) or 1, 7):
        reply, stream = Reply(Habit()), StatementStream()
        shown = [reply.feed(text[at : at + piece]) for at in range(0, len(text), piece)]
        for written in [*(each for fed in shown for each in stream.feed(fed)), *stream.close()]:
            Citations([PASSAGE]).render(read_markers(written.text), ())
            declines(written.words)
            written.introduces(frozenset())


def answered(text: str) -> Answer:
    sentences = tuple(
        Sentence(text=text[span.start : span.end], citations=(1,), support="partly", reason="x")
        for span in split_sentences(text)[:200]
    )
    citation = PASSAGE.cite(PASSAGE.units[0], number=1)
    return Answer(question="q", query=text, text=text, abstained=False, sentences=sentences, citations=(citation,))


def exported(text: str) -> None:
    export.to_markdown(Conversation(id="0" * 32, turns=(Turn(answer=answered(text)),)))


def checked(text: str) -> None:
    support.check(text, ["It is so."], idf=lambda stem: 1.0)
    support.check("It is not so, Ada.", [text], idf=lambda stem: 1.0, context=text)


def measured(text: str) -> None:
    short = Span(start=0, end=min(9, len(text)))
    highlight(text, text, short)
    passage = replace(PASSAGE, text=text, start=0, end=len(text))
    found = ShortAnswer(start=0, end=len(text), score=9.0, support=0.0)
    short_answer("What is it?", passage, quote=Span(start=0, end=len(text)), found=found)
    mismatch.goes_otherwise(text[:4_000], text)
    mismatch.denied(text, text)


READERS: dict[str, Callable[[str], object]] = {
    "condition": lambda text: refused(f"colour={text}"),
    "condition's value": lambda text: refused(f"date={text}!"),
    "history": followed,
    "Markdown": markdown_marks,
    "Markdown inside quotations": lambda text: markdown_marks(
        "".join(f"{'> ' * 30}{line}\n" for line in text.split("\n"))
    ),
    "front matter": lambda text: markdown_marks(f"---\ntitle: {text}\n---\n{text}"),
    "plain text": find_marks,
    "code and settings": lambda text: (code_marks(text), settings_marks(text)),
    "date": lambda text: (own_date(text), own_date(f"---\n{text}"), written_date(text)),
    "passages": split,
    "sentences": split_sentences,
    "reply": replied,
    "answer as HTML": lambda text: render.answer_html(answered(text)),
    "answer as it grows": lambda text: render.streaming_html(answered(text), stage=""),
    "export": exported,
    "check": checked,
    "short answers and signs": measured,
    "marker": markers.parse_ids,
    "context": harmless,
    "error": without_secrets,
    "question of a sentence": lambda text: Questions(text).of(f"The {text}"),
    "page": lambda text: html_content(f"<p>{text}<table><tr><td>a<td>{text}</table>"),
    "tidy": tidy,
}


@pytest.mark.parametrize("reader", READERS)
def test_reading_takes_time_in_proportion_to_the_text(reader: str) -> None:
    slow = {}
    for unit, (before, after) in product(UNITS, (("", ""), ("a", "b\n"))):

        def run(size: int, unit: str = unit, before: str = before, after: str = after) -> object:
            return READERS[reader](before + unit * (size // len(unit)) + after)

        if is_suspicious(run) and (growth := grows(run, limit_s=LIMIT_S)) and grows(run, limit_s=LIMIT_S):
            slow[before + unit] = growth
    assert slow == {}


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        ("You need:\n\n", "- oil\n"),
        ("", "You need:\n\n- oil\n- ink\n\n"),
        ("| a | kg |\n|---|---|\n", "| b | 2 |\n"),
    ],
    ids=["list", "lists and their lead-ins", "table"],
)
def test_passages_of_what_hangs_together_take_time_in_proportion_to_it(before: str, unit: str) -> None:
    assert grows(lambda size: split(before + unit * (size // len(unit))), limit_s=LIMIT_S) is None


def is_suspicious(run: Callable[[int], object]) -> bool:
    """Whether it takes long, and much more than four times as long as a quarter of it: a quick look at each."""
    took = seconds(run, 8_000, limit_s=LIMIT_S)
    return took > QUICK_S and took > 5.5 * seconds(run, 2_000, limit_s=LIMIT_S)


@pytest.mark.parametrize(
    "pattern", ["*a" * 60 + "b", "*" * 999 + "b", "**/a/" * 40 + "b", "a*a*a*a*a*b/x", "!" + "*a" * 9]
)
def test_a_folders_own_ignore_file_cannot_hold_an_ingest(tmp_path: Path, pattern: str) -> None:
    (tmp_path / ".gitignore").write_text(f"{pattern}\n", encoding="utf-8")
    (tmp_path / ("a" * 200 + ".txt")).write_text("x", encoding="utf-8")
    with pytest.raises(DocumentError, match="more than 3 stars"):
        find_documents(tmp_path)


@pytest.mark.parametrize("pattern", ["*a*a*a" + "b", "**/a*/**/b*/**", "# " + "*" * 80, "a*/b*/c*/d*/e*", "[!a]*.t*t"])
def test_an_ordinary_pattern_is_kept_and_quick(tmp_path: Path, pattern: str) -> None:
    (tmp_path / ".gitignore").write_text(f"{pattern}\n", encoding="utf-8")
    (tmp_path / ("a" * 200 + ".txt")).write_text("x", encoding="utf-8")
    with at_most(LIMIT_S):
        find_documents(tmp_path)
