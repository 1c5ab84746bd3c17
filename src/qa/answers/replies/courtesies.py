"""Small talk: recognised from its first word to its last, and cut from around a question.

Every word must belong to a phrase of `_data/small_talk.toml`, so that "hi" is a greeting and "hi-hat prices" is not.
What is said in reply stands in `small_talk`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from qa.types import Message
from qa.words import words

Topic = Literal["documents", "help", "goodbye", "thanks", "doubt", "fine", "greeting"]
"""What small talk is about; of several, the first of these is answered."""

TALK_CHARS = 200  # whoever says more has something to ask
_LONGEST = 10  # words of a phrase
_BEFORE = ("greeting", "thanks", "doubt", "fine")  # said before a question and no part of it; after it, only thanks

_EMOTICON = re.compile(r"(?<!\S)(?:[:;=]['-]?[dpo3]|xd|<3)(?!\S)", re.I)  # the others have no letter or digit
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_CHOICE = re.compile(r"\(([^()]*)\)")
_CLAUSE = re.compile(r"[^.,!?…\n。，！？]+[.,!?…\n。，！？\s]*")
_ENDED = re.compile(r"[.!?…\n。！？]")
_ASKS = r"who|whom|whose|what|which|when|where|why|how|can you|could you|please|tell me"
_ASKING = re.compile(
    rf"(?:(?:so|and|but) )?(?:{_ASKS}|is|are|was|were|do|does|did|can|could|will|would|has|have|had|should|may|list"
    r"|name|give|find|explain|describe|compare|summari[sz]e|translate|i)\b",
    re.I,
)
_THANKS_FOR = re.compile(r"\W*(?:many )?(?:thanks|thank you|thx)(?: (?:so|very) much)? for\b[^?:]*[.!]", re.I)
_WISH = re.compile(rf"\b(?:{_ASKS}|if|whether|need|want|wish|like|looking|wonder\w*|asks?|question|nothing)\b", re.I)
_CALLED = re.compile(
    r"(?:(?:hi|hello|hey)(?: there)?|good (?:morning|afternoon|evening)|thanks|thank you) (?:[-–—] )?"
    rf"(?=(?:{_ASKS})\b)",
    re.I,
)


def topic_of(text: str) -> Topic | None:
    """What small talk this is from its first word to its last; None when it is anything else."""
    if len(text) > TALK_CHARS:
        return None
    if _THANKS_FOR.fullmatch(text) and not _WISH.search(text):
        return "thanks"
    said = tuple(words(_DRAWN_OUT.sub(r"\1", _EMOTICON.sub(" ", text))))
    found = (
        _topics(said) if said else {topic for topic, signs in phrasebook()["signs"].items() if set(signs) & set(text)}
    )
    return next((topic for topic in get_args(Topic) if topic in found), None)


def without_courtesies(question: str) -> str:
    """The question without a greeting before it or thanks after it; as it is where nothing else is left.

    What only a comma ends stays before a capital that begins no question: "Good Morning, Vietnam" is a name.
    """
    called = _CALLED.match(question)
    if called:
        return question[called.end() :]
    clauses = _CLAUSE.findall(question)
    first, last = 0, len(clauses)
    while first < last and topic_of(clauses[first]) in _BEFORE:
        first += 1
    while last - 1 > first and topic_of(clauses[last - 1]) == "thanks" and _ENDED.search(clauses[last - 2]):
        last -= 1
    rest = "".join(clauses[first:last]).strip()
    is_cut = first == 0 or _ENDED.search(clauses[first - 1]) or not rest[:1].isupper() or _ASKING.match(rest)
    return rest if rest and is_cut else question


def without_joining(said: tuple[str, ...]) -> tuple[str, ...]:
    """The words of an utterance without "please", "can you" and the like around it."""
    phrases = [phrase for phrase, topic in _phrases().items() if topic == "joining"]
    while before := next((each for each in phrases if said[: len(each)] == each), ()):
        said = said[len(before) :]
    while after := next((each for each in (("please",), ("for", "me")) if said[-len(each) :] == each), ()):
        said = said[: -len(after)]
    return said


def without_small_talk(history: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation without small talk and the replies to it, which no later question points back to."""
    kept: list[Message] = []
    is_talk = False
    for turn in history:
        is_talk = topic_of(turn.content) is not None if turn.role == "user" else is_talk
        if not is_talk:
            kept.append(turn)
    return tuple(kept)


def _topics(said: tuple[str, ...]) -> set[str]:
    """The topics of the phrases that these words fall into, the longest first; none when a word belongs to none."""
    phrases = _phrases()
    found: set[str] = set()
    place = 0
    while place < len(said):
        ends = range(min(len(said), place + _LONGEST), place, -1)
        end = next((end for end in ends if said[place:end] in phrases), None)
        if end is None:
            return set()
        found.add(phrases[said[place:end]])
        place = end
    return found


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    """The topic of each phrase, by its words."""
    told = phrasebook()
    topics = (*get_args(Topic), "joining")
    return {tuple(words(each)): topic for topic in topics for line in told[topic] for each in spelt_out(line)}


@cache
def phrasebook() -> dict[str, Any]:
    """The phrases of `_data/small_talk.toml`."""
    return tomllib.loads(resources.files("qa").joinpath("_data/small_talk.toml").read_text(encoding="utf-8"))


def spelt_out(line: str) -> Iterator[str]:
    """Every phrase that a line stands for."""
    choice = _CHOICE.search(line)
    if choice is None:
        yield line
        return
    for each in choice[1].split("|"):
        yield from spelt_out(f"{line[: choice.start()]}{each}{line[choice.end() :]}")
