"""The chatbot as the system under test, with an index kept of each corpus; a judge by its name."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.documents.files import find_documents
from qa.errors import StoreMismatchError, bare_address
from qa.evals.judge import FIELDS, Judge
from qa.evals.runner import PACKAGE, Opener, fingerprint
from qa.models.chat import chat_model, is_openai
from qa.models.local import checked_file, is_local
from qa.settings import load_settings
from qa.settings.resources import prompt_folders

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

UNMEASURED = ("chroma", "collection", "home", "seeds", "auth_file", "questions_per_minute", "upload_mb")
"""The settings on which no answer depends: the places of things, and those of the page."""


def describe(chosen: Mapping[str, Any]) -> dict[str, str]:
    """What answers under these settings, as a run records it: the model itself for `auto`, files by their hash.

    Raises: SettingsError when a setting cannot be used, PromptError when a prompt cannot.
    """
    from qa.answers.drafting.composer import load_prompts
    from qa.chatbot import chosen_model
    from qa.models.minilm import GRAPH, SHA256

    settings = load_settings(**chosen)
    model = chosen_model(settings)
    # The address at which OpenAI's client looks by itself, where a model is OpenAI's and it is not the usual.
    looked_up = ("OPENAI_API_BASE", "OPENAI_BASE_URL") if any(map(is_openai, (model, settings.embeddings))) else ()
    addresses = (settings.base_url, *map(os.environ.get, looked_up))
    # The files, other than code, from which this machine answers: those that come with the package, which ranking and
    # confidence read, MiniLM's, which are read only when they are those pinned, and that of a model of one's own.
    ours = fingerprint({GRAPH.parent: sorted(each for each in GRAPH.parent.iterdir() if each.is_file())})
    weights = [ours, SHA256["model.safetensors"][:16]]
    if is_local(settings.model):
        file = checked_file(settings.model)
        weights.append(fingerprint({file.parent: [file]}))
    return {
        **{name: str(value).removesuffix(".0") for name, value in settings if name not in UNMEASURED},
        "model": model,
        "base_url": bare_address(next(filter(None, addresses), "")),
        "prompts": load_prompts(*prompt_folders(settings.prompts)).fingerprint,
        "weights": " ".join(weights),
    }


def chatbot_opener(chosen: Mapping[str, Any], *, work: Path | None = None) -> Opener:
    """Opens a chatbot over a corpus, with its index under `work`, or where this user's evaluations are."""
    kept = work or load_settings().home / "evals"

    @contextmanager
    def opened(corpus: Path) -> Iterator[Chatbot]:
        from qa.chatbot import Chatbot

        reading = PACKAGE / "documents"  # whose code makes passages, which an index holds that was made before
        read_by = fingerprint({reading: sorted(reading.rglob("*.py"))})
        documents = fingerprint({corpus: find_documents(corpus)})
        named = repr((documents, load_settings(**chosen).embeddings, read_by))
        index = kept / "indexes" / hashlib.sha256(named.encode()).hexdigest()[:16]
        settings = {**chosen, "chroma": str(index), "fill": False}
        try:
            bot = Chatbot.open(**settings)
        except StoreMismatchError:
            shutil.rmtree(index)  # made by an older version of this package, from files that are all still there
            bot = Chatbot.open(**settings)
        with bot:
            bot.ingest(corpus)
            yield bot

    return opened


def open_judge(name: str, *, folder: Path) -> Judge:
    """The language model of this name as judge of the run in `folder`, where its verdicts are kept.

    Raises: QAError when the model or its prompt cannot be had.
    """
    from qa.answers.prompts import load_prompt
    from qa.models.listening import guarded

    settings = load_settings()
    timeout_s = settings.timeout_s
    chat = chat_model(name, base_url=settings.base_url, timeout_s=timeout_s, key=settings.model_key(name))
    model = guarded(chat, name=name, timeout_s=timeout_s)
    prompt = load_prompt(*prompt_folders(settings.prompts), name="judge", fields=FIELDS)
    verdicts = folder / "verdicts.jsonl"
    return Judge(name, prompt=prompt, complete=lambda messages: model.invoke(messages).text, verdicts=verdicts)
