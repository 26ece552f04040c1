"""The C library's heap, for a process that does nothing but make pictures."""

import ctypes

# mallopt(3), malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT = 512 * 2**20


def keep_freed_memory() -> bool:
    """Let one picture have the memory of the last one; False where the C library cannot be told.

    Else each large block is asked of the system anew, which clears it page by page, and each thread
    has a heap of its own. Up to 512 MiB stay with the process. It is for programs of our own: in
    others the heap is not ours to set.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False  # no such function, or no such library
    options = (_TRIM_THRESHOLD, _KEPT), (_MMAP_THRESHOLD, _KEPT), (_ARENA_MAX, 1)
    return all(mallopt(option, value) for option, value in options)
