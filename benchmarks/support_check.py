"""How well the support check tells attributable replies from others, on BEGIN (Dziri et al., TACL 2022).

Thresholds were chosen on the three dev sets; the test set is for reporting. Every reply is checked
against its one knowledge text, as if it cited it.

    python benchmarks/support_check.py --data FOLDER_WITH_THE_TSV_FILES
"""

from __future__ import annotations

import argparse
import csv
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from qa.answers.support import check, wording
from qa.search.features import inverse_frequency
from qa.words import terms

SETS = ("dev_wow", "dev_tc", "dev_cmu", "test_wow")


def read(path: Path) -> list[tuple[str, str, bool]]:
    """Knowledge, reply, and whether people called the reply fully attributable."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["knowledge"], row["response"], row["begin_label"] == "Fully attributable") for row in rows]


def rarity_in(texts: Collection[str]) -> Callable[[str], float]:
    """The rarity of a stem in these texts, counted as the index counts it in its passages."""
    frequency = Counter(term for text in texts for term in set(terms(text)))
    return lambda stem: inverse_frequency(frequency[stem], count=len(texts))


def area(good: Sequence[float], bad: Sequence[float]) -> float:
    """Area under the ROC curve: how often a good one scores above a bad one, ties half."""
    ordered = sorted(bad)
    above = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in good)
    return above / (2 * len(good) * len(bad))


def main() -> None:
    """Prints one line for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    print("set         replies   AUROC   called supported: attributable, others   a rule fires: attributable, others")
    for name in SETS:
        rows = read(folder / f"begin_{name}.tsv")
        idf = rarity_in({knowledge for knowledge, _, _ in rows})
        scores: dict[bool, list[float]] = {True: [], False: []}
        verdicts: dict[bool, list[str]] = {True: [], False: []}
        for knowledge, reply, label in rows:
            scores[label].append(wording(reply, [knowledge], idf=idf))
            verdict = check(reply, [knowledge], idf=idf)
            is_rule = verdict.missing or verdict.support == "contradicted"
            verdicts[label].append("missing" if is_rule else verdict.support)
        shares = [
            verdicts[label].count(verdict) / len(verdicts[label])
            for verdict in ("supported", "missing")
            for label in (True, False)
        ]
        print(
            f"{name:10} {len(rows):8} {area(scores[True], scores[False]):7.3f}"
            f" {shares[0]:20.1%} {shares[1]:12.1%} {shares[2]:27.1%} {shares[3]:10.1%}"
        )


if __name__ == "__main__":
    main()
