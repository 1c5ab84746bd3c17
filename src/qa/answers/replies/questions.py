"""One sentence → the question that it answers, by rule: "X was opened in 1905" → "When was X opened?".

A handful of plain English shapes, meant for examples: most sentences have none of them.
"""

from __future__ import annotations

import re

from qa.words import MONTHS

_MONTHS = "|".join(month.title() for month in MONTHS)
_DATE = (
    r"(?:in|on|since) (?:early |late )?(?:the )?"
    rf"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|{_MONTHS}|\d{{1,2}} (?:{_MONTHS})|\d{{4}})\b"
)
_WHO = r"^(?P<who>(?:The |An? )?[\w'’-]+(?: (?!was |were |is |are |has |have |had )[\w'’-]+){0,6})"
_DONE = r"(?P<done>\w{2,}ed|born|built|made|written|found|held|sold|won|taken|chosen)"
_BE = r"(?P<be>is|are|was|were)"
_PLACED = r"(?P<done>located|situated|born|based|buried|held)"
_BASES = {
    "arrived": "arrive", "became": "become", "began": "begin", "died": "die", "joined": "join", "left": "leave",
    "met": "meet", "moved": "move", "opened": "open", "published": "publish", "reached": "reach", "returned": "return",
    "signed": "sign", "visited": "visit", "won": "win", "wrote": "write",
}  # fmt: skip
_PAST = rf"(?P<past>{'|'.join(_BASES)})(?P<rest>(?: (?:in|at|to|for) [A-Z]\w+)?)"

_SHAPES = {
    rf"(?:has|have) been {_DONE} to [a-z]": "Why was {who} {done}?",
    rf"{_BE} (?:also )?(?P<done>scheduled|expected|planned) to (?P<verb>[a-z]+) ": "What {be} {who} {done} to {verb}?",
    r"has been an? (?P<done>source|part|member|centre|center) of ": "What has {who} been a {done} of?",
    rf"{_BE} {_DONE} (?:[^,;]* )?{_DATE}": "When {be} {who} {done}?",
    rf"{_BE} {_DONE} by [A-Z]": "Who {be} {who} {done} by?",
    rf"{_BE} {_PLACED} (?:in|at|near) ": "Where {be} {who} {done}?",
    rf"{_PAST} (?:[^,;]* )?{_DATE}": "When did {who} {base}{rest}?",
}
_ARTICLE = re.compile(r"^(The|An?) ")
_RULES = [(re.compile(f"{_WHO} {shape}"), question) for shape, question in _SHAPES.items()]
# Who or what these sentences are about is said in another sentence, or not first.
_VAGUE = re.compile(
    r"(?:It|Its|This|That|These|Those|He|His|She|Her|They|Their|We|Our|I|You|There|Here|Both|Each|Such|Which|Who|What"
    r"|When|Where|However|Although|After|Before|During|In|On|At|By|As|If|But|And|Also|Some|Many|Most|Another)\b"
)


def make_question(sentence: str) -> str | None:
    """The question that this sentence answers; None when it has none of the known shapes."""
    if _VAGUE.match(sentence) or not sentence[:1].isupper():
        return None
    for pattern, question in _RULES:
        found = pattern.match(sentence)
        if found is not None:
            named = found.groupdict()
            who = _ARTICLE.sub(lambda article: article[0].lower(), named.pop("who"))
            return question.format(who=who, base=_BASES.get(named.get("past") or "", ""), **named)
    return None
