"""Text → how many tokens a language model will see: counted with tiktoken where it can, else estimated.

Nothing is loaded on import. An encoding may have to come from the network, so it is fetched in the
background for a moment and given up for an estimate, which says that it is one.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

# English has about 4.4 bytes a token, code and other alphabets about 3: an estimate that seldom is too low.
BYTES_PER_TOKEN = 3.0
WAIT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounter:
    """Counts tokens; without an encoding the counts are estimates."""

    encoding: tiktoken.Encoding | None = None

    def __call__(self, text: str) -> int:
        """The number of tokens in a text, never fewer than one."""
        if self.encoding is None:
            return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN) or 1
        return len(self.encoding.encode(text, disallowed_special=())) or 1


@cache
def token_counter(model: str) -> TokenCounter:
    """The counter for an OpenAI model's name; estimates for a model that tiktoken does not know or cannot load."""
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model)
    except KeyError:
        return TokenCounter()
    loaded: list[tiktoken.Encoding] = []
    loader = threading.Thread(target=_load, args=(name, loaded), daemon=True)
    loader.start()
    loader.join(WAIT_S)
    return TokenCounter(encoding=loaded[0] if loaded else None)


def _load(name: str, loaded: list[tiktoken.Encoding]) -> None:
    import tiktoken

    try:
        loaded.append(tiktoken.get_encoding(name))
    except (OSError, ValueError, RuntimeError):  # no network, a damaged cache, a forbidden socket
        return
