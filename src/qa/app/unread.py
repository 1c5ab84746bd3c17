"""What Gradio would keep for ever and is not kept: answers that nobody reads, the sessions of those who are gone."""

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
SESSIONS = 1_000  # with 100 kB and the conversation each; more than pages can be connected


def bound_unread(queue: Queue, *, is_paced: bool) -> None:
    """Have the queue of a page refuse the events of who asks too fast or reads nothing, and forget what nobody read."""
    push, pace = queue.push, Pace(EVENTS_A_MINUTE if is_paced else 0, "events a minute")
    asked: dict[str, float] = {}  # when each session asked last
    waiting = queue.pending_messages_per_session
    calls: set[str] = set()  # sessions that programs did not name, so that each is for one call
    queue.blocks.state_session_capacity = SESSIONS

    async def bounded(body: Any, request: Any, username: str | None) -> Any:
        now = time.monotonic()
        for call in [each for each in calls if each not in queue.event_ids_to_events]:  # it has been answered
            calls.remove(call)
            queue.blocks.state_holder.session_data.pop(call, None)
            queue.blocks.state_holder.time_last_used.pop(call, None)
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
        is_call = body.session_hash is None
        done = await push(body, request, username)
        asked[body.session_hash] = now
        if is_call:
            calls.add(body.session_hash)
        return done

    queue.push = bounded  # type: ignore[method-assign]  # which has no such bounds
