"""Files of every format that is extracted, written by libraries other than those that read them, or by hand.

Where a `date` can be given, it is the one in the file's properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date as Day  # noqa: N812 - `date` is a parameter
from datetime import datetime, time
from email.message import EmailMessage
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import docx
import xlsxwriter
from pptx import Presentation
from pptx.util import Inches
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

Rows = Sequence[Sequence[object]]

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


def make_pdf(
    path: Path,
    pages: Sequence[Sequence[str]],
    *,
    title: str = "",
    password: str = "",
    made: str = "",
    changed: str = "",
) -> Path:
    """A PDF of paragraphs, wrapped unless they have line ends of their own; a page of none shows a circle.

    `made` and `changed` are written as a PDF has them, `20210708`.
    """
    sheet = Canvas(str(path), encrypt=password or None)
    sheet.setTitle(title)
    for paragraphs in pages:
        text = sheet.beginText(72, 770)
        text.setFont("Helvetica", 11)
        for paragraph in paragraphs:
            text.textLines(paragraph.split("\n") if "\n" in paragraph else simpleSplit(paragraph, "Helvetica", 11, 450))
            text.moveCursor(0, 9)
        sheet.drawText(text)
        if not paragraphs:
            sheet.circle(200, 400, 50)
        sheet.showPage()
    sheet.save()
    content = path.read_bytes()
    for key, day in ((b"/CreationDate", made), (b"/ModDate", changed)):
        if day:  # the same number of bytes, as a PDF counts them
            content = re.sub(key + rb" \(D:\d{8}", key + f" (D:{day}".encode(), content)
    path.write_bytes(content)
    return path


def at_noon(day: str) -> datetime:
    return datetime.combine(Day.fromisoformat(day), time(12))


def make_docx(
    path: Path, *, heading: str, paragraph: str, table: Rows = (), title: str = "", date: str = "", level: int = 2
) -> Path:
    """A Word document of a heading, a paragraph, two list items and a table."""
    document = docx.Document()
    document.core_properties.title = title
    if date:
        document.core_properties.modified = at_noon(date)
    document.add_heading(heading, level=level)
    document.add_paragraph(paragraph)
    for item in ("first", "second"):
        document.add_paragraph(item, style="List Bullet")
    if table:
        grid = document.add_table(len(table), len(table[0]))
        for row, cells in zip(grid.rows, table, strict=True):
            for cell, value in zip(row.cells, cells, strict=True):
                cell.text = str(value)
    document.save(str(path))
    return path


def make_pptx(
    path: Path, slides: Sequence[tuple[str, str, str]], *, table: Rows = (), title: str = "", date: str = ""
) -> Path:
    """A presentation of slides, each a title, a text and notes; the table stands on the last."""
    deck = Presentation()
    deck.core_properties.title = title
    if date:
        deck.core_properties.modified = at_noon(date)
    for heading, text, notes in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = text
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    if table:
        frame = slide.shapes.add_table(len(table), len(table[0]), Inches(1), Inches(4), Inches(6), Inches(2))
        for number, cells in enumerate(table):
            for column, value in enumerate(cells):
                frame.table.cell(number, column).text = str(value)
    deck.save(str(path))
    return path


def make_xlsx(path: Path, sheets: Mapping[str, Rows], *, title: str = "", date: str = "") -> Path:
    """A workbook of sheets of rows."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"title": title, **({"created": at_noon(date)} if date else {})})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def make_epub(path: Path, chapters: Mapping[str, str], *, title: str = "", date: str = "") -> Path:
    """A book of chapters of HTML, by name, in this order."""
    items = "".join(f'<item id="c{number}" href="{name}"/>' for number, name in enumerate(chapters))
    order = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    package = f"""<package xmlns="http://www.idpf.org/2007/opf">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:date>{date}</dc:date></metadata>
<manifest>{items}</manifest><spine>{order}</spine></package>"""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OPS/book.opf", package)
        for name, html in chapters.items():
            archive.writestr(f"OPS/{name}", f"<html><body>{html}</body></html>")
    return path


def make_mail(path: Path, *, subject: str, text: str = "", html: str = "", attached: str = "", date: str = "") -> Path:
    """A mail with a text, a page, or both, and maybe a file."""
    message = EmailMessage()
    message["From"] = "Ada <ada@example.org>"
    message["To"] = "Ben <ben@example.org>"
    if date:
        message["Date"] = at_noon(date)
    message["Subject"] = subject
    if text:
        message.set_content(text, charset="iso-8859-1")
    if html:
        (message.add_alternative if text else message.set_content)(html, subtype="html")
    if attached:
        message.add_attachment(b"secret", maintype="application", subtype="octet-stream", filename=attached)
    path.write_bytes(message.as_bytes())
    return path
