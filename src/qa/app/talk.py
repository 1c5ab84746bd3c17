"""The conversation part of the page: asking, opening, deleting, exporting."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from qa.app import export
from qa.app.choices import Answerers, Choice
from qa.app.events import Browser, Name, Question, Tab, event, said
from qa.app.history import TURNS, Conversation, History, new_conversation
from qa.app.layout import ASKING, PRIVATE, QUICK, Page, Update
from qa.app.limits import Pace
from qa.app.lists import history_html
from qa.app.render import answer_html, question_html
from qa.app.screen import Screen
from qa.app.visitors import Visitors, visitor
from qa.app.writing import Desk, Writing
from qa.errors import QuestionError

_NOT_NAME = re.compile(r"\W+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The events of asking, and of going back to what was asked."""

    page: Page
    answerers: Answerers
    visitors: Visitors
    pace: Pace
    desk: Desk

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the events of the conversation."""
        page = self.page
        whose = [page.key, page.tab]
        shown = [page.chat, page.history, page.wish, page.ask]
        question = [page.ask, *whose, page.screen, *page.choices]
        asked = page.ask.submit(event(self.ask), question, shown, **PRIVATE, **ASKING)
        chosen = page.chat.example_select(event(self.take_example), None, page.ask, **QUICK)
        example = chosen.then(event(self.ask), question, shown, **PRIVATE, **ASKING)
        for answered in (asked, example):
            answered.then(event(self.ready), whose, page.ask, **QUICK)
        page.ask.stop(event(self.stop), whose, page.ask, **PRIVATE)
        for turned in (
            blocks.load(event(self.arrive), [*whose, page.screen], whose, js="qa.arrive", **PRIVATE),
            page.new.click(event(self.begin), page.screen, page.tab, **PRIVATE),
            page.history.open(event(self.open), [page.key, page.screen], page.tab, **PRIVATE),
            page.history.forget(event(self.forget), [*whose, page.screen], page.tab, **PRIVATE),
        ):
            # An event of its own: the browser paints it after all that was sent before the screen was turned.
            shows = turned.then(event(self.show), whose, shown, **PRIVATE)
            shows.then(event(self.go_on), [*whose, page.screen], shown, **PRIVATE, **ASKING)
        page.tab.change(None, page.tab, None, js="qa.keepTab", **QUICK)
        for button, export_as in (
            (page.markdown, self._exporter(export.to_markdown, suffix="md", media="text/markdown")),
            (page.json, self._exporter(export.to_json, suffix="json", media="application/json")),
        ):
            written = button.click(event(export_as), whose, page.download, **PRIVATE)
            written.then(None, page.download, None, js="qa.save", **QUICK)

    def ask(
        self, request: gr.Request, question: Question, key: Browser, tab: Tab, screen: Screen, *chosen: Any
    ) -> Iterator[Update]:
        """Answer a question in the open conversation, as the answer comes."""
        if question.strip():
            history = self.visitors.history(key, request)
            self.pace.count(visitor(request))
            conversation = history.load(tab) or new_conversation(tab)
            if len(conversation.turns) >= TURNS:
                raise QuestionError(f"this conversation has {TURNS} questions, and no room for more. Begin a new one")
            bot = self.answerers.chatbot_for(Choice.of(*chosen))
            begin = partial(self.desk.begin, bot, question.strip(), visitor=visitor(request))
            writing = begin(conversation=conversation, history=history)
            yield from screen.pieces(self._writing(writing, history), of=conversation.id)
        yield {self.page.ask: gr.skip()}  # Gradio sends what comes last once more at the end

    def go_on(self, request: gr.Request, key: Browser, tab: Tab, screen: Screen) -> Iterator[Update]:
        """The answer that is still being written in the conversation that was opened, if there is one."""
        history = self.visitors.history(key, request)
        writing = self.desk.at(tab, history=history)
        if writing is not None:
            yield from screen.pieces(self._writing(writing, history), of=tab)
            yield {self.page.ask: self.ready(request, key, tab)}
        yield {self.page.ask: gr.skip()}

    def stop(self, request: gr.Request, key: Browser, tab: Tab) -> Update:
        """End the answer that is being written in the open conversation."""
        writing = self.desk.at(tab, history=self.visitors.history(key, request))
        if writing is not None:
            writing.stop()
        return self.ready(request, key, tab)

    def _writing(self, writing: Writing, history: History) -> Generator[Update, None, None]:
        """The page while an answer is written."""
        page, conversation, answer = self.page, writing.before, writing.follow()
        before = [*messages(conversation), _message("user", question_html(writing.question))]
        yield {
            page.ask: gr.update(value="", submit_btn=False, stop_btn=True),
            page.chat: [*before, _message("assistant", next(answer))],
            page.history: history_html(history.summaries(), current=conversation.id),
            page.wish: gr.update(visible=False),
        }
        for html in answer:
            yield {page.chat: [*before, _message("assistant", html)]}

    def take_example(self, chosen: gr.EventData) -> str:
        """The example question that was clicked."""
        return said(chosen, "value", dict[str, Question]).get("text", "")

    def ready(self, request: gr.Request, key: Browser, tab: Tab) -> Update:
        """The question box, ready for the next question, or to stop the answer that is being written."""
        is_busy = self.desk.at(tab, history=self.visitors.history(key, request)) is not None
        return gr.update(submit_btn=not is_busy, stop_btn=is_busy)

    def arrive(self, request: gr.Request, key: Browser, tab: Tab, screen: Screen) -> Update:
        """The browser that has just loaded the page, and the conversation that its tab had open, or a new one."""
        kept = self.visitors.history(key, request).load(tab)
        return {self.page.key: key, self.page.tab: self._turn(screen, kept)}

    def begin(self, screen: Screen) -> str:
        """A new conversation."""
        return self._turn(screen, None)

    def open(self, request: gr.Request, key: Browser, screen: Screen, chosen: gr.EventData) -> str:
        """A conversation from the list."""
        return self._turn(screen, self.visitors.history(key, request).load(said(chosen, "id", Name)))

    def forget(self, request: gr.Request, key: Browser, tab: Tab, screen: Screen, chosen: gr.EventData) -> str:
        """Delete a conversation of the list; the page stays with the one that is open."""
        history = self.visitors.history(key, request)
        id = said(chosen, "id", Name)
        writing = self.desk.at(id, history=history)
        history.delete(id)
        if writing is not None:
            writing.stop()
        return self._turn(screen, history.load(tab))

    def show(self, request: gr.Request, key: Browser, tab: Tab) -> Update:
        """The conversation that the page has turned to."""
        page, history = self.page, self.visitors.history(key, request)
        shown = history.load(tab) or new_conversation(tab)
        return {
            page.chat: gr.update(value=messages(shown), feedback_value=_thumbs(shown)),
            page.history: history_html(history.summaries(), current=shown.id),
            page.wish: gr.update(visible=False),
            page.ask: self.ready(request, key, tab),
        }

    def _turn(self, screen: Screen, conversation: Conversation | None) -> str:
        """The id of this conversation, or of a new one, after the screen has been turned to it."""
        id = (conversation or new_conversation()).id
        screen.turn_to(id)
        return id

    def _exporter(
        self, write: Callable[[Conversation], str], *, suffix: str, media: str
    ) -> Callable[..., dict[str, str]]:
        """The event that gives the open conversation as a file of this kind."""

        def export_open(request: gr.Request, key: Browser, tab: Tab) -> dict[str, str]:
            conversation = self.visitors.history(key, request).load(tab)
            if conversation is None:
                raise gr.Error(
                    "There is nothing to export yet. Ask something first.", print_exception=False, duration=4
                )
            name = _NOT_NAME.sub("-", conversation.title.lower()).strip("-")[:60] or "conversation"
            return {"name": f"{name}.{suffix}", "type": media, "text": write(conversation)}

        return export_open


def messages(conversation: Conversation) -> list[dict[str, str]]:
    """The conversation as the chat shows it."""
    return [
        message
        for turn in conversation.turns
        for message in (
            _message("user", question_html(turn.answer.question)),
            _message("assistant", answer_html(turn.answer)),
        )
    ]


def _message(role: str, html: str) -> dict[str, str]:
    return {"role": role, "content": html}


def _thumbs(conversation: Conversation) -> list[str | None]:
    return [{True: "Like", False: "Dislike", None: None}[turn.liked] for turn in conversation.turns]
