"""Runs kept to compare later ones with: what a comparison reads, and no more."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

from qa.evals.ranking import DEPTH
from qa.evals.records import CaseRecord, packed, read_records
from qa.evals.runner import RECORDS, read_plan, write_plan


def keep(folder: Path, *, under: Path) -> Path:
    """Keep the run in `folder` as the baseline of its suite: `under/<suite>`, without times, packed.

    Raises: SuiteError when `folder` holds no run.
    """
    plan, records = read_plan(folder), read_records(folder / RECORDS)
    kept = under / plan.suite
    kept.mkdir(parents=True, exist_ok=True)
    write_plan(kept, replace(plan, started=""))
    lines = "".join(_bare(record).to_json() + "\n" for record in records)
    packed(kept / RECORDS).write_bytes(gzip.compress(lines.encode("utf-8", "surrogatepass"), mtime=0))
    return kept


def _bare(record: CaseRecord) -> CaseRecord:
    answer = replace(record.answer, nearest=(), seconds={}) if record.answer is not None else None
    return replace(record, answer=answer, hits=record.hits and record.hits[:DEPTH], seconds={})
