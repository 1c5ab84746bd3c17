"""Systems under test: how any of them is asked one case, and how what it says becomes a record.

A system is a callable `(question, history)`, or an object with such an `ask`, and with a `search` where it can show
the passages for a query. It returns an Answer, a text, or a part of the answer contract; ours goes the same way.
"""

import inspect
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from qa.errors import SuiteError
from qa.evals.records import CaseRecord, Retrieved
from qa.evals.scoring import DEPTH
from qa.evals.suites import Case, Texts, checked, locate, surroundings
from qa.types import Answer, Hit, Message

UNREADABLE = "a system said what cannot be read"


class _Place(BaseModel):
    """A range of a document, as a system names it; what else it says of it is left alone."""

    document: str
    start: int
    end: int
    score: float = 0.0


_ANSWER, _PLACE, _TEXT = TypeAdapter(Answer), TypeAdapter(_Place), TypeAdapter(str)


Hits = tuple[Retrieved, ...]  # the passages that a system found, best first


class System:
    """Anything that can be asked, over one corpus; answers that do not name their maker bear its `name`."""

    def __init__(self, given: object, *, name: str | None = None) -> None:
        """Find out how it is asked. Raises: SuiteError when it cannot be asked a question with a history."""
        self.name = name or str(getattr(given, "__qualname__", type(given).__qualname__))
        self._ask = _asking(getattr(given, "ask", given), self.name)
        self.search: Callable[..., Sequence[object]] | None = getattr(given, "search", None)

    def ask(self, question: str, history: Sequence[Message], *, texts: Texts) -> tuple[Answer | None, Hits | None]:
        """What it says to a question, after a history, and what it found; None is what it does not show.

        Raises: SuiteError when that cannot be read.
        """
        said = self._ask(question, history)
        if isinstance(said, Answer):
            return said, _places(said.hits, texts) if said.hits else None
        plain = {"answer": said} if isinstance(said, str) else said
        if not isinstance(plain, Mapping) or not plain:
            wanted = "an Answer, a text, or a dict such as {'answer': 'In 1874.', 'retrieved': []}"
            raise SuiteError(f"{self.name} returned {said!r:.60} when asked {question!r:.60}. Return {wanted}")
        rest = {name: value for name, value in plain.items() if name != "retrieved"}
        answer = _answer(rest, question=question, model=self.name, texts=texts) if rest else None
        return answer, _places(plain["retrieved"], texts) if "retrieved" in plain else None

    def look(self, query: str, *, texts: Texts) -> Hits | None:
        """The passages it shows for a query: those of its search, or else of its reply to the query as a question."""
        if self.search is None:
            return self.ask(query, (), texts=texts)[1]
        return _places(self.search(query, top_k=DEPTH), texts)


def run_case(case: Case, *, system: System, texts: Texts, asks: bool) -> CaseRecord:
    """The record of one case put to the system; whatever the system raises is recorded, not raised.

    Raises: SuiteError when what the system says cannot be read.
    """
    gold = tuple(locate(evidence, texts) for evidence in case.evidence)
    seconds: dict[str, float] = {}
    answer: Answer | None = None
    hits: Hits | None = None
    try:
        begun = time.perf_counter()
        if asks:
            answer, hits = system.ask(case.question, case.history, texts=texts)
            seconds["ask"] = time.perf_counter() - begun
        if hits is None and (system.search or not asks):
            begun = time.perf_counter()
            hits = system.look(answer.query if answer is not None else case.question, texts=texts)
            seconds["search"] = time.perf_counter() - begun
            if hits is None:
                raise SuiteError(f"{system.name} shows no passages. Give it a search, or let it return `retrieved`")
    except SuiteError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of the system under test is a result
        at = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno})"
        return CaseRecord(case=case, gold=gold, error=said, seconds=seconds)
    cited = answer.citations if answer is not None else ()
    return CaseRecord(
        case=case,
        gold=gold,
        answer=answer,
        hits=hits,
        around=surroundings((*case.evidence, *case.denied_by), texts),
        cuts=tuple(texts[each.document][each.start : each.end] if each.document in texts else None for each in cited),
        seconds=seconds | {f"ask/{stage}": taken for stage, taken in answer.seconds.items()} if answer else seconds,
    )


def _asking(ask: object, name: str) -> Callable[[str, Sequence[Message]], object]:
    """The callable, as one of two positional arguments; ours takes the history by name. Raises: SuiteError."""
    if not callable(ask):
        raise SuiteError(f"{name} is no system: {ask!r:.60}. Give a callable that takes (question, history)")
    with suppress(TypeError, ValueError):  # which a callable written in C raises that does not say what it takes
        inspect.signature(ask).bind("", ())
        return ask
    with suppress(TypeError, ValueError):
        inspect.signature(ask).bind("", history=())
        return lambda question, history: ask(question, history=history)
    raise SuiteError(
        f"{name} cannot be asked a question with a history. Give a callable that takes (question, history)"
    )


def _answer(plain: Mapping[str, object], *, question: str, model: str, texts: Texts) -> Answer:
    """The answer of which some of the contract is given, the rest as it is of an answer without it."""
    rest = Answer(question=question, query=question, text="", abstained=False, model=model).to_dict()
    if unknown := sorted(plain.keys() - rest.keys(), key=str):
        known = ", ".join(sorted({*rest, "retrieved"}))
        raise SuiteError(f"a system said {unknown[0]!r}, which is no part of an answer: {known}")
    whole = {**rest, **plain}
    kind = whole.pop("kind")
    whole["talk"], whole["overview"] = kind == "talk", kind == "overview"
    said = checked(_TEXT, whole.pop("answer"), place=f"{UNREADABLE}: answer")
    whole["text"] = said.encode("utf-8", "replace").decode("utf-8")  # half a character, of which no sentence is made
    cited = whole["citations"]
    if isinstance(cited, Sequence):
        whole["citations"] = [_citation(each, number, texts) for number, each in enumerate(cited, start=1)]
    answer = checked(_ANSWER, whole, place=UNREADABLE)
    if not 0 <= answer.confidence <= 1:
        raise SuiteError(f"{UNREADABLE}: confidence: {answer.confidence} is not between 0 and 1")
    return answer


def _citation(given: object, number: int, texts: Texts) -> object:
    if not isinstance(given, Mapping):
        return given
    region = _place(given, at=f"citations.{number - 1}", texts=texts).region
    quote = texts[region.document][region.start : region.end]
    return {"number": number, "title": region.document, "page": None, "version": "", "quote": quote, **given}


def _places(given: object, texts: Texts) -> Hits:
    """The passages that a system names, as hits of ours or as places in documents."""
    if not isinstance(given, Sequence):
        raise SuiteError(f"a system named {given!r:.60} as its passages. Give a list of document, start and end")
    return tuple(_place(each, at=f"retrieved.{number}", texts=texts) for number, each in enumerate(given))


def _place(given: object, *, at: str, texts: Texts) -> Retrieved:
    if isinstance(given, Hit):
        passage = given.passage
        return Retrieved(passage.document, passage.start, passage.end, given.score)
    place = checked(_PLACE, given, place=f"{UNREADABLE}: {at}")
    if place.document not in texts:
        raise SuiteError(f"{at}.document: {place.document!r} is none of the documents: {', '.join(texts):.200}")
    if not 0 <= place.start < place.end <= len(texts[place.document]):
        of = f"{len(texts[place.document])} characters of {place.document}"
        raise SuiteError(f"{at}: {place.start} to {place.end} is no range of the {of}")
    return Retrieved(place.document, place.start, place.end, place.score)
