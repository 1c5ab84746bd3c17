"""The page behind a web server: its address, its middlewares and its logins."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Match, Route
from starlette.types import Scope

from qa.app.door import UPLOAD, Door
from qa.app.limits import Room, Tries
from qa.app.logins import read_logins
from qa.app.names import Forwarded, Names
from qa.app.originals import deliver
from qa.app.safety import Headers, check_binding, is_loopback
from qa.app.unread import bound_unread
from qa.errors import SettingsError
from qa.index.private import make_private
from qa.models.local import is_local

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from qa.app.connect import Operators
    from qa.chatbot import Chatbot

AT_ONCE = 8  # answers worked on at the same time; others wait their turn
WAITING = 256
UPLOAD_LIMIT = "25mb"

_NO_DOCS: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """The address at which the page is served, and who may use it for what."""

    host: str = "127.0.0.1"
    port: int = 7860
    root_path: str = ""
    auth_file: Path | None = None
    open_: bool = False
    mcp: bool = False
    read_only: bool = False
    allow_models: bool = False
    allowed_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    @property
    def operators(self) -> Operators:
        """Who may connect a model, and so have this machine ask any address: its own user, unless it is said who."""
        if self.allow_models:
            return "everybody"
        shown = self.auth_file or self.root_path or self.allowed_hosts or self.proxies or not is_loopback(self.host)
        return "nobody" if shown else "this machine"

    @property
    def own_address(self) -> str:
        """The address of this very process on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def serve(bot: Chatbot, hosting: Hosting) -> None:
    """Serve the page until interrupted.

    Raises: SettingsError when the address is taken, or would show the documents to a network by accident, ModelError
    when a model's file cannot be opened.
    """
    from qa.app import connections

    check_binding(hosting.host, has_logins=hosting.auth_file is not None, open_=hosting.open_)
    if is_local(bot.model_name):
        _ = bot.chain  # opened before anybody asks, who would wait for it, or read what is wrong with the owner's file
    with connections.listen(hosting.host, hosting.port) as listener:
        hosting = replace(hosting, port=listener.getsockname()[1])
        app = build(bot, hosting)
        print(f"Ask your documents at {hosting.own_address}{hosting.root_path}   (Ctrl+C stops)", flush=True)
        with suppress(KeyboardInterrupt):
            connections.server(app, root_path=hosting.root_path).run(sockets=[listener])


def build(bot: Chatbot, hosting: Hosting) -> FastAPI:
    """The web application: the page at `/`, and `/health`.

    Raises: SettingsError when a login, host or proxy cannot be read, a login is combined with MCP, or MCP's library
    is missing.
    """
    logins = read_logins(hosting.auth_file) if hosting.auth_file else None
    if logins and hosting.mcp:
        raise SettingsError("--mcp and --auth-file do not go together: MCP clients cannot log in here. Choose one")
    if hosting.mcp and find_spec("mcp") is None:
        raise SettingsError("--mcp needs a library that is not installed. Run: pip install 'qa[mcp]'")
    folder = bot.settings.home.resolve()
    make_private(folder)
    incoming = Path(tempfile.mkdtemp(prefix="qa-")).resolve()  # what an upload answers tells nothing of the home
    atexit.register(shutil.rmtree, incoming, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = str(incoming)
    from fastapi import FastAPI

    from qa.app.page import build_page, page_examples
    from qa.app.writing import Desk

    examples, desk = page_examples(bot, folder=folder), Desk()
    atexit.register(examples.close)  # also where it is told to end before it serves

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()
        examples.close()

    app = FastAPI(**_NO_DOCS, lifespan=lifespan)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    page = build_page(
        bot,
        folder=folder,
        examples=examples,
        desk=desk,
        read_only=hosting.read_only,
        operators=hosting.operators,
    )
    blocks = page.queue(default_concurrency_limit=AT_ONCE, max_size=WAITING)
    # Else an idle page looks for events 1,000 times a second, and for a progress that nothing here tells 100 times.
    blocks._queue.sleep_when_free, blocks._queue.progress_update_sleep_when_free = 0.005, 1.0
    bound_unread(blocks._queue, is_paced=bot.settings.questions_per_minute > 0)
    _mount(app, blocks, hosting, auth=Tries(logins.check) if logins else None)
    inner = app.routes[-1].app  # type: ignore[attr-defined]  # the mount, whose own application knows who is logged in
    if logins:
        inner.router.routes.insert(0, _Login("/", _ask_who))
    inner.add_api_route("/original/{digest}", deliver(bot, needs_login=logins is not None), response_model=None)
    room = Room(incoming, folder / "uploads", most=bot.settings.upload_mb * 1_000_000)
    _keep_apart(app, hosting, incoming=incoming, room=room)
    return app


class _Login(Route):
    """The way to the page for who is not logged in."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Where else it is the page itself."""
        from qa.app.visitors import login  # which imports Gradio

        match, found = super().matches(scope)
        return (Match.NONE, {}) if match is Match.FULL and login(Request(scope)) else (match, found)


def _ask_who(_: Request) -> HTMLResponse:
    from qa.app.layout import login_page

    return HTMLResponse(login_page(), headers={"cache-control": "no-store"})


def _keep_apart(app: FastAPI, hosting: Hosting, *, incoming: Path, room: Room) -> None:
    """Put the middlewares before the application; the last one is asked first."""
    app.add_middleware(
        Door,
        names=Names(hosting.host, allowed=hosting.allowed_hosts),
        uploads=incoming,
        room=room,
        shut=frozenset({UPLOAD}) if hosting.read_only else frozenset(),
    )
    app.add_middleware(Headers)
    app.add_middleware(Forwarded, proxies=hosting.proxies)


def _mount(app: FastAPI, blocks: gr.Blocks, hosting: Hosting, *, auth: Tries | None) -> None:
    import gradio as gr
    from fastapi.exceptions import RequestValidationError

    from qa.app.layout import HERE, head
    from qa.app.theme import theme

    blocks.has_launched = True  # else Gradio takes any file of the machine for one that was uploaded
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        app_kwargs={**_NO_DOCS, "exception_handlers": {RequestValidationError: _say_no_more}},
        root_path=hosting.root_path or None,
        auth=auth.check if auth else None,
        favicon_path=str(HERE / "icon.svg"),
        show_error=False,
        max_file_size=UPLOAD_LIMIT,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=hosting.mcp,
        theme=theme(),
        head=head(),
    )
    if blocks.mcp_server_obj:  # else the first call decides by its Host where those of all others go
        blocks.mcp_server_obj._local_url = hosting.own_address


def _say_no_more(request: object, error: Exception) -> PlainTextResponse:
    """The answer to a request of another form than Gradio wants; FastAPI's own shows what was sent."""
    return PlainTextResponse("the request is not of the form that is wanted here", 422)
