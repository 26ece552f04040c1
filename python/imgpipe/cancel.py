"""`CancellationToken`: a wish to stop, from wherever it comes."""

from collections.abc import Callable


class CancellationToken:
    """Asks a run to stop. Safe from any thread and from a signal handler; for one run or many."""

    def __init__(self) -> None:
        self._cancelled = False
        self._listeners: tuple[Callable[[], object], ...] = ()

    def cancel(self) -> None:
        """Ask; again does nothing more."""
        self._cancelled = True  # no lock is taken, as a signal may come while one is held
        for listener in self._listeners:
            listener()

    def is_cancelled(self) -> bool:
        """Whether somebody has asked."""
        return self._cancelled

    def on_cancel(self, listener: Callable[[], object]) -> None:
        """Call `listener`, which must be safe where `cancel` is called, once somebody asks."""
        self._listeners = (*self._listeners, listener)
        if self._cancelled:
            listener()

    def forget(self, listener: Callable[[], object]) -> None:
        """Call `listener` no more."""
        self._listeners = tuple(known for known in self._listeners if known is not listener)
