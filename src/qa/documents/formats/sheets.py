"""Workbooks of Excel and LibreOffice → their sheets as tables, each number as the workbook shows it."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine

from qa.documents.formats.archives import office_properties
from qa.documents.formats.content import Content, Writing, one_line
from qa.documents.formats.numbers import Formats, sheet_formats, shown
from qa.documents.formats.tables import merge, write_rows
from qa.documents.heads import Row
from qa.errors import DocumentError

Value = str | float | bool | date | time | timedelta


def read_workbook(path: Path) -> Content:
    """Each sheet under its name; a formula is its last value.

    Raises: DocumentError when it has a password.
    """
    title, dates = (None, ()) if path.suffix.lower() == ".xls" else office_properties(path)  # .xls is no archive
    try:
        book = python_calamine.load_workbook(str(path))
    except python_calamine.PasswordError as error:
        raise DocumentError(f"{path} is protected by a password. Save it without one") from error
    formats = sheet_formats(path) if path.suffix.lower() in (".xlsx", ".xlsm") else {}
    writing = Writing()
    for name in book.sheet_names:
        rows = _rows(book.get_sheet_by_name(name), formats.get(name, {}))
        if any(any(row.cells) for row in rows):
            writing.add(f"# {one_line(name)}", "heading", level=1)
            write_rows(writing, rows)
    return writing.content(title=title, dates=dates)


def _rows(sheet: python_calamine.CalamineSheet, formats: Formats) -> list[Row]:
    top, left = sheet.start or (0, 0)
    rows = [
        Row(
            [cell_text(value, number_format=formats.get((row, column), "")) for column, value in enumerate(cells, left)]
        )
        for row, cells in enumerate(sheet.to_python(), top)
    ]
    spans = [
        (first_row - top, first - left, last_row - top, last - left)
        for (first_row, first), (last_row, last) in sheet.merged_cell_ranges or ()
        if top <= first_row < top + len(rows) and left <= first
    ]
    return merge(rows, spans)


def cell_text(value: Value, *, number_format: str = "") -> str:
    """A cell on one line: numbers as they are shown, dates as ISO 8601 has them, times without empty seconds."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return shown(value, number_format)
    if isinstance(value, datetime):
        return value.date().isoformat() + (f" {cell_text(value.time())}" if value.time() != time() else "")
    if isinstance(value, time):
        return value.isoformat("auto" if value.second or value.microsecond else "minutes")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return one_line(str(value))
