"""What errors may say, who may log in, and which addresses are refused."""

from __future__ import annotations

import pytest

from qa.app.safety import check_binding, is_loopback, tell, without_secrets
from qa.errors import DocumentError, ModelError, SettingsError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("/home/ann/secret/report.txt is not UTF-8", "report.txt is not UTF-8"),
        (
            "'a.txt' is already indexed from /srv/data/other. Rename it",
            "'a.txt' is already indexed from other. Rename it",
        ),
        ("C:\\Users\\ann\\report.txt cannot be read", "report.txt cannot be read"),
        ("~/docs/a.txt cannot be read", "a.txt cannot be read"),
        ("key sk-proj-abcdefgh12345678 was refused", "key ••• was refused"),
        ("Authorization: Bearer abc.def was refused", "Authorization: ••• was refused"),
        ("http://ann:s3cret@host:8000/v1 does not answer", "http://•••@host:8000/v1 does not answer"),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv was refused", "••• was refused"),
        ("ask and/or search", "ask and/or search"),
    ],
)
def test_an_error_shows_neither_keys_nor_folders(error: str, told: str) -> None:
    assert tell(ModelError(error)) == told
    assert without_secrets(str(DocumentError(error))) == told


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_this_machine_alone_needs_no_login(host: str) -> None:
    check_binding(host, has_logins=False, open_=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_a_network_address_needs_a_login_or_the_word_open(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match="--auth-file"):
        check_binding(host, has_logins=False, open_=False)
    check_binding(host, has_logins=True, open_=False)
    check_binding(host, has_logins=False, open_=True)
