"""Conversations on disk: one JSON file each, in a folder for each visitor."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from qa.index.private import make_private, write_whole
from qa.types import Answer, Message

_ID = re.compile(r"[0-9a-f]{32}")
_FOLDER = re.compile(r"[0-9a-f]{64}")
TITLE_CHARS = 80
_TITLE = '{"title": '  # how a file begins; the title follows, which has at most 81 characters of 6 bytes
_HEAD_BYTES = 1024
TURNS = 100  # questions in a conversation, which is read whole for each of them
KEPT, KEPT_BYTES = 100, 50_000_000  # conversations per visitor, and their size; the oldest go first
VISITORS = 5_000  # with conversations; who has asked nothing for the longest time goes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A passage that was ranked for an answer: its id, its characters and how well it matched."""

    id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question with its answer and the passages that were ranked for it; `liked` is None until the reader says so."""

    answer: Answer
    seen: tuple[Seen, ...] = ()
    liked: bool | None = None
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Questions and answers in the order they were asked, under the `name` that a reader gave them, if any."""

    id: str
    turns: tuple[Turn, ...] = ()
    name: str = ""

    @property
    def title(self) -> str:
        """Its name, or else the first question, shortened."""
        words = self.name or (self.turns[0].answer.question if self.turns else "New conversation")
        words = " ".join(words.split())
        return words if len(words) <= TITLE_CHARS else words[:TITLE_CHARS].rstrip() + "…"

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turns as a chat model knows them; without those that were stopped before their first word."""
        pairs = ((turn.answer.question, turn.answer.text) for turn in self.turns if turn.answer.text)
        return tuple(
            message
            for question, answer in pairs
            for message in (Message(role="user", content=question), Message(role="assistant", content=answer))
        )

    def before(self, number: int) -> Conversation:
        """The conversation as it stood before turn `number`."""
        return replace(self, turns=self.turns[:number])

    def with_turn(self, number: int, turn: Turn) -> Conversation:
        """The same conversation with one turn replaced, or added when `number` is one past the end."""
        assert 0 <= number <= len(self.turns), number
        return replace(self, turns=(*self.turns[:number], turn, *self.turns[number + 1 :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A conversation as a list shows it."""

    id: str
    title: str


def new_conversation(id: str = "") -> Conversation:
    """An empty conversation under this id; under a fresh one when it is none."""
    return Conversation(id=id if _ID.fullmatch(id) else secrets.token_hex(16))


class History:
    """The conversations of one visitor; `arrive` is called before the first is kept, and may refuse it."""

    def __init__(self, folder: Path, *, arrive: Callable[[], None] = lambda: None) -> None:
        self._folder, self._arrive = folder, arrive

    @property
    def whose(self) -> str:
        """The name of this visitor, which says nothing about them."""
        return self._folder.name

    def load(self, id: str) -> Conversation | None:
        """The conversation with this id; None when this visitor never had it, or it cannot be read."""
        if not _ID.fullmatch(id):
            return None
        try:
            return _from_plain(id, json.loads((self._folder / f"{id}.json").read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def holds(self, id: str) -> bool:
        """Whether there is a conversation with this id."""
        return bool(_ID.fullmatch(id)) and (self._folder / f"{id}.json").exists()

    def save(self, conversation: Conversation) -> None:
        """Write a conversation whole or not at all, and let the oldest go when there are too many."""
        assert _ID.fullmatch(conversation.id), conversation.id
        if not self._folder.is_dir():
            self._arrive()
            _make_room(self._folder.parent)
            make_private(self._folder)
        write_whole(self._folder / f"{conversation.id}.json", json.dumps(_to_plain(conversation), ensure_ascii=False))
        held = 0
        for rank, (path, stat) in enumerate(_latest(self._folder.glob("*.json"))):
            held += stat.st_size
            if rank and (rank >= KEPT or held > KEPT_BYTES):
                path.unlink(missing_ok=True)

    def rename(self, id: str, name: str) -> None:
        """Give a conversation a name, or with an empty one its first question again; its place in the list stays."""
        conversation = self.load(id)
        if conversation is not None:
            path = self._folder / f"{id}.json"
            state = path.stat()
            self.save(replace(conversation, name=" ".join(name.split())[:TITLE_CHARS]))
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    def delete(self, id: str) -> None:
        """Forget a conversation."""
        if _ID.fullmatch(id):
            (self._folder / f"{id}.json").unlink(missing_ok=True)

    def summaries(self, find: str = "") -> tuple[Summary, ...]:
        """The conversations with every word of `find`, the latest first; for all, only their beginnings are read."""
        words = find.casefold().split()
        return tuple(
            Summary(id=path.stem, title=title)
            for path, _ in _latest(self._folder.glob("*.json"))
            if _ID.fullmatch(path.stem) and (title := _read_title(path)) is not None
            if not words or self._says(path.stem, words)
        )

    def _says(self, id: str, words: Iterable[str]) -> bool:
        """Whether each of these words stands in the title, a question or an answer of a conversation."""
        held = self.load(id)
        said = [part for turn in held.turns for part in (turn.answer.question, turn.answer.text)] if held else []
        text = "\n".join([held.title if held else "", *said]).casefold()
        return all(word in text for word in words)


def _latest(paths: Iterable[Path]) -> list[tuple[Path, os.stat_result]]:
    """The paths that are there, the latest first, with their states; another tab may have deleted some meanwhile."""
    found = []
    for path in paths:
        with suppress(FileNotFoundError):
            found.append((path, path.stat()))
    return sorted(found, key=lambda each: each[1].st_mtime_ns, reverse=True)


def _read_title(path: Path) -> str | None:
    """The title that a conversation's file begins with; None when it does not."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", "ignore")
        title, _ = json.JSONDecoder().raw_decode(head.removeprefix(_TITLE)) if head.startswith(_TITLE) else (None, 0)
    except (OSError, ValueError):
        return None
    return title if isinstance(title, str) else None


def _make_room(folder: Path) -> None:
    """Forget the visitors who have been away for longest, so that one more fits in."""
    for visitor, _ in _latest(each for each in folder.glob("*") if _FOLDER.fullmatch(each.name))[VISITORS - 1 :]:
        shutil.rmtree(visitor, ignore_errors=True)


def _to_plain(conversation: Conversation) -> dict[str, object]:
    turns = [
        {
            "answer": each.answer.to_dict(),
            "seen": [asdict(passage) for passage in each.seen],
            "liked": each.liked,
            "wanted": each.wanted,
        }
        for each in conversation.turns
    ]
    return {"title": conversation.title, "name": conversation.name, "turns": turns}


def _from_plain(id: str, plain: Mapping[str, Any]) -> Conversation:
    turns = tuple(
        Turn(
            answer=Answer.from_dict(each["answer"]),
            seen=tuple(Seen(**passage) for passage in each.get("seen", ())),
            liked=each["liked"],
            wanted=each["wanted"],
        )
        for each in plain["turns"]
    )
    return Conversation(id=id, turns=turns, name=plain.get("name", ""))
