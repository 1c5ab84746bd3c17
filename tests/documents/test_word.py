"""Word documents as Word shows them: their numbers, their lists and headings, their formulas, nothing hidden."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from qa.documents.formats.content import Content
from qa.documents.formats.word import read_docx

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ROOT = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r" Type="{RELATED}/officeDocument" Target="word/document.xml"/></Relationships>"""
STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'
    for key, name, more in (
        ("Titel", "Title", ""),
        ("Sub", "Subtitle", ""),
        ("berschrift1", "heading 1", ""),
        (
            *("berschrift2", "heading 2"),
            '<w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="2"/></w:numPr></w:pPr>',
        ),
        ("Clause", "Clause", '<w:basedOn w:val="berschrift2"/>'),
        ("Verz1", "toc 1", ""),
        ("Cont", "List Continue", ""),
        ("Code", "HTML Preformatted", ""),
    )
)


def level(depth: int, kind: str, text: str, *, start: int = 1) -> str:
    shown = f'<w:start w:val="{start}"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>'
    return f'<w:lvl w:ilvl="{depth}">{shown}</w:lvl>'


ABSTRACT = {
    1: level(0, "decimal", "%1.", start=5) + level(1, "lowerLetter", "(%2)") + level(2, "lowerRoman", "%1 %3)"),
    2: level(0, "upperRoman", "§ %1") + level(1, "decimal", "%1.%2"),
    3: level(0, "bullet", "\uf0b7") + level(1, "bullet", "o"),
    4: level(0, "decimal", "%1") + level(1, "none", ""),
}
NUMBERING = "".join(f'<w:abstractNum w:abstractNumId="{key}">{each}</w:abstractNum>' for key, each in ABSTRACT.items())
NUMBERING += "".join(f'<w:num w:numId="{key}"><w:abstractNumId w:val="{key}"/></w:num>' for key in ABSTRACT)
NUMBERING += """<w:num w:numId="9"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>
</w:lvlOverride></w:num>"""


def paragraph(text: str, *, style: str = "", number: int | None = None, depth: int = 0, marks: str = "") -> str:
    numbered = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>' if number is not None else ""
    return f"""<w:p><w:pPr>{f'<w:pStyle w:val="{style}"/>' if style else ""}{numbered}<w:rPr>{marks}</w:rPr></w:pPr>
    <w:r><w:rPr>{marks}</w:rPr><w:t>{text}</w:t></w:r></w:p>"""


def read(path: Path, *paragraphs: str) -> Content:
    parts = {"document": f"<w:body>{''.join(paragraphs)}</w:body>", "numbering": NUMBERING, "styles": STYLES}
    links = "".join(f'<Relationship Id="{name}" Type="{RELATED}/{name}" Target="{name}.xml"/>' for name in parts)
    with ZipFile(path / "a.docx", "w") as archive:
        archive.writestr("_rels/.rels", ROOT)
        archive.writestr(
            "word/_rels/document.xml.rels", ROOT.partition("<Relationship ")[0] + links + "</Relationships>"
        )
        for name, part in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {W} {M}>{part}</w:{name}>")
    return read_docx(path / "a.docx")


def structure(content: Content) -> list[tuple[str, int, str]]:
    return [(each.kind, each.level, content.text[each.start : each.end]) for each in content.marks]


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        (
            [paragraph("Rent", number=1), paragraph("Late", number=1, depth=1), paragraph("Pets", number=1)],
            [("step", 1, "5. Rent"), ("step", 2, "  (a) Late"), ("step", 1, "6. Pets")],
        ),
        (
            [paragraph("a", number=1), paragraph("Between."), paragraph("b", number=1), paragraph("c", number=9)],
            [("step", 1, "5. a"), ("sentence", 0, "Between."), ("step", 1, "6. b"), ("step", 1, "1. c")],
        ),
        (
            [paragraph(text, number=1, depth=depth) for depth, text in enumerate("abcd"[:3])],
            [("step", 1, "5. a"), ("step", 2, "  (a) b"), ("step", 3, "    5 i) c")],
        ),
        (
            [paragraph("a", number=1), paragraph("More of a.", style="Cont"), paragraph("b", number=1)],
            [("step", 1, "5. a"), ("sentence", 1, "More of a."), ("step", 1, "6. b")],
        ),
        (
            [paragraph("a", number=3), paragraph("b", number=3, depth=1), paragraph("c", number=3)],
            [("item", 1, "- a"), ("item", 2, "  - b"), ("item", 1, "- c")],
        ),
        (
            [paragraph("a", style="berschrift1", number=2), paragraph("b", style="berschrift2"), paragraph("c")],
            [("heading", 1, "# § I a"), ("heading", 2, "## I.1 b"), ("sentence", 0, "c")],
        ),
        (
            [
                paragraph("a", style="berschrift2"),
                paragraph("b", style="Clause"),
                paragraph("c", style="Clause", number=0),
            ],
            [("heading", 2, "## I.1 a"), ("sentence", 0, "I.2 b"), ("sentence", 0, "c")],
        ),
        (
            [
                paragraph("a", number=4),
                paragraph("b", number=4, depth=1),
                paragraph("", number=4),
                paragraph("c", number=4),
            ],
            [("step", 1, "1 a"), ("step", 2, "  b"), ("step", 1, "3 c")],
        ),
        (
            [paragraph("a", number=1, marks="<w:vanish/>"), paragraph("b", number=1), paragraph("c", number=77)],
            [("step", 1, "5. b"), ("sentence", 0, "c")],
        ),
    ],
)
def test_a_paragraph_has_the_number_that_word_shows(
    tmp_path: Path, paragraphs: list[str], expected: list[tuple[str, int, str]]
) -> None:
    assert structure(read(tmp_path, *paragraphs)) == expected


def test_the_title_is_a_heading_and_the_table_of_contents_is_left_out(tmp_path: Path) -> None:
    styles = {"Titel": "Rules", "Sub": "For all", "Verz1": "Rent 4", "berschrift1": "Rent", "Code": "x = 1"}
    content = read(tmp_path, *(paragraph(text, style=style) for style, text in styles.items()))
    assert structure(content) == [
        ("heading", 1, "# Rules"),
        ("heading", 2, "## For all"),
        ("heading", 1, "# Rent"),
        ("code", 0, "```\nx = 1\n```"),
    ]
    assert content.title == "Rules"


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        ("<w:vanish/>", "Shown."),
        ('<w:vanish w:val="0"/>', "Shown.\n\nHidden."),
        ('<w:vanish w:val="false"/>', "Shown.\n\nHidden."),
    ],
)
def test_hidden_text_is_not_read(tmp_path: Path, marks: str, text: str) -> None:
    assert read(tmp_path, paragraph("Shown."), paragraph("Hidden.", marks=marks)).text == text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:r><m:t>k=4.5</m:t></m:r>", "k=4.5"),
        ("<m:sSup><m:e><m:r><m:t>10</m:t></m:r></m:e><m:sup><m:r><m:t>-6</m:t></m:r></m:sup></m:sSup>", "10^(-6)"),
        (
            "<m:f><m:fPr><m:type/></m:fPr><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>",
            "(a+b)/2",
        ),
    ],
)
def test_the_characters_of_a_formula_are_kept(tmp_path: Path, formula: str, text: str) -> None:
    shown = f"<w:p><w:r><w:t>So </w:t></w:r><m:oMath>{formula}</m:oMath><w:r><w:t> holds.</w:t></w:r></w:p>"
    assert read(tmp_path, shown).text == f"So {text} holds."
    assert read(tmp_path, f"<w:p><m:oMathPara><m:oMath>{formula}</m:oMath></m:oMathPara></w:p>").text == text


def test_a_superscript_stands_apart_from_its_number(tmp_path: Path) -> None:
    raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>6</w:t></w:r>'
    assert read(tmp_path, f"<w:p><w:r><w:t>3 × 10</w:t></w:r>{raised}</w:p>").text == "3 × 10^6"
