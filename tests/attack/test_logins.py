"""Logins stand in a file for its owner's eyes: no password in a process list, and nothing half right is taken."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qa.app.logins import add_login, read_logins
from qa.errors import SettingsError

PASSWORD = "correct horse, battery: staple"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with ann's login."""
    add_login(tmp_path / "logins", "ann", PASSWORD)
    return tmp_path / "logins"


def qa(folder: Path, *arguments: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("QA_", "OPENAI_"))}
    command = [sys.executable, "-m", "qa", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**ours, **variables}, input=typed, capture_output=True, text=True, check=False
    )


def test_a_login_is_let_in_with_its_own_password_alone(file: Path) -> None:
    add_login(file, "Jürgen of Ulm", "pässwörd")
    logins = read_logins(file)
    assert logins.check("ann", PASSWORD)
    assert logins.check("Jürgen of Ulm", "pässwörd")
    wrong = [("ann", "pässwörd"), ("ann", ""), ("ann", PASSWORD + " "), ("Ann", PASSWORD), ("", ""), ("bob", PASSWORD)]
    wrong += [("ann", "\ud800"), ("ann\x00", PASSWORD)]
    assert not any(logins.check(name, password) for name, password in wrong)


def test_the_file_is_its_owners_alone_and_holds_no_password(file: Path) -> None:
    add_login(file, "bob", PASSWORD)
    text = file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in text
    assert len({line.rpartition("$")[2] for line in text.splitlines()}) == 2  # one password, two salts
    assert sorted(each.name for each in file.parent.iterdir()) == ["logins", "logins.lock"]


def test_a_new_password_takes_the_place_of_the_old_and_comments_stay(file: Path) -> None:
    file.write_text(f"# the museum\n\n{file.read_text()}", encoding="utf-8")
    add_login(file, "bob", PASSWORD)
    add_login(file, "ann", "another one")
    logins = read_logins(file)
    assert [logins.check("ann", each) for each in (PASSWORD, "another one")] == [False, True]
    assert logins.check("bob", PASSWORD)
    assert file.read_text(encoding="utf-8").startswith("# the museum\n\nbob:")


def test_an_unknown_name_takes_as_long_as_a_known_one(file: Path) -> None:
    logins = read_logins(file)

    def fastest_s(name: str) -> float:
        def once() -> float:
            started = time.process_time()
            logins.check(name, "wrong password")
            return time.process_time() - started

        return min(once() for _ in range(3))

    assert fastest_s("nobody") > fastest_s("ann") / 2


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_file_that_others_may_read_or_write_is_refused_as_is_a_link_to_it(file: Path, mode: int) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    assert read_logins(link).check("ann", PASSWORD)
    file.chmod(mode)
    for path in (file, link):
        with pytest.raises(SettingsError, match=r"others may read or write it\. Run: chmod 600"):
            read_logins(path)
    with pytest.raises(SettingsError, match="chmod 600"):
        add_login(link, "bob", PASSWORD)


def test_a_link_stays_one_when_a_login_is_added(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    add_login(link, "bob", PASSWORD)
    assert link.is_symlink()
    assert read_logins(file).check("bob", PASSWORD)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_refused(file: Path) -> None:
    os.chown(file, 12345, -1)
    with pytest.raises(SettingsError, match=r"belongs to another user \(12345\)"):
        read_logins(file)


GOOD = f"eve:scrypt$16384$8$5${'ab' * 16}${'cd' * 32}"


@pytest.mark.parametrize(
    "line",
    [
        "eve:hunter2", "eve", ":", "eve:", "eve:" + "$" * 40_000, GOOD + "0", GOOD + " ", " " + GOOD, GOOD[3:],
        GOOD.replace("16384", "16383"), GOOD.replace("16384", "0"), GOOD.replace("16384", "1"),
        GOOD.replace("$5", "$0"),
        GOOD.replace("16384", "4194304"), GOOD.replace("$8$5", "$99$99"), GOOD.replace("16384", "٢"),
        GOOD.replace("ab", "zz"), GOOD.replace("eve", "e\x1bve"), GOOD.replace("eve", "e\u202eve"), GOOD.upper(),
    ],
)  # fmt: skip
def test_a_line_that_is_no_login_is_named_by_its_number_and_not_repeated(file: Path, line: str) -> None:
    with file.open("a", encoding="utf-8") as more:
        more.write(f"{line}\n")
    with pytest.raises(SettingsError, match=r"line 2 of .* is no login") as caught:
        read_logins(file)
    assert not any(part in str(caught.value) for part in ("hunter2", "scrypt", "\x1b", "\u202e"))


def test_what_holds_no_login_lets_nobody_in(tmp_path: Path, file: Path) -> None:
    file.write_text(GOOD + "\n" + GOOD + "\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="'eve' stands twice"):
        read_logins(file)
    file.write_text("# nobody yet\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="holds no login"):
        read_logins(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is no file of logins"):
        read_logins(file)
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_logins(path)


@pytest.mark.parametrize("name", ["", " ", "a:b", "a\nb", "a\x1b[2J", "a\u202eb", "#a", " ann", "x" * 101])
def test_a_name_that_would_break_a_line_is_refused(file: Path, name: str) -> None:
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="cannot be a login"):
        add_login(file, name, PASSWORD)
    with pytest.raises(SettingsError, match="too short"):
        add_login(file, "bob", "seven77")
    assert file.read_bytes() == before


def test_the_command_takes_the_password_from_the_input_and_says_how_to_serve(tmp_path: Path) -> None:
    ran = qa(tmp_path, "config", "login", "ann", typed=f"{PASSWORD}\n")
    assert (ran.returncode, ran.stdout) == (0, "ann may log in. Serve the page with: qa chat --auth-file .qa/logins\n")
    assert read_logins(tmp_path / ".qa" / "logins").check("ann", PASSWORD)
    ran = qa(tmp_path, "config", "login", "bob", typed=f"{PASSWORD}\n", QA_AUTH_FILE="mine")
    assert (ran.returncode, (tmp_path / "mine").read_text().partition(":")[0]) == (0, "bob")
    ran = qa(tmp_path, "config", "login", "eve", typed="short\n")
    assert (ran.returncode, "too short" in ran.stderr, "short\n" in ran.stdout) == (1, True, False)


@pytest.mark.parametrize(("again", "code"), [(PASSWORD, 0), ("something else", 1)])
def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(tmp_path: Path, again: str, code: int) -> None:
    os.environ.pop("QA_AUTH_FILE", None)
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "qa", "config", "login", "ann"])
    shown = b""
    for prompt, typed in ((b"Password: ", PASSWORD), (b"Again: ", again)):
        while prompt not in shown:
            shown += os.read(terminal, 1000)
        time.sleep(0.1)  # getpass has asked, and turns the echo off before it
        os.write(terminal, typed.encode() + b"\n")
    try:
        while more := os.read(terminal, 1000):
            shown += more
    except OSError:  # the other end has closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == code
    assert PASSWORD.encode() not in shown
    assert (tmp_path / ".qa" / "logins").exists() == (code == 0)


def test_passwords_on_the_command_line_are_a_usage_error_that_names_the_new_way(tmp_path: Path) -> None:
    ran = qa(tmp_path, "chat", "--auth", "ann:s3cret-ann")
    assert (ran.returncode, "qa config login NAME" in ran.stderr, "s3cret" in ran.stderr) == (2, True, False)
    ran = qa(tmp_path, "chat", "--auth-file", "absent")
    assert (ran.returncode, "absent cannot be read" in ran.stderr) == (1, True)


def test_logins_that_are_added_at_once_are_all_kept(file: Path) -> None:
    names = [f"reader {number}" for number in range(6)]
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(lambda name: add_login(file, name, f"the password of {name}"), names))
    logins = read_logins(file)
    assert all(logins.check(name, f"the password of {name}") for name in names)
