"""What every kernel takes and gives: arrays of uint8, (H, W) or (H, W, C) with C from 1 to 4."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.uint8]


def planes(array: ArrayLike) -> Array:
    """`array` as (H, W, C) with adjacent pixels in each row, copied only where they are not.

    Raises TypeError for another dtype than uint8, ValueError for another shape.
    """
    array = np.asarray(array)
    if array.dtype != np.uint8:
        raise TypeError(f"Expected an array of uint8, got {array.dtype}")
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise ValueError(f"Expected shape (H, W) or (H, W, 1 to 4), got {array.shape}")
    if not array.size:
        raise ValueError(f"Expected at least one pixel, got shape {array.shape}")
    return array if _has_adjacent_pixels(array) else np.ascontiguousarray(array)


def output(out: Any, like: ArrayLike, shape: tuple[int, int, int]) -> tuple[Array, Array]:
    """Where a result of `shape` goes: what the caller gets, and the same memory as (H, W, C).

    The result has two dimensions where the input has, or where `out` has. Raises ValueError or
    TypeError for an `out` that the result does not fit or that overlaps the input.
    """
    if out is None:
        target = np.empty(shape, np.uint8)
        return (target[:, :, 0] if np.ndim(like) == 2 else target), target
    if not isinstance(out, np.ndarray) or out.dtype != np.uint8:
        raise TypeError(f"Expected out= to be an array of uint8, got {_describe(out)}")
    target = out[:, :, np.newaxis] if out.ndim == 2 else out
    if target.shape != shape or not _has_adjacent_pixels(target) or not out.flags.writeable:
        raise ValueError(
            f"Expected out= to be writable, of shape {shape}, with adjacent pixels, "
            f"got {_describe(out)}"
        )
    if np.may_share_memory(out, np.asarray(like)):
        raise ValueError("Expected out= to share no memory with the input")
    return out, target


def _has_adjacent_pixels(array: Array) -> bool:
    """Whether the samples of a row follow each other; the strides of sides of 1 mean nothing."""
    _, width, channels = array.shape
    return (channels == 1 or array.strides[2] == 1) and (width == 1 or array.strides[1] == channels)


def _describe(out: Any) -> str:
    if not isinstance(out, np.ndarray):
        return type(out).__name__
    kind = "" if out.flags.writeable else "read-only "
    return f"a {kind}{out.dtype} array of shape {out.shape} and strides {out.strides}"
