"""Ranking through the real index and the real encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import Chatbot
from qa.search.retrieval import READING_SHARE

BRIDGE = "Mayor Ada Brook opened the Lark Bridge on 4 May 1931. The engineer Carlo Neri had drawn it in Turin."
DOCUMENTS = {
    "bridge.txt": BRIDGE,
    "copy.txt": BRIDGE,
    "mill.txt": "The Dunn mill ground oats for eighty years. It burned down in the dry summer of 1976.",
    "birds.txt": "Herons nest along the river in spring. They feed on small fish and frogs.",
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder: Path = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Chatbot.open(chroma=str(tmp_path_factory.mktemp("index")), seeds=folder, model="extractive") as opened:
        yield opened


def test_the_passage_that_answers_comes_first(bot: Chatbot) -> None:
    assert bot.search("When did the mill burn down?")[0].passage.document == "mill.txt"
    assert bot.search("Which animals eat frogs?")[0].passage.document == "birds.txt"


def test_ranks_count_from_one_and_scores_fall(bot: Chatbot) -> None:
    hits = bot.search("Who opened the bridge?", top_k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert sorted((hit.score for hit in hits), reverse=True) == [hit.score for hit in hits]


def test_a_text_that_two_documents_hold_is_found_once(bot: Chatbot) -> None:
    found = [hit.passage.document for hit in bot.search("Who opened the Lark Bridge?", top_k=4)]
    assert sorted(found) == ["birds.txt", "bridge.txt", "mill.txt"]


def test_every_sentence_of_a_hit_has_a_score_and_the_best_counts_for_the_hit(bot: Chatbot) -> None:
    for hit in bot.search("Where was the bridge drawn?"):
        assert len(hit.sentence_scores) == len(hit.sentence_cosines) == len(hit.passage.units) == len(hit.quotes)
        assert hit.score == pytest.approx(hit.relevance + READING_SHARE * max(hit.sentence_scores), abs=1e-5)


def test_the_same_query_gives_the_same_hits(bot: Chatbot) -> None:
    assert bot.search("herons in spring") == bot.search("herons in spring")


def test_a_query_without_any_known_word_still_finds_the_nearest(bot: Chatbot) -> None:
    assert len(bot.search("¿?", top_k=2)) == 2
