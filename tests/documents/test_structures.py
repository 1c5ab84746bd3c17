"""Two hundred made-up documents in nine formats: their units tile them, hang on one another, and are quoted exactly."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import docx
import pytest

from make_files import make_epub, make_mail, make_pdf, make_pptx, make_xlsx
from qa.documents.files import READERS, read_document
from qa.documents.formats.__main__ import read
from qa.documents.passages import split_passages
from qa.search.quoting import quoted
from qa.types import SILENT, Document, Passage, Unit

DOCUMENTS = 200
WORDS = "lamp oil ferry valve crane harbour tank winter spring copper ladder gauge pump mill rope canvas".split()  # noqa: SIM905
KINDS = ("prose", "lead", "list", "steps", "table", "pairs", "code")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A stretch of a document: its kind and its lines, or the rows of its table."""

    kind: str
    lines: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    heading: str
    level: int
    blocks: Sequence[Block]


def sentence(chance: random.Random) -> str:
    return f"The {' '.join(chance.choices(WORDS, k=chance.randint(3, 14)))} is {chance.randint(2, 900)} years old."


def block(chance: random.Random, kind: str) -> Block:
    words = chance.choices(WORDS, k=chance.randint(2, 12))
    if kind == "prose":
        return Block(kind=kind, lines=[" ".join(sentence(chance) for _ in words)])
    if kind == "lead":
        return Block(kind=kind, lines=[f"{sentence(chance)} For the {words[0]} you need:"])
    if kind == "table":
        names = chance.sample(WORDS, k=chance.randint(2, 5))
        rows = [[f"{chance.choice(WORDS)} {chance.randint(1, 99)}" for _ in names] for _ in words]
        return Block(kind=kind, rows=[[name.title() for name in names], *rows])
    if kind == "pairs":
        return Block(
            kind=kind, lines=[f"{word.title()}: {chance.randint(1, 99)} {chance.choice(WORDS)}" for word in words]
        )
    if kind == "code":
        return Block(kind=kind, lines=[f"{word} = {chance.randint(1, 99)}" for word in words])
    return Block(kind=kind, lines=[f"Take the {word} to the {chance.choice(WORDS)}." for word in words])


def sections(chance: random.Random) -> list[Section]:
    return [
        Section(
            heading=f"{chance.choice(WORDS).title()} {number}",
            level=1 if number == 1 else chance.randint(2, 4),
            blocks=[block(chance, kind) for kind in chance.choices(KINDS, k=chance.randint(1, 5))],
        )
        for number in range(1, chance.randint(2, 7))
    ]


def to_markdown(found: Sequence[Section]) -> str:
    parts = []
    for section in found:
        parts.append(f"{'#' * section.level} {section.heading}")
        for each in section.blocks:
            if each.kind == "table":
                header, *rows = [f"| {' | '.join(row)} |" for row in each.rows]
                parts.append("\n".join([header, "|---" * len(each.rows[0]) + "|", *rows]))
            elif each.kind == "code":
                parts.append("\n".join(["```", *each.lines, "```"]))
            else:
                marks = {"list": "- ", "steps": "{}. "}.get(each.kind, "")
                parts.append("\n".join(marks.format(number) + line for number, line in enumerate(each.lines, start=1)))
    return "\n\n".join(parts) + "\n"


def to_html(found: Sequence[Section]) -> str:
    parts = []
    for section in found:
        parts.append(f"<h{section.level}>{section.heading}</h{section.level}>")
        for each in section.blocks:
            lines = list(each.lines)
            if each.kind == "table":
                header, *rows = each.rows
                parts.append(f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in header)}</tr>")
                parts += [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
                parts.append("</table>")
            elif each.kind in ("list", "steps"):
                tag = "ul" if each.kind == "list" else "ol"
                parts.append(f"<{tag}>{''.join(f'<li>{line}</li>' for line in lines)}</{tag}>")
            elif each.kind == "code":
                parts.append("<pre>" + "\n".join(lines) + "</pre>")
            else:
                parts += [f"<p>{line}</p>" for line in lines]
    return "".join(parts)


def write_docx(path: Path, found: Sequence[Section]) -> None:
    document = docx.Document()
    styles = {"list": "List Bullet", "steps": "List Number"}
    for section in found:
        document.add_heading(section.heading, level=section.level)
        for each in section.blocks:
            if each.rows:
                grid = document.add_table(len(each.rows), len(each.rows[0]))
                for row, cells in zip(grid.rows, each.rows, strict=True):
                    for cell, value in zip(row.cells, cells, strict=True):
                        cell.text = value
            for line in each.lines:
                document.add_paragraph(line, style=styles.get(each.kind))
    document.save(str(path))


def write_json(path: Path, found: Sequence[Section]) -> None:
    value = {
        section.heading: [dict(zip(each.rows[0], row, strict=True)) for row in each.rows[1:]] or list(each.lines)
        for section in found
        for each in section.blocks
    }
    path.write_text(json.dumps(value), encoding="utf-8")


def rows_of(found: Sequence[Section]) -> list[Sequence[str]]:
    """One table, a title above it and a note below."""
    tables = [each.rows for section in found for each in section.blocks if each.rows]
    return [[found[0].heading], *(tables[0] if tables else [["Part", "Years"], ["pump", "12"]]), ["Counted in May."]]


def lines_of(section: Section) -> list[str]:
    return [line for each in section.blocks for line in each.lines]


WRITERS: dict[str, Callable[[Path, Sequence[Section]], object]] = {
    "md": lambda path, found: path.write_text(to_markdown(found), encoding="utf-8"),
    "txt": lambda path, found: path.write_text(to_markdown(found), encoding="utf-8"),
    "html": lambda path, found: path.write_text(to_html(found), encoding="utf-8"),
    "docx": write_docx,
    "pptx": lambda path, found: make_pptx(path, [(each.heading, "\n".join(lines_of(each)), "") for each in found]),
    "xlsx": lambda path, found: make_xlsx(path, {"Sheet": rows_of(found)}),
    "json": write_json,
    "pdf": lambda path, found: make_pdf(path, [[each.heading, *lines_of(each)] for each in found]),
    "epub": lambda path, found: make_epub(path, {"a.xhtml": to_html(found)}),
    "eml": lambda path, found: make_mail(path, subject=found[0].heading, html=to_html(found)),
}


def document_of(path: Path) -> Document:
    """The document in a file, read in this process."""
    if path.suffix in (".md", ".txt"):
        return read_document(path, root=path)
    content = read(path)
    return Document(id=path.name, text=content.text, title=path.stem, pages=content.pages, marks=content.marks)


def split(document: Document) -> tuple[Passage, ...]:
    return split_passages(document, count_pieces=lambda texts: [len(each.split()) * 3 // 2 for each in texts])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Document]]:
    folder = tmp_path_factory.mktemp("made")
    found = []
    for number in range(DOCUMENTS):
        chance = random.Random(number)
        suffix = list(WRITERS)[number % len(WRITERS)]
        path = folder / f"{number:03}.{suffix}"
        WRITERS[suffix](path, sections(chance))
        found.append((path, document_of(path)))
    return found


def test_every_format_has_its_documents(made: Sequence[tuple[Path, Document]]) -> None:
    assert {path.suffix for path, _ in made} <= READERS.keys()
    assert len(made) == DOCUMENTS


def test_passages_and_units_tile_every_document(made: Sequence[tuple[Path, Document]]) -> None:
    for path, document in made:
        passages = split(document)
        assert "".join(passage.text for passage in passages) == document.text
        last = 0
        for passage in passages:
            for unit in passage.units:
                assert passage.start <= unit.start < unit.end <= passage.end, path.name
                assert not document.text[last : unit.start].strip(), path.name
                last = unit.end
        assert not document.text[last:].strip(), path.name


def test_units_are_nested_rightly(made: Sequence[tuple[Path, Document]]) -> None:
    for path, document in made:
        passages = split(document)
        units = {unit.start: unit for passage in passages for unit in passage.units}
        for unit in units.values():
            if unit.parent is not None:
                parent = units[unit.parent]
                assert parent.start < unit.start, path.name
                assert parent.kind in ("heading", "item", "step", "pair") or parent.leads, (path.name, unit)
            if unit.cells:
                assert all(unit.start <= cell.start <= cell.end <= unit.end for cell in unit.cells)
                assert unit.kind in ("row", "heading"), path.name
            if unit.kind == "row" and unit.cells and unit.parent is not None and units[unit.parent].cells:
                columns = {cell.column for cell in units[unit.parent].cells}
                assert {cell.column for cell in unit.cells} <= columns, path.name
        for passage in passages:
            assert all(document.text[each.start : each.end] == each.text for each in passage.above), path.name
            known = {each.start for each in (*passage.above, *passage.units)}
            assert {unit.parent for unit in passage.units} <= known | {None}, path.name


def test_quotes_are_exact_and_hold_something_that_may_answer(made: Sequence[tuple[Path, Document]]) -> None:
    for path, document in made:
        for passage in split(document):
            for quote in filter(None, quoted(passage)):
                assert passage.cite(quote).quote == document.text[quote.start : quote.end], path.name
                inside = [unit for unit in passage.units if quote.start <= unit.start < quote.end]
                assert any(unit.kind not in SILENT and not unit.leads for unit in inside), path.name


def test_the_same_bytes_give_the_same_passages_twice(made: Sequence[tuple[Path, Document]]) -> None:
    for path, document in made[:40]:
        assert split(document_of(path)) == split(document), path.name


@pytest.mark.parametrize("suffix", [".md", ".txt", ".html", ".docx", ".epub", ".eml"])
def test_what_the_author_wrote_as_a_list_a_step_or_a_row_is_one(
    made: Sequence[tuple[Path, Document]], suffix: str
) -> None:
    for path, document in made:
        if path.suffix != suffix:
            continue
        found = sections(random.Random(int(path.stem)))
        written = [each for section in found for each in section.blocks]
        units = [unit for passage in split(document) for unit in passage.units]
        assert _count(units, "item") == sum(len(each.lines) for each in written if each.kind == "list"), path.name
        assert _count(units, "step") == sum(len(each.lines) for each in written if each.kind == "steps"), path.name
        assert _count(units, "row") == sum(len(each.rows) - 1 for each in written if each.rows), path.name
        led = sum(bool(unit.leads) and document.text[: unit.end].endswith("you need:") for unit in units)
        pairs = [pair for section in found for pair in pairwise(section.blocks)]
        assert led >= sum(one.kind == "lead" and two.kind in ("list", "steps", "table") for one, two in pairs), (
            path.name
        )


def _count(units: Sequence[Unit], kind: str) -> int:
    return sum(unit.kind == kind for unit in units)
