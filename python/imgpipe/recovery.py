"""What a run does about failures: try again, go on, pause, or stop."""

import errno
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

from imgpipe.errors import ConfigError, LoadError, SaveError

# What a disk or a network may not do again; a file that is not there stays away.
_PASSING = {
    *(errno.EIO, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.ENETRESET, errno.EHOSTDOWN, errno.EHOSTUNREACH),
    *(errno.ECONNRESET, errno.ECONNABORTED, errno.ECONNREFUSED, errno.EMFILE, errno.ENFILE),
}
_ENOUGH = 100  # pictures, before a share of them says anything


def is_storage_fault(error: BaseException) -> bool:
    """Whether storage refused for now, which says nothing about the picture."""
    cause = error.__cause__ if isinstance(error, (LoadError, SaveError)) else error
    return isinstance(cause, OSError) and cause.errno in _PASSING


@dataclass(frozen=True)
class ErrorRecoveryStrategy:
    """What a picture that fails means to a run.

    `SKIP` goes on without it, `retry(attempts)` too, once storage has refused it so many times, and
    `FAIL` stops at the first one. A picture that is broken is never tried again.

    >>> ErrorRecoveryStrategy.parse("retry:5") == ErrorRecoveryStrategy.retry(5)
    True
    """

    attempts: int | None = None
    stops: bool = False

    SKIP: ClassVar["ErrorRecoveryStrategy"]
    FAIL: ClassVar["ErrorRecoveryStrategy"]

    @classmethod
    def retry(cls, attempts: int) -> Self:
        """Up to `attempts` tries in all. Raises ConfigError for fewer than one."""
        if type(attempts) is not int or attempts < 1:
            raise ConfigError(f"Expected attempts of at least 1, got {attempts!r}")
        return cls(attempts)

    @classmethod
    def parse(cls, text: str) -> "ErrorRecoveryStrategy":
        """`skip`, `fail` or `retry:3`. Raises ConfigError for anything else."""
        name, _, number = text.strip().lower().partition(":")
        if name == "retry" and number.isdecimal():
            return cls.retry(int(number))
        if name not in ("skip", "fail") or number:
            raise ConfigError(f"Expected skip, fail or retry:3, got {text!r}")
        return cls.FAIL if name == "fail" else cls.SKIP

    def spell(self) -> str:
        """How a recipe writes it; `parse` reads it back."""
        if self.stops:
            return "fail"
        return "skip" if self.attempts is None else f"retry:{self.attempts}"


ErrorRecoveryStrategy.SKIP = ErrorRecoveryStrategy()
ErrorRecoveryStrategy.FAIL = ErrorRecoveryStrategy(stops=True)


@dataclass(frozen=True, slots=True)
class ErrorLimit:
    """How many pictures may fail before a run stops: a `count`, or a `share` from 0 to 1."""

    count: int | None = None
    share: float | None = None

    @classmethod
    def of(cls, given: int | str | None) -> Self:
        """A number, or text such as "20" or "5%"; None for any number.

        Raises ConfigError for what is neither, or no share.
        """
        if given is None:
            return cls()
        text = given.strip() if isinstance(given, str) else given
        try:
            if isinstance(text, str) and text.endswith("%"):
                share = float(text[:-1]) / 100
                if 0 <= share <= 1:
                    return cls(share=share)
            elif type(text) in (int, str) and int(text) >= 0:
                return cls(int(text))
        except ValueError:
            pass
        raise ConfigError(
            f"Expected max_errors to be a number from 0 on, or from 0% to 100%, got {given!r}"
        )

    def is_exceeded(self, failed: int, finished: int, *, final: bool) -> bool:
        """Whether `failed` of `finished` pictures are too many.

        A share counts once there are 100, or when all are finished.
        """
        if self.count is not None:
            return failed > self.count
        if self.share is not None and (final or finished >= _ENOUGH):
            return failed > self.share * finished
        return False


class CircuitBreaker:
    """Holds work back from storage that fails again and again. Safe from any thread.

    It is closed at first, and opens after `max_failures` failures without a success between them.
    `reset_after` seconds later it is half-open: one caller may try. A success closes it, a failure
    opens it for as long again. After "Release It!" (M. Nygard, 2007).

    Raises ConfigError for less than one failure, or a time that is not above 0.

    >>> breaker = CircuitBreaker(1, 60)
    >>> breaker.record_failure()
    >>> breaker.is_open(), breaker.failures
    (True, 1)
    """

    def __init__(
        self,
        max_failures: int,
        reset_after: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if type(max_failures) is not int or max_failures < 1:
            raise ConfigError(f"Expected max_failures of at least 1, got {max_failures!r}")
        if not 0 < reset_after < float("inf"):
            raise ConfigError(f"Expected reset_after of more than 0 seconds, got {reset_after!r}")
        self.max_failures = max_failures
        self.reset_after = reset_after
        self.failures = 0
        """Since the last success."""
        self.openings = 0
        """How many times it has opened since the last success."""
        self._clock = clock
        self._half_open_at: float | None = None  # None while closed
        self._next_try = 0.0
        self._lock = threading.Lock()

    def is_open(self) -> bool:
        """Whether to hold back. Half-open, one caller is told False, who then may try.

        Where nothing comes of that, another one may after as long again.
        """
        with self._lock:
            if self._half_open_at is None:
                return False
            now = self._clock()
            if now < self._next_try:
                return True
            self._next_try = now + self.reset_after
            return False

    def record_failure(self) -> None:
        """Say that storage has failed."""
        with self._lock:
            self.failures += 1
            if self.failures >= self.max_failures:
                now = self._clock()
                if self._half_open_at is None or now >= self._half_open_at:
                    self.openings += 1  # not those that were under way when it opened
                self._half_open_at = self._next_try = now + self.reset_after

    def record_success(self) -> None:
        """Say that storage works."""
        with self._lock:
            self.failures = self.openings = 0
            self._half_open_at = None
