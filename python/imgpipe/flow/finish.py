"""`finish`: what has to come to its end, whoever no longer waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Await it to its end, even if cancelled meanwhile. Raises CancelledError then."""
    task = asyncio.ensure_future(coroutine)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled:
        raise cancelled
