"""The texts that benchmarks run on: files of a folder, taken evenly from all of it, and their passages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from qa.documents.files import read_document
from qa.documents.passages import split_passages
from qa.evals.suites import load_cases
from qa.models.minilm import MiniLM


def files(folder: Path, *, count: int | None = None) -> list[Path]:
    """The text files below a folder, or `count` of them, evenly spread. Ends the program when there are none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".txt", ".md"))
    if not found:
        raise SystemExit(f"{folder} holds no .txt or .md files. Name a folder of texts with --data")
    return found if count is None else found[:: max(1, len(found) // count)][:count]


def copy(folder: Path, target: Path, *, count: int) -> Path:
    """`target`, into which that many of the files were copied."""
    target.mkdir(parents=True)
    for path in files(folder, count=count):
        shutil.copy(path, target)
    return target


def passages(folder: Path, model: MiniLM, *, count: int) -> list[str]:
    """The texts of that many passages, of files spread over the folder."""
    found: list[str] = []
    for path in files(folder, count=max(1, count // 10)):
        document = read_document(path, root=folder)
        found += [each.text for each in split_passages(document, count_pieces=model.count_pieces)]
        if len(found) >= count:
            break
    return found[:count]


def questions(path: Path, *, count: int) -> list[str]:
    """That many questions, evenly spread, of a file in SQuAD's format or of a suite's cases, a line each."""
    if path.suffix == ".jsonl":
        found = [case.question for case in load_cases(path)[0]]
    else:
        data = json.loads(path.read_bytes())["data"]
        paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
        found = [asked["question"].strip() for paragraph in paragraphs for asked in paragraph["qas"]]
    return found[:: max(1, len(found) // count)][:count]
