"""The date of a document: the one that its text gives itself, else that of the file's properties, else none."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from make_files import make_docx, make_epub, make_mail, make_pdf, make_pptx, make_xlsx
from qa import Chatbot
from qa.documents.dates import own_date, written_date
from qa.documents.files import read_document

DAY = "2021-07-08"
OPEN_DOCUMENT = """<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>T</dc:title><dc:date>2021-07-08T10:00:00</dc:date>
</office:meta></office:document-meta>"""


def date_of(path: Path) -> str | None:
    return read_document(path, root=path).date


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("date 2021-07-08 The general met his counterpart.", DAY),
        ("\n Date: 2021-07-08\nThe general", DAY),
        ("---\ntitle: A\ndate: '2021-07-08T10:00:00Z'\n---\nText", DAY),
        ("---\r\ndate: 2021-07-08\r\n---\r\n", DAY),
        ("\n---\nseen:\n  date: 2020-01-01\ndate: 2021-07-08\n...\nText", DAY),
        ("date 2021-02-30 has no such day", None),
        ("date 2021-07-081 is no date", None),
        ("On date 2021-07-08 they met.", None),
        ("Text\n---\ndate: 2021-07-08\n---\n", None),
        ("", None),
    ],
)
def test_a_text_gives_itself_a_date_in_its_front_matter_or_its_first_words(text: str, date: str | None) -> None:
    assert own_date(text) == date


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2021-07-08", DAY),
        ("2021-07-08T23:59:59-05:00", DAY),
        ("2021/07/08", DAY),
        ("20210708", DAY),
        ("D:20210708101112+02'00'", DAY),
        ("Thu, 08 Jul 2021 23:30:00 -0500", DAY),
        ("8 July 2021", DAY),
        ("2021", None),
        ("2021-07", None),
        ("2021-02-30", None),
        ("Thu, 31 Feb 2021 10:00:00 +0000", None),
        ("1625-7-8", None),
        ("D:00000000000000Z", None),
        ("0101-01-01T00:00:00+00:00", None),  # what an e-book program writes for none
        ("1970-01-01T00:00:00Z", None),
        ("9999-12-31", None),
        ("07/08/2021", None),  # July here, August there
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_property_is_a_date_when_it_names_a_day_that_somebody_chose(written: str, date: str | None) -> None:
    assert written_date(written) == date


@given(st.text() | st.from_regex(r"(D:)?\d{1,5}[-/.]?\d{1,3}[-/.]?\d{1,3}.*|\w+, \d+ \w+ \d+ .*"))
def test_whatever_a_property_holds_is_a_day_or_nothing(written: str) -> None:
    found = written_date(written)
    assert found is None or "1400-01-01" <= found <= "2099-12-31"


def test_every_format_with_properties_has_the_date_in_them(tmp_path: Path) -> None:
    paths = [
        make_pdf(tmp_path / "a.pdf", [["One."]], made="20210708", changed="20240101"),
        make_docx(tmp_path / "a.docx", heading="h", paragraph="One.", date=DAY),
        make_pptx(tmp_path / "a.pptx", [("h", "One.", "")], date=DAY),
        make_xlsx(tmp_path / "a.xlsx", {"s": [["One", "Two"]]}, date=DAY),
        make_epub(tmp_path / "a.epub", {"a.xhtml": "One."}, date="2021-07-08T10:00:00Z"),
        make_mail(tmp_path / "a.eml", subject="s", text="One.", date=DAY),
        write(tmp_path / "a.html", f"<meta name=date content={DAY}><p>One."),
        write(tmp_path / "a.json", '{"a": 1, "date": "2021-07-08T10:00:00Z"}'),
        write(tmp_path / "a.md", f"---\ndate: {DAY}\n---\nOne."),
        write(tmp_path / "a.txt", f"date {DAY} One."),
    ]
    assert {path.name: date_of(path) for path in paths} == {path.name: DAY for path in paths}


def test_a_pdf_without_a_date_of_its_making_has_that_of_its_last_change(tmp_path: Path) -> None:
    assert date_of(make_pdf(tmp_path / "a.pdf", [["One."]], made="19700101", changed="20210708")) == DAY
    assert date_of(make_pdf(tmp_path / "b.pdf", [["One."]], made="19700101", changed="19700101")) is None


def test_a_file_made_from_a_librarys_template_does_not_have_the_date_of_the_template(tmp_path: Path) -> None:
    assert date_of(make_docx(tmp_path / "a.docx", heading="h", paragraph="One.")) is None
    assert date_of(make_pptx(tmp_path / "a.pptx", [("h", "One.", "")])) is None


def test_a_workbook_of_open_document_has_the_title_and_date_of_its_own_properties(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path / "a.xlsx", {"s": [["One", "Two"]]})
    with ZipFile(path) as source, ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            if name != "docProps/core.xml":
                target.writestr(name, source.read(name))
        target.writestr("meta.xml", OPEN_DOCUMENT)
    document = read_document(tmp_path / "b.xlsx", root=tmp_path)
    assert (document.title, document.date) == ("T", DAY)


@pytest.mark.parametrize(
    ("html", "date"),
    [
        (
            "<meta property=article:published_time content=2021-07-08T10:00Z><meta name=date content=2024-01-01>",
            DAY,
        ),
        ("<meta name=DCTERMS.created content=2021-07-08>", DAY),
        ("<meta name=citation_date content=2021/07/08>", DAY),
        ("<meta itemprop=datePublished content=2021-07-08>", DAY),
        ("<meta name=date content=soon><p>On <time datetime=2021-07-08>Thursday</time>", DAY),
        ("<p><time datetime=2021-07-08>a</time><p><time datetime=2021-07-08>b</time>", DAY),
        ("<p><time datetime=2021-07-08>a post</time><p><time datetime=2021-07-09>another</time>", None),
        ("<nav><time datetime=2021-07-08>now</time></nav>", None),
        ("<meta name=date><time datetime>", None),
        ("<meta property='article:modified_time' content=2021-07-08>", None),
    ],
)
def test_a_page_has_the_day_it_says_it_was_published(tmp_path: Path, html: str, date: str | None) -> None:
    assert date_of(write(tmp_path / "a.html", f"{html}<p>One.")) == date


def test_what_the_text_says_of_itself_counts_more_than_the_properties(tmp_path: Path) -> None:
    pages = [["date 2021-07-08 The general met his counterpart."]]
    assert date_of(make_pdf(tmp_path / "a.pdf", pages, made="20240101")) == DAY


def test_a_question_can_be_asked_of_the_files_of_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    make_pdf(folder / "old.pdf", [["The mill was sold for 300 crowns."]], made="20100301")
    make_docx(folder / "new.docx", heading="Sale", paragraph="The mill was sold for 900 crowns.", date="2021-03-01")
    with Chatbot.open(model="extractive", chroma=":memory:", home=tmp_path, fill=False) as bot:
        bot.ingest(folder)
        answers = [bot.ask("What was the mill sold for?", where=[each]) for each in ("date<2011", "date>=2021-03")]
    assert [answer.citations[0].document for answer in answers] == ["old.pdf", "new.docx"]
