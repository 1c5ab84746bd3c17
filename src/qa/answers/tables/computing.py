"""Cells of a column → what they amount to, exactly, and the words in which that is said and read again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

from qa.answers.tables.amounts import PRECISION, Amount, Day, read_amounts, read_days, unit_of, written

Operation = Literal["cell", "most", "least", "sum", "average", "difference", "count"]

SHOWN = 12  # values of a computation that are shown; of more the first ones and the last
FIRST = 3
AVERAGE_DECIMALS = 2  # more than its values have
LABELS: dict[str, Operation] = {
    "Sum of": "sum",
    "Average of": "average",
    "Difference in": "difference",
    "Highest": "most",
    "Latest": "most",
    "Lowest": "least",
    "Earliest": "least",
    "Number of rows": "count",
}
RELATIONS = {
    **dict.fromkeys(("before", "under", "below", "less than", "fewer than", "lower than", "cheaper than"), "<"),
    **dict.fromkeys(("after", "over", "above", "more than", "greater than", "higher than", "later than"), ">"),
    **dict.fromkeys(("until", "by", "at most", "up to"), "≤"),
    **dict.fromkeys(("since", "from", "at least"), "≥"),
}
STATEMENT = re.compile(
    rf"(?P<label>{'|'.join(LABELS)})(?: “(?P<name>[^“”]*)”)?(?: for “(?P<words>[^“”]*)”)?"
    rf"(?: where “(?P<limited>[^“”]*)” (?P<relation>{'|'.join(RELATIONS)}) (?P<value>[^:]*))?: (?P<result>.*)",
    re.S,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A computation as it is shown under its label, and the places of the values that answer."""

    label: str
    text: str
    winners: tuple[int, ...] = ()


def value_in(result: str) -> str:
    """What a computation comes to, without the values that it was made of: "3" of "1 + 2 = 3"."""
    _, is_about, about = result.rpartition(" ≈ ")
    return f"≈ {about}" if is_about else result.rpartition(" = ")[2]


def compute(operation: Operation, texts: Sequence[str]) -> Result | None:
    """The result over the cells of a column, exactly; None where they cannot be read as amounts or days of one kind."""
    if operation == "count":
        return Result(label="Number of rows", text=f"{len(texts):,}")
    amounts = read_amounts(texts)
    days = None if amounts else read_days(texts)
    if operation in ("most", "least"):
        if amounts:
            return _extreme([each.value for each in amounts], texts, "Highest" if operation == "most" else "Lowest")
        return _extreme(days, texts, "Latest" if operation == "most" else "Earliest") if days else None
    if not amounts or len(amounts) < 2:
        return None
    with localcontext() as context:
        context.prec = PRECISION
        values = [each.value for each in amounts]
        if operation == "difference":
            high, low = sorted(range(len(texts)), key=lambda place: -values[place])[:2]
            result = written(values[high] - values[low], like=amounts)
            return Result(label="Difference in", text=f"{texts[high]} − {_operand(texts[low])} = {result}")
        total, added = sum(values, Decimal(0)), _listed([texts[0], *map(_operand, texts[1:])], " + ")
        if operation == "sum":
            return Result(label="Sum of", text=f"{added} = {written(total, like=amounts)}")
        return Result(label="Average of", text=f"({added}) / {len(texts)} {_mean(total, amounts)}")


def _mean(total: Decimal, amounts: Sequence[Amount]) -> str:
    """The mean after "=", or after "≈" where not all of its decimals are shown."""
    mean = total / len(amounts)
    places = max(each.decimals for each in amounts)
    shown = next((each for each in range(places, places + AVERAGE_DECIMALS + 1) if round(mean, each) == mean), None)
    decimals = places + AVERAGE_DECIMALS if shown is None else shown
    return f"{'≈' if shown is None else '='} {written(mean, like=amounts, decimals=decimals)}"


def _operand(text: str) -> str:
    return f"({text})" if text[:1] in "-−" else text


def _extreme(values: Sequence[Decimal] | Sequence[Day], texts: Sequence[str], label: str) -> Result:
    order = sorted(range(len(texts)), key=values.__getitem__, reverse=label in ("Highest", "Latest"))
    winners = tuple(place for place in order if values[place] == values[order[0]])
    rest = [texts[place] for place in order[len(winners) :]]
    then = f", then {_listed(rest, ', ')}" if rest else ""
    return Result(label=label, text=f"{texts[order[0]]}{then}", winners=winners)


def _listed(texts: Sequence[str], between: str) -> str:
    return between.join(texts if len(texts) <= SHOWN else [*texts[:FIRST], "…", texts[-1]])


def meets(texts: Sequence[str], relation: str, value: str) -> list[bool] | None:
    """Which cells of a column are over, under, before or after a value; None where it cannot be compared with them.

    A day is compared by as much of it as the value has: all days of 2025 are after 2024, and none after 2025.
    """
    amounts, bound = read_amounts(texts), read_amounts([value])
    if amounts and bound:
        alike = unit_of(amounts[0]) == unit_of(bound[0]) or not (unit_of(amounts[0]) and unit_of(bound[0]))
        return [_compare(each.value, relation, bound[0].value) for each in amounts] if alike else None
    days, until = read_days(texts), read_days([value])
    if not days or not until or len(days[0]) < len(until[0]) or (days[0][0] > 31) != (until[0][0] > 31):
        return None
    return [_compare(each[: len(until[0])], relation, until[0]) for each in days]


def _compare(one: Decimal | Day, relation: str, other: Decimal | Day) -> bool:
    if relation in "≤≥" and one == other:
        return True
    return one < other if relation in "<≤" else one > other  # type: ignore[operator]  # both of one kind
