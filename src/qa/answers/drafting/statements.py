"""A model's reply → its statements, as they stream in: sentences, items, rows, and the lines that only give form.

A statement is given out when what follows it has begun, so that it has all its markers: a marker belongs to the
sentence it stands in or follows; at the head of a line, to the sentence after it. Nothing is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.answers.drafting.citations import Marker, read_markers, without_markers
from qa.answers.drafting.markers import OPENING, find_marker, may_become_marker
from qa.documents.sentences import split_sentences
from qa.words import STOP_WORDS, stem, words

LOOK_BACK = 400  # characters before an end of a sentence by which it is told from an abbreviation
MARKERS_CHARS = 300  # of markers in a row that are read as such
_LOOK_AHEAD = 64  # more than an end of a sentence and what closes it

_END = re.compile(r"[.!?…]{1,20}[\"'”’»)\]*_~]{0,20}(?=[\s\\[【［〔])|[。！？][\"'”’»）」』]{0,20}")
_SPACE = re.compile(r"[ \t\r,;，、]*+")
_FENCE = re.compile(r"[ \t]*+(`{3,}+|~{3,}+)")
_UNDECIDED = re.compile(r"[ \t]*+(?:`{0,2}+\Z|~{1,2}+\Z|```|~~~|\|)")  # a line that may be a fence, or is a row
_LINK = re.compile(r"\([^()\s]{0,200}+(\)|\Z)")
_WORD = re.compile(r"\S++")
_WIDE = "。！？"  # after which no white space is written
_OPENS = frozenset(f"{OPENING}\\")
_ROW = re.compile(r"[ \t]*+\|")
_UNDER_HEADER = re.compile(r"[ \t]*+\|?(?:[ \t]*+:?-++:?[ \t]*+\|?)++[ \t\r]*+")
_WORDLESS = re.compile(r"[\W_]*+(?:\d++[.)])?[\W_]*+")
_REPLY_WORD = re.compile(r"[\W_]*+(?:yes|no|yeah|nope|correct|ja|nein|oui|non|s[ií])\b[\W_]*+", re.I)
_INTRODUCES = re.compile(r"[ \t]*+(?:#{1,6}[ \t][^\n]*|(?:[-*+][ \t]+)?(\*\*|__)[^*\n]++\1:?|[^\n]*:(?:\*\*|__)?)\s*+")
_COURTESY = re.compile(
    r"\W*+(?:sure|certainly|of course|absolutely|great question|i hope|let me know|feel free)\b", re.I
)
_ABOUT_ITSELF = frozenset(
    stem(word)
    for word in """accord answer anything ask base below bullet certain context course detail document excerpt explain
        fact feel find follow free give great help hope information item key know let list main mention need note
        overview passage please point provide question result section source state step sum summary sure table text
        thing""".split()  # noqa: SIM905  # legible as prose, not as a list
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A piece of a reply with the white space behind it; the pieces tile the reply.

    `is_form` is what states nothing: code, the header of a table, a rule, markers alone.
    """

    text: str
    is_form: bool
    is_code: bool = False

    @property
    def pieces(self) -> list[str | Marker]:
        """Its text cut at its markers, of which code has none."""
        return [self.text] if self.is_code else read_markers(self.text)

    @property
    def words(self) -> str:
        """Its text without markers and the white space around it."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str)).strip()

    @property
    def may_introduce(self) -> bool:
        """Whether it may only lead to what follows: a heading, a line up to a colon or a courtesy, without a number."""
        words = self.words
        leads = _INTRODUCES.fullmatch(words) or _COURTESY.match(words)
        return leads is not None and words == self.text.strip() and not any(map(str.isdigit, words))

    def introduces(self, known: frozenset[str]) -> bool:
        """Whether it leads to what follows in words about the reply itself, or as a heading of these stems."""
        said = {stem(word) for word in words(self.words) if word not in STOP_WORDS} - _ABOUT_ITSELF
        return not (said - known if _INTRODUCES.fullmatch(self.words) else said)


class StatementStream:
    """The pieces of a reply; the way it is cut as it comes changes nothing."""

    def __init__(self) -> None:
        self._held = ""  # begins with the piece that is being read
        self._at = 0  # where the reading goes on
        self._in_line = False
        self._fence = ""  # what closes the block of code that is being read
        self._is_form = self._is_row = self._is_code = False

    def feed(self, text: str) -> Iterator[Written]:
        """The pieces that are complete after more text."""
        self._held += text
        return self._read(final=False)

    def close(self) -> Iterator[Written]:
        """The rest, when the model has finished."""
        yield from self._read(final=True)
        yield from self._cut(len(self._held))

    def _read(self, *, final: bool) -> Iterator[Written]:
        while self._at < len(self._held):
            end = self._held.find("\n", self._at)
            complete, end = final or end >= 0, end if end >= 0 else len(self._held)
            pieces = (self._read_sentence if self._in_line else self._read_line)(end, complete=complete)
            if pieces is None:
                return
            yield from pieces

    def _cut(self, end: int) -> list[Written]:
        """What is held up to where the next piece begins."""
        piece, self._held, self._at = self._held[:end], self._held[end:], max(0, self._at - end)
        is_form = self._is_form or self._is_code or _WORDLESS.fullmatch(without_markers(piece)) is not None
        written = Written(text=piece, is_form=is_form, is_code=self._is_code)
        self._is_form = self._is_row = self._is_code = False
        return [written] if piece else []

    def _read_line(self, end: int, *, complete: bool) -> list[Written] | None:
        """The piece that ends before this line, if a new one begins with it; None when more text must tell."""
        first = self._at if self._fence else self._after_markers(self._at, end, complete=complete)
        waits = self._fence or self._is_row or first == end or _UNDECIDED.match(self._held[self._at :])
        if first is None or (waits and not complete):
            return None
        line = self._held[self._at : end]
        if first == end and not self._fence:  # markers alone, or nothing: they are the last piece's
            pieces = self._cut(self._at) if self._is_code and line.strip() else []
            self._at += len(line) + 1
            return pieces
        if _FENCE.match(self._held, first, end) and self._held[self._at : first].strip():
            before = self._at if self._is_code else 0  # markers in front of a block of code are what stands before's
            pieces = self._cut(before) if before else []
            self._at = first - before
            return pieces
        is_row = _ROW.match(line) is not None
        is_under_header = (is_row or self._is_row) and _UNDER_HEADER.fullmatch(line) is not None
        self._is_form = self._is_form or (self._is_row and is_under_header)
        pieces = self._cut(self._at)
        fence = _FENCE.match(line)
        if self._fence or fence:
            self._is_code, self._fence = True, self._still_open(line)
        self._is_form, self._is_row = is_under_header, is_row
        self._in_line = not (self._is_code or is_row)
        self._at = first - end + len(line) if self._in_line else len(line) + 1
        return pieces

    def _still_open(self, line: str) -> str:
        """What closes the block of code behind this line, which is a fence or lies in the block."""
        fence = _FENCE.match(line)
        if not self._fence:
            return fence[1] if fence else ""
        closes = fence is not None and fence[1].startswith(self._fence) and not line[fence.end() :].strip()
        return "" if closes else self._fence

    def _read_sentence(self, end: int, *, complete: bool) -> list[Written] | None:
        """The piece that ends where the next sentence of this line begins; None when more text must tell."""
        ending = _END.search(self._held, self._at, end)
        if ending is None:
            self._in_line, self._at = not complete, end + 1 if complete else max(self._at, end - _LOOK_AHEAD)
            return [] if complete else None
        begins = self._after_markers(ending.end(), end, complete=complete)
        word = None if begins is None else _WORD.match(self._held, begins, end)
        closes = ending[0][0] in _WIDE
        if begins is None or not (complete or (word and (closes or word.end() < end))):
            self._at = ending.start()
            return None
        if word and (closes or (self._held[word.start() - 1].isspace() and self._ends(ending, word[0]))):
            return self._cut(begins)
        self._at = ending.end()
        return []

    def _ends(self, ending: re.Match[str], word: str) -> bool:
        """Whether a sentence ends there, as its words and the next one tell: "Yes." only opens the one behind it."""
        before = self._held[: ending.end()]
        said = without_markers(before[-LOOK_BACK:])
        in_code = before.count("`") % 2 or _FENCE.match(word)  # what opens a block must not come to begin a line
        if in_code or _WORDLESS.fullmatch(said) or _REPLY_WORD.fullmatch(said):
            return False
        return any(span.start > len(said) - len(ending[0]) for span in split_sentences(f"{said} {word}"))

    def _after_markers(self, at: int, end: int, *, complete: bool) -> int | None:
        """Where the first word behind white space and markers stands; None when more text must tell."""
        furthest = at + MARKERS_CHARS
        while True:
            at = min(end, _SPACE.match(self._held, at).end())  # type: ignore[union-attr]  # it matches nothing, too
            marker = find_marker(self._held, at) if at < furthest and self._held[at : at + 1] in _OPENS else None
            if marker is None:
                undecided = not complete and at < min(end, furthest) and self._held[at] in _OPENS
                return None if undecided and may_become_marker(self._held, at) else at
            link = _LINK.match(self._held, marker[1])
            if not complete and link and not link[1]:
                return None
            at = link.end() if link and link[1] else marker[1]
