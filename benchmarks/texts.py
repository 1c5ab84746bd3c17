"""The texts that benchmarks run on: files of a folder, taken evenly from all of it, and their passages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from qa.documents import read_document
from qa.embedder import MiniLM
from qa.passages import split_passages


def files(folder: Path, *, count: int | None = None) -> list[Path]:
    """The text files of a folder by name, or `count` of them, evenly spread. Ends the program when there are none."""
    found = sorted(folder.glob("*.txt"))
    if not found:
        raise SystemExit(f"{folder} holds no .txt files. Name a folder of texts with --data")
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
    """That many questions of a file in SQuAD's format, evenly spread."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    found = [
        asked["question"].strip() for article in articles for part in article["paragraphs"] for asked in part["qas"]
    ]
    return found[:: max(1, len(found) // count)][:count]
