"""The options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str | None, typer.Option(help="auto, extractive, or provider:model such as openai:gpt-5-mini.")]
Chroma = Annotated[str | None, typer.Option(help="A folder, :memory:, http://host:8000, or cloud://tenant/database.")]
AuthFile = Annotated[
    Path | None, typer.Option("--auth-file", help="The file of logins that qa config login NAME writes.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
