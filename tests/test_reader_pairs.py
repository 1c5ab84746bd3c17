"""What the reader learns from: pairs whose answer is where the file says, also once they are varied and cut."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.models.minilm import load_tokenizer
from qa.models.reader import CLS, SEP, Reader
from reader_pairs import ITSELF, WITHOUT, Pair, arrange, carry_out, load_arrays, load_squad, plans

TEXT = "The mill was built in 1170. Its oak shaft broke in 1957. Nobody has mended it since."
KEPT = "The mill was built in 1170. Nobody has mended it since."


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
    other = answered.beside(answered.text[:7], answered.sentences[:7])
    plan = [(0, ITSELF), (0, 2), (0, WITHOUT), (1, WITHOUT)]
    same, elsewhere, cut, kept = carry_out(plan, [answered, unanswered, other])
    assert same is answered
    assert said(elsewhere.text) == said(answered.text[:7])
    assert said(cut.text) == KEPT.lower()
    assert [(pair.first, pair.answerable) for pair in (elsewhere, cut)] == [(-1, False)] * 2
    assert kept is unanswered, "it has no answer whose sentence could be cut out"


def test_an_answer_that_also_stands_elsewhere_is_not_cut_out(squad: list[Pair]) -> None:
    answered, _ = squad
    twice = np.concatenate([answered.text, answered.text[answered.first : answered.last + 1]])
    sentences = np.append(answered.sentences, [9] * (len(twice) - len(answered.text)))
    assert replace(answered, text=twice, sentences=sentences).cut() is None


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


def test_a_round_brings_each_pair_once_and_some_again_beside_a_near_text_or_without_the_answer(
    squad: list[Pair],
) -> None:
    pairs = squad * 100
    near = {number: [1] for number in range(0, 200, 2)}
    planned = plans(pairs, near, size=64, random=np.random.default_rng(1))
    seen: list[tuple[int, int]] = []
    while len([each for each in seen if each[1] == ITSELF]) < len(pairs):
        seen += next(planned)
    assert sorted(number for number, text in seen if text == ITSELF) == list(range(200))
    assert {text for _, text in seen} == {ITSELF, WITHOUT, 1}
    assert all(pairs[number].answerable for number, text in seen if text != ITSELF)
