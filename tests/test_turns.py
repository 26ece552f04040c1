import threading
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from imgpipe import kernels
from imgpipe.turns import Turns, giving_way

SECONDS = 30  # that nothing here takes, but for ever
SOME = bytes(2**20)

Waits = Callable[[Turns], threading.Event]


def test_only_one_has_the_turn() -> None:
    turns, inside, most = Turns(SECONDS), 0, 0

    def enter() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        zlib.crc32(SOME)  # without the GIL, so that another may come in that should not
        inside -= 1

    def work() -> None:
        for _ in range(200):
            with turns.one():
                enter()
                with giving_way():
                    pass
                enter()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    assert (inside, most) == (0, 1)


def test_nobody_waits_for_ever(waiting: Waits) -> None:
    turns = Turns(patience=0.001)
    with turns.one():
        assert waiting(turns).wait(SECONDS)  # without one
        with giving_way():
            assert waiting(turns).wait(SECONDS)


def test_who_has_lost_patience_gives_nothing_away(waiting: Waits) -> None:
    turns, done = Turns(patience=0.001), threading.Event()

    def work() -> None:
        with turns.one(), giving_way():
            pass
        done.set()

    with turns.one():
        threading.Thread(target=work, daemon=True).start()
        assert done.wait(SECONDS)
    with turns.one():
        assert waiting(turns).wait(SECONDS)


def test_another_has_its_turn_while_one_gives_way_and_not_after(waiting: Waits) -> None:
    turns = Turns(SECONDS)
    with turns.one():
        first = waiting(turns)
        with giving_way():
            assert first.wait(SECONDS)
        second = waiting(turns)
        assert not second.wait(0.05)
    assert second.wait(SECONDS)


def test_who_has_no_turn_gives_none_away(waiting: Waits) -> None:
    turns = Turns(SECONDS)

    def give_way() -> None:
        with giving_way():
            pass

    with turns.one():
        had = waiting(turns)
        elsewhere = threading.Thread(target=give_way, daemon=True)
        elsewhere.start()
        elsewhere.join(SECONDS)
        assert not had.wait(0.05)
        assert not elsewhere.is_alive()
    assert had.wait(SECONDS)


def test_who_has_given_way_does_not_give_away_the_turn_of_another(waiting: Waits) -> None:
    turns, taken, gone = Turns(SECONDS), threading.Event(), threading.Event()

    def take() -> None:
        with turns.one():
            taken.set()
            gone.wait(SECONDS)

    with turns.one():
        threading.Thread(target=take, daemon=True).start()
        with giving_way():
            assert taken.wait(SECONDS)
            with giving_way():
                had = waiting(turns)
                assert not had.wait(0.05)
            gone.set()
    assert had.wait(SECONDS)


def test_an_error_leaves_the_turn_with_its_owner_and_then_to_others(waiting: Waits) -> None:
    turns, had = Turns(SECONDS), []

    def fail() -> None:
        with turns.one():
            with pytest.raises(KeyError), giving_way():
                raise KeyError
            had.append(waiting(turns))
            assert not had[0].wait(0.05)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert had[0].wait(SECONDS)
    with giving_way():  # which is no longer this thread's to give
        pass


def test_large_kernels_give_way(gives_way: Callable[[Callable[[], object]], bool]) -> None:
    picture = np.zeros((300, 300, 3), np.uint8)
    assert gives_way(lambda: kernels.gaussian_blur(picture, 3))
