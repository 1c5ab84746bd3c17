"""Findings that do not answer → why not and what to try, in words, with the units that come near.

Also the other way: whether a text is such a refusal, so that nobody else's words pass for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.search.features import FRAME_WORDS
from qa.search.identifiers import identifiers
from qa.search.mismatch import other_names
from qa.types import ABSTENTION, Answer, Citation, Findings, Hit
from qa.words import WORD, terms

NEAREST = 3
# A unit comes near by its cosine with the question, or by its words: two, and so great a share of the question's. Of
# questions refused over 8 SQuAD articles, 89 % of the near misses of these articles and 7 % of questions about 8
# others have such a unit; by the cosine alone 74 % and 7 %.
NEAR, SHARED, FEWEST = 0.4, 0.6, 2
UNSAID = 2  # words of a question that are named as missing
EMPTY = "Nothing is indexed yet. Add documents on the page, or run: qa ingest FOLDER"
FILTERED = "No document that is searched fits the filter. Widen it, or search all documents."
_ABSENT = "nowhere in them. Check how it is written."
_ELSEWHERE = "in them, but what stands beside it is not sure to answer. Ask in other words."
_UNSAID = "What comes nearest says nothing of"
_OTHER_WORD = "Leave it out, or say it in another word."
_EMPTY = "The row that comes nearest has nothing for"
_UNSURE = "What comes nearest is not sure to answer it. Ask for one thing, in the documents' own words."
_FAR = "Nothing in them comes near it. Ask “Which documents are there?” to see what they are about."
_QUOTED = re.compile("“([^“”]*)”")
_REASONS = re.compile(
    rf"“[^“”]*”(?:, “[^“”]*”)* occurs? (?:{re.escape(_ABSENT)}|{re.escape(_ELSEWHERE)})"
    rf"|{_EMPTY} “[^“”]*”\."
    rf"|{_UNSAID} “[^“”]*”(?: or “[^“”]*”)?\. {re.escape(_OTHER_WORD)}|{re.escape(_UNSURE)}|{re.escape(_FAR)}"
)


def refusal(findings: Findings, *, empty: str = "") -> Answer:
    """The abstention, with why it is one, what to try, and the units nearest to the question.

    `empty` are the words of the question for what the row has nothing of that would answer.
    """
    text = f"{ABSTENTION} {_EMPTY} “{empty}”." if empty else _text(findings)
    return replace(without_answer(findings), text=text, nearest=_nearest(findings))


def without_answer(findings: Findings) -> Answer:
    """The question and what was found, as yet without a word of an answer."""
    return Answer(
        question=findings.question,
        query=findings.query,
        queries=findings.queries,
        text="",
        abstained=True,
        confidence=findings.confidence,
        embeddings=findings.embeddings,
        notes=tuple(
            f"“{slip}” stands nowhere in the documents; “{meant}” was searched for" for slip, meant in findings.slips
        ),
        seconds={"retrieve": findings.seconds},
        hits=findings.hits,
    )


def _nearest(findings: Findings) -> tuple[Citation, ...]:
    """The units that come near the question, one of a passage; of an identifier that there is, those beside it."""
    is_beside = identifiers(findings.query) and not findings.absent
    asked = _asked(findings)
    near = findings.answering if is_beside else tuple(hit for hit in findings.read if _is_near(hit, asked))
    quotes = ((hit, hit.quotes[hit.best]) for hit in near[:NEAREST])
    return tuple(hit.passage.cite(quote) for hit, quote in quotes if quote)


def _is_near(hit: Hit, asked: frozenset[str]) -> bool:
    """Whether the unit of a hit that answers best is about what is asked, in these stems."""
    if hit.sentence_cosines[hit.best] >= NEAR:
        return True
    quote = hit.quotes[hit.best]
    shared = asked & frozenset(terms(hit.passage.cut(quote))) if quote else frozenset()
    return len(shared) >= max(FEWEST, SHARED * len(asked))


def _text(findings: Findings) -> str:
    if not findings.hits:
        return FILTERED if findings.indexed else EMPTY
    return f"{ABSTENTION} {_reason(findings)}"


def about_absent(findings: Findings) -> tuple[str, ...]:
    """What is to be said beside a model's answer of the identifiers that no document has."""
    return tuple(f"“{each}” occurs nowhere in the documents" for each in findings.absent)


def _reason(findings: Findings) -> str:
    if findings.absent:
        return f"{_occurring(findings.absent)} {_ABSENT}"
    if there := identifiers(findings.query):
        return f"{_occurring(there)} {_ELSEWHERE}"
    unsaid = list(_unsaid(findings))
    asked = _asked(findings)
    if not any(_is_near(hit, asked) for hit in findings.read) or 2 * len(unsaid) > len(asked):
        return _FAR
    if not unsaid:
        return _UNSURE
    rarest = sorted(unsaid, key=lambda word: -max(map(findings.rarity, terms(word))))[:UNSAID]
    named = " or ".join(f"“{word}”" for word in unsaid if word in rarest)
    return f"{_UNSAID} {named}. {_OTHER_WORD}"


def _occurring(named: Sequence[str]) -> str:
    return f"{', '.join(f'“{each}”' for each in named)} {'occurs' if len(named) == 1 else 'occur'}"


def _asked(findings: Findings) -> frozenset[str]:
    """The stems of the question that say what it is about."""
    return frozenset(terms(findings.query)) - FRAME_WORDS


def _unsaid(findings: Findings) -> Iterator[str]:
    """The words of the question that none of the passages read has, however they are inflected."""
    asked, text = _asked(findings), "\n".join(hit.passage.headed for hit in findings.read)
    for word in dict.fromkeys(WORD.findall(findings.query)):
        wanted = asked & frozenset(terms(word))
        if wanted and other_names(wanted, text):
            yield word


def is_refusal(answer: Answer) -> bool:
    """Whether a text is one of ours: it names nothing but words of the question."""
    text = answer.text.strip()
    if text in (ABSTENTION, EMPTY, FILTERED):
        return True
    asked = f"{answer.question}\n{answer.query}"
    reason = text.removeprefix(f"{ABSTENTION} ")
    if reason in (_FAR, _UNSURE):
        return text != reason
    named = _QUOTED.findall(reason)
    return text != reason and bool(_REASONS.fullmatch(reason)) and all(each in asked for each in named)
