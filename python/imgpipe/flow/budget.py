"""Memory and cores that pictures in flight may take: reserved first in, first out."""

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from functools import cache

from imgpipe.cgroups import memory_allowed
from imgpipe.cores import available
from imgpipe.metrics import AtomicGauge


@dataclass(eq=False, slots=True)
class _Waiter:
    """Somebody who waits, on an event loop of their own."""

    amount: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    granted: asyncio.Event = field(default_factory=asyncio.Event)


class Budget:
    """Up to `limit` bytes, or cores, at a time, for any number of event loops.

    Whoever asks for more than that waits until nobody else has any, and then goes alone. Nobody
    overtakes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        """Reserved now."""
        self.peak = 0
        """The most that was reserved at a time."""
        self._waiting: deque[_Waiter] = deque()
        self._lock = threading.Lock()

    async def reserve(self, amount: int) -> None:
        """Return once `amount` is set aside."""
        if self.try_reserve(amount):
            return
        waiter = _Waiter(amount)
        with self._lock:
            self._waiting.append(waiter)
            self._admit()
        try:
            await waiter.granted.wait()
        except asyncio.CancelledError:
            with self._lock:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
                else:
                    self.used -= amount
                self._admit()
            raise

    def try_reserve(self, amount: int) -> bool:
        """Set `amount` aside at once, or not at all; from any thread."""
        with self._lock:
            if self._waiting or not self._fits(amount):
                return False
            self._take(amount)
            return True

    def release(self, amount: int) -> None:
        """Give back `amount`; from any thread."""
        with self._lock:
            self.used -= amount
            self._admit()

    def _fits(self, amount: int) -> bool:
        return not self.used or self.used + amount <= self.limit

    def _take(self, amount: int) -> None:
        self.used += amount
        self.peak = max(self.peak, self.used)

    def _admit(self) -> None:
        while self._waiting and self._fits(self._waiting[0].amount):
            waiter = self._waiting.popleft()
            self._take(waiter.amount)
            waiter.loop.call_soon_threadsafe(waiter.granted.set)


@cache
def process_budget() -> Budget:
    """What all runs without a limit of their own share: half of what this process may use."""
    return Budget(memory_allowed() // 2)


@cache
def process_cores() -> Budget:
    """The parcels that all runs without a number of workers of their own have in work at a time.

    One more than cores: it is at hand when a thread is done, which then need not wait for the loop.
    """
    return Budget(available() + 1)


class Account:
    """What one run holds of a budget, so that it can leave nothing behind; `gauge` follows it.

    Safe from any thread, but for `reserve`.
    """

    def __init__(self, budget: Budget, gauge: AtomicGauge | None = None) -> None:
        self.budget = budget
        self._held = AtomicGauge()
        self._gauge = gauge or AtomicGauge()

    @property
    def held(self) -> int:
        """What the run holds now."""
        return self._held.get()

    async def reserve(self, amount: int) -> None:
        """Return once `amount` is set aside."""
        await self.budget.reserve(amount)
        self._hold(amount)

    def try_reserve(self, amount: int) -> bool:
        """Set `amount` aside at once, or not at all."""
        reserved = self.budget.try_reserve(amount)
        if reserved:
            self._hold(amount)
        return reserved

    def release(self, amount: int) -> None:
        """Give back `amount`."""
        self._hold(-amount)
        self.budget.release(amount)

    def _hold(self, amount: int) -> None:
        self._held.add(amount)
        self._gauge.add(amount)

    def close(self) -> None:
        """Give back everything."""
        self.release(self.held)
