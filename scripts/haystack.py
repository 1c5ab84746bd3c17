"""Measure answers over whole articles as files, as a user has them: ingested, searched and asked.

    python scripts/haystack.py PATH [--others 32] [--every 3]

PATH holds squad2_half and squad_articles, whose file names are the titles. The questions are about the
articles of squad2_half; `others` more stand beside them. Those with an odd number are held out: neither the reader
nor the weights have seen them.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import qa
from qa.types import Citation, Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about an article, and where in its file the answers begin; nowhere when it is impossible."""

    question: str
    article: int
    document: str
    starts: frozenset[int]

    def is_in(self, place: Passage | Citation) -> bool:
        """Whether an answer begins in these characters."""
        return place.document == self.document and any(place.start <= each < place.end for each in self.starts)


def load_questions(articles: Path, path: Path) -> Iterator[Asked]:
    """The questions of SQuAD 2.0 JSON, their answers found again in the files of whole articles."""
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        name = f"{article['title']}.txt"
        text = (articles / name).read_text(encoding="utf-8")
        for paragraph in article["paragraphs"]:
            offset = text.index(paragraph["context"])
            for each in paragraph["qas"]:
                starts = frozenset(offset + answer["answer_start"] for answer in each["answers"])
                yield Asked(question=each["question"].strip(), article=number, document=name, starts=starts)


def measure(bot: qa.Chatbot, questions: list[Asked], *, name: str) -> None:
    """Print what becomes of these questions, in percent."""
    answerable = [each for each in questions if each.starts]
    places, right, refused = [], [], []
    for each in answerable:
        hits, answer = bot.search(each.question), bot.ask(each.question)
        places.append(next((row for row, hit in enumerate(hits) if each.is_in(hit.passage)), len(hits)))
        right.append(any(map(each.is_in, answer.citations)))
        refused.append(answer.abstained)
    missed = [bot.ask(each.question).abstained for each in questions if not each.starts]
    print(
        f"{name}, {len(answerable)} questions: passage first {_percent([place < 1 for place in places])}, "
        f"in five {_percent([place < 5 for place in places])}; right sentence cited {_percent(right)}, "
        f"refused {_percent(refused)}; {len(missed)} near misses: refused {_percent(missed)}"
    )


def _percent(held: Sequence[bool]) -> str:
    return f"{100 * float(np.mean(held)):.1f} %"


def main() -> None:
    """Ingest the articles and print a line for the held-out ones and one for the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--others", type=int, default=32, help="articles without questions")
    parser.add_argument("--every", type=int, default=3, help="ask one question in so many")
    given = parser.parse_args()
    articles = given.data / "squad_articles"
    questions = list(load_questions(articles, given.data / "squad2_half/dev-v2.0.json"))[:: given.every]
    about = {each.document for each in questions}
    others = sorted(path.name for path in articles.glob("*.txt") if path.name not in about)
    with TemporaryDirectory() as folder:
        for name in sorted(about) + others[:: max(1, len(others) // given.others)][: given.others]:
            shutil.copy(articles / name, folder)
        with qa.Chatbot.open(fill=False, model="extractive", chroma=":memory:") as bot:
            report = bot.ingest(folder)
            print(f"{len(report.added)} articles, {report.passages} passages")
            measure(bot, [each for each in questions if each.article % 2 == 1], name="held out")
            measure(bot, [each for each in questions if each.article % 2 == 0], name="learnt from")


if __name__ == "__main__":
    main()
