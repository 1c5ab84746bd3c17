"""What a user may choose: one frozen `Settings`.

Arguments beat `QA_*` variables, which beat `.env`, which beats the defaults. No API key is
ever held here: the clients read theirs from the environment. Nothing is created on disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from qa.errors import SettingsError


class Settings(BaseSettings):
    """Every choice, with its default; `QA_TOP_K=8` or `Settings(top_k=8)` sets `top_k`."""

    model_config = SettingsConfigDict(
        env_prefix="QA_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    model: str = Field("auto", description="`auto`, `extractive`, or `provider:model` such as `openai:gpt-5-mini`")
    base_url: str | None = Field(None, description="an OpenAI-compatible server, such as `http://127.0.0.1:11434/v1`")
    embeddings: str = Field("minilm-l6-v2", description="`minilm-l6-v2`, or `openai:text-embedding-3-small`, …")
    chroma: str = Field(
        ".qa/index", description="a folder, `:memory:`, `http://host:8000`, or `cloud://tenant/database`"
    )
    collection: str = Field("documents", min_length=3, max_length=400, description="the name of the Chroma collection")
    seeds: Path | None = Field(None, description="documents to index when there is no index; ours when unset")
    home: Path = Field(Path(".qa"), description="where conversations, feedback and caches are kept")
    top_k: int = Field(5, ge=1, le=50, description="passages to read for an answer")
    context_tokens: int = Field(6000, ge=200, description="tokens of passages that a language model may be shown")
    strictness: float = Field(
        0.5, ge=0, le=1, description="how sure to be before answering: 0 answers nearly always, 1 nearly never"
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
    questions_per_minute: int = Field(
        300, ge=0, description="questions that one visitor of the page may ask in a minute; 0 is without limit"
    )
    upload_mb: int = Field(
        1000, ge=1, description="megabytes that the visitors of the page may have uploaded, together"
    )


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
