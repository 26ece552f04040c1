"""Turns: threads that hold the GIL for nearly all they do take turns at it.

One that waits for the GIL itself is woken at every system call of the one that has it, which has
taken it back before the other is there. One that waits for its turn is woken once: when the other
comes to what takes long and holds no GIL, as codecs and large kernels do.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


class Turns:
    """Whose turn it is, of the threads that share this."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn, and have it for as long as the block runs."""
        with self._turn:
            _here.turn = self._turn
            try:
                yield
            finally:
                _here.turn = None


@contextmanager
def giving_way() -> Iterator[None]:
    """Let others have this thread's turn, if it has one, for as long as the block runs."""
    turn: threading.Lock | None = getattr(_here, "turn", None)
    if turn is None:
        yield
        return
    _here.turn = None  # what is called meanwhile has none to give
    turn.release()
    try:
        yield
    finally:
        turn.acquire()
        _here.turn = turn
