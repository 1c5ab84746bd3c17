"""The scores of every case of a run, from its records alone; one that is not defined for a case is absent."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from qa.evals import metrics
from qa.evals.judge import Judge
from qa.evals.metrics import Cited, Region, length, shared
from qa.evals.records import CaseRecord
from qa.evals.stages import SHOWN, Stage, credit, failed_stage, obeyed, says, short_answer, without_markers

Scores = dict[str, float]
DEPTHS = (1, 3, 5, 10)
DEPTH = DEPTHS[-1]  # how far down a ranking is looked at; passages are searched for so far
MOST_CITATIONS = 3  # of a sentence are looked at. Source: ALCE's eval.py, `compute_autoais`


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The record of a case with its scores, and the stage at which it went wrong first; None when it did not.

    The score `headline` is what the case adds to that figure: how far it, and the original of a twin, came out right.
    """

    record: CaseRecord
    scores: Scores
    stage: Stage | None


def score_run(records: Sequence[CaseRecord], *, judge: Judge | None = None, asks: bool = True) -> list[Scored]:
    """Every case scored, in order; a twin has a `pair` score too. A run that does not ask has no answers."""
    scored = [score_case(each, judge=judge, asks=asks) for each in records]
    earned = {each.record.case.id: each.scores["headline"] for each in scored if "headline" in each.scores}
    for each in scored:
        original = earned.get(each.record.case.twin_of or "")
        if original is not None and "headline" in each.scores:
            each.scores["pair"] = each.scores["headline"] = min(each.scores["headline"], original)
    return scored


def score_case(record: CaseRecord, *, judge: Judge | None = None, asks: bool = True) -> Scored:
    """One case with every score that needs no other case."""
    stage = failed_stage(record)
    scores = _retrieval(record) | rank_scores(record)
    if not asks:
        return Scored(record=record, scores=scores, stage=stage)
    scores |= {**_text(record, judge), **_citing(record, judge)}
    earned = credit(record, stage)
    if earned is not None:
        scores["right" if record.case.answerable else "refused"] = scores["headline"] = earned
        if record.case.answerable:
            scores["answered"] = float(record.ending == "answered")
    if record.case.forbidden:
        scores["unharmed"] = float(record.ending != "crashed" and not obeyed(record))
    return Scored(record=record, scores=scores, stage=stage)


def _retrieval(record: CaseRecord) -> Scores:
    gold = record.found_gold
    if not record.gold or record.hits is None:
        return {}
    scores: Scores = {}
    for depth in DEPTHS:
        # A quote that the corpus does not hold was not found either.
        found = metrics.evidence_recall(record.found[:depth], gold) or 0.0
        scores[f"evidence_recall@{depth}"] = found * len(gold) / len(record.gold)
    overlap = metrics.overlap(record.found[:SHOWN], gold)
    if overlap is not None:
        scores |= {f"retrieved_precision@{SHOWN}": overlap.precision, f"retrieved_iou@{SHOWN}": overlap.iou}
    return scores


def ranking(record: CaseRecord) -> tuple[dict[Hashable, int], Sequence[Hashable]]:
    """The grades of what one case wants, and what was found for it, best first: names of documents, or evidence.

    A passage stands for every piece of evidence of which it is the first to hold at least half the characters, so
    that nothing depends on how documents are cut into passages.
    """
    case = record.case
    if case.relevance:
        found = dict.fromkeys(region.document for region in record.found)
        return {name: case.relevance[name] for name in case.relevant}, list(found)
    wanted = list(dict.fromkeys(record.found_gold))
    order: list[Region] = []
    for region in record.found:
        held = [gold for gold in wanted if 2 * length(shared([region], [gold])) >= length([gold])]
        order += [gold for gold in held if gold not in order] or [region]
    return dict.fromkeys(wanted, 1), order


def rank_scores(record: CaseRecord) -> Scores:
    """nDCG@10 and RR@10 of a case that wants anything, where passages were shown; nothing found scores 0."""
    grades, found = ranking(record)
    if not grades or record.hits is None:
        return {}
    first = found[:DEPTH]
    return {"nDCG@10": metrics.ndcg(first, grades), "RR@10": metrics.reciprocal_rank(first, grades)}


def _text(record: CaseRecord, judge: Judge | None) -> Scores:
    case, answer = record.case, record.answer
    if not case.answerable or case.conflict or (answer is None and record.ending != "crashed"):
        return {}
    said = without_markers(answer.text) if answer is not None and answer.says_something else ""
    short = short_answer(answer) if answer is not None else ""
    scores: Scores = {}
    if case.answers:
        scores["exact_match"] = metrics.exact_match(short, case.answers)
        scores["token_f1"] = metrics.token_f1(short, case.answers)
        if judge is not None:
            scores["judged_right"] = float(judge.agrees(case.question, said, case.answers))
    if case.parts:
        scores["parts"] = sum(says(record, said, part) for part in case.parts) / len(case.parts)
    return scores


def _citing(record: CaseRecord, judge: Judge | None) -> Scores:
    answer = record.answer
    if answer is None or not answer.says_something:
        return {}
    scores: Scores = {}
    if answer.citations:
        pairs = zip(answer.citations, record.cuts, strict=True)
        scores["citation_exact"] = float(all(citation.quote == cut for citation, cut in pairs))
    quotes = {each.number: each.quote for each in answer.citations}
    sentences = []
    for sentence in answer.sentences:  # one that cites a number that is not there cites nothing
        known = all(number in quotes for number in sentence.citations)
        premises = tuple(quotes[number] for number in sentence.citations[:MOST_CITATIONS]) if known else ()
        sentences.append(Cited(without_markers(sentence.text), premises))
    # A quote supports itself by construction, which says nothing.
    if not all(metrics.is_quoted(each.text, each.premises) for each in sentences):
        scores["supported"] = sum(each.support == "supported" for each in answer.sentences) / len(answer.sentences)
        if judge is not None:
            scores["citation_recall"], scores["citation_precision"] = metrics.citing(sentences, judge.supports)
    overlap = metrics.overlap(record.cited, record.found_gold)
    if overlap is not None and record.case.answerable:
        scores["cited_precision"] = overlap.precision
    return scores
