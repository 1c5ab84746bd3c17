"""Statements and their quotes ↔ the lines in which a language model judges them.

Formats what `prompts/check.md` is filled with and reads the reply, tolerantly; calls no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.answers.drafting.context import harmless
from qa.answers.drafting.statements import Statement
from qa.answers.support import Verdict
from qa.types import Support

REASON_CHARS = 200

_LINE = re.compile(
    r"^[^\w\n]{0,8}(?:claim[ ]{0,2})?(\d{1,3})[^\w\n]{1,8}"
    r"(supported|partly|partially|unsupported|not[ ]supported|contradicted)\b(?:[ ]supported)?[^\w\n]{0,8}([^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_VERDICTS: dict[str, Support] = {
    "supported": "supported",
    "partly": "partly",
    "partially": "partly",
    "unsupported": "unsupported",
    "not supported": "unsupported",
    "contradicted": "contradicted",
}


def format_claims(claims: Sequence[Statement]) -> str:
    """The statements as the checking model reads them, each with its quotes, numbered from 1."""
    return "\n\n".join(
        "\n".join([f"{number}: {harmless(claim.text)}", *(f"   cites: {harmless(quote)}" for quote in claim.quotes)])
        for number, claim in enumerate(claims, start=1)
    )


def parse_verdicts(reply: str) -> dict[int, Verdict]:
    """The verdicts in a checking model's reply, by the number of the claim; lines of another shape are left out."""
    found: dict[int, Verdict] = {}
    for match in _LINE.finditer(reply):
        support = _VERDICTS[match[2].casefold()]
        reason = " ".join(match[3].split()).rstrip(".")[:REASON_CHARS] or f"the checking model calls it {support}"
        found[int(match[1])] = Verdict(
            support=support,
            score=1.0 if support == "supported" else 0.5 if support == "partly" else 0.0,
            reason=None if support == "supported" else reason,
        )
    return found
