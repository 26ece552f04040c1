"""A kernel and a peer that does the same: compared first, then timed in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Call = Callable[[], Any]  # gives something that numpy takes for an array

ENOUGH = 15  # rounds, where a ratio is asked for
FEW = 5
MOST = 101
SECONDS = 1.5  # of a row whose rounds are quick
WARMUP = 3


class Missing(Exception):
    """A peer is not installed, or a kernel is not there."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Two calls whose results differ by `largest` at most and by `mean` on average.

    `margin` is how many pixels along the edges are left out, where borders cannot be made the same.
    Quick calls are made `times` over in each round.
    """

    ours: Call
    theirs: Call
    largest: float = 1
    mean: float = 0.5
    margin: int = 0
    times: int = 1

    def check(self) -> None:
        a, b = (self._inner(np.asarray(call())) for call in (self.ours, self.theirs))
        assert a.shape == b.shape, f"Expected one shape, got {a.shape} and {b.shape}"
        difference = np.abs(a.astype(np.float64) - b)
        largest, mean = difference.max(), difference.mean()
        assert largest <= self.largest, f"Expected at most {self.largest} apart, got {largest:.3g}"
        assert mean <= self.mean, f"Expected at most {self.mean} apart on average, got {mean:.3g}"

    def _inner(self, array: Array) -> Array:
        grey = array.reshape(*array.shape[:2], -1)
        height, width, margin = *grey.shape[:2], self.margin
        return grey[margin : height - margin, margin : width - margin]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `contest` raises Missing where it cannot be held.

    `wanted` is how many times as fast as the peer the kernel should be, `limit` the microseconds a
    call may take.
    """

    kernel: str
    picture: str
    peer: str
    contest: Callable[[], Contest]
    wanted: float | None = None
    limit: float | None = None

    @property
    def name(self) -> str:
        """All of it in ASCII, as pytest would have it."""
        named = f"{self.kernel}, {self.picture}, {self.peer}"
        return named.replace("×", "x").replace("σ", "sigma").replace("°", "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds a call took, round by round; or why there are none."""

    row: Row
    ours: Array | None = None
    theirs: Array | None = None
    skipped: str = ""

    @property
    def ratio(self) -> float:
        assert self.ours is not None
        assert self.theirs is not None
        return float(np.median(self.theirs) / np.median(self.ours))

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles of the ratios of the rounds."""
        low, high = np.percentile(self.theirs / self.ours, [25, 75])
        return float(low), float(high)

    @property
    def met(self) -> bool | None:
        """Whether what was wanted was reached; None where nothing was, or nothing was timed."""
        if self.ours is None:
            return None
        if self.row.limit is not None:
            return bool(np.median(self.ours) * 1e6 <= self.row.limit)
        return None if self.row.wanted is None else self.ratio >= self.row.wanted


def seconds(call: Call, times: int = 1) -> float:
    """What one of `times` calls takes."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def how_many(row: Row, contest: Contest) -> int:
    """Rounds that fit the time a row has, but enough to trust their median."""
    one = sum(seconds(call, contest.times) for call in (contest.ours, contest.theirs))
    least = FEW if row.wanted is None and row.limit is None else ENOUGH
    return max(least, min(MOST, int(SECONDS / (one * contest.times))))


def hold(row: Row, contest: Contest, benchmark: Any) -> Outcome:
    """Compare, warm up, and time the two in turn: theirs before each round of ours."""
    contest.check()
    rounds = how_many(row, contest)
    theirs: list[float] = []

    def ours() -> None:
        for _ in range(contest.times):
            contest.ours()

    benchmark.pedantic(
        ours,
        setup=lambda: theirs.append(seconds(contest.theirs, contest.times)),
        rounds=rounds,
        warmup_rounds=WARMUP,
    )
    taken = np.array(benchmark.stats.stats.data) / contest.times
    outcome = Outcome(row, taken, np.array(theirs[-rounds:]))
    benchmark.extra_info |= {"peer": row.peer, "ratio": outcome.ratio, "wanted": row.wanted}
    return outcome
