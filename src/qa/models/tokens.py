"""Text → how many tokens a language model will see: counted with tiktoken where it can, else estimated.

Nothing is loaded on import. An encoding may have to come from the network: it is waited for `WAIT_S` at most,
and without it tokens are estimated.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

# English has about 4.4 bytes a token, code and other alphabets about 3: an estimate that seldom is too low.
BYTES_PER_TOKEN = 3.0
WAIT_S = 2.0


TokenCounter = Callable[[str], int]


def estimate_tokens(text: str) -> int:
    """About the number of tokens in a text, never fewer than one."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN) or 1


def count_tokens(text: str, encoding: tiktoken.Encoding) -> int:
    """The number of tokens in a text, never fewer than one; what looks like a control token is plain text."""
    return len(encoding.encode(text, disallowed_special=())) or 1


@cache
def token_counter(model: str) -> TokenCounter:
    """The counter for an OpenAI model's name: `estimate_tokens` where tiktoken knows or can load no encoding."""
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model)
    except KeyError:
        return estimate_tokens
    loaded: list[tiktoken.Encoding] = []
    loader = threading.Thread(target=_load, args=(name, loaded), daemon=True)
    loader.start()
    loader.join(WAIT_S)
    return partial(count_tokens, encoding=loaded[0]) if loaded else estimate_tokens


def _load(name: str, loaded: list[tiktoken.Encoding]) -> None:
    import tiktoken

    try:
        loaded.append(tiktoken.get_encoding(name))
    except (OSError, ValueError, RuntimeError):  # no network, a damaged cache, a forbidden socket
        return
