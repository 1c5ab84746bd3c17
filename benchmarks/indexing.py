"""Files to an index that answers: the whole way, against three stock pipelines over the same files and weights.

Ours reads, splits, embeds passages and sentences, writes Chroma and the lexical index beside it. The share that is
not the embedder is measured in the same runs, in processor time, as the embedder fills every core.

    python benchmarks/indexing.py --data FOLDER_OF_TEXTS --questions SQUAD.json [--files 12] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import texts
from environments import running
from measure import WORK, Spread, percentile, ratio, report, take_turns
from qa import Chatbot
from qa.models.minilm import MiniLM, installed_model

PEERS = {
    "LangChain + Chroma": ["langchain_stock"],
    "LlamaIndex + citation engine": ["llamaindex_citations"],
    "the same, passages it reads whole": ["llamaindex_citations", "200"],
    "txtai": ["txtai_database"],
}
COLUMNS = ("", "passages", "MB/min of text", "seconds, as a multiple of ours", "a question", "as a multiple of ours")


class Ours:
    """A turn of ours, which keeps what a peer would report, and how much of it the embedder took."""

    def __init__(self, documents: Path, questions: list[str], model: MiniLM) -> None:
        self._documents, self._questions, self._model = documents, questions, model
        self.last: dict[str, float] = {}
        self.outside: list[float] = []

    def take_turn(self) -> float:
        """Seconds to index the files in an empty folder."""
        with (
            tempfile.TemporaryDirectory() as folder,
            Chatbot.open(model="extractive", chroma=folder, home=Path(folder), fill=False) as bot,
        ):
            bot.library.embedder = bot.library._encoder = embedder = Clocked(self._model)  # type: ignore[assignment]
            started, used = time.perf_counter(), time.process_time()
            report = bot.ingest(self._documents)
            seconds, total = time.perf_counter() - started, time.process_time() - used
            self.outside.append(1 - embedder.used / total)
            bot.ask(self._questions[0])
            asked = time.perf_counter()
            for question in self._questions:
                bot.ask(question)
            asking = time.perf_counter() - asked
        self.last = {"seconds": seconds, "asking": asking, "passages": report.passages}
        return seconds


class Clocked:
    """An embedder, and the processor time that it used."""

    def __init__(self, model: MiniLM) -> None:
        self._model, self.used = model, 0.0
        self.name, self.dimension = model.name, model.dimension
        self.count_pieces, self.embed_query = model.count_pieces, model.embed_query

    def embed_spans(self, *arguments: object, **named: object) -> object:
        """As the embedder's own."""
        before = time.process_time()
        vectors = self._model.embed_spans(*arguments, **named)  # type: ignore[arg-type]
        self.used += time.process_time() - before
        return vectors


def main() -> None:
    """Prints a line for each pipeline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-peers", action="store_true")
    chosen = parser.parse_args()
    questions = texts.questions(chosen.questions, count=50)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        documents = texts.copy(chosen.data, folder / "documents", count=chosen.files)
        (folder / "questions.json").write_text(json.dumps(questions), "utf-8")
        size_mb = sum(path.stat().st_size for path in documents.iterdir()) / 1e6
        turns: dict[str, Ours] = {"qa": (ours := Ours(documents, questions, MiniLM()))}
        for label, (name, *more) in () if chosen.without_peers else PEERS.items():
            peer = running(name, installed_model(), documents, folder / "questions.json", *more)
            turns[label] = stack.enter_context(peer)  # type: ignore[assignment]
        asking: dict[str, list[float]] = {name: [] for name in turns}
        seconds = take_turns({name: _noting(each, asking[name]) for name, each in turns.items()}, rounds=chosen.rounds)
    rows = [
        (
            name,
            f"{turns[name].last['passages']:,.0f}",
            Spread.of([60 * size_mb / each for each in taken]),
            ratio(taken, seconds["qa"]),
            f"{1000 * percentile(asking[name][1:], 50) / len(questions):.1f} ms",
            ratio(asking[name][1:], asking["qa"][1:]),
        )
        for name, taken in seconds.items()
    ]
    outside = Spread.of(ours.outside[1:])
    report("indexing", COLUMNS, rows, details={"seconds": seconds, "asking": asking, "outside": ours.outside})
    print(f"{len(list(texts.files(chosen.data, count=chosen.files)))} files, {size_mb:.2f} MB")
    print(f"outside the embedder: {100 * outside.median:.1f} % ({100 * outside.low:.1f}–{100 * outside.high:.1f})")


def _noting(turn: Ours, asking: list[float]) -> Callable[[], float]:
    def take() -> float:
        seconds = turn.take_turn()
        asking.append(turn.last["asking"])
        return seconds

    return take


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    main()
