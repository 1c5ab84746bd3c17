"""Text → the terms that are counted and compared: stems without stop words.

One tokeniser for the lexical index, the ranking features and the support check, so that a term
means the same everywhere. No offsets into documents are made here, and nothing is scored.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib import resources

import Stemmer  # type: ignore[import-not-found]  # a C extension without stubs

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
REMEMBERED_CHARS = 64  # the stem of a longer word is not kept: a stranger may send words of any length
ROOT_CHARS = 4  # two stems of one root have at least so many characters in common

_ACCENT = re.compile("[\u0300-\u036f]")
# Characters that reorder or hide others; spelt out, they cannot disguise a name.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

STOP_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being between both but by can
    could did do does doing during each for from further had has have having he her here hers him himself his how i
    if in into is it its itself just me more most my myself no nor not of off on once only or other our ours out over
    own same she should so some such than that the their theirs them then there these they this those through to too
    under until up very was we were what when where which while who whom whose why will with would you your yours
    s t ll re ve d m""".split()  # noqa: SIM905  # legible as prose, not as a list
)

CONTRACTED = ("ve", "re", "ll", "d", "m")

MONTHS = """january february march april may june
    july august september october november december""".split()  # noqa: SIM905  # legible as prose, not as a list

# Past forms that no stemmer joins to their verb; ambiguous ones (found, saw, lay, left, felt) are left out.
_PAST_FORMS = """became:become began:begin begun:begin bought:buy broke:break broken:break brought:bring built:build
    caught:catch chose:choose chosen:choose drew:draw drawn:draw drove:drive driven:drive fell:fall fallen:fall fed:feed
    flew:fly flown:fly fought:fight forbade:forbid forgot:forget gave:give given:give grew:grow grown:grow held:hold
    hid:hide hidden:hide kept:keep knew:know known:know led:lead lent:lend lost:lose made:make meant:mean met:meet
    paid:pay ran:run rode:ride rose:rise risen:rise said:say sang:sing sung:sing sank:sink sent:send sold:sell
    sought:seek slept:sleep spent:spend spoke:speak spoken:speak stole:steal stolen:steal stood:stand struck:strike
    swam:swim swore:swear sworn:swear taught:teach threw:throw thrown:throw told:tell took:take taken:take
    understood:understand went:go gone:go withdrew:withdraw withdrawn:withdraw won:win wore:wear wrote:write
    written:write"""
_BASE_FORMS = dict(pair.split(":") for pair in _PAST_FORMS.split())

_local = threading.local()


def visible(text: str) -> str:
    """The text with every control character spelt out, such as `‹U+202E›`; tabs and line ends stay."""
    return UNSEEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)


def words(text: str) -> list[str]:
    """The words of a text in order: lower case, accents and possessives dropped, compatibility forms folded."""
    folded = (text if text.isascii() else _without_accents(text)).casefold().replace("’", "'")
    return [word.removesuffix("'s") for word in WORD.findall(folded)]


def terms(text: str) -> list[str]:
    """The stems of a text's words in order, stop words left out, "can't" and "I've" among them."""
    return [stem(word) for word in words(text) if not is_stop(word)]


def is_stop(word: str) -> bool:
    """Whether a lower-case word says nothing of what a text is about."""
    first, _, contracted = word.partition("'")
    return word in STOP_WORDS or word.endswith("n't") or (contracted in CONTRACTED and first in STOP_WORDS)


def _without_accents(text: str) -> str:
    """The text as it is typed where there is no key for "ö", and as the embedded model reads it."""
    return unicodedata.normalize("NFKC", _ACCENT.sub("", unicodedata.normalize("NFKD", text)))


def stem(word: str) -> str:
    """The Snowball English stem of a lower-case word, irregular past forms counted with their verb.

    Source: M. F. Porter, Snowball (2001), the "english" (Porter2) stemmer.
    """
    return _known_stem(word) if len(word) <= REMEMBERED_CHARS else _stem(word)


def _stem(word: str) -> str:
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:  # a Stemmer is not safe to share between threads
        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(_BASE_FORMS.get(word, word)))


_known_stem = lru_cache(maxsize=200_000)(_stem)


def same_root(one: str, other: str) -> bool:
    """Whether one stem begins with the other and is little longer, as "itali" and "italian"."""
    longer = len(one) - len(other)
    if not -4 <= longer <= 4 or min(len(one), len(other)) < ROOT_CHARS:
        return False
    return one.startswith(other) if longer >= 0 else other.startswith(one)


def rarity(term: str) -> float:
    """How rare a stem is in English at large, from 0 (the commonest) to 1 (not among the 8,000 commonest).

    The logarithm of its rank: by Zipf's law, about the logarithm of one over its frequency.
    """
    ranks = _common_words()
    return math.log(ranks.get(term, len(ranks)) + 1) / math.log(len(ranks) + 1)


@cache
def _common_words() -> dict[str, int]:
    listed = resources.files("qa").joinpath("_data/common_words.txt").read_text(encoding="utf-8")
    return {term: rank for rank, term in enumerate(listed.split())}
