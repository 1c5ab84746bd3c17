"""Suites by the names people give on the command line: ours, a folder, a file of cases, twins of any."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from qa.errors import SuiteError
from qa.evals.haystack import gather
from qa.evals.suites import Suite, load_cases, load_suite, sample
from qa.evals.twins import make_twins
from qa.settings import load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The folders where suites are sought (`home`) and documents made for them are written (`work`), and what is taken.

    Of a suite that is at most `limit` cases, drawn with `seed`; with `search_only`, only retrieval is measured.
    `corpus` holds the documents of a bare file of cases.
    """

    home: Path = Path("evals")
    work: Path = field(default_factory=lambda: load_settings().home / "evals" / "corpora")
    limit: int | None = None
    seed: int = 0
    search_only: bool = False
    corpus: Path | None = None

    def open(self, name: str) -> Suite:
        """The suite called `seed`, `path/to/suite`, `cases.jsonl` or `twins:` and any of these.

        Raises: SuiteError when there is none.
        """
        kind, _, rest = name.partition(":")
        if rest and kind == "twins":
            return make_twins(self.open(rest), work=self.work, seed=self.seed)
        path = Path(name)
        if path.suffix == ".jsonl":
            if self.corpus is None:
                raise SuiteError(f"{path} does not say what its questions are about. Add --corpus FOLDER")
            cases, places = load_cases(path)
            suite = Suite(name=path.stem, title=path.name, cases=cases, corpora={"": self.corpus}, places=places)
        elif folders := [each for each in (path, self.home / name) if (each / "suite.toml").is_file()]:
            suite = load_suite(folders[0])
            if parts := [load_suite(each) for each in suite.gathers]:
                suite = gather(suite, parts, work=self.work)
        else:
            known = sorted(each.parent.name for each in self.home.glob("*/suite.toml"))
            raise SuiteError(f"there is no suite {name!r} in {self.home}: {', '.join(known) or 'it is empty'}")
        return replace(sample(suite, limit=self.limit, seed=self.seed), asks=suite.asks and not self.search_only)
