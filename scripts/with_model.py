"""Measure what a language model's replies become, beside what is answered without one, and how many passages it needs.

    python scripts/with_model.py MODEL [SUITE …] [--cases 40] [--passages 5 10 20] [--out replies.jsonl]
    python scripts/with_model.py extractive

The same random sample of each suite (never the cases kept for reports) is asked with and without the model. Printed for
each number of passages: how many came out right, or were refused where they must be; in whose words the answers are;
the tokens and seconds of a question; and faults that must never be: a statement that is called supported and cites
nothing, or a refusal below a statement. `--out` keeps every raw reply, to be read. With `extractive` no model is asked:
printed is of how many questions all evidence is among the passages shown, some of them the neighbours of the first.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

from qa.answers.chain import AnswerChain
from qa.answers.drafting.context import pack_context
from qa.answers.drafting.draft import NOT_SHOWN
from qa.chatbot import Chatbot
from qa.evals.opening import chatbot_opener
from qa.evals.scoring import score_case
from qa.evals.suites import Case, Suite, Texts, load_suite, read_corpus
from qa.evals.systems import System, run_case
from qa.models.tokens import count_tokens
from qa.types import Answer, Findings, Hit, Message

EVALS = Path(__file__).parents[1] / "evals"
SEED = 16
BUDGET = 6_000
MOST = 20


class Replies(BaseCallbackHandler):
    """The raw replies of a model, and what the last of them took."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Keep a reply."""
        self.texts += [each[0].text for each in response.generations]


def ranked(bot: Chatbot, question: str, query: str) -> Findings:
    """What is found, with 20 passages ranked and the usual number of them read."""
    usual = bot._find(question, query, ())
    return replace(usual, hits=bot.library.find(question, query, top_k=MOST, strictness=0.5).hits)


def sampled(suite: Suite, count: int) -> list[Case]:
    """Some cases of a suite, always the same ones."""
    usable = [each for each in suite.cases if "report" not in each.tags]
    return random.Random(SEED).sample(usable, min(count, len(usable)))


def credit(case: Case, ask: Any, texts: Texts) -> tuple[Answer, float]:
    """What is answered, and how far it came out right."""
    record = run_case(case, system=System(ask, name="asked"), texts=texts, asks=True)
    if record.answer is None:
        raise SystemExit(f"{case.id}: {record.error}")
    return record.answer, score_case(record).scores.get("headline", 0.0)


def faults(answer: Answer) -> int:
    """What must never be: supported without a citation, or refused below a statement."""
    unmarked = sum(each.support != "unsupported" and not each.citations for each in answer.sentences)
    return unmarked + (answer.abstained and bool(answer.sentences))


def ask_all(suite: Suite, bot: Chatbot, *, count: int, passages: int, out: Path | None) -> None:
    """Ask a sample with the model and without; print what became of it."""
    texts, cases = read_corpus(suite.corpora[""]), sampled(suite, count)
    plain = bot.adjusted(model="extractive")
    composer = replace(bot._composer(), passages=passages)
    chain = AnswerChain(find=lambda question, query, _: ranked(bot, question, query), composer=composer).runnable()
    rows: list[dict[str, Any]] = []
    for case in cases:
        replies = Replies()

        def ask(question: str, history: Sequence[Message], replies: Replies = replies) -> object:
            return chain.invoke({"question": question, "history": history}, {"callbacks": [replies]})

        _, without = credit(case, plain.ask, texts)
        started = time.perf_counter()
        answer, right = credit(case, ask, texts)
        seconds = time.perf_counter() - started
        whose = "refused" if answer.abstained else "quotes" if NOT_SHOWN in answer.notes else "its own"
        row = {
            "suite": suite.name, "passages": passages, "case": case.id, "answerable": case.answerable,
            "question": case.question, "gold": [each.quote for each in case.evidence], "replies": replies.texts,
            "text": answer.text, "support": [[each.support, each.text] for each in answer.sentences],
            "notes": answer.notes, "whose": whose, "right": right, "without": without, "seconds": round(seconds, 2),
            "read": answer.usage.input_tokens, "written": answer.usage.output_tokens, "faults": faults(answer),
        }  # fmt: skip
        rows.append(row)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    told(suite.name, passages, rows)


def told(name: str, passages: int, rows: Sequence[dict[str, Any]]) -> None:
    """Print a sample's figures in one line for the answerable and one for the others."""
    for answerable in (True, False):
        own = [row for row in rows if row["answerable"] == answerable]
        asked = [row for row in own if row["replies"]] or own
        if not own:
            continue
        whose = {each: sum(row["whose"] == each for row in own) for each in ("its own", "quotes", "refused")}
        mean = {each: sum(row[each] for row in asked) / len(asked) for each in ("read", "written", "seconds")}
        print(
            f"{name:12} {passages:2} passages, {'answerable' if answerable else 'to refuse':10} {len(own)}: "
            f"right {sum(row['right'] for row in own):g}, without a model {sum(row['without'] for row in own):g}; "
            f"{whose}; asked {sum(bool(row['replies']) for row in own)}: {mean['read']:.0f} tokens read, "
            f"{mean['written']:.0f} written, {mean['seconds']:.1f} s; faults {sum(row['faults'] for row in own)}",
            flush=True,
        )


def chosen(found: Findings, passages: int, beside: int) -> list[Hit]:
    """The hits to show: so many by rank, then so many of those beside them, the foremost's first."""
    hits = list(found.hits[:passages])
    known = {each.passage.id for each in hits}
    added: list[Hit] = []
    for hit in hits if beside else ():
        at = hit.passage.ordinal
        around = found.beside(hit.passage, range(max(0, at - 1), at + 2)) or ()
        added += [replace(hit, passage=each) for each in around if each.id not in known]
        known |= {each.id for each in around}
    return [*hits, *added[:beside]]


def holds(case: Case, hits: Sequence[Hit], texts: Texts) -> bool:
    """Whether all evidence of a case is in the passages, each piece in one of them."""
    places = [(each.document, texts[each.document].find(each.quote), len(each.quote)) for each in case.evidence]
    return all(
        any(
            hit.passage.document == document and hit.passage.start <= at and at + length <= hit.passage.end
            for hit in hits
        )
        for document, at, length in places
    )


def bound(suite: Suite, bot: Chatbot, *, ways: Sequence[tuple[int, int]]) -> None:
    """Print how often the evidence is shown, and in how many tokens: what a model without fault could answer from."""
    texts = read_corpus(suite.corpora[""])
    cases = [each for each in suite.cases if each.evidence and not each.history and "report" not in each.tags]
    found = [ranked(bot, each.question, each.question) for each in cases]
    for passages, beside in ways:
        hits = [chosen(each, passages, beside) for each in found]
        packed = [pack_context(each, budget=BUDGET, count=count_tokens) for each in hits]
        shown = [each[: len(context.passages)] for each, context in zip(hits, packed, strict=True)]
        held = sum(holds(case, each, texts) for case, each in zip(cases, shown, strict=True))
        tokens = sum(count_tokens(each.text) for each in packed) / len(packed)
        way = f"{passages} passages" + (f" and {beside} beside them" if beside else "")
        print(f"{suite.name:8} {way:30} {held}/{len(cases)} = {held / len(cases):.1%}, {tokens:,.0f} tokens")


def opened(model: str, names: Sequence[str], folder: Path) -> Iterator[tuple[Suite, Chatbot]]:
    """Each suite with the chatbot over its documents."""
    opener = chatbot_opener({"model": model, "timeout_s": 300}, work=folder)
    for name in names:
        suite = load_suite(EVALS / name)
        with opener(suite.corpora[""]) as bot:
            assert isinstance(bot, Chatbot)
            yield suite, bot


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model")
    parser.add_argument("suites", nargs="*", default=["seed", "unanswerable", "office"])
    parser.add_argument("--cases", type=int, default=40, help="questions of each suite")
    parser.add_argument("--passages", type=int, nargs="*", default=[5, 10, MOST], help="how many are shown")
    parser.add_argument("--out", type=Path, help="a file to add every reply to")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for suite, bot in opened(given.model, given.suites, Path(folder)):
            if given.model == "extractive":
                bound(suite, bot, ways=[*((each, 0) for each in given.passages), (5, 5), (10, 10)])
                continue
            for passages in given.passages:
                ask_all(suite, bot, count=given.cases, passages=passages, out=given.out)


if __name__ == "__main__":
    main()
