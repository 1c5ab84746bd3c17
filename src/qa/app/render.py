"""Answers → the HTML of a message, in which text from documents and models is only ever text.

A message is one line of HTML, so that Gradio's Markdown reader passes it on unread; and every
character that means something to HTML, Markdown or a template is an entity, in case it does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile

from qa.answers.conflicts import DIFFER
from qa.app.links import link, refer_to
from qa.app.prose import Inset, draw
from qa.types import Answer, Citation, Sentence, Short, titled
from qa.words import visible

# Line ends and ASCII punctuation: every character that HTML, Markdown or a template gives a meaning to.
_NOT_INERT = re.compile(r"[\n\r!-/:-@\[-`{-~]")
_MARKER = re.compile(r"\[(\d+)\]")
_MARKERS = re.compile(r"(?:\s*+\[\d++\])*+")
_SPACED_MARKER = re.compile(r"(?<!\s)\s*+(\[\d++\])")
VERDICTS = {"partly": "partly supported", "unsupported": "not supported", "contradicted": "contradicted"}
STOPPED = "Stopped."  # the note on an answer that its reader ended
BROKEN = "This answer broke off before its end."
NOTHING = "No answer came. Try again, or choose in Settings who answers."
EXTRACTIVE = "extractive"
QUOTES_ONLY = "Quotes only (no AI model)"  # how a reader knows the way of answering without a language model
_SETTING = re.compile(r"[A-Z]{2}_[A-Z]")  # in the name of one, as OPENAI_API_KEY has it: words for who runs the page
_NEAREST_CHARS = 220
_MARKERS_CHARS = 2_000  # that the markers inside a sentence may take up, for it to be found

Marks = Mapping[int, str]  # the link of each citation by its number


def inert(text: str) -> str:
    """HTML that shows these characters and does nothing else, in Markdown and in templates too."""
    return _NOT_INERT.sub(lambda found: f"&#{ord(found[0])};", visible(text))


def question_html(question: str) -> str:
    """The message in which a person asks."""
    return f'<div class="question">{question_lines(question)}</div><button class="edit">Edit</button>'


def streaming_html(answer: Answer, *, stage: str) -> str:
    """The message while it is being written, and how far it has come."""
    marks = _marks(answer)
    body = _drawn(answer, _pills(answer.text, marks))
    return f'<div class="answer writing">{_opening(answer, marks)}{body}<p class="stage">{inert(stage)}</p></div>'


def answer_html(answer: Answer) -> str:
    """The message that holds a finished answer, the nearest passages instead of one, or a reply to small talk."""
    parts = [written_html(answer, _marks(answer))]
    if answer.abstained and answer.nearest:
        items = "".join(_nearest_item(number, each, answer) for number, each in enumerate(answer.nearest, start=1))
        parts.append(f'<p class="lead">The nearest passages are:</p><ul class="nearest">{items}</ul>')
    if answer.incomplete and STOPPED not in answer.notes:
        parts.append(f'<p class="note">{BROKEN if answer.text else NOTHING}</p>')
    notes = [each for each in answer.notes if not (answer.conflicts and each.startswith(DIFFER))]  # which are cards
    parts.extend(f'<p class="note">{inert(words)}</p>' for words in map(_for_readers, notes) if words)
    if answer.citations:
        parts.append(f'<p class="sources">Sources: {_sources(answer)}</p>')
    if not answer.talk:
        parts.append(f'<div class="meta"><button class="again">Try again</button>{_details(answer)}</div>')
    kind = "answer abstained" if answer.abstained else "answer broken" if answer.incomplete else "answer"
    return f'<div class="{kind}">{"".join(parts)}</div>'


def _for_readers(note: str) -> str:
    """The sentences of a note before the first one that names a setting."""
    note = note[:1].upper() + note[1:]
    return ". ".join(takewhile(lambda words: not _SETTING.search(words), note.split(". ")))


def _details(answer: Answer) -> str:
    """How an answer came about, in the words of those who run the page; closed until somebody opens it."""
    seconds = ", ".join(f"{name} {took:.2f}" for name, took in answer.seconds.items())
    usage = answer.usage
    tokens = f"{usage.input_tokens:,} read, {usage.output_tokens:,} written" if usage.output_tokens else ""
    told = [
        ("Searched for", "; ".join(answer.queries or [answer.query])),
        ("Confidence", f"{answer.confidence:.0%}" if answer.queries else ""),
        ("Answered by", QUOTES_ONLY if answer.model == EXTRACTIVE else answer.model),
        ("Prompt", answer.prompt or ""),
        ("Tokens", tokens),
        ("Seconds", seconds),
        *(("Note", note) for note in answer.notes if _SETTING.search(note)),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{inert(words)}</dd>" for name, words in told if words)
    return f"<details><summary>Details</summary><dl>{rows}</dl></details>"


def written_html(answer: Answer, marks: Marks) -> str:
    """The short answer and the text with these links, what answers in bold and its doubts marked."""
    return _opening(answer, marks) + _body(answer, marks)


def _opening(answer: Answer, marks: Marks) -> str:
    """The short answer with the link of its citation, or what documents give instead of each other side by side.

    Nothing where it says no more than the text.
    """
    if answer.conflicts:
        places = {each.number: _where(each, answer) for each in answer.citations}
        values = (
            f'<div>{_cited(each, marks)}<p class="where">{places.get(each.citation, "")}'
            f"{f' · {inert(each.date)}' if each.date else ''}</p></div>"
            for each in answer.conflicts
        )
        return f'<div class="conflicts">{"".join(values)}</div>'
    return "" if answer.opening is None else _cited(answer.opening, marks)


def _cited(short: Short, marks: Marks) -> str:
    return f'<p class="short">{inert(short.words)} {marks.get(short.citation or 0, "")}</p>'


def _body(answer: Answer, marks: Marks) -> str:
    insets: list[Inset] = []
    cursor = 0
    for sentence in answer.sentences:
        found = _find(sentence.text, answer.text, cursor)
        if found is None:
            insets.append(Inset(at=len(answer.text), html=_flag(sentence)))
            continue
        start, end, _ = found
        after = _MARKERS.match(answer.text, end)
        assert after is not None  # the pattern matches the empty text
        insets += [
            *_pills(answer.text, marks, cursor, start),
            *_sentence(sentence, found, text=answer.text, marks=marks),
        ]
        insets += [*_pills(answer.text, marks, end, after.end()), Inset(at=after.end(), html=_flag(sentence))]
        cursor = after.end()
    return _drawn(answer, [*insets, *_pills(answer.text, marks, cursor)])


def _drawn(answer: Answer, insets: Sequence[Inset]) -> str:
    """The text with its insets; the markers that they stand for are left out of it."""
    is_markdown = not (answer.talk or answer.overview or answer.model == EXTRACTIVE)  # else a document's own words
    return draw(answer.text, insets, plain=inert, is_markdown=is_markdown)


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


def _sentence(sentence: Sentence, found: tuple[int, int, dict[int, str]], *, text: str, marks: Marks) -> list[Inset]:
    """What is set into a sentence, whose words are text whatever they look like; only those inside it are markers."""
    start, end, inner = found
    doubt = f'<span class="doubt {sentence.support}">{{}}</span>' if sentence.support in VERDICTS else "{}"

    def place(offset: int) -> int:
        return start + offset + sum(len(marker) for at, marker in inner.items() if at < offset)

    def plain(words: str) -> str:
        return doubt.format(inert(words))

    def strong(words: str) -> str:
        return doubt.format(f"<strong>{inert(words)}</strong>")

    insets = [Inset(at=start, wrap=plain)]
    for at, marker in inner.items():
        insets += _pills(text, marks, place(at), place(at) + len(marker))
    if sentence.highlight is not None:
        insets.append(Inset(at=place(sentence.highlight.start), wrap=strong))
        insets.append(Inset(at=place(sentence.highlight.end), wrap=plain))
    return [*insets, Inset(at=end, wrap=inert)]


def _flag(sentence: Sentence) -> str:
    """The label after a sentence that is not fully supported; its reason shows on hover, tap and focus."""
    verdict = VERDICTS.get(sentence.support)
    if verdict is None or not any(map(str.isalnum, sentence.text)):  # the rule of a table says nothing
        return ""
    return f' <a class="why {sentence.support}" href="#why" title="{inert(sentence.reason or verdict)}">{verdict}</a>'


def _pills(text: str, marks: Marks, start: int = 0, end: int | None = None) -> list[Inset]:
    """The markers of known citations in a stretch of the text, as links; any other is text."""
    found = _MARKER.finditer(text, start, len(text) if end is None else end)
    return [
        Inset(at=each.start(), until=each.end(), html=marks[number])
        for each in found
        if (number := int(each[1])) in marks
    ]


def question_lines(text: str) -> str:
    """What a person asked, line by line."""
    return "<br>".join(inert(line) for line in text.replace("\r\n", "\n").split("\n"))


def _pill(source: Citation, number: int | None, answer: Answer) -> str:
    return f'<a class="cite" href="{link(refer_to(source))}" title="{_where(source, answer)}">{number}</a>'


def _nearest_item(number: int, nearest: Citation, answer: Answer) -> str:
    words = " ".join(nearest.quote.split())
    words = words if len(words) <= _NEAREST_CHARS else words[:_NEAREST_CHARS].rsplit(" ", 1)[0] + " …"
    return (
        f"<li>{_pill(nearest, number, answer)}"
        f'<span class="quote">{inert(words)}</span><span class="where">{_where(nearest, answer)}</span></li>'
    )


def _where(source: Citation, answer: Answer) -> str:
    """The title and page of a source, with its file where the answer rests on another document of that title."""
    alike = {each.document for each in (*answer.citations, *answer.nearest) if each.title == source.title}
    page = "" if source.page is None else f", page {source.page}"
    return inert(f"{titled(source.document, source.title) if len(alike) > 1 else source.title}{page}")


def _sources(answer: Answer) -> str:
    """The documents and pages that an answer cites, each with its numbers, and its quotes for who copies them."""
    numbers: dict[str, list[str]] = {}
    for each in answer.citations:
        numbers.setdefault(_where(each, answer), []).append(
            f'{_pill(each, each.number, answer)}<span class="quote">{inert(each.quote)}</span>'
        )
    return " · ".join(f"{''.join(pills)} {where}" for where, pills in numbers.items())


def _marks(answer: Answer) -> Marks:
    return {each.number: _pill(each, each.number, answer) for each in answer.citations if each.number is not None}
