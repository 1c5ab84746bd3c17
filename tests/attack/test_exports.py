"""An exported answer that somebody changed fails `qa verify`; one that nobody changed never does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from qa import Chatbot
from qa.answers.drafting.draft import Draft
from qa.answers.quotes import verify_quotes
from qa.answers.verification import SentenceCheck, read_answers, verify_sentences
from qa.documents.plain import find_marks
from qa.documents.sentences import split_sentences
from qa.documents.units import find_units
from qa.errors import DocumentError, ModelError
from qa.types import ABSTENTION, Answer, Document, Passage, Sentence, Short, Usage

TEXT = """General Naravane met General Serino in Rome on 8 July 2021 and then visited Italy's naval dockyard.
He did not meet Ada Quill. The fleet [3] counts 41 ships, and `a[1]` is one of them.

1. The first lamp was lit in 1901.
2. The second lamp was lit in 1902.
"""
DOCUMENT = Document(id="visit.txt", text=TEXT, title="visit")
PASSAGE = Passage(
    document="visit.txt", version=DOCUMENT.version, title="visit", ordinal=0, start=0, end=len(TEXT), text=TEXT,
    units=find_units(TEXT, find_marks(TEXT)),
)  # fmt: skip
HONEST = [
    "General Naravane met General Serino in Rome. [1.1]", "General Naravane sold the fleet to Italy. [1.1]",
    "He did not meet Ada Quill", "[1.2].", " [1.3][1.1]", "[9.9] ", "\n[1.4] ", "1. ", "2) ", "- ", "\n\n", "\n", "  ",
    "The fleet counts 41 ships [1.3] and", "the first lamp was lit in 1901 [1.4], he says.", "# A heading\n", "`a[1]`",
    "```\ncode [1]\n```\n", "41.", "* * *\n", "Really?", "“So.”", "The visit (in Rome [1.1]) was short.", "| a | b |\n",
    "A lamp was not lit in 1901. [1.4]", "Dockyards hum and whirr. [1.1]", "\\[1.1\\]", "[2021]", "【1.2】", "Ada ",
]  # fmt: skip


def checks(answer: Answer, **rest: bool) -> tuple[SentenceCheck, ...]:
    return verify_sentences(answer, document=lambda _: DOCUMENT, idf=lambda stem: 1.0 + len(stem) / 9, **rest)


def written(*pieces: str, unsupported: str = "mark", finish: str = "stop") -> Answer:
    """The answer that a model's reply becomes."""
    base = Answer(question="q", query="q", text=ABSTENTION, abstained=True, model="toy")
    draft = Draft(
        (PASSAGE,),
        question="q",
        idf=lambda stem: 1.0 + len(stem) / 7,
        usage=Usage(),
        own_words=lambda: base,
        unsupported=unsupported,  # type: ignore[arg-type]
    )
    for piece in pieces:
        draft.feed(AIMessageChunk(content=piece))
    draft.feed(AIMessageChunk(content="", response_metadata={"finish_reason": finish}))
    *_, answer = draft.finish(base, checker=None)
    assert isinstance(answer, Answer)
    return answer


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(HONEST), min_size=1, max_size=9),
    st.sampled_from(["mark", "drop", "abstain"]),
    st.sampled_from(["stop", "length"]),
)
@example(["41.", "\n\n", "[1.2].", "[2021]"], "mark", "stop")
@example(["[2021].", "(1)", "[1.3]", ".", "`", "1"], "mark", "stop")
@example(["Really?", ".[1]", "`", "[1.2]", ".[1]", "2. "], "mark", "stop")
def test_whatever_a_model_wrote_its_export_holds(pieces: list[str], unsupported: str, finish: str) -> None:
    try:
        answer = written(*pieces, unsupported=unsupported, finish=finish)
    except ModelError:
        return  # nothing was written
    assert [check for check in checks(answer) if not check.holds] == []


def test_what_was_stopped_before_it_was_judged_holds() -> None:
    assert checks(Answer(question="q", query="q", text="General Nara", abstained=False, incomplete=True)) == ()


GOOD = written("General Naravane met General Serino in Rome. [1.1] The first lamp was lit in 1901. [1.4]")
FORGED = "General Naravane sold the fleet to Italy."


def sentences(*texts: str) -> tuple[Sentence, ...]:
    return tuple(replace(old, text=text) for old, text in zip(GOOD.sentences, texts, strict=True))


@pytest.mark.parametrize(
    ("changed", "text", "reason"),
    [
        (
            replace(GOOD, text=GOOD.text.replace(GOOD.sentences[0].text, FORGED),
                    sentences=sentences(FORGED, GOOD.sentences[1].text)),
            FORGED, "it says supported and is",
        ),
        (replace(GOOD, sentences=sentences(FORGED, GOOD.sentences[1].text)), FORGED, "does not stand in the answer"),
        (replace(GOOD, text=f"{FORGED} {GOOD.text}"), FORGED, "is no sentence of it"),
        (replace(GOOD, text=f"{GOOD.text} {FORGED}"), FORGED, "is no sentence of it"),
        (replace(GOOD, sentences=(), text=FORGED), FORGED, "is no sentence of it"),
        (replace(GOOD, text=GOOD.text.replace("1901", "1902")), GOOD.sentences[1].text, "does not stand in the answer"),
        (
            replace(GOOD, text=GOOD.text.replace("1901", "1902"),
                    sentences=sentences(GOOD.sentences[0].text, "The first lamp was lit in 1902.")),
            "The first lamp was lit in 1902.", "the number 1,902 is not found",
        ),
        (replace(GOOD, text=f"{GOOD.text} [2021]"), "[2021]", "is no sentence of it"),
        (replace(GOOD, text=GOOD.text.replace("[1]", "[2]")), GOOD.sentences[0].text, "its citations are not those"),
        (replace(GOOD, citations=GOOD.citations[:1]), GOOD.sentences[1].text, "not among the citations"),
        (
            replace(GOOD, sentences=(replace(GOOD.sentences[0], citations=()), GOOD.sentences[1])),
            GOOD.sentences[0].text, "it cites nothing",
        ),
        (replace(GOOD, abstained=True, text=FORGED), FORGED, "an abstention has no words of its own"),
    ],
)  # fmt: skip
def test_a_sentence_that_was_changed_is_named(changed: Answer, text: str, reason: str) -> None:
    assert [check for check in checks(GOOD) if not check.holds] == []
    failed = [check for check in checks(changed) if not check.holds]
    assert any(check.text.startswith(text) and reason in (check.reason or "") for check in failed), failed


def test_a_short_answer_that_is_not_in_its_quote_is_named() -> None:
    quote = GOOD.citations[1].quote
    short = Short(text="1901", citation=2, start=quote.index("1901"), end=quote.index("1901") + 4)
    assert [check for check in checks(replace(GOOD, short=short)) if not check.holds] == []
    for forged in ({"text": "1902"}, {"citation": 1}, {"citation": 9}, {"start": 0}):
        (failed,) = (check for check in checks(replace(GOOD, short=replace(short, **forged))) if not check.holds)
        assert (failed.text, failed.reason) == (
            forged.get("text", "1901"),
            "it does not stand at its place in the quote that it cites",
        )


def test_a_better_verdict_than_the_rules_give_does_not_hold() -> None:
    doubted = written("General Naravane sold the fleet to Italy. [1.1]")
    assert doubted.sentences[0].support == "unsupported" or doubted.sentences[0].support == "partly"
    raised = replace(doubted, sentences=(replace(doubted.sentences[0], support="supported", reason=None),))
    assert [check.holds for check in checks(doubted)] == [True]
    assert [check.holds for check in checks(raised)] == [False]
    assert [check.holds for check in checks(raised, strict=False)] == [True]  # a model judged, so wording may differ


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder = tmp_path_factory.mktemp("exports")
    with Chatbot.open(model="extractive", chroma=str(folder / "index"), home=folder / "home") as bot:
        yield bot


def test_every_answer_in_the_documents_own_words_holds(bot: Chatbot) -> None:
    bot = bot.adjusted(strictness=0.0)
    text = next(iter(bot.documents())).id
    document = bot.document(text)
    spans = split_sentences(document.text)[:30]
    for question in ["Who met whom?", *(document.text[span.start : span.end][:200] for span in spans)]:
        answer = bot.ask(question)
        found = bot.verify(answer).sentences
        assert [check for check in found if not check.holds] == []
        assert found


def test_verify_exits_1_and_says_which_sentence_and_why(bot: Chatbot, tmp_path: Path) -> None:
    answer = bot.ask("Who did General Naravane meet in Rome?")
    forged = answer.to_dict()
    forged["answer"] = f"{FORGED} [1]"
    forged["sentences"] = [{**forged["sentences"][0], "text": FORGED, "highlight": None}]
    forged["citations"], forged["short"] = forged["citations"][:1], None
    (tmp_path / "good.json").write_text(answer.to_json(), encoding="utf-8")
    (tmp_path / "bad.json").write_text(json.dumps(forged), encoding="utf-8")

    def verify(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "qa", "verify", name, "--chroma", str(bot.settings.chroma), *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)

    assert verify("good.json").returncode == 0
    failed = verify("bad.json")
    assert failed.returncode == 1
    assert f"unfounded  “{FORGED}”: it says supported and is" in failed.stdout
    assert "1 of 1 quotes hold\n0 of 1 sentences hold" in failed.stdout
    found = json.loads(verify("bad.json", "--json").stdout)["sentences"]
    assert [one["text"] for one in found if one["reason"]] == [FORGED]


def test_a_title_that_the_file_makes_up_bears_out_nothing() -> None:
    text, title = "General Naravane met General Serino in Paris.", "The visit to Paris"
    sentence = replace(GOOD.sentences[0], text=text)
    citations = (replace(GOOD.citations[0], title=title),)
    forged = replace(GOOD, text=f"{text} [1]", sentences=(sentence,), citations=citations)
    assert [check.holds for check in checks(forged)] == [False]


def test_a_quote_stands_only_at_characters_that_there_are() -> None:
    counted_back = replace(
        GOOD.citations[0], start=GOOD.citations[0].start - len(TEXT), end=GOOD.citations[0].end - len(TEXT)
    )
    empty = replace(GOOD.citations[0], start=0, end=0, quote="")
    found = verify_quotes(replace(GOOD, citations=(counted_back, empty)), document=lambda _: DOCUMENT)
    assert [check.finding for check in found] == ["moved", "changed"]


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/"])
def test_what_is_no_file_is_not_read(path: str) -> None:
    with pytest.raises(DocumentError, match="is no file"):
        read_answers(Path(path))
