"""PowerPoint → a page for each slide, its paragraphs marked as the list items, rows and prose that they are."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide
from pptx.table import Table

from qa.documents.formats.archives import office_properties
from qa.documents.formats.content import Content, Writing, one_line
from qa.documents.formats.tables import GridCell, write_table
from qa.types import UnitKind

# What a paragraph's own properties say of it; without any, those of a slide's list have bullets.
MARKERS: Mapping[str, UnitKind] = {
    qn("a:buNone"): "sentence",
    qn("a:buChar"): "item",
    qn("a:buBlip"): "item",
    qn("a:buAutoNum"): "step",
}
LISTS = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT)
RUNNING = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER)


def read_pptx(path: Path) -> Content:
    """The slides in order, each with its title as a heading, its lists, its tables and its notes."""
    title, dates = office_properties(path)
    deck = Presentation(str(path))
    writing = Writing()
    for slide in deck.slides:
        writing.turn_page()
        heading = slide.shapes.title
        if heading is not None:
            title = title if title is not None else one_line(heading.text_frame.text)
            if heading.text_frame.text.strip():
                writing.add(f"# {one_line(heading.text_frame.text)}", "heading", level=1)
        for shape in _shapes(slide):
            if isinstance(shape, GraphicFrame) and shape.has_table:
                write_table(writing, _grid(shape.table))
            elif isinstance(shape, Shape) and (heading is None or shape.shape_id != heading.shape_id):
                _write_text(writing, shape)
        if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame):
            for paragraph in notes.paragraphs:
                writing.add(one_line(paragraph.text))
    return writing.content(title=title, dates=dates)


def _shapes(slide: Slide) -> Iterator[BaseShape]:
    """The shapes of a slide in order, those in groups too; no recursion, as groups nest deep."""
    waiting = list(reversed(list(slide.shapes)))
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, GroupShape):
            waiting += reversed(list(shape.shapes))
        else:
            yield shape


def _write_text(writing: Writing, shape: Shape) -> None:
    """Write the paragraphs of a shape: items where they have bullets, steps where they are numbered."""
    place = shape.placeholder_format.type if shape.is_placeholder else None
    filled = [each for each in shape.text_frame.paragraphs if each.text.strip()]
    usual: UnitKind = "item" if place in LISTS and len(filled) > 1 else "sentence"
    for paragraph in filled:
        properties = paragraph._p.pPr if paragraph._p.pPr is not None else ()
        own = next((MARKERS[each.tag] for each in properties if each.tag in MARKERS), usual)
        kind: UnitKind = "front" if place in RUNNING else own
        writing.add(one_line(paragraph.text), kind, level=paragraph.level + 1 if kind in ("item", "step") else 0)


def _grid(table: Table) -> Iterator[list[GridCell]]:
    """The rows of a table, each merged cell once, with what it spans."""
    for row in table.rows:  # that its first row looks different is the usual style, whatever stands in it
        yield [
            GridCell(
                text=cell.text,
                rows=cell.span_height if cell.is_merge_origin else 1,
                columns=cell.span_width if cell.is_merge_origin else 1,
            )
            for cell in row.cells
            if not cell.is_spanned
        ]
