"""The functions that programs may call: `ask` and `search`, as typed JSON endpoints (and as MCP tools with `--mcp`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from qa.app.layout import ASKING
from qa.app.limits import Pace
from qa.app.safety import tell
from qa.app.visitors import visitor
from qa.app.writing import place_for
from qa.errors import QAError

if TYPE_CHECKING:
    from qa.chatbot import Chatbot


def publish(bot: Chatbot, *, pace: Pace) -> None:
    """Add the endpoints, inside a `gr.Blocks` that is open."""

    def ask(
        question: str,
        history: list[dict[str, str]] | None = None,
        where: list[str] | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Answer a question from the documents, each sentence with citations of the exact characters it rests on.

        Args:
            question: The question, in plain words.
            history: The conversation so far, as a list of {"role": "user" or "assistant", "content": text}.
            where: Conditions that a document must meet, such as "date>=2021-07" or "document=reports/*".
        """
        with _asked(pace, request), place_for(bot):
            return bot.ask(question, history=history or (), where=where or ()).to_dict()

    def search(
        query: str, top_k: int = 5, where: list[str] | None = None, request: gr.Request | None = None
    ) -> list[dict[str, Any]]:
        """Find the passages of the documents that best match a query, best first.

        Args:
            query: What to look for.
            top_k: How many passages to return, 1 to 50.
            where: Conditions that a document must meet, such as "date>=2021-07" or "document=reports/*".
        """
        with _asked(pace, request):
            hits = bot.search(query, top_k=top_k, where=where or ())
        return [{"rank": hit.rank, "score": hit.score, **asdict(hit.passage)} for hit in hits]

    api(ask, api_name="ask", **ASKING)
    api(search, api_name="search")


@contextmanager
def _asked(pace: Pace, request: gr.Request | None) -> Iterator[None]:
    """Count a question; what is wrong is told in words for a program, which are no HTML."""
    try:
        pace.count(visitor(request))
        yield
    except QAError as error:
        raise gr.Error(tell(error), print_exception=False) from error
