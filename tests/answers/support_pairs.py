"""Claims with the text they cite and the verdict due, and how the rules fare on them, kind by kind.

    python tests/answers/support_pairs.py            # both halves
    python tests/answers/support_pairs.py --half tune --show

Rules are changed by the half `tune` only; of `report` nobody reads the failures.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qa.answers.support import Verdict, check
from qa.types import Support
from qa.words import rarity

FILE = Path(__file__).with_name("support_pairs.jsonl")
HALVES = ("tune", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A claim and the one text that it cites; `verdict` is what a careful reader says."""

    half: Literal["tune", "report"]
    style: str
    kind: str
    verdict: Support
    claim: str
    evidence: str

    def check(self) -> Verdict:
        """The rules' verdict, words weighed by how rare they are in English at large."""
        return check(self.claim, [self.evidence], idf=rarity)


def read() -> list[Pair]:
    """Every pair, in the order of the file."""
    return [Pair(**json.loads(line)) for line in FILE.read_text(encoding="utf-8").splitlines()]


def outcome(found: Verdict) -> str:
    """The verdict in a word; "fact" where it rests on a number, date, name or negation that is not there or denied."""
    denied = found.support == "partly" and "says “not " in (found.reason or "")
    return "fact" if found.missing or denied else found.support


def tally(pairs: Iterable[Pair]) -> Counter[str]:
    """How many pairs end in each outcome."""
    return Counter(outcome(pair.check()) for pair in pairs)


def main() -> None:
    """Prints one line for each half and kind, and with `--show` each pair that ends otherwise than it is due."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args()
    pairs = read()
    columns = ("supported", "partly", "unsupported", "fact", "contradicted")
    print(f"{'half':7} {'kind':10} {'due':13} {'pairs':>5} " + " ".join(f"{name:>12}" for name in columns))
    for half in [chosen.half] if chosen.half else HALVES:
        for kind in dict.fromkeys(pair.kind for pair in pairs):
            some = [pair for pair in pairs if (pair.half, pair.kind) == (half, kind)]
            counts = tally(some)
            figures = " ".join(f"{counts[name]:12}" for name in columns)
            print(f"{half:7} {kind:10} {some[0].verdict:13} {len(some):5} {figures}")
    if chosen.show and chosen.half == "tune":
        for pair in pairs:
            if pair.half == "tune" and (found := pair.check()).support != pair.verdict:
                print(f"\n{pair.kind}: due {pair.verdict}, found {found.support}: {found.reason}")
                print(f"  {pair.claim}\n  {pair.evidence}")


if __name__ == "__main__":
    main()
