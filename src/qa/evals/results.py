"""A run read back from its folder: scored, the one place where records become figures, or kept as a baseline."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from qa.errors import SuiteError
from qa.evals.figures import Figure, column, figures
from qa.evals.judge import Agreement, Judge, Label, agreement
from qa.evals.records import packed, read_records
from qa.evals.runner import RECORDS, RunPlan, read_plan, write_plan
from qa.evals.scoring import DEPTH, Scored, score_run
from qa.evals.statistics import effective_size, minimum_detectable_change
from qa.types import FELL_BACK, Answer

FIGURES, REPORT = "figures.json", "report.html"
_FIGURES = TypeAdapter(list[Figure])


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run with its cases scored, its figures, and how far the judge is to be trusted, where there was one."""

    folder: Path
    plan: RunPlan
    scored: Sequence[Scored]
    figures: Sequence[Figure]
    agreement: Agreement | None = None

    @property
    def endings(self) -> Counter[str]:
        """How many cases were answered, abstained from, crashed, and replied to as small talk where any were."""
        counted = Counter({"answered": 0, "abstained": 0, "crashed": 0})
        counted.update(each.record.ending for each in self.scored)
        return counted

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, where the run has one."""
        return next((each for each in self.figures if each.name == name), None)

    @property
    def smallest_change(self) -> float:
        """The smallest change of the first primary figure that a comparison sees four times in five."""
        values, clusters, _ = column(self.plan.primary[0], self.scored)
        return minimum_detectable_change(effective_size(values, clusters)) if values else 1.0


def load_results(
    folder: Path, *, judge: Judge | None = None, labels: Sequence[Label] = (), price: tuple[float, float] = (0.0, 0.0)
) -> Results:
    """Score the run in `folder` from its records alone.

    Raises: SuiteError when it is not a run, or not one system's.
    """
    plan, records = read_plan(folder), read_records(folder / RECORDS)
    makers: dict[str, str] = {}
    for record in records:  # what stands in for a model is no maker, nor is small talk's
        answer = record.answer
        if answer is not None and not answer.talk and not any(note.startswith(FELL_BACK) for note in answer.notes):
            makers.setdefault(maker(answer), record.case.id)
    if len(makers) > 1:
        said = ", ".join(f"{maker} ({case})" for maker, case in makers.items())
        raise SuiteError(f"{folder} mixes the answers of several systems: {said}. Run again into another folder: --out")
    scored = score_run(records, judge=judge, asks=plan.asks)
    return Results(
        folder=folder,
        plan=plan,
        scored=scored,
        figures=figures(scored, price=price),
        agreement=agreement(judge, labels) if judge is not None else None,
    )


def maker(answer: Answer) -> str:
    """The names of all that made an answer: its model, embeddings and prompt."""
    named = (answer.model, answer.embeddings, f"prompt {answer.prompt}" if answer.prompt else "")
    return " with ".join(filter(None, named))


def read_figures(folder: Path) -> list[Figure]:
    """The figures that were written in `folder`; none when its run is not finished.

    Raises: SuiteError when they cannot be read.
    """
    path = folder / FIGURES
    try:
        return _FIGURES.validate_python(json.loads(path.read_bytes())["figures"]) if path.is_file() else []
    except (ValueError, LookupError, TypeError) as error:
        raise SuiteError(f"{path} holds no figures: {error!s:.200}. Make them again with: qa eval score RUN") from error


def write_results(results: Results) -> None:
    """Write the figures beside the records."""
    plain = {
        "judge": str(results.agreement) if results.agreement is not None else None,
        "endings": results.endings,
        "figures": [asdict(each) for each in results.figures],
    }
    written = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    (results.folder / FIGURES).write_text(written + "\n", encoding="utf-8")


def keep(folder: Path, *, under: Path) -> Path:
    """Keep what a comparison reads of the run in `folder`, as the baseline of its suite: `under/<suite>`, packed.

    Raises: SuiteError when `folder` holds no run.
    """
    plan, records = read_plan(folder), read_records(folder / RECORDS)
    kept = under / plan.suite
    kept.mkdir(parents=True, exist_ok=True)
    write_plan(kept, replace(plan, started=""))
    lines = ""
    for record in records:
        answer = replace(record.answer, nearest=(), seconds={}) if record.answer is not None else None
        bare = replace(record, answer=answer, hits=record.hits and record.hits[:DEPTH], seconds={})
        lines += bare.to_json() + "\n"
    packed(kept / RECORDS).write_bytes(gzip.compress(lines.encode("utf-8", "surrogatepass"), mtime=0))
    return kept
