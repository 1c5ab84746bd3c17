"""Whether a reply says what the gold says: in any wording that holds its words, in any notation, and not denied.

Rules of English alone, none of any suite. They cannot tell a synonym that the gold does not list, nor a true value
given to the wrong thing in the words of the text; docs/evaluation.md says how far they agree with readers.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from qa.answers import facts
from qa.words import STOP_WORDS, same_root, stem, words

_SPOKEN = dict(
    each.split("=")
    for line in (
        "%= percent |°= degrees |°c= degrees |°f= degrees |£= pounds |$= dollars |€= euros |no one=nobody|o'clock= ",
        "fortnight=14 days|below zero=minus|dozen=12|thrice=3 times|once=1 time|midday=12:00|noon=12:00|celsius=",
        "per cent=percent|half an hour=30 minutes|every other=every 2|every last one=all|midnight=0:00|twice=2 times",
    )
    for each in line.split("|")
)
_UNITS = dict(
    each.split(":")
    for line in (
        "g:gram gramme:gram kg:kilogram kilo:kilogram m:metre meter:metre km:kilometre cm:centimetre mm:millimetre",
        "l:litre liter:litre db:decibel h:hour min:minute s:second",
    )
    for each in line.split()
)
_MEASURES = {stem(each) for each in ("percent", "pounds", "dollars", "euros", "degrees", *_UNITS.values())}
_PAIRS = "left=right north=south east=west upper=lower top=bottom before=after first=last inside=outside"
_OPPOSITES = dict(each.split("=")[::way] for each in _PAIRS.split() for way in (1, -1))
_WRITTEN = re.compile(
    r"°[CF]?|[%£$€]|(?<!\w)(?:" + "|".join(each for each in _SPOKEN if each[0].isalpha()) + r")(?!\w)", re.I
)
_WEEKS = re.compile(r"\b(\w+)[ -]weeks?\b", re.I)
_AND_A_HALF = re.compile(r"\b(\w+) and a half\b", re.I)
_SENTENCE = re.compile(r"(?<=[.!?;])\s++|\n")
_THOUSANDS = re.compile(r"(?<=\d)k\b", re.I)
_MILLIONS = re.compile(r"([£$€] ?[\d.,]*\d)m\b", re.I)
_PREFIX = re.compile(r"\b(co|re|pre|non|e)-(?=[a-z])", re.I)
_BRITISH = re.compile(r"(?<=\w\wo)u(?=r)|(?<=\w{4}i)s(?=[eia])|(?<=[ft]en)c(?=es?\b)")
_AMERICAN = {"u": "", "s": "z", "c": "s"}
_THE_DAY = re.compile(r"\bthe (?=\d{1,2}(?:st|nd|rd|th)\b)", re.I)
_COURTESY = re.compile(
    r"^\W*(?:(?:(?:i'm )?sorry|well|hmm+|oh|(?:good|bad) news|unfortunately|sadly|luckily|actually|"
    r"in (?:short|brief|fact)|good question)(?:[,:;.!]| [–-])|i'm afraid(?: that)?,?)\s+",
    re.I,
)
_ABOUT = re.compile(r"\b(?:about|around|roughly|nearly|almost|over|under|(?:more|less) than|some) (.{1,24})", re.I)
_MARK = re.compile(r"(?<!\s)\s*+\[\d++\]|(?m:^[ \t]*+(?:\d{1,2}[.)]|[-*•])[ \t]++)")  # a citation's, or that of an item

_CLAUSE = re.compile(
    r"(?<=[.!?;:,])\s++|[\n()|·—]|\s[–-]\s"
    r"|\s(?=(?:but|rather than|instead of|although|though|while|whereas|unlike|except)\b)",
    re.I,
)
_NEGATION = re.compile(
    r"(?:\bnot\b(?! (?:only|just)\b)|\bno\b(?!\.\s*\d| (?:doubt|problem|\w+ than)\b)|(?<!second to )\bnone\b|\b(?:"
    r"never|neither|nor|without|cannot|nobody|nothing|nowhere|rather than|instead of|unlike|whereas|while|except)"
    r"\b|n['’]t\b)(?![^.;]{0,40}\buntil\b)",
    re.I,
)
_DENIAL = re.compile(
    r"\b(?:closed|shut|off limits|absent|unable|banned|(?:forbid|forbad|prohibit|exclud|refus|declin|lack|fail|"
    r"miss(?=es|ed|ing))\w*)\b",
    re.I,
)
_FIRST_WORD = re.compile(
    r"\W*(?:(?P<yes>yes|yeah|yep|correct|indeed|certainly|definitely|absolutely|exactly|of course|sure|that's right|"
    r"(?:it|he|she|they|you|we|there) (?:is|are|was|were|does|do|did|can|may|has|have|will)(?=[.,;:]| [–-]))"
    r"|(?P<no>no|nope|never|nobody|none|neither|not (?!only|just)))\b",
    re.I,
)
_YES_OR_NO = re.compile(
    r"(?:^|[,;:.] |\b(?:and|but|so) )\W{0,3}(?:is|are|was|were|am|do|does|did|can|could|may|might|must|should|shall|"
    r"will|would|has|have|had|need)(?:n['’]t)? ",
    re.I,
)
_OPEN = re.compile(r"\bor\b|^\W*(?:who|whom|whose|what|when|where|why|how|which)\b", re.I)
_WHY = re.compile(r"\b(?:why|how come|what for|reason)\b", re.I)
_CELL = re.compile(r"([^|:\n]{1,60}): ([^|\n]+)")
_HOW_MANY = re.compile(r"\bhow many (\w+)", re.I)
_COUNTED = re.compile(r"(?<![\w.,-])(\d(?:[\d.,]*\d)?|[a-z][a-z-]*+) ((?:[a-z][a-z-]*+ ){0,3}[a-z][a-z-]*+)", re.I)
_ELSEWHERE = re.compile(r"\W*(?:in|on|at|by|from|to|because of)\b|[^,;:.!?]{1,60}(?:;|, (?:who|which|though)\b)", re.I)
OPENING_WORDS = 6
BARE_WORDS = 4
DENIED_WITHIN = 10
_SILENT = (
    r"(?:sa(?:y|id|ys)|stat(?:e|ed|es)|mention\w*|giv(?:e|en|es)|contain\w*|cover\w*|answer\w*|specif\w*|tell|told|"
    r"inform\w*|record\w*|kn(?:ow|own)|f(?:ind|ound)|list(?:ed|s)?|provid\w*|indicat\w*|describ\w*|report\w*|includ\w*|"
    r"disclos\w*|reveal\w*|detail\w*|appear\w*|documented|clear|sure)\b"
)
_DECLINES = re.compile(
    rf"(?:\b(?:not?|never|nothing|neither|nowhere|none|nobody|cannot|unable to)\b|n['’]t\b)(?:\W+\w+){{0,7}}?\W+"
    rf"{_SILENT}|\b{_SILENT}(?:\W+\w+)? (?:nothing|no)\b(?! to\b)|\bnothing (?:about|on)\b|\bremains? open\b"
    r"|\b(?:unclear|unknown|unspecified|unstated|silent)\b",
    re.I,
)
DECLINED_WITHIN = 40  # words: what comes later declines nothing

_YES, _NO = ["yes"], ["no"]


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text without markers and opening courtesy, spoken numbers and signs of units written as others are."""
    text = _COURTESY.sub("", _MILLIONS.sub(r"\1 million", text.replace("’", "'")))
    text = _WRITTEN.sub(lambda found: _SPOKEN[found[0].lower()], _MARK.sub(" ", _PREFIX.sub(r"\1", text)))
    return _AND_A_HALF.sub(_halved, _THOUSANDS.sub(",000", _THE_DAY.sub("", text)))


def _halved(found: re.Match[str]) -> str:
    whole = facts.numbers(found[1], strict=False)
    return f"{min(whole)}.5" if whole else found[0]


def _in_days(text: str) -> str:
    """The text with its weeks as days."""

    def days(found: re.Match[str]) -> str:
        weeks = {Decimal(1)} if found[1].lower() == "a" else facts.numbers(found[1], strict=False)
        return f"{7 * min(weeks):f} days" if weeks else found[0]

    return _WEEKS.sub(days, text)


def says_any(said: str, aliases: Sequence[str], *, question: str, evidence: str) -> bool:
    """Whether a plain text says one of the aliases, other than a bare yes or no, and does not deny it."""
    days = _in_days(said)
    for alias in (plain(each) for each in aliases if words(each) not in (_YES, _NO)):
        if _says(said, alias, question, evidence) or _says(days, _in_days(alias), question, evidence):
            return True
    return False


def agrees(said: str, aliases: Sequence[str], *, question: str) -> bool | None:
    """Whether a reply to a question of yes or no gives the answer that is wanted; None where it gives neither.

    Wanted is yes unless an alias is "no" or the first is a negation. A reply without either word that takes up
    half of the question's words means yes, or no where it denies; this holds only where "yes" or "no" is gold.
    """
    if not _YES_OR_NO.search(question) or _OPEN.search(question):
        return None
    bare = [words(alias) for alias in aliases]
    yes = _YES in bare or not (_NO in bare or _NEGATION.search(aliases[0]))
    spoken = _FIRST_WORD.match(said)
    if spoken is not None:
        more = [plain(alias) for alias in aliases if words(alias) != _YES and not _denies(alias)]
        excepted = [_denies(clause) for alias in more for clause in _saying(said, alias, question)]
        if bool(spoken["yes"]) != yes or (yes and excepted and all(excepted)):
            return False
        return True if _YES in bare or not yes else None
    if _is_bare_denial(said):
        return not yes
    asked = _stems(question)
    if declines(said) or not (_YES in bare or _NO in bare) or 2 * _count(asked, _stems(said)) < len(asked):
        return None
    return True if bool(_denies(said)) != yes else None


def foreign(said: str, known: str, *, around: str = "") -> str | None:
    """The first number, date, measure or name of a plain text that is not known; None when all are.

    A number may also stand `around`, in a sentence that shares two words with the one that says it, be the difference
    of two that are known, or be near one after "about"; 1, 2, "one", "first" and "second" count for nothing. Letters
    such as HR may stand for words that are known.
    """
    letters = "".join(word[0] for word in words(known))
    known, around = (f"{text}\n{_in_days(text)}" for text in (plain(known), plain(around)))
    told = facts.numbers(known, strict=False)
    millions = {number * 10**6 for number in told if "million" in words(known)}  # of a column
    held = told | {1, 2} | millions | {one - other for one in told for other in told if one - other >= 10}
    for sentence in _SENTENCE.split(said):
        about = {number for found in _ABOUT.findall(sentence) for number in facts.numbers(found)}
        for number in sorted(facts.numbers(sentence) - held):
            if number in about and any(abs(number - each) <= each / 20 or number == round(each) for each in held):
                continue
            near = " ".join(each for each in _SENTENCE.split(around) if number in _numbers(each))
            if _count(_stems(sentence), _stems(near)) < 2:
                return f"{number:f}"
    every = f"{known}\n{around}"
    for month, day in sorted(facts.dates(said) - facts.dates(every)):
        return f"{facts.month_name(month)} {day}"
    for unit in sorted(_MEASURES & _stems(said) - _stems(every)):
        return unit
    spoken = {*words(every), *facts.initials(every), "i", "yes", "no"}
    parts = [part for name in facts.names(said) for part in name if part.partition("'")[0] not in spoken]
    parts = [part for part in parts if not (part in letters and part.upper() in said)]
    return next((part for part in parts if not _count(_stems(part), _stems(every))), None)


def is_denial(alias: str) -> bool:
    """Whether a gold answer is itself a denial, such as "none" or "not carried"."""
    return _denies(plain(alias)) or words(alias) == _NO


def refuses(said: str) -> bool:
    """Whether the first clause of a plain text denies, or the text declines."""
    return _NEGATION.search(_clauses(said)[0]) is not None or declines(said)


def declines(said: str) -> bool:
    """Whether a reply says, in its first words, that the documents do not tell."""
    return _DECLINES.search(" ".join(said.split()[:DECLINED_WITHIN])) is not None


def denies(said: str, quotes: Sequence[str], *, question: str, own: str, around: str) -> bool:
    """Whether a plain text says that what the question takes for granted is not so.

    It begins with a denial, negates something of the question and holds a fifth of what the denying quotes say beyond
    the question, or holds half of that. And it has no name or number that is not in any of the texts given.
    """
    asked = _stems(question)
    told = _stems(" ".join(quotes)) - asked
    share = _count(told, _stems(said)) / max(1, len(told))
    first = _FIRST_WORD.match(said)
    begins = (first is not None and first["no"] is not None) or _is_bare_denial(said)
    negated = any(_denies(clause) and _count(asked, _stems(clause)) for clause in _clauses(said))
    known = "\n".join((*quotes, question, own, around))
    return (begins or share >= (0.2 if negated else 0.5)) and foreign(said, known) is None


def _is_bare_denial(said: str) -> bool:
    """Whether the first clause only denies what was asked: "It wasn't.", "They can't."."""
    opening = _clauses(said)[0]
    return len(words(opening)) <= BARE_WORDS and _NEGATION.search(opening) is not None


def _says(said: str, alias: str, question: str, evidence: str) -> bool:
    if _denies(alias):
        return _says_denial(said, alias, question)
    known = _stems(f"{question} {alias} {evidence}")
    clauses = [] if _is_mislabelled(said, alias, evidence) else _saying(said, alias, question)
    if _WHY.search(question) and 2.5 * _count(told := _stems(" ".join(clauses)), known) <= len(told):
        return False  # another reason, with a word of the right one
    if any(_denies(clause) for clause in _saying(plain(evidence), alias, question)):
        return bool(clauses)  # the text itself tells it by a denial
    return any(not _denies(clause) for clause in clauses)


def _is_mislabelled(said: str, alias: str, evidence: str) -> bool:
    """Whether a text has a label of another cell of the evidence's row, `label: value`, and not that of the alias."""
    own: set[str] = set()
    others: set[str] = set()
    for label, value in _CELL.findall(evidence):
        (own if _numbers(plain(value)) & _numbers(alias) else others).update(_stems(plain(label)))
    told = _stems(said)
    return bool(own - others) and not told & (own - others) and bool(told & (others - own))


def _says_denial(said: str, alias: str, question: str) -> bool:
    """Whether a sentence denies half of what the alias does, or the first clause what was asked, or it in few words."""
    rest = _stems(_DENIAL.sub(" ", _NEGATION.sub(" ", alias)))
    for sentence in _SENTENCE.split(said):
        if rest and _denies(sentence) and 2 * _count(rest, _stems(sentence)) >= len(rest):
            return _numbers(alias) <= _numbers(said) and not declines(sentence)
    first = _clauses(said)[0]
    own = _stems(first)
    short = len(words(first)) <= DENIED_WITHIN or 2 * _count(own, _stems(question)) >= len(own)
    return _denies(first) and short and not declines(said)


def answers_otherwise(said: str, aliases: Sequence[str], *, question: str) -> bool:
    """Whether a reply opens with another answer than the gold, which it may mention afterwards.

    It opens with a few words that hold nothing of any alias: "Nothing at all", a place or time ("In Torvenna; …"), what
    stands apart ("Steam; …", "Steam, which …"), or another name or number than the question's. Or with the opposite
    ("right" for "left"), or it counts or measures what is asked for with another number.
    """
    golds = " ".join(plain(alias) for alias in aliases)
    golds = f"{golds} {_in_days(golds)}"
    opening = _clauses(said)[0]
    counted = _HOW_MANY.search(question)
    things = {stem(counted[1].lower())} if counted else _stems(question)
    for found in _COUNTED.finditer(said):
        number, beside = _numbers(found[1]) - _numbers(golds), _stems(found[2])
        if number and _count(things, beside) and (counted or _MEASURES & beside & _stems(golds)):
            return True
    opposite = {_OPPOSITES[each] for each in words(golds) if each in _OPPOSITES}
    if not _denies(opening) and opposite.difference(words(golds)).intersection(words(opening)):
        return True
    numbers = facts.numbers(opening) - _numbers(question)
    if len(words(opening)) > OPENING_WORDS or _numbers(opening) & _numbers(golds):
        return False
    if numbers and _numbers(golds):
        return True
    if _count(_stems(opening), _stems(golds)):
        return False
    if _is_bare_denial(said) and not _denies(golds):
        return True
    others = [name for name in facts.names(opening) if not _count(map(stem, name), _stems(question))]
    return bool(others or numbers or (_ELSEWHERE.match(said) and not _denies(opening)))


def _saying(said: str, alias: str, question: str) -> list[str]:
    """The clauses that say most of the alias; none where the text lacks a number or more than a quarter of its words.

    Beside a number, words of the question need not be said again.
    """
    wanted, counted = _stems(alias), _numbers(alias)
    if not counted <= _numbers(said) or not facts.dates(alias) <= facts.dates(said):
        return []
    spoken = _stems(said) | (_stems(question) if counted else frozenset())
    if len(wanted) - _count(wanted, spoken) > max(0, len(wanted) - 1) // 4 or not (wanted or counted):
        return []
    weights = [
        (2 * len(counted & _numbers(clause)) + _count(wanted, _stems(clause)), clause) for clause in _clauses(said)
    ]
    most = max((weight for weight, _ in weights), default=0)
    return [clause for weight, clause in weights if weight == most > 0]


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if clause] or [""]


def _denies(text: str) -> bool:
    return bool(_NEGATION.search(text) or _DENIAL.search(text))


@lru_cache(maxsize=4096)
def _numbers(text: str) -> frozenset[Decimal]:
    return facts.numbers(text, strict=False)


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    """The stems that carry meaning, units spelt out, in American spelling, without numbers."""
    found = {_UNITS.get(word, word) for word in words(text) if not word.endswith("n't")} - STOP_WORDS
    found = {word for word in found if not (word[0].isdigit() or _numbers(word))}
    return frozenset(stem(_BRITISH.sub(lambda letter: _AMERICAN[letter[0]], word)) for word in found)


def _count(wanted: Iterable[str], among: Collection[str]) -> int:
    """How many of these stems are among others, or have a root in common with one."""
    return sum(each in among or any(same_root(each, other) for other in among) for each in wanted)
