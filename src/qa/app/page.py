"""The page: its parts laid out, and wired to what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from pydantic import SkipValidation

from qa.app import evaluation
from qa.app.choices import Answerers, effect_html
from qa.app.connect import Connect, Operators
from qa.app.endpoints import publish
from qa.app.events import Name, event
from qa.app.feedback import Feedback
from qa.app.layout import QUICK, Page
from qa.app.limits import Pace
from qa.app.links import parse_link
from qa.app.originals import describe, draw
from qa.app.panel import find_details, find_source
from qa.app.shelf import Shelf
from qa.app.suggestions import Suggestions
from qa.app.talk import Talk
from qa.app.thumbs import Thumbs
from qa.app.uploads import Uploads
from qa.app.visitors import Visitors, account_html
from qa.app.writing import Desk
from qa.chatbot import EXTRACTIVE
from qa.words import visible

if TYPE_CHECKING:
    from qa.chatbot import Chatbot


def page_examples(bot: Chatbot, *, folder: Path) -> Suggestions:
    """The example questions of the page, which the built-in way of answering finds."""
    return Suggestions(bot.adjusted(model=EXTRACTIVE), cache=folder / "examples.json")


def build_page(
    bot: Chatbot,
    *,
    folder: Path,
    examples: Suggestions,
    desk: Desk | None = None,
    read_only: bool = False,
    operators: Operators = "nobody",
) -> gr.Blocks:
    """The page of one chatbot; conversations, uploads and verdicts are kept under `folder`.

    One that is `read_only` has no events that add or remove documents; only one with `operators` has those that
    connect a model.
    """
    answerers, visitors = Answerers(bot), Visitors(folder=folder / "conversations")
    uploads = Uploads(folder / "uploads", bot=bot)
    if not read_only:
        uploads.mend()
    examples.refresh()
    blocks: gr.Blocks
    with gr.Blocks(title="Ask your documents", fill_height=True, delete_cache=(3600, 3600)) as blocks:
        pace = Pace(bot.settings.questions_per_minute, "questions a minute")
        publish(bot, pace=pace)  # first, so that no event of the page takes the names
        page = Page(
            settings=bot.settings,
            models=answerers.models(),
            may_upload=not read_only,
            open_source=_source_opener(bot, visitors),
            open_report=evaluation.report_opener(folder / "runs"),
            follow_up=_follower(examples, visitors),
        )
        talk = Talk(page=page, answerers=answerers, visitors=visitors, pace=pace, desk=desk or Desk())
        shelf = Shelf(page=page, answerers=answerers, examples=examples, uploads=uploads)
        talk.wire(blocks)
        shelf.wire(blocks)
        Thumbs(page=page, visitors=visitors, feedback=Feedback(folder / "feedback", bot=bot)).wire()
        evaluation.wire(page, runs=folder / "runs")
        if operators != "nobody":
            Connect(page=page, answerers=answerers, kept=folder / "server.json", operators=operators).wire(blocks)
        page.strictness.change(event(effect_html), page.strictness, page.effect, **QUICK)
        blocks.load(event(account_html), None, page.account, **QUICK)
        blocks.load(event(effect_html), page.strictness, page.effect, **QUICK)
    return blocks


def _follower(examples: Suggestions, visitors: Visitors) -> Callable[..., list[str]]:
    """The event that gives the browser questions to ask after the last answer of its conversation."""

    def follow_up(request: SkipValidation[gr.Request], asked: dict[str, Name]) -> list[str]:
        conversation = visitors.history(asked.get("key", ""), request).load(asked.get("tab", ""))
        return [visible(question) for question in examples.after(conversation)] if conversation else []

    return event(follow_up)


def _source_opener(bot: Chatbot, visitors: Visitors) -> Callable[..., Any]:
    def open_source(request: SkipValidation[gr.Request], asked: dict[str, Name]) -> dict[str, Any] | None:
        reference = parse_link(asked.get("link", ""))
        if reference is None:
            return None
        if asked.get("details"):
            return {"details": [asdict(line) for line in find_details(reference, shelf=bot)]}
        if page := asked.get("page"):
            return draw(bot, reference, page=int(page) if page.isdecimal() and len(page) < 6 else 0)
        conversation = visitors.history(asked.get("key", ""), request).load(asked.get("tab", ""))
        source = find_source(reference, shelf=bot, conversation=conversation)
        return source.card() if asked.get("card") else asdict(source) | describe(bot, reference)

    return event(open_source)
