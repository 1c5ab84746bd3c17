"""PowerPoint → a page of text for each slide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pptx import Presentation
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from qa.documents.formats.archives import office_properties
from qa.documents.formats.content import Content, joined, one_line
from qa.documents.formats.tables import rows_text


def read_pptx(path: Path) -> Content:
    """The slides in order, each with its title as a heading, its tables and its notes."""
    title, dates = office_properties(path)
    deck = Presentation(str(path))
    slides = ["\n\n".join(_blocks(slide)) for slide in deck.slides]
    headings = (slide.shapes.title for slide in deck.slides)
    heading = next((one_line(each.text_frame.text) for each in headings if each is not None), None)
    return joined(slides, title=title or heading, dates=dates)


def _blocks(slide: Slide) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None and title.text_frame.text.strip():
        yield f"# {one_line(title.text_frame.text)}"
    for shape in slide.shapes:
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape_blocks(shape)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame):
        yield from filter(None, (one_line(paragraph.text) for paragraph in notes.paragraphs))


def _shape_blocks(shape: BaseShape) -> Iterator[str]:
    waiting = [shape]
    while waiting:
        each = waiting.pop()
        if isinstance(each, GroupShape):
            waiting += reversed(list(each.shapes))
        elif isinstance(each, GraphicFrame) and each.has_table:
            yield rows_text([cell.text for cell in row.cells] for row in each.table.rows)
        elif isinstance(each, Shape):
            yield from filter(None, (one_line(paragraph.text) for paragraph in each.text_frame.paragraphs))
