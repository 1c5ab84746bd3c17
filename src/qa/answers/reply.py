"""A model's words as they come → the words a reader may see: without its thoughts, and without the sentinel.

No citation is read here, and no model is called.
"""

from __future__ import annotations

import re

SENTINEL = "NOT_IN_DOCUMENTS"

_SENTINEL = re.compile(r"NOT[_ \\-]{1,2}IN[_ \\-]{1,2}DOCUMENTS")
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
_BETWEEN = re.compile(r"[_ \\-]+")


class Reply:
    """The reply to one question as it streams in; `declined` once the model says that the documents do not answer."""

    def __init__(self) -> None:
        self.declined = False
        self._held = ""
        self._opening: str | None = ""  # what came so far, while it may still be the model thinking aloud

    def feed(self, piece: str) -> str:
        """The words that can be shown after one more piece."""
        text, found = _SENTINEL.subn("", self._held + self._after_thoughts(piece))
        self.declined = self.declined or bool(found)
        begun = _begun_sentinel(text)
        self._held = text[begun:]
        return text[:begun]

    def close(self) -> str:
        """The words that were held back, when the model has finished."""
        opening, self._opening = without_thoughts(self._opening or ""), None
        return self.feed(opening) + self._held

    def _after_thoughts(self, piece: str) -> str:
        """The piece without what stands between `<think>` and `</think>` at the beginning of a reply."""
        if self._opening is None:
            return piece
        self._opening += piece
        begun = self._opening.lstrip()
        if "<think>".startswith(begun[:7]) and "</think>" not in begun:
            return ""
        text, self._opening = without_thoughts(self._opening), None
        return text


def without_thoughts(text: str) -> str:
    """A reply without what a reasoning model thinks aloud first, between `<think>` and `</think>`."""
    return _THOUGHTS.sub("", text)


def _begun_sentinel(text: str) -> int:
    """Where the end of a text may be the beginning of the sentinel; its length when nowhere."""
    for at in range(max(0, len(text) - 2 * len(SENTINEL)), len(text)):
        if text[at] == "N" and SENTINEL.startswith(_BETWEEN.sub("_", text[at:])):
            return at
    return len(text)
