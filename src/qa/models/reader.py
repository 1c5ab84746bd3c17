"""The reader: a question and a text → where in the text the answer stands, on onnxruntime, without torch.

The weights are a file of this package: plain numbers, checked against the SHA-256 pinned here before they are used.
What they were trained on and how well they read stands in docs/reader.md. Knows nothing of passages or ranking.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from unicodedata import category

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tokenizers import Encoding

from qa.models.minilm import WORKERS, Vectors, checked_bytes, encode, load_tokenizer, open_session
from qa.types import Reading, ShortAnswer

WEIGHTS = Path(__file__).parents[1] / "_data" / "reader.safetensors"  # made by scripts/train_reader.py
GRAPH = WEIGHTS.with_suffix(".onnx")  # made by scripts/build_reader_graph.py
SHA256 = {
    WEIGHTS.name: "6a842b45ddb08632e5b381e82f80d9c03a91cc43fa34ef9cd10ff8045d6cab76",
    GRAPH.name: "16552c826d217b894746ec737cf8a109e076f7326d7954f9cec053685bc132e3",
}
MEND = "Run in a checkout of this program: git restore src/qa/_data && pip install --no-deps --force-reinstall ."

UNKNOWN, CLS, SEP = 100, 101, 102
MARKS = {0, CLS, SEP, 103}  # as which the tokenizer takes "[PAD]", "[CLS]", "[SEP]" and "[MASK]" in what people write
QUESTION_PIECES = 64  # the longest that was trained on; a passage of 254 pieces still fits beside it
ANSWER_PIECES = 30


class Reader:
    """A reading model of six layers, the shape of MiniLM, on 8-bit weights.

    A reading does not depend, to the last bit, on the texts beside it or on the number of threads: every text is
    read alone, on one thread. Another kind of processor may move a score in its last digits.
    Safe to share between threads. Of a question the first 64 word pieces are read, of the text as many as fit.
    """

    name = "reader-3"
    max_pieces = 384  # question and text, with [CLS] and two [SEP]

    def __init__(self, *, weights: bytes | None = None, workers: int = WORKERS) -> None:
        """Load the model; `workers` threads run it. Other `weights` than the package's are for trying them out.

        Raises: EmbeddingError when the weights, their graph or the tokenizer are missing or damaged.
        """
        content = _checked(WEIGHTS) if weights is None else weights
        self._tokenizer = load_tokenizer()
        self._session = open_session(_checked(GRAPH), content, name=WEIGHTS.name)
        self._workers = workers

    def read(self, question: str, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> list[Reading]:
        """The reading of each text for the question, with the best short answer in each of its spans (start, end).

        A short answer is made of whole words. A span may be the whole text, or lie across others.
        """
        asked, *encodings = encode(self._tokenizer, [question, *texts], special=False)
        pieces = _unmarked(asked.ids[:QUESTION_PIECES])

        def read_one(job: tuple[str, Encoding, Sequence[tuple[int, int]]]) -> Reading:
            text, encoding, wanted = job
            room = self.max_pieces - len(pieces) - 3
            first, second = [CLS, *pieces, SEP], [*_unmarked(encoding.ids[:room]), SEP]
            types = [0] * len(first) + [1] * len(second)
            # The logits of each piece (pieces, 3: an answer begins, it ends, what supports it) and of there being one.
            scores, answerable = self._session.run(
                ["pieces", "answerable"], {"input_ids": np.array([first + second]), "token_types": np.array([types])}
            )
            found = _Pieces(text, encoding, scores[len(first) : -1], null=float(scores[0, 0] + scores[0, 1]))
            parts = tuple(found.best_within(*span) for span in wanted)
            return Reading(answerable=float(answerable[0, 0]), parts=parts)

        jobs = list(zip(texts, encodings, spans, strict=True))
        with ThreadPoolExecutor(self._workers) as pool:
            return list((pool.map if len(jobs) > 1 else map)(read_one, jobs))


class _Pieces:
    """The pieces of one text that were read: where they stand, and the scores of all answers made of them."""

    def __init__(self, text: str, encoding: Encoding, scores: Vectors, *, null: float) -> None:
        read = len(scores)
        self._text = text
        self._first, self._last = np.array(encoding.offsets[:read], dtype=np.int64).reshape(-1, 2).T
        self._support = scores[:, 2]
        words = [-1, *(each if each is not None else -1 for each in encoding.word_ids[: read + 1]), -1]
        opens = np.array(words[1 : read + 1]) != np.array(words[:read])
        closes = np.array(words[1 : read + 1]) != np.array(words[2 : read + 2])
        starts, ends = np.where(opens, scores[:, 0], -np.inf), np.where(closes, scores[:, 1], -np.inf)
        padded = np.concatenate([ends, np.full(ANSWER_PIECES, -np.inf)])
        self._answers = starts[:, None] + sliding_window_view(padded, ANSWER_PIECES)[:read] - null

    def best_within(self, start: int, end: int) -> ShortAnswer | None:
        """The best answer that lies within these characters, None where no whole word of them was read."""
        inside = np.flatnonzero((self._first >= start) & (self._last <= end))
        if not len(inside):
            return None
        low, high = int(inside[0]), int(inside[-1]) + 1
        places: NDArray[np.int64] = np.arange(high - low)
        fits = places[:, None] + np.arange(ANSWER_PIECES) < high - low
        answers = np.where(fits, self._answers[low:high], -np.inf)
        first, more = (int(each) for each in np.unravel_index(answers.argmax(), answers.shape))
        if not np.isfinite(answers[first, more]):
            return None
        last = int(self._last[low + first + more])
        while last < end and category(self._text[last : last + 1] or " ") == "Mn":  # an accent, which no piece holds
            last += 1
        return ShortAnswer(
            start=int(self._first[low + first]),
            end=last,
            score=float(answers[first, more]),
            support=float(self._support[low:high].mean()),
        )


def _unmarked(pieces: list[int]) -> list[int]:
    return [UNKNOWN if piece in MARKS else piece for piece in pieces]


def _checked(path: Path) -> bytes:
    return checked_bytes(path, SHA256[path.name], mend=MEND)


_loading = threading.Lock()  # as `cache` lets two threads load it at once
_loaded = cache(Reader)


def reader() -> Reader:
    """The one reader of this process, loaded when it is first asked for. Raises: as `Reader` does."""
    with _loading:
        return _loaded()
