"""Hits → the text that a language model reads: numbered sentences, within a budget, as data.

Document text is made harmless here: one unit a line, no ids, no control tokens and no invisible
characters of its own, between marks that it cannot contain. Quotes are not cut from this text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qa.answers.drafting.markers import OPENING, find_marker
from qa.documents.markdown import heading_words
from qa.search.quoting import quoted
from qa.types import Hit, Message, Passage

TITLE_CHARS = 200

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
# What chat templates begin a message with: <|im_start|>, <｜User｜>, <<SYS>>, </s>, <start_of_turn>, [INST].
_CONTROL = re.compile(r"<(?=[|｜]|</?SYS>|/?(?:s|bos|eos|start_of_turn|end_of_turn)>)", re.IGNORECASE)
_INSTRUCTION = re.compile(r"\[(/?INST)\]", re.IGNORECASE)
_OUR_MARKER = re.compile(r"(?<![ \t])[ \t]*+\[\d{1,2}\]")
_BRACKET = re.compile(f"[{re.escape(OPENING)}]")
_PLAIN = str.maketrans("[【［〔]】］〕", "(((())))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The passages that a model is shown, in order, and the text it reads."""

    passages: tuple[Passage, ...]
    text: str


def pack_context(hits: Sequence[Hit], *, budget: int, count: Callable[[str], int]) -> Context:
    """As many passages as the budget of tokens holds, by rank; of the first one, at least the first sentence."""
    passages: list[Passage] = []
    blocks: list[str] = []
    left = budget
    for hit in hits:
        block = _block(hit.passage, number=len(passages) + 1)
        if count(block) > left:
            break
        left -= count(block)
        passages.append(hit.passage)
        blocks.append(block)
    if hits and not passages:
        first = hits[0].passage
        while len(first.units) > 1 and count(_block(first, number=1)) > budget:
            first = replace(first, units=first.units[:-1])
        passages, blocks = [first], [_block(first, number=1)]
    return Context(passages=tuple(passages), text="\n\n".join(blocks))


def fence(text: str) -> str:
    """Eight hexadecimal digits that do not occur in a text, the same for the same text."""
    token = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    while token in text:
        token = hashlib.sha256(token.encode()).hexdigest()[:8]
    return token


def disarmed(text: str) -> str:
    """A text without invisible characters, and without anything that a chat template could take for its own."""
    return _INSTRUCTION.sub(r"(\1)", _CONTROL.sub("< ", _INVISIBLE.sub("", text)))


def harmless(text: str) -> str:
    """A text on one line, without anything a model or its chat template could take for ours."""
    line = " ".join(disarmed(text).split())
    pieces, at = [], 0
    for bracket in _BRACKET.finditer(line):
        marker = find_marker(line, bracket.start())
        if marker and bracket.start() >= at:
            pieces += [line[at : bracket.start()], line[bracket.start() : marker[1]].translate(_PLAIN)]
            at = marker[1]
    return "".join([*pieces, line[at:]])


def conversation(history: Sequence[Message], *, budget: int, count: Callable[[str], int]) -> str:
    """The latest turns that the budget holds, a user's first, each one harmless line; our markers left out."""
    lines: list[str] = []
    begun = 0  # how many of the latest turns begin with a user's
    for turn in reversed(history):
        line = f"{turn.role}: {harmless(_OUR_MARKER.sub('', turn.content))}"
        budget -= count(line)
        if budget < 0:
            break
        lines.append(line)
        begun = len(lines) if turn.role == "user" else begun
    return "\n".join(reversed(lines[:begun]))


def _block(passage: Passage, *, number: int) -> str:
    page = "" if passage.page is None else f", page {passage.page}"
    head = f"Passage {number}: {harmless(passage.title)[:TITLE_CHARS]}{page}"
    lines = [_without_id(each.text) for each in passage.above]
    for position, (unit, quote) in enumerate(zip(passage.units, quoted(passage), strict=True), start=1):
        if quote is not None:
            lines.append(f"[{number}.{position}] {harmless(passage.cut(unit))}")
        elif unit.kind != "front":
            lines.append(_without_id(passage.cut(unit)))
    return "\n".join([head, *lines])


def _without_id(text: str) -> str:
    """The line of a heading or of a table's header, which no line of ours begins like."""
    return f"# {harmless(heading_words(text))[:TITLE_CHARS]}"
