"""The number of tokens in a text, counted offline with the ranks of OpenAI's models, which come with the program.

For any other model that is an estimate: its own tokens are some more or fewer. Nothing is loaded on import.
"""

from __future__ import annotations

import lzma
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qa.models.local import is_local

if TYPE_CHECKING:
    import tiktoken

ENCODING = "o200k_base"
RANKS = Path(__file__).parents[1] / "_data" / f"{ENCODING}.tiktoken.xz"  # made by scripts/token_ranks.py
# How a text is cut before its tokens are looked up. Source: `o200k_base` in tiktoken's tiktoken_ext/openai_public.py.
_CASES = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_PIECES = "|".join(
    (
        rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]*[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]+{_CASES}",
        rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]+[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]*{_CASES}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


def count_tokens(text: str) -> int:
    """The number of tokens in a text, never fewer than one; what looks like a control token is plain text."""
    return len(_encoding().encode_ordinary(text)) or 1


def is_exact(model: str, *, base_url: str | None) -> bool:
    """Whether this model's own tokens are counted; on a server of one's own a name says nothing of that."""
    from tiktoken.model import encoding_name_for_model

    if base_url is not None or is_local(model):
        return False
    try:
        return encoding_name_for_model(model.removeprefix("openai:")) == ENCODING
    except KeyError:
        return False


@cache
def _encoding() -> tiktoken.Encoding:
    """The encoding, made in 0.5 s of the file that tiktoken itself would ask the network for."""
    import tiktoken

    lines = (line.split() for line in lzma.decompress(RANKS.read_bytes()).splitlines())
    ranks = {b64decode(token): int(rank) for token, rank in lines}
    return tiktoken.Encoding(ENCODING, pat_str=_PIECES, mergeable_ranks=ranks, special_tokens={})
