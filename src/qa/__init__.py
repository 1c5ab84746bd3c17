"""Ask your own documents and trust the answer.

    import qa
    print(qa.ask("Who did General Naravane meet in Rome?"))

Everything heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qa.errors import QAError
from qa.types import Answer, Citation, Document, Hit, Message, Passage, Sentence, Short, Span

if TYPE_CHECKING:
    from qa.chatbot import Chatbot, ask
    from qa.settings import Settings

    __version__: str

__all__ = [
    "Answer",
    "Chatbot",
    "Citation",
    "Document",
    "Hit",
    "Message",
    "Passage",
    "QAError",
    "Sentence",
    "Settings",
    "Short",
    "Span",
    "ask",
]

_LAZY = {"Chatbot": "qa.chatbot", "ask": "qa.chatbot", "Settings": "qa.settings"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("qa")
    if name not in _LAZY:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
