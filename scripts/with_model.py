"""Measure what a language model's replies become, beside what is answered without one, and how many passages it needs.

    python scripts/with_model.py MODEL [SUITE …] [--cases 40] [--passages 5 10 20] [--kept raw.jsonl] [--out rows.jsonl]
    python scripts/with_model.py extractive

The same random sample of each suite (never the cases kept for reports) is asked with and without the model. Printed for
each number of passages: how many came out right, or were refused where they must be; in whose words the answers are;
the tokens and seconds of a question; and faults that must never be: a statement that is called supported and cites
nothing, or a refusal below a statement. `--kept` keeps each raw reply as it ends, and takes from there what was asked
before: so a run goes on where it was stopped, and what the program makes of the same replies is seen again without the
model. `--out` is written one line a question, to be read. With `extractive` no model is asked: printed is of how many
questions all evidence is among the passages shown, some of them the neighbours of the first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from qa.answers.chain import AnswerChain
from qa.answers.drafting.context import pack_context
from qa.answers.drafting.draft import NOT_SHOWN
from qa.chatbot import Chatbot
from qa.evals.opening import chatbot_opener
from qa.evals.scoring import score_case
from qa.evals.statistics import wilson
from qa.evals.suites import Case, Suite, Texts, load_suite, read_corpus
from qa.evals.systems import System, run_case
from qa.models.listening import guarded
from qa.models.tokens import count_tokens
from qa.types import Answer, Findings, Hit, Message

EVALS = Path(__file__).parents[1] / "evals"
SEED = 16
BUDGET = 6_000
MOST = 20


class Kept(BaseChatModel):
    """A model whose replies are kept in a file, from which what was asked before is answered, piece by piece alike."""

    model: BaseChatModel
    name: str
    path: Path | None
    known: dict[str, Any] = Field(default_factory=dict)
    given: list[dict[str, Any]] = Field(default_factory=list)
    """The replies since this was last emptied."""

    @property
    def _llm_type(self) -> str:
        return "kept"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        pieces = list(self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=sum_of([each.message for each in pieces]))])

    def _stream(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        key = hashlib.sha256(json.dumps([[each.type, each.text] for each in messages]).encode()).hexdigest()
        if key in self.known:
            self.given.append(self.known[key])
            for piece in self.known[key]["pieces"]:
                yield ChatGenerationChunk(message=AIMessageChunk(**piece))
            return
        started, seconds, pieces = time.perf_counter(), list[float](), list[AIMessageChunk]()
        try:
            for chunk in guarded(self.model, name=self.name, timeout_s=300).stream(messages):
                seconds.append(time.perf_counter() - started)
                pieces.append(chunk)
                yield ChatGenerationChunk(message=chunk)
        finally:  # also where the reply goes round in circles, and is stopped
            texts = [at for at, each in zip(seconds, pieces, strict=True) if each.text] or [0.0]
            row = {"key": key, "pieces": [plainly(each) for each in pieces], "first": texts[0], "last": texts[-1]}
            if pieces:
                self.given.append(row)
                self.known[key] = row
            if pieces and self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")


def kept(model: BaseChatModel, name: str, path: Path | None) -> Kept:
    """The model, and what it is known to reply."""
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    rows = [json.loads(line) for line in lines]
    return Kept(model=model, name=name, path=path, known={row["key"]: row for row in rows}, profile=model.profile)


def plainly(chunk: AIMessageChunk) -> dict[str, Any]:
    """What a chunk says and reports, as it can be written down."""
    return {
        "content": chunk.text,
        "usage_metadata": chunk.usage_metadata,
        "response_metadata": dict(chunk.response_metadata),
    }


def sum_of(chunks: Sequence[Any]) -> AIMessage:
    """A whole message of its pieces."""
    whole = chunks[0]
    for each in chunks[1:]:
        whole += each
    return AIMessage(content=whole.text, usage_metadata=whole.usage_metadata)


def ranked(bot: Chatbot, question: str, query: str) -> Findings:
    """What is found, with 20 passages ranked and the usual number of them read."""
    usual = bot._find(question, query, ())
    return replace(usual, hits=bot.library.find(question, query, top_k=MOST, strictness=0.5).hits)


def sampled(suite: Suite, places: slice) -> list[Case]:
    """Some cases of a suite, in an order that is always the same."""
    usable = [each for each in suite.cases if "report" not in each.tags]
    return random.Random(SEED).sample(usable, len(usable))[places]


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


def ask_all(suite: Suite, bot: Chatbot, model: Kept, *, places: slice, passages: int, out: Path | None) -> None:
    """Ask a sample with the model and without; print what became of it."""
    texts, cases = read_corpus(suite.corpora[""]), sampled(suite, places)
    plain = bot.adjusted(model="extractive")
    composer = replace(bot._composer(), passages=passages, model=model)
    library = bot.library
    chain = AnswerChain(
        find=lambda question, query, _: ranked(bot, question, query),
        reply=bot._reply,
        reading=library.reading,
        rarity=library.rarity,
        composer=composer,
    ).runnable()
    rows: list[dict[str, Any]] = []

    def ask(question: str, history: Sequence[Message]) -> object:
        return chain.invoke({"question": question, "history": history})

    for case in cases:
        _, without = credit(case, plain.ask, texts)
        model.given.clear()
        answer, right = credit(case, ask, texts)
        whose = "refused" if answer.abstained else "quotes" if NOT_SHOWN in answer.notes else "its own"
        replies = ["".join(piece["content"] for piece in each["pieces"]) for each in model.given]
        rows.append({
            "suite": suite.name, "passages": passages, "case": case.id, "answerable": case.answerable,
            "question": case.question, "gold": [each.quote for each in case.evidence], "replies": replies,
            "text": answer.text, "support": [[each.support, each.text] for each in answer.sentences],
            "notes": answer.notes, "whose": whose if replies else "no model", "right": right, "without": without,
            "seconds": sum(each["last"] for each in model.given), "first": [each["first"] for each in model.given],
            "read": answer.usage.input_tokens, "written": answer.usage.output_tokens, "faults": faults(answer),
        })  # fmt: skip
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1], ensure_ascii=False) + "\n")
    told(suite.name, passages, rows)


def within(right: float, of: int) -> str:
    """A count with its share and 95 % interval."""
    low, high = (round(100 * each) for each in wilson(right / of, of))
    return f"{right:g} = {right / of:.0%} ({low}–{high})"


def told(name: str, passages: int, rows: Sequence[dict[str, Any]]) -> None:
    """Print a sample's figures in one line for the answerable and one for the others."""
    for answerable in (True, False):
        own = [row for row in rows if row["answerable"] == answerable]
        asked = [row for row in own if row["replies"]] or own
        if not own:
            continue
        whose = {
            each: sum(row["whose"] == each for row in own) for each in ("its own", "quotes", "refused", "no model")
        }
        mean = {each: sum(row[each] for row in asked) / len(asked) for each in ("read", "written", "seconds")}
        print(
            f"{name:12} {passages:2} passages, {'answerable' if answerable else 'to refuse':10} {len(own)}: "
            f"right {within(sum(row['right'] for row in own), len(own))}, "
            f"without a model {within(sum(row['without'] for row in own), len(own))}; "
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


def opened(model: str, names: Sequence[str]) -> Iterator[tuple[Suite, Chatbot]]:
    """Each suite with the chatbot over its documents."""
    opener = chatbot_opener({"model": model, "timeout_s": 300})
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
    parser.add_argument("--kept", type=Path, help="a file that keeps the raw replies, and gives those it has")
    parser.add_argument("--out", type=Path, help="a file to add what became of every question to")
    parser.add_argument("--after", type=int, default=0, help="of these, how many are passed over")
    given = parser.parse_args()
    for suite, bot in opened(given.model, given.suites):
        if given.model == "extractive":
            bound(suite, bot, ways=[*((each, 0) for each in given.passages), (5, 5), (10, 10)])
            continue
        for passages in given.passages:
            name = given.model.rpartition("/")[2]
            model = kept(bot.chat_model, name, given.kept)
            ask_all(suite, bot, model, places=slice(given.after, given.cases), passages=passages, out=given.out)


if __name__ == "__main__":
    main()
