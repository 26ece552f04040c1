"""How many pictures have failed, and whether that is too many."""

from collections.abc import Iterable

from imgpipe.errors import TooManyFailures
from imgpipe.recovery import ErrorLimit
from imgpipe.results import ProcessingResult


class Failures:
    """Counts pictures against a limit."""

    def __init__(self, limit: ErrorLimit) -> None:
        self._limit = limit
        self._finished = 0
        self.failed = 0
        self._last: ProcessingResult | None = None

    def count(self, results: Iterable[ProcessingResult]) -> None:
        """Take one more picture, by the results of all its outputs; earlier failures are none."""
        self._finished += 1
        failures = [one for one in results if not one.success and not one.skipped]
        if failures:
            self.failed += 1
            self._last = failures[-1]

    def exceeded(self, *, final: bool = False) -> bool:
        """Whether that is too many."""
        return self._limit.is_exceeded(self.failed, self._finished, final=final)

    def check(self, *, final: bool = False) -> None:
        """Raise TooManyFailures where it is; that names the last picture that failed."""
        if self._last and self.exceeded(final=final):
            raise TooManyFailures(
                f"Stopped as {self.failed} of {self._finished} pictures failed; the last one was "
                f"{self._last.original_path}: {self._last.error}"
            )
