"""Word documents → text, by way of the HTML that mammoth makes of their structure, with the numbers that Word shows.

mammoth leaves out numbers and formulas and keeps hidden text, so the document's XML is spelled out before: each number
is written into its paragraph, each formula is a line of characters, and what is hidden is gone.
"""

import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement
from zipfile import ZipFile

import mammoth  # type: ignore[import-untyped]  # it ships no type hints

from qa.documents.formats.archives import office_properties, open_archive
from qa.documents.formats.content import Content
from qa.documents.formats.web import html_content
from qa.documents.formats.word_numbers import Numbering, is_hidden, local_name

SPELLED_OUT = re.compile(r"word/(?:document\d*|footnotes|endnotes)\.xml")
# What stands between the parts of a formula, by its element.
JOINTS = {"sSup": "^", "sSub": "_", "f": "/"}
PROPERTIES = re.compile(r"\w+Pr|begChr|endChr")

UNMARKED = "[style='list-style: none']"  # the marks of items are in their text
HEADINGS = [
    *(
        f"p[style-name='heading {level}'] => h{level}:fresh\np.Heading{level} => h{level}:fresh"
        for level in range(1, 7)
    ),
    "p[style-name='Title'] => h1:fresh",
    "p[style-name='Subtitle'] => h2:fresh",
]
LISTS = [
    f"p:{kind}-list({depth}) => {f'ul|ol{UNMARKED} > li > ' * (depth - 1)}{tag}{UNMARKED} > li:fresh"
    for kind, tag in (("ordered", "ol"), ("unordered", "ul"))
    for depth in range(1, 10)
]
STYLES = "\n".join(
    [
        "p[style-name^='toc '] => !",
        *HEADINGS,
        *(f"p[style-name='{name}'] => pre:separator('\\n')" for name in ("HTML Preformatted", "Code", "Source Code")),
        f"p[style-name^='List Continue'] => ul|ol{UNMARKED} > li > p:fresh",
        *LISTS,
    ]
)


def read_docx(path: Path) -> Content:
    """Headings, lists, tables, notes and insertions; no pictures, and nothing from outside the file."""
    title, dates = office_properties(path)
    with open_archive(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name.endswith((".xml", ".rels"))}
    numbering = Numbering(parts.get("word/numbering.xml"), parts.get("word/styles.xml"))
    file = BytesIO()
    with ZipFile(file, "w") as spelled:
        for name, part in parts.items():
            spelled.writestr(name, _spell_out(part, numbering) if SPELLED_OUT.fullmatch(name) else part)
    file.seek(0)
    html = mammoth.convert_to_html(file, style_map=STYLES, convert_image=lambda _: [], external_file_access=False).value
    content = html_content(html)
    return Content(text=content.text, title=title or content.title, dates=dates, marks=content.marks)


def _spell_out(part: bytes, numbering: Numbering) -> bytes:
    """A part of the document with its numbers and formulas spelled out."""
    root = ElementTree.fromstring(part)
    namespace = root.tag.rpartition("}")[0] + "}"
    for parent in list(root.iter()):
        for place, child in reversed([*enumerate(parent)]):
            kind = local_name(child)
            if (kind == "r" and is_hidden(child)) or (kind == "Choice" and len(parent) > 1):
                parent.remove(child)
            elif kind in ("oMath", "oMathPara"):
                parent[place] = _run(namespace, _formula(child))
    for paragraph in root.iter(f"{namespace}p"):
        label = numbering.label(paragraph)
        if label and any(each.text for each in paragraph.iter(f"{namespace}t")):
            after = 1 if len(paragraph) and local_name(paragraph[0]) == "pPr" else 0
            paragraph.insert(after, _run(namespace, f"{label} "))
    spelled: bytes = ElementTree.tostring(root, encoding="utf-8")
    return spelled


def _run(namespace: str, text: str) -> Element:
    run = Element(f"{namespace}r")
    SubElement(run, f"{namespace}t").text = text
    return run


def _formula(element: Element) -> str:
    """The characters of a formula: a^2, x_1, (a+b)/2."""
    if local_name(element) == "t":
        return element.text or ""
    parts = [_formula(each) for each in element if not PROPERTIES.fullmatch(local_name(each))]
    joint = JOINTS.get(local_name(element))
    if joint is None:
        return "".join(parts)
    return joint.join(part if part.isalnum() or "." in part else f"({part})" for part in parts)
