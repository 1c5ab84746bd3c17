"""JSON → a paragraph for each record, with the path of each value before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from qa.documents.formats.content import Content, decode, one_line, tidy
from qa.errors import DocumentError

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

LONG_CHARS = 200  # a longer text stands on its own, below its name
TITLE_KEYS = ("title", "name", "headline")
DATE_KEYS = ("date", "published")


def read_json(path: Path) -> Content:
    """One JSON value; the members of a list are records."""
    try:
        found: Json = json.loads(decode(path.read_bytes()))
    except json.JSONDecodeError as error:
        raise DocumentError(f"{path} is not JSON: {error}. Mend it, or rename it to .txt") from error
    records: list[Json] = found if isinstance(found, list) else [found]
    title = next(iter(_texts(found, TITLE_KEYS)), None)
    return Content(text=records_text(records), title=title, dates=_texts(found, DATE_KEYS))


def read_json_lines(path: Path) -> Content:
    """JSON values, one a line; each is a record."""
    records: list[Json] = []
    for number, line in enumerate(decode(path.read_bytes()).split("\n"), start=1):
        try:
            records += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise DocumentError(f"{path} is not JSON in line {number}: {error}. Mend it") from error
    return Content(text=records_text(records))


def _texts(record: Json, keys: Sequence[str]) -> tuple[str, ...]:
    """The texts that a record holds under these keys, in the order of the keys."""
    values = [record.get(key) for key in keys] if isinstance(record, dict) else []
    return tuple(one_line(value) for value in values if isinstance(value, str))


def records_text(records: list[Json]) -> str:
    """The records as text: short values of one record on one line, long ones each as a paragraph."""
    return "\n\n".join(paragraph for record in records for paragraph in _paragraphs(record))


def _paragraphs(record: Json) -> Iterator[str]:
    short: list[str] = []
    for name, value in _leaves(record):
        text = tidy(value).strip() if isinstance(value, str) else json.dumps(value)
        if len(text) > LONG_CHARS or "\n" in text:
            if short:
                yield " | ".join(short)
            short = []
            yield f"{name}:\n\n{text}" if name else text
        elif text:
            short.append(f"{name}: {text}" if name else text)
    if short:
        yield " | ".join(short)


def _leaves(record: Json) -> Iterator[tuple[str, str | int | float | bool | None]]:
    """Each value that holds no others, with its path such as `address.city`, in order and at any depth."""
    waiting: list[tuple[str, Json]] = [("", record)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else one_line(key), each) for key, each in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(path, each) for each in reversed(value)]
        elif value is not None:
            yield path, value
