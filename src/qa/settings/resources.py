"""The folders that come with qa, `prompts` and `seeds`, wherever it is installed.

They lie at the top of a checkout, where people look for them; a wheel carries them inside the package.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def resource(name: str) -> Path:
    """The folder called `name`: the checkout's own when this is one, else the package's copy."""
    if (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / name).is_dir():
        return _CHECKOUT / name
    return _PACKAGE / "_data" / name


def prompt_folders(chosen: Path | None) -> tuple[Path, ...]:
    """The folders in which a prompt is looked for: the one that was chosen, then ours."""
    ours = resource("prompts")
    return (chosen, ours) if chosen else (ours,)
