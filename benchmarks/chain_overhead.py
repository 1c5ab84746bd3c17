"""How much time the chain adds to a language model's stream, against the bare OpenAI client.

A scripted server in a process of its own notes when it sends the piece that completes the first statement, and its
last one; the bare client and the chain, in turn, note when they have them: the chain when it shows that statement,
checked. Five passages, loopback, no model. Half of the replies cite nothing, so that every unit is looked at.

    PYTHONPATH=tests python benchmarks/chain_overhead.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from openai import OpenAI

from openai_server import OpenAIServer, Step
from qa.answers.chain import AnswerChain
from qa.answers.drafting.composer import Composer, load_prompts
from qa.models.chat import chat_model
from qa.types import Answer, Findings, Hit, Passage, Span, Unit

CLAIM = "The old bridge over the river was finished in the spring of that year by two hundred workers"
PIECES = (*(f"{word} " for word in CLAIM.split()), "so it is [1.1]. ") * 3
UNCITED = tuple(piece.replace(" [1.1]", "") for piece in PIECES)
COMPLETES = len(PIECES) // 3 + 1  # the next statement has begun


def hits() -> tuple[Hit, ...]:
    """Five passages of eight sentences."""
    found = []
    for number in range(1, 6):
        text, spans = "", []
        for place in range(8):
            sentence = f"{CLAIM}, say source {number} and line {place}."
            spans.append(Unit(kind="sentence", start=len(text), end=len(text) + len(sentence)))
            text += f"{sentence} "
        passage = Passage(
            document=f"{number}.txt",
            version="v1",
            title=f"{number}.txt",
            ordinal=0,
            start=0,
            end=len(text),
            text=text,
            units=tuple(spans),
        )
        scores = tuple(9.0 - number - place for place in range(8))
        quotes = tuple(Span(start=each.start, end=each.end) for each in spans)
        found.append(
            Hit(
                passage=passage,
                score=1.0,
                rank=number,
                sentence_scores=scores,
                sentence_cosines=(0.5,) * 8,
                quotes=quotes,
            )
        )
    return tuple(found)


def serve(connection: Connection, rounds: int, pause_s: float) -> None:
    """Runs the server until asked to stop; answers "times" with when the last reply began and ended."""
    steps = [Step(pieces=pieces, pause_s=pause_s) for pieces in (PIECES, PIECES, UNCITED, UNCITED)]
    with OpenAIServer(*steps * rounds) as server:
        connection.send(server.url)
        while connection.recv() == "times":
            connection.send((server.sent_at[COMPLETES - 1 - len(PIECES)], server.sent_at[-1]))


@contextmanager
def running_server(rounds: int, pause_s: float) -> Iterator[tuple[str, Callable[[], tuple[float, float]]]]:
    """The address of a server in a process of its own, and how to ask it for its times."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, rounds, pause_s), daemon=True)
    process.start()

    def times() -> tuple[float, float]:
        ours.send("times")
        first, last = ours.recv()
        return first, last

    yield ours.recv(), times
    ours.send("stop")
    process.join()


def bare(url: str, question: str) -> Callable[[], tuple[float, float]]:
    """The OpenAI client alone: when it had all of the first statement, and when the stream was done."""
    client = OpenAI(base_url=url, api_key="none")

    def ask() -> tuple[float, float]:
        first, pieces = 0.0, 0
        stream = client.chat.completions.create(
            model="scripted",
            messages=[{"role": "user", "content": question}],
            stream=True,
            stream_options={"include_usage": True},
        )
        for chunk in stream:
            pieces += bool(chunk.choices and chunk.choices[0].delta.content)
            if not first and pieces == COMPLETES:
                first = time.monotonic()
        return first, time.monotonic()

    return ask


def chained(url: str) -> Callable[[], tuple[float, float]]:
    """The chain: when it showed the first statement, and when it had the Answer."""
    found = hits()

    def find(question: str, query: str, conditions: object) -> Findings:
        return Findings(
            question=question,
            query=query,
            hits=found,
            top_k=len(found),
            confidence=1.0,
            answerable=True,
            rarity=lambda stem: 1.0,
        )

    model = chat_model("openai:scripted", base_url=url, timeout_s=30)
    prompts = load_prompts(Path(__file__).parents[1] / "prompts")
    composer = Composer(model=model, name="scripted", prompts=prompts)
    chain = AnswerChain(find=find, composer=composer).runnable()

    def ask() -> tuple[float, float]:
        first = 0.0
        for event in chain.stream({"question": "When was the bridge finished?"}):
            if not first and isinstance(event, str):
                first = time.monotonic()
        assert isinstance(event, Answer)
        assert len(event.sentences) == 3
        return first, time.monotonic()

    return ask


def main() -> None:
    """Prints the medians in milliseconds and what the chain adds to them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--pause-ms", type=float, default=5.0, help="between two pieces")
    chosen = parser.parse_args()
    with running_server((chosen.rounds + 1) // 2 + 1, chosen.pause_ms / 1000) as (url, sent):
        asks = {"bare client": bare(url, "When was the bridge finished?"), "chain": chained(url)}
        befores: dict[str, list[float]] = {name: [] for name in asks}
        firsts: dict[str, list[float]] = {name: [] for name in asks}
        lasts: dict[str, list[float]] = {name: [] for name in asks}
        worked: dict[str, list[float]] = {name: [] for name in asks}  # whatever else the machine does meanwhile
        for lap in range(chosen.rounds + 1):
            for name, ask in asks.items():
                asked, begun = time.monotonic(), time.process_time()
                first, last = ask()
                spent = time.process_time() - begun
                first_sent, last_sent = sent()
                if lap:  # the first of each opens its connection
                    befores[name].append(1000 * (first_sent - asked))
                    firsts[name].append(1000 * (first - first_sent))
                    lasts[name].append(1000 * (last - last_sent))
                    worked[name].append(1000 * spent)
    print(f"{'medians of ' + str(chosen.rounds):>24}  to the server  first statement  after the last piece  processor")
    rows = {name: [statistics.median(times[name]) for times in (befores, firsts, lasts, worked)] for name in asks}
    rows["added by the chain"] = [ours - theirs for theirs, ours in zip(*rows.values(), strict=True)]
    for name, (before, first, last, work) in rows.items():
        print(f"{name:>24}  {before:10.1f} ms  {first:12.1f} ms  {last:17.1f} ms  {work:11.1f} ms")


if __name__ == "__main__":
    main()
