"""sentence-transformers over a list of passages: MODEL PASSAGES.json."""

import json
import sys
from pathlib import Path

from protocol import serve, timing
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(sys.argv[1], device="cpu")
passages = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))


def work() -> dict[str, float]:
    found: dict[str, float] = {}
    with timing(found, "seconds"):
        vectors = model.encode(passages, normalize_embeddings=True)
    return {**found, "first": float(vectors[0][0])}


serve(work)
