"""The embedder against Chroma's default function and sentence-transformers, and against the machine.

The same passages and weights for all, in turns. The machine's limit is what onnxruntime takes for products of the
shapes of the model's linear layers and nothing else, one at a time on each core. Chroma's function is given our graph,
which ignores the attention mask and so is no slower than its own.

    python benchmarks/embedding.py --data FOLDER_OF_TEXTS [--passages 400] [--rounds 5] [--without-peers]
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import texts
from environments import running
from measure import WORK, Spread, ratio, report, take_turns, timed
from qa.models.minilm import GRAPH, WORKERS, MiniLM, installed_model

LAYERS, WIDE, INNER = 6, 384, 1536
PEERS = {"Chroma's default function": "chroma_default", "sentence-transformers": "sentence_transformers_cpu"}


def main() -> None:
    """Prints passages a second, and every ratio to ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-peers", action="store_true")
    chosen = parser.parse_args()
    model = MiniLM()
    passages = texts.passages(chosen.data, model, count=chosen.passages)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "passages.json").write_text(json.dumps(passages), "utf-8")
        runs: dict[str, Callable[[], float]] = {"qa": lambda: timed(lambda: model.embed(passages))}
        pieces = [min(each + 2, model.max_pieces) for each in model.count_pieces(passages)]
        runs["its multiplications alone"] = multiplications(sum(pieces))
        for label, name in () if chosen.without_peers else PEERS.items():
            weights = chroma_model(folder) if name == "chroma_default" else installed_model()
            runs[label] = stack.enter_context(running(name, weights, folder / "passages.json")).take_turn
        seconds = take_turns(runs, rounds=chosen.rounds)
    rows = [
        (name, Spread.of([len(passages) / each for each in taken]), ratio(taken, seconds["qa"]))
        for name, taken in seconds.items()
    ]
    report("embedding", ("", "passages/s", "seconds, as a multiple of ours"), rows, details={"seconds": seconds})
    print(f"{sum(pieces) / len(pieces):.0f} word pieces a passage, {WORKERS} threads")


def multiplications(rows: int) -> Callable[[], float]:
    """A run that takes so many rows, one a word piece, through products of the shapes of all layers."""
    session, left = _products(), np.random.default_rng(0).standard_normal((512, WIDE)).astype(np.float32)
    times = round(rows / len(left) / WORKERS)

    def multiply(_: int) -> None:
        for _ in range(times):
            session.run(None, {"0": left})

    def run() -> float:
        with ThreadPoolExecutor(WORKERS) as pool:
            return timed(lambda: list(pool.map(multiply, range(WORKERS))))

    return run


def _products() -> onnxruntime.InferenceSession:
    """A graph of products with constant weights, as many and as wide as the model's linear layers."""
    shapes = [(WIDE, WIDE)] * 4 + [(WIDE, INNER), (INNER, WIDE)]
    weights = [np.random.default_rng(1).standard_normal(shape).astype(np.float32) / WIDE for shape in shapes * LAYERS]
    graph = helper.make_graph(
        [helper.make_node("MatMul", [f"{at}", f"w{at}"], [f"{at + 1}"]) for at in range(len(weights))],
        "products",
        [helper.make_tensor_value_info("0", TensorProto.FLOAT, ["rows", WIDE])],
        [helper.make_tensor_value_info(f"{len(weights)}", TensorProto.FLOAT, ["rows", WIDE])],
        [onnx.numpy_helper.from_array(each, f"w{at}") for at, each in enumerate(weights)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])


def chroma_model(folder: Path) -> Path:
    """Our weights where Chroma's function would download them to, in the files it looks for."""
    source = installed_model()
    assert source is not None
    target = folder / "onnx"
    target.mkdir()
    for name in ("config.json", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt"):
        shutil.copy(source / name, target)
    graph = onnx.load(str(GRAPH), load_external_data=False)
    onnx.external_data_helper.load_external_data_for_model(graph, str(source))
    onnx.external_data_helper.convert_model_from_external_data(graph)
    named = {each.name for each in graph.graph.input}
    for name in {"input_ids", "attention_mask", "token_type_ids"} - named:  # it gives all three
        graph.graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"]))
    onnx.save_model(graph, str(target / "model.onnx"))
    return folder


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    main()
