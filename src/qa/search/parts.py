"""A question → its parts, each able to stand alone: "What does it cost and how long does it last?" asks twice.

By rules, and strict ones: what does not clearly ask twice stays whole, and no "and" inside a name, a title or a clause
joins questions. A part that leans on the one before it is read as the follow-up that it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from qa.search.followup import ASKING, AUXILIARY, CONNECTIVE, PREPOSITION, standalone
from qa.types import Findings, Hit, Message
from qa.words import words

MOST = 3  # parts; the last one keeps what more is asked
FEWEST_WORDS = 3  # of a part: a bare "and when?" goes with what it asks about

_SENTENCE = re.compile(r"(?<=[?？])\s+")
_WH = r"(?:who|whom|whose|what|which|when|where|why|how)\b"
_DOES = r"(?:is|are|was|were|do|does|did|can|could|will|would|has|have|must|should|may)"
_ASKS_AGAIN = re.compile(
    rf",? and (?:also |then )?(?=(?:{PREPOSITION} )?{_WH})|[;,] (?:also )?(?={_WH})"
    rf"|,? and (?:also )?(?={_DOES} "
    r"(?:it|they|there|i|you|we|he|she)\b)",
    re.I,
)
_INSIDE = re.compile(rf" (?:{_WH}|that\b|if\b)", re.I)  # a clause, which "and" may go on with
_CONDITION = re.compile(
    r"(?:when|where|how|what) (?:i|you|we|he|she|it|they|there|the|an?|my|your|our|its|this|that|these|those)\b", re.I
)
_TELL = re.compile(
    r"(?:please )?(?:(?:can|could|would) you (?:please )?)?(?:tell me|let me know)(?:,? please,?)? (?=\w)"
    r"|do you know |i(?:['’]d| would) like to know |i (?:want|need) to know ",
    re.I,
)
_EACH = re.compile(rf"((?:{PREPOSITION} )?{_WH}(?: (?:long|many|much|often|far))?)", re.I)
_ASKED_TOGETHER = re.compile(
    rf"{_EACH.pattern}(?:, {_EACH.pattern})?,? and {_EACH.pattern} "
    rf"(?={_DOES}\b)",
    re.I,
)
_NOUN = rf"(?:the|my|your|our|its|their|his|her)(?: (?!and\b|{PREPOSITION}\b|between\b)[a-z][\w'’-]*+){{1,4}}"
_NOUNS = re.compile(
    rf"(?i:(what(?:['’]s| is| are| was| were)|(?:please )?(?:tell|give|show) me)) "
    rf"({_NOUN})(?:, ({_NOUN}))?,? and ({_NOUN})((?: {PREPOSITION} [^,?]++)?)"
)


def parts(question: str, history: Sequence[Message] = ()) -> tuple[str, ...]:
    """The questions that a question of a conversation asks, in order, each standing alone; itself where it asks one."""
    asked = [part for piece in _pieces(question) for part in _split(piece)]
    if len(asked) == 1:
        return (standalone(question, history),)
    found: list[str] = []
    for part in (*asked[: MOST - 1], " ".join(asked[MOST - 1 :])):
        if not part:
            continue
        found.append(standalone(part, history))
        history = (Message(role="user", content=found[-1]),)
    return tuple(dict.fromkeys(found))


def merged(query: str, found: Sequence[Findings]) -> Findings:
    """What was found for the parts of a question as one: of their passages in turn the best of each, none twice.

    It is as sure as what is surest; each part is given as much to read as a question alone.
    """
    if len(found) == 1:
        return found[0]
    best: dict[str, Hit] = {}
    for hit in chain.from_iterable(zip_longest(*(part.hits for part in found))):
        if hit is not None:
            best.setdefault(hit.passage.id, hit)
    hits = tuple(replace(hit, rank=rank) for rank, hit in enumerate(best.values(), start=1))
    return replace(
        found[0],
        query=query,
        hits=hits,
        parts=tuple(found),
        slips=tuple(dict.fromkeys(slip for part in found for slip in part.slips)),
        top_k=sum(part.top_k for part in found),
        confidence=max(part.confidence for part in found),
        answerable=any(part.answerable for part in found),
        seconds=sum(part.seconds for part in found),
    )


def _pieces(question: str) -> list[str]:
    """The sentences and lines of a question where each of them asks; else all of it."""
    pieces = [piece for line in question.splitlines() for piece in _SENTENCE.split(line.strip()) if piece]
    return pieces if len(pieces) > 1 and all(map(_asks, pieces)) else [question.strip()]


def _asks(text: str) -> bool:
    """Whether this is a question of its own from its first word on, and not the condition of one."""
    text = CONNECTIVE.sub("", text)
    told = _TELL.match(text)
    if told:
        return bool(ASKING.match(text[told.end() :]))
    return bool(ASKING.match(text) or AUXILIARY.match(text)) and not _CONDITION.match(text)


def _split(piece: str) -> list[str]:
    """The questions of one sentence."""
    nouns = _NOUNS.fullmatch(piece.rstrip(" ?.!"))
    if nouns:
        return [_about(nouns[1], noun, nouns[5]) for noun in (nouns[2], nouns[3], nouns[4]) if noun]
    together = _ASKED_TOGETHER.match(piece)
    if together:
        *others, last = filter(None, together.groups())
        first, *more = _split(f"{_opened(last)} {piece[together.end() :]}")
        return [*(f"{_opened(each)}{first[len(last) :]}" for each in others), first, *more]
    if not _asks(piece):
        return [piece]
    told = _TELL.match(piece)
    body = piece[told.end() :] if told else piece
    found, start = [], 0
    for joint in _ASKS_AGAIN.finditer(body):
        left, right = body[start : joint.start()], body[joint.end() :]
        if len(words(left)) >= FEWEST_WORDS <= len(words(right)) and not _is_open(left):
            found.append(f"{_opened(left)}?")
            start = joint.end()
    return [*found, _opened(body[start:])] if found else [piece]


def _is_open(part: str) -> bool:
    """Whether a clause or a quotation in a question may go on after it."""
    asked = ASKING.sub("", CONNECTIVE.sub("", part))
    return bool(_INSIDE.search(asked)) or part.count('"') % 2 == 1


def _about(opening: str, noun: str, tail: str) -> str:
    """The question for one of several things that are asked for: What is the price of it?"""
    verb = opening.casefold()
    if verb in ("what is", "what are", "what's", "what’s"):
        opening = f"{opening[:4]} {'are' if noun.endswith('s') and not noun.endswith('ss') else 'is'}"
    return f"{opening} {noun}{tail}?"


def _opened(part: str) -> str:
    return f"{part[:1].upper()}{part[1:]}"
