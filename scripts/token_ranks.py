"""Writes src/qa/_data/o200k_base.tiktoken.xz: the tokens of OpenAI's models by rank, which tiktoken would download.

    npm pack js-tiktoken@1.0.21 && tar xzf js-tiktoken-1.0.21.tgz
    python scripts/token_ranks.py package/dist/ranks/o200k_base.js

js-tiktoken (MIT) holds the same ranks in its own form; written out again they must have the hash that tiktoken asks of
OpenAI's file.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/qa/_data/o200k_base.tiktoken.xz"
SHA_256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"  # in tiktoken_ext/openai_public.py


def ranks(script: str) -> bytes:
    """OpenAI's file, from js-tiktoken's: lines of `! <rank of the first> <token> <token> …`, each in base 64."""
    listed = json.loads(re.findall(r'"bpe_ranks": ?("(?:[^"\\]|\\.)*")', script)[0])
    lines = []
    for line in listed.splitlines():
        _, first, *tokens = line.split(" ")
        lines += [f"{token} {rank}\n" for rank, token in enumerate(tokens, start=int(first))]
    return "".join(lines).encode()


def main() -> None:
    """Write the file, if the hash is right."""
    made = ranks(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = hashlib.sha256(made).hexdigest()
    if found != SHA_256:
        sys.exit(f"{sys.argv[1]} gives ranks with the hash {found}, not {SHA_256}")
    TARGET.write_bytes(lzma.compress(made, preset=9 | lzma.PRESET_EXTREME))
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
