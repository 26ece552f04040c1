"""`AtomicHistogram`: how values are spread, in buckets that any threads count into at once."""

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Self

from imgpipe._atomics import Histogram
from imgpipe.errors import ConfigError

LARGEST = 2**64 - 1


@dataclass(frozen=True, slots=True)
class HistogramSnapshot:
    """The counts of an AtomicHistogram at one time.

    `buckets` go with `boundaries`: values up to and with the boundary, above the one before; the
    last bucket has all the rest, of which `above` are larger than its boundary. `sum` is that of
    all values, modulo 2**64.
    """

    buckets: tuple[int, ...]
    boundaries: tuple[int, ...]
    sum: int = 0
    above: int = 0

    def total(self) -> int:
        """How many values there are."""
        return sum(self.buckets)

    def cumulative(self) -> list[int]:
        """How many values are not above each boundary, as Prometheus counts."""
        counts = list(accumulate(self.buckets))
        return [*counts[:-1], counts[-1] - self.above]

    def mean(self) -> float:
        """Sum ÷ count, exact while the sum is below 2**64; 0.0 where there are no values."""
        total = self.total()
        return self.sum / total if total else 0.0

    def percentile(self, p: float) -> int:
        """The boundary below the bucket that holds the value of rank ⌈p · total⌉, p from 0 to 1.

        In the first bucket its own boundary, 0 where there are no values. Raises ValueError for
        another p.

        >>> HistogramSnapshot((50, 30, 20), (10, 50, 100)).percentile(0.9)
        50
        """
        _check_share(p, "p")
        rank = max(1, math.ceil(self.total() * p))
        for index, count in enumerate(accumulate(self.buckets)):
            if count >= rank:
                return self.boundaries[max(0, index - 1)]
        return 0

    def quantile(self, q: float) -> float:
        """The value below which a share `q` of all lies, were they even within each bucket.

        As Prometheus' histogram_quantile: the last boundary for what is above it, NaN where there
        are no values. Raises ValueError unless q is from 0 to 1.

        >>> HistogramSnapshot((50, 30, 20), (10, 50, 100)).quantile(0.9)
        75.0
        """
        _check_share(q, "q")
        if not self.total():
            return math.nan
        rank = q * self.total()
        below = lower = 0
        for upper, upto in zip(self.boundaries, self.cumulative(), strict=True):
            if upto > below and upto >= rank:
                return lower + (upper - lower) * ((rank - below) / (upto - below))
            below, lower = upto, upper
        return float(self.boundaries[-1])


class AtomicHistogram(Histogram):
    """How values are spread: each adds 1 to the first bucket whose boundary is not below it.

    Values and boundaries are whole numbers from 0 to 2**64 - 1, in whatever unit the caller has:
    nanoseconds, bytes. The last bucket takes what is above the last boundary too. Any threads
    record at once, without a lock; counts and the sum go on from 0 at 2**64.

    Raises ConfigError where boundaries are none, or do not ascend.

    >>> histogram = AtomicHistogram([10, 50, 100])
    >>> for value in (5, 50, 51, 1000):
    ...     histogram.record(value)
    >>> histogram.snapshot()
    HistogramSnapshot(buckets=(1, 1, 2), boundaries=(10, 50, 100), sum=1106, above=1)
    """

    __slots__ = ()

    def __new__(cls, boundaries: Iterable[int]) -> Self:
        return super().__new__(cls, checked_boundaries(boundaries))

    def snapshot(self) -> HistogramSnapshot:
        """All counts, acquired. The sum, read last, lacks none of them."""
        (*buckets, last), above, total = self.read()
        return HistogramSnapshot((*buckets, last + above), self.boundaries, total, above)


def checked_boundaries(boundaries: Iterable[int]) -> Sequence[int]:
    """Boundaries as ints. Raises ConfigError where they are none, or do not ascend."""
    given = tuple(boundaries)
    try:
        whole = [operator.index(boundary) for boundary in given]
    except TypeError:
        whole = []
    ascend = all(one < next for one, next in pairwise(whole))
    if not whole or not ascend or whole[0] < 0 or whole[-1] > LARGEST:
        raise ConfigError(
            f"Expected boundaries to be whole numbers from 0 to {LARGEST}, at least one, "
            f"in ascending order, got {given}"
        )
    return whole


def _check_share(share: float, name: str) -> None:
    if not 0 <= share <= 1:  # True for NaN
        raise ValueError(f"Expected {name} from 0 to 1, got {share}")
