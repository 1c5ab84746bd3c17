"""The documents that were written for the reader: every question rests on characters of its text."""

from __future__ import annotations

from pathlib import Path

import pytest

import written
from qa.models.minilm import MiniLM, load_tokenizer

TEXT = """=== Pump.md
# Pump P-4

| Item | Value |
|---|---|
| Weight, empty | 21.5 kg |

1. Close the valve.
2. Open the drain.
---
Q: How heavy is it without water?
A: 21.5 kg
E: | Weight, empty | 21.5 kg |
Q: How do I drain it?
A: -
E: 1. Close the valve.
N: How tall is it?
Q: What is the weight, empty?
A: 21.5 kg
E: | Weight, empty | 21.5 kg |

=== Note.txt
Ines lent Otto the ladder.
---
N: Who lent Ines a ladder?
"""


def test_a_question_has_its_answer_in_the_text_and_in_the_pair_that_the_reader_learns(tmp_path: Path) -> None:
    (tmp_path / "small-01.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "small-05.txt").write_text(TEXT, encoding="utf-8")
    pump, note = written.load("reader", count_pieces=MiniLM().count_pieces, folder=tmp_path)
    text = "".join(passage.text for passage in pump.passages)
    assert [(each.plain, each.answer and text[slice(*each.answer)]) for each in pump.asked] == [
        (False, "21.5 kg"), (False, "Close the valve."), (False, None), (True, "21.5 kg"),
    ]  # fmt: skip
    assert [each.answer for each in note.asked] == [None]
    pairs, tokenizer = list(written.pairs([pump, note])), load_tokenizer()
    said = [tokenizer.decode(pair.text[pair.first : pair.last + 1].tolist()) for pair in pairs if pair.answerable]
    assert said == ["21. 5 kg", "close the valve.", "21. 5 kg"]
    assert sum(not pair.answerable for pair in pairs) == 2


@pytest.mark.parametrize("use", ["weights", "report"])
def test_no_question_of_the_documents_is_lost(use: written.Use) -> None:
    files = [path for path in written.FOLDER.glob("*.txt") if written.use_of(path) == use]
    asked = sum(path.read_text(encoding="utf-8").count(f"\n{mark}: ") for path in files for mark in "QN")
    documents = list(written.load(use, count_pieces=MiniLM().count_pieces))
    assert sum(len(each.asked) for each in documents) == asked > 500
