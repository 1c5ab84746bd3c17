from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.answers.replies.courtesies import topic_of, without_courtesies, without_small_talk
from qa.types import Message

SUITES = Path(__file__).parents[3] / "evals"

TALK = {
    "greeting": """hi|Hi!|HELLO|hello there|Hey everybody|hi 👋|👋|👋🏽|hellooo :D|G'day|Good morning
        good evening to you|how are you?|hi, how are you doing today?|What's up?|howdy <3|greetings|“Hello”|Hallo
        Guten Tag
        Grüß Gott|grüss gott|moin|Bonjour !|Hola|¡Buenos días!|Buongiorno|Olá|Bom dia|hej|Cześć|Привет!
        Здравствуйте|你好|你好！|こんにちは|안녕하세요|مرحبا|नमस्ते|שלום""",
    "thanks": """thanks|Thanks!!!|thanks a lot|Thank you so much.|thank you for your help|thx|Many thanks in advance
        Thanks for the quick repair of W3, the machine runs nicely again!|Many thanks for the cakes, they were lovely.
        ok, thank you|great, thanks 🙏|🙏|that's very helpful|Danke schön|merci beaucoup|¡Gracias!|grazie
        obrigada|спасибо|谢谢|ありがとう""",
    "doubt": """That's wrong.|No, that is not right!|This isn't what I asked|you're mistaken|I don't believe you
        that's just wrong|Sorry, that's not what I meant.|Das stimmt nicht""",
    "fine": """ok|OK.|okay|👍|Got it|I see|makes sense|oh, great!""",
    "goodbye": """bye|Bye-bye!|good bye|goodbye|see you later|ok thanks, bye|have a nice day|that's all for now
        Tschüss|auf Wiedersehen|au revoir|adiós|arrivederci|До свидания|再见|さようなら""",
    "help": """help|Help!|help me please|--help|?|???|who are you?|Hi, who are you?|What are you|what can you do?
        What can you do for me|are you a bot?|How does this work?|what can I ask?|Can you help me?
        hello! what can you do?|Wer bist du?|Qui es-tu ?|¿Quién eres?""",
    "documents": """list documents|list all documents|Please list the documents|Can you show me all your files?
        How many documents are there?|how many documents do you have|Which documents do you have access to?
        what files can you search?|thanks! how many sources do you know?|what's indexed?
        what is in the index|Welche Dokumente gibt es?|¿Qué documentos hay?""",
}
OTHER = """hi-hat prices|hello world program|hello world|thanks for the fish: when was it published
    thanks for the memory of water|thanks for nothing!|Thank you for the tip, I need the price of a torte.
    Thanks for what you sent.|Hi Bob|hi-fi|help desk number|help.txt|How do I get help with my taxes?
    who are they?|Who are you writing for?|what can you do with flour?|what can a tenant do?
    how many documents were signed|list all documents that the court asked for
    which documents do I need for a visa?|what files were stolen?|Who's there?|are you sure?|no thanks|no|yes
    why?|and|it|Good Friday|goodbye party|the goodbye letter|see you in court|okra|okinawa|great lakes
    good morning vietnam|what's up with the mill?|Nice|morning|all|please|you|bot|C++|...|!|1984
    how are you paid?|is anyone there allowed to smoke?|thank you letter template|danke in welchem jahr|say hi
    what does ciao mean?|mercy|tell me about yourself and the mill|hi and low tide times|$|thanksgiving|byte
    that's wrong with the pump|what is wrong|not right of way|wrong number|I don't believe the report|false
    hey jude|Hello Kitty|kthxbye-archive"""


def cut(text: str) -> list[str]:
    return [each.strip() for line in text.splitlines() for each in line.split("|")]


@pytest.mark.parametrize(("topic", "said"), [(topic, said) for topic, text in TALK.items() for said in cut(text)])
def test_small_talk_is_recognised_in_many_spellings_and_languages(topic: str, said: str) -> None:
    assert topic_of(said) == topic


@pytest.mark.parametrize("asked", cut(OTHER))
def test_what_only_begins_as_small_talk_does_is_a_question(asked: str) -> None:
    assert topic_of(asked) is None
    assert without_courtesies(asked) == asked


def test_long_text_is_no_small_talk() -> None:
    assert topic_of("hi " * 60) == "greeting"
    assert topic_of("hi " * 100) is None


def test_no_question_of_our_suites_is_taken_for_small_talk_and_all_small_talk_of_theirs_is_not_answerable() -> None:
    cases = [json.loads(line) for path in SUITES.glob("*/cases.jsonl") for line in path.open(encoding="utf-8")]
    talk = [case for case in cases if topic_of(case["question"])]
    assert len(talk) >= 13
    assert all(not case.get("answerable", True) and {"remark", "chat"} & {*case["tags"]} for case in talk)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("hi, when was the mill built?", "when was the mill built?"),
        ("Hi! When was the mill built?", "When was the mill built?"),
        ("hi when was the mill built", "when was the mill built"),
        ("Hey there - who met whom?", "who met whom?"),
        ("Hello\n\nWhen was it?", "When was it?"),
        ("👋 Good morning! Can you tell me who met whom?", "Can you tell me who met whom?"),
        ("Thanks, that's very helpful. And when was it built?", "And when was it built?"),
        ("ok, so when was it built?", "so when was it built?"),
        ("Great, and where?", "and where?"),
        ("hi, price of a hi-hat", "price of a hi-hat"),
        ("When was the mill built? Thanks!", "When was the mill built?"),
        ("Who built it? Many thanks in advance.", "Who built it?"),
        ("Hallo, wann wurde die Mühle gebaut?", "wann wurde die Mühle gebaut?"),
        ("¡Hola! ¿Cuándo se construyó?", "¿Cuándo se construyó?"),
        ("你好，谁来了？", "谁来了？"),
        # Names that begin or end as a courtesy does.
        ("Good Morning, Vietnam was released when?", "Good Morning, Vietnam was released when?"),
        ("Hello, Dolly! was written by whom?", "Hello, Dolly! was written by whom?"),
        ("Who sang Hello, Goodbye?", "Who sang Hello, Goodbye?"),
        ("Who is Mr. Bye?", "Who is Mr. Bye?"),
        ("hello is a song by whom?", "hello is a song by whom?"),
        ("hi", "hi"),
        ("ok. thanks.", "ok. thanks."),
        ("?!", "?!"),
    ],
)
def test_a_question_is_searched_without_the_courtesies_around_it(said: str, asked: str) -> None:
    assert without_courtesies(said) == asked


def test_small_talk_and_the_replies_to_it_are_no_part_of_a_conversation() -> None:
    said = [
        *("user", "hi", "assistant", "Hello."),
        *("user", "When was the mill built?", "assistant", "In 1891."),
        *("user", "thanks", "assistant", "You are welcome."),
        *("user", "ok, and where?", "assistant", "thanks"),
    ]
    turns = [Message(role=role, content=text) for role, text in zip(said[::2], said[1::2], strict=True)]  # type: ignore[arg-type]
    assert [turn.content for turn in without_small_talk(turns)] == [
        *("When was the mill built?", "In 1891.", "ok, and where?", "thanks")
    ]
