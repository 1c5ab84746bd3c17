"""Rankings and their measures.

Where a case grades documents, the documents are ranked. Where it has evidence, the pieces of evidence
are: a passage stands for every piece of which it is the first to hold at least half the characters.
So the measures do not depend on how documents are cut into passages.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

from qa.evals.metrics import Region, length, shared
from qa.evals.records import CaseRecord

Ranking = tuple[dict[Hashable, int], Sequence[Hashable]]
"""The grades of what ought to be found, and what was found, best first: names of documents, or regions."""
DEPTH = 10  # how far down a ranking is looked at; passages are searched for so far


def ranking(record: CaseRecord) -> Ranking:
    """The grades of what one case wants, and what was found for it."""
    case = record.case
    if case.relevance:
        found = dict.fromkeys(region.document for region in record.found)
        return {name: case.relevance[name] for name in case.relevant}, list(found)
    wanted = list(dict.fromkeys(record.found_gold))
    return dict.fromkeys(wanted, 1), _evidence_order(record.found, wanted)


def rank_scores(record: CaseRecord) -> dict[str, float]:
    """nDCG@10 and RR@10 of a case that wants anything, where passages were shown; nothing found scores 0."""
    grades, found = ranking(record)
    if not grades or record.hits is None:
        return {}
    first = found[:DEPTH]
    return {"nDCG@10": ndcg(first, grades), "RR@10": reciprocal_rank(first, grades)}


def ndcg(found: Sequence[Hashable], grades: Mapping[Hashable, int]) -> float:
    """The gain of what was found over that of the best order of what is graded, from 0 to 1.

    The gain is the sum of grade / log2(rank + 1) over the first 10.
    Source: Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques" (TOIS 2002), §2, with the
    discount of trec_eval's `ndcg_cut`.
    """
    return _gain([grades.get(name, 0) for name in found]) / _gain(sorted(grades.values(), reverse=True)[:DEPTH])


def _gain(grades: Sequence[int]) -> float:
    gain = 0.0  # added in order, as trec_eval does; `sum` rounds otherwise from Python 3.12 on
    for rank, grade in enumerate(grades, start=1):
        gain += grade / math.log2(rank + 1)
    return gain


def reciprocal_rank(found: Sequence[Hashable], grades: Mapping[Hashable, int]) -> float:
    """One over the rank of the first found that is graded; 0 when none is.

    Source: Voorhees, "The TREC-8 Question Answering Track Report" (1999), §2; trec_eval's `recip_rank`.
    """
    return next((1 / rank for rank, name in enumerate(found, start=1) if name in grades), 0.0)


def _evidence_order(regions: Sequence[Region], wanted: Sequence[Region]) -> list[Region]:
    order: list[Region] = []
    for region in regions:
        held = [gold for gold in wanted if 2 * length(shared([region], [gold])) >= length([gold])]
        order += [gold for gold in held if gold not in order] or [region]
    return order
