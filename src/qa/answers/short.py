"""What the reader found → the short answer as it is shown: whole, sure enough, and nothing that the question said.

Exact characters of the quote, always. Where in a text the answer stands is the reader's matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.answers.reading import key_and_value
from qa.types import Passage, ShortAnswer, Span
from qa.words import stem, terms, words

SURE = 2.0  # logits from which on it is shown; docs/answering.md says how often it is right from there on
REACH = 40  # characters beside the words found, in which what belongs to them is sought

VALUE_CHARS = 60  # of a pair, which is a short answer up to this length

_SEVERAL = re.compile(
    r"\bwhy\b|\bhow (?:do|does|did|is|are|was|were|can|could|has|have|would|should|to)\b|[,;] ?(?:and )?(?:wh\w+|how)\b"
    r"|(?:\A\W*|\b(?:please|you|and|to|me) )(?:list|describe|explain|a list)\b|\bwhat (?:are|were)\b"
    r"|\b(?:what|which) (?:two|three|four|five|six|seven|eight|nine|ten|several)\b"
    r"|\bwhich \w+[^sui\W]s\b|\bwhat \w+[^sui\W]s (?:\w+ ){0,4}?"
    r"(?:are|were|do|did|have|had|can|could|will|would|shall|should|may|might|must)\b",
    re.I,
)
_HOW_TO = re.compile(
    r"\bhow (?:do|can|could|should|must|would|to)\b|\b(?:steps?|procedure|instructions?)\b"
    r"|\bwhat (?:do|can|could|should|must|shall) (?:i|we|you)(?: \w+){0,3} do\b",
    re.I,
)
_FIRST_ASKING = re.compile(
    r"\b(?:when|why|who|whose|whom|how|where|what (?:time|date|day|year)|(?P<what>what|which|list))\b", re.I
)
_WANTS_YES_OR_NO = re.compile(
    r"\W*(?:is|are|am|was|were|can|could|may|might|must|shall|should|will|would|do|does|did|has|have|had)(?:n[’']t)?\b"
    r"(?!.*\b(?:who|whom|whose|when|where|what|which|why|how)\b)",
    re.I,
)
_NUMBER = (
    r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|half)"
)
_SCALE = r"(?:hundred|thousand|million|billion|trillion|dozen)"
_MEASURE = (
    r"(?:%|per ?cent|°\s?[CFK]?|degrees?(?: (?:Celsius|Fahrenheit))?|times|fold"
    r"|(?:square |cubic )?(?:kilo|centi|milli)?met(?:re|er)s?"
    r"|(?:square )?(?:miles?|feet|foot|inch(?:es)?|yards?)|[kcm]?m[²³]?|acres?|hectares?|[km]?g|tons?|tonnes?|pounds?"
    r"|(?:kilo)?grams?|m?l|lit(?:re|er)s?|gallons?|seconds?|minutes?|hours?|(?:working |business |calendar )?days?"
    r"|weeks?|months?|years?|decades?|centur(?:y|ies)|dollars?|euros?|pence|cents?|yen|[KMGT]B|[kMG]?Hz|[kM]?Wh?|watts?"
    r"|volts?|amps?|[kc]?V|mph|km/h|bar(?! [a-z])|psi|a\.m\.|p\.m\.|[ap]m)"
)
_ENDS_IN_NUMBER = re.compile(rf"(?<![\w.,])(?<![a-z]-)(?!(?:1[5-9]|20)\d\d$){_NUMBER}(?: {_SCALE})*$", re.I)
_AFTER = re.compile(  # "4 V. Woolf" is no measure, and "3 to 5 days" one range
    rf"(?:\s?(?:to|[–—])\s?\d[\d,.]*\b)?(?:[ -]{_SCALE}){{0,2}}(?:[ \u00a0-]?{_MEASURE}(?![\w²³]|\.\s+[A-Z]))?", re.I
)
_BEGINS_WITH_NUMBER = re.compile(rf"{_NUMBER}\b", re.I)
_BEFORE = re.compile(
    rf"(?:(?<![\w.,-]){_NUMBER}(?: {_SCALE})?\s?(?:{_MEASURE})?\s?(?:to|[–—-])\s?|between {_NUMBER} and "
    r"|(?:(?<!\w)[-−±])?[$€£¥₹]\s?|(?<!\w)[-−±])$",
    re.I,
)
_THING = re.compile(r"[^,;\s](?:[^,;]|[,;](?!\s))*+")  # one of several in the value of a pair
_PROSE = ("sentence", "heading", "front")
_WHO_ARE = re.compile(r"\bwho (?:are|were)\b", re.I)
_NAME = r"[A-Z][\w'’.-]*+(?: (?:(?:of|de|van|von|the) )?[A-Z][\w'’.-]*+){0,4}"
_LAST_WORD = re.compile(r"(?<![\w'’-])[\w'’-]+\Z")
_NAMES_AFTER = re.compile(rf"(?:, {_NAME}){{0,8}},? and {_NAME}")
_NAMES_BEFORE = re.compile(rf"(?<![\w.'’-]){_NAME}(?:, {_NAME}){{0,3}}(?:, |,? and )\Z")
_JOINED_BEFORE = re.compile(r"(?<![\w.,:/-])(?:\w+[-/]|\d+[.,:])+$")  # "COVID-" of "COVID-19"
_LABEL = re.compile(r"[\W_]*+[^.:\n]{1,40}[.:][*_]*+\s")  # of an item, as "Yellow, blinking." is
_ARTICLE_BEFORE = re.compile(r"\b(?:the|an?) \Z", re.I)
_ARTICLE_INSIDE = re.compile(r"(?:,|\band|\bor) (?:the|an?) ", re.I)
_CHANGE = re.compile(  # "lower the price from 21.50 to 19.80": two values, and no range
    r"\b(?:mov|chang|rais|rise|rising|rose|grew|increas|lower|reduc|decreas|cut|fall|fell|drop|postpon|shift|shorten)"
    r"\w*+ (?:[^\s.;]++ ){0,8}?from (?P<old>(?:[^\s;]++ ){1,3}?)to "
)
_JOINED_AFTER = re.compile(r"(?:[-/]\w+|[.,:]\d+)+")


def asks_for_several(question: str) -> bool:
    """Whether one sentence may not be enough: a reason, a manner, a list, two questions in one."""
    return bool(_SEVERAL.search(question))


def may_ask_for_list(question: str) -> bool:
    """Whether it asks for what a list may be: for no time, person, place, reason or amount, and not what to do."""
    asking = _FIRST_ASKING.search(question)
    return asking is not None and asking["what"] is not None and not asks_how_to(question)


def asks_how_to(question: str) -> bool:
    """Whether it asks what to do, one step after the other."""
    return bool(_HOW_TO.search(question))


def wants_yes_or_no(question: str) -> bool:
    """Whether it is to be answered with yes or no, and leaves no choice of its own ("or")."""
    return "or" not in words(question) and bool(_WANTS_YES_OR_NO.match(question))


def short_answer(question: str, passage: Passage, *, quote: Span, found: ShortAnswer | None) -> Span | None:
    """The short answer that is shown, within the quote: the words that were found with what belongs to a number.

    None where the reader is not sure; in a row of a table or in code, which the reader does not understand; where it is
    a part of a list that is asked for; where the question says all of it, or wants yes or no, and leaves no choice of
    it ("or"). Of several that are asked for, names that are listed beside those found belong to them.
    """
    several = asks_for_several(question) or bool(_WHO_ARE.search(question))
    if found is None or found.score < SURE or _is_part(question, passage, found, quote=quote, several=several):
        return None
    if wants_yes_or_no(question):
        return None
    asked = words(question)
    text = passage.cut(quote)
    if (said := _in_its_part(question, passage, _value(passage, found))) is None:
        return None
    if _is_label(passage, said, asked=asked):
        return None
    start, end = _whole(text, said.start - quote.start, said.end - quote.start)
    if several:
        start, end = _with_names(text, start, end)
    start, end = _one_side(text, start, end, found=said.end - quote.start)
    if _ARTICLE_INSIDE.search(text[start:end]) and (article := _ARTICLE_BEFORE.search(text[max(0, start - 4) : start])):
        start -= len(article[0])  # of a list, every thing is named alike
    span = Span(start=quote.start + start, end=quote.start + end)
    repeated = {stem(word) for word in words(passage.cut(span))} <= {stem(word) for word in asked}
    return None if repeated and "or" not in asked else span


def _is_part(question: str, passage: Passage, found: Span, *, quote: Span, several: bool) -> bool:
    """Whether it lies in a row or in code, or is a piece of a list, over items or one of several that are quoted.

    One of several is a piece, too, where it has no word of the question: "Missing: a boat, a tent" is asked for whole.
    """
    listed = [each for each in passage.units if quote.start <= each.start < quote.end and each.kind not in _PROSE]
    held = [each for each in listed if each.start < found.end and found.start < each.end]
    within = any(each.kind in ("row", "code") for each in held)
    if within or len(held) > 1 or not held or len(listed) == 1:
        return within or len(held) > 1
    is_silent = frozenset(terms(question)).isdisjoint(terms(passage.cut(held[0])))
    return several or (is_silent and held[0].kind in ("item", "step"))


def _is_label(passage: Passage, found: Span, *, asked: Sequence[str]) -> bool:
    """Whether it is the end of an item's label that the question names: "blinking" of "Yellow, blinking: …"."""
    unit = next(unit for unit in passage.units if unit.start <= found.start < unit.end)
    label = _LABEL.match(passage.cut(unit)) if unit.kind == "item" else None
    if label is None or found.end > unit.start + label.end():
        return False
    return not set(words(passage.cut(Span(start=unit.start, end=found.start)))).isdisjoint(asked)


def _one_side(text: str, start: int, end: int, *, found: int) -> tuple[int, int]:
    """Of two values, one before and one after a change, the one that was found, which ends there."""
    for change in _CHANGE.finditer(text):
        if start < change.end() < end:
            is_old = found <= change.end("old")
            return (start, change.end("old") - 1) if is_old else (change.end(), end)
    return start, end


def _with_names(text: str, start: int, end: int) -> tuple[int, int]:
    """Where a name stands with those that are listed before and after it."""
    last = _LAST_WORD.search(text[max(0, end - REACH) : end])
    if text[start].isupper() and last and last[0][0].isupper():
        after = _NAMES_AFTER.match(text, end)
        before = _NAMES_BEFORE.search(text[max(0, start - REACH) : start])
        return start - len(before[0]) if before else start, after.end() if after else end
    return start, end


def _value(passage: Passage, found: Span) -> Span:
    """What was found; where that is the key of a pair, "Weight" for "How heavy is it?", the value on its line."""
    unit = next(unit for unit in passage.units if unit.start <= found.start < unit.end)
    for key, value in [key_and_value(passage, unit)] if unit.kind == "pair" else []:
        if found.end <= key.end and 0 < len(value) <= VALUE_CHARS and "\n" not in passage.cut(value):
            return Span(start=value.start, end=value.end)
    return found


def _in_its_part(question: str, passage: Passage, found: Span) -> Span | None:
    """What was found; in the value of a pair that has several things, the thing of which the question has most words.

    None where that is not what was found, and there are several such: "Seats: inside 14, outside 20".
    """
    unit = next(unit for unit in passage.units if unit.start <= found.start < unit.end)
    if unit.kind != "pair" or not (places := key_and_value(passage, unit)):
        return found
    key, value = places
    asked = frozenset(terms(question)) - frozenset(terms(passage.cut(key)))
    parts = _THING.finditer(passage.cut(value))
    things = [Span(start=value.start + each.start(), end=value.start + each.end()) for each in parts]
    shared = [len(asked & frozenset(terms(passage.cut(each)))) for each in things]
    here = sum(count for each, count in zip(things, shared, strict=True) if each.start <= found.start < each.end)
    most = max(shared, default=0)
    best = [each for each, count in zip(things, shared, strict=True) if count == most]
    return found if here == most else best[0] if len(best) == 1 else None


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the words stand with all that a number is joined to, its unit of measure, its currency and its range."""
    if text[start].isdigit() and (before := _JOINED_BEFORE.search(text[max(0, start - REACH) : start])):
        start -= len(before[0])
    if text[end - 1].isdigit() and (after := _JOINED_AFTER.match(text, end, end + REACH)):
        end = after.end()
    if _ENDS_IN_NUMBER.search(text[max(0, start, end - REACH) : end]) and (after := _AFTER.match(text, end)):
        end = after.end()
    if _BEGINS_WITH_NUMBER.match(text, start) and (before := _BEFORE.search(text[max(0, start - REACH) : start])):
        start -= len(before[0])
    return start, end


def highlight(text: str, quote: str, short: Span) -> Span | None:
    """Where the short answer, a span of its quote, stands in the words in which that is read.

    None where it does not stand there as often: across a mark that is left out, or as the name of a column too.
    """
    words = " ".join(quote[short.start : short.end].split())
    shown, quoted = _places(words, text), _places(words, quote)
    starts = [each.start for each in quoted]
    return shown[starts.index(short.start)] if len(shown) == len(quoted) and short.start in starts else None


def _places(words: str, text: str) -> list[Span]:
    """Where these words stand in a text, whatever white space is between them."""
    kept = [place for place, char in enumerate(text) if not (char.isspace() and text[place - 1 : place].isspace())]
    squeezed = "".join(" " if text[place].isspace() else text[place] for place in kept)
    found = []
    start = squeezed.find(words) if words else -1
    while start >= 0:
        end = start + len(words)
        found.append(Span(start=kept[start], end=kept[end - 1] + 1))
        start = squeezed.find(words, end)
    return found
