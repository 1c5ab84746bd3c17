"""Pairs of a question and a text, in word pieces, from which the reader learns: read, varied, laid out in batches."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.models.minilm import encode, load_tokenizer
from qa.models.reader import CLS, QUESTION_PIECES, SEP, Reader

Ints = NDArray[np.int64]

OTHER_TEXT, CUT_OUT = 0.25, 0.15  # the shares of pairs that are made unanswerable


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question and a text in word pieces, and where the answer lies in them.

    `sentences` numbers each piece of the text. `first` and `last` are -1 where nothing answers, and -2 where something
    does, but nobody knows which words.
    """

    question: Ints
    text: Ints
    sentences: Ints
    first: int
    last: int
    answerable: bool


def load_arrays(path: Path) -> Iterator[Pair]:
    """Pairs from arrays: `q` and `c` are the pieces of all questions and texts, which begin at `qo` and `co`.

    `cs` numbers the sentence of each piece of `c`; a row of `rows` is a question, a text, the answer's first and last
    piece, 1 when answerable, the source, and 1 when it is kept for validation.
    """
    with np.load(path, allow_pickle=False) as stored:
        names = ("q", "qo", "c", "co", "cs", "rows")
        q, qo, c, co, cs, rows = (stored[name].astype(np.int64) for name in names)
    for question, text, first, last, answerable, _, validation in rows:
        if not validation:
            asked, read = slice(qo[question], qo[question + 1]), slice(co[text], co[text + 1])
            yield Pair(
                question=q[asked], text=c[read], sentences=cs[read], first=first, last=last, answerable=answerable == 1
            )


def load_squad(path: Path) -> Iterator[Pair]:
    """Pairs from a SQuAD file, version 1 or 2, each with its first answer."""
    tokenizer = load_tokenizer()
    paragraphs = [
        each for article in json.loads(path.read_text(encoding="utf-8"))["data"] for each in article["paragraphs"]
    ]
    for paragraph in paragraphs:
        text, asked = paragraph["context"], paragraph["qas"]
        read, *questions = encode(tokenizer, [text, *(each["question"] for each in asked)], special=False)
        opens = [unit.start for unit in find_units(text, find_marks(text))]
        sentences = np.array([bisect_right(opens, first) for first, _ in read.offsets])
        for case, question in zip(asked, questions, strict=True):
            pieces: list[int] = []
            for answer in case["answers"][:1]:
                start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                pieces = [at for at, (first, last) in enumerate(read.offsets) if first < end and last > start]
            yield Pair(
                question=np.array(question.ids),
                text=np.array(read.ids),
                sentences=sentences,
                first=min(pieces, default=-1),
                last=max(pieces, default=-1),
                answerable=bool(pieces),
            )


def varied(pair: Pair, other: Pair, *, chance: float) -> Pair:
    """The pair, or by chance an unanswerable one: beside another text, or with the answer's sentence cut out."""
    answer = pair.text[pair.first : pair.last + 1].tobytes()
    if pair.first < 0:
        return pair
    if chance < OTHER_TEXT and answer not in other.text.tobytes():
        text, sentences = other.text, other.sentences
    elif OTHER_TEXT < chance < OTHER_TEXT + CUT_OUT:
        kept = (pair.sentences < pair.sentences[pair.first]) | (pair.sentences > pair.sentences[pair.last])
        text, sentences = pair.text[kept], pair.sentences[kept]
        if answer in text.tobytes():
            return pair
    else:
        return pair
    return Pair(question=pair.question, text=text, sentences=sentences, first=-1, last=-1, answerable=False)


def batches(pairs: Sequence[Pair], *, size: int, random: np.random.Generator) -> Iterator[list[Pair]]:
    """Batches without end, of texts of about one length; each pair comes once in a round."""
    while True:
        order = random.permutation(len(pairs))
        chances = random.random(len(pairs))
        for start in range(0, len(order), 50 * size):
            several = order[start : start + 50 * size]
            near = [(each + 1 + int(each) % 7) % len(pairs) for each in several]  # often of the same source
            made = [varied(pairs[a], pairs[b], chance=chances[a]) for a, b in zip(several, near, strict=True)]
            made.sort(key=lambda pair: len(pair.text))
            groups = [made[at : at + size] for at in range(0, len(made), size)]
            yield from (groups[int(at)] for at in random.permutation(len(groups)))


def arrange(batch: Sequence[Pair], *, random: np.random.Generator) -> dict[str, Ints]:
    """A batch as arrays (pairs, pieces), padded; a long text is cut around its answer, at random."""
    arrays: dict[str, list[Ints]] = {name: [] for name in ("ids", "types", "sentences", "places")}
    for pair in batch:
        question = pair.question[:QUESTION_PIECES]
        room = Reader.max_pieces - len(question) - 3
        slack = max(0, len(pair.text) - room)
        low, high = (max(0, pair.last - room + 1), min(slack, pair.first)) if pair.first >= 0 else (0, slack)
        start = int(random.integers(min(low, high), high + 1))
        text, shift = pair.text[start : start + room], len(question) + 2 - start
        arrays["ids"].append(np.concatenate([[CLS], question, [SEP], text, [SEP]]))
        arrays["types"].append(np.repeat([0, 1], [len(question) + 2, len(text) + 1]))
        outside = np.full(len(question) + 2, -1)
        arrays["sentences"].append(np.concatenate([outside, pair.sentences[start : start + room], [-1]]))
        places = (pair.first + shift, min(pair.last, start + room - 1) + shift) if pair.first >= 0 else (0, 0)
        arrays["places"].append(np.array([*places, pair.first != -2, pair.answerable]))
    longest = max(map(len, arrays["ids"]))
    fill = {"ids": 0, "types": 0, "sentences": -1}
    padded = {
        name: np.stack([np.pad(row, (0, longest - len(row)), constant_values=value) for row in arrays[name]])
        for name, value in fill.items()
    }
    return {**padded, "places": np.stack(arrays["places"])}
