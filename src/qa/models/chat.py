"""Names such as `openai:gpt-5-mini` and `local:model.gguf` → chat and embedding models, whose failures say what to do.

No key is shown or put into an error. The heavy libraries are imported when a model is made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.errors import EmbeddingError, ModelError, QAError, SettingsError, bare_address, without_keys
from qa.models.local import OTHER_TOKENS, is_local, local_server
from qa.models.refusals import THINKING_TOKENS

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

RETRIES = 2
SERVER_CHARS = 300  # of what a server says of a failure
REPLY_TOKENS = 4_000
UNKNOWN_WINDOW = 8_192  # of a model of which nothing is known: many servers open models with as much, or with half

_OPENAI_MODELS = ("gpt-", "chatgpt", "o1", "o3", "text-davinci")
# Sent where there is none: a local server wants no key, but the client does.
_NO_KEY = "no-key"
# What a client raises on a reply that is no JSON, no stream, or JSON of another shape than it expects.
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_OVERFLOW = re.compile(
    r"(?i)context (?:length|size|window)|(?:prompt|input) is too long|too many tokens|must have less than \d+ tokens"
)


class _Settings(NamedTuple):
    """What a failure tells to check: the settings of a model's name, address and key, and what makes a text shorter."""

    model: str
    address: str
    key: str
    shorter: str


_CHAT = _Settings(
    "QA_MODEL",
    "QA_BASE_URL",
    "OPENAI_API_KEY, or its like",
    "Set QA_WINDOW_TOKENS to what it reads, or a lower QA_CONTEXT_TOKENS",
)
_EMBEDDINGS = _Settings(
    "QA_EMBEDDINGS",
    "QA_EMBEDDINGS_URL, or QA_BASE_URL without one",
    "QA_EMBEDDINGS_API_KEY, or without QA_EMBEDDINGS_URL OPENAI_API_KEY or its like",
    "Name a model that reads longer texts: QA_EMBEDDINGS",
)

# Where a provider's key is not called PROVIDER_API_KEY.
_KEY_NAMES = {"google_genai": "GOOGLE_API_KEY", "mistralai": "MISTRAL_API_KEY", "perplexity": "PPLX_API_KEY"}

_given_keys: set[str] = set()  # a server may repeat them in an error, which then shows them as •••


def is_openai(model: str) -> bool:
    """Whether LangChain takes this name for a model of OpenAI's: `openai:gpt-5-mini`, or `gpt-5-mini` alone."""
    return model.startswith("openai:") or model.lower().startswith(_OPENAI_MODELS)


def key_variable(model: str) -> str:
    """The environment variable in which the provider of this model looks for its key."""
    provider = "openai" if is_openai(model) else model.partition(":")[0]
    return _KEY_NAMES.get(provider, f"{provider.upper()}_API_KEY")


def chat_model(
    name: str,
    *,
    base_url: str | None,
    timeout_s: float,
    key: str = "",
    context_tokens: int = 6_000,
    window_tokens: int | None = None,
) -> BaseChatModel:
    """The chat model of this name: in a file, on its provider's server, or on any OpenAI-compatible one.

    The server is sent `key`; without one, a provider's own client looks for it in the environment. A file's model is
    opened so that it reads `context_tokens` of passages besides all else. Any other reads and writes `window_tokens`;
    for None that is not known under a `base_url`, whatever the name is: a deployment may be called anything.

    Raises: SettingsError for a provider or file that is unknown or not installed, ModelError without a key or for a
    file that is damaged.
    """
    from langchain.chat_models import init_chat_model

    window = window_tokens
    asked = {"max_tokens": min(REPLY_TOKENS, (window or UNKNOWN_WINDOW) // 2)}
    if is_local(name):
        server = local_server(name, context_tokens=context_tokens + REPLY_TOKENS + OTHER_TOKENS)
        name, base_url, key, window = "openai:local", server.url, server.key, server.window
        # Told how far it has read, it notices that nobody listens any more; without, it reads to the end in most cases.
        asked = {"max_tokens": min(REPLY_TOKENS, window // 4), "return_progress": True}
    arguments = _key_argument(key, base_url=base_url, settings=_CHAT)
    with _construction(name):
        if base_url is None and not is_openai(name):
            arguments |= {"timeout": timeout_s, "max_retries": RETRIES, "max_tokens": REPLY_TOKENS}
            return _known(init_chat_model(name, **arguments), window=window, reply=REPLY_TOKENS)
        from qa.models.patience import REPLY_BYTES, Client, Compatible

        if base_url is None:
            arguments |= {"max_tokens": REPLY_TOKENS}
        else:
            arguments |= {
                "base_url": base_url,
                "use_responses_api": False,
                "temperature": 0,
                "extra_body": asked,  # Ollama and LM Studio know no newer name for it
            }
        model = Compatible(
            model=name.removeprefix("openai:"),
            timeout=timeout_s,
            max_retries=RETRIES,
            stream_usage=True,
            stream_chunk_timeout=None,  # it counts events, with or without words
            http_async_client=Client(timeout_s=timeout_s, limit=REPLY_BYTES),
            **arguments,
        )
        if base_url is not None:
            model.profile = None
        elif (model.profile or {}).get("reasoning_output"):
            model.max_tokens = THINKING_TOKENS
        return _known(model, window=window, reply=asked["max_tokens"])


def _known(model: BaseChatModel, *, window: int | None, reply: int) -> BaseChatModel:
    """The model with the window that it is said to have, of which its reply takes `reply` tokens."""
    if window:  # whoever fills it leaves REPLY_TOKENS free
        model.profile = {**(model.profile or {}), "max_input_tokens": window - reply + REPLY_TOKENS}
    return model


def embedding_model(name: str, *, base_url: str | None, timeout_s: float, key: str = "") -> Embeddings:
    """The LangChain embedding model of this name; call it under `model_errors(name, kind=EmbeddingError)`.

    `key` as for a chat model.

    Raises: SettingsError for a provider that is unknown or not installed, EmbeddingError without a key.
    """
    from langchain.embeddings import init_embeddings

    from qa.models.patience import VECTOR_BYTES, Client

    arguments = _key_argument(key, base_url=base_url, settings=_EMBEDDINGS)
    if name.startswith("openai:"):
        client = Client(timeout_s=timeout_s, limit=VECTOR_BYTES)
        arguments |= {"timeout": timeout_s, "max_retries": RETRIES, "http_async_client": client}
    if base_url is not None:
        # Only OpenAI's own server takes token ids, and only tiktoken makes them.
        arguments |= {"base_url": base_url, "check_embedding_ctx_length": False}
    with _construction(name, kind=EmbeddingError):
        return init_embeddings(name, **arguments)


def _key_argument(key: str, *, base_url: str | None, settings: _Settings) -> dict[str, Any]:
    """The argument that hands a client its key; empty where the client is to look in the environment itself.

    Raises: SettingsError when `base_url` is not an address.
    """
    if base_url is not None and not _is_address(base_url):
        raise SettingsError(
            f"{bare_address(base_url)!r} is no address, such as http://127.0.0.1:11434/v1. Set {settings.address}"
        )
    if key:
        _given_keys.add(key)
    return {"api_key": key or _NO_KEY} if key or base_url else {}


def _is_address(address: str) -> bool:
    import httpx2

    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host) and (url.port is None or 0 < url.port < 65_536)


def input_window(model: BaseChatModel) -> int | None:
    """The number of tokens that a model can read, None where it is not known."""
    return (model.profile or {}).get("max_input_tokens")


@contextmanager
def model_errors(name: str, *, kind: type[QAError] = ModelError) -> Iterator[None]:
    """Turns what a provider's client raises into `kind`, naming the model and what to do.

    The client's own error is not chained: it may repeat the key.
    """
    from langchain_core import exceptions
    from openai import OpenAIError

    try:
        yield
    except (exceptions.ModelError, OpenAIError, TimeoutError, *_UNREADABLE) as error:
        settings = _EMBEDDINGS if kind is EmbeddingError else _CHAT
        raise kind(f"{name} {_explanation(error, is_ours=is_local(name), settings=settings)}") from None


@contextmanager
def _construction(name: str, *, kind: type[QAError] = ModelError) -> Iterator[None]:
    from openai import OpenAIError

    try:
        yield
    except OpenAIError:
        other = "answer without a model: QA_MODEL=extractive" if kind is ModelError else "QA_EMBEDDINGS=minilm-l6-v2"
        raise kind(f"{name} needs a key. Set {key_variable(name)}, or {other}") from None
    except ImportError as error:
        raise SettingsError(f"{name} needs another package: {error}") from error
    except ValueError as error:
        raise SettingsError(
            f"{name!r} names no model: {_plain(str(error))}. Set QA_MODEL, such as openai:gpt-5-mini"
        ) from None


def _explanation(error: Exception, *, is_ours: bool, settings: _Settings) -> str:
    """The rest of the sentence that begins with the model's name: what happened, and what to do.

    `is_ours` says that its server is a process of this one's; `settings` are those of such models.
    """
    import openai
    from langchain_core import exceptions as known

    said = _server_words(error)
    if isinstance(error, known.ContextOverflowError) or _OVERFLOW.search(said):
        shorter = "Set a lower QA_CONTEXT_TOKENS" if is_ours else settings.shorter
        return f"cannot read that much at once. {shorter}{said}"
    for kinds, explanation in (
        (
            (known.ModelAuthenticationError, openai.AuthenticationError),
            f"refused the key. Check {settings.key}: a server that .env names is sent only one from .env",
        ),
        (
            (known.ModelPermissionDeniedError, openai.PermissionDeniedError),
            "may not be used with this key. Check the key",
        ),
        (
            (known.ModelNotFoundError, openai.NotFoundError),
            f"is unknown to the server. Check {settings.model} and {settings.address}",
        ),
        ((known.ModelRateLimitError, openai.RateLimitError), "is over its rate limit or quota. Wait and ask again"),
        (
            (known.ModelTimeoutError, openai.APITimeoutError, TimeoutError),
            "did not answer in time. Ask again, or raise QA_TIMEOUT_S",
        ),
        (
            (known.ModelConnectionError, openai.APIConnectionError),
            "has ended, perhaps for want of memory. Start qa again, or name a smaller file: QA_MODEL"
            if is_ours
            else f"cannot be reached, or broke off. Check {settings.address}",
        ),
        ((known.ModelAPIError, openai.InternalServerError), "failed on its server. Ask again later"),
        (_UNREADABLE, f"sent a reply that cannot be read. Check {settings.address}; it often ends in /v1"),
    ):
        if isinstance(error, kinds):
            return f"{explanation}{said}"
    return f"did not take the request. Check {settings.model} and {settings.address}{said}"


def _server_words(error: Exception) -> str:
    """The server's own message in brackets, on one line and without anything like a key; empty for none."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else body
    return f" (it said: {_plain(said)})" if isinstance(said, str) and said.strip() else ""


def _plain(said: str) -> str:
    """The first `SERVER_CHARS` of a message, on one line; in place of each key stands •••."""
    secrets = {value for variable, value in os.environ.items() if variable.endswith("_API_KEY") and value}
    for secret in secrets | _given_keys:
        said = said.replace(secret, "•••")
    said = said.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return " ".join(without_keys(said).split())[:SERVER_CHARS]
