"""The one budget of cores: how many there are, and how many of them a kernel call may take.

Only one call in the process runs wide at a time. OpenMP keeps a pool of threads for every thread
that calls it, so wide calls from many threads would oversubscribe the machine; and a child of a
fork inherits the pool's state without its threads, so there every call stays on one.
"""

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from numbers import Integral

from imgpipe.cgroups import own_cgroup

MAX_THREADS = 256
_WORTH_WAKING = 6_000_000  # samples, of a picture of two megapixels


@cache
def available() -> int:
    """Cores this process may use: its affinity, or less where a control group's quota says so."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min([cores or 1, *_quotas()]))


def _quotas() -> Iterator[int]:
    for group in own_cgroup("cpu"):
        try:
            if (group / "cpu.max").exists():
                quota, period = (group / "cpu.max").read_text().split()
            else:
                quota = (group / "cpu.cfs_quota_us").read_text()
                period = (group / "cpu.cfs_period_us").read_text()
            if int(quota) > 0:
                yield math.ceil(int(quota) / int(period))
        except (OSError, ValueError):  # not there, or "max"
            continue


class _Budget:
    """Pictures being worked on, and whether a wide call is running."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wide = threading.Lock()
        self.pictures = 0
        self.forked = False


_budget = _Budget()


def _after_fork() -> None:
    global _budget  # the old locks may be held by threads that the child does not have
    _budget = _Budget()
    _budget.forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def working() -> Iterator[None]:
    """Count one more picture in work for as long as the block runs."""
    with _budget.lock:
        _budget.pictures += 1
    try:
        yield
    finally:
        with _budget.lock:
            _budget.pictures -= 1


def share() -> int:
    """The cores that each picture in work has."""
    return max(1, available() // max(1, _budget.pictures))


@contextmanager
def kernel_threads(wanted: int | None, samples: int) -> Iterator[int]:
    """Threads a kernel call may use: `wanted`, or for None the cores each picture in work has.

    Gives 1 while another call runs wide, and in a forked child. In a run, where the next picture
    comes soon, so many `samples` must be worth it: waking a thread up may take milliseconds.
    """
    budget = _budget
    if wanted is None and budget.pictures and samples < _WORTH_WAKING:
        yield 1
        return
    if wanted is not None and not (isinstance(wanted, Integral) and wanted >= 1):
        raise ValueError(f"Expected threads to be a whole number of at least 1, got {wanted}")
    most = min(wanted or share(), MAX_THREADS)
    if most <= 1 or budget.forked or not budget.wide.acquire(blocking=False):
        yield 1
        return
    try:
        yield most
    finally:
        budget.wide.release()
