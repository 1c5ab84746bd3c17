"""Answers → the HTML of a message, in which text from documents and models is only ever text.

A message is one line of HTML, so that Gradio's Markdown reader passes it on unread; and every
character that means something to HTML, Markdown or a template is an entity, in case it does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from qa.app.links import link, refer_to
from qa.types import Answer, Citation, Sentence, Span
from qa.words import visible

# Line ends and ASCII punctuation: every character that HTML, Markdown or a template gives a meaning to.
_NOT_INERT = re.compile(r"[\n\r!-/:-@\[-`{-~]")
_MARKER = re.compile(r"\[(\d+)\]")
_MARKERS = re.compile(r"(?:\s*+\[\d++\])*+")
_SPACED_MARKER = re.compile(r"(?<!\s)\s*+(\[\d++\])")
_VERDICTS = {"partly": "partly supported", "unsupported": "not supported", "contradicted": "contradicted"}
_BLANK_LINES = re.compile(r"(?<!\s)\s*+<br>\s*+(?:<br>\s*+)++")
_NEAREST_CHARS = 220
_MARKERS_CHARS = 2_000  # that the markers inside a sentence may take up, for it to be found

Marks = Mapping[int, Citation]


def inert(text: str) -> str:
    """HTML that shows these characters and does nothing else, in Markdown and in templates too."""
    return _NOT_INERT.sub(lambda found: f"&#{ord(found[0])};", visible(text))


def question_html(question: str) -> str:
    """The message in which a person asks."""
    return f'<div class="question">{_lines(question)}</div>'


def streaming_html(answer: Answer) -> str:
    """The message while it is being written."""
    body = _paragraphs(_text(answer.text, _by_number(answer.citations)))
    return f'<div class="answer">{_opening(answer)}{body}</div>'


def answer_html(answer: Answer) -> str:
    """The message that holds a finished answer, the nearest passages instead of one, or a reply to small talk."""
    parts = [_opening(answer), _paragraphs(_body(answer))]
    if answer.abstained and answer.nearest:
        items = "".join(_nearest_item(number, each) for number, each in enumerate(answer.nearest, start=1))
        parts.append(f'<p class="lead">The nearest passages are:</p><ul class="nearest">{items}</ul>')
    if answer.incomplete:
        parts.append('<p class="note">This answer broke off before its end.</p>')
    parts.extend(f'<p class="note">{inert(note)}</p>' for note in answer.notes)
    if answer.citations:
        parts.append(f'<p class="sources">Sources: {_sources(answer)}</p>')
    if not answer.talk:
        parts.append(f'<p class="meta">{_how(answer)}</p>')
    kind = "answer abstained" if answer.abstained else "answer"
    return f'<div class="{kind}">{"".join(parts)}</div>'


def _how(answer: Answer) -> str:
    seconds = sum(answer.seconds.values())
    parts = [f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"]
    if answer.usage.output_tokens:
        parts.append(f"{answer.usage.input_tokens:,} tokens read, {answer.usage.output_tokens:,} written")
    if answer.query.strip() != answer.question.strip():
        parts.insert(0, f'Searched for <span class="query">{inert(answer.query)}</span>')
    return " · ".join(parts)


def _opening(answer: Answer) -> str:
    """The short answer with the link of its citation; nothing where it says no more than the text."""
    short = answer.opening
    if short is None:
        return ""
    return f'<p class="short">{inert(short.words)} {_text(short.marker, _by_number(answer.citations))}</p>'


def _body(answer: Answer) -> str:
    """The text of the answer with its markers, what answers in bold and its doubts marked."""
    marks = _by_number(answer.citations)
    html: list[str] = []
    unplaced: list[str] = []
    cursor = 0
    for sentence in answer.sentences:
        found = _find(sentence.text, answer.text, cursor)
        if found is None:
            unplaced.append(_flag(sentence))
            continue
        start, end, inner = found
        after = _MARKERS.match(answer.text, end)
        assert after is not None  # the pattern matches the empty text
        words = _sentence(sentence, inner=inner, marks=marks)
        html += [_text(answer.text[cursor:start], marks), words, _text(after[0], marks), _flag(sentence)]
        cursor = after.end()
    return "".join([*html, _text(answer.text[cursor:], marks), *unplaced])


def _find(words: str, text: str, cursor: int) -> tuple[int, int, dict[int, str]] | None:
    """The start and end of a sentence in the text, and the markers inside it by their offset in its words."""
    start = text.find(words, cursor)
    if start >= 0:
        return start, start + len(words), {}
    end = min(len(text), cursor + 2 * len(words) + _MARKERS_CHARS)
    written = {marker[0] for marker in _MARKER.finditer(words)}  # by the document, so no markers of ours
    markers = (each for each in _SPACED_MARKER.finditer(text, cursor, end) if each[1] not in written)
    cut = {at for marker in markers for at in range(*marker.span())}
    places = [at for at in range(cursor, end) if at not in cut]
    start = "".join(text[at] for at in places).find(words)
    if start < 0:
        return None
    places = places[start : start + len(words)]
    inner = {at: text[left + 1 : right] for at, (left, right) in enumerate(pairwise(places), 1) if right > left + 1}
    return places[0], places[-1] + 1, inner


def _sentence(sentence: Sentence, *, inner: Mapping[int, str], marks: Marks) -> str:
    """The words of a sentence as text, whatever they look like; only `inner` are markers."""
    words, strong = sentence.text, sentence.highlight or Span(start=0, end=0)
    html = ""
    for start, end in pairwise(sorted({0, len(words), strong.start, strong.end, *inner})):
        piece = _lines(words[start:end])
        html += _text(inner.get(start, ""), marks)
        html += f"<strong>{piece}</strong>" if strong.start <= start < strong.end else piece
    return f'<span class="doubt {sentence.support}">{html}</span>' if sentence.support in _VERDICTS else html


def _flag(sentence: Sentence) -> str:
    """The label after a sentence that is not fully supported; its reason shows on hover, tap and focus."""
    verdict = _VERDICTS.get(sentence.support)
    if verdict is None:
        return ""
    return f' <a class="why {sentence.support}" href="#why" title="{inert(sentence.reason or verdict)}">{verdict}</a>'


def _text(text: str, marks: Marks) -> str:
    """Inert text in which the markers of known citations are links."""
    html: list[str] = []
    cursor = 0
    for found in _MARKER.finditer(text):
        citation = marks.get(int(found[1]))
        if citation is not None:
            html.append(_lines(text[cursor : found.start()]) + _pill(citation, citation.number))
            cursor = found.end()
    return "".join(html) + _lines(text[cursor:])


def _paragraphs(html: str) -> str:
    """A blank line begins a paragraph; no sentence has one inside, so no element is cut in two."""
    return f"<p>{_BLANK_LINES.sub('</p><p>', html.strip())}</p>"


def _lines(text: str) -> str:
    return "<br>".join(inert(line) for line in text.replace("\r\n", "\n").split("\n"))


def _pill(source: Citation, number: int | None) -> str:
    return f'<a class="cite" href="{link(refer_to(source))}" title="{_where(source)}">{number}</a>'


def _nearest_item(number: int, nearest: Citation) -> str:
    words = " ".join(nearest.quote.split())
    words = words if len(words) <= _NEAREST_CHARS else words[:_NEAREST_CHARS].rsplit(" ", 1)[0] + " …"
    return (
        f"<li>{_pill(nearest, number)}"
        f'<span class="quote">{inert(words)}</span><span class="where">{_where(nearest)}</span></li>'
    )


def _where(source: Citation) -> str:
    page = "" if source.page is None else f", page {source.page}"
    return inert(f"{source.title}{page}")


def _sources(answer: Answer) -> str:
    """The documents and pages that an answer cites, each with its numbers."""
    numbers: dict[str, list[str]] = {}
    for each in answer.citations:
        numbers.setdefault(_where(each), []).append(_pill(each, each.number))
    return " · ".join(f"{''.join(pills)} {where}" for where, pills in numbers.items())


def _by_number(citations: Sequence[Citation]) -> Marks:
    return {each.number: each for each in citations if each.number is not None}
