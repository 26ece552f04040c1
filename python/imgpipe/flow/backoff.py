"""How storage is tried again: after longer and longer, and never in step with others."""

import threading

import tenacity

from imgpipe.recovery import is_storage_fault

BACKOFF = tenacity.wait_exponential(0.1, max=10) + tenacity.wait_random(0, 0.1)


def tries(attempts: int, stopped: threading.Event) -> tenacity.Retrying:
    """So many tries in all of what fails by a fault of storage; the last one once `stopped`."""
    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(attempts) | tenacity.stop_when_event_set(stopped),
        wait=BACKOFF,
        sleep=tenacity.sleep_using_event(stopped),
        retry=tenacity.retry_if_exception(is_storage_fault),
        reraise=True,
    )
