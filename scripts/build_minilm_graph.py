"""Writes src/qa/_data/minilm-l6-v2.onnx: the graph of all-MiniLM-L6-v2, without its weights.

The graph's initialisers point into the published model.safetensors by offset, so that file is used
as it is, neither copied nor converted. Needs the developer's `onnx` and the installed weights.

    python scripts/build_minilm_graph.py
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper

from qa.models.minilm import GRAPH, WEIGHTS, installed_model

LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12
KINDS = {"F32": TensorProto.FLOAT, "I8": TensorProto.INT8}
MICROSOFT = "com.microsoft"  # onnxruntime's own operators: its fused attention has no equal in the standard set


@dataclass
class Graph:
    """The nodes so far, and the weights they asked for; every method returns the name of its result."""

    nodes: list[NodeProto] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)

    def node(self, operator: str, *inputs: str, to: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [to], name=to, domain=domain, **attributes))
        return to

    def weight(self, name: str) -> str:
        self.weights.append(name)
        return name

    def linear(self, inputs: str, name: str, *, to: str) -> str:
        weights = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("Gemm", inputs, *weights, to=to, transB=1)

    def normalise(self, inputs: str, name: str, *, to: str) -> str:
        weights = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", inputs, *weights, to=to, axis=-1, epsilon=EPSILON)

    def add_and_normalise(self, left: str, right: str, name: str, *, to: str) -> str:
        # Not SkipLayerNormalization: the fused operator was 15 % slower on the CPU (onnxruntime 1.31).
        return self.normalise(self.node("Add", left, right, to=f"{to}.sum"), name, to=to)


def embeddings(graph: Graph) -> str:
    """Word + position + first token type, normalised, as rows of `WIDTH`."""
    graph.node("Shape", "input_ids", to="shape")
    graph.node("Slice", "shape", "one", "two", to="length")
    graph.node("Slice", graph.weight("embeddings.position_embeddings.weight"), "zero", "length", to="positions")
    graph.node("Slice", graph.weight("embeddings.token_type_embeddings.weight"), "zero", "one", to="type")
    graph.node("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids", to="words")
    graph.node("Add", "positions", "type", to="places")
    graph.node("Add", "words", "places", to="embedded")
    graph.node("Concat", "shape", "width", to="cube", axis=0)
    return graph.node("Reshape", graph.normalise("embedded", "embeddings.LayerNorm", to="first"), "rows", to="layer0")


def layer(graph: Graph, number: int, inputs: str) -> str:
    """One BERT layer, from rows to rows."""
    name, to = f"encoder.layer.{number}", f"layer{number + 1}"
    parts = []
    for part in ("query", "key", "value"):
        rows = graph.linear(inputs, f"{name}.attention.self.{part}", to=f"{to}.{part}.rows")
        parts.append(graph.node("Reshape", rows, "cube", to=f"{to}.{part}"))
    graph.node("MultiHeadAttention", *parts, to=f"{to}.heads", domain=MICROSOFT, num_heads=HEADS)
    graph.node("Reshape", f"{to}.heads", "rows", to=f"{to}.heads.rows")
    graph.linear(f"{to}.heads.rows", f"{name}.attention.output.dense", to=f"{to}.attention")
    seen = graph.add_and_normalise(
        f"{to}.attention", inputs, f"{name}.attention.output.LayerNorm", to=f"{to}.attention.normal"
    )
    graph.linear(seen, f"{name}.intermediate.dense", to=f"{to}.wide")
    graph.node("Gelu", f"{to}.wide", to=f"{to}.gelu")
    graph.linear(f"{to}.gelu", f"{name}.output.dense", to=f"{to}.narrow")
    return graph.add_and_normalise(f"{to}.narrow", seen, f"{name}.output.LayerNorm", to=to)


def external_tensors(path: Path, names: list[str]) -> list[TensorProto]:
    """The named tensors as references into a safetensors file.

    Source: https://github.com/huggingface/safetensors#format, 8 bytes of length, JSON, then the data.
    """
    with path.open("rb") as file:
        (header_bytes,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_bytes))
    tensors = []
    for name in names:
        begin, end = header[name]["data_offsets"]
        tensor = TensorProto(
            name=name,
            data_type=KINDS[header[name]["dtype"]],
            dims=header[name]["shape"],
            data_location=TensorProto.EXTERNAL,
        )
        where = {"location": path.name, "offset": 8 + header_bytes + begin, "length": end - begin}
        for key, value in where.items():
            tensor.external_data.add(key=key, value=str(value))
        tensors.append(tensor)
    return tensors


def build(weights: Path) -> ModelProto:
    """The model: `input_ids` (texts, pieces) → `last_hidden_state` (texts, pieces, `WIDTH`), without padding."""
    graph = Graph()
    rows = embeddings(graph)
    for number in range(LAYERS):
        rows = layer(graph, number, rows)
    graph.node("Reshape", rows, "cube", to="last_hidden_state")
    numbers = {"zero": [0], "one": [1], "two": [2], "width": [WIDTH], "rows": [-1, WIDTH]}
    constants = [helper.make_tensor(name, TensorProto.INT64, [len(value)], value) for name, value in numbers.items()]
    made = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "pieces"])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["texts", "pieces", WIDTH])],
        initializer=external_tensors(weights, graph.weights) + constants,
    )
    operators = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=operators, ir_version=9)


if __name__ == "__main__":
    folder = installed_model()
    assert folder is not None, "install the weights first"
    GRAPH.write_bytes(build(folder / WEIGHTS).SerializeToString(deterministic=True))
