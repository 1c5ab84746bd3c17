"""Which language a text is in, by its small words: enough to tell whether two texts may be compared word by word.

Ten languages in Latin letters, and any other script by its name. A text too short to tell has none.
"""

from __future__ import annotations

import unicodedata
from collections import Counter

from qa.words import words

READ_CHARS = 4_000

_SMALL_WORDS = {
    "English": """the of and is are was were what who whom which when where why how does did do with for from that this
        it its in to an be by on not has have had will can there their his her he she they you your
        at as or but we if met after then than more said""",
    "German": """der die das dem den des und ist sind war waren was wer wen wem wie wo wann warum welche welcher welches
        wird werden mit fur von vom im in am an ein eine einen einem einer nicht zu zum zur auf es er sie ich wir hat
        haben kann bei aus nach uber""",
    "French": """le la les l' un une des du de et est sont etait qui que quoi quel quelle quels quelles ou quand comment
        pourquoi combien avec pour dans par sur au aux ne pas il elle on nous vous ce cette son sa ses a""",
    "Spanish": """el la los las un una unos del de y es son era que quien cual cuales cuando donde como cuanto cuantos
        con para en por no se su sus al lo fue esta este hay a""",
    "Italian": """il lo la gli le un una uno del della dei delle di e sono era chi che quale quali quando dove come
        quanto con per in nel nella non si al alla da ha questo a""",
    "Portuguese": """o a os as um uma do da dos das de e sao era foi quem que qual quais quando onde como quanto com
        para em no na nao se ao por seu sua""",
    "Dutch": """de het een en is zijn was waren wat wie welke wanneer waar waarom hoe met voor van niet op in te aan
        door naar om bij uit er hij zij ze wordt heeft dat die""",
    "Swedish": """och ar det som en ett den var vad vem nar hur varfor vilken med for av inte pa i till har de att om
        fran""",
    "Danish or Norwegian": """og er det som en et den var hvad hva hvem hvornar nar hvor hvorfor hvilken med for af av
        ikke pa i til har de at om fra""",
    "Polish": """i jest sa to co kto jaki jaka jakie kiedy gdzie dlaczego jak ile z ze dla nie w na sie do od po przez
        czy byl byla""",
}
_LANGUAGES = {name: frozenset(small.split()) for name, small in _SMALL_WORDS.items()}


def language(text: str) -> str | None:
    """The name of the language of a text's small words, or of its script; None where they do not tell."""
    scripts = Counter(_script(letter) for letter in text[:READ_CHARS] if letter.isalpha())
    if scripts and (most := scripts.most_common(1)[0][0]) != "LATIN":
        return most
    said = words(text[:READ_CHARS])
    counts = Counter({name: sum(word in small for word in said) for name, small in _LANGUAGES.items()})
    (first, most_words), (_, others) = counts.most_common(2)
    return first if most_words > others else None


def differ(one: str, other: str) -> bool:
    """Whether two texts are surely in different languages."""
    return None not in (said := {language(one), language(other)}) and len(said) > 1


def names(asked: str, text: str) -> bool:
    """Whether what is asked names the language of a text in English: "translate it into German"."""
    spoken = (language(text) or "").casefold().split(" or ")
    return not set(spoken).isdisjoint(words(asked))


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
