"""Citation links: `#cite/<document>/<version>/<start>-<end>`, which say everything and prove nothing.

They are made here, from validated values only; whoever follows one looks the text up again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from qa.types import Citation

_LINK = re.compile(r"#cite/([^/#?\s]{1,3000})/([0-9a-f]{16})/([0-9]{1,12})-([0-9]{1,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The characters of one version of a document; an empty range means the document itself."""

    document: str
    version: str
    start: int = 0
    end: int = 0


def refer_to(source: Citation) -> Reference:
    """The reference to the characters that a citation quotes."""
    return Reference(document=source.document, version=source.version, start=source.start, end=source.end)


def link(reference: Reference) -> str:
    """The address of a reference, safe inside a double-quoted attribute."""
    return f"#cite/{quote(reference.document, safe='')}/{reference.version}/{reference.start}-{reference.end}"


def parse_link(address: str) -> Reference | None:
    """The reference that `link` gave this address for; None for any other text."""
    found = _LINK.fullmatch(address)
    if found is None:
        return None
    document, version, start, end = found.groups()
    if int(start) > int(end):
        return None
    return Reference(document=unquote(document), version=version, start=int(start), end=int(end))
