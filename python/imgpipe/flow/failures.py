"""How many pictures have failed, and whether that is too many."""

from pathlib import Path

from imgpipe.errors import TooManyFailures
from imgpipe.recovery import ErrorLimit
from imgpipe.results import ProcessingResult


class Failures:
    """Counts pictures against a limit. The results of one picture come one after another."""

    def __init__(self, limit: ErrorLimit) -> None:
        self._limit = limit
        self._finished = self._failed = 0
        self._picture: Path | None = None
        self._last: ProcessingResult | None = None

    def count(self, result: ProcessingResult) -> None:
        """Take one more result."""
        path = result.original_path
        self._finished += path != self._picture
        self._picture = path
        if not result.success:
            self._failed += self._last is None or path != self._last.original_path
            self._last = result

    def check(self, *, final: bool = False) -> None:
        """Raise TooManyFailures, which names the last picture that failed."""
        if self._last and self._limit.is_exceeded(self._failed, self._finished, final=final):
            raise TooManyFailures(
                f"Stopped as {self._failed} of {self._finished} pictures failed; the last one was "
                f"{self._last.original_path}: {self._last.error}"
            )
