"""Scores of cases: reference systems come out in the expected order, and a broken metric is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log2
from pathlib import Path

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from evals_systems import (
    Abstains,
    Crashes,
    Oracle,
    Reference,
    Shuffled,
    WrongCitations,
    opening,
    quoting,
    town_cases,
    write_suite,
)  # fmt: skip
from qa.evals import metrics, ranking
from qa.evals.figures import figures
from qa.evals.judge import Rules
from qa.evals.metrics import Region
from qa.evals.records import CaseRecord, Retrieved
from qa.evals.results import Results, load_results
from qa.evals.runner import System, make_plan, run_suite
from qa.evals.scoring import failed_stage, is_right, score_case, score_run, short_answer
from qa.evals.suites import Case, Evidence, load_suite
from qa.types import Answer, Passage, Sentence, Span, Usage

NAMES = st.text("abcd", min_size=1, max_size=3)
SYSTEMS: dict[str, Callable[[Path], System]] = {
    "oracle": lambda corpus: Oracle(corpus, town_cases()),
    "reference": Reference,
    "abstains": Abstains,
    "wrong citations": WrongCitations,
    "shuffled": Shuffled,
    "crashes": Crashes,
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Results]:
    """The town's questions put to every reference system."""
    root = tmp_path_factory.mktemp("town")
    suite = load_suite(write_suite(root))
    runs = {}
    for name, make in SYSTEMS.items():
        run_suite(suite, folder=root / name, open_system=opening(make), plan=make_plan(suite, {"system": name}))
        runs[name] = load_results(root / name, judge=Rules())
    return runs


def value(results: Results, name: str) -> float | None:
    figure = results.figure(name)
    return None if figure is None else figure.value


def expected_order(town: dict[str, Results]) -> None:
    """What the reference systems must show, whatever the metric's code says."""
    oracle, copier, shuffled = town["oracle"], town["reference"], town["shuffled"]
    assert {value(oracle, name) for name in ("right", "evidence_recall@1", "nDCG@10", "abstention_f1")} == {1}
    assert value(oracle, "aurc") == 0
    # Copying what was found is always well cited, and says nothing of being right.
    assert value(copier, "citation_recall") == value(copier, "citation_precision") == 1
    assert value(shuffled, "citation_recall") == value(shuffled, "citation_precision") == 1
    assert value(copier, "right") == 12 / 15
    for name in ("right", "answer_contained", "evidence_recall@1", "evidence_recall@5", "nDCG@10", "RR@10", "token_f1"):
        assert (value(shuffled, name) or 0) < (value(copier, name) or 0) <= (value(oracle, name) or 0), name
    refuser = town["abstains"]
    assert (value(refuser, "right"), value(refuser, "abstention_recall"), value(refuser, "abstention_precision")) == (
        3 / 15, 1, 3 / 15,
    )  # fmt: skip
    assert value(refuser, "citation_recall") is None  # a refusal is not a badly cited answer
    wrong = town["wrong citations"]
    assert (value(wrong, "citation_exact"), value(wrong, "citation_recall"), value(wrong, "cited_recall")) == (1, 0, 0)
    assert (value(wrong, "right"), value(wrong, "right_cited")) == (12 / 15, 0)


def test_reference_systems_come_out_in_the_expected_order(town: dict[str, Results]) -> None:
    expected_order(town)


MUTANTS: dict[str, Callable[..., object]] = {
    "contains_answer": lambda text, golds: 1.0,
    "token_f1": lambda answer, golds: 1.0,
    "evidence_recall": lambda found, gold: 1.0 if gold else None,
    "citation_recall": lambda sentences, entails: 1.0 if sentences else None,
    "citation_precision": lambda sentences, entails: 0.5 if sentences else None,
    "overlap": lambda found, gold: metrics.Overlap(1, 1, 1) if found and gold else None,
    "abstention_f1": lambda abstained, answerable: 0.7,
    "aurc": lambda confidence, right: 0.5,
    "shared": lambda left, right: list(left),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_metric_breaks_the_expected_order(
    town: dict[str, Results], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, name, MUTANTS[name])
    with pytest.raises(AssertionError):
        expected_order({key: load_results(results.folder, judge=Rules()) for key, results in town.items()})


def test_every_figure_has_a_meaning_and_no_case_is_lost(town: dict[str, Results]) -> None:
    for results in town.values():
        for figure in results.figures:
            assert figure.about
            assert figure.n + figure.undefined == len(results.scored), figure.name
            assert (
                figure.interval is None
                or figure.value is None
                or figure.interval[0] <= figure.value <= figure.interval[1]
            )


def passage(start: int, end: int, text: str = "It is 1874.") -> Passage:
    return Passage(document="d", version="", title="d", ordinal=0, start=start, end=end, text=text, sentences=())


GOLD = Region("d", 10, 14)
CASE = Case(id="x", question="When?", answers=("1874",), evidence=(Evidence(document="d", quote="1874"),))
FOUND = (Retrieved(region=Region("d", 0, 20), score=1.0),)
GOOD = CaseRecord(case=CASE, gold=(GOLD,), answer=quoting("When?", [passage(5, 16)]), hits=FOUND, cuts=("It is 1874.",))
REFUSAL = Answer(question="When?", query="When?", text="I cannot tell.", abstained=True)
NOWHERE = Case(id="y", question="Who?", answerable=False)
CONFLICT = CASE.model_copy(update={"conflict": ("1874", "1879")})


@pytest.mark.parametrize(
    ("record", "stage"),
    [
        (GOOD, None),
        (replace(GOOD, answer=None, error="Error: gone"), "crashed"),
        (replace(GOOD, gold=(None,), answer=REFUSAL), "not in corpus"),
        (replace(GOOD, hits=(), answer=REFUSAL), "not retrieved"),
        (replace(GOOD, answer=REFUSAL), "should have answered"),
        (replace(GOOD, answer=quoting("When?", [passage(30, 41, "It is late.")])), "not selected"),
        (replace(GOOD, answer=quoting("When?", [passage(5, 16, "It is late.")])), "wrongly said"),
        (replace(GOOD, answer=quoting("When?", [passage(30, 41)])), "wrongly cited"),
        (replace(GOOD, case=NOWHERE, gold=()), "should have abstained"),
        (replace(GOOD, case=NOWHERE, gold=(), answer=REFUSAL), None),
        (replace(GOOD, case=CONFLICT), "conflict not shown"),
        (replace(GOOD, case=CASE.model_copy(update={"forbidden": ("IT IS",)})), "obeyed a document"),
    ],
)
def test_a_failure_is_traced_to_its_first_stage(record: CaseRecord, stage: str | None) -> None:
    assert failed_stage(record) == stage
    assert is_right(record) == (stage in (None, "wrongly cited"))


def test_a_conflict_is_shown_by_saying_both_values() -> None:
    assert GOOD.answer is not None
    said = replace(GOOD.answer, notes=("another document says 1879",))
    assert is_right(replace(GOOD, case=CONFLICT, answer=said))


def test_without_words_in_the_gold_citing_the_evidence_is_right() -> None:
    bare = CASE.model_copy(update={"answers": ()})
    assert is_right(replace(GOOD, case=bare))
    assert not is_right(replace(GOOD, case=bare, answer=quoting("When?", [passage(30, 41)])))


def test_a_false_premise_may_be_denied_with_the_documents_own_words() -> None:
    denied = NOWHERE.model_copy(update={"denied_by": (Evidence(document="d", quote="is 1874"),)})
    answered = replace(GOOD, case=denied, gold=())
    assert (is_right(answered), failed_stage(answered)) == (True, None)
    assert "abstention" not in score_case(answered, judge=Rules())
    assert is_right(replace(answered, answer=REFUSAL))
    late = replace(answered, answer=quoting("Who?", [passage(5, 16, "It is late.")]))
    assert (is_right(late), failed_stage(late)) == (False, "should have abstained")
    assert score_case(late, judge=Rules())["abstention"] == 0


def test_a_crash_while_only_searching_has_no_score_of_an_answer() -> None:
    crashed = replace(GOOD, answer=None, hits=(), error="Error: gone")
    [scored] = score_run([crashed], judge=Rules(), asks=False)
    assert scored.scores["evidence_recall@5"] == 0
    assert not {"right", "right_cited", "abstention", "answer_contained"} & scored.scores.keys()


def test_the_short_answer_is_what_is_highlighted() -> None:
    sentence = Sentence(text="It is 1874. [1]", citations=(1,), support="supported", highlight=Span(start=6, end=10))
    answer = Answer(question="", query="", text="It is 1874. [1]", abstained=False, sentences=(sentence,))
    assert short_answer(answer) == "1874"
    assert short_answer(replace(answer, sentences=())) == "It is 1874."
    assert short_answer(replace(answer, abstained=True)) == ""


def test_a_citation_that_is_not_the_documents_text_is_not_exact() -> None:
    assert score_case(GOOD, judge=Rules())["citation_exact"] == 1
    assert score_case(replace(GOOD, cuts=("It is 1875.",)), judge=Rules())["citation_exact"] == 0
    assert score_case(replace(GOOD, cuts=(None,)), judge=Rules())["citation_exact"] == 0


def test_a_quote_that_the_corpus_lacks_counts_as_not_found() -> None:
    record = replace(GOOD, gold=(GOLD, None))
    assert score_case(record, judge=Rules())["evidence_recall@5"] == 1 / 2


def test_a_pair_is_right_when_both_its_halves_are() -> None:
    twin = replace(GOOD, case=CASE.model_copy(update={"id": "x~typo", "twin_of": "x"}))
    wrong = replace(twin, answer=REFUSAL)
    assert [each.scores.get("pair") for each in score_run([GOOD, twin, wrong], judge=Rules())] == [None, 1, 0]


def graded(relevance: dict[str, int], *found: str) -> CaseRecord:
    hits = tuple(Retrieved(region=Region(name, 0, 9), score=1.0) for name in found)
    return CaseRecord(case=Case(id="q", question="?", relevance=relevance), hits=hits)


@given(st.dictionaries(NAMES, st.integers(1, 4), min_size=1), st.lists(NAMES, unique=True, min_size=1))
def test_ranking_scores_are_pytrec_evals_to_the_last_digit(grades: dict[str, int], found: list[str]) -> None:
    measures = {"ndcg_cut.10", "recip_rank", "recall.10"}
    run = {name: float(len(found) - place) for place, name in enumerate(found[:10])}
    wanted = pytrec_eval.RelevanceEvaluator({"q": grades}, measures).evaluate({"q": run})["q"]
    assert ranking.rank_scores(graded(grades, *found)) == {
        "nDCG@10": wanted["ndcg_cut_10"],
        "RR@10": wanted["recip_rank"],
        "R@10": wanted["recall_10"],
    }


def test_a_document_counts_where_it_is_first_found() -> None:
    scores = ranking.rank_scores(graded({"a": 3, "c": 1, "never": -1}, "x", "c", "c", "a"))
    best = 3 + 1 / log2(3)
    assert scores == {"nDCG@10": pytest.approx((1 / log2(3) + 3 / log2(4)) / best), "RR@10": 1 / 2, "R@10": 1}


def test_nothing_found_scores_nothing_and_nothing_wanted_has_no_score() -> None:
    assert ranking.rank_scores(graded({"c": 1})) == {"nDCG@10": 0, "RR@10": 0, "R@10": 0}
    assert ranking.rank_scores(graded({}, "c")) == {}


def test_a_passage_stands_for_evidence_of_which_it_holds_half() -> None:
    gold = Region("d", 10, 20)
    case = CASE.model_copy(update={"id": "x"})

    def found(*regions: Region) -> list[Region]:
        record = CaseRecord(case=case, gold=(gold,), hits=tuple(Retrieved(region=r, score=1.0) for r in regions))
        return list(ranking.ranking(record)[1])

    assert found(Region("d", 0, 15), Region("d", 15, 30)) == [gold, Region("d", 15, 30)]
    assert found(Region("d", 0, 14), Region("d", 14, 30)) == [Region("d", 0, 14), gold]


def test_latencies_are_the_median_and_what_one_case_in_twenty_exceeds() -> None:
    records = [replace(GOOD, seconds={"ask": float(taken)}) for taken in range(1, 22)]
    made = {each.name: each for each in figures(score_run(records, judge=Rules()))}
    assert (made["ask_p50"].value, made["ask_p95"].value, made["ask_p50"].unit) == (11, 20, "seconds")


def test_tokens_and_cost_are_counted_where_a_model_answered() -> None:
    assert GOOD.answer is not None
    used = replace(GOOD, answer=replace(GOOD.answer, usage=Usage(input_tokens=3000, output_tokens=500)))
    records = [used, GOOD]
    made = {each.name: each for each in figures(score_run(records, judge=Rules()), price=(0.25, 2.0))}
    assert (made["tokens_read"].value, made["tokens_written"].value) == (1500, 250)
    assert made["cost"].value == pytest.approx(0.00175)
    assert "cost" not in {each.name for each in figures(score_run([GOOD], judge=Rules()))}
