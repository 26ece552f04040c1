"""`Threads`: those of a run, by lane, and the way from the event loop into one and back."""

import asyncio
import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from queue import SimpleQueue
from typing import Any, Literal, TypeVar

from imgpipe.turns import Turns

T = TypeVar("T")

Lane = Literal["plan", "small", "load", "work", "save", "log"]

LOAD_THREADS = 2
SAVE_THREADS = 4

# A write that keeps the GIL: at any other the loop wakes up, takes it, and the thread has to wait
# for it before its next picture.
_write = ctypes.PyDLL(None).write
_write.argtypes = ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t

_BYTES = 4096  # that are read at once

_Call = tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]


class Threads:
    """A few threads for each lane; one alone for planning and for the log each.

    What concurrent.futures does with two futures, a lock and a wake-up of the loop for every call
    takes as long as a small picture. Here results gather until the loop has come to them, which a
    byte in a pipe tells of.

    Small files are read, drawn and saved by two threads that take turns with each other and with
    the log's. Where each output is flushed (`flushes_each`), one reads and draws as many as the
    disk keeps up with, and nobody takes turns.
    """

    def __init__(self, workers: int, *, flushes_each: bool) -> None:
        self.counts: Mapping[Lane, int] = {
            "plan": 1,
            "small": 1 if flushes_each else min(2, workers),
            "load": LOAD_THREADS,
            "work": workers,
            "save": SAVE_THREADS,
            "log": 1,
        }
        """How many threads a lane has, at most."""
        self._loop = asyncio.get_running_loop()
        self._calls: dict[Lane, SimpleQueue[_Call | None]] = {
            lane: SimpleQueue() for lane in self.counts
        }
        self._started: dict[Lane, list[threading.Thread]] = {lane: [] for lane in self.counts}
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._told = False  # the loop, that there are results, or that all is over
        self._dropping = self._closed = False
        self._pipe = os.pipe()
        for end in self._pipe:
            os.set_blocking(end, False)
        self._waking = threading.Lock()
        self._turns = Turns()
        self._in_turn: tuple[Lane, ...] = () if flushes_each else ("small", "log")
        self._loop.add_reader(self._pipe[0], self._deliver)

    async def hop(self, lane: Lane, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a thread of a lane, which does not if this is cancelled before."""
        return await self.call(lane, function, *arguments)

    def call(self, lane: Lane, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Have a function called in a thread of a lane."""
        threads = self._started[lane]
        if len(threads) < self.counts[lane]:
            name = f"imgpipe-{lane}_{len(threads)}"
            threads.append(threading.Thread(target=self._work, args=(lane,), name=name))
            threads[-1].start()
        future: asyncio.Future[T] = self._loop.create_future()
        self._calls[lane].put((future, function, arguments))
        return future

    def _work(self, lane: Lane) -> None:
        calls = self._calls[lane]
        while call := calls.get():
            future, function, arguments = call
            result, error = None, None
            with self._turns.one() if lane in self._in_turn else nullcontext():
                if future.cancelled() or (self._dropping and lane != "log"):
                    continue
                try:
                    result = function(*arguments)
                except BaseException as raised:
                    error = raised
            self._done.append((future, result, error))
            del call, future, function, arguments, result, error  # for nothing to be kept alive
            self._wake()

    def _wake(self) -> None:
        with self._waking:
            if not self._told:
                self._told = True
                _write(self._pipe[1], b"\0", 1)

    def _deliver(self) -> None:
        with suppress(BlockingIOError):  # another call has had the byte
            os.read(self._pipe[0], _BYTES)
        self._told = False
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():  # somebody no longer waits for it
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def settle(self) -> None:
        """Wait for what the threads have in hand, all but the log's; what waits is dropped."""
        self._dropping = True
        for lane in self.counts:
            if lane != "log":
                self._end(lane, wait=True)

    def close(self, *, wait: bool = True) -> None:
        """End all of them, once they have done what they have in hand."""
        if self._closed:
            return
        self._closed = self._dropping = True
        for lane in self.counts:
            self._end(lane, wait=wait)
        self._loop.remove_reader(self._pipe[0])
        with self._waking:  # threads that are left have nothing to write to any more
            self._told = True
            for end in self._pipe:
                os.close(end)

    def _end(self, lane: Lane, *, wait: bool) -> None:
        for _ in self._started[lane]:
            self._calls[lane].put(None)
        for thread in self._started[lane] if wait else ():
            thread.join()
        self._started[lane].clear()
