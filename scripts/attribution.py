"""Measure how well code finds what supports a model's statement, whatever ids the model wrote.

    python scripts/attribution.py [SUITE …] [--misses]

For every question of the suites (evals/seed, unanswerable and office) whose gold evidence is among the passages that
a model would be shown, the evidence is given as a model's reply: word for word, and lightly reworded by rule. The
model cites nothing, wrong ids, ids that do not exist, or every id. Precision is the share of citations that overlap
the evidence, recall the share of replies that cite it.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from langchain_core.messages import AIMessageChunk

from qa.answers import extractive
from qa.answers.drafting.citations import Citations
from qa.answers.drafting.draft import Draft
from qa.chatbot import Chatbot
from qa.evals.opening import chatbot_opener
from qa.evals.suites import Case, load_suite
from qa.types import Answer, Citation, Findings, Passage, Span, Usage

EVALS = Path(__file__).parents[1] / "evals"
OTHERS = {
    "because": "since", "about": "around", "must": "has to", "before": "ahead of", "until": "up to", "also": "too",
    "largest": "biggest", "begins": "starts", "began": "started", "every": "each", "however": "but", "under": "below",
    "can": "may", "several": "some", "and": "as well as", "which": "that", "the": "this", "a": "one",
}  # fmt: skip
LIGHT = re.compile(r"\b(" + "|".join(OTHERS) + r")\b")
FAULTS: dict[str, Callable[[Sequence[str], Sequence[str]], str]] = {
    "never cites": lambda ids, right: "",
    "cites wrong ids": lambda ids, right: "".join(
        f"[{each}]" for each in [each for each in ids if each not in right][:2]
    ),
    "invents ids": lambda ids, right: "[9.9][17.1]",
    "cites everything": lambda ids, right: "".join(f"[{each}]" for each in ids),
}


def reworded(sentence: str) -> str:
    """The sentence behind a few words of introduction, every other of its small words another one."""
    seen = iter(range(10_000))
    other = LIGHT.sub(lambda found: OTHERS[found[0]] if next(seen) % 2 == 0 else found[0], sentence)
    return f"According to the document, {other[:1].lower() if other[1:2].islower() else other[:1]}{other[1:]}"


def gold(case: Case, passages: Sequence[Passage], texts: Callable[[str], str]) -> Iterator[tuple[str, Span, str]]:
    """The evidence of a case that is one unit of a passage shown: its document, span and text."""
    for evidence in case.evidence:
        start = texts(evidence.document).find(evidence.quote)
        end = start + len(evidence.quote)
        for passage in passages:
            for unit in passage.units:
                same = passage.document == evidence.document and unit.start <= start and end <= unit.end
                if same and unit.kind in ("sentence", "item", "step") and not unit.leads:
                    yield evidence.document, Span(start=unit.start, end=unit.end), passage.cut(unit)


def cited(reply: str, passages: Sequence[Passage], found: Findings) -> tuple[Citation, ...]:
    """What the finished answer cites."""
    base = Answer(question="", query="", text="", abstained=True)
    draft = Draft(
        passages, question=found.question, idf=found.rarity, usage=Usage(), own_words=lambda: extractive.answer(found)
    )
    draft.feed(AIMessageChunk(content=reply))
    *_, answer = draft.finish(base, checker=None)
    assert isinstance(answer, Answer)
    return answer.citations


def measure(bot: Chatbot, cases: Sequence[Case], counts: dict[tuple[str, str], list[int]], *, misses: bool) -> None:
    """Count for each wording and fault: replies, those that cite the evidence, citations, those that overlap it."""
    for case in cases:
        if not case.answerable or case.history:
            continue
        found = bot._find(case.question, case.question, ())
        passages = [hit.passage for hit in found.read]
        for document, span, text in gold(case, passages, lambda name: bot.document(name).text):
            named = Citations(passages)
            ids = [
                f"{number}.{place}"
                for number, passage in enumerate(passages, start=1)
                for place in range(1, len(passage.units) + 1)
                if named.named([(f"{number}.{place}",) * 2])
            ]
            right = [
                each for each in ids for source in named.named([(each, each)])
                if source.passage.document == document and source.span.start < span.end and span.start < source.span.end
            ]  # fmt: skip
            line = " ".join(text.split())
            for wording, said in (("verbatim", line), ("reworded", reworded(line))):
                for fault, mark in FAULTS.items():
                    citations = cited(f"{said} {mark(ids, right)}", passages, found)
                    good = [
                        each for each in citations
                        if each.document == document and each.start < span.end and span.start < each.end
                    ]  # fmt: skip
                    row = counts.setdefault((wording, fault), [0, 0, 0, 0])
                    for place, value in enumerate((1, bool(good), len(citations), len(good))):
                        row[place] += value
                    if misses and "report" not in case.tags and (len(good) != len(citations) or not good):
                        print(f"{wording}, {fault}: {said}\n   cites {[each.quote for each in citations]}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("suites", nargs="*", default=["seed", "unanswerable", "office"])
    parser.add_argument("--misses", action="store_true", help="show citations of what is no evidence")
    given = parser.parse_args()
    counts: dict[tuple[str, str], list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        opener = chatbot_opener({"model": "extractive"}, work=Path(folder))
        for name in given.suites:
            suite = load_suite(EVALS / name)
            with opener(suite.corpora[""]) as bot:
                assert isinstance(bot, Chatbot)
                measure(bot, suite.cases, counts, misses=given.misses)
    for (wording, fault), (replies, hit, citations, good) in counts.items():
        shares = f"precision {good / max(1, citations):.1%}  recall {hit / replies:.1%}"
        print(f"{wording:9} {fault:17} {replies} replies: {shares}")


if __name__ == "__main__":
    main()
