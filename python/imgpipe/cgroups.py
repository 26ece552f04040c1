"""What the control groups of Linux leave this process."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def own_cgroup(controller: str) -> "Iterator[Path]":
    """The folders of this process's control group and its parents, version 2 and version 1."""
    from pathlib import Path  # which takes its time to load, and numpy does without

    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = Path("/sys/fs/cgroup", controllers and controller)
        here = root / path.lstrip("/")
        while here != root:
            yield here
            here = here.parent
        yield root


def memory_allowed() -> int:
    """Bytes of memory this process may use: the machine's, or less where a control group says so.

    Linux control groups are read; elsewhere the machine's memory is the answer.
    """
    allowed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for group in own_cgroup("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            try:
                allowed = min(allowed, int((group / name).read_text()))
            except (OSError, ValueError):  # not there, or "max"
                continue
    return allowed
