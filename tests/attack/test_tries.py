"""Guessing a password: how fast it goes, and what is written down of it."""

from __future__ import annotations

import asyncio
import logging

import pytest

from qa.app import limits
from qa.app.limits import FREE_TRIES, WAITING, Tries
from qa.app.names import network


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRY_S", 0.2)


def tries() -> Tries:
    return Tries(lambda name, password: password == "right" and name in ("ann", "eve"))


async def spent_s(check: Tries, name: str, *passwords: str) -> float:
    before = asyncio.get_running_loop().time()
    for password in passwords:
        await check.check(name, password)
    return asyncio.get_running_loop().time() - before


def test_a_few_tries_are_free_and_further_ones_are_slow() -> None:
    async def guess() -> tuple[float, float]:
        check = tries()
        return await spent_s(check, "ann", *["x"] * FREE_TRIES), await spent_s(check, "ann", *["x"] * 3, "right")

    free, slow = asyncio.run(guess())
    assert slow >= 0.8
    assert free < slow


def test_ones_own_login_in_between_does_not_make_guessing_anothers_fast() -> None:
    async def guess() -> float:
        check = tries()
        for _ in range(FREE_TRIES):
            await check.check("ann", "x")
            assert await check.check("eve", "right")
        return await spent_s(check, "ann", "x", "x")

    assert asyncio.run(guess()) >= 0.4


def test_a_name_is_slow_from_every_address() -> None:
    async def guess() -> float:
        check = tries()
        for number in range(FREE_TRIES):
            limits.address.set(f"192.0.2.{number}")
            await check.check("ann", "x")
        limits.address.set("192.0.2.99")
        return await spent_s(check, "ann", "x")

    assert asyncio.run(guess()) >= 0.1


def test_guessing_at_a_name_does_not_keep_its_owner_out() -> None:
    async def log_in() -> float:
        check = tries()
        limits.address.set("192.0.2.1")
        await check.check("ann", "right")
        limits.address.set("192.0.2.7")
        await spent_s(check, "ann", *["x"] * FREE_TRIES)
        guesses = [asyncio.create_task(check.check("ann", "x")) for _ in range(WAITING)]
        limits.address.set("192.0.2.1")
        return await spent_s(check, "ann", "right") - sum([await each for each in guesses])

    assert asyncio.run(log_in()) < 0.7  # and not the second that the others wait


def test_one_machine_has_many_addresses() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("testclient") == "testclient"


def test_many_tries_at_once_wait_in_line_or_are_refused() -> None:
    async def guess() -> list[object]:
        check = tries()
        await spent_s(check, "ann", *["x"] * FREE_TRIES)
        limits.address.set("192.0.2.7")
        tried = (check.check(f"name{number}", "x") for number in range(300))
        return list(await asyncio.gather(*tried, return_exceptions=True))

    found = asyncio.run(guess())
    assert sum(each is False for each in found) == WAITING
    assert all(getattr(each, "status_code", 429) == 429 for each in found)


def test_failures_are_logged_and_passwords_are_not(caplog: pytest.LogCaptureFixture) -> None:
    limits.address.set("192.0.2.7")
    with caplog.at_level(logging.WARNING, logger="qa.login"):
        asyncio.run(tries().check("ann\x1b[2J\nforged", "s3cret"))
    assert "192.0.2.7" in caplog.text
    assert "forged" in caplog.text
    assert not {"\x1b", "s3cret"} & set(caplog.text)
    assert "s3cret" not in caplog.text
    assert len(caplog.messages[0].splitlines()) == 1
