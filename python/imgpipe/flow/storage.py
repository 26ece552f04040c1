"""Storage as the lanes see it: tried again when it fails, left alone when it keeps failing."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from imgpipe.errors import CircuitOpen, ImageError
from imgpipe.recovery import CircuitBreaker, is_storage_fault

T = TypeVar("T")

_OPENINGS = 3  # in a row, after which storage is taken for gone


class Storage:
    """Calls steps that read or write, each in up to `attempts` tries in all.

    Only faults of storage are tried again, and only they count for `breaker`. Once `stopped` is
    set nothing is waited for any more.
    """

    def __init__(
        self, attempts: int, breaker: CircuitBreaker | None, stopped: threading.Event
    ) -> None:
        self._breaker = breaker
        self._reason = ""
        self._attempts = attempts
        self._stopped = stopped

    def attempt(self, step: Callable[[], T]) -> T:
        """What `step` gives. That this works does not say that an output will get its name."""
        try:
            return self._try(step)
        except ImageError as error:
            if self._breaker and is_storage_fault(error):
                self._reason = str(error)
                self._breaker.record_failure()
            raise

    def _try(self, step: Callable[[], T]) -> T:
        """The first try by itself: tenacity takes longer than a small picture, and to be loaded."""
        try:
            return step()
        except ImageError as error:
            if not is_storage_fault(error):
                raise
            failed = [error]

        def again() -> T:
            if failed:
                raise failed.pop()
            return step()

        from imgpipe.flow.backoff import tries

        return tries(self._attempts, self._stopped)(again)

    def conclude(self, step: Callable[[], T]) -> T:
        """What `step` gives, the last of a picture; storage works, then, from end to end."""
        result = self.attempt(step)
        if self._breaker:
            self._breaker.record_success()
        return result

    async def ready(self) -> None:
        """Return once another picture may be tried. Raises CircuitOpen where it is of no use."""
        breaker = self._breaker
        while breaker and breaker.is_open():
            if breaker.openings > _OPENINGS:
                raise CircuitOpen(
                    f"Expected storage that works, but it has failed {breaker.failures} times in a "
                    f"row, the last time so: {self._reason}; run again once it does"
                )
            await asyncio.sleep(min(1.0, breaker.reset_after / 10))
