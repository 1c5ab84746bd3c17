"""The parts of the page and their places; nothing here reacts to anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from typing import Any

import gradio as gr

from qa.app.choices import ORDERS
from qa.app.history import TITLE_CHARS
from qa.app.screen import Screen
from qa.settings import Settings

HERE = Path(__file__).parent

BRAND = '<div class="brand"><span aria-hidden="true">❝</span><div><b>qa</b><small>answers that cite</small></div></div>'
TOP = """<button type="button" id="menu" aria-label="Menu" aria-expanded="false"></button>
<div id="about">${value}</div>
<button type="button" id="theme" aria-label="Dark or light"></button>"""
# What is asked before something is done, and the new name of a conversation.
DIALOG = f"""<dialog id="asked" aria-labelledby="asked-what"><form method="dialog"><p id="asked-what"></p>
<input aria-labelledby="asked-what" maxlength="{TITLE_CHARS}" autocomplete="off">
<div><button type="button">Keep</button><button value="yes"></button></div></form></dialog>"""
RUNS = """<section id="runs" aria-label="Quality">
<nav aria-label="Quality"><h2>Quality <small>for those who maintain this page</small></h2>
<button type="button" data-do="runs">All runs</button>
<button type="button" data-do="leave">Back to the conversation</button></nav>
<div id="list">${value}</div><div id="report-frame"></div></section>"""
WELCOME = """## What would you like to know?
I look for the answer in your documents, and each number opens the exact words it rests on. {limits}"""
LIMITS = "What they do not say I cannot answer, and a language model may err."
QUOTING = "There is no AI model: I answer in the documents' own sentences, and cannot rephrase or conclude."
EMPTY = """## Drop your documents here
anywhere on the page, or choose them under **Documents**: PDF, Word, Excel, PowerPoint, web pages, mail or text.
From a terminal: `qa ingest FOLDER`. Then ask, and each answer shows the words it rests on."""
CLOSED = """## There are no documents here yet
Who runs this page adds them: `qa ingest FOLDER`."""

Update = dict[Any, Any]
"""The changes that an event makes to the page, by its parts."""

# Our events are the page's own business: programs have the endpoints `ask` and `search`. Only an
# event of the queue can tell its reader something; what has nothing to tell is quicker without.
# None is in progress "on" anything: each step of one would copy the whole conversation in the browser, to tell it so.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": []}
QUICK: dict[str, Any] = {**PRIVATE, "queue": False}
LATEST: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}  # else an old one may come last
# Fewer than Gradio's 40 threads, so that all else on the page goes on; of these, few are for language models.
ASKING: dict[str, Any] = {"concurrency_id": "asking", "concurrency_limit": 24}
WRITING: dict[str, Any] = {**PRIVATE, "concurrency_id": "writing", "concurrency_limit": 1}  # one writer at a time


class Page:
    """The parts of the page that take part in something, each in its place; nothing is wired yet.

    `key` says whose conversations these are, `tab` which one is open; the browser keeps both.
    There is no `upload` on a page that is for reading only.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        models: Sequence[tuple[str, str]],
        may_upload: bool,
        open_source: Callable[..., Any],
        open_report: Callable[..., str | None],
        follow_up: Callable[..., list[str]],
    ) -> None:
        """Lay it out, inside a `gr.Blocks` that is open."""
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="side", min_width=0):
                self._lay_out_side(may_upload)
                self._lay_out_settings(settings, models)
                self.evaluate = gr.Button("Quality", elem_id="evaluate")
            with gr.Column(elem_id="main", min_width=0):
                self._lay_out_main(follow_up)
                self.runs = _html(
                    html_template=RUNS,
                    js_on_load=_script("evaluation.js"),
                    server_functions=[open_report],
                    elem_id="evaluation",
                )
            _html(
                html_template='<aside id="panel" aria-label="Source" tabindex="-1"></aside>',
                js_on_load=_script("panel.js"),
                server_functions=[open_source],
                elem_id="source",
            )
        self.key = gr.Textbox(visible="hidden", elem_id="key")
        self.tab = gr.Textbox(visible="hidden", elem_id="tab")
        self.screen = gr.State(Screen())
        self.judged = gr.State(None)
        self.deleted = gr.State(None)
        self.going = gr.Checkbox(visible="hidden")  # whether an answer is being written in what was opened
        self.download = gr.JSON(visible="hidden")

    @property
    def choices(self) -> list[gr.components.Component]:
        """The controls that decide how a question is answered, in the order of `Choice`."""
        return [self.model, self.top_k, self.strictness, self.where, self.picked]

    @property
    def view(self) -> list[gr.components.Component]:
        """The controls that decide what the list of documents shows, in the order of `View`."""
        return [self.model, self.where, self.picked, self.find, self.order]

    def _lay_out_side(self, may_upload: bool) -> None:
        _html(BRAND)
        self.account = _html(elem_id="account")
        self.new = gr.Button("New conversation", elem_id="new")
        with gr.Column(elem_classes="section", min_width=0):
            _html("<h2>Conversations</h2>")
            self.recall = gr.Textbox(
                elem_id="recall", label="Find a conversation", show_label=False, container=False, max_lines=1,
                max_length=1000, placeholder="Find what was asked or answered",
            )  # fmt: skip
            self.undo = _html(js_on_load=_script("list.js"), elem_id="undo")
            self.history = _html(js_on_load=_script("list.js") + _script("tabs.js"), elem_id="history")
        with gr.Column(elem_classes="section", min_width=0):
            _html("<h2>Documents</h2>" + DIALOG)
            self.find = gr.Textbox(
                elem_id="find", label="Find a document", show_label=False, container=False, max_lines=1,
                max_length=1000, placeholder="Find by title or name",
            )  # fmt: skip
            self.order = gr.Radio(ORDERS, value="Name", label="Sort by", elem_id="order")
            self.picked = gr.Textbox("[]", visible="hidden", elem_id="picked")
            self.documents = _html(js_on_load=_script("list.js"), elem_id="documents")
            with gr.Accordion("Choose by a condition", open=False, elem_id="conditions"):
                self.where = gr.Textbox(
                    label="Only documents where", value="", placeholder="date>=2021-07, document=reports/*",
                    max_lines=1, max_length=1000, elem_id="where",
                    info="Conditions on document, title or date; a comma between two. All must be met.",
                )  # fmt: skip
                self.met = _html(elem_id="met")
            self.upload: gr.File | None = None
            if may_upload:  # of any kind: what cannot be read is told in a line of the report, each file by itself
                self.upload = gr.File(label="Add documents", file_count="multiple", height=84, elem_id="upload")
            self.report = _html(js_on_load=_script("list.js"), elem_id="report")

    def _lay_out_settings(self, settings: Settings, models: Sequence[tuple[str, str]]) -> None:
        with gr.Accordion("Settings", open=False, elem_id="settings") as self.settings:
            self.model = gr.Radio(list(models), value=models[0][1], label="Answer with", elem_id="model")
            self.top_k = gr.Slider(
                1, 20, value=min(settings.top_k, 20), step=1, label="Passages to read", elem_id="top_k",
                info="More finds more, takes longer, and lets in more that is beside the point.",
            )  # fmt: skip
            self.strictness = gr.Slider(
                0, 1, value=settings.strictness, step=0.1, label="Strictness", elem_id="strictness"
            )
            self.effect = _html(elem_id="effect")
        for control in (self.model, self.top_k, self.strictness, self.order):
            # `Choice` and `View` refuse what cannot be used; Gradio would repeat it.
            control.preprocess = lambda sent: sent  # type: ignore[method-assign]  # for these four alone

    def _lay_out_main(self, follow_up: Callable[..., list[str]]) -> None:
        self.top = _html(html_template=TOP, elem_id="top")
        self.chat = gr.Chatbot(
            elem_id="chat", show_label=False, container=False, height=None, buttons=["copy"], layout="bubble",
            latex_delimiters=[], allow_tags=False, label="Conversation",
        )  # fmt: skip
        with gr.Column(visible=False, elem_id="wish", min_width=0) as self.wish:
            self.wanted = gr.Textbox(
                label="What should it have said?", placeholder="Optional, one line", max_length=1000, elem_id="wanted"
            )
            with gr.Row():
                self.save_wanted = gr.Button("Save", size="sm", variant="primary", elem_id="save-wanted")
                self.absent = gr.Button("It is not in the documents", size="sm", elem_id="absent")
        self.next = _html(
            html_template='<div role="group" aria-label="Ask next"></div>',
            js_on_load=_script("next.js"),
            server_functions=[follow_up],
            elem_id="next",
        )
        self.narrowed = _html(elem_id="narrowed")
        self.ask = gr.Textbox(
            elem_id="ask", label="Question", show_label=False, container=False, placeholder="Ask about the documents…",
            lines=1, max_lines=8, submit_btn=True, autofocus=True,
        )  # fmt: skip


def welcome(*, documents: int, is_quoting: bool, may_upload: bool) -> str:
    """What the page says before the first question: what it does and cannot do, or how documents come here."""
    if not documents:
        return EMPTY if may_upload else CLOSED
    return WELCOME.format(limits=QUOTING if is_quoting else LIMITS)


def head() -> str:
    """Style and script for the page's head; Gradio rewrites what it is given as `css`, so this is the way in."""
    style, script = _script("style.css"), _script("page.js")
    meta = '<meta name="color-scheme" content="light dark"><link rel="icon" href="favicon.ico">'
    return f"{meta}<style>{style}</style><script>{script}</script>"


def login_page() -> str:
    """The page that asks who is there, in our own words and colours: Gradio's has neither, nor a main part."""
    return Template(_script("login.html")).substitute(head=head(), brand=BRAND)


def _html(value: str = "", **options: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **{"js_on_load": None, **options})


def _script(name: str) -> str:
    return (HERE / name).read_text("utf-8")
