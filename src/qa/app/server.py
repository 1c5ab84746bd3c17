"""The page behind a web server: headers, login, health, and where it listens."""

from __future__ import annotations

import os
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qa.app.safety import Headers, check_binding, read_logins
from qa.errors import SettingsError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa.chatbot import Chatbot

AT_ONCE = 8  # answers worked on at the same time; others wait their turn
WAITING = 256
UPLOAD_LIMIT = "25mb"


def serve(
    bot: Chatbot,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    root_path: str = "",
    auth: str = "",
    open_: bool = False,
    mcp: bool = False,
) -> None:
    """Serve the page until interrupted.

    Raises: SettingsError when the address is taken, or would show the documents to a network by accident.
    """
    import uvicorn

    check_binding(host, logins=read_logins(auth), open_=open_)
    _check_free(host, port)
    app = build(bot, root_path=root_path, auth=auth, mcp=mcp)
    shown = f"[{host}]" if ":" in host else host
    print(f"Ask your documents at http://{shown}:{port}{root_path}   (Ctrl+C stops)", flush=True)
    uvicorn.run(app, host=host, port=port, root_path=root_path, log_level="critical", timeout_graceful_shutdown=1)


def build(bot: Chatbot, *, root_path: str = "", auth: str = "", mcp: bool = False) -> FastAPI:
    """The web application: the page at `/`, and `/health`.

    Raises: SettingsError when `auth` cannot be read or is combined with `mcp`, or MCP's library is missing.
    """
    logins = read_logins(auth)
    if logins and mcp:
        raise SettingsError("--mcp and --auth do not go together: MCP clients cannot log in here. Choose one")
    if mcp and find_spec("mcp") is None:
        raise SettingsError("--mcp needs a library that is not installed. Run: pip install mcp")
    folder = bot.settings.home.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "incoming")
    import gradio as gr
    from fastapi import FastAPI

    from qa.app.layout import head
    from qa.app.page import build_page
    from qa.app.theme import theme

    no_docs: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    app = FastAPI(**no_docs)
    app.add_middleware(Headers)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    blocks = build_page(bot, folder=folder).queue(default_concurrency_limit=AT_ONCE, max_size=WAITING)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        app_kwargs=no_docs,
        root_path=root_path or None,
        auth=logins or None,
        show_error=False,
        max_file_size=UPLOAD_LIMIT,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=mcp,
        theme=theme(),
        head=head(),
    )
    return app


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}. Choose another: --port") from error
