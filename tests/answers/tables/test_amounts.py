"""What is read of the cells of a column: amounts of one unit, days, or nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from qa.answers.tables.amounts import read_amounts, read_days, written


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1,412", "164"], ["1412", "164"]),
        (["1,234.50", "12"], ["1234.50", "12"]),
        (["1.234,50", "12,00"], ["1234.50", "12.00"]),
        (["12,5", "3"], ["12.5", "3"]),
        (["1 234", "12"], ["1234", "12"]),
        (["1\u202f234", "5 000 000"], ["1234", "5000000"]),
        (["(12)", "-3", "−4", "+5"], ["-12", "-3", "-4", "5"]),
        (["£1,200", "-£300", "£ 5"], ["1200", "-300", "5"]),
        (["5 %", "10%", "2 per cent"], ["5", "10", "2"]),
        (["£4.2m", "£300k", "£1 million"], ["4200000", "300000", "1000000"]),
        (["1.2M", "3k"], ["1200000", "3000"]),
        (["€ 5", "6 EUR", "7€"], ["5", "6", "7"]),
        (["4 m", "5.5 m"], ["4", "5.5"]),
        (["1 day", "2 days"], ["1", "2"]),
        (["94 °C", "-8 °C"], ["94", "-8"]),
        (["0.875", "1.250"], ["0.875", "1.250"]),
    ],
)
def test_numbers_are_read_as_documents_write_them(texts: list[str], values: list[str]) -> None:
    amounts = read_amounts(texts)
    assert amounts is not None
    assert [each.value for each in amounts] == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["n/a", "5"],
        ["", "5"],
        ["on request"],
        ["2 weeks", "1 day"],
        ["18 km", "6 miles"],
        ["£5", "$5"],
        ["5", "5 %"],
        ["5", "£5"],
        ["1.250", "2.500"],  # thousands in one custom, thousandths in the other
        ["1,234.5", "1.234,5"],
        ["12,34,5"],
        ["1,23"[:3] + "4,56"],
        ["44 dB at 1 m"],
        ["1 to 5"],
        ["3-4"],
        ["(12"],
        ["12)"],
        ["2024-05-01"],
        ["1" * 41],
        ["E17"],
    ],
)
def test_what_is_no_amount_or_of_several_units_or_unsure_is_not_read(texts: list[str]) -> None:
    assert read_amounts(texts) is None


@pytest.mark.parametrize(
    ("texts", "total"),
    [
        (["1,412", "164"], "1,576"),
        (["£1,200.50", "£300"], "£1,500.50"),
        (["1.234,50", "12,00"], "1.246,50"),
        (["0.1", "0.2"], "0.3"),
        (["5%", "10%"], "15%"),
        (["2 days", "1 day"], "3 days"),
        (["(500)", "20"], "−480"),
        (["9" * 38, "1"], "1" + "0" * 38),
    ],
)
def test_a_sum_is_exact_and_written_as_its_values_are(texts: list[str], total: str) -> None:
    amounts = read_amounts(texts)
    assert amounts is not None
    assert written(sum((each.value for each in amounts), Decimal(0)), like=amounts) == total


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2025-03-01"], [(2025, 3, 1)]),
        (["2025-03"], [(2025, 3)]),
        (["3 June 2024", "1st Jul. 2024"], [(2024, 6, 3), (2024, 7, 1)]),
        (["Mon 3 March 2025"], [(2025, 3, 3)]),
        (["June 3, 2024"], [(2024, 6, 3)]),
        (["May 2025"], [(2025, 5)]),
        (["15 May", "3 June"], [(5, 15), (6, 3)]),
        (["03.12.2025"], [(2025, 12, 3)]),
        (["13/04/2025", "01/02/2025"], [(2025, 4, 13), (2025, 2, 1)]),
        (["04/13/2025", "01/02/2025"], [(2025, 4, 13), (2025, 1, 2)]),
    ],
)
def test_days_are_read_as_documents_write_them(texts: list[str], days: list[tuple[int, ...]]) -> None:
    assert read_days(texts) == tuple(days)


@pytest.mark.parametrize("texts", [[], ["03/04/2025"], ["15 May", "3 June 2024"], ["soon"], ["2025-13-01"], ["32 May"]])
def test_what_is_no_day_or_may_be_two_is_not_read(texts: list[str]) -> None:
    assert read_days(texts) is None
