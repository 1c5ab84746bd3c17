"""A question, the conversation before it and its conditions, checked at the door.

Everything is of its type and within its bounds, or a QuestionError that names the rule. Nothing is searched here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from qa.errors import QuestionError, shown
from qa.index.conditions import Condition, parse_condition
from qa.types import Message

QUESTION_CHARS = 4_000
CONDITIONS = 20
CONDITION_CHARS = 1_000
PASSAGES = 50
TURNS = 100  # of a conversation that are read, the latest
TURN_CHARS = 100_000
HISTORY_CHARS = 200_000  # of all turns together that are read, the latest


def read_question(asked: object) -> str:
    """The question without the white space around it. Raises: QuestionError when it is no text, empty or too long."""
    if not isinstance(asked, str):
        raise QuestionError(f"the question is {shown(asked)}. Give it as text")
    stripped = asked.strip()
    if not stripped:
        raise QuestionError('the question is empty. Ask one, such as: qa ask "Who met whom?"')
    if len(stripped) > QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(stripped):,} characters, the limit is {QUESTION_CHARS:,}. "
            "Ask about less; put long texts into a file and run: qa ingest FILE"
        )
    return stripped


def read_conditions(where: object) -> tuple[Condition, ...]:
    """The conditions that the texts state. Raises: QuestionError when one is none, too long, or there are too many."""
    if where is None:
        return ()
    if not _is_list(where):
        raise QuestionError(f"the conditions are {shown(where)}. Give a list of texts, such as date>=2021-07")
    if len(where) > CONDITIONS:
        raise QuestionError(f"there are {len(where):,} conditions, the limit is {CONDITIONS}. Leave some out")
    return tuple(_condition(each) for each in where)


def read_history(history: object) -> tuple[Message, ...]:
    """The latest turns of a conversation, as many as are read; older ones are left out, as a page sends them all.

    Raises: QuestionError when a turn that is read has no role and content, or is too long.
    """
    if history is None:
        return ()
    if not _is_list(history):
        raise QuestionError(f"the history is {shown(history)}. Give a list of turns, each with role and content")
    kept: list[Message] = []
    left = HISTORY_CHARS
    for turn in reversed(history[-TURNS:]):
        message = _message(turn)
        left -= len(message.content)
        if left < 0:
            break
        kept.append(message)
    return tuple(reversed(kept))


def read_top_k(top_k: object) -> int:
    """How many passages are wanted. Raises: QuestionError when it is no whole number of 1 to 50."""
    if not isinstance(top_k, int) or isinstance(top_k, bool) or not 1 <= top_k <= PASSAGES:
        raise QuestionError(f"top_k is {shown(top_k)}. Give a whole number, 1 to {PASSAGES}")
    return top_k


def read_asked(asked: object) -> tuple[str, tuple[Message, ...], tuple[Condition, ...]]:
    """The question, history and conditions that a chain is invoked with. Raises: QuestionError."""
    if not isinstance(asked, Mapping) or "question" not in asked:
        raise QuestionError('a chain is asked with {"question": text, "history": turns, "where": conditions}')
    question, history = read_question(asked["question"]), read_history(asked.get("history"))
    return question, history, read_conditions(asked.get("where"))


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _condition(text: object) -> Condition:
    if not isinstance(text, str):
        raise QuestionError(f"a condition is {shown(text)}. Write it as text, such as date>=2021-07")
    if len(text) > CONDITION_CHARS:
        raise QuestionError(f"a condition has {len(text):,} characters, the limit is {CONDITION_CHARS:,}")
    return parse_condition(text)


def _message(turn: object) -> Message:
    """One turn. Raises: QuestionError."""
    given = {"role": turn.role, "content": turn.content} if isinstance(turn, Message) else turn
    role, content = (given.get("role"), given.get("content")) if isinstance(given, Mapping) else (None, None)
    if not isinstance(role, str) or not isinstance(content, str):
        raise QuestionError("a turn of the history has no role and content that are texts. Give both")
    if role not in ("user", "assistant"):
        raise QuestionError(f"role {shown(role)} is neither user nor assistant")
    if len(content) > TURN_CHARS:
        raise QuestionError(f"a turn of the history has {len(content):,} characters, the limit is {TURN_CHARS:,}")
    return Message(role="user" if role == "user" else "assistant", content=content)
