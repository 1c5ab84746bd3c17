"""A question that sets two things side by side → a query for each, and what answers these as one answer.

Each thing is asked for by itself, in passages that name it: "How often must the filter be changed in the Brook 40
compared with the Brook 60?" is asked once of either. Nothing is weighed here: what is best of both is quoted, no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qa.answers import assembly, extractive
from qa.answers.tables.tabular import is_computed
from qa.search.mismatch import other_names
from qa.types import Answer, Findings, Hit
from qa.words import terms, words

_COMPARE = re.compile(
    r"(?:please )?compare |(?:what(?:['’]s| is| are)|tell me|explain) the (?:main )?differences? (?:between )?", re.I
)
_AND = re.compile(r" (?:and|with|to|vs\.?|versus) ", re.I)
_VERSUS = re.compile(r" (?:vs\.?|versus|compared (?:with|to)|as opposed to|in comparison (?:with|to)) ", re.I)
_ABOUT = re.compile(r" (?:in terms of|regarding|with regard to|with respect to|concerning|when it comes to) |: ", re.I)
_BETWEEN = re.compile(r"(?:in|of) (.+?) between ", re.I)
_OF = re.compile(r" (?:of|for|in|at|on|from) ", re.I)
_THAT_OF = re.compile(r"(?:that|those) (?:of|for|in|at|on|from) ", re.I)
_ARTICLE = re.compile(r"(?:the|a|an) ", re.I)
_HOW = dict(
    each.split(":")
    for each in """more:much less:much fewer:many better:good worse:good longer:long shorter:long higher:high lower:high
    bigger:big larger:big smaller:big cheaper:expensive dearer:expensive heavier:heavy lighter:heavy faster:fast
    slower:fast older:old newer:old younger:old earlier:early later:early sooner:soon stronger:strong weaker:strong
    louder:loud quieter:loud hotter:hot colder:cold warmer:warm wider:wide narrower:wide deeper:deep thicker:thick
    thinner:thick greater:great further:far farther:far""".split()  # noqa: SIM905  # legible as prose, not as a list
)
_MORE = rf"(?P<more>{'|'.join(_HOW)})\b(?P<thing>[^,:]{{0,60}}?)"
_WHICH = re.compile(
    rf"(?:which|what|who)(?: one)? (?P<verb>\w+) (?:an? |the )?{_MORE}[,:] (?P<one>.{{1,80}}?) or (?P<other>.{{1,80}})",
    re.I,
)
_THAN = re.compile(
    r"(?:is|are|was|were|do|does|did|has|have|had|can|will) (?P<one>.{1,80}?)"
    rf"(?P<verb> (?:have|cost|last|take|use|need|weigh|get|run|pay|make|hold|give)s?)? (?:an? |the )?{_MORE}"
    r" than (?P<other>[^,:]{1,80})",
    re.I,
)
_NO_THING = re.compile(r"\d|(?:I|you|we|it|he|she|they|there|this|that|these|those)\b", re.I)
_LONGEST = 8  # words of what is compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the things that are compared, and the query for what is asked about it, which a bare one does not say."""

    label: str
    query: str
    is_bare: bool

    def among(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The passages about this side: of documents that are called so, else all that have its words."""
        called = [(hit, f"{hit.passage.document} {hit.passage.title}") for hit in hits]
        named = tuple(hit for hit, name in called if not other_names(terms(self.label), name.replace("_", " ")))
        return named or tuple(
            hit for hit, name in called if not other_names(terms(self.label), f"{name} {hit.passage.headed}")
        )


def read_comparison(question: str) -> tuple[Side, Side] | None:
    """The two sides of a question; None where it compares nothing."""
    text = question.strip().rstrip("?!. ")
    opening = _COMPARE.match(text)
    if opening:
        found = _compared(text[opening.end() :])
    elif joint := _VERSUS.search(text):
        found = _versus(text[: joint.start()], text[joint.end() :])
    elif (more := _WHICH.fullmatch(text) or _THAN.fullmatch(text)) and not any(
        map(_NO_THING.match, more.group("one", "other"))
    ):
        found = _asking(more), more["one"], more["other"]
    else:
        return None
    before, *sides = found
    labels = [_ARTICLE.sub("", each.strip(), count=1) for each in sides]
    if not all(0 < len(words(label)) <= _LONGEST for label in labels) or labels[0] == labels[1]:
        return None
    first, second = (
        Side(label=label, query=f"{before}{side.strip()}?", is_bare=not before)
        for label, side in zip(labels, sides, strict=True)
    )
    return first, second


def _asking(more: re.Match[str]) -> str:
    """What is asked of either side, where it is asked of which there is more: "longer warranty" is "warranty of"."""
    verb, thing, bare = more["verb"] or "is", more["thing"].strip(), _HOW[more["more"].lower()]
    if verb.strip() in ("is", "are", "was", "were"):
        return f"How {thing.removesuffix(' one') or bare} {verb.strip()} "
    if "cost" in verb:
        return f"price {thing}".rstrip() + " of "
    return f"{thing} of " if thing else f"How {bare} {verb.strip()} "


def _compared(body: str) -> tuple[str, str, str]:
    """What stands before either side, and the sides, of what follows "compare"."""
    between, tail = _BETWEEN.match(body), _ABOUT.search(body)
    about = f"{between[1]} of " if between else f"{body[tail.end() :]} of " if tail else ""
    body = body[between.end() if between else 0 : tail.start() if tail else len(body)]
    joint = _AND.search(body)
    if joint is None:
        return about, "", ""
    one, other = body[: joint.start()], _THAT_OF.sub("", body[joint.end() :], count=1)
    shared = _OF.search(one)
    if shared and not about and not _OF.search(other):
        return one[: shared.end()], one[shared.end() :], other
    return about, one, other


def _versus(left: str, right: str) -> tuple[str, str, str]:
    """The same of what stands on either side of "versus": the left one is as long as the right, or follows a colon."""
    tail = _ABOUT.search(right)
    about, other = (f"{right[tail.end() :]}: ", right[: tail.start()]) if tail else ("", right)
    before, colon, one = left.rpartition(": ")
    if colon:
        return f"{before}: ", one, other
    said = left.split()
    at = 0 if about else max(0, len(said) - len(other.split()))
    return about + "".join(f"{word} " for word in said[:at]), " ".join(said[at:]), other


def answer(findings: Findings, find: Callable[[str], Findings]) -> Answer | None:
    """The best of what is found about each side, or what is missing of one; None where it answers no comparison.

    What a table gives by computing, as a difference, says more than both of its cells.
    """
    sides = read_comparison(findings.query)
    if sides is None or any(map(is_computed, extractive.answer(findings).sentences)):
        return None
    found = [_best(side, find(side.query)) for side in sides]
    cited = [[replace(each, number=None) for each in answered.citations] for answered in found if answered]
    is_half = len(cited) < len(sides)
    if not cited or (is_half and sides[0].is_bare) or (not is_half and cited[0] == cited[1]):
        return None
    labels = [side.label for side in sides]
    return assembly.answer(findings, list(zip(labels, found, strict=True)), labelled=True)


def _best(side: Side, found: Findings) -> Answer | None:
    """The sentence that answers best of a side, with what it cites; None where nothing does."""
    named = side.among(found.hits)
    if not named:
        return None
    answered = extractive.answer(replace(found, hits=named))
    best = [each for each in answered.sentences if each.best] or answered.sentences[:1]
    cited = {number for each in best for number in each.citations}
    kept = tuple(each for each in answered.citations if each.number in cited)
    return replace(answered, sentences=tuple(best), citations=kept) if best else None


def without_labels(text: str, question: str) -> str:
    """The text of an answer without the lines that name a side."""
    labels = {f"{side.label}:" for side in read_comparison(question) or ()}
    return "\n".join(line for line in text.split("\n") if line not in labels)
