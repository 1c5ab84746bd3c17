from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answers.citations import CitationStream
from qa.answers.statements import read_statements
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
    ("x [2].", "x [1].", ["B one. B two. B three."], []),
    ("x [1, 3].", "x [1][2].", ["A one. A two.", "C one."], []),
    ("x [1-2].", "x [1][2].", ["A one. A two.", "B one. B two. B three."], []),
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
    ("```\nx = a[2]\n```\n[2.1]", "```\nx = a[2]\n```\n[1]", ["B one."], []),
    ("```py\n[2.1] ``\n````\n[2.1]", "```py\n[2.1] ``\n````\n[1]", ["B one."], []),
    ("~~~\n[2.1]\n~~~\n[2.1]", "~~~\n[2.1]\n~~~\n[1]", ["B one."], []),
    ("a ~ b [2.1]", "a ~ b [1]", ["B one."], []),
    ("5` wide [2.1]\n[2.1]", "5` wide [2.1]\n[1]", ["B one."], []),
    ("[sic] [...] [a] []", "[sic] [...] [a] []", [], []),
    ("in [2024] and [0.5, 1.2]", "in [2024] and [0.5, 1.2]", [], []),
    ("at [2:30] or [2.1a]", "at [2:30] or [2.1a]", [], []),
    ("(2.1) and {2.1}", "(2.1) and {2.1}", [], []),
    ("[source] [passage two]", "[source] [passage two]", [], []),
    ("[2.1", "[2.1", [], []),
    ("2.1]", "2.1]", [], []),
    ("[2.1\n]", "[2.1\n]", [], []),
    ("x [[2.1] y", "x [[1] y", ["B one."], []),
    ("[2.1][3.1][1.1]", "[1][2][3]", ["B one.", "C one.", "A one."], []),
    ("No markers at all.", "No markers at all.", [], []),
    ("", "", [], []),
    ("  two  spaces \n\n [2.1]\n", "  two  spaces \n\n [1]\n", ["B one."], []),
]


def read(pieces: list[str]) -> tuple[CitationStream, list[str | Citation]]:
    stream = CitationStream(PASSAGES)
    events = [event for piece in pieces for event in stream.feed(piece)]
    return stream, events + stream.close()


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(("written", "shown", "quotes", "unknown"), TABLE, ids=[row[0] for row in TABLE])
def test_what_models_write_gives_the_expected_citations_for_every_cut(
    written: str, shown: str, quotes: list[str], unknown: list[str]
) -> None:
    ways = [[written], list(written), *([written[:at], written[at:]] for at in range(len(written)))]
    for pieces in ways:
        stream, events = read(pieces)
        assert stream.text == "".join(event for event in events if isinstance(event, str)) == shown
        assert [citation.quote for citation in stream.citations] == quotes
        assert stream.unknown == unknown


@given(
    rows=st.lists(st.sampled_from([row[0] for row in TABLE]), min_size=1, max_size=4),
    places=st.lists(st.integers(0, 10_000), max_size=12),
)
def test_the_way_the_text_is_cut_changes_nothing(rows: list[str], places: list[int]) -> None:
    text = " ".join(rows)
    whole, _ = read([text])
    pieces, _ = read(cut(text, places))
    assert (pieces.text, pieces.marks, pieces.citations, pieces.unknown) == (
        whole.text,
        whole.marks,
        whole.citations,
        whole.unknown,
    )


@given(
    text=st.text(alphabet="[]【】()\\`~.,;-–129a \nand", max_size=60), places=st.lists(st.integers(0, 60), max_size=8)
)
def test_any_text_is_cut_invariant_and_its_marks_stand_where_they_say(text: str, places: list[int]) -> None:
    whole, _ = read([text])
    pieces, events = read(cut(text, places))
    assert (pieces.text, pieces.marks) == (whole.text, whole.marks)
    assert all(pieces.text[mark.start : mark.end] == f"[{mark.number}]" for mark in pieces.marks)
    first = list(dict.fromkeys(mark.number for mark in pieces.marks))
    assert first == [citation.number for citation in pieces.citations] == list(range(1, len(first) + 1))
    assert [event for event in events if isinstance(event, Citation)] == pieces.citations


def test_a_citation_comes_before_its_first_marker_and_only_once() -> None:
    _, events = read(["Rome [2", ".1]. Pisa [2.1]."])
    assert [event if isinstance(event, str) else event.number for event in events] == ["Rome", 1, " [1]. Pisa [1]."]


def test_only_what_may_become_a_marker_is_held_back() -> None:
    stream = CitationStream(PASSAGES)
    shown = [stream.feed(piece) for piece in ("Rome", " [", "2.", "1", "]", " [the", " (x", ". ")]
    assert [[event for event in events if isinstance(event, str)] for events in shown] == [
        ["Rome"], [], [], [], [" [1]"], [" [the"], [" (x"], ["."],
    ]  # fmt: skip


def test_a_citation_quotes_its_document_exactly() -> None:
    stream, _ = read(["[2.2]"])
    assert stream.citations == [
        Citation(number=1, document="b", title="b", start=7, end=13, page=None, quote="B two.", version="v1")
    ]


@pytest.mark.parametrize(
    "hostile", ["[" * 50_000, "[2.1" * 20_000, " " * 100_000, "`" * 50_000, "[2.1](" * 10_000, "[9.9]," * 20_000]
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    started = time.perf_counter()
    read([hostile])
    read([hostile[at : at + 7] for at in range(0, len(hostile), 7)])
    assert time.perf_counter() - started < 5


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
    stream, _ = read([written])
    found = read_statements(stream)
    assert [(each.text, each.numbers) for each in found] == expected


@given(rows=st.lists(st.sampled_from([row[0] for row in TABLE]), min_size=1, max_size=6))
def test_statements_tile_the_text_with_its_markers(rows: list[str]) -> None:
    stream, _ = read([". ".join(rows)])
    found = read_statements(stream)
    if found:
        assert "".join(stream.text[each.start : each.end] for each in found) == stream.text
        assert {number for each in found for number in each.numbers} == {mark.number for mark in stream.marks}
