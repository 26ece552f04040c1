"""The median filter."""

from typing import Any

from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import Array, apply, planes
from imgpipe.kernels.checks import odd
from imgpipe.kernels.convolve import border_code


def median(
    array: ArrayLike,
    size: int,
    *,
    border: str = "reflect",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """The median of each channel over a square of `size` pixels a side, 3 or 5.

    `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is the result.
    Pixels beyond the edge, `out` and `threads` as for `convolve`. Alpha is a channel like the
    others. Where a window holds a NaN, the result is one of its samples, which may be the NaN.

    Raises TypeError or ValueError for arguments that are not as said. Networks of minima and maxima
    after Smith, "Implementing median filters in XC4000E FPGAs", Xcell 23 (1996), by which sorted
    columns are shared between windows.

    >>> import numpy as np
    >>> median(np.array([[1, 9, 2, 3]], np.uint8), 3).tolist()
    [[9, 2, 3, 2]]
    """
    window = odd(size, 3, 5, "size"), border_code(border)
    return apply(_imgcore.median, array, planes(array), window, out, threads)
