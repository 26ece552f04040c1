"""`ProgressMetrics`: how far a batch is, counted by whoever works on it."""

from imgpipe._atomics import AtomicCounter


class ProgressMetrics:
    """Counts over a batch of `total`, by any threads at once, without a lock.

    `total`, `completed`, `failed` and `bytes_processed` are AtomicCounters. Raises ValueError or
    TypeError for a number that is no whole one from 0 to 2**64 - 1.

    >>> metrics = ProgressMetrics(10)
    >>> for size in (1_000_000, 250_000, 250_000):
    ...     metrics.record_success(size)
    >>> metrics.record_failure()
    >>> metrics.report()
    'Completed: 3/10, Failed: 1, Processed: 1.50 MB'
    """

    __slots__ = ("bytes_processed", "completed", "failed", "total")

    def __init__(self, total: int) -> None:
        self.total = AtomicCounter()
        self.completed = AtomicCounter()
        self.failed = AtomicCounter()
        self.bytes_processed = AtomicCounter()
        self.total.add(total)

    def record_success(self, bytes: int) -> None:
        """One more is done, of so many bytes."""
        self.bytes_processed.add(bytes)
        self.completed.increment()

    def record_failure(self) -> None:
        """One more has failed."""
        self.failed.increment()

    def report(self) -> str:
        """One line; a MB is a million bytes."""
        return (
            f"Completed: {self.completed.get()}/{self.total.get()}, Failed: {self.failed.get()}, "
            f"Processed: {self.bytes_processed.get() / 1e6:.2f} MB"
        )
