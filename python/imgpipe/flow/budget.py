"""Memory and cores that pictures in flight may take: reserved first in, first out."""

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from functools import cache

from imgpipe.cores import available
from imgpipe.limits import memory_allowed
from imgpipe.metrics import AtomicGauge


@dataclass(eq=False, slots=True)
class _Turn:
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
        self._waiting: deque[_Turn] = deque()
        self._lock = threading.Lock()

    async def reserve(self, amount: int) -> None:
        """Return once `amount` is set aside."""
        turn = _Turn(amount)
        with self._lock:
            self._waiting.append(turn)
            self._admit()
        try:
            await turn.granted.wait()
        except asyncio.CancelledError:
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                else:
                    self.used -= amount
                self._admit()
            raise

    def release(self, amount: int) -> None:
        """Give back `amount`."""
        with self._lock:
            self.used -= amount
            self._admit()

    def _admit(self) -> None:
        while self._waiting:
            amount = self._waiting[0].amount
            if self.used and self.used + amount > self.limit:
                return
            self.used += amount
            self.peak = max(self.peak, self.used)
            turn = self._waiting.popleft()
            turn.loop.call_soon_threadsafe(turn.granted.set)


@cache
def process_budget() -> Budget:
    """What all runs without a limit of their own share: half of what this process may use."""
    return Budget(memory_allowed() // 2)


@cache
def process_cores() -> Budget:
    """The pictures that all runs without a number of workers of their own work on at a time."""
    return Budget(available())


class Account:
    """What one run holds of a budget, so that it can leave nothing behind; `gauge` follows it."""

    def __init__(self, budget: Budget, gauge: AtomicGauge | None = None) -> None:
        self.budget = budget
        self.held = 0
        self._gauge = gauge or AtomicGauge()

    async def reserve(self, amount: int) -> None:
        """Return once `amount` is set aside."""
        await self.budget.reserve(amount)
        self.held += amount
        self._gauge.add(amount)

    def release(self, amount: int) -> None:
        """Give back `amount`."""
        self.held -= amount
        self._gauge.add(-amount)
        self.budget.release(amount)

    def close(self) -> None:
        """Give back everything."""
        self.release(self.held)
