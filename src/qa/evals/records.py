"""Records of what happened to each case, a JSON line each, enough to recompute every figure."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from qa.errors import SuiteError
from qa.evals.metrics import Region
from qa.evals.suites import Case
from qa.types import Answer

Ending = Literal["answered", "abstained", "talked", "crashed"]


class Retrieved(NamedTuple):
    """A passage that the search gave, best first: a range of a document with its score."""

    document: str
    start: int
    end: int
    score: float

    @property
    def region(self) -> Region:
        """Where it is."""
        return Region(*self[:3])


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """One case, its gold as found in the corpus, and what the system did.

    `gold` runs along the case's evidence; None stands for a quote that the corpus does not hold.
    `cuts` runs along the answer's citations: the document's own text there, cut by the harness. `around` is the text
    about the gold, by which details beside an answer are checked.
    `hits` are those that were ranked for the answer, or that a search gave where there is none; None of a system that
    shows no passages.
    """

    case: Annotated[Case, PlainSerializer(lambda case: case.model_dump(exclude_defaults=True))]
    gold: tuple[Region | None, ...] = ()
    answer: Annotated[
        Answer | None,
        PlainSerializer(lambda answer: answer and answer.to_dict()),
        PlainValidator(lambda plain: plain and Answer.from_dict(plain)),
    ] = None
    error: str | None = None
    hits: tuple[Retrieved, ...] | None = ()
    cuts: tuple[str | None, ...] = ()
    around: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def ending(self) -> Ending:
        """The way it ended; a retrieval-only case that did not crash counts as answered."""
        if self.error is not None:
            return "crashed"
        kinds: Mapping[str, Ending] = {"refusal": "abstained", "talk": "talked"}
        return kinds.get(self.answer.kind, "answered") if self.answer is not None else "answered"

    @property
    def found_gold(self) -> list[Region]:
        """The evidence that the corpus holds."""
        return [region for region in self.gold if region is not None]

    @property
    def found(self) -> list[Region]:
        """Where the passages are that the search gave, best first."""
        return [hit.region for hit in self.hits or ()]

    @property
    def cited(self) -> list[Region]:
        """The characters that the answer cites."""
        citations = self.answer.citations if self.answer is not None else ()
        return [Region(each.document, each.start, each.end) for each in citations]

    @property
    def cluster(self) -> str:
        """A name that cases share which stand or fall together: a group, else the document they rest on."""
        if self.case.group is not None:
            return self.case.group
        regions = self.found_gold
        documents = [regions[0].document] if regions else list(self.case.relevance)[:1]
        return documents[0] if documents else f"case {self.case.id}"

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(_RECORD.dump_python(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> CaseRecord:
        """The record that `to_json` described.

        Raises: ValueError, KeyError or TypeError when it is not one.
        """
        return _RECORD.validate_python(json.loads(line))


_RECORD = TypeAdapter(CaseRecord)


@contextmanager
def appending(path: Path) -> Iterator[Callable[[CaseRecord], None]]:
    """Appends one record after another, each written through to the disk; first mends what a kill left behind."""
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)

        def append(record: CaseRecord) -> None:
            file.write(record.to_json().encode("utf-8", "surrogatepass") + b"\n")
            file.flush()
            os.fsync(file.fileno())

        yield append


def read_records(path: Path) -> list[CaseRecord]:
    """The records of a run in the order of the suite, from the file or packed; a torn last line is left out.

    Raises: SuiteError naming the file and line.
    """
    if path.is_file():
        written = path.read_bytes()
    elif packed(path).is_file():
        try:
            written = gzip.decompress(packed(path).read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            said = f"{packed(path)} cannot be unpacked: {error}. Make it again with: make baseline"
            raise SuiteError(said) from error
    else:
        raise SuiteError(f"{path.parent} is not a run: it has no {path.name}. Make one with: qa eval run SUITE")
    records = []
    for number, line in enumerate(written.decode("utf-8", "surrogatepass").split("\n")[:-1], start=1):
        try:
            records.append(CaseRecord.from_json(line))
        except (ValueError, KeyError, TypeError) as error:
            raise SuiteError(f"{path}:{number}: this is not a record of a run: {error!r:.200}") from error
    return records


def packed(path: Path) -> Path:
    """The file of a baseline's records, compressed to a tenth of their size."""
    return path.with_name(f"{path.name}.gz")
