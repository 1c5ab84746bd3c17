"""Conversations → files to keep: Markdown to read, JSON to check again with `qa verify`.

Text from documents and models is escaped, so that a Markdown reader shows it as it was.
"""

from __future__ import annotations

import json
import re

from qa.app.history import Conversation, Turn
from qa.types import Citation
from qa.words import visible

_MARKDOWN = re.compile(r"[\\`*_\[\]<>&!|~$#@:/]|(?<=www)\.|^([^\S\n]*+)([-+=]|\d++[.)])", re.MULTILINE)

_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")  # which Markdown reads as a space without a backslash before it


def to_json(conversation: Conversation) -> str:
    """The answers under their contract, so that every quote can be checked against its document."""
    turns = [turn.answer.to_dict() for turn in conversation.turns]
    return json.dumps({"title": conversation.title, "turns": turns}, ensure_ascii=False, indent=2) + "\n"


def to_markdown(conversation: Conversation) -> str:
    """The conversation as a page to read, each quote with its document, characters and version."""
    blocks = [f"# {_escape(conversation.title)}", *(_turn(turn) for turn in conversation.turns)]
    return "\n\n".join(blocks) + "\n"


def _turn(turn: Turn) -> str:
    answer = turn.answer
    blocks = [f"## {_escape(' '.join(answer.question.split()))}"]
    if answer.opening:
        blocks.append(f"**{_escape(answer.opening.words)}** {_escape(answer.opening.marker)}".rstrip())
    blocks.append(_LINE_END.sub(r"\\\n", _escape(answer.text)))
    if answer.query != answer.question:
        blocks.append(f"Searched for: {_escape(answer.query)}")
    for sentence in answer.sentences:
        if sentence.reason:
            blocks.append(f"Note: “{_escape(sentence.text)}” is {sentence.support}: {_escape(sentence.reason)}.")
    sources = answer.nearest if answer.abstained else answer.citations
    if answer.abstained and sources:
        blocks.append("The nearest passages:")
    blocks.extend(_source(number, source) for number, source in enumerate(sources, start=1))
    if not answer.talk:
        blocks.append(f"Answered by {_escape(answer.model)}.")
    return "\n\n".join(blocks)


def _source(number: int, source: Citation) -> str:
    page = "" if source.page is None else f", page {source.page}"
    where = f"{_escape(source.title)} ({_escape(source.document)}{page}), characters {source.start}–{source.end}"
    quote = "\n".join(f"> {line}" for line in _escape(source.quote).splitlines())
    return f"\\[{number}\\] {where}, version {source.version}\n\n{quote}"


def _escape(text: str) -> str:
    """Markdown that reads as these characters: a backslash before everything that means something."""

    def shield(found: re.Match[str]) -> str:
        if found[2] is None:
            return f"\\{found[0]}"
        return f"{found[1]}{found[2][:-1]}\\{found[2][-1]}"

    return _MARKDOWN.sub(shield, visible(text))
