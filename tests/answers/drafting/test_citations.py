from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attack_times import grows
from qa.answers.drafting.citations import Citations, Marker, read_markers
from qa.answers.drafting.statements import StatementStream, Written
from qa.types import Citation, Passage, Unit


def passage(document: str, *sentences: str) -> Passage:
    spans, start = [], 0
    for sentence in sentences:
        spans.append(Unit(kind="sentence", start=start, end=start + len(sentence)))
        start += len(sentence) + 1
    text = " ".join(sentences)
    return Passage(
        document=document,
        version="v1",
        title=document,
        ordinal=0,
        start=0,
        end=len(text),
        text=text,
        units=tuple(spans),
    )


PASSAGES = [passage("a", "A one.", "A two."), passage("b", "B one.", "B two.", "B three."), passage("c", "C one.")]

# What a model writes | what the reader sees | the quotes in order | the ids that do not exist
TABLE: list[tuple[str, str, list[str], list[str]]] = [
    ("Rome [2.1].", "Rome [1].", ["B one."], []),
    ("Rome. [2.1]", "Rome. [1]", ["B one."], []),
    ("Rome.[2.1] Then", "Rome.[1] Then", ["B one."], []),
    ("Rome[2.1].", "Rome[1].", ["B one."], []),
    ("[2.1] Rome", "[1] Rome", ["B one."], []),
    ("Rome [1.1], then Pisa [1.2].", "Rome [1], then Pisa [2].", ["A one.", "A two."], []),
    ("Second [3.1], first [1.1].", "Second [1], first [2].", ["C one.", "A one."], []),
    ("Twice [2.1]. Again [2.1].", "Twice [1]. Again [1].", ["B one."], []),
    ("x [2.1, 2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1,2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1; 2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1 2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1 and 2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1 & 2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1, and 2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1, 2.1].", "x [1].", ["B one."], []),
    ("x [2.1][2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1] [2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1], [2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1]; [2.3].", "x [1][2].", ["B one.", "B three."], []),
    ("x [2.1][2.1].", "x [1].", ["B one."], []),
    ("x [2.1] and [2.3].", "x [1] and [2].", ["B one.", "B three."], []),
    ("x [2.1-2.3].", "x [1][2][3].", ["B one.", "B two.", "B three."], []),
    ("x [2.1–2.3].", "x [1][2][3].", ["B one.", "B two.", "B three."], []),
    ("x [2.1 - 2.2].", "x [1][2].", ["B one.", "B two."], []),
    ("x [2.1-3].", "x [1][2][3].", ["B one.", "B two.", "B three."], []),
    ("x [2.1 to 2.2].", "x [1][2].", ["B one.", "B two."], []),
    ("x [2.3-2.1].", "x [1][2].", ["B three.", "B one."], []),
    ("x [1.2-2.1].", "x [1][2].", ["A two.", "B one."], []),
    ("x [2.2-2.9].", "x [1][2].", ["B two.", "B three."], ["2.9"]),
    ("x [2].", "x [1][2][3].", ["B one.", "B two.", "B three."], []),
    ("x [1, 3].", "x [1][2][3].", ["A one.", "A two.", "C one."], []),
    ("x [1-2].", "x [1][2][3][4][5].", ["A one.", "A two.", "B one.", "B two.", "B three."], []),
    ("x 【2.1】.", "x [1].", ["B one."], []),
    ("x 【2.1†source】.", "x [1].", ["B one."], []),
    ("x 【2.1】【2.2】.", "x [1][2].", ["B one.", "B two."], []),
    ("x ［2.1］.", "x [1].", ["B one."], []),
    ("x 〔2.1〕.", "x [1].", ["B one."], []),
    ("他到达罗马【2.1，2.2】。", "他到达罗马[1][2]。", ["B one.", "B two."], []),
    ("他到达罗马［2.1、2.2］。", "他到达罗马[1][2]。", ["B one.", "B two."], []),
    ("x [[2.1]].", "x [1].", ["B one."], []),
    ("x [[2.1, 2.2]].", "x [1][2].", ["B one.", "B two."], []),
    ("x [[2.1], [2.2]].", "x [[1][2]].", ["B one.", "B two."], []),
    (r"x \[2.1\].", "x [1].", ["B one."], []),
    ("x [ 2.1 ].", "x [1].", ["B one."], []),
    ("x [^2.1].", "x [1].", ["B one."], []),
    ("x [#2.1].", "x [1].", ["B one."], []),
    ("x ([2.1]).", "x ([1]).", ["B one."], []),
    ("x **[2.1]**.", "x **[1]**.", ["B one."], []),
    ("x [passage 2.1].", "x [1].", ["B one."], []),
    ("x [Passage 2, sentence 1].", "x [1].", ["B one."], []),
    ("x [Sentences 2.1 and 2.2].", "x [1][2].", ["B one.", "B two."], []),
    ("x [Source: 2.1].", "x [1].", ["B one."], []),
    ("x [id 2.1].", "x [1].", ["B one."], []),
    ("x [cite: 2.1, 2.2].", "x [1][2].", ["B one.", "B two."], []),
    ("x [see 2.1].", "x [1].", ["B one."], []),
    ("x [2.1](#2.1) y", "x [1] y", ["B one."], []),
    ("x [2.1](http://evil.example/?q=1) y", "x [1] y", ["B one."], []),
    ("x [2.1](not a link) y", "x [1](not a link) y", ["B one."], []),
    ("x [9.9].", "x.", [], ["9.9"]),
    ("x [2.9].", "x.", [], ["2.9"]),
    ("x [9].", "x.", [], ["9"]),
    ("x [9.9] y", "x y", [], ["9.9"]),
    ("[9.9] x", "x", [], ["9.9"]),
    ("x.\n[9.9] y", "x.\ny", [], ["9.9"]),
    ("x [2.1, 9.9].", "x [1].", ["B one."], ["9.9"]),
    ("x [9.9], [2.1].", "x [1].", ["B one."], ["9.9"]),
    ("x [2.1], [9.9], and", "x [1], and", ["B one."], ["9.9"]),
    ("x [9.9]. y [9.9].", "x. y.", [], ["9.9"]),
    ("`a[2.1]` and [2.1]", "`a[2.1]` and [1]", ["B one."], []),
    ("``a ` [2.1]`` [2.1]", "``a ` [2.1]`` [1]", ["B one."], []),
    ("```\nx = a[2]\n```\n[2.1]", "```\nx = a[2]\n```\n", [], []),
    ("```py\n[2.1] ``\n````\n[2.1]", "```py\n[2.1] ``\n````\n", [], []),
    ("~~~\n[2.1]\n~~~\n[2.1]", "~~~\n[2.1]\n~~~\n", [], []),
    ("a ~ b [2.1]", "a ~ b [1]", ["B one."], []),
    ("5` wide [2.1]\n[2.1]", "5` wide [1]\n[1]", ["B one."], []),
    ("[sic] [...] [a] []", "[sic] [...] [a] []", [], []),
    ("in [2024] and [0.5, 1.2]", "in [2024] and [0.5, 1.2]", [], []),
    ("at [2:30] or [2.1a]", "at [2:30] or [2.1a]", [], []),
    ("(2.1) and {2.1}", "(2.1) and {2.1}", [], []),
    ("[source] [passage two]", "[source] [passage two]", [], []),
    ("Rome [1.1][2.", "Rome [1]", ["A one."], []),
    ("Rome [", "Rome", [], []),
    ("2.1]", "2.1]", [], []),
    ("[2.1\n]", "[2.1\n]", [], []),
    ("x [[2.1] y", "x [[1] y", ["B one."], []),
    ("[2.1][3.1][1.1]", "", [], []),
    ("No markers at all.", "No markers at all.", [], []),
    ("", "", [], []),
    ("  two  spaces \n\n [2.1]\n", "  two  spaces \n\n [1]\n", ["B one."], []),
]


def split(pieces: list[str]) -> list[Written]:
    stream = StatementStream()
    return [*(written for piece in pieces for written in stream.feed(piece)), *stream.close()]


def shown(pieces: list[str]) -> tuple[str, Citations]:
    """The text with every id that exists cited, as of a reply that is right about all of them."""
    citations, text = Citations(PASSAGES), ""
    for written in split(pieces):
        ids = [each for part in written.pieces if isinstance(part, Marker) for each in part.ids]
        text += citations.render(written.pieces, () if written.is_form else citations.named(ids))[0]
    return text, citations


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(("written", "expected", "quotes", "unknown"), TABLE, ids=[row[0] for row in TABLE])
def test_what_models_write_gives_the_expected_citations(
    written: str, expected: str, quotes: list[str], unknown: list[str]
) -> None:
    text, citations = shown([written])
    assert text == expected
    assert [citation.quote for citation in citations.cited] == quotes
    assert citations.unknown == unknown


@pytest.mark.parametrize("written", [row[0] for row in TABLE])
def test_every_cut_of_what_models_write_gives_the_same_statements(written: str) -> None:
    whole = split([written])
    for pieces in [list(written), *([written[:at], written[at:]] for at in range(len(written)))]:
        assert split(pieces) == whole


REPLY = st.lists(
    st.sampled_from(
        [
            *(row[0] for row in TABLE),
            "Dr. Ada left. ",
            "Yes. It is. ",
            "e.g. [1.1]",
            "\n",
            "\n\n",
            "| a |\n",
            "|---|\n",
            "| b",
        ]
    ),
    min_size=1,
    max_size=6,
)


@given(rows=REPLY, places=st.lists(st.integers(0, 10_000), max_size=12))
def test_the_way_a_reply_is_cut_changes_no_statement_and_they_tile_it(rows: list[str], places: list[int]) -> None:
    text = " ".join(rows)
    whole = split([text])
    assert "".join(written.text for written in whole) == text
    assert split(cut(text, places)) == whole


@given(
    text=st.text(alphabet="[]【】()\\`~.,;-–129a \n|#:*。", max_size=60),
    places=st.lists(st.integers(0, 60), max_size=8),
)
def test_any_text_is_cut_invariant_and_numbered_in_reading_order(text: str, places: list[int]) -> None:
    whole = split([text])
    assert "".join(written.text for written in whole) == text
    assert split(cut(text, places)) == whole
    _, citations = shown([text])
    assert [citation.number for citation in citations.cited] == list(range(1, len(citations.cited) + 1))


def test_a_citation_quotes_its_document_exactly() -> None:
    _, citations = shown(["So [2.2]"])
    assert citations.cited == [
        Citation(number=1, document="b", title="b", start=7, end=13, page=None, quote="B two.", version="v1")
    ]


def test_sources_that_the_model_did_not_cite_stand_in_the_place_of_its_ids_or_at_the_end() -> None:
    for written, expected in [
        ("Rome [2.1].", "Rome [1]."),
        ("Rome.\n\n", "Rome. [1]\n\n"),
        ("| Rome | 3 |\n", "| Rome | 3 [1] |\n"),
        ("Rome [1.1] and [9.9] more", "Rome [1] and more"),
    ]:
        citations = Citations(PASSAGES)
        assert citations.render(read_markers(written), citations.sources[:1]) == (expected, (1,))


@pytest.mark.parametrize("unit", ["[", "[2.1", " ", "`", "[2.1](", "[9.9],"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    def run(size: int) -> None:
        hostile = "a" + unit * (size // len(unit))
        shown([hostile])
        shown([hostile[at : at + 7] for at in range(0, len(hostile), 7)])

    assert grows(run, limit_s=8) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Rome [1.1]. Pisa [1.2].", [("Rome.", (1,)), ("Pisa.", (2,))]),
        ("He met her in Rome. [1.1] They left. [1.2]", [("He met her in Rome.", (1,)), ("They left.", (2,))]),
        ("He met her in Rome.[1.1] They left.[1.2]", [("He met her in Rome.", (1,)), ("They left.", (2,))]),
        ("He [1.1] met her [1.2] there.", [("He met her there.", (1, 2))]),
        ("He met her [1.1]. They left.", [("He met her.", (1,)), ("They left.", ())]),
        ("- [1.1] He met her.\n- [1.2] They left.", [("- He met her.", (1,)), ("- They left.", (2,))]),
        ("He met her.\n[1.1]", [("He met her.", (1,))]),
        ("He met her.\n\n[1.1] They left.", [("He met her.", ()), ("They left.", (1,))]),
        ("[1.1] He met her. They left.", [("He met her.", (1,)), ("They left.", ())]),
        ("1. He met her [1.1][1.2]", [("1. He met her", (1, 2))]),
        ("1. [1.1] He met her. They left.", [("1. He met her.", (1,)), ("They left.", ())]),
        ("[1.1]", []),
        ("---", []),
        ("", []),
    ],
)
def test_a_marker_belongs_to_the_sentence_it_stands_in_or_follows(
    written: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    stated = [each for each in split([written]) if not each.is_form]
    markers = [[part for part in each.pieces if isinstance(part, Marker)] for each in stated]
    numbers = [tuple(int(first[2:]) for marker in own for first, _ in marker.ids) for own in markers]
    assert list(zip([each.words for each in stated], numbers, strict=True)) == expected
