"""JSON → a line for each record, with the path of each value before it; a list of records stands under its key."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from qa.documents.formats.content import Content, Writing, decode, one_line, tidy
from qa.documents.formats.tables import row_text
from qa.errors import DocumentError

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

LONG_CHARS = 200  # a longer text stands on its own, below its name
MAX_DEPTH = 50  # no list of records is sought deeper
TITLE_KEYS = ("title", "name", "headline")
DATE_KEYS = ("date", "published")

Section = tuple[str, list[tuple[str, Json]]]  # records under the path of their key, each with its id where it has one


def read_json(path: Path) -> Content:
    """One JSON value; objects in a list or under ids are records, and what else is said stands above them."""
    try:
        found: Json = json.loads(decode(path.read_bytes()))
    except json.JSONDecodeError as error:
        raise DocumentError(f"{path} is not JSON: {error}. Mend it, or rename it to .txt") from error
    plain = found if isinstance(found, list) else [found]
    writing = Writing()
    for key, records in _sections("", found) or [("", [("", each) for each in plain])]:
        writing.add(f"# {key}" if key else "", "heading", level=1)
        _write(writing, records)
    title = next(iter(_texts(found, TITLE_KEYS)), None)
    return writing.content(title=title, dates=_texts(found, DATE_KEYS))


def read_json_lines(path: Path) -> Content:
    """JSON values, one a line; each is a record."""
    records: list[tuple[str, Json]] = []
    for number, line in enumerate(decode(path.read_bytes()).split("\n"), start=1):
        try:
            records += [("", json.loads(line))] if line.strip() else []
        except json.JSONDecodeError as error:
            raise DocumentError(f"{path} is not JSON in line {number}: {error}. Mend it") from error
    writing = Writing()
    _write(writing, records)
    return writing.content()


def _texts(record: Json, keys: Sequence[str]) -> tuple[str, ...]:
    """The texts that a record holds under these keys, in the order of the keys."""
    values = [record.get(key) for key in keys] if isinstance(record, dict) else []
    return tuple(one_line(value) for value in values if isinstance(value, str))


def _sections(key: str, value: Json, *, depth: int = 0) -> list[Section]:
    """The records below a key, after what else is said there; empty where there are none."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [(key, [("", each) for each in value])]
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        return []
    below = {name: _sections(_path(key, name), each, depth=depth + 1) for name, each in value.items()}
    own = {name: each for name, each in value.items() if not below[name]}
    if len(own) == len(value):
        by_id = len(value) > 1 and all(isinstance(each, dict) for each in value.values())
        return [(key, list(value.items()))] if by_id else []
    return [*([(key, [("", own)])] if own else ()), *chain.from_iterable(below.values())]


def _write(writing: Writing, records: Sequence[tuple[str, Json]]) -> None:
    """Write the short values of a record on one line, long ones each as a paragraph below its name."""
    columns: dict[str, int] = {"": 0}
    for identity, record in records:
        short = [(0, "", one_line(identity))]
        for name, value in _leaves(record):
            text = tidy(value).strip() if isinstance(value, str) else json.dumps(value)
            if len(text) > LONG_CHARS or "\n" in text:
                _write_row(writing, short)
                short = []
                writing.add(f"{name}:" if name else "")
                writing.add(text)
            else:
                short.append((columns.setdefault(name, len(columns)), name, text))
        _write_row(writing, short)


def _write_row(writing: Writing, parts: Sequence[tuple[int, str, str]]) -> None:
    text, cells = row_text(parts)
    writing.add(text, "row", cells=cells)


def _leaves(record: Json) -> Iterator[tuple[str, str | int | float | bool]]:
    """Each value that holds no others, with its path such as `address.city`, in order and at any depth."""
    waiting: list[tuple[str, Json]] = [("", record)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(_path(path, key), each) for key, each in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(path, each) for each in reversed(value)]
        elif value is not None:
            yield path, value


def _path(above: str, key: str) -> str:
    return f"{above}.{one_line(key)}" if above else one_line(key)
