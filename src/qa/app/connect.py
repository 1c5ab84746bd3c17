"""A model that the operator connects: its server's address, its name and a key, tried and used while a tab is open.

Whoever may do this has this machine ask any address, so other pages have neither the controls nor the events. The key
stays in the memory of this process; the address and the name are kept if that is wished.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import gradio as gr
from pydantic import TypeAdapter, ValidationError

from qa.answers.drafting.reply import without_thoughts
from qa.app.choices import Answerers
from qa.app.events import Name, Words, event
from qa.app.layout import ASKING, PRIVATE, QUICK, Page, Update
from qa.app.render import inert
from qa.app.safety import tell
from qa.chatbot import Chatbot
from qa.errors import ModelError, QAError, SettingsError, bare_address
from qa.index.private import write_whole
from qa.models.listening import guarded, served_names

Operators = Literal["nobody", "this machine", "everybody"]
"""Who may connect a model: on `this machine`, no request that a proxy has passed on."""
PRESETS = {
    "OpenAI": ("https://api.openai.com/v1", "gpt-5-mini"),
    "Ollama": ("http://127.0.0.1:11434/v1", "llama3.2"),
    "LM Studio": ("http://127.0.0.1:1234/v1", ""),
    "llama.cpp": ("http://127.0.0.1:8080/v1", ""),
    "vLLM": ("http://127.0.0.1:8000/v1", ""),
}
"""The usual address of each server and a model of it; where there is no name, the server is asked which it has."""
HELD = 32  # connections; the oldest gives way
LISTED = 20  # models of a server that are named
REPLY_CHARS = 80
_KEPT = TypeAdapter(tuple[str, str])  # the address of a server and the name of a model
_SPOKEN = {  # what errors call by the names of settings
    "QA_BASE_URL": "the address",
    "QA_MODEL": "the name of the model",
    "OPENAI_API_KEY, or its like: a server that .env names is sent only one from .env": "it",
}


class Connect:
    """The controls that connect a model, laid out below the settings of the page, and their events."""

    def __init__(self, *, page: Page, answerers: Answerers, kept: Path, operators: Operators) -> None:
        """Lay them out; `kept` is the file of the address and the name."""
        self._page, self._answerers, self._kept, self._operators = page, answerers, kept, operators
        line: dict[str, Any] = {"max_lines": 1, "max_length": 1000}
        with page.settings, gr.Accordion("Connect a model", open=False, elem_id="connect"):
            self._preset = gr.Radio([*PRESETS], label="Server", elem_id="preset")
            self._address = gr.Textbox(
                label="Address", placeholder="http://127.0.0.1:11434/v1", elem_id="address", **line
            )
            self._name = gr.Textbox(label="Model", placeholder="Empty: the one that it has", elem_id="served", **line)
            self._key = gr.Textbox(label="Key, if it wants one", type="password", elem_id="secret", **line)
            self._keep = gr.Checkbox(label="Keep address and model for my next visit", elem_id="keep")
            with gr.Row(elem_id="connecting"):
                self._test = gr.Button("Test", size="sm", elem_id="test")
                self._use = gr.Button("Use", size="sm", variant="primary", elem_id="use")
                self._end = gr.Button("Disconnect", size="sm", elem_id="disconnect")
            self._told = gr.HTML(apply_default_css=False, elem_id="told")
            self._held = gr.State("", delete_callback=self._forget)
        for control in (self._preset, self._keep):  # Gradio would repeat what is sent in their place
            control.preprocess = lambda sent: sent  # type: ignore[method-assign]  # the events check it

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the events."""
        typed = [self._address, self._name, self._key]
        shown = [self._told, self._key, self._held, self._page.model]
        self._preset.input(event(self.fill), self._preset, [self._address, self._name], **QUICK)
        self._test.click(event(self.test), typed, self._told, **PRIVATE, **ASKING)
        self._use.click(event(self.use), [*typed, self._keep, self._held], shown, **PRIVATE, **ASKING)
        self._end.click(event(self.end), self._held, shown, **PRIVATE)
        blocks.load(event(self.arrive), None, [self._address, self._name, self._keep], **QUICK)

    def fill(self, preset: Name) -> tuple[str, str]:
        """The usual address of a kind of server, and a model of it."""
        return PRESETS.get(preset, ("", ""))

    def arrive(self) -> tuple[str, str, bool]:
        """The address and the name that were kept, and whether any were."""
        try:
            return *_KEPT.validate_json(self._kept.read_bytes()), True
        except (OSError, ValidationError):  # there are none, or the file is no longer one of ours
            return "", "", False

    def test(self, request: gr.Request, address: Words, name: Words, key: Words) -> Iterator[Update]:
        """What answers there, in words."""
        yield from self._asked(request, address.strip(), name.strip(), key=key.strip())

    def use(
        self, request: gr.Request, address: Words, name: Words, key: Words, keep: bool, held: Name
    ) -> Iterator[Update]:
        """What answers there, which from now on answers in this tab."""
        bot = yield from self._asked(request, address.strip(), name.strip(), key=key.strip())
        if bot is None:
            return
        self._kept.unlink(missing_ok=True)
        if keep:
            write_whole(self._kept, json.dumps([bare_address(address.strip()), _served(bot)]))
        self._forget(held)
        connected, secret = self._answerers.connected, secrets.token_hex(16)
        connected[secret] = bot
        for oldest in [*connected][:-HELD]:
            self._forget(oldest)
        choices = [*self._answerers.models(), (f"{_served(bot)} at {_host(address)}", secret)]
        model = gr.update(choices=choices, value=secret)
        yield {self._key: "", self._held: secret, self._page.model: model}

    def end(self, held: Name) -> Update:
        """The page as it was before a model was connected in this tab."""
        self._forget(held)
        models = self._answerers.models()
        model = gr.update(choices=models, value=models[0][1])
        return {self._told: _line("Nothing is connected."), self._key: "", self._held: "", self._page.model: model}

    def _asked(
        self, request: gr.Request, address: str, name: str, *, key: str
    ) -> Generator[Update, None, Chatbot | None]:
        """The chatbot that answers with this model, None where it does not; meanwhile, what is to be said of it."""
        yield {self._told: _line(f"Asking {_host(address)}…")}
        try:
            if self._operators != "everybody" and "via" in request.headers:
                raise SettingsError("this came through a proxy. Start the page with --allow-models if that is meant")
            bot, began = self._bot(address, name or self._only_name(address, key=key), key=key), time.monotonic()
            name, said = _greeted(bot)
        except QAError as error:
            yield {self._told: _line(_spoken(error), key, is_bad=True)}
            return None
        took = time.monotonic() - began
        yield {self._told: _line(f"{name} at {_host(address)} answers “{said}” in {took:.1f} s.", key)}
        return bot

    def _only_name(self, address: str, *, key: str) -> str:
        """The name of the one model that a server has. Raises: ModelError when it cannot be asked or has others."""
        model = self._bot(address, "unknown", key=key).chat_model
        names = served_names(model, name=f"the server at {_host(address)}")
        if len(names) != 1 or (key and key in names[0]):
            raise ModelError(f"name one of its models: {', '.join(names[:LISTED]) or 'it lists none'}")
        return names[0]

    def _bot(self, address: str, name: str, *, key: str) -> Chatbot:
        return self._answerers.bot.adjusted(model=f"openai:{name}", base_url=address, key=key)

    def _forget(self, held: str) -> None:
        """Let go of a connection and its key."""
        if self._answerers.connected.pop(held, None):
            self._answerers.chatbot_for.cache_clear()


def _greeted(bot: Chatbot) -> tuple[str, str]:
    """The name of what answers, as its server gives it, and its words. Raises: ModelError."""
    model = guarded(bot.chat_model, name=bot.model_name, timeout_s=bot.settings.timeout_s)
    reply = model.invoke("Say hello in one word.")
    name = str(reply.response_metadata.get("model_name") or _served(bot))
    return name, without_thoughts(str(reply.text)).strip()[:REPLY_CHARS]


def _served(bot: Chatbot) -> str:
    """The name of its model, as it was asked of the server."""
    return bot.model_name.removeprefix("openai:")


def _host(address: str) -> str:
    try:
        return urlsplit(address.strip()).netloc.rpartition("@")[2] or "that address"
    except ValueError:
        return "that address"


def _line(words: str, key: str = "", *, is_bad: bool = False) -> str:
    """The words as a line of the page, without the key, which a server may repeat."""
    how = 'class="bad" role="alert"' if is_bad else 'role="status"'
    return f"<p {how}>{inert(words.replace(key, '•••') if key else words)}</p>"


def _spoken(error: QAError) -> str:
    """The words of an error, for somebody who has set nothing but what the page has."""
    words = f"{tell(error)}."
    for variable, meant in _SPOKEN.items():
        words = words.replace(variable, meant)
    return words
