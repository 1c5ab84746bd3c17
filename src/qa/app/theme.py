"""Colours and type for Gradio's own parts; ours are in style.css, with the same values."""

from __future__ import annotations

from gradio.themes import Base
from gradio.themes.utils.fonts import LocalFont


def theme() -> Base:
    """The page's theme; both weights are complete in Gradio's bundle, its 600 is not."""
    return Base(
        font=[LocalFont("IBM Plex Sans", weights=(400, 700)), "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="md",
    )
