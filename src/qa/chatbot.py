"""The whole, for a program: the only place where the parts are wired together.

Opens the index (and fills it from the seeds the first time), then asks, streams, searches and
ingests. What each part does is decided in its own room.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qa import extractive
from qa.documents import find_documents
from qa.embedder import MiniLM
from qa.errors import QuestionError, SettingsError
from qa.index import Index
from qa.ingestion import IngestReport, Progress, ingest
from qa.resources import resource
from qa.retrieval import retrieve
from qa.sentence_vectors import SentenceVectors, Vectors, bounds
from qa.settings import Settings, load_settings
from qa.types import Answer, Document, Event, Hit, Message, Passage, Record
from qa.writer import writing

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

History = Sequence[Message | Mapping[str, str]]

QUESTION_CHARS = 4_000
DEFAULT_MODEL = "openai:gpt-5-mini"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is indexed, and where; `unfinished` says that an ingest was killed half-way."""

    location: str
    collection: str
    embeddings: str
    model: str
    documents: tuple[Record, ...]
    passages: int
    unfinished: bool


class Chatbot:
    """Answers questions about the documents of one index."""

    def __init__(self, settings: Settings, *, chat_model: BaseChatModel | None = None) -> None:
        """Wire the parts; `open` is the usual way in. `chat_model` replaces the one that the settings name.

        Raises: StoreError when the index cannot be opened, EmbeddingError without the weights.
        """
        self.settings = settings
        self._chat_model = chat_model
        self._embedder = MiniLM()
        self._index = Index(
            settings.chroma,
            collection=settings.collection,
            embeddings=self._embedder.name,
            dimension=self._embedder.dimension,
            home=settings.home,
        )
        self._sentences = SentenceVectors(self._index.cache / "sentences.sqlite", read=self._read_sentences)

    @classmethod
    def open(cls, *, model: str | BaseChatModel | None = None, **chosen: Any) -> Self:
        """The chatbot with these settings, by name; an index that was never filled is filled from the seeds.

        Raises: QAError when a setting, the index or the embedding model is not right.
        """
        name = model if isinstance(model, str) else None
        bot = cls(load_settings(model=name, **chosen), chat_model=None if isinstance(model, str) else model)
        bot.fill()
        return bot

    def adjusted(self, **chosen: Any) -> Self:
        """The same index and embedder under other settings, by name; only the original is to be closed.

        Raises: SettingsError when a setting is not right.
        """
        twin = copy(self)
        for name, value in vars(type(self)).items():
            if isinstance(value, cached_property):  # it was worked out from the other settings
                vars(twin).pop(name, None)
        twin.settings = load_settings(**{**self.settings.model_dump(), **chosen})
        twin._chat_model = None if "model" in chosen else self._chat_model
        return twin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    @cached_property
    def model_name(self) -> str:
        """What answers: `extractive`, or the name of a language model.

        Raises: SettingsError when a server is named but no model.
        """
        if self._chat_model is not None:
            return str(getattr(self._chat_model, "model_name", None) or type(self._chat_model).__name__)
        if self.settings.model != "auto":
            return self.settings.model
        if self.settings.base_url:
            raise SettingsError(f"base_url = {self.settings.base_url!r} needs a model. Set QA_MODEL=openai:NAME")
        return DEFAULT_MODEL if os.environ.get("OPENAI_API_KEY") else "extractive"

    def ask(self, question: str, *, history: History = ()) -> Answer:
        """The answer to a question, given the conversation before it.

        Raises: QuestionError when it is empty or too long, ModelError when the language model fails.
        """
        for event in self.stream(question, history=history):
            if isinstance(event, Answer):
                return event
        raise AssertionError("a stream ends with its Answer")

    def stream(self, question: str, *, history: History = ()) -> Generator[Event, None, None]:
        """The answer as it comes: pieces of text, each citation before its first marker, the Answer last.

        Raises: as `ask` does.
        """
        question, messages = _checked(question), [_message(each) for each in history]
        answer = self._extract(question, messages)
        yield from answer.citations
        yield answer.text
        yield answer

    def search(self, query: str, *, top_k: int | None = None) -> tuple[Hit, ...]:
        """The passages that best match a query, best first."""
        query = _checked(query)
        return self._index.reading(
            lambda: retrieve(
                query,
                index=self._index,
                embed=self._embedder.embed,
                sentence_vectors=self._sentences,
                top_k=top_k or self.settings.top_k,
            )
        )

    def ingest(
        self, *paths: str | Path, rebuild: bool = False, progress: Callable[[Progress], None] = lambda _: None
    ) -> IngestReport:
        """Bring the index in step with these folders and files; with none, with all that were ingested before.

        Raises: DocumentError when a path holds nothing to read, StoreError; the index stays as it was.
        """
        roots = [Path(path) for path in paths] or self._known_roots()
        for root in roots:
            find_documents(root)
        with writing(self._index, rebuild=rebuild) as writer:
            reports = [
                ingest(
                    root,
                    index=self._index,
                    writer=writer,
                    embedder=self._embedder,
                    sentences=self._sentences,
                    progress=progress,
                )
                for root in roots
            ]
        return sum(reports, IngestReport())

    def fill(self) -> None:
        """Ingest the seeds if nothing was ever ingested."""
        manifest = self._index.manifest()
        if manifest is None or (not manifest.finished and not self._index.documents()):
            self.ingest(self._seeds())

    def remove(self, document: str) -> None:
        """Forget a document. Raises: StoreError when it is not indexed."""
        self._index.document(document)
        with writing(self._index) as writer:
            writer.delete([document])

    def documents(self) -> tuple[Record, ...]:
        """What is known of every indexed document, sorted by id."""
        return self._index.documents()

    def document(self, document: str) -> Document:
        """An indexed document as it was read. Raises: StoreError when there is none of this id."""
        return self._index.reading(lambda: self._index.document(document))

    def status(self) -> Status:
        """What is indexed, and where."""
        manifest = self._index.manifest()
        return Status(
            location=self._index.location,
            collection=self._index.collection,
            embeddings=self._embedder.name,
            model=self.model_name,
            documents=self._index.documents(),
            passages=self._index.passage_count,
            unfinished=manifest is not None and manifest.unfinished,
        )

    def _extract(self, question: str, history: Sequence[Message]) -> Answer:
        started = time.perf_counter()
        query = question
        hits = self.search(query)
        retrieved = time.perf_counter()
        answer = extractive.answer(
            query, question=question, hits=hits, index=self._index, strictness=self.settings.strictness
        )
        seconds = {"retrieve": retrieved - started, "answer": time.perf_counter() - retrieved}
        return replace(answer, embeddings=self._embedder.name, seconds=seconds)

    def _read_sentences(self, passages: Sequence[Passage]) -> list[Vectors]:
        return self._embedder.embed_spans([each.text for each in passages], [bounds(each) for each in passages])[1]

    def _seeds(self) -> Path:
        return self.settings.seeds or resource("seeds")

    def _known_roots(self) -> list[Path]:
        records = self._index.documents()
        folders = {record.root for record in records if record.mirrored}
        files = {str(Path(record.root, record.id)) for record in records if record.root not in folders}
        return [Path(root) for root in sorted(folders | files)] or [self._seeds()]


def ask(question: str, *, history: History = (), **chosen: Any) -> Answer:
    """The answer to one question from the default index, with settings by name as `Chatbot.open` takes them.

    Raises: QAError. Asking often is quicker with one `Chatbot`.
    """
    with Chatbot.open(**chosen) as bot:
        return bot.ask(question, history=history)


def _checked(question: str) -> str:
    """The question without the white space around it. Raises: QuestionError."""
    stripped = question.strip()
    if not stripped:
        raise QuestionError('the question is empty. Ask one, such as: qa ask "Who met whom?"')
    if len(stripped) > QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(stripped):,} characters, the limit is {QUESTION_CHARS:,}. "
            "Ask about less; put long texts into a file and run: qa ingest FILE"
        )
    return stripped


def _message(turn: Message | Mapping[str, str]) -> Message:
    """One turn of the history. Raises: QuestionError when it has no role and content."""
    if isinstance(turn, Message):
        return turn
    try:
        role, content = turn["role"], turn["content"]
    except (KeyError, TypeError) as error:
        raise QuestionError(f"{turn!r} is no turn of a conversation. Give role and content") from error
    if role not in ("user", "assistant"):
        raise QuestionError(f"role {role!r} is neither user nor assistant")
    return Message(role="user" if role == "user" else "assistant", content=content)
