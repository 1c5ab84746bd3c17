"""A passage → the text as the reader reads it: lists and tables punctuated like sentences, under the passage's header.

The reader learnt from prose, and the ends of lines are nothing to it: "Site: Almery" above "Meter: EM-55" is one
sentence. Every character stays in its place, so that what is found in the text is found in the passage too.
"""

from __future__ import annotations

import re

from qa.types import Passage, Unit, UnitKind

PROSE: tuple[UnitKind, ...] = ("sentence", "front")
_ENDED = ".:;!?"
_EDGES = re.compile(r"\A\||\|\Z")  # of a row in Markdown
_LINE_END = re.compile(r"(?<=[\w)%°])[\r\n]")


def punctuated(passage: Passage) -> str:
    """The text of a passage that is prose; else with a full stop after each line that is listed in it.

    Where most of it is listed it stands after its header, a line of which may name what all of it is about: an item
    of a list or a row of a table seldom does.
    """
    listed = [unit for unit in passage.units if unit.kind not in PROSE]
    text, pieces, end = passage.text, [], 0
    for unit in listed:
        first, last = unit.start - passage.start, unit.end - passage.start
        pieces += [text[end:first], _punctuated(unit, text[first:last])]
        end = last
        if text[last : last + 1].isspace() and text[last - 1] not in _ENDED:
            pieces.append(".")
            end += 1
    header = passage.header.splitlines() if 2 * len(listed) > len(passage.units) else ()
    return "".join([*(f"{line}.\n" for line in header), *pieces, text[end:]])


def _punctuated(unit: Unit, text: str) -> str:
    """The text of one unit: commas between cells, names in words, each line ended."""
    if unit.cells:
        text = _EDGES.sub(" ", text).replace("|", ",")
    if unit.cells or unit.kind == "pair":
        text = text.replace("_", " ")
    return _LINE_END.sub(".", text)
