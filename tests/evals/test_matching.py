"""What counts as saying the gold answer: wording, notation, denial, details that are not there."""

from __future__ import annotations

import pytest

from qa.evals import matching
from qa.evals.matching import plain


def says(question: str, aliases: list[str], said: str, evidence: str = "") -> bool:
    return matching.says_any(plain(said), aliases, question=plain(question), evidence=evidence)


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("41 degrees", "It was forty-one degrees."),
        ("8 April 2024", "On April the 8th, 2024."),
        ("£1,605", "They cost 1605 pounds."),
        ("£58,000", "58k pounds"),
        ("60 g", "Sixty grams."),
        ("three times", "They slap hands thrice."),
        ("one week", "You may keep it for seven days."),
        ("6.5 kg", "Six and a half kilos."),
        ("4 °C", "At four degrees."),
        ("90 %", "Ninety per cent of them."),
        ("steadily expanded", "They have been steadily expanding."),
        ("two daughters", "There were 2 daughters."),
        ("12 noon", "At midday, 12:00 noon."),
        ("harbour defences", "For defense of the harbor."),
        ("prices rose", "Prices were rising."),
        ("2.5 metres", "2.5 m."),
        ("reorganise the cooperative", "To re-organize the co-operative."),
        ("every two months", "Every other month."),
    ],
)
def test_numbers_dates_units_and_inflections_count_in_any_notation(alias: str, said: str) -> None:
    assert says("What is it?", [alias], said)


@pytest.mark.parametrize(
    ("question", "alias", "said"),
    [
        ("Who supplied it?", "Ostrell", "It was not supplied by Ostrell."),
        ("How many cars does it carry?", "16", "It carries 60 cars, not 16."),
        ("What did it cost?", "61,000 crowns", "Rather than 61,000 crowns it cost 52,000."),
        ("How was it moved?", "36 oxen", "By barge, after 36 oxen had failed to shift it."),
        ("How hot?", "250 °C", "At 200 degrees."),
        ("When?", "8 April", "On 8 May."),
        ("How often is it sampled?", "every four months", "Every four weeks."),
        ("How many of the six came back?", "one of the six", "Every last one of the six did."),
    ],
)
def test_what_is_denied_or_has_another_value_is_not_said(question: str, alias: str, said: str) -> None:
    assert not says(question, [alias], said)


@pytest.mark.parametrize(
    ("question", "alias", "said", "held"),
    [
        ("When does it open on Sundays?", "closed on Sundays", "It doesn't; on Sundays it stays shut.", True),
        ("When does it open on Sundays?", "closed on Sundays", "At ten on Sundays.", False),
        ("Where is the lift?", "no lift", "There isn't one, you have to climb.", True),
        ("What does a car cost?", "not carried", "You can't take a car.", True),
        ("What does a car cost?", "not carried", "A car costs 58 crowns.", False),
        ("When did the light go out?", "never went out", "It did not go out at all.", True),
        ("When did it start?", "1931", "It did not start until 1931.", True),
        ("What does parking cost?", "no charge", "Good news: you pay nothing.", True),
        ("What is on the menu?", "nothing", "Pies and tarts, nothing special.", False),
        ("What is the view like?", "none", "It is second to none.", False),
        ("Where is the sauna?", "no sauna", "A sauna isn't mentioned anywhere.", False),
        ("Does he sell it?", "refused to sell", "He says no to every offer to sell.", True),
        ("How late may it come?", "9 May", "It must come no later than 9 May.", True),
    ],
)
def test_a_denial_is_said_by_another_denial(question: str, alias: str, said: str, *, held: bool) -> None:
    assert says(question, [alias], said) == held


def test_a_denial_in_the_text_itself_may_be_repeated() -> None:
    assert says("What must never be used?", ["vinegar"], "You must not use vinegar.", "Never use vinegar.")
    assert not says("What is used?", ["vinegar"], "You must not use vinegar.", "Use vinegar.")


def test_another_reason_with_a_word_of_the_right_one_is_not_the_reason() -> None:
    evidence = "The mill stopped when the sea wall was raised."
    question = "Why did the mill stop?"
    assert says(question, ["sea wall"], "They raised the sea wall.", evidence)
    assert not says(question, ["sea wall"], "A storm broke the sea wall and carried off its wheel.", evidence)
    assert says(question, ["sea wall"], "They raised the sea wall, and the miller took up fishing instead.", evidence)


@pytest.mark.parametrize(
    ("question", "aliases", "said", "agreed"),
    [
        ("Is it open?", ["Yes"], "Yes, every day.", True),
        ("Is it open?", ["Yes"], "No.", False),
        ("Is it open?", ["No"], "It isn't.", True),
        ("Was the fair held?", ["No"], "It wasn't held: rain came.", True),
        ("Did they mention cooperation?", ["cooperation"], "No, they did not mention cooperation.", False),
        ("Did they mention cooperation?", ["cooperation"], "Yes, at length.", None),  # the alias must be said as well
        ("Can I bring a dog?", ["Yes"], "You may bring a dog on Fridays.", True),
        ("Can I swim?", ["Yes", "on Mondays"], "Yes, on any day except Mondays.", False),
        ("Can I swim?", ["Yes", "on Mondays"], "Yes, on Mondays, but not in the pond.", True),
        ("Can I swim?", ["Yes"], "Sorry, no swimming here.", False),
        ("Can I swim?", ["Yes", "in the pond"], "You can go anywhere, only the pond is off limits.", None),
        ("Was it before or after?", ["before"], "No idea.", None),
        ("When is it open?", ["never"], "No day.", None),
    ],
)
def test_yes_and_no_agree_with_the_gold_or_not(
    question: str, aliases: list[str], said: str, agreed: bool | None
) -> None:
    assert matching.agrees(plain(said), aliases, question=question) == agreed


@pytest.mark.parametrize(
    ("question", "alias", "said", "otherwise"),
    [
        ("Where was it made?", "Brennmark", "In Torvenna; it only passed through Brennmark.", True),
        ("Who closed it?", "Berta Nyland", "The mason Halvard Strand did, while Berta Nyland was away.", True),
        ("How many members are there?", "118", "There are 90,000 members, who fill 118 jars.", True),
        ("When was it opened?", "12 October 1873", "In 1870. On 12 October 1873 it was shut.", True),
        ("When was it opened?", "12 October 1873", "In October 1873, on the 12th.", False),
        ("Where is it?", "loading bay", "In the loading bay, by the door.", False),
        ("And films, how long?", "one week", "Seven days, unlike books.", False),
        ("How much milk?", "3 litres", "You need 3 litres of cream and 5 litres of milk.", True),
        ("How much milk?", "3 litres", "You need 5 litres of cream and 3 litres of milk.", False),
        ("Which leg was broken?", "left leg", "He broke his right leg; the left one was bruised.", True),
        ("Which leg was broken?", "left leg", "Not the right leg, the left.", False),
        ("What did they discuss?", "trade", "In short, what they might trade.", False),
        ("What turned the saw?", "a donkey", "The wind; a donkey came later.", True),
        ("Which club came last?", "chess", "The rowers, who did worse than chess.", True),
        ("Which club came last?", "chess", "Chess, which nobody expected.", False),
        ("Which club came last?", "chess", "Rowing, though chess was close.", True),
    ],
)
def test_an_answer_that_opens_otherwise_does_not_give_the_gold(
    question: str, alias: str, said: str, *, otherwise: bool
) -> None:
    assert matching.answers_otherwise(plain(said), [alias], question=question) == otherwise


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("She met Jonas Thrane on 8 July.", None),
        ("She met Ruth Calloway on 8 July.", "ruth"),
        ("She met Jonas Thrane on 9 July.", "9"),
        ("She met Jonas Thrane 40 times.", "40"),
        ("She met two men.", None),
        ("She met them at 8 degrees Celsius.", "degre"),
        ("I'm told she met Jonas.", None),
        ("She got 8 per cent.", "percent"),
    ],
)
def test_a_name_or_number_that_is_not_known_is_foreign(said: str, detail: str | None) -> None:
    assert matching.foreign(plain(said), "On 8 July she met the keeper, Jonas Thrane.") == detail


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("It costs £620 more.", None),
        ("It costs nearly £600 more.", None),
        ("It costs £600 more.", "600"),
        ("It costs nearly £700 more.", "700"),
        ("It costs £2 million.", None),
        ("It is up to HR.", None),
        ("It is up to Harbor House.", None),
        ("It lasts an hour.", "hour"),
        ("It is up to PR.", "pr"),
    ],
)
def test_a_difference_a_rounded_number_and_initials_are_known(said: str, detail: str | None) -> None:
    known = "Human resources pays £1,980, not £1,360. Sales, million pounds: 2. Harbour House"
    assert matching.foreign(plain(said), known) == detail


@pytest.mark.parametrize(
    ("said", "declined"),
    [
        ("Not stated.", True),
        ("The article doesn't say how many.", True),
        ("That isn't covered by the documents I have.", True),
        ("No submarine is mentioned; the ship was the Tabar.", True),
        ("The manual gives weights but says nothing about calories.", True),
        ("I don't know.", True),
        ("It opens at nine.", False),
        ("The packer was Lidia Corrow.", False),
        ("In November.", False),
    ],
)
def test_declining_is_told_from_answering(said: str, *, declined: bool) -> None:
    assert matching.declines(said) == declined
