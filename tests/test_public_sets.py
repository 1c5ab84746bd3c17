"""Public sets: what each format becomes, checked by the lint that checks our own suites."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

import public_sets
from qa.errors import SuiteError
from qa.evals.lint import lint
from qa.evals.sources import Sources
from qa.evals.suites import Suite, load_suite, read_corpus

FIRST = "The Ouse is 129 miles long. It rises in 1 of 3 springs."
SECOND = "The Aire is shorter."
SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Rivers/of York",
            "paragraphs": [
                {
                    "context": FIRST,
                    "qas": [
                        {
                            "id": "a",
                            "question": " How long is the Ouse? ",
                            "is_impossible": False,
                            "answers": [{"text": "129 miles", "answer_start": 12}, {"text": "129", "answer_start": 12}],
                        }
                    ],
                },
                {
                    "context": SECOND,
                    "qas": [{"id": "b", "question": "How deep?", "is_impossible": True, "answers": []}],
                },
            ],
        },
        {
            "title": "Rivers/of York",
            "paragraphs": [
                {
                    "context": SECOND,
                    "qas": [{"id": "c", "question": "Which?", "answers": [{"text": "Aire", "answer_start": 4}]}],
                }
            ],
        },
    ],
}
ALCE = [
    {
        "question": "Who won, and where?",
        "qa_pairs": [{"short_answers": ["Spain"]}, {"short_answers": ["Vienna", "Wien"]}],
        "docs": [
            {"title": "Final", "text": "Spain won the final."},
            {"title": "Venue", "text": "It was played in Vienna."},
            {"title": "Other", "text": "Nothing of that."},
        ],
    }
]


def write(path: Path, plain: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain), encoding="utf-8")
    return path


def made(kind: str, path: Path, folder: Path, *options: str) -> Suite:
    """The suite that the command makes of a set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["public_sets.py", kind, str(path), str(folder), *options])
        public_sets.main()
    return load_suite(folder)


def test_squad_paragraphs_become_a_document_and_spans_stay_exact(tmp_path: Path) -> None:
    suite = made("squad", write(tmp_path / "dev-v2.0.json", SQUAD), tmp_path / "suite")
    assert lint(suite) == []
    assert read_corpus(suite.corpora[""]) == {
        "000-Rivers%2Fof York.txt": f"{FIRST}\n\n{SECOND}",
        "001-Rivers%2Fof York.txt": SECOND,
    }
    first, second, third = suite.cases
    assert (first.question, first.answers) == ("How long is the Ouse?", ("129 miles", "129"))
    assert (second.answerable, second.answers, second.tags) == (False, (), ("impossible",))
    assert third.evidence[0].document.startswith("001")  # version 1.1 has no is_impossible


def test_articles_and_a_limit_take_a_part(tmp_path: Path) -> None:
    path = write(tmp_path / "dev.json", SQUAD)
    part = made("squad", path, tmp_path / "part", "--articles", "1:2")
    assert [case.id for case in part.cases] == ["c"]
    assert list(read_corpus(part.corpora[""])) == ["001-Rivers%2Fof York.txt"]
    made("squad", path, tmp_path / "whole")
    sources = Sources(home=tmp_path, work=tmp_path / "work", limit=1, seed=3)
    one, again = sources.open(str(tmp_path / "whole")), sources.open("whole")
    assert one == again
    assert len(one.cases) == 1


def test_beir_grades_documents(tmp_path: Path) -> None:
    (tmp_path / "set" / "qrels").mkdir(parents=True)
    corpus = [{"_id": "d/1", "title": "Tides", "text": "High water."}, {"_id": "d2", "title": "", "text": "Low."}]
    queries = [{"_id": "q 1", "text": "tides?"}, {"_id": "unjudged", "text": "?"}]
    (tmp_path / "set" / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (tmp_path / "set" / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (tmp_path / "set" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq 1\td/1\t2\n")
    suite = made("beir", tmp_path / "set", tmp_path / "suite")
    assert read_corpus(suite.corpora[""]) == {"d%2F1.txt": "Tides\n\nHigh water.", "d2.txt": "Low."}
    [case] = suite.cases
    assert (case.id, case.relevance, suite.asks) == ("q%201", {"d%2F1.txt": 2}, False)
    assert lint(suite) == []


def test_chromas_chunking_questions_keep_their_character_references(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "rivers.md").write_bytes(FIRST.encode())
    references = json.dumps([{"content": "129 miles", "start_index": 12, "end_index": 21}])
    row = '"How long?","' + references.replace('"', '""') + '",rivers\n'
    (tmp_path / "set" / "questions_df.csv").write_text("question,references,corpus_id\n" + row)
    suite = made("chunking", tmp_path / "set", tmp_path / "suite")
    assert lint(suite) == []
    assert suite.cases[0].evidence[0].model_dump() == {"document": "rivers.md", "quote": "129 miles", "start": 12}


def test_natural_questions_pool_their_gold_passages(tmp_path: Path) -> None:
    rows = [
        {
            "question": "how long is the ouse",
            "answers": ["129 miles"],
            "ctxs": [{"title": "Ouse", "text": FIRST, "isgold": True}, {"title": "x", "text": "y", "isgold": False}],
        },
        {"question": "which", "answers": ["the Humber"], "ctxs": [{"title": "Aire", "text": SECOND, "isgold": True}]},
    ]
    path = tmp_path / "nq.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    suite = made("nq", path, tmp_path / "suite")
    assert lint(suite) == []
    assert (suite.name, suite.title) == ("suite", "nq: nq.jsonl.gz")
    assert sorted(read_corpus(suite.corpora[""]).values()) == [f"Aire\n\n{SECOND}", f"Ouse\n\n{FIRST}"]
    assert [len(case.evidence) for case in suite.cases] == [1, 0]


def test_cranfield_counts_queries_by_position_and_turns_its_grades_around(tmp_path: Path) -> None:
    (tmp_path / "cran.all.1400").write_text(
        ".I 1\n.T\nwings\n.A\nx\n.B\ny\n.W\nof wings\n.I 2\n.T\n.A\n.B\n.W\n.I 3\n.W\nof flow\n"
    )
    (tmp_path / "cran.qry").write_text(".I 004\n.W\nwhat\nof wings\n.I 009\n.W\nwhat of flow\n")
    (tmp_path / "cranqrel").write_text("1 1 1 \n1 3 -1\n1 2 2\n2 3 4\n")
    suite = made("cranfield", tmp_path, tmp_path / "suite")
    assert [(case.id, case.question, case.relevance) for case in suite.cases] == [
        ("q1", "what of wings", {"1.txt": 4}),
        ("q2", "what of flow", {"3.txt": 1}),
    ]
    assert lint(suite) == []


def test_alce_pools_its_passages_and_asks_for_every_part(tmp_path: Path) -> None:
    suite = made("alce", write(tmp_path / "asqa.json", ALCE), tmp_path / "suite")
    [case] = suite.cases
    assert (case.question, case.parts) == ("Who won, and where?", (("Spain",), ("Vienna", "Wien")))
    assert sorted(read_corpus(suite.corpora[""]).values()) == [
        "Final\n\nSpain won the final.",
        "Other\n\nNothing of that.",
        "Venue\n\nIt was played in Vienna.",
    ]
    assert lint(suite) == []


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("squad", {"data": [{"title": "x"}]}, "is no set of the kind squad: KeyError"),
        ("squad", {"data": []}, "holds no questions"),
        ("alce", {"args": {}, "data": ALCE}, "is no set of the kind alce: TypeError"),
    ],
)
def test_what_is_no_such_set_is_refused(tmp_path: Path, kind: str, content: object, message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        made(kind, write(tmp_path / "set.json", content), tmp_path / "suite")
    assert not (tmp_path / "suite").exists()


def test_sources_say_what_there_is(tmp_path: Path) -> None:
    sources = Sources(home=tmp_path, work=tmp_path / "work")
    with pytest.raises(SuiteError, match=r"no suite 'sede' in .*: it is empty"):
        sources.open("sede")
    with pytest.raises(SuiteError, match="Add --corpus FOLDER"):
        sources.open(str(tmp_path / "cases.jsonl"))
    write(tmp_path / "cases.jsonl", {"id": "x", "question": "?", "answers": ["y"]})
    suite = replace(sources, corpus=tmp_path).open(str(tmp_path / "cases.jsonl"))
    assert (suite.name, suite.corpora) == ("cases", {"": tmp_path})
