"""`Chatbot`: all that the package does, for a program, and the only place where its parts are wired together.

Opens the library (and fills it from the seeds the first time), then asks and streams, with a
language model or without. What each part does is decided in its own room.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qa.answers.asking import read_conditions, read_question, read_top_k
from qa.answers.quotes import verify_quotes
from qa.answers.replies.courtesies import topic_of
from qa.answers.replies.examples import kept_examples
from qa.answers.replies.overview import reply
from qa.answers.replies.small_talk import reply_to
from qa.answers.replies.wishes import read_wish
from qa.answers.verification import Verification, verify_sentences
from qa.documents.files import read_document
from qa.documents.passages import split_passages
from qa.documents.selection import EVERYTHING, Selection
from qa.errors import ModelError, SettingsError, bare_address
from qa.index.conditions import Condition, among, matching
from qa.ingestion.checkup import Checkup
from qa.ingestion.ingest import IngestReport, OnProgress
from qa.library import Library
from qa.models.local import public_name
from qa.settings import OPENAI_KEY, Settings, load_settings
from qa.settings.resources import prompt_folders
from qa.types import Answer, Document, Event, Findings, Hit, Message, Passage, Record

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable, RunnableConfig

    from qa.answers.drafting.composer import Composer, Prompts

History = Sequence[Message | Mapping[str, str]]

EXTRACTIVE = "extractive"
DEFAULT_MODEL = "openai:gpt-5-mini"
LIBRARY_SETTINGS = frozenset(
    {"chroma", "collection", "embeddings", "embeddings_batch", "embeddings_url", "home", "seeds"}
)
"""The settings that choose the library; one that is open cannot change them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The documents in the index, and where it is; `unfinished` says that an ingest is under way or was killed."""

    location: str
    collection: str
    embeddings: str
    model: str
    documents: tuple[Record, ...]
    passages: int
    unfinished: bool


class Chatbot:
    """Answers questions about the documents of one library."""

    def __init__(
        self,
        settings: Settings,
        *,
        library: Library,
        chat_model: BaseChatModel | None = None,
        prompts: Mapping[str, ChatPromptTemplate] | None = None,
        conditions: tuple[Condition, ...] = (),
        key: str | None = None,
    ) -> None:
        """Wire the parts; `open` is the usual way in. `chat_model` and `prompts` replace what the settings name.

        `key` is what the model's server is sent; for None, what the settings say.
        """
        self.settings = settings
        self.library = library
        self._chat_model = chat_model
        self._prompts = prompts
        self._conditions = conditions
        self._key = key

    @classmethod
    def open(
        cls, *, model: str | BaseChatModel | None = None, fill: bool = True, repair: bool = False, **chosen: Any
    ) -> Self:
        """The chatbot with these settings, by name; an index that was never filled is filled from the seeds.

        `prompts` may be templates by name, which `bot.prompts` lists, as well as a folder. With `repair`, a damaged
        index is moved aside, here or when it is rebuilt.

        Raises: QAError when a setting, the index or the embedding model is not right.
        """
        prompts = _take_templates(chosen)
        named = model if isinstance(model, str) else None
        settings = load_settings(model=named, **chosen)
        library = Library(settings, repair=repair)
        if fill:
            library.fill()
        return cls(settings, library=library, chat_model=None if isinstance(model, str) else model, prompts=prompts)

    def adjusted(self, **chosen: Any) -> Self:
        """The same library under other settings, by name; only the original is to be closed.

        `key` is sent to the server of the model that is chosen with it, in place of any other, and kept in memory only.

        Raises: SettingsError when a setting is not right, or is one of the library's own.
        """
        if fixed := sorted(LIBRARY_SETTINGS & chosen.keys()):
            raise SettingsError(f"{fixed[0]} belongs to the library that is open. Open another: qa.Chatbot.open(…)")
        other_model, other_server = "model" in chosen, {"model", "base_url"} & chosen.keys()
        key = chosen.pop("key", None if other_server else self._key)
        prompts = _take_templates(chosen) if "prompts" in chosen else self._prompts
        chat_model = None if other_model else self._chat_model
        return self._like(self.settings.changed(**chosen), chat_model=chat_model, prompts=prompts, key=key)

    def narrowed(self, where: Sequence[str] = (), *, documents: Collection[str] | None = None) -> Self:
        """The same library, of which only the documents are searched that meet conditions such as `date>=2021-07`.

        A condition compares document or title with a pattern (= or !=), or date with a day, month or year
        (= != < <= > >=); all must be met. Of `documents`, if given, it must be one, by its exact id.
        Raises: QuestionError when a condition cannot be read.
        """
        chosen = () if documents is None else (among(documents),)
        conditions = (*self._conditions, *read_conditions(where), *chosen)
        return self._like(self.settings, conditions=conditions)

    def _like(self, settings: Settings, **changed: Any) -> Self:
        """The same library under these settings, all else as here but for what is `changed`."""
        kept = {"prompts": self._prompts, "conditions": self._conditions, "key": self._key}
        return type(self)(settings, library=self.library, **{"chat_model": self._chat_model, **kept, **changed})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the library."""
        self.library.close()

    @cached_property
    def model_name(self) -> str:
        """The name of what answers: `extractive`, or a language model's.

        Raises: SettingsError when a server is named but no model.
        """
        if self._chat_model is not None:
            return str(getattr(self._chat_model, "model_name", None) or type(self._chat_model).__name__)
        return chosen_model(self.settings)

    # -- asking ----------------------------------------------------------------------------------

    def ask(
        self, question: str, *, history: History = (), where: Sequence[str] = (), config: RunnableConfig | None = None
    ) -> Answer:
        """The answer to a question, given the conversation before it, from the documents that meet the conditions.

        `config` is LangChain's, with callbacks, tags and a name for traces.

        Raises: QuestionError when it is empty or too long or a condition cannot be read, ModelError when the
        language model fails.
        """
        return _whole(self.chain.invoke(_asked(question, history, where), config))

    def stream(
        self, question: str, *, history: History = (), where: Sequence[str] = (), config: RunnableConfig | None = None
    ) -> Generator[Event, None, None]:
        """The events of the answer as it comes: pieces of text, each citation before its first marker, the Answer last.

        The short answer comes before the first piece of text, where it is shown.

        Raises: as `ask` does.
        """
        yield from self.chain.stream(_asked(question, history, where), config)

    async def aask(
        self, question: str, *, history: History = (), where: Sequence[str] = (), config: RunnableConfig | None = None
    ) -> Answer:
        """`ask`, awaiting the model."""
        return _whole(await self.chain.ainvoke(_asked(question, history, where), config))

    async def astream(
        self, question: str, *, history: History = (), where: Sequence[str] = (), config: RunnableConfig | None = None
    ) -> AsyncGenerator[Event, None]:
        """`stream`, awaiting the model."""
        async with aclosing(self.chain.astream(_asked(question, history, where), config)) as events:  # type: ignore[type-var]  # a generator, which Runnable.astream does not promise
            async for event in events:
                yield event

    @cached_property
    def chain(self) -> Runnable[Mapping[str, Any], Event]:
        """`{"question", "history", "where"}` → the Answer when invoked, its events when streamed; sync and async.

        All questions go through it, with a language model or without.

        Raises: SettingsError or ModelError when the language model cannot be made.
        """
        from qa.answers.chain import AnswerChain

        falls_back = self.settings.fallback == EXTRACTIVE
        library = self.library
        chain = AnswerChain(find=self._find, reply=self._reply, reading=library.reading, rarity=library.rarity)
        try:
            composer = None if self.model_name == EXTRACTIVE else self._composer()
        except ModelError as error:
            if not falls_back:
                raise
            return replace(chain, failure=error).runnable()
        return replace(chain, composer=composer, falls_back=falls_back).runnable()

    def _find(self, question: str, query: str, conditions: tuple[Condition, ...]) -> Findings:
        return self.library.find(
            question,
            query,
            top_k=self.settings.top_k,
            strictness=self.settings.strictness,
            where=(*self._conditions, *conditions),
        )

    def _reply(self, question: str, history: tuple[Message, ...], conditions: tuple[Condition, ...]) -> Answer | None:
        """What is said without a search; a language model is asked about a name that one document does not bear."""
        topic, wish = topic_of(question), read_wish(question)
        asked = type(self)(self.settings, library=self.library, conditions=(*self._conditions, *conditions))
        if topic:
            return reply_to(question, topic, records=asked._searched(), examples=asked.examples)
        if wish is None:
            return None
        started = time.perf_counter()
        answer = reply(
            question,
            wish if history else replace(wish, is_sure=wish.is_sure or wish.points_back),
            records=asked._searched(),
            read=self.library.read,
            holding=lambda text: self.library.holding(text, most=self.settings.top_k),
            shown=lambda: asked._shown(history),
        )
        if answer is None or not (answer.hits or wish.scope in ("all", "at hand") or self.model_name == EXTRACTIVE):
            return None
        seconds = {"answer": time.perf_counter() - started}
        return replace(answer, embeddings=self.library.embedder.name, seconds=seconds)

    def _shown(self, history: tuple[Message, ...]) -> str | None:
        """The document that a conversation was about last: the first that the answer to its last question cites."""
        turns = [number for number, turn in enumerate(history) if turn.role == "user"]
        for number in reversed(turns):
            wish = read_wish(history[number].content)
            if wish is None or wish.scope != "at hand":
                answer = self.adjusted(model=EXTRACTIVE).ask(history[number].content, history=history[:number])
                cited = dict.fromkeys(each.document for each in answer.citations)
                return next(iter(cited), None) if not answer.overview or len(cited) == 1 else None
        return None

    @cached_property
    def chat_model(self) -> BaseChatModel:
        """The language model as LangChain has it. Raises: SettingsError, ModelError."""
        from qa.models.chat import chat_model

        settings = self.settings
        return self._chat_model or chat_model(
            self.model_name if settings.model == "auto" else settings.model,
            base_url=settings.base_url,
            key=settings.model_key(self.model_name) if self._key is None else self._key,
            timeout_s=settings.timeout_s,
            context_tokens=settings.context_tokens,
            window_tokens=settings.window_tokens,
        )

    @property
    def prompts(self) -> Mapping[str, ChatPromptTemplate]:
        """What a language model is sent, by name: `answer`, `rewrite` and `check`. Raises: PromptError."""
        loaded = self._loaded_prompts
        return {each.name: each.template for each in (loaded.answer, loaded.rewrite, loaded.check)}

    @cached_property
    def _loaded_prompts(self) -> Prompts:
        from qa.answers.drafting.composer import load_prompts

        return load_prompts(*prompt_folders(self.settings.prompts), given=self._prompts)

    def _composer(self) -> Composer:
        """The writer of answers with the language model. Raises: SettingsError, ModelError, PromptError."""
        from qa.answers.drafting.composer import Composer
        from qa.models.tokens import is_exact

        settings = self.settings
        return Composer(
            model=self.chat_model,
            name=self.model_name,
            prompts=self._loaded_prompts,
            estimates=not is_exact(self.model_name, base_url=settings.base_url),
            timeout_s=settings.timeout_s,
            context_tokens=settings.context_tokens,
            unsupported=settings.unsupported,
            check=settings.check,
        )

    @cached_property
    def retriever(self) -> BaseRetriever:
        """The search as a LangChain retriever."""
        from qa.answers.retriever import PassageRetriever

        return PassageRetriever(search=self.search)

    @property
    def embeddings(self) -> Embeddings:
        """The model that embeds the passages, as a LangChain `Embeddings`."""
        from qa.answers.retriever import PassageEmbeddings

        return PassageEmbeddings(self.library.embedder)

    @property
    def vectorstore(self) -> Chroma:
        """The passages as LangChain's Chroma, as they are now: after an ingest, take it anew. Raises: StoreError."""
        from qa.answers.retriever import vectorstore

        return vectorstore(self.library.index, embeddings=self.embeddings)

    def search(self, query: str, *, top_k: int | None = None, where: Sequence[str] = ()) -> tuple[Hit, ...]:
        """The passages that best match a query, best first. Raises: QuestionError."""
        conditions = (*self._conditions, *read_conditions(where))
        top_k = self.settings.top_k if top_k is None else read_top_k(top_k)
        query = read_question(query)
        found = self.library.find(query, query, top_k=top_k, strictness=self.settings.strictness, where=conditions)
        return found.read

    # -- the documents ---------------------------------------------------------------------------

    def ingest(
        self,
        *paths: str | Path,
        selection: Selection = EVERYTHING,
        rebuild: bool = False,
        progress: OnProgress = lambda _: None,
        ray: str | None = None,
    ) -> IngestReport:
        """Bring the index in step with these folders and files; with none, with all that were ingested before.

        With `ray`, the Ray cluster at that address reads and embeds; `local` is one of this machine alone.

        Raises: DocumentError when a path holds nothing to read, StoreError; the index stays as it was.
        """
        return self.library.ingest(paths, selection=selection, rebuild=rebuild, progress=progress, ray=ray)

    def add(self, documents: Sequence[Document]) -> IngestReport:
        """Index documents that are no files: all of them, or none where one is not right. `remove` takes one out.

        Each has an id, a title and a text, which is read as plain text is; the same id replaces the one before.

        Raises: DocumentError for a text that no file may have, or the id of a file that is indexed; StoreError.
        """
        return self.library.add(documents)

    def survey(self, *paths: str | Path, selection: Selection = EVERYTHING) -> IngestReport:
        """The report that `ingest` would give; nothing is changed. Raises: as `ingest` does."""
        return self.library.survey(paths, selection=selection)

    def watch(
        self, *paths: str | Path, selection: Selection = EVERYTHING, progress: OnProgress = lambda _: None
    ) -> Iterator[IngestReport]:
        """The report of an ingest now, then of one after every change, without end. Raises: as `ingest`, at first."""
        return self.library.watch(paths, selection=selection, progress=progress)

    def remove(self, document: str) -> None:
        """Take a document out of the index. Raises: StoreError when it is not in it."""
        self.library.remove(document)

    def documents(self) -> tuple[Record, ...]:
        """The records of all indexed documents, sorted by id."""
        return self.library.documents()

    def _searched(self) -> tuple[Record, ...]:
        """The records of the documents that meet the conditions."""
        return tuple(matching(self.documents(), self._conditions))

    def examples(self) -> tuple[str, ...]:
        """Up to four questions that the documents answer, found once and kept until the documents change.

        Raises: QAError when a document went meanwhile.
        """
        bot = self.adjusted(model=EXTRACTIVE)
        cache = None if self._conditions else self.settings.home / "examples.json"
        return kept_examples(self._searched(), document=bot.document, ask=bot.ask, cache=cache)

    def document(self, document: str) -> Document:
        """An indexed document as it was read. Raises: StoreError when there is none of this id."""
        index = self.library.index
        return index.connection.reading(lambda: index.document(document))

    def passages(self, document: str) -> tuple[Passage, ...]:
        """The passages of an indexed document in order, with their units. Raises: StoreError when there is none."""
        index = self.library.index
        return tuple(index.connection.reading(lambda: index.passages_of(document)))

    def split(self, path: Path) -> tuple[Passage, ...]:
        """The passages that an ingest would make of a file. Raises: DocumentError when it cannot be read."""
        return split_passages(read_document(path, root=path), count_pieces=self.library.embedder.count_pieces)

    def status(self) -> Status:
        """The documents in the index, and where it is. Raises: StoreDamagedError when the index is gone."""
        index, manifest = self.library.index, self.library.manifest()
        return Status(
            location=index.location,
            collection=index.collection,
            embeddings=index.embeddings,
            model=self.model_name,
            documents=index.documents(),
            passages=index.passage_count,
            unfinished=manifest is not None and manifest.unfinished,
        )

    def verify(self, answer: Answer) -> Verification:
        """A check of each quote and each sentence of an answer against the documents as they are now."""
        document = cache(self.document)
        strict = self.settings.check == "rules"
        return Verification(
            quotes=verify_quotes(answer, document=document),
            sentences=verify_sentences(
                answer, document=document, passages=cache(self.passages), idf=self.library.rarity, strict=strict
            ),
        )

    def checkup(self) -> Checkup:
        """The damage found in the index, and the changes of the files since they were ingested."""
        return self.library.checkup()


def chosen_model(settings: Settings) -> str:
    """The name of what answers under these settings: `extractive`, or a language model's, never `auto` nor a path.

    Raises: SettingsError when a server is named but no model.
    """
    if settings.model != "auto":
        return public_name(settings.model)
    if settings.base_url:
        raise SettingsError(f"base_url = {bare_address(settings.base_url)!r} needs a model. Set QA_MODEL=openai:NAME")
    return DEFAULT_MODEL if settings.key_origin(OPENAI_KEY) else EXTRACTIVE


def ask(question: str, *, history: History = (), **chosen: Any) -> Answer:
    """The answer to one question from the default index, with settings by name as `Chatbot.open` takes them.

    Raises: QAError. Asking often is quicker with one `Chatbot`.
    """
    with Chatbot.open(**chosen) as bot:
        return bot.ask(question, history=history)


def _take_templates(chosen: dict[str, Any]) -> Mapping[str, ChatPromptTemplate] | None:
    """The templates among choices by name, which are taken out; None where prompts are chosen as a folder, or not."""
    return chosen.pop("prompts") if isinstance(chosen.get("prompts"), Mapping) else None


def _asked(question: str, history: History, where: Sequence[str]) -> Mapping[str, Any]:
    return {"question": question, "history": history, "where": where}


def _whole(event: Event) -> Answer:
    """The Answer, which is what a chain gives when it is invoked."""
    assert isinstance(event, Answer)
    return event
