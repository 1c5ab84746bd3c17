"""Haystacks: the documents and cases of several suites in one index, among texts that nobody asks about.

The far ones are docstrings of the running Python; the near ones copies of the documents with other names and numbers.
"""

import ast
import calendar
import platform
import random
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

from qa.documents.files import find_documents
from qa.errors import SuiteError
from qa.evals.metrics import contains_answer
from qa.evals.suites import Case, Suite, Texts, locate, read_corpus, write_corpus
from qa.evals.twins import other_value, without_sentences

FAR = 2000  # the docstrings taken, the longest there are: a document each
FAR_CHARS = 120  # shorter ones say too little; Python 3.11 to 3.13 have 2,630 to 2,652 that are as long
APART = {"test", "tests", "distutils", "ensurepip", "idlelib", "lib2to3", "tkinter", "turtledemo"}
"""Parts of the library that not every installation of Python has."""
NEAR = 2  # the copies of every document
TRIES = 50  # the draws for a value that is not taken; of numbers of one or two digits there may be none
_VALUE = re.compile(r"\d+|\b[A-Z][a-z]{2,}\b")
_INSIDE = re.compile(r"(?<=[a-z,:;] )[A-Z][a-z]{2,}\b|\b[A-Z][a-z]{2,}(?= [A-Z][a-z])")
_WORD = re.compile(r"(?<![\w.@])[a-z]{3,}(?![\w@]|\.\w)")  # and no part of an address
_CALENDAR = {*calendar.day_name, *calendar.day_abbr, *calendar.month_name, *calendar.month_abbr}


def gather(suite: Suite, parts: Sequence[Suite], *, work: Path) -> Suite:
    """The suite over the documents of all parts, each under its folder's name, and the distractors, all under `work`.

    Its cases are its own and those of the parts that are particular; its title says what distractors there are.
    Raises: SuiteError when this Python has too few docstrings, DocumentError when a document cannot be read.
    """
    folders: dict[str, Path] = {}
    for folder in (part.corpora[""] for part in parts):
        if folders.setdefault(folder.name, folder) != folder:
            raise SuiteError(f"{folders[folder.name]} and {folder} have one name, so their documents would. Rename one")
    texts = {f"{name}/{each}": text for name, folder in folders.items() for each, text in read_corpus(folder).items()}
    asked = {place: _moved(case, part) for part in parts for place, case in zip(part.places, part.cases, strict=True)}
    near = near_copies(texts, [*suite.cases, *asked.values()])
    files = {name: text.encode() for name, text in (docstrings() | near).items()}
    for name, folder in folders.items():
        files |= {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in find_documents(folder)}
    names = names_of(texts)
    added = {place: case for place, case in asked.items() if is_particular(case, texts, names=names)}
    corpus = write_corpus(work, files)
    return replace(
        suite,
        title=f"{suite.title} ({FAR:,} docstrings of Python {platform.python_version()}, {len(near)} near copies)",
        cases=(*suite.cases, *added.values()),
        places=(*suite.places, *added),
        corpora={"": corpus},
        made=corpus.name,
    )


def _moved(case: Case, part: Suite) -> Case:
    folder = part.corpora[""].name
    moved = {
        field: tuple(each.model_copy(update={"document": f"{folder}/{each.document}"}) for each in quotes)
        for field, quotes in (("evidence", case.evidence), ("denied_by", case.denied_by))
    }
    return case.model_copy(update={"id": f"{part.name}/{case.id}", "relevance": {}, **moved})


def is_particular(case: Case, texts: Texts, *, names: set[str]) -> bool:
    """Whether a case means the same among all the texts, by what its question names and near copies call otherwise.

    That is a name or a number of two digits of each gold document; of an unanswerable one, any of the names.
    A case that needs a conversation or has a conflict is not asked.
    """
    named = {each for each in _VALUE.findall(case.question) if each in names or (each.isdigit() and len(each) > 1)}
    if case.history or case.conflict:
        return False
    if not case.answerable:
        return bool(named & names)
    golds = [{*_VALUE.findall(texts.get(each.document, ""))} for each in case.evidence]
    return bool(golds) and all(named & gold for gold in golds)


def docstrings() -> dict[str, str]:
    """The `FAR` longest docstrings of the standard library by their file, read from its sources.

    Raises: SuiteError when there are not as many, as where Python is installed without its sources.
    """
    found: dict[str, str] = {}
    for module, source in _sources(Path(sysconfig.get_paths()["stdlib"])):
        for number, text in enumerate(_documented(source), start=1):
            found.setdefault(text, f"far/{module}-{number}.txt")
    if len(found) < FAR:
        raise SuiteError(
            f"Python {platform.python_version()} in {sys.prefix} has {len(found)} docstrings of {FAR_CHARS} characters"
            f" and a haystack takes {FAR}. Use one that was installed with the sources of its library"
        )
    return {found[text]: text for text in sorted(found, key=lambda text: (-len(text), text))[:FAR]}


def _sources(library: Path) -> Iterator[tuple[str, bytes]]:
    """The modules of the standard library that every machine has, and their sources."""
    for name in sorted(sys.stdlib_module_names):
        for path in (library / f"{name}.py", *sorted((library / name).rglob("*.py"))):
            module = path.relative_to(library).with_suffix("").parts
            if path.is_file() and not APART & {*module}:
                yield ".".join(module), path.read_bytes()


def _documented(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if len(text) >= FAR_CHARS and text.isascii() and "\0" not in text:
                yield text


def near_copies(texts: Texts, cases: Sequence[Case]) -> dict[str, str]:
    """`NEAR` copies of each text by their file, with every name and number another one, the same throughout a copy.

    A sentence that would still say the gold of a case is left out, as where an answer is neither name nor number.
    """
    names, asked = sorted(names_of(texts)), {value for case in cases for value in _VALUE.findall(case.question)}
    made = {}
    for number, (place, (name, text)) in product(range(1, NEAR + 1), enumerate(sorted(texts.items()), start=1)):
        taken = {*names, *asked, *_VALUE.findall(text)}
        renamed = _renaming(names, taken=taken, generator=random.Random(f"{name} {number}"))
        golds = [(each, case) for case in cases for each in case.evidence if each.document == name]
        told = [region for each, case in golds if (region := locate(each, texts)) and _tells(renamed(each.quote), case)]
        file = Path(name)
        suffix = file.suffix if file.suffix in (".md", ".txt") else ".txt"
        for left in without_sentences({name: text}, told).values():
            made[f"near/{number}-{place}-{renamed(file.stem.title())}{suffix}"] = renamed(left)
    return made


def _tells(text: str, case: Case) -> bool:
    return bool(contains_answer(text, case.golds)) or any(each.quote in text for each in case.evidence)


def names_of(texts: Texts) -> set[str]:
    """The words capitalised inside a sentence or before another such word, and nowhere small; no days, no months."""
    joined = "\n\n".join(texts.values())
    small = {word.capitalize() for word in _WORD.findall(joined)}
    return {*_INSIDE.findall(joined)} - small - _CALENDAR


def _renaming(names: Sequence[str], *, taken: set[str], generator: random.Random) -> Callable[[str], str]:
    """A function that gives each number and each of the names in a text another, which is not `taken`.

    A name is made of two. Where every short number is taken, it is another one all the same.
    """
    others: dict[str, str] = {}

    def invented(value: str) -> str:
        if value.isdigit():
            return other_value(value, generator)
        head, tail = generator.choice(names), generator.choice(names)
        return head[: (len(head) + 1) // 2] + tail[len(tail) // 2 :]

    def other(match: re.Match[str]) -> str:
        value = match.group()
        if value not in others and (value.isdigit() or value in names):
            others[value] = invented(value)
            for _ in range(TRIES):
                if others[value] in taken:
                    others[value] = invented(others[value])
        return others.get(value, value)

    return lambda text: _VALUE.sub(other, text)
