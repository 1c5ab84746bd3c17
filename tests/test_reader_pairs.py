"""What the reader learns from: pairs whose answer is where the file says, also once they are varied and cut."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qa.models.minilm import load_tokenizer
from qa.models.reader import CLS, SEP, Reader
from reader_pairs import CUT_OUT, OTHER_TEXT, Pair, arrange, batches, load_arrays, load_squad, varied

TEXT = "The mill was built in 1170. Its oak shaft broke in 1957. Nobody has mended it since."
KEPT = "The mill was built in 1170. Nobody has mended it since."
OTHER, CUT, SAME = OTHER_TEXT / 2, OTHER_TEXT + CUT_OUT / 2, 0.99  # chances by which a pair becomes this


@pytest.fixture
def squad(tmp_path: Path) -> list[Pair]:
    answer = {"text": "oak shaft", "answer_start": TEXT.index("oak")}
    asked = [{"question": "What broke?", "answers": [answer]}, {"question": "Who mended it?", "answers": []}]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": TEXT, "qas": asked}]}]}), encoding="utf-8")
    return list(load_squad(path))


def said(pieces: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    text: str = load_tokenizer().decode(pieces.tolist())
    return text


def test_a_squad_file_gives_each_question_with_its_answers_pieces_and_sentences(squad: list[Pair]) -> None:
    answered, unanswered = squad
    assert said(answered.question) == "what broke?"
    assert said(answered.text[answered.first : answered.last + 1]) == "oak shaft"
    assert answered.sentences.tolist() == sorted(answered.sentences)
    assert len(set(answered.sentences)) == 3
    assert (answered.answerable, unanswered.answerable, unanswered.first) == (True, False, -1)


def test_arrays_give_the_same_pairs_but_for_those_kept_for_validation(squad: list[Pair], tmp_path: Path) -> None:
    answered, unanswered = squad
    rows = [(0, 0, answered.first, answered.last, 1, 0, 0), (1, 0, -1, -1, 0, 0, 0), (1, 0, -2, -2, 1, 0, 1)]
    np.savez(
        tmp_path / "pairs.npz",
        q=np.concatenate([answered.question, unanswered.question]),
        qo=np.cumsum([0, len(answered.question), len(unanswered.question)]),
        c=answered.text,
        co=np.array([0, len(answered.text)]),
        cs=answered.sentences,
        rows=np.array(rows),
    )
    found = list(load_arrays(tmp_path / "pairs.npz"))
    assert [(said(pair.question), pair.first, pair.last, pair.answerable) for pair in found] == [
        (said(pair.question), pair.first, pair.last, pair.answerable) for pair in squad
    ]


def test_a_pair_is_made_unanswerable_by_another_text_or_without_the_answers_sentence(squad: list[Pair]) -> None:
    answered, unanswered = squad
    other = Pair(
        question=answered.question,
        text=answered.text[:7],
        sentences=answered.sentences[:7],
        first=-1,
        last=-1,
        answerable=False,
    )
    elsewhere, cut = (varied(answered, other, chance=chance) for chance in (OTHER, CUT))
    assert said(elsewhere.text) == said(answered.text[:7])
    assert said(cut.text) == KEPT.lower()
    assert [(pair.first, pair.answerable) for pair in (elsewhere, cut)] == [(-1, False)] * 2
    assert varied(answered, other, chance=SAME) is answered
    assert varied(answered, answered, chance=OTHER) is answered, "the other text holds the answer too"
    assert varied(unanswered, other, chance=OTHER) is unanswered


@pytest.mark.parametrize("first", [0, 200, 500, 995])
def test_a_long_text_is_cut_around_its_answer_and_all_rows_are_padded_to_one_length(first: int) -> None:
    long = Pair(
        question=np.arange(2000, 2100),
        text=np.arange(5000, 6000),
        sentences=np.arange(1000) // 10,
        first=first,
        last=first + 4,
        answerable=True,
    )
    short = Pair(
        question=np.array([7]), text=np.array([8, 9]), sentences=np.array([0, 0]), first=-2, last=-2, answerable=True
    )
    made = arrange([long, short], random=np.random.default_rng(first))
    start, end, known, answerable = made["places"][0]
    assert made["ids"][0, start : end + 1].tolist() == list(range(5000 + first, 5005 + first))
    assert made["sentences"][0, start] == first // 10
    assert (known, answerable) == (1, 1)
    assert made["ids"].shape == made["types"].shape == made["sentences"].shape == (2, Reader.max_pieces)
    assert made["ids"][1, :7].tolist() == [CLS, 7, SEP, 8, 9, SEP, 0]
    assert made["types"][1, :7].tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert made["places"][1].tolist() == [0, 0, 0, 1], "that something answers is known, but not what"


def test_a_round_of_batches_brings_each_pair_once(squad: list[Pair]) -> None:
    pairs = squad * 5
    found = batches(pairs, size=4, random=np.random.default_rng(1))
    sizes = [len(next(found)) for _ in range(3)]
    assert sorted(sizes) == [2, 4, 4]
