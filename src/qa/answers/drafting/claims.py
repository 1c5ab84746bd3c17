"""Statements and their quotes ↔ the lines in which a language model judges them.

Formats what `prompts/check.md` is filled with and reads the reply, tolerantly; calls no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from qa.answers.drafting.context import harmless
from qa.answers.support import Verdict
from qa.types import Support

REASON_CHARS = 200

_LINE = re.compile(
    r"^[^\w\n]{0,8}(?:claim[ ]{0,2})?(\d{1,3})[^\w\n]{1,8}"
    r"(supported|partly|partially|unsupported|not[ ]supported|contradicted)\b(?:[ ]supported)?[^\w\n]{0,8}([^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_OTHERS: dict[str, Support] = {"partially": "partly", "not supported": "unsupported"}
_SCORES: dict[Support, float] = {"supported": 1.0, "partly": 0.5}


Claim = tuple[str, Sequence[str]]
"""A statement without its markers, and the quotes that it cites."""


def format_claims(claims: Sequence[Claim]) -> str:
    """The statements as the checking model reads them, each with its quotes, numbered from 1."""
    return "\n\n".join(
        "\n".join([f"{number}: {harmless(text)}", *(f"   cites: {harmless(quote)}" for quote in quotes)])
        for number, (text, quotes) in enumerate(claims, start=1)
    )


def parse_verdicts(reply: str) -> dict[int, Verdict]:
    """The verdicts in a checking model's reply, by the number of the claim; lines of another shape are left out."""
    found: dict[int, Verdict] = {}
    for match in _LINE.finditer(reply):
        support = _OTHERS.get(said := match[2].casefold(), cast("Support", said))
        reason = " ".join(match[3].split()).rstrip(".")[:REASON_CHARS] or f"the checking model calls it {support}"
        found[int(match[1])] = Verdict(
            support=support, score=_SCORES.get(support, 0.0), reason=None if support == "supported" else reason
        )
    return found
