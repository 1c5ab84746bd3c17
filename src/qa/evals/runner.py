"""Runs: a system asked every case of a suite, into a folder that survives being killed.

Figures are made elsewhere, from the records.
"""

import hashlib
import json
import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from importlib import metadata
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from qa.documents.files import find_documents
from qa.errors import SuiteError
from qa.evals.records import CaseRecord, appending, read_records
from qa.evals.suites import Case, Suite, read_corpus
from qa.evals.systems import System, run_case
from qa.index.private import make_private, write_whole

PLAN, RECORDS, LOCK = "run.json", "records.jsonl", "run.lock"
PACKAGES = ("chromadb", "langchain-core", "numpy", "onnxruntime", "qa", "tantivy")
PACKAGE = Path(__file__).parents[1]


Opener = Callable[[Path], AbstractContextManager[object]]
"""Opens a system over the documents of a folder: anything that `System` takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """The content of `run.json`. A run goes on under a plan that is equal but for `started`.

    `settings` say what answers. `fingerprint` changes with any case, `documents` with any file they are asked about,
    `code` with any line of this package, committed or not; `commit` and `clean`, which says that the package is as
    it was committed, are None where it is not kept by git.
    """

    suite: str
    title: str
    fingerprint: str
    cases: int
    asks: bool
    primary: tuple[str, ...]
    margins: Mapping[str, float]
    settings: Mapping[str, str]
    documents: str = ""
    commit: str | None = None
    clean: bool | None = None
    code: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    started: str = ""

    @property
    def revision(self) -> str:
        """The commit, and whether the package was changed since, as people read it."""
        return f"{self.commit or 'unknown'}{', changed since' if self.clean is False else ''}"


def run_suite(
    suite: Suite,
    *,
    folder: Path,
    open_system: Opener,
    plan: RunPlan,
    jobs: int = 1,
    done: Callable[[int], None] = lambda count: None,
) -> None:
    """Ask every case that `folder` has no record of; `done` gets the number of records so far.

    More than one of `jobs` helps where a server answers, and blurs latencies.
    Raises: SuiteError when `folder` holds a run of something else, or when every case crashed.
    """
    with _alone(folder):
        begin(folder, plan)
        with appending(folder / RECORDS) as append:
            count = _resumed(folder, suite.cases)
            done(count)
            for corpus, cases in groupby(suite.cases[count:], key=lambda case: case.corpus):
                texts = read_corpus(suite.corpora[corpus])
                with open_system(suite.corpora[corpus]) as given:
                    system = System(given, name=plan.settings.get("model"))
                    ask = partial(run_case, system=system, texts=texts, asks=suite.asks)
                    for record in _in_order(ask, list(cases), jobs=jobs):
                        append(record)
                        count += 1
                        done(count)
        records = read_records(folder / RECORDS)
    if records and all(record.error is not None for record in records):
        first = records[0]
        raise SuiteError(
            f"every case crashed, the first, {first.case.id}, with {first.error}. See: qa eval report {folder}, "
            "and remove that folder to run again"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a run, its beginning too.

    Raises: SuiteError when one is in it, or when nothing can be kept there.
    """
    lock = FileLock(folder / LOCK, timeout=0, mode=0o600)
    try:
        make_private(folder)
        lock.acquire()
    except Timeout as error:
        said = f"another process is running {folder}. Wait for it, or choose another with --out"
        raise SuiteError(said) from error
    except OSError as error:
        raise SuiteError(f"no run can be kept in {folder}: {error}. Choose another folder with --out") from error
    try:
        yield
    finally:
        (folder / LOCK).unlink()
        lock.release()


def _resumed(folder: Path, cases: Sequence[Case]) -> int:
    """How many cases have a record. Raises: SuiteError when the records are not those of the first cases, in order."""
    there = [record.case.id for record in read_records(folder / RECORDS)]
    wanted = [case.id for case in cases]
    line = next((n for n, id in enumerate(there) if wanted[n : n + 1] != [id]), None)
    if line is not None:
        raise SuiteError(
            f"{folder / RECORDS}:{line + 1}: the case {there[line]!r} is not the next of the suite. "
            f"Remove {folder} to run again"
        )
    return len(there)


def begin(folder: Path, plan: RunPlan) -> None:
    """Make the run's folder, or check that it belongs to the same run.

    Raises: SuiteError naming the first difference.
    """
    if not (folder / PLAN).exists():
        write_plan(folder, plan)
        (folder / RECORDS).unlink(missing_ok=True)  # records without their plan are nobody's
        return
    if changed := differences(read_plan(folder), plan):
        name, was, now = changed[0]
        said = f"its {name} was {was!r}, and is now {now!r}"
        raise SuiteError(f"{folder} holds another run: {said}. Choose another folder with --out")


def write_plan(folder: Path, plan: RunPlan) -> None:
    """Write `run.json` in a folder, which is made where there is none, whole or not at all."""
    make_private(folder)
    write_whole(folder / PLAN, json.dumps(asdict(plan), indent=2, ensure_ascii=False) + "\n")


def differences(there: RunPlan, here: RunPlan) -> list[tuple[str, object, object]]:
    """All in which two plans of different runs differ, by name; each setting and version stands for itself."""
    was, now = ({**plan.settings, **asdict(plan), **plan.versions} for plan in (there, here))
    names = (name for name in was | now if name not in ("settings", "versions", "started"))
    changed = ((name, was.get(name, "—"), now.get(name, "—")) for name in names)
    return [(name, before, after) for name, before, after in changed if before != after]


def unfinished(root: Path, plan: RunPlan) -> Path | None:
    """The newest run under `root` that was cut short and that this plan continues."""
    for folder, begun in find_runs(root)[0]:
        if not differences(begun, plan):
            done = len(read_records(folder / RECORDS)) if (folder / RECORDS).exists() else 0
            return folder if done < plan.cases else None
    return None


def new_folder(root: Path, plan: RunPlan) -> Path:
    """The folder under `root` for a run that begins now."""
    return root / f"{plan.suite}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"


def read_plan(folder: Path) -> RunPlan:
    """The plan of the run in `folder`.

    Raises: SuiteError when it holds no run.
    """
    try:
        return TypeAdapter(RunPlan).validate_json((folder / PLAN).read_bytes())
    except (OSError, ValidationError) as error:
        raise SuiteError(f"{folder} is not a run: {error!s:.200}. Make one with: qa eval run SUITE") from error


def find_runs(root: Path) -> tuple[list[tuple[Path, RunPlan]], list[SuiteError]]:
    """The folders of the runs under `root` with their plans, newest first, and why others cannot be read."""
    found, errors = [], []
    for path in sorted(root.glob(f"**/{PLAN}")):
        try:
            found.append((path.parent, read_plan(path.parent)))
        except SuiteError as error:
            errors.append(error)
    return sorted(found, key=lambda each: (each[1].started, str(each[0])), reverse=True), errors


def make_plan(suite: Suite, settings: Mapping[str, str]) -> RunPlan:
    """The plan of a run of the suite by a system with these settings, begun now by this code."""
    commit, clean = _revision()
    return RunPlan(
        suite=suite.name,
        title=suite.title,
        fingerprint=suite.fingerprint,
        cases=len(suite.cases),
        asks=suite.asks,
        primary=suite.primary,
        margins=suite.margins,
        settings=dict(settings),
        documents=fingerprint({each: find_documents(each) for each in suite.corpora.values() if each.is_dir()}),
        commit=commit,
        clean=clean,
        code=fingerprint({PACKAGE: sorted(PACKAGE.rglob("*.py"))}),
        versions={"python": platform.python_version()} | _versions(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _in_order(ask: Callable[[Case], CaseRecord], cases: Sequence[Case], *, jobs: int) -> Iterator[CaseRecord]:
    if jobs == 1:
        yield from map(ask, cases)
        return
    pool = ThreadPoolExecutor(jobs)
    try:
        yield from pool.map(ask, cases)
    finally:
        pool.shutdown(cancel_futures=True)


def fingerprint(files: Mapping[Path, Sequence[Path]]) -> str:
    """16 hexadecimal digits that change with any byte, or the name, of these files below their folders."""
    digest = hashlib.sha256()
    for folder, paths in files.items():
        for path in paths:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


@cache
def _revision() -> tuple[str | None, bool | None]:
    """The commit, and whether this package is as it was committed; None for both where git does not keep it."""
    said = partial(subprocess.check_output, cwd=PACKAGE, stderr=subprocess.DEVNULL, text=True)
    try:
        said(("git", "ls-files", "--error-unmatch", "__init__.py"))
        commit = said(("git", "rev-parse", "--short=12", "HEAD")).strip()
        return commit, not said(("git", "status", "--porcelain", "--", "."))
    except (OSError, subprocess.CalledProcessError):
        return None, None


@cache
def _versions() -> dict[str, str]:
    installed = {each.name: each.version for each in metadata.distributions()}
    return {name: installed[name] for name in PACKAGES if name in installed}
