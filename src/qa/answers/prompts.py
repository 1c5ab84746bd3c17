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
FENCE = "fence"
FENCED = frozenset({"passages", "conversation", "claims", "premise", "hypothesis"})  # the texts of others

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


def prompt_file(name: str, *folders: Path) -> Path:
    """The file of a prompt: in the first of these folders that holds it. Raises: PromptError when one is no folder."""
    for folder in folders:
        if not folder.is_dir():
            raise PromptError(f"{folder} is no folder. Unset QA_PROMPTS to use the prompts that come with qa")
        if (folder / f"{name}.md").exists():
            return folder / f"{name}.md"
    return folders[0] / f"{name}.md"


def load_prompt(*folders: Path, name: str, fields: Sequence[str]) -> Prompt:
    """The prompt `name.md` of the first folder that holds it, which must use exactly these fields.

    Raises: PromptError when the file is missing, is no template, has other fields, or lacks the lines between which the
    texts of others stand.
    """
    path = prompt_file(name, *folders)
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
    prompt = Prompt(name=name, messages=messages, digest=hashlib.sha256(text.encode()).hexdigest())
    _check_fences(path, prompt, fields=fields)
    return prompt


def fingerprint(prompts: Sequence[Prompt]) -> str:
    """12 hexadecimal digits that change whenever a byte of one of these prompt files does."""
    listed = "\n".join(f"{prompt.name} {prompt.digest}" for prompt in sorted(prompts, key=lambda prompt: prompt.name))
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def _check_fences(path: Path, prompt: Prompt, *, fields: Sequence[str]) -> None:
    """Raise PromptError where a text of others, filled in, is not between two lines that hold the fence."""
    if FENCE not in fields:
        return
    lines = "\n\n".join(each.content for each in prompt.fill(**{each: f"({each})" for each in fields})).splitlines()
    for name in FENCED.intersection(fields):
        at = [number for number, line in enumerate(lines) if f"({name})" in line]
        for number in at:
            for side, mark in ((-1, f"<{name} {{{{ fence }}}}>"), (1, f"</{name} {{{{ fence }}}}>")):
                near = lines[number + side] if 0 <= number + side < len(lines) else ""
                if "(fence)" not in near:
                    where = "above" if side < 0 else "below"
                    raise PromptError(f"{path} lacks a line such as {mark} {where} the line {{{{ {name} }}}}")


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
