"""The marks of Markdown that take whole lines: front matter with its fields, fenced code, and headings.

For documents and prompt files alike. The blocks of a text, headings among them, are found in `sentences.py`.
"""

import re

# It begins with a field: between two rules there may also be prose.
FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n([^\s:]++:.*?\n)??(?:---|\.\.\.)[ \t]*(?=[\r\n]|\Z)", re.DOTALL)
FIELD = re.compile(r"^([^\s:]++):[ \t]*+(.*)", re.MULTILINE)
ATX = re.compile(r" {0,3}#{1,6}(?=\s|$)")
# What stands around the words of a heading, also in AsciiDoc and Org: # Title #, == Title ==, * Title, **Title**
MARKS = re.compile(r" {0,3}(?:#{1,6}|={1,6}|\*{1,6})(?=\s|$)")
CLOSING = re.compile(r"(?<=[^ \t])[ \t]++(?:#++|={2,})$")
BOLD = re.compile(r"\*\*([^*]+)\*\*")


def front_matter(text: str) -> tuple[dict[str, str], int]:
    """The `key: value` lines at the top of a text, values without quotation marks, and where they end; 0 without any.

    Only blank lines may stand above them.
    """
    found = FRONT_MATTER.match(text)
    fields: dict[str, str] = {}
    for key, value in FIELD.findall(found[1] or "") if found else ():
        bare = value.strip()
        quoted = len(bare) > 2 and bare[0] in "\"'" and bare[0] == bare[-1] and not bare[-2].isspace()
        fields[key] = fields.get(key) or (bare[1:-1] if quoted else bare)
    return fields, found.end() if found else 0


def heading_words(block: str) -> str:
    """The words of a heading's lines, without its marks and the lines above and below them."""
    lines = block.strip().splitlines()
    line = next((each for each in lines if any(map(str.isalnum, each))), lines[0]).strip()
    if marks := MARKS.match(line):
        return CLOSING.sub("", line[marks.end() :].strip())
    bold = BOLD.fullmatch(line)
    return bold[1].strip() if bold else line
