"""HTML as a person reads it: blocks, headings, lists, tables, and the right characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.documents.files import read_document
from qa.documents.formats.content import Content
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
        ("<table><tr><th>A<th>B<th>C<tr><td colspan=2>x<td>y</table>", "A | B | C\n\nA: x | C: y"),
        ("<table><tr><td>left<td><table><tr><td>Name: Acme<td>b</table></table>", "left\n\nName: Acme | b"),
        ("plain text only", "plain text only"),
        ("", ""),
        ("<frameset><frame src=a>", ""),
    ],
)
def test_a_page_is_read_as_it_looks(html: str, text: str) -> None:
    assert html_content(html).text == text


def structure(content: Content) -> list[tuple[str, int, str]]:
    """Each mark as its kind, its level and its text."""
    return [(each.kind, each.level, content.text[each.start : each.end]) for each in content.marks]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>A</h1><h3>B</h3><p>c", [("heading", 1, "# A"), ("heading", 3, "### B"), ("sentence", 0, "c")]),
        ("<h2>A <em>b</em></h2>", [("heading", 2, "## A b")]),
        ("<h6>A</h6><hr>b", [("heading", 6, "###### A"), ("sentence", 0, "b")]),
        ("<ul><li>a<li>b</ul>", [("item", 1, "- a"), ("item", 1, "- b")]),
        ("<menu><li><p>a</p></menu>b", [("item", 1, "- a"), ("sentence", 0, "b")]),
        ("<li>a", [("item", 1, "- a")]),
        (
            "<ul><li>a<ul><li>b<ul><li>c</ul></ul><li>d</ul>",
            [("item", 1, "- a"), ("item", 2, "  - b"), ("item", 3, "    - c"), ("item", 1, "- d")],
        ),
        ("<ul><li><p>a</p><p>b</p></ul>", [("item", 1, "- a"), ("sentence", 1, "b")]),
        ("<ol><li>a<pre>b</pre></ol>", [("step", 1, "1. a"), ("code", 1, "```\nb\n```")]),
        ("<ol start=7><li>a<li>b</ol>", [("step", 1, "7. a"), ("step", 1, "8. b")]),
        ("<ol><li value=4>a<li>b</ol><p>c", [("step", 1, "4. a"), ("step", 1, "5. b"), ("sentence", 0, "c")]),
        ("<ol type=a start=26><li>x<li>y</ol>", [("step", 1, "z. x"), ("step", 1, "aa. y")]),
        ("<ol type=I><li value=1994>x<li value=4>y</ol>", [("step", 1, "MCMXCIV. x"), ("step", 1, "IV. y")]),
        ("<ol type=i start=x><li>x<li value=0>y</ol>", [("step", 1, "i. x"), ("step", 1, "0. y")]),
        ("<ol style='list-style: none'><li>§ 4 a<li>§ 5 b</ol>", [("step", 1, "§ 4 a"), ("step", 1, "§ 5 b")]),
        ("<dl><dt>Tare<dd>The weight of the box.</dl>", [("pair", 0, "Tare: The weight of the box.")]),
        ("<dl><dt>A<dt>B?<dd>c<dd>d</dl>e", [("pair", 0, "A, B? c"), ("pair", 0, "A, B? d"), ("sentence", 0, "e")]),
        ("<dl><dt>A<dt>B</dl>", [("sentence", 0, "A"), ("sentence", 0, "B")]),
        ("<dl><dt>A<dd><p>b<p>c</dl>", [("pair", 0, "A: b"), ("sentence", 0, "c")]),
        ("<pre>\n  a\n\n b\n</pre>", [("code", 0, "```\n  a\n\n b\n```")]),
        ("<pre><code>a ``` b</code></pre>c", [("code", 0, "a ``` b"), ("sentence", 0, "c")]),
        ("<pre> </pre><p>a", [("sentence", 0, "a")]),
        (
            "<p><b>Opening</b> <strong>hours</strong></p>From 8.",
            [("heading", 6, "Opening hours"), ("sentence", 0, "From 8.")],
        ),
        ("<p><b>Closed.</b></p><p>a", [("sentence", 0, "Closed."), ("sentence", 0, "a")]),
        (
            "<p><b>Ada Byron</b><h2>A</h2><p><b>Bo Ek",
            [("sentence", 0, "Ada Byron"), ("heading", 2, "## A"), ("sentence", 0, "Bo Ek")],
        ),
        ("<details><summary>Who pays?</summary>You.</details>", [("heading", 6, "Who pays?"), ("sentence", 0, "You.")]),
        (
            "<h2><button>Who pays?</button></h2><button>Send</button><p>You.",
            [("heading", 2, "## Who pays?"), ("sentence", 0, "You.")],
        ),
        (
            "<button aria-expanded=false aria-controls=a>Who pays?</button><div id=a hidden>You.</div>",
            [("heading", 6, "Who pays?"), ("sentence", 0, "You.")],
        ),
        ("<p>a<footer>b<address>c</address></footer>", [("sentence", 0, "a"), ("front", 0, "b"), ("sentence", 0, "c")]),
        ("<article>a<footer>b</footer></article>", [("sentence", 0, "a"), ("sentence", 0, "b")]),
        (
            "<div role=navigation>a</div><ul id=toc><li>b</ul><div class='a TOC'>x</div><nav>c</nav>d",
            [("sentence", 0, "d")],
        ),
    ],
)
def test_each_block_is_what_its_elements_say(html: str, expected: list[tuple[str, int, str]]) -> None:
    assert structure(html_content(html)) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p hidden>a<i hidden>b</i></p><p>c", "c"),
        ("<p style='color: red; display: none'>a</p><p style='DISPLAY:NONE'>b</p>c", "c"),
        ("a <span aria-hidden=true>×</span><div hidden><p aria-hidden=true style='display:none'>b</div>", "a"),
        ("3 × 10<sup>6</sup> or 10<sup>−6</sup>, 40 m<sup>2</sup>", "3 × 10^6 or 10^−6, 40 m^2"),
        ("5,400<sup><a href=#n2>2</a></sup> people, the 4<sup>th</sup>", "5,400[2] people, the 4th"),
        ("<math><msup><mi>a</mi><mn>2</mn></msup><mo>=</mo><mfrac><mn>1</mn><mn>4</mn></mfrac></math>", "a^2=1/4"),
        ("<p>Hours:</p><img alt='Open from 9 to 12'>", "Hours:\n\nOpen from 9 to 12"),
        ("<p>Press <img alt='the big red knob'>.", "Press the big red knob ."),
        ("<a><img alt='next page'></a>b", "b"),
        ("Name: <input value='Bo Ek'> <input type=hidden value=x><input type=submit value=Send>", "Name: Bo Ek"),
        ("<label><input type=checkbox checked> Milk</label><label><input type=radio> Tea</label>", "[x] Milk [ ] Tea"),
        ("<input type=checkbox id=menu><p>Milk</p>", "Milk"),
        ("Size: <select><option>S<option selected>M</select> <textarea>As a gift.</textarea>", "Size: M As a gift."),
    ],
)
def test_a_page_says_what_a_reader_sees_of_it(html: str, text: str) -> None:
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


def test_a_page_with_a_damaged_byte_is_read_in_the_encoding_that_it_names() -> None:
    page = b"<meta charset=shift_jis><p>" + "東京の駅".encode("cp932") + b"\x81\xff" + "です".encode("cp932")
    assert html_content(decode_html(page)).text.startswith("東京の駅\ufffd")


def test_a_page_is_a_document_with_its_title(tmp_path: Path) -> None:
    path = tmp_path / "a.HTM"
    path.write_bytes("<title>T</title><p>Смерть".encode("koi8-r").replace(b"<p>", b"<meta charset=koi8-r><p>"))
    document = read_document(path, root=tmp_path)
    assert (document.id, document.title, document.text) == ("a.HTM", "T", "Смерть")
