"""The reader: where an answer stands, to the character; equal for everybody; loud when its weights are not right."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_reader_graph import STEPS, build, pack, unpack
from qa.errors import EmbeddingError
from qa.models import reader as reading
from qa.models.reader import GRAPH, SHA256, WEIGHTS, Reader
from qa.types import Reading

MILL = "The tide mill was built in 1170. It ground corn for the priory until its oak shaft broke in 1957."
LAMP = "Every lamp on the quay burns paraffin. The keeper, Ada Thorne, trims them at dusk."
SENTENCES = {MILL: [(0, 32), (33, len(MILL))], LAMP: [(0, 39), (40, len(LAMP))]}
QUESTION = "When did the shaft of the mill break?"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def read(reader: Reader, question: str, text: str) -> Reading:
    """The reading of one text, sentence by sentence where its sentences are known."""
    return reader.read(question, [text], [SENTENCES.get(text, [(0, len(text))])])[0]


@pytest.mark.parametrize(
    ("question", "text", "sentence", "answer"),
    [
        ("When was the tide mill built?", MILL, 0, "1170"),
        (QUESTION, MILL, 1, "1957"),
        ("What wood was the shaft made of?", MILL, 1, "oak"),
        ("What does every lamp on the quay burn?", LAMP, 0, "paraffin"),
        ("Who is the keeper?", LAMP, 1, "Ada Thorne"),
        ("When are the lamps trimmed?", LAMP, 1, "dusk"),
    ],
)
def test_the_best_answer_is_in_the_sentence_that_gives_it(
    reader: Reader, question: str, text: str, sentence: int, answer: str
) -> None:
    found = read(reader, question, text)
    assert found.best == found.parts[sentence]
    assert found.best
    assert text[found.best.start : found.best.end] == answer
    assert found.best.support == max(part.support for part in found.parts if part)
    assert found.answerable > 0


@pytest.mark.parametrize("question", ["Who wrote the opera?", "Which harbour imports copper?"])
def test_a_text_that_answers_nothing_is_read_as_such(reader: Reader, question: str) -> None:
    for found in reader.read(question, [MILL, LAMP], list(SENTENCES.values())):
        assert found.answerable < 0
        assert found.best
        assert found.best.score < 0


def test_a_span_may_be_the_whole_text_and_parts_run_along_the_spans(reader: Reader) -> None:
    whole = (0, len(MILL))
    first, second, both = reader.read(QUESTION, [MILL], [[*SENTENCES[MILL], whole]])[0].parts
    assert first
    assert second
    assert both
    assert (both.start, both.end, both.score) == (second.start, second.end, second.score)
    assert first.support < both.support < second.support


def test_no_texts_give_no_readings_and_no_spans_no_parts(reader: Reader) -> None:
    assert reader.read(QUESTION, [], []) == []
    found = reader.read(QUESTION, [MILL], [[]])[0]
    assert (found.parts, found.best) == ((), None)


@pytest.mark.parametrize("text", ["", "   \n", "\u0301\u0301", "\ud83d"])
def test_a_text_without_words_has_no_answer(reader: Reader, text: str) -> None:
    found = read(reader, QUESTION, text)
    assert found.parts == (None,) or text == "\ud83d"
    assert np.isfinite(found.answerable)


@pytest.mark.parametrize("span", [(5, 5), (9, 3), (40, 32), (500, 600), (1, 3), (32, 33)])
def test_a_span_in_which_no_whole_word_lies_has_no_answer(reader: Reader, span: tuple[int, int]) -> None:
    assert reader.read(QUESTION, [MILL], [[span]])[0].parts == (None,)


def test_texts_and_spans_that_do_not_match_are_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="shorter"):
        reader.read(QUESTION, [MILL, LAMP], [[(0, 32)]])


@pytest.mark.parametrize("text", ["[CLS] [SEP] [MASK] [PAD]", "[SEP]" * 500, "\x00\x01\u202e", "\u0e33" * 400])
def test_odd_characters_and_marks_of_the_model_are_read_too(reader: Reader, text: str) -> None:
    found = reader.read(text, [text, MILL], [[(0, len(text))], SENTENCES[MILL]])
    assert np.isfinite([each.answerable for each in found]).all()
    assert all(found[1].parts)


def test_a_mark_of_the_model_in_a_text_is_an_unknown_word_and_ends_nothing(reader: Reader) -> None:
    unknown = ("\U0001f642", "[SEP]", "[CLS]", "[PAD]", "[MASK]")
    found = [read(reader, f"{QUESTION} {mark}", f"{MILL} {mark} {LAMP}") for mark in unknown]
    assert {(each.answerable, each.parts[0].score) for each in found if each.parts[0]} == {
        (found[0].answerable, found[0].best.score if found[0].best else None)
    }


def test_an_empty_question_and_one_without_end_are_read(reader: Reader) -> None:
    assert np.isfinite(read(reader, "", MILL).answerable)
    assert read(reader, "mill " * 20_000, MILL) == read(reader, "mill " * 64, MILL)


def test_of_a_text_without_end_only_what_fits_is_read(reader: Reader) -> None:
    ends = [(0, 1000), (99_000, 100_000)]
    near, far = reader.read(QUESTION, ["mill " * 20_000], [ends])[0].parts
    assert near
    assert far is None
    assert reader.read(QUESTION, ["mill " * 20_000], [ends]) == reader.read(QUESTION, ["mill " * 400], [ends])


def test_an_accent_that_stands_alone_belongs_to_the_word_before_it(reader: Reader) -> None:
    text = "The keeper of the cafe\u0301 is Rene\u0301."
    best = read(reader, "Who keeps the café?", text).best
    assert best
    assert text[best.start : best.end] == "Rene\u0301"


LETTERS = st.characters(categories=("Lu", "Ll", "Nd"), max_codepoint=0x24F)
ANY = st.one_of(
    LETTERS, st.sampled_from(" \n.,'-%\u0301\ufe0f\u200d\u4e2d\u0130\ufb01\U0001f642\ud83d\x00"), st.characters()
)


@settings(max_examples=100, deadline=None)
@given(text=st.text(ANY, max_size=120), spans=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=4))
def test_an_answer_is_whole_words_within_its_span(text: str, spans: list[tuple[int, int]]) -> None:
    whole = (0, len(text))
    found = reading.reader().read("Who?", [text], [[whole, *spans]])[0]
    for (start, end), part in zip([whole, *spans], found.parts, strict=True):
        if part:
            assert start <= part.start < part.end <= min(end, len(text))
            said = text[part.start : part.end]
            assert said.strip() == said
            assert not is_latin(text[max(0, part.start - 1) : part.start + 1])
            assert not is_latin(text[part.end - 1 : part.end + 1])


def is_latin(two: str) -> bool:
    """Whether two characters stand within one word, such as no answer may cut."""
    return len(two) == 2 and two.isascii() and two.isalnum()


def test_a_reading_has_the_same_bits_whatever_is_read_beside_it_and_on_how_many_threads(reader: Reader) -> None:
    texts = [MILL, LAMP, f"{MILL} {LAMP}", "", LAMP * 9, MILL] * 3
    spans = [[(0, len(text)), (0, 60)] for text in texts]
    alone = [reader.read(QUESTION, [text], [each])[0] for text, each in zip(texts, spans, strict=True)]
    for workers in (1, 2, 8):
        assert Reader(workers=workers).read(QUESTION, texts, spans) == alone
    with ThreadPoolExecutor(8) as askers:
        assert all(found == alone for found in askers.map(lambda _: reader.read(QUESTION, texts, spans), range(8)))


def test_another_process_reads_the_same_bits(reader: Reader) -> None:
    code = f"from qa.models.reader import reader; print(reader().read({QUESTION!r}, [{MILL!r}], [[(0, 32), (33, 97)]]))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == repr([read(reader, QUESTION, MILL)])


def test_all_who_ask_at_once_get_the_one_reader_of_the_process() -> None:
    reading._loaded.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        readers = list(pool.map(lambda _: reading.reader(), range(8)))
    assert len(set(map(id, readers))) == reading._loaded.cache_info().misses == 1


def test_importing_qa_does_not_load_the_reader() -> None:
    code = "import qa, qa.chatbot; from qa.models.reader import _loaded; print(_loaded.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux's /proc")
def test_beside_minilm_the_reader_takes_less_than_60_mb() -> None:
    code = f"""
from qa.models.minilm import minilm
from qa.models.reader import reader
def held():
    lines = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    return int(lines["RssAnon"].split()[0]) / 1024
text = {MILL!r} * 9
minilm().embed([text] * 8)
before = held()
for _ in range(5):
    reader().read({QUESTION!r}, [text] * 5, [[(0, 32)]] * 5)
print(held() - before)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 15 < float(told) < 60


@pytest.mark.parametrize("file", ["WEIGHTS", "GRAPH"])
@pytest.mark.parametrize(
    "damage", [lambda content: b"", lambda content: content[:-1], lambda content: b"!" + content[1:]]
)
def test_a_damaged_file_is_named_with_both_hashes_and_the_command(
    file: str, damage: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = getattr(reading, file)
    damaged, content = tmp_path / ours.name, damage(ours.read_bytes())
    damaged.write_bytes(content)
    monkeypatch.setattr(reading, file, damaged)
    with pytest.raises(EmbeddingError) as raised:
        Reader()
    assert str(raised.value) == (
        f"{damaged} has SHA-256 {hashlib.sha256(content).hexdigest()}, expected {SHA256[ours.name]}. "
        "Run in a checkout of this program: git restore src/qa/_data && pip install --no-deps --force-reinstall ."
    )


def test_weights_that_are_gone_are_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WEIGHTS", tmp_path / WEIGHTS.name)
    with pytest.raises(EmbeddingError, match=r"reader\.safetensors cannot be read: No such file .* git restore"):
        Reader()


def test_the_graph_is_the_one_that_its_script_builds() -> None:
    assert build(WEIGHTS).SerializeToString(deterministic=True) == GRAPH.read_bytes()


def test_two_products_of_a_weight_and_an_input_never_overflow_16_bits(tmp_path: Path) -> None:
    weights = unpack(WEIGHTS)
    pack(weights, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == WEIGHTS.read_bytes()
    assert 2 * STEPS * 255 < 2**15
