"""Memory orderings: what else a thread gets to see with a number that another one has changed."""

import time
from enum import IntEnum

from imgpipe import _atomics
from imgpipe.errors import ConfigError


class Ordering(IntEnum):
    """C11's memory orders, weakest first. A number itself is exact with each of them.

    `RELAXED` promises nothing about other numbers. Who reads with `ACQUIRE` what was written with
    `RELEASE` sees all that was written before; `ACQ_REL` is both. With `SEQ_CST` all threads agree
    on one order of everything.
    """

    RELAXED = _atomics.RELAXED
    ACQUIRE = _atomics.ACQUIRE
    RELEASE = _atomics.RELEASE
    ACQ_REL = _atomics.ACQ_REL
    SEQ_CST = _atomics.SEQ_CST


ORDERING_GUIDELINES = (
    "RELAXED for counters that say nothing about each other. RELEASE for a counter that is read "
    "together with others, and ACQUIRE for snapshots and exports that read them. SEQ_CST for flags "
    "that control others, such as one that asks threads to stop."
)


def compare_orderings(iterations: int = 1_000_000) -> dict[Ordering, float]:
    """Nanoseconds that adding 1 takes with each ordering, from C, without the GIL, one thread.

    x86 has one instruction for all of them, ARM has not. Raises ConfigError for less than 1.
    """
    if type(iterations) is not int or not 1 <= iterations < 2**64:
        raise ConfigError(f"Expected iterations of at least 1, got {iterations!r}")
    taken = {}
    for ordering in Ordering:
        start = time.perf_counter_ns()
        _atomics.count_up(_atomics.AtomicCounter(), iterations, ordering)
        taken[ordering] = (time.perf_counter_ns() - start) / iterations
    return taken
