"""Twins of a suite's questions, made without a model: what must stay and what must change is known.

The documents lose, double or contradict the evidence; the question is mistyped or changes case.
A twin is scored together with its original, so that neither a parrot nor a refuser wins.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path, PurePosixPath

from qa.documents.formats.extraction import EXTRACTED
from qa.documents.sentences import split_sentences
from qa.errors import SuiteError
from qa.evals.metrics import Region, contains_answer, merge, shared
from qa.evals.suites import Case, Suite, Texts, locate, read_corpus, write_corpus

FOLDS = 4  # evidence is removed for a quarter of the questions at a time, so that the rest of each document stays
COPY = "copy of "
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
NAMES = ("Aldous Penhallow", "Marisol Quintero", "Tobias Eklund", "Ingrid Vasquez", "Osric Lindqvist")


def make_twins(suite: Suite, *, work: Path, seed: int = 0) -> Suite:
    """The suite with twins of every answerable question that has evidence in plain documents.

    Variants of the corpus are written under `work`.
    Raises: SuiteError when no question can have a twin, or a document is no plain text.
    """
    texts = read_corpus(suite.corpora[""])
    extracted = sorted(name for name in texts if PurePosixPath(name).suffix.lower() in EXTRACTED)
    if extracted:
        raise SuiteError(f"{suite.name} holds {extracted[0]}, and twins are made of plain text and Markdown alone")
    chosen = [case.model_copy(update={"group": case.id}) for case in suite.cases if _has_twins(case, texts)]
    if not chosen:
        raise SuiteError(f"{suite.name} has no answerable question with evidence, so there is nothing to make twins of")
    generator = random.Random(seed)
    variants: dict[str, Texts] = {}
    twins = [*_mistyped(chosen, generator), *_removed(chosen, texts, variants)]
    variants["duplicated"] = {**texts, **_copies(texts)}
    twins += [_twin(case, "duplicated", corpus="duplicated") for case in chosen]
    twins += _swapped(chosen, texts, variants, generator)
    corpora = {
        name: write_corpus(work, {name: text.encode() for name, text in variant.items()})
        for name, variant in variants.items()
    }
    return replace(
        suite,
        name=f"twins-{suite.name}",
        title=f"Twins of: {suite.title}",
        cases=(*chosen, *twins),
        corpora={"": suite.corpora[""], **corpora},
        primary=("headline", "pair"),
        margins={"headline": 0.05, "pair": 0.05},
        places=(),
    )


def _has_twins(case: Case, texts: Texts) -> bool:
    held = bool(case.evidence) and all(locate(evidence, texts) is not None for evidence in case.evidence)
    return case.answerable and bool(case.answers) and held and not case.conflict and not case.corpus


def _twin(case: Case, kind: str, **changed: object) -> Case:
    updates = {"id": f"{case.id}~{kind}", "twin_of": case.id, "tags": (kind,), "standalone": None, **changed}
    return case.model_copy(update=updates)


def _mistyped(cases: Sequence[Case], generator: random.Random) -> list[Case]:
    typo = partial(mistype, generator=generator)
    kinds: dict[str, Callable[[str], str]] = {"typo": typo, "lower-case": str.lower, "upper-case": str.upper}
    return [_twin(case, kind, question=write(case.question)) for case in cases for kind, write in kinds.items()]


def mistype(question: str, generator: random.Random) -> str:
    """The question with two neighbouring letters of its longest word swapped."""
    word = max(_LETTERS.findall(question), key=len, default="")
    places = [n for n in range(len(word) - 1) if word[n].lower() != word[n + 1].lower()]
    if not places:
        return question
    place = generator.choice(places)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return question.replace(word, swapped, 1)


def _removed(cases: Sequence[Case], texts: Texts, variants: dict[str, Texts]) -> list[Case]:
    """Twins whose evidence is gone, left out where the answer's words remain elsewhere."""
    twins = []
    for fold in range(FOLDS):
        name, chosen = f"removed-{fold}", cases[fold::FOLDS]
        regions = [located for case in chosen for each in case.evidence if (located := locate(each, texts))]
        variant = without_sentences(texts, regions)
        gone = [case for case in chosen if not any(contains_answer(text, case.answers) for text in variant.values())]
        if gone:
            variants[name] = variant
        nothing = {"answerable": False, "answers": (), "parts": (), "evidence": (), "relevance": {}}
        twins += [_twin(case, "removed", corpus=name, **nothing) for case in gone]
    return twins


def without_sentences(texts: Texts, regions: Sequence[Region]) -> dict[str, str]:
    """The texts without every sentence that the regions touch; a text that loses all of them is left out."""
    left = {}
    for name, text in texts.items():
        touched = [
            Region(name, span.start, span.end)
            for span in split_sentences(text)
            if any(each.document == name and each.start < span.end and span.start < each.end for each in regions)
        ]
        for region in reversed(merge(touched)):
            text = text[: region.start].rstrip(" ") + text[region.end :]
        if text.strip():
            left[name] = text
    return left


def _swapped(cases: Sequence[Case], texts: Texts, variants: dict[str, Texts], generator: random.Random) -> list[Case]:
    """Twins of which a copy of the document gives another number or name; both values must be shown.

    The edits are spread over several copies, as a statement of which much is changed is no other version of it.
    """
    twins = []
    for fold in range(FOLDS):
        name, edits = f"swapped-{fold}", list[tuple[Region, str]]()
        for case in cases[fold::FOLDS]:
            edit = _edit(case, texts, generator)
            if edit is not None and not shared([edit[0]], [region for region, _ in edits]):
                edits.append(edit)
                region, other = edit
                said = texts[region.document][region.start : region.end]
                twins.append(_twin(case, "swapped", corpus=name, conflict=(said, other)))
        copies: dict[str, str] = {}
        for region, other in sorted(edits, reverse=True):  # from the end of a text, so that the places before it stay
            text = copies.get(region.document, texts[region.document])
            copies[region.document] = text[: region.start] + other + text[region.end :]
        if edits:
            variants[name] = {**texts, **_copies(copies)}
    return twins


def _edit(case: Case, texts: Texts, generator: random.Random) -> tuple[Region, str] | None:
    """The place in the evidence of a number or name of the answer, and another to put there."""
    for evidence, answer, pattern in product(case.evidence, case.answers, (_NUMBER, _NAME)):
        region, found = locate(evidence, texts), pattern.search(answer)
        if region is not None and found is not None and found.group() in evidence.quote:
            start = region.start + evidence.quote.find(found.group())
            place = Region(region.document, start, start + len(found.group()))
            return place, other_value(found.group(), generator)
    return None


def other_value(value: str, generator: random.Random) -> str:
    """Another number of as many digits, or another name."""
    if not value.isdigit():
        return generator.choice(NAMES)
    least = 0 if len(value) == 1 else 10 ** (len(value) - 1)
    count = 10 ** len(value) - least
    return str(least + (int(value) - least + generator.randint(1, min(7, count - 1))) % count)


def _copies(texts: Texts) -> dict[str, str]:
    """The same texts under the names of copies, each in the folder of its original."""
    paths = {PurePosixPath(name): text for name, text in texts.items()}
    return {str(path.with_name(f"{COPY}{path.name}")): text for path, text in paths.items()}
