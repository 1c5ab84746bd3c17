"""One question → its answer as it is written, kept on disk whatever happens on the way.

The turn is saved before the first word as one that was stopped, and again at every way out: a
crash, a closed tab or the stop button lose nothing that was shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.app.history import Conversation, History, Seen, Turn
from qa.app.render import answer_html, streaming_html
from qa.app.safety import tell
from qa.chatbot import EXTRACTIVE
from qa.errors import ModelError, QAError
from qa.types import Answer, Citation, Message, Short

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


def write_answer(bot: Chatbot, question: str, *, conversation: Conversation, history: History) -> Iterator[str]:
    """The HTML of the answer, again and again as it grows; the last one is the finished message."""
    number = len(conversation.turns)

    def save(answer: Answer) -> None:
        seen = tuple(
            Seen(id=each.passage.id, start=each.passage.start, end=each.passage.end, score=each.score)
            for each in answer.hits
        )
        history.save(conversation.with_turn(number, Turn(answer=answer, seen=seen)))

    answer = Answer(question=question, query=question, text="", abstained=False, incomplete=True, notes=(_STOPPED,))
    save(answer)
    yield streaming_html(answer)
    drawn, length = 0.0, 0
    try:
        with closing(_growing(answer, bot, history=conversation.messages)) as growing:
            for answer in growing:
                if time.monotonic() - drawn >= _REFRESH_S and len(answer.text) >= _GROWTH * length:
                    drawn, length = time.monotonic(), len(answer.text)
                    yield streaming_html(answer)
    except QAError as error:
        answer = replace(answer, notes=(tell(error),))
    finally:
        if history.holds(conversation.id):  # else it was deleted while the answer was written
            save(answer)
    yield answer_html(answer)


def _growing(draft: Answer, bot: Chatbot, *, history: Sequence[Message]) -> Generator[Answer, None, None]:
    """The draft with all that has come of its answer so far, each time that more has; the finished answer last."""
    with place_for(bot), closing(bot.stream(draft.question, history=history)) as events:
        for event in events:
            if isinstance(event, Answer):
                draft = event
            elif isinstance(event, Citation):
                draft = replace(draft, citations=(*draft.citations, event))
            elif isinstance(event, Short):
                draft = replace(draft, short=event)
            else:
                draft = replace(draft, text=draft.text + event)
            yield draft
