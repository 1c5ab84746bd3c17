"""One question → its answer as it is written, kept on disk whatever happens on the way.

The turn is saved before the first word as one that was stopped, and again at every way out: a
crash, a closed tab or the stop button lose nothing that was shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.app.history import Conversation, History, Seen, Turn
from qa.app.render import answer_html, streaming_html
from qa.app.safety import tell
from qa.chatbot import EXTRACTIVE
from qa.errors import ModelError, QAError
from qa.types import Answer, Citation

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

MODELS_AT_ONCE = 8  # answers written by language models at the same time; the built-in answerer never waits for them
PLACE_S = 5.0  # how long a question waits for a place among them

_REFRESH_S = 0.05  # a message is redrawn at most this often,
_GROWTH = 1.02  # and when it has grown by so much: its drawings together are 51 times as long as the last
_STOPPED = "It was stopped."

_places = threading.BoundedSemaphore(MODELS_AT_ONCE)


@contextmanager
def place_for(bot: Chatbot) -> Iterator[None]:
    """A place among the answers that language models write; one in the documents' own words needs none.

    Raises: ModelError when none was free for `PLACE_S`.
    """
    if bot.model_name == EXTRACTIVE:
        yield
        return
    if not _places.acquire(timeout=PLACE_S):
        raise ModelError(f"{bot.model_name} is writing {MODELS_AT_ONCE} answers already. Ask again in a moment")
    try:
        yield
    finally:
        _places.release()


@dataclass(slots=True)
class _SoFar:
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
    draft = _SoFar(question)
    number = len(conversation.turns)

    def keep(answer: Answer) -> None:
        if history.holds(conversation.id):  # else it was deleted while the answer was written
            save(answer)

    def save(answer: Answer) -> None:
        seen = tuple(
            Seen(id=each.passage.id, start=each.passage.start, end=each.passage.end, score=each.score)
            for each in answer.hits
        )
        history.save(conversation.with_turn(number, Turn(answer=answer, seen=seen)))

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


def _stream(bot: Chatbot, draft: _SoFar, *, conversation: Conversation) -> Generator[str, None, Answer]:
    """The growing message; returns the finished answer."""
    drawn, length = 0.0, 0
    with place_for(bot), closing(bot.stream(draft.question, history=conversation.messages)) as events:
        for event in events:
            if isinstance(event, Answer):
                return event
            if isinstance(event, Citation):
                draft.citations.append(event)
            else:
                draft.text += event
            if time.monotonic() - drawn >= _REFRESH_S and len(draft.text) >= _GROWTH * length:
                drawn, length = time.monotonic(), len(draft.text)
                yield streaming_html(draft.text, draft.citations)
    return draft.broken_off("The answer ended without a result.")
