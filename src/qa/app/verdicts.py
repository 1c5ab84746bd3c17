"""Thumbs: a reader's verdict on an answer, and after a thumbs-down what it should have said."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from qa.app.feedback import ABSENT, Feedback
from qa.app.layout import PRIVATE, Page
from qa.app.safety import tell
from qa.app.talk import Update
from qa.app.visitors import Visitors
from qa.errors import QAError


class Verdicts:
    """What happens when somebody judges an answer."""

    def __init__(self, page: Page, *, visitors: Visitors, feedback: Feedback) -> None:
        self._page = page
        self._visitors = visitors
        self._feedback = feedback

    def wire(self) -> None:
        """Connect the thumbs and the line below them."""
        page = self._page
        whose = [page.key, page.tab]
        page.chat.like(self.judge, whose, [page.wish, page.wanted, page.judged], **PRIVATE)
        for said in (page.save_wanted.click, page.wanted.submit):
            said(self.want, [*whose, page.judged, page.wanted], page.wish, **PRIVATE)
        page.absent.click(self.want_nothing, [*whose, page.judged], page.wish, **PRIVATE)

    def judge(self, key: str, tab: str, verdict: gr.LikeData) -> Update:
        """Keep a thumb; one that points down asks what was wanted."""
        page, liked = self._page, verdict.liked is True
        assert isinstance(verdict.index, int)  # a chat of messages numbers them
        number = verdict.index // 2
        self._save(key, tab, number=number, liked=liked, wanted="")
        gr.Info("Thank you. Saved as a test case.", duration=3)
        return {page.wish: gr.update(visible=not liked), page.wanted: "", page.judged: number}

    def want(self, key: str, tab: str, judged: int | None, wanted: str) -> Update:
        """Keep what the answer judged last should have said."""
        if judged is not None and wanted.strip():
            self._save(key, tab, number=judged, liked=False, wanted=" ".join(wanted.split()))
            gr.Info("Thank you. The test case now expects that.", duration=3)
        return {self._page.wish: gr.update(visible=False)}

    def want_nothing(self, key: str, tab: str, judged: int | None) -> Update:
        """Keep that the documents do not hold the answer."""
        return self.want(key, tab, judged, ABSENT)

    def _save(self, key: str, tab: str, *, number: int, liked: bool, wanted: str) -> None:
        history = self._visitors.history(key)
        conversation = history.load(tab)
        if conversation is None or number >= len(conversation.turns):
            raise gr.Error("This conversation is no longer there.", print_exception=False, duration=4)
        judged = conversation.with_turn(number, replace(conversation.turns[number], liked=liked, wanted=wanted))
        try:
            self._feedback.save(judged, number)
        except QAError as error:
            raise gr.Error(tell(error), print_exception=False) from error
        history.save(judged)
