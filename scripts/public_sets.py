"""Make a suite of a public question set: `qa eval run FOLDER` asks it like one of ours.

    python scripts/public_sets.py squad dev-v2.0.json FOLDER [--articles 0:8]

The set's documents become text files in FOLDER/documents, its questions FOLDER/cases.jsonl. Nothing is
downloaded, and no set comes with this project.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qa.evals.suites import Case, Evidence

RETRIEVAL = ("nDCG@10", "RR@10")
ANSWERS = ("right", "evidence_recall@5")
_ENTRY = re.compile(r"^\.I ", re.MULTILINE)  # of Cranfield


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The content of a set: the text of every document by file name, and the cases."""

    texts: Mapping[str, str]
    cases: list[Case]
    primary: tuple[str, ...] = ANSWERS
    asks: bool = True


def main() -> None:
    """Write the suite that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=READERS)
    parser.add_argument("path", type=Path, help="the set's file or folder")
    parser.add_argument("folder", type=Path, help="the suite's folder, which must not be there yet")
    parser.add_argument("--articles", help="of SQuAD, articles A to B-1 of the file, as A:B from 0")
    given = parser.parse_args()
    try:
        articles = tuple(int(each) for each in given.articles.split(":")) if given.articles else ()
        pool = squad(given.path, *articles) if articles else READERS[given.kind](given.path)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SystemExit(f"{given.path} is no set of the kind {given.kind}: {type(error).__name__}: {error}") from error
    if not pool.cases:
        raise SystemExit(f"{given.path} holds no questions of the kind {given.kind}")
    write_suite(pool, given.folder, title=f"{given.kind}: {given.path.name}")
    print(f"{len(pool.cases)} cases, {len(pool.texts)} documents. Run: qa eval run {given.folder}")


def write_suite(pool: Pool, folder: Path, *, title: str) -> None:
    """Write the suite's three parts. Raises: FileExistsError when the folder is there."""
    folder.mkdir(parents=True)
    for name, text in pool.texts.items():
        path = folder / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    lines = "".join(case.model_dump_json(exclude_defaults=True) + "\n" for case in pool.cases)
    (folder / "cases.jsonl").write_text(lines, encoding="utf-8")
    head = {"title": title, "corpus": "documents", "primary": pool.primary, "asks": pool.asks}
    rows = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in head.items())
    (folder / "suite.toml").write_text(rows, encoding="utf-8")


def squad(path: Path, first: int = 0, last: int | None = None) -> Pool:
    """SQuAD 1.1 or 2.0 JSON: an article is a document, its paragraphs apart by an empty line.

    Evidence is the first annotator's span. An impossible question was judged against its own paragraph only.
    """
    data = json.loads(path.read_bytes())["data"]
    texts: dict[str, str] = {}
    cases = []
    for number, article in enumerate(data[first:last], start=first):
        name = f"{number:03d}-{_file_name(article['title'])}.txt"
        offset = 0
        for paragraph in article["paragraphs"]:
            cases += [_squad_case(each, document=name, offset=offset) for each in paragraph["qas"]]
            offset += len(paragraph["context"]) + 2
        texts[name] = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
    return Pool(texts=texts, cases=cases)


def _squad_case(question: Mapping[str, Any], *, document: str, offset: int) -> Case:
    impossible = bool(question.get("is_impossible", False))
    golds = [] if impossible else question["answers"]
    return Case(
        id=quote(str(question["id"])),
        question=question["question"].strip(),
        answers=tuple(dict.fromkeys(gold["text"] for gold in golds)),
        evidence=tuple(
            Evidence(document=document, quote=gold["text"], start=offset + gold["answer_start"]) for gold in golds[:1]
        ),
        answerable=not impossible,
        group=document,
        tags=("impossible" if impossible else "answerable",),
    )


def beir(path: Path) -> Pool:
    """A BEIR folder: corpus.jsonl, queries.jsonl, qrels/test.tsv; retrieval only."""
    texts = {
        _beir_file(row["_id"]): "\n\n".join(part for part in (row.get("title", ""), row["text"]) if part.strip())
        for row in _lines(path / "corpus.jsonl")
    }
    grades: dict[str, dict[str, int]] = {}
    with (path / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            grades.setdefault(row["query-id"], {})[_beir_file(row["corpus-id"])] = int(row["score"])
    cases = [
        Case(id=quote(row["_id"]), question=row["text"], relevance=grades[row["_id"]])
        for row in _lines(path / "queries.jsonl")
        if row["_id"] in grades
    ]
    return Pool(texts=texts, cases=cases, primary=RETRIEVAL, asks=False)


def chunking(path: Path) -> Pool:
    """Chroma's chunking evaluation: questions_df.csv beside the corpora it names, with character references."""
    cases, texts = [], {}
    with (path / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            name = f"{row['corpus_id']}.md"
            if name not in texts:
                texts[name] = (path / name).read_bytes().decode()
            evidence = tuple(
                Evidence(document=name, quote=each["content"], start=each["start_index"])
                for each in json.loads(row["references"])
            )
            tags = (row["corpus_id"],)
            cases.append(Case(id=f"q{number:03d}", question=row["question"], evidence=evidence, tags=tags))
    primary = ("evidence_recall@5", "retrieved_iou@5")
    return Pool(texts=texts, cases=cases, primary=primary, asks=False)


def alce(path: Path) -> Pool:
    """ALCE data (ASQA, QAMPARI, ELI5): its passages pooled; the sub-answers or claims are the parts."""
    rows: list[dict[str, Any]] = json.loads(path.read_bytes())
    texts = {_passage_file(each): _passage_text(each) for row in rows for each in row["docs"]}
    cases = [
        Case(id=f"q{number:04d}", question=row["question"], parts=_alce_parts(row), tags=("alce",))
        for number, row in enumerate(rows)
    ]
    return Pool(texts=texts, cases=cases, primary=("parts", "citation_recall", "citation_precision"))


def _alce_parts(row: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    if row.get("qa_pairs"):
        return tuple(tuple(pair["short_answers"]) for pair in row["qa_pairs"])
    if isinstance(row.get("answers"), list):
        return tuple(tuple(aliases) for aliases in row["answers"])
    return tuple((claim,) for claim in row["claims"])


def nq(path: Path) -> Pool:
    """NQ-open with oracle passages (JSON Lines, may be gzipped): the gold passages of all questions, pooled."""
    texts, cases = {}, []
    for number, row in enumerate(_lines(path)):
        gold = next(each for each in row["ctxs"] if each["isgold"])
        name = _passage_file(gold)
        text = texts[name] = _passage_text(gold)
        held = next((answer for answer in row["answers"] if answer in gold["text"]), None)
        places = [Evidence(document=name, quote=held, start=text.index(held, len(gold["title"]) + 2))] if held else []
        cases.append(
            Case(
                id=f"q{number:04d}",
                question=row["question"],
                answers=tuple(row["answers"]),
                evidence=tuple(places),
                relevance={name: 1},
            )
        )
    return Pool(texts=texts, cases=cases, primary=("right", "nDCG@10"))


def cranfield(path: Path) -> Pool:
    """The Cranfield collection: cran.all.1400, cran.qry, cranqrel; grade 1 is best, 4 the least, -1 none."""
    texts = {f"{number}.txt": text for number, text in _smart(path / "cran.all.1400") if text}
    grades: dict[str, dict[str, int]] = {}
    for line in (path / "cranqrel").read_text().splitlines():
        query, document, grade = line.split()
        if int(grade) > 0 and f"{document}.txt" in texts:
            grades.setdefault(query, {})[f"{document}.txt"] = 5 - int(grade)
    cases = [
        Case(id=f"q{position}", question=" ".join(text.split()), relevance=grades[str(position)])
        for position, (_, text) in enumerate(_smart(path / "cran.qry"), start=1)
        if str(position) in grades
    ]
    return Pool(texts=texts, cases=cases, primary=RETRIEVAL, asks=False)


READERS: dict[str, Callable[[Path], Pool]] = {
    "squad": squad,
    "beir": beir,
    "chunking": chunking,
    "alce": alce,
    "nq": nq,
    "cranfield": cranfield,
}


def _smart(path: Path) -> Iterator[tuple[int, str]]:
    for entry in _ENTRY.split(path.read_text(encoding="utf-8"))[1:]:
        number, _, rest = entry.partition("\n")
        yield int(number), rest.partition(".W\n")[2].strip()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes()
    for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines():
        yield json.loads(line)


def _file_name(title: str) -> str:
    return quote(title, safe=" ,()'")[:120]


def _beir_file(name: str) -> str:
    return f"{quote(name, safe='')}.txt"


def _passage_file(passage: Mapping[str, str]) -> str:
    """The file name of a passage, the same for the same text."""
    digest = hashlib.sha256(passage["text"].encode()).hexdigest()[:12]
    return f"{_file_name(passage['title'])}-{digest}.txt"


def _passage_text(passage: Mapping[str, str]) -> str:
    """A passage as it is indexed: its title, then its text."""
    return f"{passage['title']}\n\n{passage['text']}"


if __name__ == "__main__":
    main()
