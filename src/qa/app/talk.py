"""The conversation part of the page: asking, and the list of what was asked."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from qa.answers.asking import read_question
from qa.app.choices import Answerers, Choice
from qa.app.events import Browser, Name, Number, Question, Tab, Words, event, said
from qa.app.export import FORMATS
from qa.app.history import TURNS, Conversation, History, new_conversation
from qa.app.layout import ASKING, LATEST, PRIVATE, QUICK, Page, Update
from qa.app.limits import Pace
from qa.app.lists import history_html, undo_html
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
        shown = [page.chat, page.history, page.recall, page.wish, page.ask]
        listed = [*whose, page.recall]
        asking = [*whose, page.screen, *page.choices]
        offers = (page.chat.example_select, page.next.wish)
        taken = [offer(event(self.take_example), None, page.ask, **QUICK).then for offer in offers]
        options: dict[str, Any] = {**PRIVATE, **ASKING}
        for answered in (
            *(ask(event(self.ask), [page.ask, *asking], shown, **options) for ask in (page.ask.submit, *taken)),
            page.next.again(event(self.ask_again), asking, shown, **options),
            page.next.follow(event(self.go_on), [*whose, page.screen], [*shown, page.going], **options),
        ):
            answered.then(None, None, None, js="qa.goOn", **QUICK)
        page.ask.stop(event(self.stop), whose, page.ask, **PRIVATE)
        for turned in (
            blocks.load(event(self.arrive), [*whose, page.screen], whose, js="qa.arrive", **QUICK),
            page.new.click(event(self.begin), page.screen, page.tab, **QUICK),
            page.history.open(event(self.open), [page.key, page.screen], page.tab, **QUICK),
            page.history.forget(
                event(self.forget), [*whose, page.screen], [page.tab, page.deleted, page.undo], **PRIVATE
            ),
            page.undo.undo(event(self.restore), [*whose, page.screen, page.deleted], [page.tab, page.undo], **PRIVATE),
        ):
            # An event of its own: the browser paints it after all that was sent before the screen was turned.
            shows = turned.then(event(self.show), listed, [*shown, page.going], **PRIVATE)
            shows.then(None, page.going, None, js="qa.goOn", **QUICK)
        page.tab.change(None, page.tab, None, js="qa.keepTab", **QUICK)
        page.history.rename(event(self.rename), listed, page.history, **PRIVATE)
        for changed in (page.history.look, page.recall.change):
            changed(event(self.look), listed, page.history, **LATEST)
        written = page.history.export(event(self.export), whose, page.download, **PRIVATE)
        written.then(None, page.download, None, js="qa.save", **QUICK)

    def ask(
        self, request: gr.Request, question: Question, key: Browser, tab: Tab, screen: Screen, *chosen: Any
    ) -> Iterator[Update]:
        """Answer a question in the open conversation, as the answer comes."""
        if question.strip():
            history = self.visitors.history(key, request)
            yield from self._answer(
                request, question, history, history.load(tab) or new_conversation(tab), screen, *chosen
            )
        else:
            yield {self.page.ask: gr.skip()}

    def ask_again(
        self, request: gr.Request, key: Browser, tab: Tab, screen: Screen, wish: gr.EventData, *chosen: Any
    ) -> Iterator[Update]:
        """Answer one question of the open conversation anew; the answer takes the place of the one that it had."""
        history, number = self.visitors.history(key, request), said(wish, "number", Number)
        conversation = history.load(tab)
        if conversation is not None and number < len(conversation.turns):
            question = conversation.turns[number].answer.question
            yield from self._answer(request, question, history, conversation, screen, *chosen, number=number)

    def go_on(self, request: gr.Request, key: Browser, tab: Tab, screen: Screen) -> Iterator[Update]:
        """The answer that was being written when its conversation was opened, to its end."""
        history = self.visitors.history(key, request)
        if writing := self.desk.at(tab, history=history):
            yield from self._shown(screen, self._pieces(writing, history), of=tab)
        else:  # it has just ended
            yield from self._shown(screen, (self.show(*each) for each in [(request, key, tab, "")]), of=tab)

    def _answer(
        self,
        request: gr.Request,
        question: str,
        history: History,
        conversation: Conversation,
        screen: Screen,
        *chosen: Any,
        number: int | None = None,
    ) -> Iterator[Update]:
        """The page while a new question is answered, or that of turn `number` anew. Raises: QuestionError."""
        question = read_question(question)
        who = visitor(request)
        self.pace.count(who)
        if number is None and len(conversation.turns) >= TURNS:
            raise QuestionError(f"this conversation has {TURNS} questions, and no room for more. Begin a new one")
        bot = self.answerers.chatbot_for(Choice.of(*chosen))
        writing = self.desk.begin(bot, question, conversation=conversation, number=number, history=history, visitor=who)
        yield from self._shown(screen, self._pieces(writing, history), of=conversation.id)

    def _shown(self, screen: Screen, pieces: Generator[Update, None, None], *, of: str) -> Iterator[Update]:
        """The pieces for as long as their conversation is shown; Gradio sends the last once more, so it is short."""
        if not (yield from screen.pieces(pieces, of=of)):
            yield {self.page.ask: gr.skip()}

    def stop(self, request: gr.Request, key: Browser, tab: Tab) -> Update:
        """End the answer that is being written in the open conversation."""
        writing = self.desk.at(tab, history=self.visitors.history(key, request))
        if writing is not None:
            writing.stop()
        return self.ready(request, key, tab)

    def _pieces(self, writing: Writing, history: History) -> Generator[Update, None, None]:
        """The page while an answer is written."""
        page, conversation = self.page, writing.conversation
        shown = messages(conversation, writing)
        yield {
            page.ask: gr.update(value="", submit_btn=False, stop_btn=True),
            page.chat: gr.update(value=[*shown], feedback_value=_thumbs(conversation)),
            page.history: _list(history, conversation.id),
            page.recall: "",
            page.wish: gr.update(visible=False),
        }
        for html in writing.follow():
            shown[2 * writing.number + 1] = _message("assistant", html)
            yield {page.chat: [*shown]}
        yield {page.ask: gr.update(submit_btn=True, stop_btn=False)}

    def take_example(self, chosen: gr.EventData) -> str:
        """The question that was offered and clicked."""
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

    def forget(self, request: gr.Request, key: Browser, tab: Tab, screen: Screen, chosen: gr.EventData) -> Update:
        """Delete a conversation of the list, which can be undone; the page stays with the one that is open."""
        page, history = self.page, self.visitors.history(key, request)
        id = said(chosen, "id", Name)
        writing = self.desk.at(id, history=history)
        if writing is not None:
            writing.stop()
        deleted = history.load(id)
        history.delete(id)
        told = undo_html(deleted.title) if deleted else ""
        return {page.tab: self._turn(screen, history.load(tab)), page.deleted: deleted, page.undo: told}

    def restore(
        self, request: gr.Request, key: Browser, tab: Tab, screen: Screen, deleted: Conversation | None
    ) -> Update:
        """Bring back the conversation that this page deleted last, and open it where none is open."""
        history = self.visitors.history(key, request)
        if deleted is None:
            raise gr.Error("It cannot be brought back any more.", print_exception=False, duration=4)
        history.save(deleted)
        return {self.page.tab: self._turn(screen, history.load(tab) or deleted), self.page.undo: ""}

    def rename(self, request: gr.Request, key: Browser, tab: Tab, find: Words, chosen: gr.EventData) -> str:
        """Give a conversation of the list another name."""
        history = self.visitors.history(key, request)
        history.rename(said(chosen, "id", Name), said(chosen, "name", Name))
        return _list(history, tab, find)

    def look(self, request: gr.Request, key: Browser, tab: Tab, find: Words) -> str:
        """The list of conversations as it is now."""
        return _list(self.visitors.history(key, request), tab, find)

    def show(self, request: gr.Request, key: Browser, tab: Tab, find: Words) -> Update:
        """The conversation that the page has turned to."""
        page, history = self.page, self.visitors.history(key, request)
        writing = self.desk.at(tab, history=history)
        shown = writing.conversation if writing else history.load(tab) or new_conversation(tab)
        return {
            page.chat: gr.update(value=messages(shown, writing), feedback_value=_thumbs(shown)),
            page.history: _list(history, shown.id, find),
            page.wish: gr.update(visible=False),
            page.ask: self.ready(request, key, tab),
            page.going: writing is not None,
        }

    def _turn(self, screen: Screen, conversation: Conversation | None) -> str:
        """The id of this conversation, or of a new one, after the screen has been turned to it."""
        id = (conversation or new_conversation()).id
        screen.turn_to(id)
        return id

    def export(self, request: gr.Request, key: Browser, tab: Tab, chosen: gr.EventData) -> dict[str, str]:
        """The open conversation as a file."""
        kind = said(chosen, "id", Name)
        conversation = self.visitors.history(key, request).load(tab)
        if conversation is None or kind not in FORMATS:
            raise gr.Error("This conversation is no longer there.", print_exception=False, duration=4)
        name = _NOT_NAME.sub("-", conversation.title.lower()).strip("-")[:60] or "conversation"
        _, media, write = FORMATS[kind]
        return {"name": f"{name}.{kind}", "type": media, "text": write(conversation)}


def _list(history: History, id: str, find: str = "") -> str:
    """The conversations that were found, of which the one with this id is open."""
    return history_html(history.summaries(find), current=id if history.holds(id) else "", find=find)


def messages(conversation: Conversation, writing: Writing | None = None) -> list[dict[str, str]]:
    """The conversation as the chat shows it, with the answer that is being written as far as it has come."""
    shown = []
    for number, turn in enumerate(conversation.turns):
        html = writing.html if writing and number == writing.number else answer_html(turn.answer)
        shown += [_message("user", question_html(turn.answer.question)), _message("assistant", html)]
    return shown


def _message(role: str, html: str) -> dict[str, str]:
    return {"role": role, "content": html}


def _thumbs(conversation: Conversation) -> list[str | None]:
    return [{True: "Like", False: "Dislike", None: None}[turn.liked] for turn in conversation.turns]
