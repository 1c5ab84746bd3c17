"""Answers of the page that wait for a reader, and do not wait for ever; Gradio keeps them all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from qa.app.limits import Pace
from qa.app.names import named
from qa.errors import QuestionError

if TYPE_CHECKING:
    from gradio.queueing import Queue

UNREAD = 20  # messages that a session may leave before it asks for more
UNREAD_S = 60.0  # after which what was left is forgotten
EVENTS_A_MINUTE = 600  # of one visitor; a question is one, or two


def bound_unread(queue: Queue, *, is_paced: bool) -> None:
    """Have the queue of a page refuse the events of who asks too fast or reads nothing, and forget what nobody read."""
    push, pace = queue.push, Pace(EVENTS_A_MINUTE if is_paced else 0, "events a minute")
    asked: dict[str, float] = {}  # when each session asked last
    waiting = queue.pending_messages_per_session

    async def bounded(body: Any, request: Any, username: str | None) -> Any:
        now = time.monotonic()
        for session in [each for each, at in asked.items() if now - at > UNREAD_S]:
            del asked[session]
            if session in waiting and waiting[session].qsize():  # a reader takes what comes at once
                del waiting[session]
                await queue.clean_events(session_hash=session)
                queue.pending_event_ids_session.pop(session, None)
        if body.session_hash in waiting and waiting[body.session_hash].qsize() > UNREAD:
            return False, "Read what was answered before asking for more.", "queue_full"
        try:
            pace.count(named(username, request.client))
        except QuestionError as error:
            return False, str(error), "queue_full"
        done = await push(body, request, username)
        asked[body.session_hash] = now
        return done

    queue.push = bounded  # type: ignore[method-assign]  # which has no such bounds
