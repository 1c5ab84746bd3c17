"""What is computed from a table's rows as the short answer: in no quote, and checked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qa import Chatbot, Short
from qa.answers.tables.computing import value_in
from qa.app.render import answer_html
from qa.types import Answer

BUDGET = 'Department,Staff,Budget 2026\nSales,58,"1,200,000"\nProduction,210,"4,300,000"\nResearch,31,"2,050,500"\n'


def test_a_sum_is_the_short_answer_and_a_false_one_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "budget.csv").write_text(BUDGET, encoding="utf-8")
    with Chatbot.open(chroma=":memory:", seeds=tmp_path, home=tmp_path / "home", model="extractive") as bot:
        answer = bot.ask("What is the total budget for 2026?")
        assert answer.short == Short(text="7,550,500")
        assert str(answer).startswith("7,550,500\n\nSum of “Budget 2026”")
        assert '<p class="short">7&#44;550&#44;500 </p>' in answer_html(answer)
        assert Answer.from_dict(answer.to_dict()) == replace(answer, hits=())
        assert bot.verify(answer).holds
        assert not bot.verify(replace(answer, short=Short(text="9,000,000"))).holds


def test_the_value_of_a_computation_stands_after_its_last_sign() -> None:
    assert value_in("1 + 2 = 3") == "3"
    assert value_in("(1 + 1 + 2) / 3 ≈ 1.33") == "≈ 1.33"
    assert value_in("4") == "4"
