"""Pairs of a question and a text, in word pieces, from which the reader learns: read, varied, laid out in batches."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.documents.plain import find_marks
from qa.documents.units import find_units
from qa.models.minilm import encode, load_tokenizer
from qa.models.reader import CLS, QUESTION_PIECES, SEP, Reader

Ints = NDArray[np.int64]

BESIDE_ANOTHER, CUT_OUT = 0.5, 0.3  # how often a round also holds an answerable pair made unanswerable in that way


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
    source: int = 0

    @property
    def answer(self) -> bytes:
        """The pieces of the answer, of the whole text where nobody knows which they are."""
        return (self.text[self.first : self.last + 1] if self.first >= 0 else self.text).tobytes()

    def beside(self, text: Ints, sentences: Ints) -> Pair:
        """The question beside a text that does not answer it."""
        return replace(self, text=text, sentences=sentences, first=-1, last=-1, answerable=False)

    def cut(self) -> Pair | None:
        """The pair without the sentence of its answer; None where the answer also stands elsewhere, or alone."""
        kept = (self.sentences < self.sentences[self.first]) | (self.sentences > self.sentences[self.last])
        if self.first < 0 or not kept.any() or self.answer in self.text[kept].tobytes():
            return None
        return self.beside(self.text[kept], self.sentences[kept])


def load_arrays(path: Path) -> Iterator[Pair]:
    """Pairs from arrays: `q` and `c` are the pieces of all questions and texts, which begin at `qo` and `co`.

    `cs` numbers the sentence of each piece of `c`; a row of `rows` is a question, a text, the answer's first and last
    piece, 1 when answerable, the source, and 1 when it is kept for validation.
    """
    with np.load(path, allow_pickle=False) as stored:
        names = ("q", "qo", "c", "co", "cs", "rows")
        q, qo, c, co, cs, rows = (stored[name].astype(np.int64) for name in names)
    for question, text, first, last, answerable, source, validation in rows:
        if not validation:
            asked, read = slice(qo[question], qo[question + 1]), slice(co[text], co[text + 1])
            yield Pair(
                question=q[asked],
                text=c[read],
                sentences=cs[read],
                first=first,
                last=last,
                answerable=answerable == 1,
                source=source,
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


Plan = list[tuple[int, int]]  # of a batch: the number of a pair, and that of the one whose text it stands beside
ITSELF, WITHOUT = -1, -2  # instead of another's number: the pair as it is, and its text without the answer's sentence


def plans(
    pairs: Sequence[Pair], near: Mapping[int, Sequence[int]], *, size: int, random: np.random.Generator
) -> Iterator[Plan]:
    """Batches without end, of texts of about one length. Each pair comes once in a round, and some of them twice.

    The second time the question stands beside one of the texts `near` it, or beside its own without the answer.
    """
    lengths = np.array([len(pair.text) for pair in pairs])
    with_others = np.array([number for number, others in near.items() if others])
    answered = np.flatnonzero([pair.first >= 0 for pair in pairs])
    while True:
        beside = with_others[random.random(len(with_others)) < BESIDE_ANOTHER]
        cut = answered[random.random(len(answered)) < CUT_OUT]
        others = np.array([near[number][int(random.integers(len(near[number])))] for number in beside], dtype=np.int64)
        rows = np.concatenate([np.arange(len(pairs)), beside, cut])
        texts = np.concatenate([np.full(len(pairs), ITSELF), others, np.full(len(cut), WITHOUT)])
        long = lengths[np.where(texts < 0, rows, texts)]
        order = random.permutation(len(rows))
        for start in range(0, len(order), 50 * size):
            several = order[start : start + 50 * size]
            several = several[np.argsort(long[several], kind="stable")]
            groups = [several[at : at + size] for at in range(0, len(several), size)]
            for at in random.permutation(len(groups)):
                yield [(int(rows[each]), int(texts[each])) for each in groups[at]]


def carry_out(plan: Plan, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of a batch that was planned."""
    batch = []
    for number, other in plan:
        pair = pairs[number]
        if other == WITHOUT:
            pair = pair.cut() or pair
        elif other != ITSELF:
            pair = pair.beside(pairs[other].text, pairs[other].sentences)
        batch.append(pair)
    return batch


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
