"""The problems of a suite that a person has to mend before its figures mean anything."""

from collections.abc import Iterator, Mapping, Sequence

from qa.evals import matching
from qa.evals.figures import COMPARED
from qa.evals.metrics import contains_answer
from qa.evals.statistics import paired_interval
from qa.evals.suites import Case, Suite, Texts, locate, read_corpus
from qa.words import terms

STANDS_ALONE = {"standalone", "topic-change"}  # tags of follow-ups that are meant to need no history
COMPUTED = "computed"  # the tag of cases whose answer is worked out, such as a sum, so that no quote holds it


def lint(suite: Suite) -> list[str]:
    """The problems of a suite, a line each, which begins with the place.

    Raises: SuiteError or DocumentError when its documents cannot be read.
    """
    texts = {name: read_corpus(folder) for name, folder in suite.corpora.items()}
    places = suite.places or [f"{suite.name}: {case.id}" for case in suite.cases]
    found = [f"{suite.name}: suite.toml: {problem}" for problem in _gate_problems(suite)]
    known: set[str] = set()
    for place, case in zip(places, suite.cases, strict=True):
        found += [f"{place}: {problem}" for problem in (*_own_problems(case, known), *_corpus_problems(case, texts))]
        known.add(case.id)
    return found


def _gate_problems(suite: Suite) -> Iterator[str]:
    for name in dict.fromkeys((*suite.primary, *suite.margins)):
        if name not in COMPARED:
            yield f"there is no figure {name!r} to compare; there are {', '.join(COMPARED)}"
    for name, margin in suite.margins.items():
        low, _ = paired_interval([0.0] * len(suite.cases), range(len(suite.cases)))
        if low < -margin:
            yield f"the margin {margin} for {name} is below {-low:.3f}, which {len(suite.cases)} equal cases leave open"


def _own_problems(case: Case, known: set[str]) -> Iterator[str]:
    """What is wrong with a case whatever its documents say, after the cases whose ids are known."""
    if case.id in known:
        yield f"the id {case.id!r} is used twice"
    if case.twin_of is not None and case.twin_of not in known:
        yield f"twin_of names {case.twin_of!r}, which no case before it has"
    if case.answerable and not (case.answers or case.parts or case.evidence or case.relevance or case.conflict):
        yield "it is answerable, but has no answers and no evidence"
    if not case.answerable and (case.answers or case.parts or case.evidence):
        yield "it is not answerable, but has answers or evidence"
    if case.answerable and case.denied_by:
        yield "it is answerable, but has `denied_by`"
    alone = case.history and case.standalone and {*terms(case.standalone)} <= {*terms(case.question)}
    if alone and not {*case.tags} & STANDS_ALONE:
        yield f"it needs no history: its question says all of `standalone`. Tag it {' or '.join(sorted(STANDS_ALONE))}"
    if case.history and case.history[-1].role == "user":
        yield "its history ends with the user, where the question comes next"


def _corpus_problems(case: Case, corpora: Mapping[str, Texts]) -> Iterator[str]:
    texts = corpora.get(case.corpus)
    if texts is None:
        yield f"there is no corpus {case.corpus!r}; there are {', '.join(map(repr, corpora))}"
        return
    for evidence in (*case.evidence, *case.denied_by):
        if evidence.document not in texts:
            yield f"there is no document {evidence.document!r} in the corpus"
        elif locate(evidence, texts) is None:
            yield f"the quote {evidence.quote!r} is not in {evidence.document}"
        elif evidence.start is None and texts[evidence.document].count(evidence.quote) > 1:
            yield f"the quote {evidence.quote!r} is in {evidence.document} more than once; lengthen it or give `start`"
    quotes = " ".join(evidence.quote for evidence in case.evidence)
    for answers in (case.answers, *case.parts):
        if answers and case.evidence and COMPUTED not in case.tags and not _is_held(answers, quotes, case.question):
            yield f"no evidence holds the answer {answers[0]!r} or an alias of it"
    yield from (f"relevance names {each!r}, which is not in the corpus" for each in case.relevance if each not in texts)


def _is_held(answers: Sequence[str], quotes: str, question: str) -> bool:
    """Whether the evidence says one of these answers, or settles a question of yes or no, as the scores see it."""
    said, asked = matching.plain(quotes), matching.plain(question)
    bare = {*map(str.casefold, answers)} & {"yes", "no"}
    return (
        bool(bare)
        or bool(contains_answer(quotes, answers))
        or matching.says_any(said, answers, question=asked, evidence=quotes)
    )
