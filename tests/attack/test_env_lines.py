"""A `.env` of one long line: python-dotenv takes the square of its spaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.settings.envfile import read_env_file


def test_an_env_file_is_read_in_time_that_grows_with_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("QA_TOP_K=5" + " " * 90_000)
    (tmp_path / ".env").chmod(0o600)
    with pytest.raises(SettingsError, match="line"):
        read_env_file(Path())
