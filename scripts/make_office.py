"""The binary files of `evals/corpora/office`, made from the texts in `scripts/office`: python scripts/make_office.py

The same bytes each time, as long as the libraries that write them stay the same: dates are fixed, archives are
packed anew. A text is a line `= title`, then blocks: headings (`#`), tables (`|`), lists (`-`, `1.`), speaker's
notes (`>`) and paragraphs; in a workbook each heading names a sheet, in a presentation a slide.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
import xlsxwriter  # type: ignore[import-untyped]  # it ships no type hints, nor does reportlab
from pptx import Presentation
from pptx.util import Inches, Pt
from reportlab import rl_config  # type: ignore[import-untyped]
from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle  # type: ignore[import-untyped]

TEXTS = Path(__file__).parent / "office"
CORPUS = Path(__file__).parents[1] / "evals" / "corpora" / "office"
KINDS = {"#": "heading", "|": "row", "-": "bullet", ">": "note"}
WHOLE, FRACTION = re.compile(r"\d+"), re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading with its level, a paragraph, a list item, a note, or a table with its rows."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def read_text(name: str) -> tuple[str, list[Block]]:
    """The title and the blocks of a text in `scripts/office`."""
    head, *lines = (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return head.removeprefix("= "), list(_blocks([line for line in lines if line]))


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    for kind, group in groupby(lines, key=_kind):
        if kind == "row":
            cells = (line.strip("| \n").split("|") if "| |" not in line else line[1:-1].split("|") for line in group)
            yield Block(kind="table", rows=tuple(tuple(cell.strip() for cell in row) for row in cells))
            continue
        for line in group:
            marks, _, text = line.partition(" ")
            if kind == "paragraph":
                yield Block(kind=kind, text=line)
            else:
                yield Block(kind=kind, text=text, level=len(marks) if kind == "heading" else 0)


def _kind(line: str) -> str:
    if re.match(r"\d+\. ", line):
        return "step"
    return KINDS.get(line[0], "paragraph") if line[1:2] in (" ", "#") else "paragraph"


def make_docx(path: Path, name: str, made: datetime) -> None:
    """A Word document with styles for headings, steps and bullets."""
    title, blocks = read_text(name)
    styles = {"bullet": "List Bullet", "step": "List Number", "paragraph": "Normal"}
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author, properties.created, properties.modified = title, "Tolmarine", made, made
    for block in blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=block.level)
        elif block.kind == "table":
            grid = document.add_table(0, len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, value in zip(grid.add_row().cells, row, strict=True):
                    cell.text = value
        else:
            document.add_paragraph(block.text, style=styles[block.kind])
    stream = io.BytesIO()
    document.save(stream)
    _repack(stream, path)


def make_pptx(path: Path, name: str, made: datetime) -> None:
    """A presentation: a slide for each heading, its lines as the body, its table below, its notes."""
    title, blocks = read_text(name)
    deck = Presentation()
    properties = deck.core_properties
    properties.title, properties.author, properties.created, properties.modified = title, "Tolmarine", made, made
    for heading, under in _sections(blocks):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(each.text for each in under if each.kind in ("bullet", "paragraph"))
        for block in under:
            if block.kind == "note":
                slide.notes_slide.notes_text_frame.text = block.text
            elif block.kind == "table":
                size = (len(block.rows), len(block.rows[0]))
                table = slide.shapes.add_table(*size, Inches(0.7), Inches(2), Inches(8.6), Inches(2.5)).table
                for number, row in enumerate(block.rows):
                    for column, value in enumerate(row):
                        cell = table.cell(number, column)
                        cell.text = value
                        cell.text_frame.paragraphs[0].runs[0].font.size = Pt(14)
    stream = io.BytesIO()
    deck.save(stream)
    _repack(stream, path)


def make_xlsx(path: Path, name: str, made: datetime) -> None:
    """A workbook: a sheet for each heading; plain numbers are numbers."""
    title, blocks = read_text(name)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"title": title, "author": "Tolmarine", "created": made})
        bold, thousands = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.##"})
        for heading, under in _sections(blocks):
            sheet = book.add_worksheet(heading)
            sheet.set_column(0, 8, 22)
            for number, row in enumerate(under[0].rows):
                for column, value in enumerate(row):
                    if WHOLE.fullmatch(value) or FRACTION.fullmatch(value):
                        sheet.write_number(number, column, float(value), thousands)
                    elif value:
                        sheet.write_string(number, column, value, None if number else bold)
    _repack(stream, path)


def make_pdf(path: Path, name: str, made: datetime) -> None:
    """A PDF of A4 pages with a running header and a page number."""
    title, blocks = read_text(name)
    rl_config.useA85 = 0  # bytes rather than letters: smaller, and git takes it for what it is
    styles = getSampleStyleSheet()
    story: list[Flowable] = []
    step = 0
    for block in blocks:
        step = step + 1 if block.kind == "step" else 0
        if block.kind == "heading":
            story.append(Paragraph(escape(block.text), styles[f"Heading{block.level}"]))
        elif block.kind == "table":
            line = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("FONTSIZE", (0, 0), (-1, -1), 9)])
            story += [Table(block.rows, repeatRows=1, style=line, hAlign="LEFT"), Spacer(1, 8)]
        else:
            bullet = {"bullet": "•", "step": f"{step}."}.get(block.kind)
            story.append(Paragraph(escape(block.text), styles["BodyText"], bulletText=bullet))

    def furnish(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, A4[1] - 40, f"Tolmarine Dispensers Ltd · {title} · {made:%Y}")
        canvas.drawRightString(A4[0] - 72, 36, f"Page {page.page}")

    template = SimpleDocTemplate(str(path), pagesize=A4, title=title, author="Tolmarine", invariant=1)
    template.build(story, onFirstPage=furnish, onLaterPages=furnish)
    content = path.read_bytes()  # the day is written in as many characters as the library's own fixed one
    path.write_bytes(re.sub(rb"\(D:2000\d{10}", f"(D:{made:%Y%m%d%H%M%S}".encode(), content))


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    starts = [number for number, block in enumerate(blocks) if block.kind == "heading"]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield blocks[start].text, list(blocks[start + 1 : end])


def _repack(stream: io.BytesIO, path: Path) -> None:
    """Write the archive without the times at which its members were made."""
    with ZipFile(stream) as made, ZipFile(path, "w") as packed:
        for name in made.namelist():
            entry = ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            packed.writestr(entry, made.read(name))


FILES: tuple[tuple[Callable[[Path, str, datetime], None], str, str, datetime], ...] = (
    (make_docx, "manuals/brook-60.docx", "brook-60", datetime(2023, 10, 9)),
    (make_docx, "hr/employee-handbook-2024.docx", "handbook", datetime(2024, 3, 18)),
    (make_docx, "hr/wrayford-rules.docx", "wrayford-rules", datetime(2024, 5, 27)),
    (make_docx, "minutes/2025-02-13-management.docx", "management-february", datetime(2025, 2, 17)),
    (make_docx, "contracts/cleaning-services.docx", "cleaning-contract", datetime(2023, 6, 12)),
    (make_pptx, "slides/sales-kickoff-2025.pptx", "sales-kickoff", datetime(2025, 1, 8)),
    (make_xlsx, "finance/budget-2025.xlsx", "budget-2025", datetime(2024, 12, 5)),
    (make_pdf, "reports/annual-report-2024.pdf", "annual-report-2024", datetime(2025, 3, 27)),
    (make_pdf, "reports/annual-report-2023.pdf", "annual-report-2023", datetime(2024, 3, 21)),
    (make_pdf, "contracts/rental-terms-2025.pdf", "rental-terms", datetime(2025, 2, 1)),
    (make_pdf, "quality/water-tests-2024.pdf", "water-tests-2024", datetime(2025, 1, 20)),
)

if __name__ == "__main__":
    for make, place, text, day in FILES:
        (CORPUS / place).parent.mkdir(parents=True, exist_ok=True)
        make(CORPUS / place, text, day)
