"""Workbooks of Excel and LibreOffice → their sheets as rows of text."""

from __future__ import annotations

from pathlib import Path

import python_calamine

from qa.documents.formats.archives import office_properties
from qa.documents.formats.content import Content, one_line
from qa.documents.formats.tables import rows_text
from qa.errors import DocumentError


def read_workbook(path: Path) -> Content:
    """Each sheet under its name; a formula is its last value."""
    title, dates = (None, ()) if path.suffix.lower() == ".xls" else office_properties(path)  # .xls is no archive
    try:
        book = python_calamine.load_workbook(str(path))
    except python_calamine.PasswordError as error:
        raise DocumentError(f"{path} is protected by a password. Save it without one") from error
    sheets = [(name, rows_text(book.get_sheet_by_name(name).iter_rows())) for name in book.sheet_names]
    text = "\n\n".join(f"# {one_line(name)}\n\n{rows}" for name, rows in sheets if rows)
    return Content(text=text, title=title, dates=dates)
