"""Chroma's default embedding function over a list of passages: MODEL PASSAGES.json."""

import json
import sys
from pathlib import Path

from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2
from protocol import serve, timing

ONNXMiniLM_L6_V2.DOWNLOAD_PATH = Path(sys.argv[1])  # where it would download the same weights to
embed = ONNXMiniLM_L6_V2()
passages = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))


def work() -> dict[str, float]:
    found: dict[str, float] = {}
    with timing(found, "seconds"):
        vectors = embed(passages)
    return {**found, "first": float(vectors[0][0])}


serve(work)
