"""What every kernel takes and gives: arrays of (H, W) or (H, W, C), with C from 1 to 4."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgpipe.cores import kernel_threads
from imgpipe.turns import giving_way

Array = NDArray[Any]

UINT8, UINT16, FLOAT32 = np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32)
WHITE = {UINT8: 255.0, UINT16: 65535.0, FLOAT32: 1.0}
FEW_SAMPLES = 1 << 16  # one thread is done with them before a second has begun


def planes(array: ArrayLike) -> Array:
    """`array` as (H, W, C), ready for the core: copied only where it is not.

    Pixels of a row are adjacent; samples are aligned and in the machine's byte order. Raises
    TypeError for another dtype than uint8, uint16 and float32, ValueError for another shape.
    """
    array = np.asarray(array)
    if array.dtype not in WHITE:
        native = array.dtype.newbyteorder("=")
        if native not in WHITE:
            raise TypeError(f"Expected an array of uint8, uint16 or float32, got {array.dtype}")
        array = array.astype(native)
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise ValueError(f"Expected shape (H, W) or (H, W, 1 to 4), got {array.shape}")
    if not array.size:
        raise ValueError(f"Expected at least one pixel, got shape {array.shape}")
    return array if _is_ready(array) else array.copy()


def output(
    out: Any, like: ArrayLike, source: Array, shape: tuple[int, int, int] | None = None
) -> tuple[Array, Array]:
    """Where a result goes: what the caller gets, and the same memory as (H, W, C).

    It has the dtype of `source`, which is `like` as planes, and its shape unless another is given;
    two dimensions where `like` or `out` has two. Raises ValueError or TypeError for an `out` that
    the result does not fit or that overlaps the input.
    """
    if shape is None:
        shape = source.shape
    if out is None:
        target = np.empty(shape, source.dtype)
        return (target[:, :, 0] if np.ndim(like) == 2 else target), target
    if not isinstance(out, np.ndarray) or out.dtype != source.dtype:
        raise TypeError(f"Expected out= to be an array of {source.dtype}, got {_describe(out)}")
    target = out[:, :, np.newaxis] if out.ndim == 2 else out
    fits = target.shape == shape and _is_ready(target) and _has_own_rows(target)
    if not fits or not out.flags.writeable:
        raise ValueError(
            f"Expected out= to be writable and aligned, of shape {shape}, with adjacent pixels and "
            f"rows that do not overlap, got {_describe(out)}"
        )
    if overlap(out, np.asarray(like)):
        raise ValueError("Expected out= to share no memory with the input")
    return out, target


def apply(
    kernel: Callable[..., None],
    array: ArrayLike,
    source: Array,
    plan: tuple[Any, ...],
    out: Any,
    threads: int | None,
    shape: tuple[int, int, int] | None = None,
) -> Array:
    """What a function of the core makes of `array`, whose planes are `source`.

    Of the dtype of `source`, and of its shape unless another is given; for `out` see `output`.
    """
    result, target = output(out, array, source, shape)
    call(kernel, source, target, plan, threads)
    return result


def call(
    kernel: Callable[..., None],
    source: Array,
    target: Array,
    plan: tuple[Any, ...],
    threads: int | None,
) -> None:
    """Call a function of the core with the threads it may use."""
    samples = source.size + target.size
    if threads is None and samples < FEW_SAMPLES:
        kernel(source, target, *plan, 1)
        return
    with giving_way(), kernel_threads(threads, samples) as n:
        kernel(source, target, *plan, n)


def copy(source: Array, target: Array, threads: int) -> None:
    """What `call` calls where there is nothing to change; one thread is as fast as more."""
    np.copyto(target, source)


def overlap(a: Array, b: Array) -> bool:
    """Whether two arrays have bytes in common, or look too much like it to find out."""
    try:
        return np.shares_memory(a, b, max_work=1000)  # type: ignore[arg-type]  # its stub knows fewer
    except np.exceptions.TooHardError:
        return True


def _is_ready(array: Array) -> bool:
    """Whether samples are aligned and follow each other; the strides of sides of 1 mean nothing."""
    flags = array.flags
    if not flags.aligned:
        return False
    if flags.c_contiguous:
        return True
    _, width, channels = array.shape
    sample = array.itemsize
    return (channels == 1 or array.strides[2] == sample) and (
        width == 1 or array.strides[1] == channels * sample
    )


def _has_own_rows(array: Array) -> bool:
    height, width, channels = array.shape
    row: int = width * channels * array.itemsize
    return height == 1 or abs(array.strides[0]) >= row


def _describe(out: Any) -> str:
    if not isinstance(out, np.ndarray):
        return type(out).__name__
    kind = "" if out.flags.writeable else "read-only "
    kind += "" if out.flags.aligned else "misaligned "
    return f"a {kind}{out.dtype} array of shape {out.shape} and strides {out.strides}"
