"""Word documents → text, by way of the HTML that mammoth makes of their structure."""

from __future__ import annotations

from pathlib import Path

import mammoth  # type: ignore[import-untyped]  # it ships no type hints

from qa.documents.formats.archives import office_properties
from qa.documents.formats.content import Content
from qa.documents.formats.web import html_content


def read_docx(path: Path) -> Content:
    """Headings, lists, tables, notes and insertions; no pictures, and nothing from outside the file."""
    title, dates = office_properties(path)
    with path.open("rb") as file:
        html = mammoth.convert_to_html(file, convert_image=lambda _: [], external_file_access=False).value
    content = html_content(html)
    return Content(text=content.text, title=title or content.title, dates=dates)
