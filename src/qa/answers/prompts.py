"""Prompt files → prompts: `prompts/<name>.md`, checked on load, with a fingerprint.

A file is Markdown. A line `# system`, `# user` or `# assistant` begins a message; `{{ field }}` is
filled in, and what is filled in is never read as a template. The wording lives in the files alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, cast, get_args

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qa.documents.markdown import front_matter
from qa.errors import PromptError

Role = Literal["system", "user", "assistant"]

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
_FIELD = re.compile(r"\w+")
_MESSAGE = re.compile(rf"^#[ \t]+({'|'.join(get_args(Role))})[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)


class PromptMessage(NamedTuple):
    """One message for a chat model, a pair as LangChain takes it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt file: the templates of its messages, and the SHA-256 of its bytes."""

    name: str
    messages: tuple[PromptMessage, ...]
    digest: str

    def fill(self, **fields: str) -> tuple[PromptMessage, ...]:
        """The messages with their fields filled in.

        Raises: PromptError when the template fails on these values.
        """
        try:
            return tuple(
                PromptMessage(role=each.role, content=_ENVIRONMENT.from_string(each.content).render(fields).strip())
                for each in self.messages
            )
        except TemplateError as error:
            raise PromptError(f"prompt {self.name!r} cannot be filled in: {error}") from error


def load_prompt(folder: Path, name: str, *, fields: Sequence[str]) -> Prompt:
    """The prompt in `folder/name.md`, which must use exactly these fields.

    Raises: PromptError when the file is missing, is no template, or has other fields.
    """
    path = folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(
            f"{path} cannot be read: {error}. Unset QA_PROMPTS to use the prompts that come with qa"
        ) from error
    declared, end = front_matter(text)
    body = text[end:]
    _check_fields(path, body, expected=frozenset(fields), declared=declared)
    messages = _messages(body)
    if not messages or _MESSAGE.split(body)[0].strip():
        raise PromptError(f"{path} has text outside of a message. Begin one with a line: # system")
    return Prompt(name=name, messages=messages, digest=hashlib.sha256(text.encode()).hexdigest())


def fingerprint(prompts: Sequence[Prompt]) -> str:
    """12 hexadecimal digits that change whenever a byte of one of these prompt files does."""
    listed = "\n".join(f"{prompt.name} {prompt.digest}" for prompt in sorted(prompts, key=lambda prompt: prompt.name))
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def _check_fields(path: Path, body: str, *, expected: frozenset[str], declared: Mapping[str, str]) -> None:
    try:
        used = meta.find_undeclared_variables(_ENVIRONMENT.parse(body))
    except TemplateError as error:
        raise PromptError(f"{path} is no template: {error}") from error
    if "fields" in declared:
        listed = frozenset(_FIELD.findall(declared["fields"]))
        _compare(path, "its front matter lists", listed, expected)
    _compare(path, "it uses", used, expected)


def _compare(path: Path, verb: str, found: frozenset[str] | set[str], expected: frozenset[str]) -> None:
    if found != expected:
        shown = ", ".join(sorted(found)) or "none"
        raise PromptError(f"{path} needs the fields {', '.join(sorted(expected))}; {verb} {shown}")


def _messages(body: str) -> tuple[PromptMessage, ...]:
    parts = _MESSAGE.split(body)
    return tuple(
        PromptMessage(role=cast("Role", role.casefold()), content=content.strip())
        for role, content in zip(parts[1::2], parts[2::2], strict=True)
    )
