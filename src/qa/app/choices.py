"""What a reader of the page may choose, and what it means in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import validate_call

from qa.app.events import STRICT, Name, Picked, Strictness, TopK, Words
from qa.app.lists import folder, kind
from qa.app.render import QUOTES_ONLY, inert
from qa.errors import QuestionError, SettingsError
from qa.index.conditions import among, matching, parse_condition
from qa.models.local import is_local
from qa.types import Record

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

_PROVIDERS = {"openai": "OpenAI", "anthropic": "Anthropic", "google_genai": "Google", "mistralai": "Mistral"}
Order = Literal["Name", "Date", "Kind", "Size", "Folder"]
ORDERS: tuple[Order, ...] = get_args(Order)
_RANKS: dict[Order, Callable[[Record], str | int]] = {
    "Date": lambda record: record.date or "",
    "Kind": lambda record: kind(record).casefold(),
    "Size": lambda record: record.size,
    "Folder": lambda record: folder(record).casefold(),
}
_EFFECTS = (
    (0.2, "Answers nearly always, and is wrong more often."),
    (0.4, "Answers when in doubt."),
    (0.6, "Balanced: answers when the documents probably hold it."),
    (0.8, "Says “not in the documents” when in doubt."),
    (1.0, "Answers only when nearly certain, and often declines."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How one question is to be answered, and from which documents."""

    model: str
    top_k: int
    strictness: float
    where: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @classmethod
    @validate_call(config=STRICT)
    def of(cls, model: Name, top_k: TopK, strictness: Strictness, where: Words, picked: Picked) -> Self:
        """The choice that the controls of the page show, in the order of `Page.choices`. Raises: ValidationError."""
        asked = {"where": split_conditions(where), "documents": tuple(picked)}
        return cls(model=model, top_k=int(top_k), strictness=strictness, **asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the list of documents shows, and which of them are asked: those that are ticked, or all when none is."""

    model: str
    where: str
    picked: tuple[str, ...]
    find: str
    order: Order

    @classmethod
    @validate_call(config=STRICT)
    def of(cls, model: Name, where: Words, picked: Picked, find: Words, order: Order) -> Self:
        """The view that the controls show, in the order of `Page.view`. Raises: ValidationError."""
        return cls(model=model, where=where, picked=tuple(picked), find=find, order=order)

    @property
    def sent(self) -> tuple[str, ...]:
        """What the controls hold that show it."""
        return self.model, self.where, json.dumps(self.picked), self.find, self.order

    def listed(self, records: Sequence[Record]) -> list[Record]:
        """The documents with every word of `find` in their title or name, in order: the latest or largest first."""
        words = self.find.casefold().split()
        found = [each for each in records if all(word in f"{each.title}\n{each.id}".casefold() for word in words)]
        found.sort(key=lambda record: (record.title.casefold(), record.id))
        if self.order in _RANKS:
            found.sort(key=_RANKS[self.order], reverse=self.order in ("Date", "Size"))
        return found


class Answerers:
    """The chatbots that answer as readers chose, the latest 64 kept; all share one index and one embedder."""

    def __init__(self, bot: Chatbot) -> None:
        self.bot = bot
        self.connected: dict[str, Chatbot] = {}  # by a secret of who connected a model, see connect.py
        self.chatbot_for = lru_cache(maxsize=64)(self._adjusted)

    def _adjusted(self, choice: Choice) -> Chatbot:
        adjusted = self._answerer(choice.model).adjusted(top_k=choice.top_k, strictness=choice.strictness)
        return adjusted.narrowed(choice.where, documents=choice.documents or None)

    def models(self) -> list[tuple[str, str]]:
        """The models to choose from, as label and name: the one in force first, and the built-in one."""
        names = dict.fromkeys((self.bot.model_name, "extractive"))
        return [(_label(name), name) for name in names]

    def _answerer(self, model: str) -> Chatbot:
        """The chatbot of a model; refuses one that the owner's keys were not meant for."""
        if model in self.connected:
            return self.connected[model]
        if model not in (name for _, name in self.models()):
            raise SettingsError("this page does not offer that model. Choose one of the list")
        return self.bot if model == self.bot.model_name else self.bot.adjusted(model=model)

    def described(self, model: str) -> tuple[str, str]:
        """The name of a model for people, and where it runs. Raises: SettingsError when it is not offered."""
        bot = self._answerer(model)
        name = bot.model_name
        if name == "extractive" or is_local(name):
            return _label(name), "on this machine"
        if bot.settings.base_url:
            server = urlsplit(bot.settings.base_url)
            return _label(name), server.hostname or "another server"
        provider = name.partition(":")[0]
        return _label(name), _PROVIDERS.get(provider, provider)


def effect_html(strictness: Strictness) -> str:
    """A strictness explained to the reader: in words, and by what it refused when it was measured."""
    words = next(words for upto, words in _EFFECTS if strictness <= upto + 1e-9)
    rates = measured_rates().get(round(strictness, 1))
    if rates is None:
        return f"<p>{words}</p>"
    return (
        f"<p>{words}</p><p>Measured: it refused {rates['answerable']:g} % of the questions that the documents answer "
        f"({rates['searched']:g} % of those put as people search the web), "
        f"{rates['off_topic']:g} % of those on other subjects, "
        f"and {rates['near']:g} % of those that they nearly answer.</p>"
    )


@cache
def measured_rates() -> dict[float, dict[str, float]]:
    """The per cent of each kind of held-out question that was refused, by strictness."""
    stored = json.loads(resources.files("qa").joinpath("_data/strictness.json").read_text(encoding="utf-8"))
    return {step["strictness"]: step for step in stored["steps"]}


def split_conditions(text: str) -> tuple[str, ...]:
    """The texts of the conditions in `date>=2021-07, document=reports/*`; a comma always ends one."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def narrowing_html(where: str, records: Sequence[Record], *, picked: Collection[str] = ()) -> str:
    """The number of documents that are ticked and meet the conditions, or which cannot be read; empty without any."""
    conditions = split_conditions(where)
    if not (conditions or picked):
        return ""
    try:
        read = [parse_condition(each) for each in conditions]
        met = len(matching(records, [*read, among(picked)] if picked else read))
    except QuestionError as error:
        return f'<p class="bad" role="alert">{inert(str(error))}.</p>'
    count = f"{met:,} of {len(records):,} documents" if met else "no document"
    why = inert(" and ".join([*conditions, *(["ticked in the list"] if picked else [])]))
    clear = ' <button type="button" data-pick="none">Untick all</button>' if picked else ""
    return f'<p role="status"><b>Only {count}:</b> {why}{clear}</p>'


def _label(model: str) -> str:
    return QUOTES_ONLY if model == "extractive" else model.partition(":")[2] or model
