"""Every format becomes readable text, with its pages and title; tests/make_files.py makes the files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from make_files import make_docx, make_epub, make_mail, make_pdf, make_pptx, make_xlsx
from qa.documents.files import READERS, find_documents, read_document
from qa.documents.passages import split_passages
from qa.documents.sentences import split_sentences
from qa.errors import DocumentError
from qa.types import Document

FIRMS = [["Company", "Founded", "City"], ["Acme", 1998, "Rome"], ["Bolt & Co", 2004, ""]]
FIRMS_TEXT = (
    "Company | Founded | City\n\nCompany: Acme | Founded: 1998 | City: Rome\n\nCompany: Bolt & Co | Founded: 2004"
)
PROSE = "The committee met in the spring of that year and agreed on a plan for the harbour. It was built by 1931."


def read(path: Path) -> Document:
    return read_document(path, root=path)


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sentences(document: Document) -> list[str]:
    return [document.text[span.start : span.end] for span in split_sentences(document.text)]


def test_a_pdf_has_its_lines_joined_its_pages_kept_and_its_title(tmp_path: Path) -> None:
    pages = [["A harbour", PROSE], ["On the second page.", "A third paragraph."]]
    document = read(make_pdf(tmp_path / "a.pdf", pages, title="Microsoft Word - Ports"))
    assert document.text == f"A harbour\n\n{PROSE}\n\nOn the second page.\n\nA third paragraph."
    assert document.title == "Ports"
    assert [document.text[start:][:9] for start in document.pages] == ["A harbour", "On the se"]
    passages = split_passages(document, count_pieces=lambda texts: [len(text.split()) for text in texts])
    assert [(passage.page, passage.text[:9]) for passage in passages] == [(1, "A harbour"), (2, "On the se")]


def test_a_sentence_that_runs_over_the_end_of_a_page_stays_one(tmp_path: Path) -> None:
    document = read(make_pdf(tmp_path / "a.pdf", [["The ship left the"], ["harbour at noon."]]))
    assert sentences(document) == ["The ship left the\nharbour at noon."]
    assert document.text[document.pages[1] :] == "harbour at noon."


def test_an_empty_page_in_a_pdf_counts_as_a_page(tmp_path: Path) -> None:
    document = read(make_pdf(tmp_path / "a.pdf", [["One."], [], ["Three."]]))
    assert (document.text, document.pages) == ("One.\n\nThree.", (0, 4, 6))


def test_a_running_header_and_the_page_numbers_of_a_pdf_do_not_cut_its_sentences(tmp_path: Path) -> None:
    lines = ["The ship left the", "harbour of Rome on the", "last day", "of June. She came back."]
    pages = [["Annual report", line, f"{number} of 4"] for number, line in enumerate(lines, start=1)]
    document = read(make_pdf(tmp_path / "a.pdf", pages))
    assert document.text == "Annual report\n\n1 of 4\n\n" + "\n".join(lines)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("the infor-\nmation", "the information"),
        ("a well-\nknown port", "a well-known port"),
        ("zorblat and zor-\nblat", "zorblat and zorblat"),
        ("half-zorb, a half-\nzorb", "half-zorb, a half-zorb"),
    ],
)
def test_a_word_divided_at_the_end_of_a_line_is_made_whole_and_a_compound_is_kept(
    tmp_path: Path, lines: str, text: str
) -> None:
    assert read(make_pdf(tmp_path / "a.pdf", [[lines]])).text == text


def test_a_scan_and_a_locked_pdf_say_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"scan\.pdf has no text, as scans do not\. Run OCR on it first"):
        read(make_pdf(tmp_path / "scan.pdf", [[], []]))
    with pytest.raises(DocumentError, match=r"locked\.pdf is protected by a password"):
        read(make_pdf(tmp_path / "locked.pdf", [["Secret."]], password="x"))


def test_a_word_document_keeps_headings_lists_tables_and_its_title(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", heading="Ports", paragraph=PROSE, table=FIRMS, title="The harbour")
    document = read(path)
    assert document.text == f"## Ports\n\n{PROSE}\n\n- first\n- second\n\n{FIRMS_TEXT}"
    assert document.title == "The harbour"


def test_the_slides_of_a_presentation_are_pages_with_tables_and_notes(tmp_path: Path) -> None:
    slides = [("Ports", "Rome has one.", "Say why."), ("Firms", "They grew.", "")]
    document = read(make_pptx(tmp_path / "a.pptx", slides, table=FIRMS, title="Talk"))
    assert document.text == f"# Ports\n\nRome has one.\n\nSay why.\n\n# Firms\n\nThey grew.\n\n{FIRMS_TEXT}"
    assert (document.title, document.pages) == ("Talk", (0, document.text.index("# Firms")))


def test_the_sheets_of_a_workbook_stand_under_their_names(tmp_path: Path) -> None:
    sheets = {"Firms": FIRMS, "Empty": [], "Notes": [["As of 2020"], ["Key", "Value"], ["Share", 0.25]]}
    document = read(make_xlsx(tmp_path / "a.xlsx", sheets, title="Book"))
    assert (
        document.text == f"# Firms\n\n{FIRMS_TEXT}\n\n# Notes\n\nAs of 2020\n\nKey | Value\n\nKey: Share | Value: 0.25"
    )
    assert document.title == "Book"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_names_the_column_of_each_cell_and_each_row_is_a_sentence(tmp_path: Path, delimiter: str) -> None:
    rows = "\r\n".join(delimiter.join(str(cell) for cell in row) for row in FIRMS)
    document = read(write(tmp_path / "a.csv", "\ufeff" + rows))
    assert document.text == FIRMS_TEXT
    assert sentences(document) == FIRMS_TEXT.split("\n\n")


def test_a_csv_without_a_header_gives_its_cells_and_a_quoted_cell_its_lines_as_one(tmp_path: Path) -> None:
    assert (
        read(write(tmp_path / "a.csv", 'Acme,1998\n"Bolt,\nCo",2004,x\n')).text == "Acme | 1998\n\nBolt, Co | 2004 | x"
    )


def test_json_gives_each_value_with_its_path_and_each_record_a_paragraph(tmp_path: Path) -> None:
    record = {"name": "Acme", "seat": {"city": "Rome", "zip": None}, "tags": ["old", True], "about": "Line.\nLine."}
    text = "name: Acme | seat.city: Rome | tags: old | tags: true\n\nabout:\n\nLine.\nLine."
    assert read(write(tmp_path / "a.json", json.dumps([record, {"name": "Bolt"}]))).text == f"{text}\n\nname: Bolt"
    assert read(write(tmp_path / "b.jsonl", json.dumps(record) + "\n\n2\n")).text == f"{text}\n\n2"
    assert read(write(tmp_path / "c.json", '{"title": "T", "a": 1}')).title == "T"


@pytest.mark.parametrize(("name", "line"), [("a.json", r"is not JSON: .* line 2"), ("a.jsonl", "not JSON in line 2")])
def test_json_that_is_none_names_the_line(tmp_path: Path, name: str, line: str) -> None:
    with pytest.raises(DocumentError, match=line):
        read(write(tmp_path / name, '{"a":1}\n{"a":'))


def test_a_mail_gives_its_headers_its_text_and_the_names_of_what_is_attached(tmp_path: Path) -> None:
    path = make_mail(
        tmp_path / "a.eml", subject="Café", text="It is in Málaga.\n", html="<p>It is in Málaga", attached="plan.bin"
    )
    document = read(path)
    headers = "From: Ada <ada@example.org>\n\nTo: Ben <ben@example.org>\n\nSubject: Café"
    assert document.text == f"{headers}\n\nIt is in Málaga.\n\nAttached: plan.bin"
    assert document.title == "Café"
    assert read(make_mail(path, subject="s", html="<p>One.<p>Two.")).text.endswith("\n\nOne.\n\nTwo.")


def test_a_book_gives_its_chapters_in_reading_order(tmp_path: Path) -> None:
    chapters = {"z.xhtml": "<h1>One</h1><p>Text.</p>", "a.xhtml": "<h1>Two</h1><p>More.</p>"}
    document = read(make_epub(tmp_path / "a.epub", chapters, title="A book"))
    assert (document.text, document.title) == ("# One\n\nText.\n\n# Two\n\nMore.", "A book")


def test_a_file_whose_properties_have_no_title_has_that_of_its_first_heading(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", heading="The harbour", paragraph=PROSE, level=1)
    assert read(path).title == "The harbour"
    deck = make_pptx(tmp_path / "a.pptx", [("The mill", "Text.", "")])
    assert read(deck).title == "The mill"


@pytest.mark.parametrize("title", ["untitled", "PowerPoint Presentation", "Document1", "(Untitled document)", "---"])
def test_a_title_that_a_program_wrote_for_none_is_none(tmp_path: Path, title: str) -> None:
    assert read(make_pdf(tmp_path / "report.pdf", [["One."]], title=title)).title == "report"


def test_source_code_is_its_text_unchanged(tmp_path: Path) -> None:
    code = "def f():\r\n\treturn 'é'\n"
    assert read(write(tmp_path / "a.py", code)).text == code


def test_a_folder_gives_its_files_of_every_format(tmp_path: Path) -> None:
    names = sorted(f"a{suffix}" for suffix in READERS)
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for path in find_documents(tmp_path)] == names


def test_the_same_bytes_give_the_same_text_whatever_the_hash_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        make_pdf(tmp_path / "a.pdf", [[PROSE, "the infor-\nmation"]] * 4),
        make_docx(tmp_path / "a.docx", heading="Ports", paragraph=PROSE, table=FIRMS),
        make_epub(tmp_path / "a.epub", {"a.xhtml": PROSE}),
    ]
    texts = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        texts.append([read(path) for path in paths])
    assert texts[0] == texts[1]


def test_a_format_whose_library_is_missing_names_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "import sys; sys.modules['pypdfium2'] = sys.modules['pptx'] = None"
    (tmp_path / "sitecustomize.py").write_text(missing)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        DocumentError,
        match=r"a\.pdf could not be read: it needs the library pypdfium2\. Run: pip install 'qa\[formats\]'$",
    ):
        read(make_pdf(tmp_path / "a.pdf", [["One."]]))
    with pytest.raises(
        DocumentError, match=r"a\.pptx could not be read: it needs the library pptx\. Run: pip install 'qa\[formats\]'$"
    ):
        read(make_pptx(tmp_path / "a.pptx", [("h", "One.", "")]))
    assert not re.search("pdf", read(write(tmp_path / "a.html", "<p>One.")).text)


def test_a_file_is_read_in_a_process_that_is_given_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen.json"
    write(tmp_path / "sitecustomize.py", f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w'))")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "QA_BASE_URL", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LC_CTYPE", "C.UTF-8")
    assert read(make_pdf(tmp_path / "a.pdf", [["One."]])).text == "One."
    given = json.loads(seen.read_text())
    assert "secret" not in given.values()
    assert (given["PATH"], given["LC_CTYPE"]) == (os.environ["PATH"], "C.UTF-8")
