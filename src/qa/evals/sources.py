"""What people name on the command line → suites: ours, a folder, a file of cases, a public set, twins of any."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from qa.errors import SuiteError
from qa.evals.adapters import READERS, Sample, adapt
from qa.evals.suites import Suite, load_cases, load_suite, select
from qa.evals.twins import make_twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where suites are sought (`home`), where documents made for them are written (`work`), and how much is taken.

    `corpus` holds the documents of a bare file of cases, `distractors` documents to add for twins.
    """

    home: Path
    work: Path
    sample: Sample = field(default_factory=Sample)
    corpus: Path | None = None
    distractors: Path | None = None

    def open(self, name: str, *, asks: bool | None = None) -> Suite:
        """The suite called `seed`, `path/to/suite`, `cases.jsonl`, `squad:PATH` or `twins:` and any of these.

        With `asks` False, only retrieval is measured.
        Raises: SuiteError when there is none.
        """
        suite = self._found(name)
        return suite if asks is None else replace(suite, asks=asks)

    def _found(self, name: str) -> Suite:
        kind, colon, rest = name.partition(":")
        if colon and kind == "twins":
            whole = self._found(rest)
            return make_twins(whole, work=self.work, distractors=self.distractors, seed=self.sample.seed)
        if colon and kind in READERS:
            return adapt(kind, Path(rest), work=self.work, sample=self.sample)
        suite = self._written(name)
        cases = select(suite.cases, limit=self.sample.limit, seed=self.sample.seed)
        return replace(suite, cases=cases, places=suite.places if len(cases) == len(suite.cases) else ())

    def _written(self, name: str) -> Suite:
        path = Path(name)
        if path.suffix == ".jsonl":
            return self._bare(path)
        for folder in (path, self.home / name):
            if (folder / "suite.toml").is_file():
                return load_suite(folder)
        known = sorted(each.parent.name for each in self.home.glob("*/suite.toml"))
        kinds = ", ".join(f"{kind}:PATH" for kind in READERS)
        raise SuiteError(f"there is no suite {name!r} in {self.home}: {', '.join(known) or 'it is empty'}; or {kinds}")

    def _bare(self, path: Path) -> Suite:
        if self.corpus is None:
            raise SuiteError(f"{path} does not say what its questions are about. Add --corpus FOLDER")
        cases, places = load_cases(path)
        return Suite(name=path.stem, title=path.name, cases=cases, corpora={"": self.corpus}, places=places)
