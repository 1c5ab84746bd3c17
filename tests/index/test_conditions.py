"""Questions that are answered from some of the documents only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from make_index import entry, open_index, vector
from qa import Chatbot
from qa.errors import QuestionError
from qa.index.conditions import EXACT_PASSAGES, Narrowed, among, matching, parse_condition
from qa.index.writer import writing
from qa.types import Record


def record(document: str, *, title: str = "", date: str | None = None) -> Record:
    return Record(
        id=document, version="v", title=title, root="/r", mirrored=True, passages=1, chars=1, pages=(), date=date
    )


RECORDS = [
    record("reports/a.txt", title="Harvest [draft]", date="2021-06-30"),
    record("reports/deep/b.txt", title="Harvest", date="2021-07-01"),
    record("notes/c.md", title="Fishing", date="2022-01-15"),
    record("undated.md", title="Weather"),
]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("date>=2021-07", "bc"),
        ("date > 2021-07", "c"),
        ("date<=2021-07", "ab"),
        ("date<2021-07", "a"),
        ("date=2021", "ab"),
        ("date!=2021", "c"),
        ("date=2021-07-01", "b"),
        ("document=reports/*", "ab"),
        ("document=REPORTS/deep/?.txt", "b"),
        ("document!=reports/*", "cu"),
        ("title=harvest*", "ab"),
        ("title=Harvest", "b"),
        ("title!=*i*", "abu"),
    ],
)
def test_a_condition_chooses_documents(written: str, found: str) -> None:
    chosen = matching(RECORDS, [parse_condition(written)])
    assert "".join(Path(each.id).stem[0] for each in chosen) == found


def test_every_condition_must_be_met() -> None:
    conditions = [parse_condition("date>=2021"), parse_condition("document=reports/*"), parse_condition("date<2021-07")]
    assert [each.id for each in matching(RECORDS, conditions)] == ["reports/a.txt"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "cannot be read as a condition"),
        ("author=Ada", "cannot be read as a condition"),
        ("date>", "cannot be read as a condition"),
        ("date==2021", "is no date"),
        ("date>=July", "is no date"),
        ("date>=2021-7", "is no date"),
        ("title<Harvest", "puts titles in an order"),
    ],
)
def test_what_is_no_condition_is_named(written: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        parse_condition(written)


def test_documents_are_chosen_one_by_one_by_their_exact_ids() -> None:
    records = [record(id, title="", date=None) for id in ("a.txt", "[a].txt", "A.txt", "*")]
    assert [each.id for each in matching(records, [among(["[a].txt", "*"])])] == ["[a].txt", "*"]


@pytest.mark.parametrize("documents", [1, 2, 3])
def test_a_narrowed_search_finds_the_same_as_a_look_at_every_passage(tmp_path: Path, documents: int) -> None:
    index = open_index(tmp_path / "index")
    entries = [entry(f"{name}.txt", "".join(f"{name} {line}\n" for line in range(1_500))) for name in "abcd"]
    with writing(index) as writer:
        writer.put(entries)
    chosen = entries[:documents]
    narrowed = Narrowed(index, [each.record for each in chosen])
    assert (sum(each.record.passages for each in chosen) > EXACT_PASSAGES) == (documents > 1)
    query = vector("a question")
    exact = sorted(
        (
            (-float(row @ query), passage.id)
            for each in chosen
            for row, passage in zip(each.vectors, each.passages, strict=True)
        )
    )
    found = narrowed.search_dense(query, k=50)
    assert len(found) == 50
    assert len({key for key, _ in found} & {key for _, key in exact[:50]}) >= 48
    np.testing.assert_allclose(
        sorted(score for _, score in found)[-40:], [-each for each, _ in exact[:40]][::-1], atol=1e-4
    )


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    home = tmp_path_factory.mktemp("narrowed")
    for year in (2019, 2020, 2021):
        path = home / f"docs/{year}/harvest.txt"
        path.parent.mkdir(parents=True)
        path.write_text(
            f"date {year}-08-01 The harvest of rye came to {year - 1900} sacks in the valley.", encoding="utf-8"
        )
    (home / "docs/harvest.txt").write_text("The harvest of rye came to 7 sacks on the hill.", encoding="utf-8")
    with Chatbot.open(model="extractive", chroma=str(home / "index"), home=home, seeds=home / "docs") as opened:
        yield opened


def test_answers_and_search_keep_to_the_conditions(bot: Chatbot) -> None:
    question = "How many sacks did the harvest of rye come to in the valley?"
    answer = bot.ask(question, where=["date>=2020", "date<2021"])
    assert {citation.document for citation in answer.citations} == {"2020/harvest.txt"}
    assert {hit.passage.document for hit in bot.search(question, where=["document=20*"])} == {
        "2019/harvest.txt",
        "2020/harvest.txt",
        "2021/harvest.txt",
    }
    narrowed = bot.narrowed(["date=2019"])
    assert [each.metadata["document"] for each in narrowed.retriever.invoke(question)] == ["2019/harvest.txt"]
    assert narrowed.ask(question, where=["date=2020"]).abstained
    with pytest.raises(QuestionError):
        bot.ask(question, where=["size=3"])


def test_scores_do_not_depend_on_the_conditions(bot: Chatbot) -> None:
    question = "How many sacks came from the valley?"
    everything = {hit.passage.id: hit.relevance for hit in bot.search(question)}
    assert {
        hit.passage.id: hit.relevance for hit in bot.search(question, where=["date=2020"])
    }.items() <= everything.items()


def test_the_command_line_takes_conditions(bot: Chatbot, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qa", "ask", "How many sacks of rye?", "--chroma", bot.settings.chroma, "--json"]
    done = subprocess.run([*command, "--where", "date>=2021"], cwd=tmp_path, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert {each["document"] for each in answer["citations"] + answer["nearest"]} == {"2021/harvest.txt"}
    done = subprocess.run(
        [*command, "--where", "date>=soon"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no date" in done.stderr
