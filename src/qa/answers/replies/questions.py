"""One sentence of a text → the question that it answers, by rule: "X was opened in 1905" → "When was X opened?".

A handful of plain English shapes, meant for examples: most sentences have none of them.
"""

from __future__ import annotations

import re

from qa.words import MONTHS

_MONTHS = "|".join(month.title() for month in MONTHS)
_DATE = (
    r"(?:in|on) (?:early |late )?(?:the )?"
    rf"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|{_MONTHS}|\d{{1,2}} (?:{_MONTHS})|\d{{4}})\b"
)
_JOINING = r"(?:and|but|or|nor|that|which|who|whom|whose|when|where|while|as|if|because|then|also|not)\b"
_WHO = r"^(?P<who>(?:The )?[\w'’-]+(?: (?!was |were |is |are |has |have |had )[\w'’-]+){0,5})"
_DONE = r"(?P<done>\w{2,}ed|born|built|made|written|found|held|sold|won|taken|chosen)"
_BE = r"(?P<be>is|are|was|were)"
# What may follow such a word and be left out of the question; "made king" and "found guilty" need their second word.
_HOW = r"(?:in|on|at|by|near|from|to|for|with|under|between|across|over|into|again|anew|up|down|out)\b"
_BASES = {
    "arrived": "arrive", "became": "become", "began": "begin", "died": "die", "joined": "join", "left": "leave",
    "met": "meet", "moved": "move", "opened": "open", "published": "publish", "reached": "reach", "returned": "return",
    "signed": "sign", "visited": "visit", "won": "win", "wrote": "write",
}  # fmt: skip
_PAST = rf"(?P<past>{'|'.join(_BASES)})(?P<rest>(?: (?!{_JOINING})[\w'’-]+){{0,6}}?)"

_SHAPES = {
    rf"(?P<have>has|have) been {_DONE} to [a-z]+ (?:the|an?|its|their|them|\d+)\b": "Why {be} {who} {done}?",
    rf"{_BE} (?:also )?(?P<done>scheduled|expected) to [a-z]": "What {be} {who} {done} to do?",
    r"has been an? (?P<done>source|part|member|centre|center) of ": "What has {who} been a {done} of?",
    rf"{_BE} {_DONE}(?: {_HOW}(?: (?!{_JOINING})[^\s,;]+){{0,20}}?)? {_DATE}": "When {be} {who} {done}?",
    rf"{_BE} (?P<done>founded|built|made|written|designed|led|chaired|owned|painted|invented|sold|won) by [A-Z]": (
        "Who {be} {who} {done} by?"
    ),
    rf"{_BE} (?P<done>located|situated|based) (?:in|at|near) ": "Where {be} {who} {done}?",
    rf"{_BE} (?P<done>born|buried|held) (?:in|at|near) (?:the )?[A-Z]": "Where {be} {who} {done}?",
    rf"{_PAST} {_DATE}": "When did {who} {base}{rest}?",
}
_RULES = [(re.compile(f"{_WHO} {shape}"), question) for shape, question in _SHAPES.items()]
# Who or what these sentences are about is said in another sentence, or not first.
_VAGUE = re.compile(
    r"(?:It|Its|This|That|These|Those|He|His|She|Her|They|Their|We|Our|I|You|There|Here|Both|Each|Such|Which|Who|What"
    r"|When|Where|However|Although|After|Before|During|In|On|At|By|As|If|But|And|Also|Some|Many|Most|Another"
    r"|The (?:same|former|latter|following|others?|first|second|third|next|last|rest))\b"
)
_CLAUSE = re.compile(rf"\b(?:{_JOINING}|it\b|they\b|he\b|she\b|we\b|you\b|[a-z]+ed\b|(?:{'|'.join(_BASES)})\b)")
_SMALL = r"(?: (?:of|the|and|for|in|de|van|von|du|la|le))*"
_NAME = re.compile(rf"[^\Wa-z_][\w'’-]*(?:{_SMALL} [^\Wa-z_][\w'’-]*)*")
_CAPITAL_INSIDE = re.compile(r"(?<=[a-z,;] )[^\W\da-z_][\w'’-]*")
_LOWER = re.compile(r"\b[a-z][\w'’-]*")


class Questions:
    """The questions that single sentences of a text answer."""

    def __init__(self, text: str) -> None:
        self._names = set(_CAPITAL_INSIDE.findall(text)) - {word.capitalize() for word in _LOWER.findall(text)}

    def of(self, sentence: str) -> str | None:
        """The question that this sentence answers; None when it has none of the known shapes, or names nothing."""
        if _VAGUE.match(sentence) or not sentence[:1].isupper():
            return None
        for pattern, question in _RULES:
            found = pattern.match(sentence)
            if found is not None and self._is_nameable(found["who"]):
                named = found.groupdict()
                who, base = named.pop("who"), _BASES.get(named.get("past") or "", "")
                named.setdefault("be", "were" if named.get("have") == "have" else "was")
                who = f"the {who.removeprefix('The ')}" if who.startswith("The ") else who
                return question.format(who=who, base=base, **named)
        return None

    def _is_nameable(self, who: str) -> bool:
        """Whether it can stand inside a question as it is: "the" with what it is of, or a name.

        The capital of a sentence's first word tells nothing: a name of one word must have it elsewhere too.
        """
        if _CLAUSE.search(who):
            return False
        if who.startswith("The "):
            return True
        first, *rest = who.split()
        owner = first.removesuffix("'s").removesuffix("’s")
        if rest and owner == first and rest[0][0].isupper():
            return bool(_NAME.fullmatch(who))
        return (first in self._names or owner in self._names or owner.isupper()) and len(owner) > 1
