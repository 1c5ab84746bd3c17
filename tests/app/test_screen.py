"""A page shows one conversation at a time, whatever is still on its way to it."""

from __future__ import annotations

import threading
import time
from copy import deepcopy

from qa.app.screen import Screen


def test_a_screen_that_has_turned_away_gets_no_more_pieces_and_the_writing_ends() -> None:
    ended: list[str] = []

    def writing():
        try:
            yield from ("one", "two", "three")
        except GeneratorExit:
            ended.append("closed")
            raise

    screen = Screen()
    screen.turn_to("a")
    pieces = screen.pieces(writing(), of="a")
    assert (next(pieces), next(pieces)) == ("one", "two")
    turned = threading.Thread(target=screen.turn_to, args=("b",))
    turned.start()
    time.sleep(0.1)
    assert turned.is_alive()  # "two" may still be on its way
    assert list(pieces) == []
    turned.join(1)
    assert not turned.is_alive()
    assert ended == ["closed"]


def test_an_answer_that_comes_late_to_a_conversation_left_before_it_began_shows_nothing() -> None:
    screen = Screen()
    screen.turn_to("b")
    assert list(screen.pieces((piece for piece in "x"), of="a")) == []


def test_a_reader_who_is_gone_keeps_nobody_waiting() -> None:
    screen = Screen()
    pieces = screen.pieces((piece for piece in "xyz"), of="a")
    next(pieces)
    pieces.close()
    began = time.monotonic()
    screen.turn_to("b")
    assert time.monotonic() - began < 1


def test_each_page_has_a_screen_of_its_own() -> None:
    first = Screen()
    second = deepcopy(first)
    first.turn_to("a")
    assert list(second.pieces((piece for piece in "xy"), of="b")) == ["x", "y"]
