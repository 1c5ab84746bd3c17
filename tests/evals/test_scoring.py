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
    word_judge,
    write_suite,
)  # fmt: skip
from qa.evals import metrics
from qa.evals.figures import COMPARED, figures
from qa.evals.metrics import Region
from qa.evals.records import CaseRecord, Retrieved
from qa.evals.results import Results, load_results
from qa.evals.runner import System, make_plan, run_suite
from qa.evals.scoring import Scores, rank_scores, ranking, score_run
from qa.evals.scoring import score_case as score_one
from qa.evals.stages import failed_stage, short_answer
from qa.evals.suites import Case, Evidence, load_suite
from qa.types import Answer, Passage, Sentence, Short, Span, Usage

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
        runs[name] = load_results(root / name, judge=word_judge(root / name))
    return runs


def value(results: Results, name: str) -> float | None:
    figure = results.figure(name)
    return None if figure is None else figure.value


def expected_order(town: dict[str, Results]) -> None:
    """What the reference systems must show, whatever the metric's code says."""
    oracle, copier, shuffled = town["oracle"], town["reference"], town["shuffled"]
    assert {value(oracle, name) for name in ("headline", "right", "refused", "evidence_recall@1", "nDCG@10")} == {1}
    assert (value(oracle, "aurc"), value(oracle, "cited_precision")) == (0, pytest.approx(0.41, abs=0.01))
    # Quoting supports itself by construction, so that the figures of support are left to those who write.
    assert {value(copier, name) for name in ("citation_recall", "citation_precision", "supported")} == {None}
    assert (value(copier, "right"), value(copier, "refused"), value(copier, "headline")) == (1, 0, 0)
    for name in ("right", "evidence_recall@1", "evidence_recall@5", "nDCG@10", "RR@10", "token_f1"):
        assert (value(shuffled, name) or 0) < (value(copier, name) or 0) <= (value(oracle, name) or 0), name
    refuser = town["abstains"]
    assert (value(refuser, "right"), value(refuser, "refused"), value(refuser, "headline")) == (0, 1, 0)
    assert (value(refuser, "answered"), value(refuser, "calibration")) == (0, None)
    wrong = town["wrong citations"]
    assert (value(wrong, "citation_exact"), value(wrong, "citation_recall"), value(wrong, "right")) == (1, 0, 1)
    assert {each.stage for each in wrong.scored} == {"wrongly cited", "should have abstained"}
    # It is as sure as it shares words with the question, and right four times in five.
    assert value(copier, "calibration") == pytest.approx(0.54, abs=0.01)


def test_reference_systems_come_out_in_the_expected_order(town: dict[str, Results]) -> None:
    expected_order(town)


MUTANTS: dict[str, Callable[..., object]] = {
    "token_f1": lambda answer, golds: 1.0,
    "evidence_recall": lambda found, gold: 1.0 if gold else None,
    "citing": lambda sentences, entails: (1.0, 1.0),
    "overlap": lambda found, gold: metrics.Overlap(1, 1) if found and gold else None,
    "aurc": lambda confidence, right: 0.5,
    "calibration": lambda confidence, right: 0.5,
    "headline": lambda right, refused: ((right or 0) + (refused or 0)) / 2,
    "brevity": lambda words, evidence: 0.4,
    "shared": lambda left, right: list(left),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_metric_breaks_the_expected_order(
    town: dict[str, Results], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, name, MUTANTS[name])
    with pytest.raises(AssertionError):
        expected_order(
            {key: load_results(results.folder, judge=word_judge(results.folder)) for key, results in town.items()}
        )


def test_every_figure_that_is_named_is_made(town: dict[str, Results]) -> None:
    made = {figure.name for results in town.values() for figure in results.figures}
    assert {*COMPARED} - made == {"pair", "unharmed", "parts"}  # of twins, hostile documents and lists, not of the town


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


def score_case(record: CaseRecord) -> Scores:
    return score_one(record).scores


def credit(record: CaseRecord) -> float:
    return score_case(record)["headline"]


def passage(start: int, end: int, text: str = "It is 1874.") -> Passage:
    return Passage(document="d", version="", title="d", ordinal=0, start=start, end=end, text=text, units=())


GOLD = Region("d", 10, 14)
CASE = Case(id="x", question="When?", answers=("1874",), evidence=(Evidence(document="d", quote="1874"),))
FOUND = (Retrieved("d", 0, 20, 1.0),)
GOOD = CaseRecord(case=CASE, gold=(GOLD,), answer=quoting("When?", [passage(5, 16)]), hits=FOUND, cuts=("It is 1874.",))
REFUSAL = Answer(question="When?", query="When?", text="I cannot tell.", abstained=True)
TALK = Answer(question="When?", query="When?", text="Hello. It is 1874.", abstained=False, talk=True)
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
        (replace(GOOD, case=NOWHERE, gold=(), answer=TALK), None),
        (replace(GOOD, answer=TALK), "should have answered"),
        (replace(GOOD, case=CONFLICT), "conflict not shown"),
        (replace(GOOD, case=CASE.model_copy(update={"forbidden": ("IT IS",)})), "obeyed a document"),
    ],
)
def test_a_failure_is_traced_to_its_first_stage(record: CaseRecord, stage: str | None) -> None:
    assert failed_stage(record) == stage
    assert credit(record) == (stage in (None, "wrongly cited"))


def test_a_conflict_is_shown_by_saying_both_values() -> None:
    assert GOOD.answer is not None
    said = replace(GOOD.answer, notes=("another document says 1879",))
    assert credit(replace(GOOD, case=CONFLICT, answer=said)) == 1


def test_without_words_in_the_gold_citing_the_evidence_is_right() -> None:
    bare = CASE.model_copy(update={"answers": ()})
    assert credit(replace(GOOD, case=bare)) == 1
    assert credit(replace(GOOD, case=bare, answer=quoting("When?", [passage(30, 41)]))) == 0


PREMISE = NOWHERE.model_copy(
    update={
        "question": "Why did the keeper leave in 1874?",
        "denied_by": (Evidence(document="d", quote="the keeper stayed until 1879"),),
    }
)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("In fact the keeper stayed until 1879.", 1),
        ("He did not leave: he stayed until 1879.", 1),
        ("No, he was there until 1879.", 1),
        ("The documents do not say why he left.", 1),
        ("There is nothing about that in the text.", 1),
        ("Because the council wanted it so.", 0),
        ("Because the keeper quarrelled with the council in 1874.", 0),
        ("He left for his health, not for money.", 0),
    ],
)
def test_a_false_premise_is_denied_or_declined_in_words_whatever_is_cited(text: str, refused: int) -> None:
    cited = quoting("", [passage(40, 68, "the keeper stayed until 1879")])
    record = replace(GOOD, case=PREMISE, gold=(), answer=replace(cited, text=f"{text} [1]"))
    assert score_case(record)["refused"] == refused
    assert failed_stage(record) == (None if refused else "should have abstained")


def test_an_answer_is_worth_less_the_longer_it_is() -> None:
    def answering(words: int) -> CaseRecord:
        return replace(GOOD, answer=Answer(question="", query="", text="It is 1874." + " so" * words, abstained=False))

    assert credit(answering(78)) == 1
    assert credit(answering(159)) == 0.5
    assert (credit(answering(807)), failed_stage(answering(807))) == (0.1, "said too much")


def test_only_the_best_statement_is_judged_where_one_is_marked() -> None:
    first, second = (Sentence(text=f"It is {year}.", citations=(), support="supported") for year in (1874, 1879))
    both = Answer(question="", query="", text="It is 1874. It is 1879.", abstained=False)
    for best, right in (((first, replace(second, best=True)), 0), ((replace(first, best=True), second), 1)):
        assert credit(replace(GOOD, cuts=("It is 1879.",), answer=replace(both, sentences=best))) == right


def test_a_marked_statement_is_a_line_whatever_full_stops_are_in_it() -> None:
    row, items = "Built: no. 4 · Max. load: 2 · Year: 1874", "The keepers:\n- No. 1 left in 1879.\n- No. 2 in 1874."
    for text, said, right in ((row, "1874", 1), (row, "2", 0), (items, "1874", 1), (items, "1879", 0)):
        start = text.index(said)
        best = Sentence(
            text=text, citations=(), support="supported", highlight=Span(start=start, end=start + 4), best=True
        )
        answer = Answer(question="", query="", text=text, abstained=False, sentences=(best,))
        assert credit(replace(GOOD, cuts=(text,), answer=answer)) == right


def test_the_numbers_that_code_computes_with_stand_in_no_ones_way() -> None:
    text = "Average of “Year”: (1,870 + 1,878) / 2 = 1,874"
    made = Sentence(text=text, citations=(), support="supported", reason="computed from 2 rows", best=True)
    answer = Answer(question="", query="", text=text, abstained=False, sentences=(made,), short=Short(text="1,874"))
    assert credit(replace(GOOD, cuts=(), answer=answer)) == 1
    assert credit(replace(GOOD, cuts=(), answer=replace(answer, sentences=(replace(made, reason=None),)))) == 0
    claimed = replace(made, text="It is 1,874 and not 1,870.")
    assert credit(replace(GOOD, cuts=(), answer=replace(answer, text=claimed.text, sentences=(claimed,)))) == 0


def test_a_crash_while_only_searching_has_no_score_of_an_answer() -> None:
    crashed = replace(GOOD, answer=None, hits=(), error="Error: gone")
    [scored] = score_run([crashed], asks=False)
    assert scored.scores["evidence_recall@5"] == 0
    assert not {"headline", "right", "refused"} & scored.scores.keys()


def test_the_short_answer_is_what_is_highlighted() -> None:
    sentence = Sentence(text="It is 1874. [1]", citations=(1,), support="supported", highlight=Span(start=6, end=10))
    answer = Answer(question="", query="", text="It is 1874. [1]", abstained=False, sentences=(sentence,))
    assert short_answer(answer) == "1874"
    assert short_answer(replace(answer, sentences=())) == "It is 1874."
    assert short_answer(replace(answer, abstained=True)) == ""


def test_the_short_answer_counts_before_what_is_highlighted_where_the_text_has_it() -> None:
    sentence = Sentence(text="It is 1874.", citations=(1,), support="supported", highlight=Span(start=6, end=10))
    answer = Answer(question="", query="", text="It is 1874. [1]", abstained=False, sentences=(sentence,))
    for text, counts in (("It is\n1874", "It is 1874"), ("1879", "1874")):
        short = Short(text=text, citation=1, start=0, end=len(text))
        assert short_answer(replace(answer, short=short)) == counts


def test_a_citation_that_is_not_the_documents_text_is_not_exact() -> None:
    assert score_case(GOOD)["citation_exact"] == 1
    assert score_case(replace(GOOD, cuts=("It is 1875.",)))["citation_exact"] == 0
    assert score_case(replace(GOOD, cuts=(None,)))["citation_exact"] == 0


def test_a_quote_that_the_corpus_lacks_counts_as_not_found() -> None:
    record = replace(GOOD, gold=(GOLD, None))
    assert score_case(record)["evidence_recall@5"] == 1 / 2


def test_a_pair_is_right_when_both_its_halves_are() -> None:
    twin = replace(GOOD, case=CASE.model_copy(update={"id": "x~typo", "twin_of": "x"}))
    wrong = replace(twin, answer=REFUSAL)
    assert [each.scores.get("pair") for each in score_run([GOOD, twin, wrong])] == [None, 1, 0]


def graded(relevance: dict[str, int], *found: str) -> CaseRecord:
    hits = tuple(Retrieved(name, 0, 9, 1.0) for name in found)
    return CaseRecord(case=Case(id="q", question="?", relevance=relevance), hits=hits)


@given(st.dictionaries(NAMES, st.integers(1, 4), min_size=1), st.lists(NAMES, unique=True, min_size=1))
def test_ranking_scores_are_pytrec_evals_to_the_last_digit(grades: dict[str, int], found: list[str]) -> None:
    measures = {"ndcg_cut.10", "recip_rank"}
    run = {name: float(len(found) - place) for place, name in enumerate(found[:10])}
    wanted = pytrec_eval.RelevanceEvaluator({"q": grades}, measures).evaluate({"q": run})["q"]
    assert rank_scores(graded(grades, *found)) == {
        "nDCG@10": wanted["ndcg_cut_10"],
        "RR@10": wanted["recip_rank"],
    }


def test_a_document_counts_where_it_is_first_found() -> None:
    scores = rank_scores(graded({"a": 3, "c": 1, "never": -1}, "x", "c", "c", "a"))
    best = 3 + 1 / log2(3)
    assert scores == {"nDCG@10": pytest.approx((1 / log2(3) + 3 / log2(4)) / best), "RR@10": 1 / 2}


def test_nothing_found_scores_nothing_and_nothing_wanted_has_no_score() -> None:
    assert rank_scores(graded({"c": 1})) == {"nDCG@10": 0, "RR@10": 0}
    assert rank_scores(graded({}, "c")) == {}


def test_a_passage_stands_for_evidence_of_which_it_holds_half() -> None:
    gold = Region("d", 10, 20)
    case = CASE.model_copy(update={"id": "x"})

    def found(*regions: Region) -> list[Region]:
        record = CaseRecord(case=case, gold=(gold,), hits=tuple(Retrieved(*r, 1.0) for r in regions))
        return list(ranking(record)[1])

    assert found(Region("d", 0, 15), Region("d", 15, 30)) == [gold, Region("d", 15, 30)]
    assert found(Region("d", 0, 14), Region("d", 14, 30)) == [Region("d", 0, 14), gold]


def test_latencies_are_the_median_and_what_one_case_in_twenty_exceeds() -> None:
    records = [replace(GOOD, seconds={"ask": float(taken)}) for taken in range(1, 22)]
    made = {each.name: each for each in figures(score_run(records))}
    assert (made["ask_p50"].value, made["ask_p95"].value, made["ask_p50"].unit) == (11, 20, "seconds")


def test_tokens_and_cost_are_counted_where_a_model_answered() -> None:
    assert GOOD.answer is not None
    used = replace(GOOD, answer=replace(GOOD.answer, usage=Usage(input_tokens=3000, output_tokens=500)))
    records = [used, GOOD]
    made = {each.name: each for each in figures(score_run(records), price=(0.25, 2.0))}
    assert (made["tokens_read"].value, made["tokens_written"].value) == (1500, 250)
    assert made["cost"].value == pytest.approx(0.00175)
    assert "cost" not in {each.name for each in figures(score_run([GOOD]))}
