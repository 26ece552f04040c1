"""A bounded channel between lanes, ended by its last sender."""

import asyncio
import math
from collections.abc import Callable
from typing import Generic, TypeVar

from imgpipe.metrics import AtomicGauge

T = TypeVar("T")


class _End:
    """What the last sender leaves behind."""


class Channel(Generic[T]):
    """Holds up to `size` items from `senders` senders; receivers iterate until all have closed.

    A sender waits while the channel is full, which is how a slow lane holds back a fast one.
    Closing never waits. Once no more can come, what has the most `weight` goes first, so that no
    receiver has much left when the others are done. `gauge` follows the number of items.
    """

    def __init__(
        self,
        size: int,
        senders: int = 1,
        gauge: AtomicGauge | None = None,
        weight: Callable[[T], int] = lambda _: 0,
    ) -> None:
        self._room = asyncio.Semaphore(size)
        self._items: asyncio.Queue[T | _End] = asyncio.Queue()
        self._senders = senders
        self._weight = weight
        self._gauge = gauge or AtomicGauge()
        self.waiting = 0
        """Items in it now."""
        self.peak = 0
        """Most items that were in it at a time."""

    async def send(self, item: T) -> None:
        """Put `item` in, once there is room."""
        await self._room.acquire()
        self.waiting += 1
        self._gauge.increment()
        self.peak = max(self.peak, self.waiting)
        self._items.put_nowait(item)

    def close(self) -> None:
        """Say that one sender has no more."""
        self._senders -= 1
        if self._senders == 0:
            self._put_heaviest_first()
            self._items.put_nowait(_End())

    def _put_heaviest_first(self) -> None:
        taken = (self._items.get_nowait() for _ in range(self._items.qsize()))
        left = [item for item in taken if not isinstance(item, _End)]  # there is none yet
        for item in sorted(left, key=self._weight, reverse=True):
            self._items.put_nowait(item)

    def __aiter__(self) -> "Channel[T]":
        return self

    async def __anext__(self) -> T:
        return self._take(await self._items.get())

    def abandon(self) -> None:
        """Let the gauge forget what nobody will take any more."""
        self._gauge.add(-self.waiting)
        self.waiting = 0

    def gather(self, most: float = math.inf) -> list[T]:
        """All that waits here now, or so many, without waiting for more."""
        gathered: list[T] = []
        try:
            while len(gathered) < most and not self._items.empty():
                gathered.append(self._take(self._items.get_nowait()))
        except StopAsyncIteration:
            pass
        return gathered

    def _take(self, item: T | _End) -> T:
        if isinstance(item, _End):
            self._items.put_nowait(item)  # for the other receivers
            raise StopAsyncIteration
        self._room.release()
        self.waiting -= 1
        self._gauge.decrement()
        return item
