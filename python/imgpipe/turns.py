"""Turns: threads that hold the GIL for nearly all they do take turns at it.

One that waits for the GIL itself is woken at every system call of the one that has it, which has
taken it back before the other is there. One that waits for its turn is woken once: when the other
comes to what takes long and holds no GIL, as codecs' libraries and large kernels do. Whoever waits
for storage keeps its turn, so nobody waits for one long: it is a courtesy, not a lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 0.005  # seconds, in which some ten tiny pictures are done

_here = threading.local()


class _Holder:
    """A thread that takes turns, whether it has one or has lost patience."""

    def __init__(self, turn: threading.Lock, patience: float) -> None:
        self._turn = turn
        self._patience = patience
        self._has = False

    def take(self) -> None:
        self._has = self._turn.acquire(timeout=self._patience)

    def give(self) -> None:
        if self._has:
            self._turn.release()


class Turns:
    """Whose turn it is, of the threads that share this; waited for so many seconds."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._turn = threading.Lock()
        self._patience = patience

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn, and have it for as long as the block runs, which takes no other."""
        holder = _Holder(self._turn, self._patience)
        holder.take()
        _here.holder = holder
        try:
            yield
        finally:
            _here.holder = None
            holder.give()


@contextmanager
def giving_way() -> Iterator[None]:
    """Let others have this thread's turn, if it has one, for as long as the block runs."""
    holder: _Holder | None = getattr(_here, "holder", None)
    if holder is None:
        yield
        return
    _here.holder = None  # what is called meanwhile has none to give
    holder.give()
    try:
        yield
    finally:
        holder.take()
        _here.holder = holder
