"""One question → its answer as it is written, kept on disk whatever happens on the way.

The turn is saved before the first word as one that was stopped, and again at every way out: a crash or the stop
button lose nothing that was shown. An answer goes on when its reader goes elsewhere, and is there on return.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qa.answers.stages import Found
from qa.app.history import Conversation, History, Seen, Turn
from qa.app.lists import counted
from qa.app.render import STOPPED, answer_html, streaming_html
from qa.app.safety import tell
from qa.chatbot import EXTRACTIVE
from qa.errors import ModelError, QAError
from qa.types import Answer, Citation, Event, Short

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

MODELS_AT_ONCE = 8  # answers written by language models at the same time; the built-in answerer never waits for them
PLACE_S = 5.0  # how long a question waits for a place among them

_REFRESH_S = 0.05  # a message is redrawn at most this often,
_GROWTH = 1.02  # and when it has grown by so much: its drawings together are 51 times as long as the last
_STILL_S = 1.0  # at least so often something is sent to who looks on
_STOPPING_S = (
    5.0  # in which an answer that is stopped has ended; one in code is not in the middle of anything for longer
)
LEFT = 24  # answers that go on at the same time without anybody looking on

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


class Writing:
    """An answer that a thread of its own writes, whoever looks on meanwhile, and keeps at every way out."""

    def __init__(
        self, bot: Chatbot, question: str, *, conversation: Conversation, history: History, number: int | None = None
    ) -> None:
        """Begin turn `number`, or the next. Raises: QuestionError when this visitor may not begin a conversation."""
        self.watched = 0
        self.number = len(conversation.turns) if number is None else number
        self._bot, self._asked_in, self._history = bot, conversation, history
        self._answer = Answer(
            question=question,
            query=question,
            text="",
            abstained=False,
            incomplete=True,
            notes=(STOPPED,),
            model=bot.model_name,
        )
        self._stage = f"Searching {counted(len(bot.documents()), 'document')}…"
        self._changed = threading.Condition()
        self._is_stopped = self._is_done = False
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._save(conversation)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def conversation(self) -> Conversation:
        """The conversation with this turn in its place, as it was when the question came."""
        return self._asked_in.with_turn(self.number, Turn(answer=self._answer))

    @property
    def is_done(self) -> bool:
        """Whether it has been written, or has failed or been stopped."""
        return self._is_done

    @property
    def html(self) -> str:
        """The message as far as it has come."""
        return answer_html(self._answer) if self._is_done else streaming_html(self._answer, stage=self._stage)

    def follow(self) -> Iterator[str]:
        """The HTML of the answer, again and again as it grows; the last one is the finished message."""
        self.watched += 1
        try:
            while not self._is_done:
                shown = len(self._answer.text), self._stage
                yield self.html
                began = time.monotonic()
                with self._changed:  # the same once more at times, as only then it is seen that nobody looks on
                    self._changed.wait_for(partial(self._is_worth_showing, *shown), timeout=_STILL_S)
                time.sleep(0 if self._is_done else max(0.0, began + _REFRESH_S - time.monotonic()))
        finally:
            self.watched -= 1
        yield self.html

    def stop(self) -> None:
        """End it where it is, the model's call too; returns when what there is has been kept."""
        self._is_stopped = True
        if self._task is not None:
            loop, task = self._task
            with suppress(RuntimeError):  # it has just ended by itself
                loop.call_soon_threadsafe(task.cancel)
        self._thread.join(_STOPPING_S)

    def _is_worth_showing(self, length: int, stage: str) -> bool:
        grown = len(self._answer.text)
        return self._is_done or self._stage != stage or (grown > length and grown >= _GROWTH * length)

    def _run(self) -> None:
        try:
            with place_for(self._bot):
                asyncio.run(self._write())
        except QAError as error:
            self._answer = replace(self._answer, notes=(tell(error),))
        except asyncio.CancelledError:
            pass  # it says already that it was stopped
        finally:
            if held := self._history.load(self._asked_in.id):  # else it was deleted while the answer was written
                self._save(held)  # which may have been renamed meanwhile
            with self._changed:
                self._is_done = True
                self._changed.notify_all()

    async def _write(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = asyncio.get_running_loop(), task
        if self._is_stopped:
            return
        found = Found(
            partial(self._reach, f"Reading {self._bot.settings.top_k} passages…"),
            tell_part=lambda number, count: self._reach(f"Reading part {number} of {count}…"),
        )
        config: Any = {"callbacks": [found]}
        before = self._asked_in.before(self.number)
        events = self._bot.astream(self._answer.question, history=before.messages, config=config)
        async with aclosing(events):
            async for event in events:
                self._take(event)

    def _take(self, event: Event) -> None:
        """Go on from what has come of the answer so far."""
        draft = self._answer
        if isinstance(event, Answer):
            draft = event
        elif isinstance(event, Citation):
            draft = replace(draft, citations=(*draft.citations, event))
        elif isinstance(event, Short):
            draft = replace(draft, short=event)
        else:
            draft = replace(draft, text=draft.text + event)
        self._answer = draft
        self._reach("Writing…")

    def _reach(self, stage: str) -> None:
        with self._changed:
            self._stage = stage
            self._changed.notify_all()

    def _save(self, conversation: Conversation) -> None:
        answer = self._answer
        seen = tuple(
            Seen(id=each.passage.id, start=each.passage.start, end=each.passage.end, score=each.score)
            for each in answer.hits
        )
        self._history.save(conversation.with_turn(self.number, Turn(answer=answer, seen=seen)))


class Desk:
    """The answers that are being written; of those that nobody looks at any more, one for each visitor goes on."""

    def __init__(self) -> None:
        self._going: dict[tuple[str, str], tuple[str, Writing]] = {}
        self._lock = threading.Lock()

    def begin(
        self,
        bot: Chatbot,
        question: str,
        *,
        conversation: Conversation,
        history: History,
        visitor: str,
        number: int | None = None,
    ) -> Writing:
        """An answer that is written from now on; the one before it in the same conversation ends."""
        key = history.whose, conversation.id
        with self._lock:
            self._going = {at: each for at, each in self._going.items() if not each[1].is_done}
            left = [(at, who) for at, (who, each) in self._going.items() if not each.watched]
            ending = [at for at, who in left if who == visitor][:-1] + [at for at, _ in left][
                : max(0, len(left) - LEFT)
            ]
            ended = [self._going.pop(at)[1] for at in {*ending, key} if at in self._going]
        for each in ended:
            each.stop()
        if ended:
            conversation = history.load(conversation.id) or conversation
        writing = Writing(bot, question, conversation=conversation, history=history, number=number)
        with self._lock:
            self._going[key] = visitor, writing
        return writing

    def at(self, id: str, *, history: History) -> Writing | None:
        """The answer that is being written in this conversation."""
        _, writing = self._going.get((history.whose, id), ("", None))
        return writing if writing is not None and not writing.is_done else None

    def close(self) -> None:
        """Stop all of them: a process must not end in the middle of one."""
        for _, writing in list(self._going.values()):
            writing.stop()
