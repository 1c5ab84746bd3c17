"""Which way a text says something goes: risen or fallen, allowed or forbidden, before or after, denied or not.

Every word of meaning has a way, 1 or −1: that of its side in a pair of opposites, turned by a negation before it. Two
texts are opposed where a clause of each says the same of the same, but for one thing that goes the other way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from qa.words import STOP_WORDS, stem, words

_OPPOSITES = """
    increase rise grow grown raise climb more higher high greater upper go_up :
    decrease fall reduce lower low less fewer drop decline shrink shrank shrunk go_down |
    large big bigg long tall wide : small short narrow | expand : contract | before : after | early : late |
    allow permit : forbid forbidden ban prohibit | accept approve admit : reject refuse | uphold upheld impose : lift |
    open : close shut | include : exclude | win gain : lose | start begin : stop end cease finish |
    cause activate promote trigger stimulate : prevent inhibit suppress disable block | succeed : fail |
    mandatory compulsory required obligatory : optional voluntary | maximum at_most : minimum at_least |
    switch_on turn_on : switch_off turn_off |
    left : right | top : bottom | above over : below under | inside indoors : outside outdoors | public : private |
    north northern : south southern | east eastern : west western | summer : winter | positive : negative |
    hot hott warm heat : cold cool | fast quick rapid : slow | strong strengthen : weak weaken | wet : dry |
    better best improve : worse worst worsen | old : young new | cheap : expensive | rich : poor | full : empty |
    easy : difficult hard | safe : dangerous | heavy dark : light | valid : invalid | legal : illegal |
    possible : impossible | complete : incomplete | correct : incorrect | sufficient : insufficient |
    active : inactive | connect : disconnect | appear : disappear | agree : disagree
"""
_WAYS = {
    stem(word): (pair.split()[0], sign)
    for pair in _OPPOSITES.split("|")
    for sign, side in zip((1, -1), pair.split(":"), strict=True)
    for word in side.split()
}
_ENDINGS = ("", "er", "est", "r", "st", "ly")
_NOT = frozenset(
    "not no never none neither nor nobody nothing nowhere cannot without unable lack absence non".split()  # noqa: SIM905
)
_NOT_TO = frozenset({"fail", "fails", "failed", "refuse", "refuses", "refused"})
_HEDGES = frozenset({"unless", "except", "only", "until", "otherwise"})
_TURNING = frozenset({"than", "before", "after"})  # A before B is no opposite of B after A
_LIMIT = r" (?:later|earlier|sooner|more|less|fewer|longer) than\b"  # behind "no" and "not": it denies nothing
_NEGATION = re.compile(
    rf"\b(?:not(?! only\b|{_LIMIT})|no(?!\.\s*\d|{_LIMIT})"
    r"|never|none|neither|nor|without|cannot|nobody|nothing|nowhere)\b|n['’]t\b",
    re.I,
)
_UN = r"un(?!i(?![mn])|der|til|anim|ctu|cles?\b)(?=\w{4})"  # unlike "unit", "under", "until"
_DENIAL = re.compile(
    rf"\b(?:fail|refus|den(?:y|ied|ies)|lack|unable|absen|reject|declin|prevent|avoid|non-?|{_UN}|forb[ai]d|prohibit"
    r"|bann|instead\b)",
    re.I,
)
_BOUND = re.compile(rf"\bnot?{_LIMIT}", re.I)
_DENIED = "not "  # before a word that is shown
_UNDONE = re.compile(_UN)
_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s|\n")
_PIECE = re.compile(r",\s|\b(?:but|and|while|whereas|although|though)\b", re.I)

# Chosen on the half `tune` of tests/answers/support_pairs.jsonl and the dev sets of BEGIN.
SHARED = 0.6  # of a clause's other words: with fewer, the opposed word is said of something else

Ways = Sequence[tuple[int, str]]
"""Each time that something is said: its way, and the word with its negation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What is said which way, by stem or by the first word of its pair of opposites.

    `turning` is what stands behind "than", "before" and "after"; what is `hedged` ("unless") opposes nothing.
    `denials` are counted in any wording: no written rule, no rule; may not, forbidden.
    """

    ways: Mapping[str, Ways]
    denials: int
    turning: Set[str]
    hedged: bool


def negation(text: str) -> str | None:
    """The first word that negates, such as "not"; None without one."""
    match = _NEGATION.search(text)
    return match[0] if match else None


def denials(text: str) -> int:
    """How many words of a text negate in any way, "failed to" and "unable" included."""
    return len(_NEGATION.findall(text)) + len(_DENIAL.findall(text))


def clauses(text: str) -> list[Clause]:
    """The clauses of a text; one ends, at a comma or "and", where it has said which way something goes."""
    found: list[list[str]] = []
    for sentence in _SENTENCE_END.split(_BOUND.sub(" ", text)):
        gathered: list[str] = []
        before = len(found)
        for piece in _PIECE.split(sentence):
            said = words(piece)
            gathered += [*said, ""]
            if any(_negates(word) or _way(word, following) for word, following in pairwise([*said, ""])):
                found.append(gathered)
                gathered = []
        if len(found) > before:
            found[-1] += gathered
        elif any(gathered):
            found.append(gathered)
    return [_clause(said) for said in found]


def opposed(said: Sequence[Clause], cited: Sequence[Clause]) -> tuple[str, str] | None:
    """The words by which a clause says one thing and the nearest clause of the cited text the other; None without."""
    for claim in said:
        near = [found for each in cited if (found := _compared(claim, each))]
        _, against, _ = max(near, key=lambda found: found[0], default=(0.0, {}, set()))
        if len(against) == 1 and not any(against.keys() <= alike for _, _, alike in near):
            return next(iter(against.values()))
    return None


def says_denied(said: Sequence[Clause], cited: Sequence[Clause]) -> bool:
    """Whether the cited text says by an opposite what is denied: forbidden, not allowed."""
    denied = {
        (each, way) for one in said for each, ways in one.ways.items() for way, word in ways if word[:4] == _DENIED
    }
    return any((each, way) in denied for one in cited for each, ways in one.ways.items() for way, _ in ways)


def _compared(claim: Clause, cited: Clause) -> tuple[float, dict[str, tuple[str, str]], set[str]] | None:
    """How near two clauses are, what they oppose and what they say alike; None where they are about other things."""
    shared = claim.ways.keys() & cited.ways.keys()
    against = {each: pair for each in shared if (pair := _opposite(claim.ways[each], cited.ways[each]))}
    if claim.denials == cited.denials:  # both deny, in other words
        against = {each: pair for each, pair in against.items() if len({word[:4] == _DENIED for word in pair}) == 1}
    common = claim.turning & cited.turning
    if claim.hedged or cited.hedged or (claim.turning and cited.turning and not common):
        against = {}
    elif not common:
        against.pop("before", None)  # "an hour before": before what?
    alike = shared - against.keys()
    rest = len(claim.ways) - len(against)
    if not alike or len(alike) < SHARED * rest:
        return None
    return 2 * len(alike) / (rest + len(cited.ways) - len(against)), against, alike


def _opposite(ours: Ways, theirs: Ways) -> tuple[str, str] | None:
    """The opposed words where two texts say a thing equally often and differ once, or each always one way."""
    unlike = [(word, other) for (sign, word), (way, other) in zip(ours, theirs, strict=False) if sign != way]
    always = len({sign for sign, _ in ours}) == 1 == len({sign for sign, _ in theirs})
    return unlike[0] if unlike and (always or (len(unlike) == 1 and len(ours) == len(theirs))) else None


def _clause(said: Sequence[str]) -> Clause:
    """The clause of these words; an empty one stands where a negation ends."""
    ways: dict[str, list[tuple[int, str]]] = {}
    turning: set[str] = set()
    denied = passing = turns = False
    for word, following in pairwise([*said, ""]):
        way = _way(word, following)
        if not word:
            denied = False
        elif _negates(word) or (word in _NOT_TO and following == "to"):
            denied, passing = not denied and (word, following) != ("not", "only"), following == "of"
        elif way or word not in STOP_WORDS:
            takes = denied and not passing and (way is not None or not word.endswith("ly"))
            meant, sign = way or ((stem(word[2:]), -1) if _UNDONE.match(word) else (stem(word), 1))
            shown = f"{word} {following}" if f"{stem(word)}_{following}" in _WAYS else word
            ways.setdefault(meant, []).append((-sign, f"{_DENIED}{shown}") if takes else (sign, shown))
            turning |= {stem(word)} if turns else set()
            denied, passing, turns = denied and not takes, False, False
        turns = turns or word in _TURNING
    return Clause(ways=ways, denials=denials(" ".join(said)), turning=turning, hedged=not _HEDGES.isdisjoint(said))


def _negates(word: str) -> bool:
    return word in _NOT or word.endswith("n't")


def _way(word: str, following: str) -> tuple[str, int] | None:
    """The pair of opposites that a word of any form belongs to, and 1 or −1 for its side; None for other words."""
    bases = [stem(word.removesuffix(ending)) for ending in _ENDINGS if word.endswith(ending)]
    bases.insert(0, f"{bases[0]}_{following}")
    return next((_WAYS[base] for base in bases if base in _WAYS), None)
