"""Prompt files → LangChain prompts: `prompts/<name>.md`, checked on load, with a fingerprint.

A file is Markdown. A line `# system`, `# user` or `# assistant` begins a message; `{{ field }}` is
filled in, and what is filled in is never read as a template. The wording lives in the files alone,
unless a program brings a template of its own, which is checked alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, cast, get_args

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.prompts.message import BaseMessagePromptTemplate

from qa.documents.markdown import front_matter
from qa.errors import PromptError

Role = Literal["system", "user", "assistant"]
NAMES = ("answer", "rewrite", "check", "judge")

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
_compiled = cache(_ENVIRONMENT.from_string)  # to compile a prompt takes 2 ms, and each question fills it in twice
FENCE = "fence"
FENCED = frozenset({"passages", "conversation", "claims", "premise", "hypothesis"})  # the texts of others

_FIELD = re.compile(r"\w+")
_ROLES: dict[str, Role] = {"system": "system", "human": "user", "ai": "assistant"}  # by LangChain's types of messages
_MESSAGE = re.compile(rf"^#[ \t]+({'|'.join(get_args(Role))})[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)


@cache
def _fields(content: str) -> list[str]:
    return sorted(meta.find_undeclared_variables(_ENVIRONMENT.parse(content)))


class PromptMessage(NamedTuple):
    """One message for a chat model, a pair as LangChain takes it."""

    role: Role
    content: str


class FileMessage(BaseMessagePromptTemplate):
    """One message of a prompt file, which LangChain has filled in by our sandbox."""

    role: Role
    content: str

    @property
    def input_variables(self) -> list[str]:
        """The fields that it uses."""
        return [*_fields(self.content)]

    def format_messages(self, **fields: str) -> list[BaseMessage]:
        """The message with its fields filled in."""
        return convert_to_messages([(self.role, _compiled(self.content).render(fields).strip())])

    def pretty_repr(self, html: bool = False) -> str:
        """The message as it stands in the file."""
        return f"# {self.role}\n\n{self.content}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt as LangChain's template, and the SHA-256 of its file; `source` is what errors call it."""

    name: str
    template: ChatPromptTemplate
    digest: str
    source: str

    def fill(self, **fields: str) -> tuple[PromptMessage, ...]:
        """The messages with their fields filled in; within a chain, that is a run which traces see.

        Raises: PromptError when the template fails on these values, or makes a message that no model is sent.
        """
        try:
            return _plain(self.template.invoke(fields).to_messages())
        except (TemplateError, LookupError, ValueError) as error:
            raise PromptError(f"prompt {self.name!r} cannot be filled in: {error}") from error

    def worded(self, **fields: str) -> tuple[PromptMessage, ...]:
        """The messages, with `(field)` for each field that is not given; no traces see it. Raises: PromptError."""
        try:
            shown = {each: f"({each})" for each in self.template.input_variables}
            return _plain(self.template.format_messages(**shown | fields))
        except (TemplateError, LookupError, ValueError) as error:
            raise PromptError(f"{self.source} cannot be filled in: {error}") from error


def _plain(messages: Sequence[BaseMessage]) -> tuple[PromptMessage, ...]:
    return tuple(PromptMessage(role=_ROLES[each.type], content=str(each.text)) for each in messages)


def prompt_file(name: str, *folders: Path) -> Path:
    """The file of a prompt: in the first of these folders that holds it; the last is ours.

    Raises: PromptError when another is no folder, or holds none of our prompts or one whose name looks misspelt.
    """
    for folder in folders[:-1]:
        _check_folder(folder, known={f"{each}.md" for each in (*NAMES, name)})
        if (folder / f"{name}.md").exists():
            return folder / f"{name}.md"
    return folders[-1] / f"{name}.md"


def _check_folder(folder: Path, *, known: set[str]) -> None:
    names = ", ".join(f"{each}.md" for each in NAMES)
    otherwise = f"Put a copy of ours there under one of the names {names}, or unset QA_PROMPTS"
    if not folder.is_dir():
        raise PromptError(f"{folder} is no folder. {otherwise}")
    found = {each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")}
    for name in sorted(found - known):
        if meant := get_close_matches(name, known - found, n=1, cutoff=0.7):
            raise PromptError(f"{folder / name} is no prompt of ours. Rename it if you mean {meant[0]}, or move it")
    if not found & known:
        others = f": {min(found)} is none of ours" if found else ""
        raise PromptError(f"{folder} holds no prompt{others}. {otherwise}")


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
    body = "\n" * text.count("\n", 0, end) + text[end:]  # whose lines are those of the file
    _check_fields(path, body, expected=frozenset(fields), declared=declared)
    messages = _messages(body)
    if not messages or _MESSAGE.split(body)[0].strip():
        raise PromptError(f"{path} has text outside of a message. Begin one with a line: # system")
    digest = hashlib.sha256(text.encode()).hexdigest()
    template = ChatPromptTemplate(messages, name=path.name)
    prompt = Prompt(name=name, template=template, digest=digest, source=str(path))
    _check_fences(prompt, fields=fields)
    return prompt


def given_prompt(template: ChatPromptTemplate, *, name: str, fields: Sequence[str]) -> Prompt:
    """The prompt that a program brings in place of a file; it must keep what a file must. Raises: PromptError."""
    prompt = Prompt(name=name, template=template, digest="", source=f"the template {name!r}")
    _compare(prompt.source, "it uses", set(template.input_variables), frozenset(fields))
    _check_fences(prompt, fields=fields)
    return replace(prompt, digest=hashlib.sha256(repr(prompt.worded()).encode()).hexdigest())


def fingerprint(prompts: Sequence[Prompt]) -> str:
    """12 hexadecimal digits that change whenever a byte of one of these prompt files does."""
    listed = "\n".join(f"{prompt.name} {prompt.digest}" for prompt in sorted(prompts, key=lambda prompt: prompt.name))
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def _check_fences(prompt: Prompt, *, fields: Sequence[str]) -> None:
    """Raise PromptError where a text of others, filled in, is not between two lines that hold the fence."""
    if FENCE not in fields:
        return
    lines = "\n\n".join(each.content for each in prompt.worded()).splitlines()
    for name in FENCED.intersection(fields):
        at = [number for number, line in enumerate(lines) if f"({name})" in line]
        for number in at:
            for side, mark in ((-1, f"<{name} {{{{ fence }}}}>"), (1, f"</{name} {{{{ fence }}}}>")):
                near = lines[number + side] if 0 <= number + side < len(lines) else ""
                if "(fence)" not in near:
                    where = "above" if side < 0 else "below"
                    raise PromptError(f"{prompt.source} lacks a line such as {mark} {where} the line {{{{ {name} }}}}")


def _check_fields(path: Path, body: str, *, expected: frozenset[str], declared: Mapping[str, str]) -> None:
    try:
        used = meta.find_undeclared_variables(_ENVIRONMENT.parse(body))
    except TemplateSyntaxError as error:
        raise PromptError(f"{path} is no template: line {error.lineno}: {error.message}") from error
    if "fields" in declared:
        listed = frozenset(_FIELD.findall(declared["fields"]))
        _compare(str(path), "its front matter lists", listed, expected)
    _compare(str(path), "it uses", used, expected)


def _compare(source: str, verb: str, found: frozenset[str] | set[str], expected: frozenset[str]) -> None:
    if found != expected:
        shown = ", ".join(sorted(found)) or "none"
        raise PromptError(f"{source} needs the fields {', '.join(sorted(expected))}; {verb} {shown}")


def _messages(body: str) -> list[FileMessage]:
    parts = _MESSAGE.split(body)
    return [
        FileMessage(role=cast("Role", role.casefold()), content=content.strip())
        for role, content in zip(parts[1::2], parts[2::2], strict=True)
    ]
