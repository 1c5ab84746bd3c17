"""Conversations → files to keep: a web page or Markdown to read, JSON to check again with `qa verify`.

Text from documents and models is escaped, so that a browser or a Markdown reader shows it as it was. The web page is
one file that runs nothing and asks nobody for anything; each of its numbers leads to a note with the quote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from qa.app.history import Conversation, Turn
from qa.app.render import EXTRACTIVE, QUOTES_ONLY, VERDICTS, inert, question_lines, written_html
from qa.types import Answer, Citation
from qa.words import visible

# What Markdown gives a meaning to where it stands: `[1]` and a_b have none. A bracket that closes needs one that opens.
_MARKDOWN = re.compile(
    r"[\\`*<~$@]|\[(?!\d{1,6}\](?![(:]))|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\."
    r"|^([-+=#>|:]|\d++[.)])",
    re.MULTILINE,
)
_INDENT = re.compile(r"^[^\S\n]+", re.MULTILINE)  # which makes code of a line
_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")  # which Markdown reads as a space without a backslash before it
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 sans-serif; overflow-wrap: anywhere; }}
h2 {{ margin-top: 3rem; font-size: 1.25rem; }}
.short {{ font-size: 1.25rem; font-weight: 700; }}
a.cite {{ margin: 0 .15em; font-size: .75em; vertical-align: super; }}
.doubt {{ text-decoration: underline dashed; }}
table {{ display: block; overflow-x: auto; border-collapse: collapse; }}
th, td {{ border: 1px solid; padding: .2rem .6rem; text-align: start; vertical-align: top; }}
pre {{ overflow-x: auto; }}
.copy {{ display: none; }}
.remark {{ font-size: .875rem; }}
.notes {{ font-size: .875rem; border-top: 1px solid; padding-top: .5rem; }}
.notes q {{ white-space: pre-line; }}
:target {{ outline: 2px solid; outline-offset: 4px; }}
</style></head><body><main><h1>{title}</h1>
{turns}
</main></body></html>
"""


def to_json(conversation: Conversation) -> str:
    """The answers under their contract, so that every quote can be checked against its document."""
    turns = [turn.answer.to_dict() for turn in conversation.turns]
    return json.dumps({"title": conversation.title, "turns": turns}, ensure_ascii=False, indent=2) + "\n"


def to_markdown(conversation: Conversation) -> str:
    """The conversation as a page to read, each quote with its document and page."""
    blocks = [f"# {_escape(conversation.title)}", *(_turn(turn) for turn in conversation.turns)]
    return "\n\n".join(blocks) + "\n"


def to_html(conversation: Conversation) -> str:
    """The conversation as one web page, each quote with its document and page in a note below its answer."""
    turns = "\n".join(_article(turn.answer, at=at) for at, turn in enumerate(conversation.turns, start=1))
    return _PAGE.format(title=inert(conversation.title), turns=turns)


FORMATS: dict[str, tuple[str, str, Callable[[Conversation], str]]] = {
    "html": ("Web page", "text/html", to_html),
    "md": ("Markdown", "text/markdown", to_markdown),
    "json": ("JSON", "application/json", to_json),
}
"""The kinds of file by their endings: the name, the media type, and what writes one."""


def _turn(turn: Turn) -> str:
    answer = turn.answer
    blocks = [f"## {_escape(' '.join(answer.question.split()))}"]
    if answer.opening:
        blocks.append(f"**{_escape(answer.opening.words)}** {answer.opening.marker}".rstrip())
    blocks.append(_LINE_END.sub(r"\\\n", _escape(answer.text.strip())))
    blocks += map(_escape, _remarks(answer))
    if answer.abstained and answer.nearest:
        blocks.append("The nearest passages:")
    for number, source in enumerate(answer.nearest if answer.abstained else answer.citations, start=1):
        quote = "\n".join(f"> {line}" for line in _escape(source.quote).splitlines())
        blocks.append(f"[{number}] {_escape(_where(source))}\n\n{quote}")
    return "\n\n".join(blocks)


def _article(answer: Answer, *, at: int) -> str:
    """One question and its answer; a note is known by the number of the question and its own."""
    sources = list(enumerate(answer.nearest if answer.abstained else answer.citations, start=1))
    links = {number: f'<a class="cite" href="#note-{at}-{number}">{number}</a>' for number, _ in sources}
    notes = [
        f'<li id="note-{at}-{number}"><q>{inert(source.quote)}</q><br>{inert(_where(source))}</li>'
        for number, source in sources
    ]
    lead = "<p>The nearest passages:</p>" if answer.abstained and notes else ""
    below = f'<ol class="notes">{"".join(notes)}</ol>' if notes else ""
    remarks = "".join(f'<p class="remark">{inert(remark)}</p>' for remark in _remarks(answer))
    return (
        f"<article><h2>{question_lines(answer.question)}</h2>{written_html(answer, links)}"
        f"{remarks}{lead}{below}</article>"
    )


def _remarks(answer: Answer) -> list[str]:
    """What is said of an answer below its text: doubts with their reasons, what was searched for, and who answered."""
    doubts = [
        f"“{each.text}” is {VERDICTS[each.support]}: {each.reason}."
        for each in answer.sentences
        if each.reason and each.support in VERDICTS
    ]
    searched = f"Searched for: {answer.query}" if answer.query != answer.question else ""
    by = "" if answer.talk else f"Answered by: {QUOTES_ONLY if answer.model == EXTRACTIVE else answer.model}"
    return [*doubts, *filter(None, (searched, by))]


def _where(source: Citation) -> str:
    page = "" if source.page is None else f", page {source.page}"
    return f"{source.title} ({source.document}{page})"


def _escape(text: str) -> str:
    """Markdown that reads as these characters: a backslash before everything that means something."""

    return _MARKDOWN.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", _INDENT.sub("", visible(text)))
