"""A model's words as they come → the words a reader may see: without its thoughts, and without the sentinel.

No citation is read here, and no model is called.
"""

from __future__ import annotations

import re

SENTINEL = "NOT_IN_DOCUMENTS"

_SENTINEL = re.compile(r"NOT[_ \\-]{1,2}IN[_ \\-]{1,2}DOCUMENTS")
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
_TELLS = (
    r"(?:say|says|said|state\w*|mention\w*|specif\w+|contain\w*|provide\w*|include\w*|give\w*|indicate\w*|answer\w*"
    r"|tell|found|find)\b"
)
_TEXTS = r"\b(?:documents?|passages?|sources?|texts?|context|excerpts?|information|answer)\b"
_NOT = r"(?:\b(?:not|no|nothing|never|cannot|unable)\b|n['’]t\b)"
_DECLINES = re.compile(
    rf"{_TEXTS}[^.!?]{{0,60}}{_NOT}[^.!?]{{0,30}}\b{_TELLS}"
    rf"|{_NOT}[^.!?]{{0,60}}\b(?:in|from|by|on) the\b[^.!?]{{0,30}}{_TEXTS}"
    r"|\A\W*+(?:i(?: am|['’]m) sorry|i (?:do not|don['’]t) know|i (?:cannot|can['’]t) answer|unfortunately)\b",
    re.I,
)
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


def declines(sentence: str) -> bool:
    """Whether a sentence says in words that the documents do not tell."""
    return _DECLINES.search(sentence) is not None


def without_thoughts(text: str) -> str:
    """A reply without what a reasoning model thinks aloud first, between `<think>` and `</think>`."""
    return _THOUGHTS.sub("", text)


def _begun_sentinel(text: str) -> int:
    """Where the end of a text may be the beginning of the sentinel; its length when nowhere."""
    for at in range(max(0, len(text) - 2 * len(SENTINEL)), len(text)):
        if text[at] == "N" and SENTINEL.startswith(_BETWEEN.sub("_", text[at:])):
            return at
    return len(text)
