"""Turns, mirrors and crops: every pixel stays as it is, in another place."""

from typing import Any

from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import Array, apply, call, output, planes
from imgpipe.kernels.checks import wholes

COPY, MIRROR, TRANSPOSE = range(3)  # move_t in kernels.h


def rotate90(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`array` turned clockwise by 90 degrees.

    It is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; the result is (W, H) or
    (W, H, C). `out` and `threads` as for `convolve`.

    >>> import numpy as np
    >>> rotate90(np.array([[1, 2, 3]], np.uint8)).tolist()
    [[1], [2], [3]]
    """
    source = planes(array)
    return apply(_imgcore.move, array, source[::-1], (TRANSPOSE,), out, threads, _turned(source))


def rotate180(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`array` turned by 180 degrees; for all else see `rotate90`.

    >>> import numpy as np
    >>> rotate180(np.array([[1, 2], [3, 4]], np.uint8)).tolist()
    [[4, 3], [2, 1]]
    """
    return apply(_imgcore.move, array, planes(array)[::-1], (MIRROR,), out, threads)


def rotate270(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`array` turned clockwise by 270 degrees; for all else see `rotate90`.

    >>> import numpy as np
    >>> rotate270(np.array([[1, 2, 3]], np.uint8)).tolist()
    [[3], [2], [1]]
    """
    source = planes(array)
    result, target = output(out, array, source, _turned(source))
    call(_imgcore.move, source, target[::-1], (TRANSPOSE,), threads)
    return result


def flip_horizontal(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`array` with left and right exchanged; for all else see `rotate90`.

    >>> import numpy as np
    >>> flip_horizontal(np.array([[1, 2, 3]], np.uint8)).tolist()
    [[3, 2, 1]]
    """
    return apply(_imgcore.move, array, planes(array), (MIRROR,), out, threads)


def flip_vertical(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`array` with top and bottom exchanged; for all else see `rotate90`.

    >>> import numpy as np
    >>> flip_vertical(np.array([[1], [2]], np.uint8)).tolist()
    [[2], [1]]
    """
    return apply(_imgcore.move, array, planes(array)[::-1], (COPY,), out, threads)


def crop(
    array: ArrayLike,
    box: tuple[int, int, int, int],
    *,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """A copy of the part of `array` that `box` says: (x, y, width, height) in whole pixels.

    The box lies inside the picture. For all else see `rotate90`. Raises ValueError for a box that
    does not, or is no box.

    >>> import numpy as np
    >>> crop(np.array([[1, 2, 3], [4, 5, 6]], np.uint8), (1, 0, 2, 1)).tolist()
    [[2, 3]]
    """
    source = planes(array)
    x, y, width, height = _check_box(box, source.shape[1], source.shape[0])
    part = source[y : y + height, x : x + width]
    return apply(_imgcore.move, array, part, (COPY,), out, threads)


def _turned(source: Array) -> tuple[int, int, int]:
    height, width, channels = source.shape
    return width, height, channels


def _check_box(box: Any, width: int, height: int) -> tuple[int, int, int, int]:
    x, y, w, h = wholes(box, 4, 0, max(width, height), "box (x, y, width, height)")
    if not w or not h or x + w > width or y + h > height:
        raise ValueError(f"Expected a box of pixels inside {width}x{height}, got {(x, y, w, h)}")
    return x, y, w, h
