"""Thumbs: a reader's verdict on an answer, and after a thumbs-down what it should have said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import gradio as gr

from qa.app.events import Browser, Number, Tab, Words, event, said
from qa.app.feedback import ABSENT, Feedback
from qa.app.history import History
from qa.app.layout import PRIVATE, Page, Update
from qa.app.visitors import Visitors


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbs:
    """The events of judging an answer."""

    page: Page
    visitors: Visitors
    feedback: Feedback

    def wire(self) -> None:
        """Connect the thumbs and the line below them."""
        page = self.page
        whose = [page.key, page.tab]
        page.chat.like(event(self.judge), whose, [page.wish, page.wanted, page.judged], **PRIVATE)
        for sent in (page.save_wanted.click, page.wanted.submit):
            sent(event(self.want), [*whose, page.judged, page.wanted], page.wish, **PRIVATE)
        page.absent.click(event(self.want_nothing), [*whose, page.judged], page.wish, **PRIVATE)

    def judge(self, request: gr.Request, key: Browser, tab: Tab, thumb: gr.EventData) -> Update:
        """Keep a thumb; one that points down asks what was wanted."""
        page, number = self.page, said(thumb, "index", Number) // 2
        liked = said(thumb, "liked", object) is True
        self._save(self.visitors.history(key, request), tab, number=number, liked=liked)
        gr.Info("Thank you. Your verdict is kept for those who mend the answers.", duration=3)
        return {page.wish: gr.update(visible=not liked), page.wanted: "", page.judged: number}

    def want(self, request: gr.Request, key: Browser, tab: Tab, judged: Number | None, wanted: Words) -> Update:
        """Keep what the answer judged last should have said."""
        if judged is not None and wanted.strip():
            words = " ".join(wanted.split())
            self._save(self.visitors.history(key, request), tab, number=judged, liked=False, wanted=words)
            gr.Info("Thank you. What it should have said is kept with it.", duration=3)
        return {self.page.wish: gr.update(visible=False)}

    def want_nothing(self, request: gr.Request, key: Browser, tab: Tab, judged: Number | None) -> Update:
        """Keep that the documents do not hold the answer."""
        return self.want(request, key, tab, judged, ABSENT)

    def _save(self, history: History, tab: str, *, number: int, liked: bool, wanted: str = "") -> None:
        conversation = history.load(tab)
        if conversation is None or number >= len(conversation.turns):
            raise gr.Error("This conversation is no longer there.", print_exception=False, duration=4)
        if conversation.turns[number].answer.incomplete:
            raise gr.Error("This question has no whole answer to judge yet.", print_exception=False, duration=4)
        judged = conversation.with_turn(number, replace(conversation.turns[number], liked=liked, wanted=wanted))
        self.feedback.save(judged, number)
        history.save(judged)
