"""A model's words as they come → the words a reader may see: without its thoughts, and without the sentinel.

No citation is read here, and no model is called.
"""

from __future__ import annotations

import re

SENTINEL = "NOT_IN_DOCUMENTS"

_SENTINEL = re.compile(r"NOT[_ \\-]{1,2}IN[_ \\-]{1,2}DOCUMENTS")
# What begins and ends a model's thoughts where its server leaves them in the text: R1 and Qwen 3, others by the same
# habit, Seed, Magistral, Kimi, Command A, and gpt-oss with its marks and without.
_MARKS = (
    *((f"<{name}>", f"</{name}>") for name in ("think", "thinking", "thought", "reasoning", "seed:think")),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|channel|>analysis", "<|channel|>final<|message|>"),
    ("<|start|>assistant", "<|channel|>final<|message|>"),
    ("<|channel|>commentary", "assistantfinal"),
)
_CLOSING = re.compile("|".join(re.escape(closing) for _, closing in _MARKS), re.IGNORECASE)
_LONGEST = max(len(closing) for _, closing in _MARKS)
BEGINNING = 200  # characters of a reply in which a thought must begin
_ID = re.compile(r"\[\d{1,3}\.\d")
_ENDS = ("<|return|>", "<|end|>")  # of gpt-oss, as its server may leave them
_TRAILING = re.compile("|".join(re.escape(each) for each in _ENDS))
_TELLS = (
    r"(?:say|says|said|state\w*|mention\w*|specif\w+|contain\w*|provide\w*|include\w*|give\w*|indicate\w*|answer\w*"
    r"|tell|found|find)\b"
)
_TEXTS = r"\b(?:documents?|passages?|sources?|texts?|context|excerpts?|information|answer)\b"
_NOT = r"(?:\b(?:not|no|nothing|never|cannot|unable)\b|n['’]t\b)"
_DECLINES = re.compile(
    rf"{_TEXTS}[^.!?]{{0,60}}{_NOT}[^.!?]{{0,30}}\b{_TELLS}"
    rf"|{_NOT}(?! the\b)[^.!?]{{0,60}}\b(?:in|from|by|on) the\b[^.!?]{{0,30}}{_TEXTS}"
    r"|\A\W*+(?:i(?: am|['’]m) sorry|i (?:do not|don['’]t) know|i (?:cannot|can['’]t) answer|unfortunately)\b",
    re.I,
)
_BETWEEN = re.compile(r"[_ \\-]+")


class Habit:
    """What a model's last whole reply showed of it: whether thoughts may come first, unmarked until their end.

    One reply at least is needed to tell; one without thoughts lets those after it be shown as they come.
    """

    def __init__(self) -> None:
        self.thinks_aloud = True

    def learn(self, reply: str) -> None:
        """Take note of a whole reply."""
        self.thinks_aloud = _CLOSING.search(reply) is not None


class Reply:
    """The reply to one question as it streams in; `declined` once the model says that the documents do not answer."""

    def __init__(self, habit: Habit) -> None:
        self.declined = False
        self._is_plain = not habit.thinks_aloud
        self._held = ""
        self._opening: list[str] | None = []  # what came so far, while it may still be the model thinking aloud
        self._begun = self._ended = ""  # its first and its last characters
        self._has_thought = False

    def feed(self, piece: str) -> str:
        """The words that can be shown after one more piece."""
        text, found = _SENTINEL.subn("", _TRAILING.sub("", self._held + self._after_thoughts(piece)))
        self.declined = self.declined or bool(found)
        begun = _begun_sentinel(text)
        self._held = text[begun:]
        return text[:begun]

    def close(self) -> str:
        """The words that were held back, when the model has finished."""
        opening, self._opening = without_thoughts("".join(self._opening or ())), None
        return self.feed(opening) + self._held

    def _after_thoughts(self, piece: str) -> str:
        """The piece without what the model thinks first.

        Some servers leave only the mark that ends it. So nothing is shown before such a mark, or the first id of an
        answer, or the end, unless the model is known not to think aloud.
        """
        if self._opening is None:
            return piece
        self._opening.append(piece)
        latest = self._ended + piece
        self._begun, self._ended = (self._begun + piece[:BEGINNING])[:BEGINNING], latest[-_LONGEST:]
        if closing := _CLOSING.search(latest):
            self._opening, self._begun, self._ended, self._has_thought = [], "", "", True
            return self._after_thoughts(latest[closing.end() :].lstrip())
        if _opens(self._begun) or not (self._is_plain or self._has_thought or _ID.search(latest)):
            return ""
        text, self._opening = "".join(self._opening), None
        return text


def declines(sentence: str) -> bool:
    """Whether a sentence says in words that the documents do not tell."""
    return _DECLINES.search(sentence) is not None


def without_thoughts(text: str) -> str:
    """A reply without what a reasoning model thinks aloud first."""
    *_, text = _CLOSING.split(text)
    return "" if _opens(text, wholly=True) else _TRAILING.sub("", text).lstrip()


def _opens(text: str, *, wholly: bool = False) -> bool:
    """Whether a text begins with the mark of a thought, or, if not `wholly`, with what may become one."""
    begun = text.lstrip().lower()
    return any(begun.startswith(mark) or (not wholly and mark.startswith(begun)) for mark, _ in _MARKS)


def _begun_sentinel(text: str) -> int:
    """Where the end of a text may be the beginning of the sentinel, or of a mark; its length when nowhere."""
    for at in range(max(0, len(text) - 2 * len(SENTINEL)), len(text)):
        if text[at] == "N" and SENTINEL.startswith(_BETWEEN.sub("_", text[at:])):
            return at
        if text[at] == "<" and any(end.startswith(text[at:]) for end in _ENDS):
            return at
    return len(text)
