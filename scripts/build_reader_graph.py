"""Writes src/qa/_data/reader.onnx: the graph of the reader, whose initialisers point into reader.safetensors.

The word table and the matrices of the layers are 8-bit there, with a scale for each row of the one and each column of
the others; inputs are brought to 8 bits as they come. `pack` makes such a file, `average` one of several. Needs the
developer's `onnx`.

    python scripts/build_reader_graph.py [--average OUT FILE=SHARE ...]
"""

from __future__ import annotations

import argparse
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from build_minilm_graph import LAYERS, MICROSOFT, WIDTH, Graph, external_tensors, layer
from qa.models.reader import GRAPH, WEIGHTS

WORDS = "embeddings.word_embeddings"
KINDS = {"I8": "i1", "F32": "<f4", "I64": "<i8"}
STEPS = 63  # of 127: two products of a 7-bit weight fit 16 bits, in which processors without VNNI add them


@dataclass
class Quantised(Graph):
    """A graph whose matrices are 8-bit, but for those of the heads."""

    def linear(self, inputs: str, name: str, *, to: str) -> str:
        if not name.startswith("encoder."):
            return super().linear(inputs, name, to=to)
        rows, scale, zero = (f"{inputs}.{part}" for part in ("quantised", "scale", "zero"))
        if not any(rows in node.output for node in self.nodes):  # query, key and value read the same rows
            self.nodes.append(helper.make_node("DynamicQuantizeLinear", [inputs], [rows, scale, zero], name=rows))
        matrix, scales, bias = (self.weight(f"{name}.{part}") for part in ("weight", "scale", "bias"))
        return self.node("MatMulIntegerToFloat", rows, matrix, scale, scales, zero, "", bias, to=to, domain=MICROSOFT)


def embeddings(graph: Graph) -> str:
    """Word + position + token type, normalised, as rows of `WIDTH`."""
    graph.node("Shape", "input_ids", to="shape")
    graph.node("Slice", "shape", "one", "two", to="length")
    graph.node("Slice", graph.weight("embeddings.position_embeddings.weight"), "zero", "length", to="positions")
    graph.node("Gather", graph.weight("embeddings.token_type_embeddings.weight"), "token_types", to="types")
    graph.node("Gather", graph.weight(f"{WORDS}.weight"), "input_ids", to="words.quantised")
    graph.nodes.append(
        helper.make_node("Cast", ["words.quantised"], ["words.whole"], name="words.whole", to=TensorProto.FLOAT)
    )
    graph.node("Gather", graph.weight(f"{WORDS}.scale"), "input_ids", to="words.scale")
    graph.node("Mul", "words.whole", "words.scale", to="words")
    graph.node("Add", "positions", "types", to="places")
    graph.node("Add", "words", "places", to="embedded")
    graph.node("Concat", "shape", "width", to="cube", axis=0)
    return graph.node("Reshape", graph.normalise("embedded", "embeddings.LayerNorm", to="first"), "rows", to="layer0")


def build(weights: Path) -> ModelProto:
    """The model: `input_ids`, `token_types` (1, pieces) → `pieces` (pieces, 3: start, end, support), `answerable`."""
    graph = Quantised()
    rows = embeddings(graph)
    for number in range(LAYERS):
        rows = layer(graph, number, rows)
    graph.linear(rows, "pieces", to="pieces")
    graph.node("Slice", rows, "zero", "one", to="whole")
    graph.linear("whole", "answerable", to="answerable")
    numbers = {"zero": [0], "one": [1], "two": [2], "width": [WIDTH], "rows": [-1, WIDTH]}
    constants = [helper.make_tensor(name, TensorProto.INT64, [len(value)], value) for name, value in numbers.items()]
    made = helper.make_graph(
        graph.nodes,
        "reader",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, [1, "pieces"])
            for name in ("input_ids", "token_types")
        ],
        [
            helper.make_tensor_value_info("pieces", TensorProto.FLOAT, ["pieces", 3]),
            helper.make_tensor_value_info("answerable", TensorProto.FLOAT, [1, 1]),
        ],
        initializer=external_tensors(weights, graph.weights) + constants,
    )
    operators = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=operators, ir_version=9)


def pack(tensors: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    """Write weights, named as MiniLM's are, as a safetensors file: the layers' matrices turned round, and 8-bit."""
    packed: dict[str, NDArray[np.float32] | NDArray[np.int8]] = {}
    for name, tensor in tensors.items():
        stem = name.removesuffix(".weight")
        if stem == WORDS:
            packed[name], packed[f"{stem}.scale"] = quantised(tensor, axis=1, steps=127)
        elif name.startswith("encoder.") and tensor.ndim == 2:
            packed[name], scales = quantised(tensor.T, axis=0, steps=STEPS)
            packed[f"{stem}.scale"] = scales.ravel()
        else:
            packed[name] = tensor
    ordered = dict(sorted(packed.items(), key=lambda each: (each[1].itemsize == 1, each[0])))  # keeps floats aligned
    header: dict[str, object] = {}
    at = 0
    for name, values in ordered.items():
        kind = "I8" if values.itemsize == 1 else "F32"
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    contents = b"".join(np.ascontiguousarray(values).tobytes() for values in ordered.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + contents)


def unpack(path: Path) -> dict[str, NDArray[np.float32]]:
    """The weights in a safetensors file, such as MiniLM's or one that `pack` wrote, as float and by MiniLM's names."""
    content = memoryview(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(bytes(content[8 : 8 + length]))
    header.pop("__metadata__", None)
    stored = {
        name: np.frombuffer(content[8 + length :][slice(*at["data_offsets"])], KINDS[at["dtype"]])
        .reshape(at["shape"])
        .astype(np.float32)
        for name, at in header.items()
    }
    for name in [each for each in stored if each.endswith(".scale")]:
        weight = name.replace(".scale", ".weight")
        stored[weight] = stored[weight] * stored.pop(name)
        if not weight.startswith(WORDS):
            stored[weight] = stored[weight].T
    return stored


def quantised(values: NDArray[np.float32], *, axis: int, steps: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The values as whole numbers from -steps to steps, and what each row or column of them is multiplied by."""
    scale = (np.abs(values).max(axis=axis, keepdims=True) / steps).clip(1e-12).astype(np.float32)
    return np.rint(values / scale).astype(np.int8), scale


def average(shares: Mapping[Path, float], path: Path) -> None:
    """Write the weights that lie between those of several files that were trained on from the same ones."""
    files = [(share, unpack(file)) for file, share in shares.items()]
    pack(
        {name: np.sum([np.float32(share) * each[name] for share, each in files], axis=0) for name in files[0][1]}, path
    )


def main() -> None:
    """Write the graph, or the average of weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--average", nargs="+", metavar=("OUT", "FILE=SHARE"))
    given = parser.parse_args()
    if given.average:
        out, *parts = given.average
        average({Path(file): float(share) for file, _, share in (each.rpartition("=") for each in parts)}, Path(out))
    else:
        GRAPH.write_bytes(build(WEIGHTS).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
