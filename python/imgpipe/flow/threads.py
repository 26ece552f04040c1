"""`Threads`: those of a run, by lane."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

T = TypeVar("T")

Lane = Literal["plan", "load", "work", "save", "log"]

LOAD_THREADS = 2
SAVE_THREADS = 4


class Threads:
    """A few threads for each lane, one alone for planning, and one that talks to the log."""

    def __init__(self, workers: int) -> None:
        counts: dict[Lane, int] = {
            "plan": 1,
            "load": LOAD_THREADS,
            "work": workers,
            "save": SAVE_THREADS,
            "log": 1,
        }
        self._pools = {
            lane: ThreadPoolExecutor(count, f"imgpipe-{lane}") for lane, count in counts.items()
        }

    async def hop(self, lane: Lane, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a thread of a lane."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pools[lane], function, *arguments)

    def settle(self) -> None:
        """Wait for what the threads have in hand, all but the log's; what waits is dropped."""
        for lane, pool in self._pools.items():
            if lane != "log":
                pool.shutdown(cancel_futures=True)

    def close(self, *, wait: bool = True) -> None:
        """End all of them."""
        for pool in self._pools.values():
            pool.shutdown(wait=wait, cancel_futures=True)
