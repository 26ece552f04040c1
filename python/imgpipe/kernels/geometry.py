"""Turns and mirrors: every pixel stays as it is, in another place."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe.kernels.arrays import Array, output, planes


def rotate90(array: ArrayLike, *, out: Any = None) -> Array:
    """`array`, uint8 of (H, W) or (H, W, C), turned clockwise by 90 degrees.

    >>> import numpy as np
    >>> rotate90(np.array([[1, 2, 3]], np.uint8)).tolist()
    [[1], [2], [3]]
    """
    return _moved(array, np.rot90(planes(array), -1), out)


def rotate180(array: ArrayLike, *, out: Any = None) -> Array:
    """`array`, uint8 of (H, W) or (H, W, C), turned by 180 degrees."""
    return _moved(array, planes(array)[::-1, ::-1], out)


def rotate270(array: ArrayLike, *, out: Any = None) -> Array:
    """`array`, uint8 of (H, W) or (H, W, C), turned clockwise by 270 degrees."""
    return _moved(array, np.rot90(planes(array)), out)


def flip_horizontal(array: ArrayLike, *, out: Any = None) -> Array:
    """`array`, uint8 of (H, W) or (H, W, C), with left and right exchanged."""
    return _moved(array, planes(array)[:, ::-1], out)


def flip_vertical(array: ArrayLike, *, out: Any = None) -> Array:
    """`array`, uint8 of (H, W) or (H, W, C), with top and bottom exchanged."""
    return _moved(array, planes(array)[::-1], out)


def _moved(array: ArrayLike, view: Array, out: Any) -> Array:
    height, width, channels = view.shape
    result, target = output(out, array, view, (height, width, channels))
    np.copyto(target, view)
    return result
