"""Awaitables run to their end by tests that are no coroutines."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    """What it gives; raises TimeoutError after a minute."""
    return asyncio.run(asyncio.wait_for(awaitable, 60))
