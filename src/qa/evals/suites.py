"""Suites of questions with their gold: `suite.toml` and `cases.jsonl` read, checked and written.

Gold is a document and a quote from it, never a passage, so that passages may change size.
What strangers wrote comes in here: every error names the file and the line.
"""

import hashlib
import json
import random
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from qa.documents.files import find_documents, read_document
from qa.errors import SuiteError
from qa.evals.metrics import Region
from qa.index.private import make_private
from qa.types import Message

Texts = Mapping[str, str]  # the text of every document of a corpus, by document id
AROUND = 500  # characters on each side of a quote, from which an answer may take true details beside it
Read = TypeVar("Read")


class Strict(BaseModel):
    """An object that strangers wrote, with no other fields than are declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Evidence(Strict):
    """A quote that holds the answer; `start` says which one where it occurs more than once."""

    document: str
    quote: str = Field(min_length=1)
    start: int | None = None


class Case(Strict):
    """One question and its gold; docs/evaluation.md explains every field."""

    id: str = Field(pattern=r"^\S+$")
    question: str = Field(min_length=1)
    history: tuple[Message, ...] = ()
    answers: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    relevance: dict[str, int] = {}
    answerable: bool = True
    standalone: str | None = None
    denied_by: tuple[Evidence, ...] = ()
    forbidden: tuple[str, ...] = ()
    conflict: tuple[str, ...] = ()
    twin_of: str | None = None
    corpus: str = ""
    group: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def golds(self) -> tuple[str, ...]:
        """Every wording of what is to be said: those of the answer and of each part."""
        return sum(self.parts, self.answers)

    @property
    def relevant(self) -> list[str]:
        """The graded documents that ought to be found."""
        return [name for name, grade in self.relevance.items() if grade > 0]


class _Head(Strict):
    """`suite.toml`."""

    title: str
    corpus: str = ""
    gathers: tuple[str, ...] = ()
    primary: tuple[str, ...] = ("headline",)
    gate: dict[str, float] = {}
    asks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Cases with the folders of documents they are asked about.

    `corpora` maps `Case.corpus` to a folder. `primary` names the figures that are compared, `margins`
    how much of each may be lost; a suite that does not `asks` measures retrieval only.
    `places` says where each case was written, where it was. `gathers` are the folders of suites whose
    documents and cases come in before it is run (see `haystack.py`), and `made` the digest of what they became.
    """

    name: str
    title: str
    cases: tuple[Case, ...]
    corpora: Mapping[str, Path]
    primary: tuple[str, ...] = ("headline",)
    margins: Mapping[str, float] = field(default_factory=dict)
    asks: bool = True
    places: tuple[str, ...] = ()
    gathers: tuple[Path, ...] = ()
    made: str = ""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any case, and with any document that was made for the suite."""
        lines = "\n".join(case.model_dump_json() for case in self.cases) + self.made
        return hashlib.sha256(lines.encode()).hexdigest()[:16]


def load_suite(folder: Path) -> Suite:
    """The suite in `folder`.

    Raises: SuiteError naming the file and line.
    """
    place = folder / "suite.toml"
    try:
        head = checked(TypeAdapter(_Head), tomllib.loads(_read(place)), place=str(place))
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{place}: {error}") from error
    if bool(head.corpus) == bool(head.gathers):
        raise SuiteError(f"{place}: give either `corpus`, a folder of documents, or `gathers`, the folders of suites")
    own = folder / "cases.jsonl"
    cases, places = load_cases(own) if own.exists() or not head.gathers else ((), ())
    return Suite(
        name=folder.name,
        title=head.title,
        cases=cases,
        corpora={} if head.gathers else {"": (folder / head.corpus).resolve()},
        gathers=tuple((folder / each).resolve() for each in head.gathers),
        primary=head.primary,
        margins=head.gate,
        asks=head.asks,
        places=places,
    )


def sample(suite: Suite, *, limit: int | None, seed: int) -> Suite:
    """At most `limit` of the suite's cases, drawn with the seed, in their own order."""
    if limit is None or limit >= len(suite.cases):
        return suite
    picked = sorted(random.Random(seed).sample(range(len(suite.cases)), limit))
    places = tuple(suite.places[n] for n in picked) if suite.places else ()
    return replace(suite, cases=tuple(suite.cases[n] for n in picked), places=places)


def load_cases(path: Path) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """The cases of a JSON Lines file, and where each stands.

    Raises: SuiteError naming the file and line.
    """
    placed = parse_lines(Case, path)
    if not placed:
        raise SuiteError(f"{path} holds no cases. Write one JSON object a line; see docs/evaluation.md")
    return tuple(placed.values()), tuple(placed)


def parse_lines(model: type[Read], path: Path) -> dict[str, Read]:
    """The objects of a JSON Lines file by where each stands, as `FILE:NUMBER`.

    Raises: SuiteError naming the file and line.
    """
    adapter = TypeAdapter(model)
    lines = ((f"{path}:{number}", line) for number, line in enumerate(_read(path).split("\n"), start=1))
    return {place: checked(adapter, line.encode(), place=place) for place, line in lines if line.strip()}


def checked(adapter: TypeAdapter[Read], given: object, *, place: str) -> Read:
    """The value that strangers gave, or that their bytes of JSON hold.

    Raises: SuiteError naming the place, the field and what it holds.
    """
    try:
        return adapter.validate_json(given) if isinstance(given, bytes) else adapter.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        shown = f" ({first['input']!r:.60})" if where or not isinstance(given, bytes) else ""
        raise SuiteError(f"{place}: {where}{': ' if where else ''}{first['msg'].lower()}{shown}") from error


def save_case(folder: Path, case: Case, *, title: str, corpus: Path) -> None:
    """Append a case to the suite in `folder`, which is made when there is none."""
    make_private(folder)
    head = folder / "suite.toml"
    if not head.exists():
        quoted = (json.dumps(each, ensure_ascii=False) for each in (title, str(corpus.resolve())))  # as TOML quotes too
        head.write_text("title = {}\ncorpus = {}\n".format(*quoted), encoding="utf-8")
    with (folder / "cases.jsonl").open("a", encoding="utf-8") as file:
        file.write(case.model_dump_json(exclude_defaults=True) + "\n")


def read_corpus(folder: Path) -> dict[str, str]:
    """The text of every document under `folder`, by id, as an index of that folder holds it.

    Raises: SuiteError when the folder is not there; DocumentError when a file cannot be read.
    """
    if not folder.is_dir():
        raise SuiteError(f"there is no corpus folder {folder}. Correct `corpus` in suite.toml")
    documents = (read_document(path, root=folder) for path in find_documents(folder))
    return {document.id: document.text for document in documents}


def write_corpus(work: Path, files: Mapping[str, bytes]) -> Path:
    """The folder under `work` of these files, named by their digest; it appears whole or not at all."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    folder = work / f"corpus-{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        making = work / f"{folder.name}.part"
        make_private(making)
        for name, content in files.items():
            (making / name).parent.mkdir(parents=True, exist_ok=True)
            (making / name).write_bytes(content)
        making.rename(folder)
    return folder


def locate(evidence: Evidence, texts: Texts) -> Region | None:
    """The place of the quote in the corpus; None when it is not there."""
    text = texts.get(evidence.document, "")
    start = text.find(evidence.quote) if evidence.start is None else evidence.start
    end = start + len(evidence.quote)
    return Region(evidence.document, start, end) if start >= 0 and text[start:end] == evidence.quote else None


def surroundings(quotes: Iterable[Evidence], texts: Texts) -> str:
    """The text from `AROUND` characters before each quote that the corpus holds to as many after it."""
    regions = [region for quote in quotes if (region := locate(quote, texts)) is not None]
    return "\n".join(texts[each.document][max(0, each.start - AROUND) : each.end + AROUND] for each in regions)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(
            f"{path} cannot be read: {error}. A suite is a folder with suite.toml and cases.jsonl"
        ) from error
