"""One frozen `Settings`: everything a user may choose, and where each choice came from.

Arguments beat `QA_*` variables, which beat `.env`, which beats the defaults. Keys are no settings and are never
shown; a server that `.env` names is sent no key but one from the same `.env`. Nothing is created on disk.

    envfile           the `.env` of the folder that is worked in, as far as it is trusted
    resources         where the folders `prompts` and `seeds` are, in a checkout and in a wheel
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from qa.errors import SettingsError, bare_address
from qa.index.locations import is_folder
from qa.models.chat import key_variable
from qa.models.local import is_local
from qa.settings.envfile import NAME as ENV_FILE
from qa.settings.envfile import env_folder, folder_above, read_env_file

ARGUMENT, ENVIRONMENT, ABOVE, DEFAULT = "argument", "environment", "above", "default"
OPENAI_KEY, EMBEDDINGS_KEY, CHROMA_TOKEN, CLOUD_KEY = KEYS = (
    "OPENAI_API_KEY",
    "QA_EMBEDDINGS_API_KEY",
    "QA_CHROMA_TOKEN",
    "CHROMA_API_KEY",
)

_THIS_MACHINE = re.compile(
    r"(?i)https?://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:/[\w./~-]*)?", re.ASCII
)
_PATHS = {"auth_file", "chroma", "home", "prompts", "seeds"}
# What the clients of OpenAI and Chroma send besides the key, wherever they send.
_ALSO_SENT = {
    "base_url": "OPENAI_CUSTOM_HEADERS",
    "embeddings_url": "OPENAI_CUSTOM_HEADERS",
    "chroma": "CHROMA_CLIENT_AUTH_CREDENTIALS",
}


class Settings(BaseModel):
    """Every choice, with its default; `QA_TOP_K=8` or `Settings(top_k=8)` sets `top_k`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        "auto", description="`auto`, `extractive`, `local:FILE.gguf`, or `provider:model` such as `openai:gpt-5-mini`"
    )
    base_url: str | None = Field(None, description="an OpenAI-compatible server, such as `http://127.0.0.1:11434/v1`")
    embeddings: str = Field("minilm-l6-v2", description="`minilm-l6-v2`, or `openai:text-embedding-3-small`, …")
    embeddings_url: str | None = Field(None, description="the server of `QA_EMBEDDINGS`, where it is not `QA_BASE_URL`")
    embeddings_batch: int = Field(256, ge=1, le=2048, description="texts that an embedding server is sent at once")
    chroma: str = Field(
        ".qa/index", description="a folder, `:memory:`, `http://host:8000`, or `cloud://tenant/database`"
    )
    collection: str = Field("documents", min_length=3, max_length=400, description="the name of the Chroma collection")
    seeds: Path | None = Field(None, description="documents to index when there is no index; ours when unset")
    home: Path = Field(Path(".qa"), description="where conversations, feedback and caches are kept")
    top_k: int = Field(5, ge=1, le=50, description="passages to read for an answer")
    context_tokens: int = Field(6000, ge=200, description="tokens of passages that a language model may be shown")
    window_tokens: int | None = Field(
        None, ge=1000, description="tokens that a language model reads and writes; where unset and not known, 8192"
    )
    strictness: float = Field(
        0.5, ge=0, le=1, description="how sure to be before quoting: 0 quotes nearly always, 1 nearly never"
    )
    unsupported: Literal["mark", "drop", "abstain"] = Field(
        "mark", description="what happens to a sentence that its citations do not support"
    )
    fallback: Literal["none", "extractive"] = Field(
        "none", description="what answers when the language model cannot be reached"
    )
    check: Literal["rules", "model"] = Field("rules", description="who checks that a citation supports its sentence")
    timeout_s: float = Field(60, gt=0, description="seconds to wait for a language model's next piece")
    prompts: Path | None = Field(None, description="a folder with prompt files that replace ours")
    auth_file: Path | None = Field(None, description="who may log in to the page: a file that `qa config login` writes")
    questions_per_minute: int = Field(
        300, ge=0, description="questions that one visitor of the page may ask in a minute; 0 is without limit"
    )
    upload_mb: int = Field(
        1000, ge=1, description="megabytes that the visitors of the page may have uploaded, together"
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _env_file: dict[str, str] = PrivateAttr(default_factory=dict)
    _above: Path | None = PrivateAttr(default=None)

    def __init__(self, **chosen: Any) -> None:
        """Take each setting from the first that has it: `chosen`, the environment, `.env`, a folder above."""
        above, folder = folder_above(), env_folder()
        env_file = read_env_file(folder)
        defaults = {name: str(type(self).model_fields[name].default) for name in ("chroma", "home")}
        by_origin = {
            ABOVE: _resolved(above, defaults) if above else {},
            ENV_FILE: _resolved(folder, _settings_in(env_file)),
            ENVIRONMENT: _settings_in(os.environ),
            ARGUMENT: chosen,
        }
        super().__init__(**{name: value for choices in by_origin.values() for name, value in choices.items()})
        self._env_file = env_file
        self._origins = {name: origin for origin, choices in by_origin.items() for name in choices}
        named_by = (ABOVE, ENV_FILE) if folder == above else (ABOVE,)
        self._above = above if self.origin("chroma") in named_by else None

    def changed(self, **chosen: Any) -> Self:
        """These settings with some chosen anew; None means "not chosen". Raises: SettingsError."""
        given = {name: value for name, value in chosen.items() if value is not None}
        checked = load_settings(**given)
        changed = self.model_copy(update={name: getattr(checked, name) for name in given})
        changed._origins = self._origins | dict.fromkeys(given, ARGUMENT)
        return changed

    def origin(self, name: str) -> str:
        """Where a setting came from: `argument`, `environment`, `.env`, `above` or `default`."""
        return self._origins.get(name, DEFAULT)

    @property
    def above(self) -> Path | None:
        """The folder above the current one whose index is used; None when it is this one's, or was named."""
        return self._above

    def shown(self) -> dict[str, str | int | float | None]:
        """The settings by name, as JSON has them, without the credentials that an address may hold."""
        values = self.model_dump(mode="json")
        return {name: bare_address(value) if "://" in str(value) else value for name, value in values.items()}

    def logins_file(self) -> Path | None:
        """The file of logins, if there is one.

        Raises: SettingsError when `.env` names it: it may have come with the documents, and not say who may log in.
        """
        if self.origin("auth_file") == ENV_FILE:
            raise SettingsError(f"QA_AUTH_FILE stands in {ENV_FILE}, not in your shell. Export it, or say --auth-file")
        return self.auth_file

    def key_origin(self, variable: str) -> str | None:
        """Where a key would come from: `environment`, `.env`, or None when there is none."""
        return ENVIRONMENT if os.environ.get(variable) else ENV_FILE if self._env_file.get(variable) else None

    def model_key(self, model: str) -> str:
        """The key for this model's server, as `_key` gives it; empty for a file's, which has one of its own.

        Raises: SettingsError when `.env` names a server that it may not, or a file: one that came with documents is
        not to be read by code that trusts it.
        """
        if is_local(model):
            if self.origin("model") == ENV_FILE:
                raise SettingsError(
                    f"QA_MODEL = {self.model!r} stands in {ENV_FILE}, not in your shell. If you mean it, export it"
                )
            return ""
        if self.base_url:
            return self._key(OPENAI_KEY, address="base_url")
        return self._key(key_variable(model))

    def embeddings_key(self) -> str:
        """The key for the server that embeds: that of a model, or one of its own when it has an address of its own.

        Raises: SettingsError as `model_key`.
        """
        if self.embeddings_url:
            return self._key(EMBEDDINGS_KEY, address="embeddings_url")
        return self.model_key(self.embeddings)

    def store_key(self) -> str:
        """The token or key for Chroma, as `_key` gives it. Raises: SettingsError."""
        if "://" not in self.chroma:
            return ""
        return self._key(CLOUD_KEY if self.chroma.startswith("cloud://") else CHROMA_TOKEN, address="chroma")

    def _key(self, variable: str, *, address: str | None = None) -> str:
        """The key to send to the server that the setting `address` names, or to the provider's own for None.

        Empty for none, and where the provider's client finds it in the environment by itself.

        Raises: SettingsError when `.env` names a server that it may not.
        """
        exported, in_file = os.environ.get(variable, ""), self._env_file.get(variable, "")
        if address is None:
            return "" if exported else in_file
        if self.origin(address) != ENV_FILE:
            return exported or in_file
        value, also = getattr(self, address), _ALSO_SENT[address]
        named = f"QA_{address.upper()} = {bare_address(value)!r} stands in {ENV_FILE}, not in your shell"
        if not _THIS_MACHINE.fullmatch(value):
            raise SettingsError(f"{named}, and is another machine, so nothing is sent there. If you mean it, export it")
        if os.environ.get(also):
            raise SettingsError(f"{named}, and would be sent your {also}. If you mean it, export it")
        return in_file


def load_settings(**chosen: Any) -> Settings:
    """The settings in force, `chosen` first; a value of None means "not chosen".

    Raises: SettingsError naming the setting and its value.
    """
    given = {name: value for name, value in chosen.items() if value is not None}
    unknown = sorted(set(given) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(f"there is no setting {unknown[0]!r}. List them with: qa config")
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise SettingsError(
            f"{name} = {first['input']!r} cannot be used: {first['msg'].lower()}. "
            f"Set QA_{name.upper()}, or see: qa config"
        ) from error


def unused_variables(*, every: bool) -> Iterator[str]:
    """Warnings of variables that set nothing: those that look misspelt, or `every` one that may be meant for us."""
    known = {f"QA_{name.upper()}" for name in Settings.model_fields}
    for origin, variables in ((ENVIRONMENT, os.environ), (ENV_FILE, read_env_file(env_folder()))):
        for name in sorted({name.upper() for name in variables} - known - set(KEYS)):
            close = get_close_matches(name, known, n=1, cutoff=0.8)
            is_meant = name.startswith("QA_") or (origin == ENV_FILE and not name.endswith("_API_KEY"))
            if is_meant and (every or close):
                hint = f". Do you mean {close[0]}?" if close else ""
                yield f"{name!r} ({origin}) is no setting, and not used{hint}"


def _settings_in(variables: Mapping[str, str]) -> dict[str, str]:
    """The settings among variables, by name; an empty one is no choice."""
    settings = {f"QA_{name.upper()}": name for name in Settings.model_fields}
    return {settings[each.upper()]: value for each, value in variables.items() if value and each.upper() in settings}


def _resolved(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings, with each relative path made one below `folder`."""
    return {
        name: str(folder / value) if name in _PATHS and is_folder(value) else value for name, value in settings.items()
    }
