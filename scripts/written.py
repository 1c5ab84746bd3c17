"""Documents that were written for the reader, with the questions that people would ask of them: `scripts/written`.

Every fact in them is invented. A text is followed by its questions: `Q:` with the shortest answer `A:` (`-` where that
is no one span) and the line `E:` that it rests on, `N:`, which sounds as if the text answered it, and after these plain
ones in the text's own words. The reader learns from the files with a number below 10 but for 5, the weights of search
from 5 and 10, the others are reported.
"""

import random
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np

from qa.documents.files import read_document
from qa.documents.passages import split_passages
from qa.models.minilm import encode, load_tokenizer
from qa.models.reader import ANSWER_PIECES
from qa.search.punctuation import punctuated
from qa.types import Passage
from question_sets import Case, CountPieces, QuestionSet
from reader_pairs import BESIDE_ANOTHER, Pair

Use = Literal["reader", "weights", "report"]
FOLDER = Path(__file__).parent / "written"
FOR_WEIGHTS = (5, 10)  # numbers of the files that are kept from the reader, for the weights of search
READ = 10  # the first number that is kept from both
SOURCE = 1_000  # of the reader's pairs
_OPENING = re.compile(r"[\s|>*+-]*(?:\d+[.)]\s+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question; when the text answers it, the characters that do, and those of the line around them.

    `plain` says that it has the text's own words.
    """

    question: str
    plain: bool = False
    answer: tuple[int, int] | None = None
    evidence: tuple[int, int] | None = None

    def is_answered_in(self, passage: Passage) -> bool:
        """Whether the whole answer lies in the passage."""
        return self.answer is not None and passage.start <= self.answer[0] and self.answer[1] <= passage.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A document with its passages, and what is asked of it."""

    name: str
    passages: tuple[Passage, ...]
    asked: list[Asked] = field(default_factory=list)


def load(use: Use, *, count_pieces: CountPieces, folder: Path = FOLDER) -> Iterator[Written]:
    """The documents of the files for one use, in order."""
    with TemporaryDirectory() as work:
        for path in sorted(folder.glob("*.txt")):
            if use_of(path) == use:
                for number, part in enumerate(path.read_text(encoding="utf-8").split("\n=== ")):
                    text, _, questions = part.partition("\n---\n")
                    file = Path(work, f"{path.stem}-{number:02d}", text.partition("\n")[0].removeprefix("=== "))
                    file.parent.mkdir()
                    file.write_text(text.partition("\n")[2].strip("\n") + "\n", encoding="utf-8")
                    document = read_document(file, root=Path(work))
                    passages = split_passages(document, count_pieces=count_pieces)
                    yield Written(
                        name=document.id, passages=passages, asked=list(_asked(questions.splitlines(), document.text))
                    )


def use_of(path: Path) -> Use:
    """What a file is for, by its number."""
    number = int(path.stem.rpartition("-")[2])
    return "weights" if number in FOR_WEIGHTS else "reader" if number < READ else "report"


def _asked(lines: Sequence[str], text: str) -> Iterator[Asked]:
    question = answer = ""
    plain = False
    for line in lines:
        said = line[2:].strip()
        match line[:2]:
            case "N:":
                plain = True
                yield Asked(question=said)
            case "Q:":
                question = said
            case "A:":
                answer = said
            case "E:" if (start := text.find(said)) >= 0:
                found = _OPENING.match(said)
                first = len(found[0]) if found else 0
                opens, closes = (first, len(said.rstrip(" |"))) if answer == "-" else (said.find(answer), 0)
                if opens >= 0:
                    yield Asked(
                        question=question,
                        plain=plain,
                        answer=(start + opens, start + (closes or opens + len(answer))),
                        evidence=(start, start + len(said)),
                    )


def question_set(document: Written) -> QuestionSet:
    """The document with its questions as a corpus that is searched."""
    cases = (
        Case(
            question=asked.question,
            answerable=asked.answer is not None,
            places=((document.name, *asked.evidence),) if asked.evidence else (),
        )
        for asked in document.asked
    )
    return QuestionSet(name="written", passages=document.passages, cases=tuple(cases))


def pairs(documents: Sequence[Written]) -> Iterator[Pair]:
    """Each question beside the passage that answers it and, half of them, one more; unanswered ones beside one."""
    tokenizer, chance = load_tokenizer(), random.Random(0)
    for written in documents:
        shown = [punctuated(passage) for passage in written.passages]
        read = encode(tokenizer, shown, special=False)
        questions = encode(tokenizer, [each.question for each in written.asked], special=False)
        for asked, ids in zip(written.asked, questions, strict=True):
            found = []
            for passage, text, pieces in zip(written.passages, shown, read, strict=True):
                moved = passage.start - len(text) + len(passage.text)
                opens = [unit.start - moved for unit in passage.units]
                first = last = -1
                if asked.answer and asked.is_answered_in(passage):
                    start, end = (each - moved for each in asked.answer)
                    held = [at for at, (left, right) in enumerate(pieces.offsets) if left < end and right > start]
                    first, last = (held[0], held[-1]) if len(held) <= ANSWER_PIECES else (-2, -2)
                found.append(
                    Pair(
                        question=np.array(ids.ids),
                        text=np.array(pieces.ids),
                        sentences=np.array([max(0, bisect_right(opens, left) - 1) for left, _ in pieces.offsets]),
                        first=first,
                        last=last,
                        answerable=first != -1,
                        source=SOURCE,
                    )
                )
            silent = [each for each in found if not each.answerable]
            yield from (each for each in found if each.answerable)
            if silent and (asked.answer is None or chance.random() < BESIDE_ANOTHER):
                yield max(silent, key=lambda each: len({*each.text} & {*each.question}))
