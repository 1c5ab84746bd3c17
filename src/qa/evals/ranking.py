"""Rankings and their measures, computed by ir-measures (pytrec_eval underneath).

Where a case grades documents, the documents are ranked. Where it has evidence, the pieces of evidence
are: a passage stands for every piece of which it is the first to hold at least half the characters.
So the measures do not depend on how documents are cut into passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from qa.evals.metrics import Region, length, shared
from qa.evals.records import CaseRecord

Ranking = tuple[dict[str, int], list[str]]
"""The grades of what ought to be found, and what was found, best first, under names without white space."""
NAMES = ("nDCG@10", "RR@10", "R@10")


def ranking(record: CaseRecord) -> Ranking:
    """What one case wanted and what it got."""
    regions = [hit.region for hit in record.hits]
    if record.case.relevance:
        found = list(dict.fromkeys(quote(region.document) for region in regions))
        return {quote(name): grade for name, grade in record.case.relevance.items() if grade > 0}, found
    wanted = list(dict.fromkeys(record.found_gold))
    return {_name(region): 1 for region in wanted}, _evidence_order(regions, wanted)


def rank_scores(records: Sequence[CaseRecord]) -> dict[str, dict[str, float]]:
    """nDCG@10, RR@10 and R@10 of every case that wants anything, by case id; nothing found scores 0."""
    import ir_measures

    rows = [(record.case.id, *ranking(record)) for record in records]
    qrels = [ir_measures.Qrel(case, name, grade) for case, wanted, _ in rows for name, grade in wanted.items()]
    run = [
        ir_measures.ScoredDoc(case, name, len(found) - place)
        for case, wanted, found in rows
        if wanted
        for place, name in enumerate(found)
    ]
    scores: dict[str, dict[str, float]] = {}
    measures = [ir_measures.parse_measure(name) for name in NAMES]
    for metric in ir_measures.iter_calc(measures, qrels, run) if qrels else ():
        scores.setdefault(metric.query_id, {})[str(metric.measure)] = float(metric.value)
    return scores


def _evidence_order(regions: Sequence[Region], wanted: Sequence[Region]) -> list[str]:
    order: list[str] = []
    for region in regions:
        held = [_name(gold) for gold in wanted if 2 * length(shared([region], [gold])) >= length([gold])]
        order += [name for name in held if name not in order] or [_name(region)]
    return order


def _name(region: Region) -> str:
    return f"{quote(region.document)}:{region.start}-{region.end}"
