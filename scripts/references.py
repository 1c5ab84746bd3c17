"""Systems that must not win: run over every suite beside ours, and print the headline figure of each.

No answer of ours may rest on nothing either: on a heading, a table's header, front matter or a lead-in alone.

    python scripts/references.py [SUITE…]

Each is a trick that some measure falls for. The exit status is 1 unless ours beats every one of them on every suite,
by a paired 95 % interval that excludes 0, and every statement of ours says something. They are asked
and scored like any system.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import qa
from qa.documents.sentences import split_sentences
from qa.evals.compare import FigureChange, compare
from qa.evals.opening import chatbot_opener
from qa.evals.results import Results
from qa.evals.runner import make_plan
from qa.evals.scoring import score_run
from qa.evals.sources import Sources
from qa.evals.suites import Suite, read_corpus
from qa.evals.systems import System, run_case
from qa.types import SILENT

SUITES = ("seed", "followups", "unanswerable", "injection", "office", "haystack")
OURS = {"model": "extractive", "embeddings": "minilm-l6-v2"}
Reply = str | dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a trick may look at: our bot, its answers so far, and, for one of them, the gold sentences and the texts."""

    bot: qa.Chatbot
    texts: dict[str, str]
    gold: dict[str, list[str]]
    answers: dict[str, qa.Answer] = field(default_factory=dict)

    def ask(self, question: str, history: Sequence[qa.Message]) -> qa.Answer:
        """Our own answer, remembered."""
        key = _key(question, history)
        if key not in self.answers:
            self.answers[key] = self.bot.ask(question, history=history)
        return self.answers[key]

    def passages(self, question: str, history: Sequence[qa.Message], count: int) -> list[qa.Passage]:
        """The passages that we find for a question, best first."""
        return [hit.passage for hit in self.answers[_key(question, history)].hits[:count]]

    def refuses(self, question: str, history: Sequence[qa.Message]) -> bool:
        """Whether we abstained, which a trick may copy."""
        return self.answers[_key(question, history)].abstained


def _key(question: str, history: Sequence[qa.Message]) -> str:
    return repr((question, [(turn.role, turn.content) for turn in history]))


def _quoted(places: Sequence[tuple[str, int, int, str]]) -> Reply:
    """A reply that quotes these places: document, start, end, text."""
    return {
        "answer": " ".join(f"{text} [{number}]" for number, (*_, text) in enumerate(places, start=1)),
        "citations": [{"document": name, "start": start, "end": end} for name, start, end, _ in places],
    }


REFUSAL: Reply = {"answer": "The documents do not say.", "abstained": True}


def dump_three(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """Three whole passages where we would answer: the answer is in there somewhere."""
    if desk.refuses(question, history):
        return REFUSAL
    return _quoted([(p.document, p.start, p.end, p.text) for p in desk.passages(question, history, 3)])


def dump_five(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """Five whole passages for every question."""
    return _quoted([(p.document, p.start, p.end, p.text) for p in desk.passages(question, history, 5)])


def always_refuse(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """The refusal, whatever is asked."""
    return REFUSAL


def first_sentence(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """The first sentence of the best passage where we would answer."""
    if desk.refuses(question, history):
        return REFUSAL
    [best] = desk.passages(question, history, 1)
    return _quoted([(best.document, span.start, span.end, best.cut(span)) for span in best.units[:1]])


def echo(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """The question as a statement, which shares all its words."""
    return f"Yes: {question.rstrip('?')}."


def gold_among_wrong(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """The gold sentence, as if it were known, and then five that have nothing to do with it."""
    generator = random.Random(question)
    wrong = []
    for name in generator.choices(sorted(desk.texts), k=5):
        spans = split_sentences(desk.texts[name])
        picked = generator.choice(spans)
        wrong.append(desk.texts[name][picked.start : picked.end])
    return " ".join([*desk.gold.get(_key(question, history), []), *wrong])


def every_title(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """The names of all documents."""
    return "See " + ", ".join(desk.texts) + "."


def decline_and_answer(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """Our best sentence or the nearest passage's first, after words that decline, for every question."""
    answer = desk.ask(question, history)
    best = next((each.text for each in answer.sentences if each.best), None)
    if best is None:
        near = desk.passages(question, history, 1)
        best = near[0].cut(near[0].units[0]) if near and near[0].units else ""
    return f"The rest is not stated. {best}"


def hidden_answer(desk: Desk, question: str, history: Sequence[qa.Message]) -> Reply:
    """A refusal in the text, and our best sentence where nobody reads it."""
    answer = desk.ask(question, history)
    return {"answer": "The documents do not say.", "sentences": answer.to_dict()["sentences"]}


TRICKS: tuple[Callable[[Desk, str, Sequence[qa.Message]], Reply], ...] = (
    dump_three, dump_five, always_refuse, first_sentence, echo, gold_among_wrong, every_title,
    decline_and_answer, hidden_answer,
)  # fmt: skip


def says_nothing(answer: qa.Answer, bot: qa.Chatbot) -> list[str]:
    """The statements of an answer that cite no unit which may answer: headings, headers, front matter or a lead-in.

    The units are those of the documents that it cites: an overview, and the sum of a long table, rank none or few.
    """
    cited = {citation.document for citation in answer.citations}
    units = {(name, unit) for name in cited for passage in bot.passages(name) for unit in passage.units}
    speaking = [(name, unit) for name, unit in units if unit.kind not in SILENT and not unit.leads]

    def speaks(number: int) -> bool:
        source = answer.citations[number - 1]
        return any(name == source.document and source.start <= unit.start < source.end for name, unit in speaking)

    return [each.text for each in answer.sentences if not any(map(speaks, each.citations))]


def measure(suite: Suite) -> tuple[dict[str, FigureChange], list[str]]:
    """How the headline figure changes from each trick to ours, and the statements of ours that say nothing."""
    suite = replace(suite, primary=("headline",), margins={})
    [corpus] = suite.corpora.values()
    gold = {_key(case.question, case.history): [each.quote for each in case.evidence] for case in suite.cases}
    texts = read_corpus(corpus)

    def asked(system: object, name: str) -> Results:
        given = System(system, name=name)
        records = [run_case(case, system=given, texts=texts, asks=True) for case in suite.cases]
        scored, plan = score_run(records), make_plan(suite, {"model": name})
        return Results(folder=Path(name), plan=plan, scored=scored, figures=())

    with chatbot_opener(OURS)(corpus) as bot:
        assert isinstance(bot, qa.Chatbot)
        desk = Desk(bot=bot, texts=texts, gold=gold)
        ours = asked(desk.ask, "qa")
        theirs = {trick.__name__: asked(partial(trick, desk), trick.__name__) for trick in TRICKS}
        empty = [text for answer in desk.answers.values() for text in says_nothing(answer, bot)]
    return {name: compare(each, ours).changes[0] for name, each in theirs.items()}, empty


def main(names: Sequence[str]) -> int:
    """Print a row for ours and for each trick, a column a suite; `!` marks one that is not beaten."""
    sources = Sources()
    rows: dict[str, list[str]] = {}
    beaten = True
    for name in names or SUITES:
        changes, empty = measure(sources.open(name))
        beaten &= not empty
        for text in empty:
            print(f"{name}: this statement rests on a heading or a lead-in alone: {text[:100]!r}")
        rows.setdefault("ours", []).append(f"{next(iter(changes.values())).after:.1%}")
        for trick, change in changes.items():
            won = change.interval[0] > 0
            beaten &= won
            rows.setdefault(trick, []).append(f"{change.before:.1%}{'' if won else ' !'}")
    print("headline".ljust(18) + "".join(name.rjust(14) for name in names or SUITES))
    for label, cells in rows.items():
        print(label.ljust(18) + "".join(cell.rjust(14) for cell in cells))
    if not beaten:
        print("! is not beaten surely: a trick wins, or too few cases tell. Mend the figure, not the trick.")
    return 0 if beaten else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
