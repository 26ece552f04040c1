"""How fast brightness changes."""

from typing import Any

from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import Array, apply, planes
from imgpipe.kernels.convolve import border_code


def sobel(
    array: ArrayLike, *, border: str = "reflect", out: Any = None, threads: int | None = None
) -> Array:
    """The magnitude sqrt(gx**2 + gy**2) of each channel's gradient.

    gx and gy are what `Kernel.sobel_x()` and `Kernel.sobel_y()` give before they are clamped. The
    magnitude is rounded, and clipped to 255 or 65535; floats are not clipped, but only as exact as
    the squares of their differences are, which are too large from 1e19 on and nothing below 1e-22.
    `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is the result.
    Alpha is a channel like the others. Pixels beyond the edge, `out` and `threads` as for
    `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> sobel(np.array([[0, 0, 10, 10]], np.uint8)).tolist()
    [[0, 40, 40, 0]]
    """
    beyond = border_code(border)
    return apply(_imgcore.sobel, array, planes(array), (beyond,), out, threads)
