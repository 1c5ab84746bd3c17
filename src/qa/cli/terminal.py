"""Output streams on which no document, model, file or name can steer the terminal.

Every control character is spelt out on its way to the output and the error output; tabs and line feeds stay.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

from qa.words import UNSEEN, visible

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


class Harmless:
    """A text stream that passes on what is written with every control character spelt out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, harmless; a carriage return would write over what stands before it."""
        self._stream.write(visible(text.replace("\r\n", "\n")).replace("\r", "‹U+000D›"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the lines, harmless."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # bytes would pass this by
            raise AttributeError(name)
        return getattr(self._stream, name)


def guard() -> None:
    """Make both outputs of this process harmless, until it ends."""
    if not isinstance(sys.stdout, Harmless):
        sys.stdout = cast(TextIO, Harmless(sys.stdout))
    if not isinstance(sys.stderr, Harmless):
        sys.stderr = cast(TextIO, Harmless(sys.stderr))


@contextmanager
def progress_bar(*columns: ProgressColumn) -> Iterator[Progress]:
    """A bar on the error output, whose own control sequences come through; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.__stderr__)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        guard()  # rich puts writers of its own in the place of both outputs
        yield bar


def escaped(json_text: str) -> str:
    r"""The same JSON with the control characters in its strings as `\uXXXX`."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
