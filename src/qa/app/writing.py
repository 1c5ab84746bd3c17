"""One question → its answer as it is written, kept on disk whatever happens on the way.

The turn is saved before the first word as one that was stopped, and again at every way out: a
crash, a closed tab or the stop button lose nothing that was shown.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.app.history import Conversation, History, Turn
from qa.app.render import answer_html, streaming_html
from qa.app.safety import tell
from qa.errors import QAError
from qa.types import Answer, Citation

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

_REFRESH_S = 0.05  # a message is redrawn at most this often
_STOPPED = "It was stopped."


@dataclass(slots=True)
class _Draft:
    question: str
    text: str = ""
    citations: list[Citation] = field(default_factory=list)

    def broken_off(self, why: str) -> Answer:
        return Answer(
            question=self.question,
            query=self.question,
            text=self.text,
            abstained=False,
            incomplete=True,
            citations=tuple(self.citations),
            notes=(why,),
        )


def write_answer(bot: Chatbot, question: str, *, conversation: Conversation, history: History) -> Iterator[str]:
    """The HTML of the answer, again and again as it grows; the last one is the finished message."""
    draft = _Draft(question)
    number = len(conversation.turns)

    def keep(answer: Answer) -> None:
        if history.load(conversation.id) is not None:  # else it was deleted while the answer was written
            save(answer)

    def save(answer: Answer) -> None:
        history.save(conversation.with_turn(number, Turn(answer=answer)))

    save(draft.broken_off(_STOPPED))
    yield streaming_html("", [])
    try:
        answer = yield from _stream(bot, draft, conversation=conversation)
    except GeneratorExit:
        keep(draft.broken_off(_STOPPED))
        raise
    except QAError as error:
        answer = draft.broken_off(tell(error))
    keep(answer)
    yield answer_html(answer)


def _stream(bot: Chatbot, draft: _Draft, *, conversation: Conversation) -> Generator[str, None, Answer]:
    """The growing message; returns the finished answer."""
    drawn = 0.0
    with closing(bot.stream(draft.question, history=conversation.messages)) as events:
        for event in events:
            if isinstance(event, Answer):
                return event
            if isinstance(event, Citation):
                draft.citations.append(event)
            else:
                draft.text += event
            if time.monotonic() - drawn >= _REFRESH_S:
                drawn = time.monotonic()
                yield streaming_html(draft.text, draft.citations)
    return draft.broken_off("The answer ended without a result.")
