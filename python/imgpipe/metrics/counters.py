"""`MetricsCollector`: requests, errors, bytes and connections, counted together."""

from dataclasses import dataclass

from imgpipe._atomics import Collector


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """The counts of a MetricsCollector at one time."""

    requests: int
    errors: int
    bytes_sent: int
    active_connections: int

    def error_rate(self) -> float:
        """Errors for each request; 0.0 where there were none.

        >>> MetricsSnapshot(requests=8, errors=2, bytes_sent=0, active_connections=0).error_rate()
        0.25
        """
        return self.errors / self.requests if self.requests else 0.0


class MetricsCollector(Collector):
    """What a server counts, by any threads at once, without a lock.

    Where every request is recorded before its bytes and errors, no snapshot has bytes or errors of
    a request that it does not have. Counts are 64 bits wide and go on from 0; connections are
    signed, and below 0 where more were closed than opened.

    >>> metrics = MetricsCollector()
    >>> metrics.record_request()
    >>> metrics.record_bytes(1024)
    >>> metrics.snapshot()
    MetricsSnapshot(requests=1, errors=0, bytes_sent=1024, active_connections=0)
    """

    __slots__ = ()

    def snapshot(self) -> MetricsSnapshot:
        """All counts, acquired: bytes and errors first, requests last."""
        return MetricsSnapshot(*self.read())
