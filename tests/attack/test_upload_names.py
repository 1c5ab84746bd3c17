"""Uploads under the names that files have which are half moved or half removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from page_driver import open_bot
from qa.app.uploads import Uploads


@pytest.mark.parametrize("name", [".removed-mill.txt", ".moving-mill.txt", ".mill.txt"])
def test_an_upload_does_not_take_the_name_of_one_that_is_half_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "incoming"))
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / name).write_text("The mill was built in 1905.")
    with open_bot(tmp_path / "bot") as bot:
        said = Uploads(tmp_path / "uploads", bot=bot).take(tmp_path / "incoming" / name, lambda _: None)
        assert said is not None
        assert not list((tmp_path / "incoming").iterdir())
        assert name not in [record.id for record in bot.documents()]
