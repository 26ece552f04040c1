"""`finish`: what has to come to its end, whoever no longer waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def finish(coroutine: Coroutine[Any, Any, object]) -> None:
    """Await it to its end. Raises what it raises, else CancelledError if cancelled meanwhile."""
    task, cancelled = asyncio.ensure_future(coroutine), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
