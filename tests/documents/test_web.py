"""HTML as a person reads it: blocks, headings, lists, tables, and the right characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.documents.files import read_document
from qa.documents.formats.web import decode_html, html_content


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One <b>bo</b>ld\n word.</p><p>Two.", "One bold word.\n\nTwo."),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("<p>First line<br>second line", "First line\nsecond line"),
        ("<p>a&nbsp;b &amp; c&shy;d &lt;p&gt;", "a b & cd <p>"),
        ("<h2>Head <i>line</i></h2>text", "## Head line\n\ntext"),
        ("<ul><li>a<li><p>b</p></ul><p>c", "- a\n- b\n\nc"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n  - b\n2. c"),
        ("<pre>\nx = 1\n  y\n</pre>", "```\nx = 1\n  y\n```"),
        ("<nav>Home</nav><script>x()</script><style>p{}</style><p>yes", "yes"),
        ("<img src='http://127.0.0.1:9/x.png' alt='A'><p>text", "text"),
        ("<table><tr><th>Name<th>Year<tr><td>Acme<td>1998</table>", "Name | Year\n\nName: Acme | Year: 1998"),
        ("<table><tr><td>Name<td>Year<tr><td>Acme<td>1998</table>", "Name | Year\n\nName: Acme | Year: 1998"),
        ("<table><tr><td>1<td>2<tr><td>3<td>4</table>", "1 | 2\n\n3 | 4"),
        ("<table><caption>Rome</caption><tr><th>Capital of<td>Italy</table>", "Rome\n\nCapital of: Italy"),
        ("<table><tr><th>A<th>B<th>C<tr><td colspan=2>x<td>y</table>", "A | B | C\n\nx | y"),
        ("<table><tr><td>left<td><table><tr><td>Name: Acme<td>b</table></table>", "left\n\nName: Acme | b"),
        ("plain text only", "plain text only"),
        ("", ""),
        ("<frameset><frame src=a>", ""),
    ],
)
def test_a_page_is_read_as_it_looks(html: str, text: str) -> None:
    assert html_content(html).text == text


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A \n title </title><h1>H", "A title"),
        ("<title></title><p>x<h1>The <i>H</i></h1>", "The H"),
        ("<svg><title>icon</title></svg><p>x", None),
    ],
)
def test_the_title_is_the_pages_own_else_its_first_heading(html: str, title: str | None) -> None:
    assert html_content(html).title == title


@pytest.mark.parametrize(
    "page",
    [
        "<p>café – “x”".encode(),
        b"\xef\xbb\xbf<p>caf\xc3\xa9 \xe2\x80\x93 \xe2\x80\x9cx\xe2\x80\x9d",
        "<p>café – “x”".encode("utf-16"),
        b"<meta charset=iso-8859-1><p>caf\xe9 \x96 \x93x\x94",
        b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1252"><p>caf\xe9 \x96 \x93x\x94',
        b'<?xml version="1.0" encoding="windows-1252"?><p>caf\xe9 \x96 \x93x\x94',
        b"<p>caf\xe9 \x96 \x93x\x94",
        b"<meta charset=utf-16><p>caf\xe9 \x96 \x93x\x94",
        b"<meta charset=zlib><p>caf\xe9 \x96 \x93x\x94",
        b"<meta charset=utf-8><p>caf\xe9 \x96 \x93x\x94",
    ],
)
def test_the_characters_are_found_by_mark_declaration_or_bytes(page: bytes) -> None:
    assert html_content(decode_html(page)).text == "café – “x”"


def test_a_page_is_a_document_with_its_title(tmp_path: Path) -> None:
    path = tmp_path / "a.HTM"
    path.write_bytes("<title>T</title><p>Смерть".encode("koi8-r").replace(b"<p>", b"<meta charset=koi8-r><p>"))
    document = read_document(path, root=tmp_path)
    assert (document.id, document.title, document.text) == ("a.HTM", "T", "Смерть")
