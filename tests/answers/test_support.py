from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attack_times import grows
from qa.answers import facts
from qa.answers.drafting.claims import format_claims, parse_verdicts
from qa.answers.support import Verdict, check, wording

QUOTE = (
    "General Naravane, who is on a two-day visit, met General Pietro Serino and the defence minister "
    "Lorenzo Guerini in Rome on 4 July, and 1,200 soldiers paraded."
)


def flat(term: str) -> float:
    return 1.0


def test_in_a_small_index_a_word_that_it_lacks_does_not_outweigh_all_others() -> None:
    rarity = {"locat": 1.79}  # of four passages one would say so of what none has, and of what all have
    said, cited = "The office is located in the town of Ribe.", "The office stands in the town of Ribe."
    assert check(said, [cited], idf=lambda term: rarity.get(term, 0.11)).support == "partly"


def verdict(sentence: str, *quotes: str, context: str = "") -> Verdict:
    return check(sentence, quotes or [QUOTE], idf=flat, context=context)


@pytest.mark.parametrize(
    "sentence",
    [
        QUOTE,
        "General Naravane met General Pietro Serino in Rome.",
        "He met the defence minister Lorenzo Guerini in Rome on July 4.",
        "In Rome on July 4th, 1200 soldiers paraded.",
        "General Naravane is on a 2-day visit.",
    ],
)
def test_a_sentence_worded_like_its_quote_is_supported(sentence: str) -> None:
    assert verdict(sentence).support == "supported"


@pytest.mark.parametrize("sentence", ["2. No.", "No, it is not.", "So they are."])
def test_a_sentence_without_a_word_of_meaning_is_supported_by_its_like_alone(sentence: str) -> None:
    assert verdict(sentence, "No canteen is there, as it is not open, and so they are hungry.").support == "unsupported"
    assert verdict(sentence, "No.", "It is not.", sentence).support in ("supported", "partly")


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("General Naravane is on a three-day visit.", "the number 3 is not found in the cited text"),
        ("In Rome on 4 July, 1,300 soldiers paraded.", "the number 1,300 is not found in the cited text"),
        ("General Naravane met General Serino on 5 July.", "the number 5 is not found in the cited text"),
        ("General Naravane met General Serino on 2 July.", "the date July 2 is not found in the cited text"),
        ("General Naravane met General Serino on 4 June.", "the date June 4 is not found in the cited text"),
        ("General Naravane met General Serino in June.", "the month June is not found in the cited text"),
        ("General Naravane met Mario Draghi in Rome.", "the name “Mario Draghi” is not found in the cited text"),
        ("General Naravane met General Serino in Milan.", "the name “Milan” is not found in the cited text"),
        ("General Naravane did not praise the cheese of Rome.", "the negation “not” is not found in the cited text"),
        ("General Naravane came at 7:30 p.m.", "the time “7:30 p.m.” is not found in the cited text"),
    ],
)
def test_a_number_date_time_name_or_negation_that_is_missing_is_named(sentence: str, reason: str) -> None:
    found = verdict(sentence)
    assert (found.support, found.reason, found.missing) == ("unsupported", reason, True)


REVENUE = "Revenue in 2025 was 41.2 million euros, as Lumora said. It is the highest of its history."


@pytest.mark.parametrize(
    ("sentence", "support", "reason"),
    [
        (
            "No, revenue in 2025 was 41.2 million euros.",
            "partly",
            "whether it is “No” was not checked, only the rest of it",
        ),
        (
            "No, revenue in 2025 was 12 million euros.",
            "unsupported",
            "the number 12,000,000 is not found in the cited text",
        ),
        ("No. 2025: revenue was 41.2 million euros.", "supported", None),
        ("Yes.", "unsupported", "most of its wording (“yes”) is not found in the cited text"),
        ("According to the documents, revenue in 2025 was 41.2 million euros.", "supported", None),
    ],
)
def test_what_a_sentence_replies_with_is_told_from_what_it_states(
    sentence: str, support: str, reason: str | None
) -> None:
    found = verdict(sentence, REVENUE)
    assert (found.support, found.reason) == (support, reason)


@pytest.mark.parametrize(
    ("sentence", "support", "compared"),
    [
        ("Der Umsatz von Lumora betrug im Jahr 2025 41,2 Millionen Euro.", "partly", True),
        ("Der Umsatz betrug im Jahr 2025 38 Millionen Euro.", "unsupported", True),
        ("Das ist der höchste Wert in der Geschichte.", "unsupported", False),
    ],
)
def test_a_sentence_in_another_language_is_compared_by_its_numbers_and_names(
    sentence: str, support: str, compared: bool
) -> None:
    found = verdict(sentence, REVENUE)
    assert (found.support, found.compared) == (support, compared)
    assert "another language" in str(found.reason)


def test_a_sentence_without_citations_is_unsupported() -> None:
    assert check("He left.", [], idf=flat) == Verdict(support="unsupported", score=0.0, reason="it cites nothing")


def test_wording_that_is_missing_is_called_missing() -> None:
    partly = verdict("General Naravane met the defence minister in Rome and praised local cheese.")
    assert (partly.support, partly.reason) == ("partly", "“praised”, “local”, “cheese” is not found in the cited text")
    unsupported = verdict("The cheese of the region won several prizes.")
    assert unsupported.support == "unsupported"
    assert unsupported.reason == ("most of its wording (“cheese”, “region”, “won”) is not found in the cited text")


@pytest.mark.parametrize(
    ("sentence", "quote", "ours", "theirs"),
    [
        ("The bridge opened in 1937.", "The bridge was not opened in 1937.", "opened", "not opened"),
        ("General Naravane never met General Serino.", QUOTE, "not met", "met"),
        ("Rents rose in May.", "In May, rents fell.", "rose", "fell"),
        ("More guests came by train.", "Fewer guests came by train.", "more", "fewer"),
        ("The gate is open at night.", "The gate is shut at night, and the porter sleeps.", "open", "shut"),
        ("Wash it before you dry it.", "Wash it after you dry it.", "before", "after"),
        ("Camping is allowed by the lake.", "Camping is forbidden by the lake.", "allowed", "forbidden"),
        ("The soup is cooked with salt.", "The soup is cooked without salt.", "salt", "not salt"),
        ("All of the lamps were lit.", "None of the lamps were lit.", "lit", "not lit"),
        ("The wood is treated.", "The wood is untreated.", "treated", "untreated"),
        ("Pay at least 20 euros.", "Pay at most 20 euros.", "at least", "at most"),
        ("Wages fell and rents rose.", "Wages fell and rents fell.", "rose", "fell"),
    ],
)
def test_what_the_quote_says_the_other_way_round_is_contradicted(
    sentence: str, quote: str, ours: str, theirs: str
) -> None:
    found = verdict(sentence, quote)
    said = f"the cited text says “{theirs}” where the sentence says “{ours}”"
    assert (found.support, found.reason) == ("contradicted", said)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Rents fell in May.", "Rents rose in April and fell in May."),
        ("Oil is lighter than water.", "Water is heavier than oil."),
        ("Cold air holds less vapour than warm air.", "Warm air holds more vapour than cold air."),
        ("The bell rings before the doors open.", "The doors open after the bell rings."),
        ("Camping is not allowed by the lake.", "Camping is forbidden by the lake."),
        ("The rule has no exception.", "The rule has no written exception."),
        ("I shut the gates an hour before.", "I shut the gates an hour after it rang."),
        ("You'd see that I'm here, and she'd stay.", "You see that I am here and she stays."),
        ("The fee is due without a reminder.", "The fee is due unless a reminder says otherwise."),
        ("The fee is due no later than Monday.", "The fee is due on Monday at the latest."),
        ("Those who slept less made more errors.", "Those who slept more made fewer errors."),
        ("Not only bread but cheese was sold.", "Bread and cheese were sold."),
        ("The wage rises in May.", "In May the rent falls."),
    ],
)
def test_opposed_words_about_other_things_or_turned_twice_contradict_nothing(sentence: str, quote: str) -> None:
    assert verdict(sentence, quote).support != "contradicted"
    assert not verdict(sentence, quote).missing


def test_a_name_may_stand_in_the_rest_of_the_cited_passage() -> None:
    quote = "He arrived in Rome on Wednesday for a visit."
    assert verdict("General Naravane arrived in Rome on Wednesday.", quote).missing
    found = verdict("General Naravane arrived in Rome on Wednesday.", quote, context="General Naravane is a soldier.")
    assert not found.missing
    assert found.support == "supported"


def test_several_quotes_are_read_together() -> None:
    assert verdict(
        "Rome lies in Italy and has 3 million people.", "Rome lies in Italy.", "It has three million people."
    ) == (
        Verdict(
            support="supported",
            score=wording(
                "Rome lies in Italy and has 3 million people.",
                ["Rome lies in Italy.", "It has three million people."],
                idf=flat,
            ),
        )
    )


def test_rare_terms_weigh_more_than_common_ones() -> None:
    common_missing = wording("the big aardvark", ["an aardvark"], idf={"big": 0.1, "aardvark": 1.0}.__getitem__)
    rare_missing = wording("the big aardvark", ["a big thing"], idf={"big": 0.1, "aardvark": 1.0}.__getitem__)
    assert common_missing > rare_missing


@given(sentence=st.text(max_size=80), quote=st.text(max_size=80))
def test_any_text_gets_a_verdict_with_a_score_between_0_and_1(sentence: str, quote: str) -> None:
    found = check(sentence, [quote], idf=flat)
    assert 0 <= found.score <= 1
    assert found.support in ("supported", "partly", "unsupported", "contradicted")
    assert (found.reason is None) == (found.support == "supported")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two days", [2]),
        ("a two-day visit", [2]),
        ("2 days", [2]),
        ("twenty-one", [21]),
        ("twenty one", [21]),
        ("two hundred and five", [205]),
        ("nineteen thousand three hundred", [19300]),
        ("1,000", [1000]),
        ("1000", [1000]),
        ("1.5 million", [1_500_000]),
        ("1,500,000", [1_500_000]),
        ("3.50", [Decimal("3.5")]),
        ("July 4 and 5", [4, 5]),
        ("in the 1990s and the 20th century", [20, 1990]),
        ("the third time", [3]),
        ("one of the first", []),
        ("a one-day visit", [1]),
        ("the G20 summit", []),
        ("50% of $20", [20, 50]),
        ("no numbers", []),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, expected: list[Decimal]) -> None:
    assert sorted(facts.numbers(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on July 4", {(7, 4)}),
        ("on 4 July 2021", {(7, 4)}),
        ("on the 4th of July", {(7, 4)}),
        ("on July 4, 2021", {(7, 4)}),
        ("on Jul. 4th", {(7, 4)}),
        ("2021-07-04", {(7, 4)}),
        ("on July 4 and 5", {(7, 4), (7, 5)}),
        ("4-5 July", {(7, 4), (7, 5)}),
        ("in July", set()),
        ("you may 4 times", set()),
    ],
)
def test_dates_are_read_in_any_order(text: str, expected: set[tuple[int, int]]) -> None:
    assert facts.dates(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Yesterday General Naravane met Lorenzo Guerini.",
            [("yesterday", "general", "naravane"), ("lorenzo", "guerini")],
        ),
        ("The Indian Army paraded.", [("indian", "army")]),
        ("He met the Italian minister.", [("italian",)]),
        ("Soldiers paraded. Others left.", []),
        ("no names here", []),
    ],
)
def test_names_are_capitalised_words_that_do_not_just_open_a_sentence(
    text: str, expected: list[tuple[str, ...]]
) -> None:
    assert list(facts.names(text)) == expected


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("He left the UK in May.", "He left the United Kingdom in May."),
        ("He left the United Kingdom in May.", "He left the UK in May."),
        ("He praised the Italian army.", "He praised the army of Italy."),
    ],
)
def test_a_name_is_found_by_its_initials_and_its_root(sentence: str, quote: str) -> None:
    assert not verdict(sentence, quote).missing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It opened on Sept 4.", "It opened on 4 September."),
        ("It opened on 4 Sep. and closed.", "It opened on September 4 and closed."),
        ("It opened on 2021-07-04.", "It opened on 4 July 2021."),
        ("It ran in 2018–19.", "It ran in 2018-2019."),
        ("It blocks CTLA-4 in mice.", "It blocks CTLA4 in mice."),
        ("Wards for Covid-19 closed.", "Wards for COVID closed."),
        ("See section 4.2 of it.", "In section 4.2, see it."),
        ("A third of it burnt.", "33% of it burnt."),
        ("Two thirds of it burnt.", "It burnt by 67 per cent."),
        ("It burnt by 50 %.", "Half of it burnt."),
        ("Several hundred people came.", "Hundreds of people came."),
        ("A dozen people came.", "12 people came."),
        ("Anti-rust paint is used.", "They use a paint against rust."),
        ("COUNCIL BUYS THREE OLD MILLS", "The council buys three mills that are old."),
        ("Both NGOs left.", "The other NGO left as well."),
        ("The U.S. team left.", "The US team left."),
        ("The TNF-α level rose.", "The level of TNF-alpha rose."),
        ("It opens at 7:30 p.m. today.", "It opens at 19:30 today."),
        ("It opens at 19.30 today.", "It opens at 19:30 today."),
        ("It opens at half past seven.", "It opens at 19.30."),
        ("It opens at 8 o'clock.", "It opens at 8."),
        ("It rose by 5 %.", "It rose by five per cent."),
        ("It holds 1 234 litres.", "It holds 1,234 litres."),
        ("It holds 1.234 litres.", "It holds 1,234 litres."),
        ("It is the 4th bridge.", "It is the fourth bridge."),
        ("It cost €5.", "It cost EUR 5."),
        ("It cost $3m in all.", "It cost three million dollars in all."),
        ("It weighs 1.5 tons.", "It weighs one and a half tons."),
    ],
)
def test_a_fact_is_found_in_another_spelling(one: str, other: str) -> None:
    assert not verdict(one, other).missing, verdict(one, other).reason
    assert not verdict(other, one).missing, verdict(other, one).reason


@pytest.mark.parametrize(
    ("sentence", "quote", "missing"),
    [
        ("It opens at 7:30 a.m.", "It opens at 19:30.", "the time “7:30 a.m.”"),
        ("It opens at half past eight.", "It opens at 8:00.", "the time “half past eight”"),
        ("The level of IL-6 rose.", "The level of IL-10 rose.", "the name “IL6”"),
        ("The hose fits model KX-20.", "The hose fits model KX-200.", "the name “KX20”"),
        ("The agent of Harlow Ltd came.", "The agent of Pember Ltd came.", "the name “Harlow Ltd”"),
        ("It ran in 2018–19.", "It ran in 2008–09.", "the number 2,018"),
        ("Two thirds of it burnt.", "One third of it burnt.", "the number 2"),
        ("Große Straße, sagt Uhr Meier.", "Große Straße.", "the name “Uhr Meier”"),
        ("It is in the Indian Army's hands.", "It is in good hands.", "the name “Indian Army”"),
    ],
)
def test_another_fact_is_missing_in_any_spelling(sentence: str, quote: str, missing: str) -> None:
    assert verdict(sentence, quote).reason == f"{missing} is not found in the cited text"


@pytest.mark.parametrize("unit", ["1,", "4-", "Aa ", " ", "not ", "all rose and none fell, "])
def test_hostile_text_is_checked_in_linear_time(unit: str) -> None:
    def run(size: int) -> None:
        hostile = unit * (size // len(unit)) + "x"
        verdict(hostile, hostile)

    assert grows(run, limit_s=8) is None


def test_claims_are_numbered_with_their_quotes_on_lines_of_their_own() -> None:
    claims = [
        ("A [1.1]\nB", ("Q one.", "Q\ntwo.")),
        ("C", ("Q",)),
    ]
    assert format_claims(claims) == "1: A (1.1) B\n   cites: Q one.\n   cites: Q two.\n\n2: C\n   cites: Q"


@pytest.mark.parametrize(
    ("line", "support", "reason"),
    [
        ("1: supported", "supported", None),
        ("1: supported - it says so", "supported", None),
        ("1: partly - the year is not there", "partly", "the year is not there"),
        ("1. Partially supported — no year.", "partly", "no year"),
        ("**1**: **unsupported** - nothing of it", "unsupported", "nothing of it"),
        ("1) not supported: nothing", "unsupported", "nothing"),
        ("- Claim 1: contradicted - it says 1938", "contradicted", "it says 1938"),
        ("1: contradicted", "contradicted", "the checking model calls it contradicted"),
    ],
)
def test_a_checking_models_lines_are_read_tolerantly(line: str, support: str, reason: str | None) -> None:
    found = parse_verdicts(f"Here are the verdicts:\n{line}\n")
    assert (found[1].support, found[1].reason) == (support, reason)


def test_lines_that_are_no_verdicts_are_left_out() -> None:
    assert parse_verdicts('1: maybe\nI think 2 is supported\n3:\n{"4": true}') == {}
