"""A follow-up question → a query that stands alone, by rule: it carries the last question's subject.

"And when?" after "Who did General Naravane meet in Rome?" becomes "When did General Naravane meet in
Rome?". Reads English question words and pronouns; a question that is complete stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.types import ABSTENTION, Message
from qa.words import STOP_WORDS, stem, words

CONNECTIVE = re.compile(
    r"^(?:(?:and|but|so|then|ok|okay|well|also|now|oh|thanks|thank you|great)\b[\s,.!]*|(?:yes|no)\b\s*[,.!]\s*)+", re.I
)
CONNECTED = 2  # words of a follow-up before what it asks, such as "and so"
_ABOUT = re.compile(r"^(?:what|how) about\b\s*", re.I)
_CORRECTION = re.compile(
    r"^(?:(?:oops|sorry|no|wait|actually|hm+)\b[\s,.!–—-]*)*(?:i (?:meant|mean)(?: to (?:say|ask))?"
    r"|make that)\b[\s,:–—-]*",
    re.I,
)
PREPOSITION = r"(?:in|at|on|for|from|to|with|by|during|after|before|near|under|of)"
ASKING = re.compile(
    rf"^(?:{PREPOSITION}\s+)?(?:who|whom|whose|what|which|when|where|why"
    r"|how(?:\s+(?:long|many|much|far|often|old|big|large|tall|high|deep|fast))?)\b",
    re.I,
)
_QUESTION_WORDS = frozenset(
    """who whom whose what which when where why how long many much far often old big large tall high deep fast
    exactly else more about so by in at on for from to with tell me go please and""".split()  # noqa: SIM905  # legible as prose, not as a list
)
_PERSON = re.compile(r"\b(?:he|she|him|her)\b(?!\s+(?:own)\b)", re.I)
_POSSESSIVE = re.compile(r"\b(?:his|hers|her(?=\s+\w+))\b", re.I)
_PLACE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bwill )\bthere\b"
    r"(?!\s+(?:is|are|was|were|will|has|have|be|been)\b)",
    re.I,
)
_THING = re.compile(r"\b(?:it|its|they|them|their|theirs|this|that|these|those)\b", re.I)
_THIS_ONE = re.compile(  # "this library", which points at no library of the conversation
    r"\b(?:this|that|these|those)\s+(?!(?:is|are|was|were|be|do|does|did|has|have|had|will|would|can|could|should|may|must"
    r"|mean|means|happen|happens|work|works|cost|costs|take|takes|start|starts|end|ends|apply|applies|help|helps|one|ones"
    r"|and|or|in|at|on|for|from|to|with|by|during|after|before|near|under|of|a|an|the)\b)([a-z]{3,})\b"
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was|does|did|will)\s+it\s+(?:true|possible|necessary|likely)\b|\bthat\s+(?:the|a|an)\b", re.I
)
_NAME = re.compile(r"[A-Z][\w’'.-]*(?:\s+(?:of\s+(?:the\s+)?)?[A-Z][\w’'-]*)*")
AUXILIARY = re.compile(r"^(?:is|are|was|were|do|does|did|will|would|can|could|has|have|had|should)\b\s*", re.I)
_LACKS_A_VERB = re.compile(rf"({ASKING.pattern})\s+({PREPOSITION}(?:\s+[\w'’-]+){{1,3}})[\s?!.]*+$", re.I)
_PHRASE_END = re.compile(r"(?<![\s?!.])[\s?!.]++$")
_LEADING_PREPOSITION = re.compile(rf"^{PREPOSITION}\s+", re.I)
_LAST_PHRASE = re.compile(rf" ({PREPOSITION})(?: [\w'’-]+){{1,3}}$", re.I)
_SPEAKER = frozenset(("I", "I'm", "I’m", "I'd", "I’d", "I've", "I’ve", "I'll", "I’ll"))
_CAPITAL = re.compile(r"(?:the\s+)?[A-Z]")


def standalone(question: str, history: Sequence[Message]) -> str:
    """The question with what it leaves out or points to taken from the questions before it."""
    return _resolved(question.strip(), *_before(history))


def continued(question: str, history: Sequence[Message]) -> str | None:
    """The question about the subject of the one before it, though nothing in it points back; None where that cannot be.

    "Which countries signed?" may go on about a treaty or begin something new: the documents tell, when both are
    searched for. A question with a name of its own is about that.
    """
    last, answer = _before(history)
    asked = question.strip()
    if not last or _resolved(asked, last, answer) != asked or _names(asked):
        return None
    return f"{_PHRASE_END.sub('', asked)} ({_topic(last)})?"


def as_asked(query: str, question: str) -> str:
    """The query without what it is about in brackets, where the rest is what the question says: for the search alone.

    The reader would take a text that has these words for one that answers. A part of a question keeps them.
    """
    opens = query.find(" (")
    if opens <= 0 or not query.endswith(")?"):
        return query
    said, asked = words(query[:opens]), words(question)
    return f"{query[:opens]}?" if asked[-len(said) :] == said and len(asked) <= len(said) + CONNECTED else query


def _before(history: Sequence[Message]) -> tuple[str, str]:
    """The last question of a conversation, made to stand alone, and the answer to it."""
    subject, answer = "", ""
    for turn in history:
        if turn.role == "user":
            subject = _resolved(turn.content.strip(), subject, answer)
        else:
            answer = "" if turn.content.startswith(ABSTENTION) else turn.content
    return subject, answer


def _resolved(question: str, last: str, answer: str) -> str:
    """The question made to stand alone by the last one, which does already, and by the answer to that."""
    if not last:
        return question
    corrected = _CORRECTION.sub("", question)
    if corrected and corrected != question:
        if not ASKING.match(corrected) and not AUXILIARY.match(corrected):
            return _swapped(corrected, last)
        question = corrected
    rest = CONNECTIVE.sub("", question) or question
    if _ABOUT.match(rest) or (rest != question and _is_phrase(rest)):
        return _swapped(_ABOUT.sub("", rest), last)
    if all(word in _QUESTION_WORDS for word in words(rest)):
        return _asked_anew(rest, last)
    if lacking := _LACKS_A_VERB.match(rest):
        return _swapped(lacking[2], _asked_anew(lacking[1], last))
    return _pointed(f"{rest[:1].upper()}{rest[1:]}", last, answer)


def _is_phrase(text: str) -> bool:
    """Whether this names something rather than asks: "in Italy", "the Italian ones"."""
    return not ASKING.match(text) and not AUXILIARY.match(text) and len(words(text)) <= 4


def _asked_anew(question: str, last: str) -> str:
    """A bare question word put in front of the last question: And when? → When did …?"""
    asking = ASKING.match(question)
    if asking is None:
        return last
    kept = asking[0]
    return f"{kept[:1].upper()}{kept[1:].rstrip(' ?')} {ASKING.sub('', last).strip()}"


def _swapped(phrase: str, last: str) -> str:
    """The last question about something else: What about Italy? takes the place of its last name."""
    phrase = _PHRASE_END.sub("", phrase)
    body = _PHRASE_END.sub("", last)
    names = list(_names(body))
    bare = _LEADING_PREPOSITION.sub("", phrase)
    if names and _CAPITAL.match(bare):
        start, end = names[-1]
        return f"{body[:start]}{bare}{body[end:]}?"
    before = _LAST_PHRASE.search(body)
    if before and phrase.casefold().startswith(f"{before[1].casefold()} "):  # in 2023 → in 2024
        body = body[: before.start()]
    return f"{body}{' ' if bare != phrase else ', '}{phrase}?"


def _pointed(question: str, last: str, answer: str) -> str:
    """The question with its pronouns filled in from the last question, or from the answer to it."""
    names = [last[start:end] for start, end in _names(last)] or [answer[start:end] for start, end in _names(answer)]
    person = _PERSON.search(question) or _POSSESSIVE.search(question)
    if names and person and not any(end <= person.start() for _, end in _names(question)):
        name = next((each for each in names if " " in each), names[0])  # "Questions go to Tilly Marrow"
        question = _PERSON.sub(name, _POSSESSIVE.sub(f"{name}'s", question))
    if names and _PLACE.search(question):
        question = _PLACE.sub(f"in {names[-1]}", question)
    known = {stem(word) for word in (*words(last), *words(answer))}
    own = _THIS_ONE.sub(lambda each: each[0] if stem(each[1]) in known else " ", _EXPLETIVE.sub(" ", question))
    if _THING.search(own):
        return f"{_PHRASE_END.sub('', question)} ({_topic(last)})?"
    return question


def _topic(question: str) -> str:
    """What a question is about: its words without the question word."""
    return AUXILIARY.sub("", _PHRASE_END.sub("", ASKING.sub("", question)).strip())


def _names(text: str) -> list[tuple[int, int]]:
    """The capitalised names of a text, without the word that only opens the sentence."""
    found = []
    for match in _NAME.finditer(text):
        start = match.start()
        first = match[0].split()[0]
        if start == 0 and first.casefold() in STOP_WORDS | {"list", "name", "tell", "describe", "explain"}:
            start += len(first)
            start += len(text[start:]) - len(text[start:].lstrip())
        if start < match.end() and match[0] not in _SPEAKER:
            found.append((start, match.end()))
    return found
