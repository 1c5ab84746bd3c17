"""A query → the words in it that are spelt wrongly, with how the documents spell them.

Only a word that stands in no document and is no common one either is doubted, and only one slip of it is mended:
"offiec" becomes "office" where the documents have that. Nothing is ranked here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping

from qa.words import STOP_WORDS, rarity, stem

MOST = 4  # words of a query
_PLAIN = re.compile(r"(?<![\w.@/'’-])[A-Za-z]{5,20}(?![\w@/-]|\.\w)")  # no code; a shorter word has too many beside it


def respellings(query: str, *, frequency: Callable[[str], int]) -> dict[str, str]:
    """Each misspelt word of a query as it stands there, and as the documents spell it.

    `frequency` tells how many passages hold a stem. Of several spellings a common word goes first, then the one in
    most passages, then one of equal length.
    Source: P. Norvig, How to Write a Spelling Corrector (2007).
    """
    found: dict[str, str] = {}
    for word in dict.fromkeys(_PLAIN.findall(query)):
        if len(found) < MOST and _is_doubtful(word, frequency):
            plain = word.lower()
            held = {each: count for each in _one_slip(plain) if (count := frequency(stem(each)))}
            if held:
                best = min(
                    held, key=lambda each: (rarity(stem(each)) == 1, -held[each], abs(len(each) - len(word)), each)
                )
                found[word] = best.capitalize() if word[0].isupper() else best
    return found


def mended(query: str, respelt: Mapping[str, str]) -> str:
    """The query with its misspelt words as the documents spell them."""
    return _PLAIN.sub(lambda found: respelt.get(found[0], found[0]), query)


def _is_doubtful(word: str, frequency: Callable[[str], int]) -> bool:
    """Whether a word is neither common nor in any document."""
    plain = word.lower()
    return plain not in STOP_WORDS and rarity(stem(plain)) == 1 and not frequency(stem(plain))


def _one_slip(word: str) -> Iterator[str]:
    """All words that differ by two letters that changed places, or one letter too many, missing or wrong."""
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if len(after) > 1:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"
        if after:
            yield before + after[1:]
        for letter in string.ascii_lowercase:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
